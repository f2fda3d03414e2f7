/// What a `PipeConnection` tells its owner, on the loop's thread. Any of these may stop, or close, any connection.
public protocol PipeConnectionDelegate: AnyObject {
    /// Where the next read may go: called right before every read, at most once per turn. An empty buffer means "not in this turn",
    /// and is asked again in the next, at once if there is something to read: to wait longer, stop reading.
    func connectionWillRead(_ connection: PipeConnection) -> UnsafeMutableRawBufferPointer
    /// `count` bytes (> 0) lie at the start of the buffer last handed out.
    func connection(_ connection: PipeConnection, didRead count: Int)
    /// End of file (`error` nil) or a read error; called once, and nothing is read after it. The delegate closes the connection.
    func connectionDidEnd(_ connection: PipeConnection, error: LoopError?)
    /// Once after each `awaitWritable`: a write will take something, or tell what is wrong.
    func connectionIsWritable(_ connection: PipeConnection)
}

extension PipeConnectionDelegate {
    public func connectionIsWritable(_ connection: PipeConnection) {}
}
