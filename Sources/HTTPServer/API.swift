// CONTRACT STUB: see Sources/EventLoop/API.swift. libmicrohttpd inside our loop, on its epoll descriptor. Replaces Placeholder.swift.
import EventLoop

public struct HTTPServerRequest {
    public var method: String
    /// Path without the query.
    public var path: String
    public var query: [String: String]
    /// Names in lower case.
    public var headers: [String: String]
    public var body: [UInt8]
}

public struct HTTPServerResponse {
    public var status: Int
    public var headers: [(String, String)]
    public var body: [UInt8]
    public init(status: Int, contentType: String = "text/plain; charset=utf-8", headers: [(String, String)] = [], body: [UInt8] = []) { fatalError() }
}

public final class HTTPServer {
    public struct Failure: Error, Equatable, Sendable, CustomStringConvertible {
        public var description: String { fatalError() }
    }
    /// Listens on `host:port` (port 0: any free one). `bodyBytesMax`: a larger request is answered 413.
    /// The handler answers now or later, through `respond`, exactly once; all on the loop's thread.
    public init(
        _ loop: EventLoop, host: String, port: UInt16, bodyBytesMax: Int, connectionsMax: Int,
        handler: @escaping (HTTPServerRequest, _ respond: @escaping (HTTPServerResponse) -> Void) -> Void
    ) throws(Failure) { fatalError() }
    public var port: UInt16 { fatalError() }
    public func close() { fatalError() }
}
