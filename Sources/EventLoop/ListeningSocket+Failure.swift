extension ListeningSocket {
    /// Why a server's socket could not be made. In each case nothing was deleted.
    public enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
        /// sockaddr_un holds 107 bytes.
        case pathTooLong(String, bytes: Int)
        case directoryMissing(String)
        /// Somebody accepts connections there. The process is unknown when its backlog is full.
        case alreadyServed(String, processID: Int32?)
        case notASocket(String, kind: String)
        case unknownGroup(String)
        case system(LoopError)

        public var description: String {
            switch self {
            case .pathTooLong(let path, let bytes):
                "cannot listen on \(path): the path has \(bytes) bytes, and a Unix socket's may have \(UnixSocket.pathBytesMax)"
            case .directoryMissing(let directory):
                "cannot listen in \(directory): the directory does not exist"
            case .alreadyServed(let path, let processID):
                "cannot listen on \(path): another process is serving it" + (processID.map { " (pid \($0))" } ?? "")
            case .notASocket(let path, let kind):
                "cannot listen on \(path): it exists and is \(kind), not a socket; it was left as it is"
            case .unknownGroup(let name):
                "cannot give the socket to group \(name): there is no such group"
            case .system(let error):
                error.description
            }
        }
    }
}
