import EventLoop
import Pipeline
import Spool

/// Runs the spool's jobs off the loop's thread, one at a time. Confined to the loop's thread; the store belongs to the job's while one runs.
final class SpoolWorker {
    let directory: String
    private let loop: EventLoop
    private let store: SpoolStore
    /// A job is under way. It cannot be taken back: a disk that does not answer holds up whoever waits for it.
    private(set) var isBusy = false
    private(set) var statistics = SpoolStatistics()

    init(loop: EventLoop, directory: String, store: SpoolStore) {
        self.directory = directory
        self.loop = loop
        self.store = store
    }

    /// `completion` comes later, never inside this call.
    func run(_ job: SpoolJob, completion: @escaping (SpoolResult) -> Void) {
        precondition(!isBusy, "the spool does one job at a time")
        isBusy = true
        let started = loop.now
        BackgroundWork.run(loop) { [store] in
            store.run(job)
        } completion: { [self] result in
            isBusy = false
            statistics.record(job, result, nanoseconds: loop.now - started)
            completion(result)
        }
    }

    /// Closes the store, for good; after the last job.
    func close(_ closed: @escaping () -> Void) {
        precondition(!isBusy, "the spool is closed after its last job")
        isBusy = true
        BackgroundWork.run(loop) { [store] in
            store.close()
        } completion: { [self] in
            isBusy = false
            closed()
        }
    }
}
