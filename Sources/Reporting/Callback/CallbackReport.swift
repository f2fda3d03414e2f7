/// A delivery as a program that embeds the proxy gets it. What it points to is valid during the call only.
public struct CallbackReport {
    /// To be handed to `CallbackReporter.complete`, now or later. Unlike that of any other attempt in this process.
    public var token: UInt64
    /// UTF-8; empty when the client sent none.
    public var session: UnsafeRawBufferPointer
    public var process: UnsafeRawBufferPointer
    /// At least one.
    public var logCount: Int
    /// A serialised `ReportBoundaryLogsRequest`.
    public var request: UnsafeRawBufferPointer
    /// The same for every attempt at this delivery, also by another process that found it in the spool.
    public var key: String
    /// 1 for the first.
    public var attempt: Int
}
