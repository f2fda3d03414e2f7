import Pipeline
import Testing
import Wire

/// Several destinations over one ring.
@Suite struct FanOutTests {
    let ring = LogRing(bytesMax: 1 << 20, cursorCount: 2)
    let reporters = [ModelReporter(mixesSessions: false), ModelReporter(mixesSessions: true)]

    private func make(_ settings: Forwarder.Settings = .init(flushInterval: .zero)) -> FanOut {
        FanOut(reporters.indices.map { Forwarder(ring: ring, index: $0, reporter: reporters[$0], settings: settings, seed: 1, keyPrefix: "key\($0)") })
    }

    private func at(_ milliseconds: UInt64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    private func offer(_ payload: [UInt8], to fanOut: FanOut) -> FanOut.Admission {
        var hint = LaneHint()
        let span = payload.span.bytes
        guard case .logs(let request) = BoundaryScan.scan(.logs, span) else { preconditionFailure("not a request") }
        return fanOut.admit(request, of: span, arrived: at(0), hint: &hint)
    }

    /// A kilobyte, one log.
    private func offer(_ number: Int32, to fanOut: FanOut) -> FanOut.Admission {
        offer(Request.bytes(session: "s\(number % 3)", sequence: number..<number + 1, urlBytes: 1000), to: fanOut)
    }

    /// All that the destination can be sent is, and it takes it: the numbers of the logs.
    private func deliverAll(_ fanOut: FanOut, to index: Int, now: Instant) -> [Int32] {
        var numbers: [Int32] = []
        while true {
            let sent = fanOut.forwarders[index].pump(now, reporters[index])
            if sent.isEmpty { return numbers }
            for delivery in sent {
                numbers += Request.logs(in: delivery).map(\.sequence)
                _ = fanOut.forwarders[index].settle(delivery.number, .delivered, now: now)
            }
        }
    }

    private func fail(_ fanOut: FanOut, _ index: Int, now: Instant) {
        for delivery in fanOut.forwarders[index].pump(now, reporters[index]) {
            _ = fanOut.forwarders[index].settle(delivery.number, .transient(reason: "down", retryAfter: nil), now: now)
        }
    }

    private func expectBalance(_ fanOut: FanOut) {
        for forwarder in fanOut.forwarders { #expect(forwarder.ledger.balances && forwarder.ledger.received == fanOut.received) }
    }

    @Test func aBatchStaysUntilTheLastDestinationHasIt() {
        let fanOut = make()
        for number in Int32(0)..<30 { guard case .taken = offer(number, to: fanOut) else { Issue.record("not taken"); return } }
        #expect(deliverAll(fanOut, to: 1, now: at(1)).sorted() == Array(0..<30))
        #expect(fanOut.forwarders[1].isEmpty && !fanOut.isEmpty && ring.batchCount == 30)
        #expect(fanOut.forwarders[1].ringBytesUsed == 0 && fanOut.forwarders[0].ringBytesUsed == ring.bytesUsed)
        #expect(deliverAll(fanOut, to: 0, now: at(1)).sorted() == Array(0..<30))
        #expect(fanOut.isEmpty && ring.isEmpty && ring.bytesUsed == 0)
        expectBalance(fanOut)
    }

    @Test(arguments: [0, 1]) func whatADeadOneHasNoRoomForIsDroppedForItAlone(dead: Int) {
        let fanOut = make()
        let living = 1 - dead
        var received: [Int32] = []
        for number in Int32(0)..<5000 {
            switch offer(number, to: fanOut) {
            case .taken: break
            case .takenDropping(let droppers, let takers):
                #expect(droppers.contains(dead) && !droppers.contains(living) && takers.contains(living) && !takers.contains(dead))
            case .noRoom: Issue.record("\(number) has to wait"); return
            }
            if number % 20 == 0 { received += deliverAll(fanOut, to: living, now: at(UInt64(number))) }
        }
        received += deliverAll(fanOut, to: living, now: at(5000))
        #expect(received.sorted() == Array(0..<5000))
        let ledger = fanOut.forwarders[dead].ledger
        // Three quarters of the ring are full of what it has still to get.
        #expect(ledger.waiting.logs > 500 && ledger.waiting.logs + ledger.droppedBufferFull.logs == 5000)
        #expect(ring.bytesUsed <= ring.bytesMax)
        expectBalance(fanOut)
        // It is back: what waited comes, the oldest, in order.
        let late = deliverAll(fanOut, to: dead, now: at(5000))
        #expect(late.count == Int(ledger.waiting.logs) && late.sorted() == Array(0..<Int32(late.count)))
        #expect(fanOut.isEmpty && ring.isEmpty)
    }

    @Test func withDropOldestADeadOneKeepsTheNewest() {
        let fanOut = make(.init(flushInterval: .zero, overflow: .dropOldest))
        var received: [Int32] = []
        for number in Int32(0)..<5000 {
            if case .noRoom = offer(number, to: fanOut) { Issue.record("\(number) has to wait"); return }
            if number % 20 == 0 { received += deliverAll(fanOut, to: 1, now: at(UInt64(number))) }
        }
        received += deliverAll(fanOut, to: 1, now: at(5000))
        #expect(received.sorted() == Array(0..<5000))
        let late = deliverAll(fanOut, to: 0, now: at(5000)).sorted()
        #expect(late.count > 500 && late == Array((5000 - Int32(late.count))..<5000))
        expectBalance(fanOut)
    }

    @Test func withDropOldestTwoDeadOnesLoseTheSame() {
        let fanOut = make(.init(flushInterval: .zero, overflow: .dropOldest))
        for number in Int32(0)..<3000 { _ = offer(number, to: fanOut) }
        let (a, b) = (fanOut.forwarders[0].ledger, fanOut.forwarders[1].ledger)
        #expect(a == b && a.waiting.logs > 500)
        expectBalance(fanOut)
    }

    @Test func withBlockClientsWaitForOneThatWorksAndNotForOneThatFails() {
        let fanOut = make(.init(flushInterval: .zero, overflow: .block))
        var number: Int32 = 0
        // Slow, not down: nobody has failed yet.
        while case .taken = offer(number, to: fanOut) {
            _ = deliverAll(fanOut, to: 1, now: at(1))
            number += 1
        }
        #expect(fanOut.isToStopReading(at(1)) && !fanOut.isToGoOnReading(at(1)))
        expectBalance(fanOut)
        #expect(fanOut.forwarders[0].ledger.dropped == Tally())
        fail(fanOut, 0, now: at(1))
        #expect(!fanOut.isToStopReading(at(1)) && fanOut.isToGoOnReading(at(1)))
        let before = number
        while number < before + 1000 {
            if case .noRoom = offer(number, to: fanOut) { Issue.record("waits for one that is down"); return }
            _ = deliverAll(fanOut, to: 1, now: at(1))
            number += 1
        }
        #expect(fanOut.forwarders[0].ledger.droppedBufferFull.logs == 1000 && fanOut.forwarders[1].ledger.delivered.logs == UInt64(number))
        // Now both are down: there is nothing better to do than to wait.
        var taken = 0
        while true {
            if case .noRoom = offer(number, to: fanOut) { break }
            number += 1
            taken += 1
            fail(fanOut, 1, now: at(2))
            if taken > 5000 { Issue.record("never waits"); return }
        }
        expectBalance(fanOut)
    }
}
