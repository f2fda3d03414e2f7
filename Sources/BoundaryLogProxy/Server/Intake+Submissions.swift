import EventLoop
import Pipeline
import Wire

/// The loop's side of a `SubmissionQueue`.
final class Submissions {
    let queue: SubmissionQueue
    let source = FrameSource(number: 0)
    /// What was taken from the queue, and how far the ring has had room for it (`--overflow block`).
    fileprivate var load = SubmissionQueue.Load()
    fileprivate var next = 0

    init(_ queue: SubmissionQueue) { self.queue = queue }

    /// All that the queue accepted is in the ledger; lasting only after `queue.close`.
    var isEmpty: Bool { next == load.entries.count && queue.statistics.waiting == 0 }

    var statistics: SubmissionStatistics {
        var statistics = queue.statistics
        statistics.waiting += UInt64(load.entries.count - next)
        return statistics
    }
}

extension Intake {
    /// Takes in what was submitted, as far as the ring has room. Called once per turn.
    func takeSubmissions() {
        guard let submissions, !isPaused else { return }
        if submissions.next == submissions.load.entries.count {
            submissions.load.removeAll(keepingBytesMax: SubmissionQueue.idleBytesMax)
            submissions.next = 0
            submissions.queue.take(&submissions.load)
        }
        guard submissions.next < submissions.load.entries.count else { return }
        let arrived = now
        submissions.load.bytes.withUnsafeBytes { bytes in
            while submissions.next < submissions.load.entries.count {
                let entry = submissions.load.entries[submissions.next]
                guard admit(entry.content, bytes.bytes.extracting(entry.payload), from: submissions.source, arrived) else { return pause() }
                submissions.next += 1
            }
        }
    }
}
