/// What is to be seen of a forwarder's spool.
public struct SpoolView: Sendable {
    public var settings: SpoolSettings
    /// As of the last job.
    public var content: SpoolContent
    /// Since when jobs have failed; nil while they succeed.
    public var failingSince: Instant?
    /// Bytes of memory that deliveries from it take.
    public var loadedBytes: Int
}

extension Forwarder {
    /// nil: there is none.
    public var spoolView: SpoolView? {
        spool.map {
            SpoolView(settings: $0.settings, content: $0.content, failingSince: $0.failingSince, loadedBytes: loaded.ring.bytesUsed)
        }
    }
}
