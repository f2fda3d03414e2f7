import EventLoop

extension HTTPServer {
    /// Why the server could not be started.
    public struct Failure: Error, Equatable, Sendable, CustomStringConvertible {
        /// The address as given, e.g. `127.0.0.1:9100`.
        public var address: String
        public var reason: String

        /// E.g. "cannot listen on 127.0.0.1:9100: address already in use (EADDRINUSE)".
        public var description: String { "cannot listen on \(address): \(reason)" }

        init(address: String, reason: String) {
            self.address = address
            self.reason = reason
        }

        init(address: String, errno: Int32) {
            self.init(address: address, reason: LoopError(errno: errno, attempt: "").reason)
        }
    }
}
