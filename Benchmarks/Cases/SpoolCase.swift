import Pipeline
import Spool
import TestSupport

extension BenchmarkCase {
    static let spool = BenchmarkCase(
        name: "spool-commit", operation: "log",
        operationsPerRound: SpoolCommitting.runCount * SpoolCommitting.batchesPerRun * Messages.logsPerMessage, rounds: 60
    ) { SpoolCommitting() }
}

/// A group of deliveries committed to the spool, and the one before it removed, in one transaction, as `--durability sync` does.
private final class SpoolCommitting: BenchmarkRun {
    static var runCount: Int { 4 }
    static var batchesPerRun: Int { 25 }

    private let temporary = TemporaryDirectory()
    private let store: SpoolStore
    private let messages = Messages(count: runCount * batchesPerRun, urlBytes: 150, sessions: runCount)
    private let batches: [[Batch]]
    private let now = Instant(nanoseconds: 1_000_000)
    private var commits = 0

    init() {
        do {
            // A fixed time, so that every run writes the same.
            store = try SpoolStore(directory: temporary.path("spool"), synchronous: .normal, wallClock: { 1_790_000_000_000_000_000 })
        } catch {
            preconditionFailure("\(error)")
        }
        batches = (0..<Self.runCount).map { [messages, now] run in
            messages.all.indices.filter { $0 % Self.runCount == run }.map { index in
                let (request, scanned) = (messages.all[index].request, messages.all[index].scanned)
                return Batch(
                    request: request, logCount: scanned.logCount, sessionID: scanned.sessionID, processName: scanned.processName, arrived: now)
            }
        }
    }

    deinit { store.close() }

    func round() {
        var job = SpoolJob(now: now)
        if commits > 0 { job.settled = keys(of: commits - 1) }
        job.runs = zip(keys(of: commits), batches).map { key, batches in
            SpoolRun(key: key, batches: batches, logs: nil, logCount: batches.count * Messages.logsPerMessage)
        }
        let result = store.run(job)
        precondition(result.failure == nil, "\(String(describing: result.failure))")
        commits += 1
    }

    private func keys(of commit: Int) -> [String] { (0..<Self.runCount).map { "bench-\(commit)-\($0)" } }
}
