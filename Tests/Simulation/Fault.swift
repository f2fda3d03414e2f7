/// What can go wrong in a run. A shrunk replay goes without most of them.
public enum Fault: String, CaseIterable, Sendable {
    /// The destination fails, for one delivery or for a time.
    case transient
    case rejected
    case tooLarge
    /// The destination has recorded a delivery, its answer does not come.
    case answerLost
    /// The destination does not answer for a time.
    case stall
    /// Writing to the spool fails, reading it works.
    case diskFull
    case unreadable
    /// Jobs of the spool take long.
    case slowDisk
    /// kill -9, and a new process.
    case crash
    /// SIGTERM: a drain, what is left is stored, a new process.
    case restart
    /// Frames of bytes that are no message.
    case garbage
    /// Bytes that are no frame: the end of a connection.
    case badFraming
    /// A client ends inside a frame.
    case truncated
    case burst
    /// A session goes on on another connection.
    case move
}
