import Pipeline
import Testing

@Suite struct ForwarderTests {
    let ring = LogRing(bytesMax: 1 << 20)
    let reporter = ModelReporter()

    func make(_ settings: Forwarder.Settings = .init(), reporter: ModelReporter? = nil) -> Forwarder {
        Forwarder(ring: ring, reporter: reporter ?? self.reporter, settings: settings, seed: 1, keyPrefix: "key")
    }

    func at(_ milliseconds: UInt64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    @Test func theFirstBatchAfterQuietGoesOutAtOnce() {
        let forwarder = make()
        forwarder.offer(Request.bytes(session: "a", sequence: 0..<3), at: at(5))
        let sent = forwarder.pump(at(5), reporter)
        #expect(sent.map(\.logCount) == [3])
        #expect(forwarder.ledger.inFlight == Tally(logs: 3, batches: 1))
    }

    @Test func theIntervalIsTheLeastTimeBetweenFlushes() {
        let forwarder = make()
        forwarder.offer(Request.bytes(session: "a", sequence: 0..<1))
        let first = forwarder.pump(at(1000), reporter)[0]
        _ = forwarder.settle(first.number, .delivered, now: at(1001))
        forwarder.offer(Request.bytes(session: "a", sequence: 1..<2))
        guard case .wait(let until) = forwarder.step(at(1002)) else { Issue.record("does not wait"); return }
        #expect(until == at(1100))
        #expect(forwarder.pump(at(1100), reporter).count == 1)
    }

    @Test func intervalZeroFlushesAsSoonAsTheLastDeliveryEnded() {
        let forwarder = make(.init(flushInterval: .zero))
        forwarder.offer(Request.bytes(session: "a", sequence: 0..<1))
        let first = forwarder.pump(at(1), reporter)[0]
        forwarder.offer(Request.bytes(session: "a", sequence: 1..<2))
        #expect(forwarder.pump(at(1), reporter).isEmpty)
        _ = forwarder.settle(first.number, .delivered, now: at(1))
        #expect(forwarder.pump(at(1), reporter).count == 1)
    }

    @Test func aRequestsWorthOfBytesDoesNotWaitForTheInterval() {
        let forwarder = make(.init(requestBytesMax: 64 << 10))
        forwarder.offer(Request.bytes(session: "a", sequence: 0..<1))
        let first = forwarder.pump(at(1000), reporter)[0]
        _ = forwarder.settle(first.number, .delivered, now: at(1000))
        for number in Int32(0)..<70 {
            forwarder.offer(Request.bytes(session: "a", sequence: number..<number + 1, urlBytes: 1000))
        }
        let second = forwarder.pump(at(1001), reporter)
        #expect(second.count == 1)
        #expect(second[0].batches.reduce(0) { $0 + $1.request.count } <= 64 << 10)
    }

    @Test func oneSessionsBatchesAreMergedAlthoughOthersLieBetween() {
        let forwarder = make(.init(inFlightMax: 8))
        for round in Int32(0)..<5 {
            for session in ["a", "b", "c"] {
                forwarder.offer(Request.bytes(session: session, sequence: round..<round + 1))
            }
        }
        let sent = forwarder.pump(at(1), reporter)
        #expect(sent.count == 3)
        for delivery in sent {
            let logs = Request.logs(in: delivery)
            #expect(logs.map(\.sequence) == [0, 1, 2, 3, 4])
            #expect(Set(logs.map(\.session)).count == 1)
        }
    }

    @Test func sessionsAreToldApartByIdAndProcessNameBothAndAbsence() {
        let forwarder = make(.init(inFlightMax: 64))
        for (session, process) in [("a", "p"), ("a", "q"), ("a", ""), ("", "a"), ("", ""), ("ap", ""), ("a", "p")] {
            forwarder.offer(Request.bytes(session: session, process: process, sequence: 0..<1))
        }
        #expect(forwarder.pump(at(1), reporter).map(\.batches.count) == [2, 1, 1, 1, 1, 1])
    }

    @Test func aDestinationThatMixesSessionsGetsThemInOneDelivery() {
        let mixing = ModelReporter(mixesSessions: true)
        let forwarder = make(reporter: mixing)
        for session in ["a", "b", "c"] { forwarder.offer(Request.bytes(session: session, sequence: 0..<2)) }
        let sent = forwarder.pump(at(1), mixing)
        #expect(sent.map(\.logCount) == [6])
    }

    @Test func aSessionIsNeverUnderWayTwice() {
        let forwarder = make(.init(flushInterval: .zero, inFlightMax: 4))
        forwarder.offer(Request.bytes(session: "a", sequence: 0..<1))
        #expect(forwarder.pump(at(1), reporter).count == 1)
        forwarder.offer(Request.bytes(session: "a", sequence: 1..<2))
        forwarder.offer(Request.bytes(session: "b", sequence: 0..<1))
        let sent = forwarder.pump(at(2), reporter)
        #expect(sent.count == 1)
        #expect(Request.logs(in: sent[0]).map(\.session) == ["b"])
    }

    @Test func aFailedDeliveryStaysFirstWithTheSameKeyAndNothingElseIsSentMeanwhile() {
        let forwarder = make(.init(flushInterval: .zero, inFlightMax: 4))
        forwarder.offer(Request.bytes(session: "a", sequence: 0..<1))
        let first = forwarder.pump(at(1), reporter)[0]
        guard case .willRetry(_, 1, let delay) = forwarder.settle(first.number, .transient(reason: "503", retryAfter: .seconds(7)), now: at(10))
        else { Issue.record("no retry"); return }
        #expect(delay == .seconds(7))
        forwarder.offer(Request.bytes(session: "b", sequence: 0..<1))
        guard case .wait(let until) = forwarder.step(at(11)) else { Issue.record("does not wait"); return }
        #expect(until == at(7010))
        let again = forwarder.pump(at(7010), reporter)
        #expect(again.count == 1, "one probe at a time while the destination is down")
        #expect(again[0].key == first.key && again[0].attempt == 2)
        _ = forwarder.settle(first.number, .delivered, now: at(7020))
        #expect(forwarder.failuresInARow == 0)
        #expect(forwarder.pump(at(7020), reporter).count == 1)
    }

    @Test func backoffGrowsToItsCapWithFullJitter() {
        let policy = RetryPolicy()
        var random = SeededRandom(seed: 3)
        var longest = Duration.zero
        for failures in 1...20 {
            let ceiling = min(Duration.seconds(30), .milliseconds(250 << min(failures - 1, 10)))
            for _ in 0..<200 {
                let delay = policy.delay(failures: failures, retryAfter: nil, using: &random)
                #expect(delay >= .milliseconds(1) && delay <= ceiling)
                longest = max(longest, delay)
            }
        }
        #expect(longest > .seconds(25))
        #expect(policy.delay(failures: .max, retryAfter: .seconds(100), using: &random) == .seconds(100))
    }

    @Test func tooLargeIsHalvedDownToSingleLogsAndOnlyTheLogThatDoesNotFitIsDropped() {
        let forwarder = make(.init(flushInterval: .zero))
        for number in Int32(0)..<8 {
            forwarder.offer(Request.bytes(session: "a", sequence: number * 4..<number * 4 + 4))
        }
        var delivered: [Int32] = []
        var now = at(1)
        while !forwarder.isEmpty {
            now = now.advanced(by: .milliseconds(1))
            for delivery in forwarder.pump(now, reporter) {
                let numbers = Request.logs(in: delivery).map(\.sequence)
                // Log 13 never fits; anything of more than 5 logs neither.
                if numbers.count > 5 || numbers.contains(13) {
                    _ = forwarder.settle(delivery.number, .tooLarge(reason: "413"), now: now)
                } else {
                    delivered += numbers
                    _ = forwarder.settle(delivery.number, .delivered, now: now)
                }
                #expect(forwarder.ledger.balances)
            }
        }
        #expect(delivered == (0..<32).filter { $0 != 13 })
        #expect(forwarder.ledger.droppedForwardFailed == Tally(logs: 1, batches: 1))
        #expect(forwarder.ledger.delivered == Tally(logs: 31, batches: 7))
        #expect(ring.isEmpty)
    }

    @Test func a413TeachesTheRequestSize() {
        let forwarder = make(.init(flushInterval: .zero, requestBytesMax: 512 << 10))
        func offer() {
            for number in Int32(0)..<400 {
                forwarder.offer(Request.bytes(session: "a", sequence: number..<number + 1, urlBytes: 1000))
            }
        }
        offer()
        let whole = forwarder.pump(at(1), reporter)[0]
        guard case .split(let bytesMax) = forwarder.settle(whole.number, .tooLarge(reason: "413"), now: at(1)) else {
            Issue.record("was not split")
            return
        }
        for _ in 0..<2 { _ = forwarder.settle(forwarder.pump(at(1), reporter)[0].number, .delivered, now: at(1)) }
        offer()
        let next = forwarder.pump(at(2), reporter)[0]
        #expect(next.batches.reduce(0) { $0 + $1.request.count } <= bytesMax)
    }

    @Test func abandonCountsAllThatIsLeft() {
        let forwarder = make()
        for session in ["a", "b"] { forwarder.offer(Request.bytes(session: session, sequence: 0..<5)) }
        _ = forwarder.pump(at(1), reporter)
        forwarder.abandon()
        #expect(forwarder.ledger.droppedShutdown == Tally(logs: 10, batches: 2))
        #expect(forwarder.ledger.balances && forwarder.isEmpty && ring.isEmpty)
    }

    @Test func dropOldestMakesRoomWhileADeliveryPinsTheFront() {
        let forwarder = make(.init(overflow: .dropOldest))
        for number in Int32(0)..<2000 {
            let session = number % 10 == 0 ? "thin" : "thick"
            let admission = forwarder.offer(Request.bytes(session: session, sequence: number..<number + 1, urlBytes: 1000))
            guard case .stored = admission else { Issue.record("batch \(number) was not stored"); return }
            _ = forwarder.pump(at(UInt64(number)), reporter)
        }
        #expect(forwarder.ledger.droppedBufferFull.batches > 500)
        #expect(forwarder.ledger.balances)
    }

    @Test func sessionsWithoutEndCostNoMoreThanTheRing() {
        let forwarder = make(.init(flushInterval: .seconds(3600)))
        _ = forwarder.step(at(1))
        for number in 0..<60_000 { forwarder.offer(Request.bytes(session: "s\(number)", process: "", sequence: 0..<1, urlBytes: 0)) }
        #expect(ring.bytesUsed <= ring.bytesMax + ring.segmentBytes)
        #expect(forwarder.ledger.droppedBufferFull.batches > 0)
        forwarder.abandon()
        #expect(forwarder.laneCount == 0 && ring.bytesUsed == 0)
    }
}
