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

    @Test func partsOfADeliveryMayBeRefusedOrFilteredOut() {
        let forwarder = make(.init(flushInterval: .zero))
        func deliver(_ outcome: DeliveryOutcome) -> Forwarder.Settlement {
            forwarder.offer(Request.bytes(session: "a", sequence: 0..<6))
            forwarder.offer(Request.bytes(session: "a", sequence: 6..<10))
            let deliveries = forwarder.pump(at(1), reporter)
            #expect(deliveries.map(\.logCount) == [10])
            return forwarder.settle(deliveries[0].number, outcome, now: at(1))
        }
        guard case .partlyRefused(logs: 3, reason: "old") = deliver(.partly(rejected: 3, filtered: 2, reason: "old")) else {
            Issue.record("not so")
            return
        }
        #expect(forwarder.ledger.delivered == Tally(logs: 5, batches: 2))
        #expect(forwarder.ledger.dropped(.forwardFailed) == Tally(logs: 3) && forwarder.ledger.dropped(.filtered) == Tally(logs: 2))
        #expect(forwarder.ledger.lost == Tally(logs: 3))
        guard case .delivered(logs: 0) = deliver(.partly(rejected: 0, filtered: 10, reason: nil)) else {
            Issue.record("not so")
            return
        }
        // What a destination says of more logs than it was given is not believed.
        guard case .partlyRefused(logs: 10, _) = deliver(.partly(rejected: 99, filtered: 99, reason: nil)) else {
            Issue.record("not so")
            return
        }
        // A warning; all arrived.
        guard case .partlyRefused(logs: 0, reason: "hm") = deliver(.partly(rejected: 0, filtered: 0, reason: "hm")) else {
            Issue.record("not so")
            return
        }
        #expect(forwarder.ledger.delivered == Tally(logs: 15, batches: 8) && forwarder.ledger.dropped(.forwardFailed) == Tally(logs: 13))
        #expect(forwarder.ledger.balances && forwarder.isEmpty)
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

    /// A ring that is filled and emptied all the time keeps some of its memory; one that stays empty does not.
    @Test func anEmptyRingsMemoryIsGivenBackOnceASecond() {
        let forwarder = make(.init(flushInterval: .zero))
        func fillAndEmpty(_ now: Instant) {
            for number in Int32(0)..<500 { forwarder.offer(Request.bytes(session: "a", sequence: number..<number + 1, urlBytes: 1000)) }
            for delivery in forwarder.pump(now, reporter) { _ = forwarder.settle(delivery.number, .delivered, now: now) }
            #expect(forwarder.isEmpty && forwarder.ledger.waiting == Tally())
        }
        fillAndEmpty(at(1000))
        guard case .idle = forwarder.step(at(1000)) else { Issue.record("does not give it back"); return }
        #expect(forwarder.isIdle)
        fillAndEmpty(at(1100))
        #expect(!forwarder.isIdle)
        guard case .wait(let until) = forwarder.step(at(1100)) else { Issue.record("does not wait"); return }
        #expect(until == at(2000))
        guard case .idle = forwarder.step(until) else { Issue.record("does not give it back"); return }
        #expect(forwarder.isIdle)
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
            if forwarder.drops(Request.bytes(session: session, sequence: number..<number + 1, urlBytes: 1000)) { Issue.record("batch \(number) was not stored"); return }
            _ = forwarder.pump(at(UInt64(number)), reporter)
        }
        #expect(forwarder.ledger.droppedBufferFull.batches > 500)
        #expect(forwarder.ledger.balances)
    }

    @Test func dropOldestMakesRoomHoweverManyDeliveriesAreUnderWay() {
        let forwarder = make(.init(flushInterval: .zero, requestBytesMax: 64 << 10, inFlightMax: 64, overflow: .dropOldest))
        for number in Int32(0)..<4000 {
            let session = "session \(number % 64)"
            if forwarder.drops(Request.bytes(session: session, sequence: number..<number + 1, urlBytes: 1000)) { Issue.record("batch \(number) was not stored"); return }
            _ = forwarder.pump(at(UInt64(number)), reporter)
        }
        #expect(reporter.underWay.count > 10)
        #expect(forwarder.ledger.balances)
    }

    @Test func aBatchLargerThanARequestGoesOutInParts() {
        reporter.bodyBytesPerLog = 100 << 10
        let forwarder = make(.init(flushInterval: .zero, requestBytesMax: 1 << 20, inFlightMax: 4))
        forwarder.offer(Request.bytes(session: "a", sequence: 0..<64))
        forwarder.offer(Request.bytes(session: "b", sequence: 0..<1))
        var delivered: [String] = []
        var parts = 0
        while !forwarder.isEmpty {
            for delivery in forwarder.pump(at(1), reporter) {
                #expect(delivery.logCount <= 10)
                parts += 1
                // One of them fails at first, and keeps its bounds and its key.
                if parts == 3 {
                    _ = forwarder.settle(delivery.number, .transient(reason: "503", retryAfter: nil), now: at(1))
                    let again = forwarder.pump(at(60_000), reporter)
                    #expect(again.count == 1 && again[0].key == delivery.key && again[0].logs == delivery.logs)
                }
                delivered += Request.logs(in: delivery).map { "\($0.session)\($0.sequence)" }
                _ = forwarder.settle(delivery.number, .delivered, now: at(60_000))
                #expect(forwarder.ledger.balances)
            }
        }
        #expect(delivered.filter { $0.hasPrefix("a") } == (0..<64).map { "a\($0)" })
        #expect(delivered.count == 65 && parts == 9)
        #expect(forwarder.ledger.delivered == Tally(logs: 65, batches: 2))
        #expect(ring.isEmpty)
    }

    @Test func aSuccessOfAnEarlierAttemptDoesNotCutTheWaitShort() {
        let forwarder = make(.init(flushInterval: .zero, inFlightMax: 2))
        for session in ["a", "b"] { forwarder.offer(Request.bytes(session: session, sequence: 0..<1)) }
        let sent = forwarder.pump(at(1), reporter)
        _ = forwarder.settle(sent[0].number, .transient(reason: "429", retryAfter: .seconds(30)), now: at(2))
        _ = forwarder.settle(sent[1].number, .delivered, now: at(3))
        #expect(forwarder.failuresInARow == 1 && forwarder.failingSince == at(2))
        guard case .wait(let until) = forwarder.step(at(4)) else { Issue.record("does not wait"); return }
        #expect(until == at(30_002))
        let again = forwarder.pump(until, reporter)
        #expect(again.map(\.number) == [sent[0].number])
        _ = forwarder.settle(again[0].number, .delivered, now: until)
        #expect(forwarder.failuresInARow == 0 && forwarder.isEmpty)
    }

    @Test func failuresSideBySideCountAsOne() {
        let forwarder = make(.init(flushInterval: .zero, inFlightMax: 8))
        for number in 0..<8 { forwarder.offer(Request.bytes(session: "s\(number)", sequence: 0..<1)) }
        let sent = forwarder.pump(at(1), reporter)
        for delivery in sent { _ = forwarder.settle(delivery.number, .transient(reason: "503", retryAfter: nil), now: at(2)) }
        #expect(sent.count == 8 && forwarder.failuresInARow == 1)
        let probe = forwarder.pump(at(60_000), reporter)
        _ = forwarder.settle(probe[0].number, .transient(reason: "503", retryAfter: nil), now: at(60_001))
        #expect(probe.count == 1 && forwarder.failuresInARow == 2)
    }

    @Test func aBufferHalfFullDoesNotWaitForTheInterval() {
        let forwarder = make(.init(flushInterval: .seconds(3600), requestBytesMax: 1 << 20))
        forwarder.offer(Request.bytes(session: "a", sequence: 0..<1))
        _ = forwarder.settle(forwarder.pump(at(1), reporter)[0].number, .delivered, now: at(1))
        // Little to send, but each batch costs the ring a header.
        var sequence: Int32 = 1
        while true {
            forwarder.offer(Request.bytes(session: "a", process: "", sequence: sequence..<sequence + 1, urlBytes: 0))
            sequence += 1
            guard ring.bytesUsed < ring.bytesMax / 2 else { break }
            guard case .wait = forwarder.step(at(2)) else { Issue.record("does not wait at \(ring.bytesUsed) bytes"); return }
        }
        #expect(forwarder.pump(at(2), reporter).count == 1)
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
