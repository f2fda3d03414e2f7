import TestSupport
import Testing

@testable import Wire

/// A session against a model server, with splits, windows, resets, pings and go aways as chance has them.
struct AgentAPIPropertyTests {
    private struct Run {
        let bench: SessionBench
        var server = AgentModelServer()
        var random: TestRandom
        var begun: Set<UInt64> = []
        var ends: [UInt64: AgentEvent] = [:]
        var faults: [String] = []
        /// Messages of ours on their way; the server reads them in order.
        var onTheWay: [[UInt8]] = []
        var number: UInt64 = 0
        var drained = 0
        var goneAway = 0
        /// In the whole run nothing may break, so that every call must succeed.
        let isGentle: Bool

        init(seed: UInt64) {
            random = TestRandom(seed: seed)
            isGentle = random.once(in: 3)
            bench = SessionBench(inFlight: 1 + random.below(6))
            server.trickles = random.once(in: 3)
        }

        mutating func step() {
            switch random.below(20) {
            case 0...4: begin()
            case 5...8: produce()
            case 9...11: serverReads()
            case 12: server.handBackWindows(&random)
            case 13, 14: answer()
            case 15...17: clientReads()
            case 18: rare()
            default: advance(by: .milliseconds(random.below(800)))
            }
            takeEvents()
        }

        mutating func begin() {
            number += 1
            let bytes = random.once(in: 8) ? random.below(700_000) : random.below(3000)
            do throws(CallRefusal) {
                try bench.begin(number, modelBody(number, byteCount: bytes))
                begun.insert(number)
            } catch {
                if error == .sessionEnded || error == .requestTooLong { faults.append("refused: \(error)") }
            }
        }

        mutating func produce() {
            guard bench.hasOutput else { return }
            let capacity = random.once(in: 6) ? AgentSession.outputBytesMin + random.below(100) : 100 + random.below(32_000)
            let message = bench.produce(capacity)
            if message.isEmpty { faults.append("there was output, and none came") }
            onTheWay.append(message)
        }

        mutating func answer() {
            let answers = AgentModelServer.Answer.allCases
            // The first two are good ones.
            server.answer(&random, answers[random.below(isGentle || random.once(in: 2) ? 2 : answers.count)])
        }

        mutating func serverReads() {
            guard !onTheWay.isEmpty else { return }
            server.receive(onTheWay.removeFirst())
        }

        mutating func clientReads() {
            let count = random.once(in: 2) ? min(server.output.count, random.below(40)) : random.below(server.output.count + 1)
            bench.receive(Array(server.output.prefix(count)))
            server.output.removeFirst(count)
        }

        mutating func rare() {
            switch random.below(isGentle ? 2 : 5) {
            case 0, 1: server.ping(&random)
            case 2: if random.once(in: 2) { server.breakStream(&random) }
            case 3: if let call = begun.subtracting(ends.keys).min() { bench.session.cancel(CallID(call)) }
            default: if random.once(in: 20) { server.goAway() }
            }
        }

        mutating func advance(by duration: Duration) {
            server.answerPings()
            bench.advance(duration)
        }

        mutating func takeEvents() {
            for event in bench.events() {
                switch event {
                case .callSucceeded(let call), .callFailed(let call, _, _):
                    if ends.updateValue(event, forKey: call.number) != nil { faults.append("call \(call.number) ended twice") }
                    if !begun.contains(call.number) { faults.append("call \(call.number) ended and never began") }
                    bench.source.bodies[call] = nil
                case .goAwayReceived: goneAway += 1
                case .drained:
                    drained += 1
                    if bench.session.callsInFlight > 0 { faults.append("drained with calls in flight") }
                case .sessionFailed(let error): faults.append("failed: \(error)")
                }
            }
        }

        /// All that is on the way arrives, both ways.
        mutating func settle() {
            server.trickles = false
            while true {
                var quiet = true
                while bench.hasOutput { produce() }
                while !onTheWay.isEmpty {
                    serverReads()
                    quiet = false
                }
                server.handBackWindows(&random)
                server.answerPings()
                while server.waitingCount > 0 { server.answer(&random, .good) }
                if !server.output.isEmpty {
                    quiet = false
                    bench.receive(server.output)
                    server.output = []
                }
                takeEvents()
                if quiet && !bench.hasOutput { return }
            }
        }

        mutating func check() {
            faults += server.faults
            if Set(ends.keys) != begun { faults.append("calls without an end: \(begun.subtracting(ends.keys))") }
            for (call, end) in ends {
                let received = server.received[call] ?? 0
                switch end {
                case .callSucceeded where received != 1: faults.append("call \(call) succeeded and was received \(received) times")
                case .callFailed(_, _, let sent) where sent != .message && received > 0: faults.append("call \(call) was received: \(end)")
                case .callFailed where isGentle: faults.append("call \(call): \(end)")
                default: break
                }
                if received > 1 { faults.append("call \(call) received \(received) times") }
            }
            let statistics = bench.statistics
            if statistics.callsBegun != UInt64(begun.count) || statistics.callsSucceeded + statistics.callsFailed != statistics.callsBegun {
                faults.append("the counters do not add up: \(statistics)")
            }
            if bench.session.callsInFlight != 0 { faults.append("calls are still in flight") }
            if server.unansweredPings > 0 { faults.append("a ping was not answered") }
            if drained != goneAway { faults.append("went away \(goneAway) times, drained \(drained) times") }
        }
    }

    private static func run(seed: UInt64, steps: Int) -> Run {
        var run = Run(seed: seed)
        for _ in 0..<steps { run.step() }
        run.settle()
        // What the server never answers.
        run.advance(by: .seconds(31))
        run.settle()
        run.takeEvents()
        run.check()
        return run
    }

    @Test func everyCallEndsOnceAndItsBytesArriveWhole() {
        let seed = TestSeed.current
        var total = AgentSessionStatistics()
        for number in 0..<400 as Range<UInt64> {
            let run = Self.run(seed: seed &* 1000 &+ number, steps: 600)
            #expect(run.faults.isEmpty, "seed \(seed), run \(number)")
            let statistics = run.bench.statistics
            total.callsSucceeded += statistics.callsSucceeded
            total.callsFailed += statistics.callsFailed
            total.streamsOpened += statistics.streamsOpened
            total.resetsSent += statistics.resetsSent
            total.resetsReceived += statistics.resetsReceived
            total.windowStalls += statistics.windowStalls
            total.pingsReceived += statistics.pingsReceived
            total.bytesDiscarded += statistics.bytesDiscarded
        }
        print("agent API, seed \(seed): \(total)")
        // It all happened.
        #expect(total.callsSucceeded > 3000 && total.callsFailed > 500 && total.windowStalls > 100 && total.resetsSent > 50)
        #expect(total.resetsReceived > 50 && total.pingsReceived > 100 && total.bytesDiscarded > 0 && total.streamsOpened < total.callsSucceeded)
    }

    /// The model must notice what it is there for.
    @Test func theModelNoticesFaults() throws {
        let bench = SessionBench()
        try bench.begin(5, modelBody(5, byteCount: 300))
        let message = bench.produce()
        var server = AgentModelServer()
        server.receive(message)
        #expect(server.faults.isEmpty && server.received == [5: 1])

        var spoilt = message
        spoilt[message.count - 20] ^= 1
        var other = AgentModelServer()
        other.receive(spoilt)
        #expect(other.faults == ["the body of call 5 is not intact"])

        server = AgentModelServer()
        server.receive(yamuxData(1, [0x03], flags: 1) + yamuxData(1, [UInt8](repeating: 0, count: 262_144)))
        #expect(server.faults.contains("1 bytes over the window of stream 1"))
        server.receive(yamux(1, 4, stream: 1, length: 0))
        #expect(server.faults.contains("FIN before the answer"))
        server.receive([0, 2, 0])
        #expect(server.faults.contains("a frame is cut by the end of its message"))
    }

    /// Bytes that no server would send, in any split: the session ends or goes on, the same whatever the split, and every call ends once.
    @Test func garbageEndsInTheSameWayInAnySplit() throws {
        let seed = TestSeed.current
        var random = TestRandom(seed: seed)
        var failures = 0
        for run in 0..<3000 {
            var garbage: [UInt8] = []
            for _ in 0..<(1 + random.below(6)) { garbage += Self.garbage(&random) }
            func outcome(_ readBytes: Int) throws -> [AgentEvent] {
                let bench = SessionBench(inFlight: 3)
                try bench.begin(1, [1, 2, 3])
                try bench.begin(2, [UInt8](repeating: 0, count: 300_000))
                _ = bench.produceAll()
                try bench.begin(3, [])
                var events: [AgentEvent] = []
                var start = 0
                while start < garbage.count {
                    let end = min(garbage.count, start + readBytes)
                    events += bench.events(after: Array(garbage[start..<end]))
                    start = end
                }
                let produced = bench.produceAll()
                #expect(yamuxFrames(produced).reduce(0) { $0 + 12 + $1.payload.count } == produced.count)
                bench.session.end()
                return events + bench.events()
            }
            let whole = try outcome(garbage.count)
            for readBytes in [1, 7, 12, 13] {
                let split = try outcome(readBytes)
                #expect(split == whole, "seed \(seed), run \(run), reads of \(readBytes)")
            }
            let ended = whole.compactMap { event -> UInt64? in
                switch event {
                case .callSucceeded(let call), .callFailed(let call, _, _): call.number
                case .sessionFailed, .goAwayReceived, .drained: nil
                }
            }
            #expect(ended.sorted() == [1, 2, 3], "seed \(seed), run \(run)")
            if whole.contains(where: { if case .sessionFailed = $0 { true } else { false } }) { failures += 1 }
        }
        #expect(failures > 300 && failures < 3000)
    }

    /// Something near enough to the protocol to get past the header.
    private static func garbage(_ random: inout TestRandom) -> [UInt8] {
        func some(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) } }
        let stream = UInt32([1, 3, 1, 3, 5, 0, 2][random.below(7)])
        switch random.below(8) {
        case 0: return some(random.below(60))
        case 1: return yamux(UInt8(random.below(5)), UInt16(random.below(16)), stream: stream, length: UInt32(random.below(100)))
        case 2: return yamuxData(stream, some(random.below(40)))
        case 3, 4:
            let packet = drpc(
                UInt8(random.below(9)), stream: UInt64(random.below(3)), message: UInt64(random.below(4)), some(random.below(20)),
                done: !random.once(in: 4), control: random.once(in: 4))
            return yamuxData(stream, packet, flags: random.once(in: 4) ? UInt16(random.below(16)) & 14 : 0)
        case 5:
            let length = UInt32(truncatingIfNeeded: random.next() >> UInt64(32 + random.below(32)))
            return yamux(1, [0, 0, 2, 4, 8][random.below(5)], stream: stream, length: length)
        case 6: return goodAnswer(stream)
        default: return yamux(UInt8(2 + random.below(2)), UInt16(random.below(3)), length: UInt32(random.below(3)))
        }
    }
}
