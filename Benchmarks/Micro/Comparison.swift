import Oracle
import Wire

/// Wire against swift-protobuf on the same payloads, in turns, so that both see the same machine.
enum Comparison {
    static func run(rounds: Int) {
        print("Nanoseconds per log, the best of \(rounds) alternating rounds")
        for (name, urlBytes) in [("90 bytes", 20), ("150 bytes", 80), ("250 bytes", 180)] {
            let payload = Workload.payload(logCount: 10, urlBytes: urlBytes)
            let request = Workload.request(of: payload)
            let logBytes = request.count / 10
            var lines: [UInt8] = []
            var forwarded = [UInt8](repeating: 0, count: request.count)
            let logs = ProtobufOracle.request(request)?.logs ?? []
            compare(
                "\(name) (\(logBytes)): validate, count and copy", rounds,
                ours: { Workload.scanAndCopy(payload, to: &forwarded) },
                theirs: { ProtobufOracle.message(payload)?.logs.logs.count ?? 0 })
            compare(
                "\(name) (\(logBytes)): JSON", rounds,
                ours: {
                    lines.removeAll(keepingCapacity: true)
                    NDJSON.append(request.span.bytes, sessionID: 0..<0, processName: 0..<0, logs: nil, to: &lines)
                    return 10
                },
                theirs: { logs.reduce(0) { $0 + (ProtobufOracle.json($1).isEmpty ? 0 : 1) } })
        }
    }

    /// Both closures handle one batch and return how many logs it had.
    private static func compare(_ name: String, _ rounds: Int, ours: () -> Int, theirs: () -> Int) {
        var best = (ours: Double.infinity, theirs: Double.infinity)
        for _ in 0..<rounds {
            best.ours = min(best.ours, nanosecondsPerLog(batches: 4000, ours))
            best.theirs = min(best.theirs, nanosecondsPerLog(batches: 400, theirs))
        }
        let ratio = (best.theirs / best.ours * 10).rounded() / 10
        print("  \(name): \((best.ours * 10).rounded() / 10) ns, swift-protobuf \(best.theirs.rounded()) ns, \(ratio) times faster")
    }

    private static func nanosecondsPerLog(batches: Int, _ body: () -> Int) -> Double {
        var logs = 0
        let elapsed = ContinuousClock().measure {
            for _ in 0..<batches { logs += body() }
        }
        precondition(logs == batches * 10, "a batch was read wrongly")
        return elapsed / .nanoseconds(logs)
    }
}
