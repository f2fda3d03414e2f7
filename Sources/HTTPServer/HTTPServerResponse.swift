public struct HTTPServerResponse {
    /// 200...599.
    public var status: Int
    /// Content-Length, Date and Connection are added by the server; a field that HTTP does not allow is left out.
    public var headers: [(String, String)]
    public var body: [UInt8]
    /// Takes the place of `body`; of one answer only. To a HEAD request there is none.
    public var stream: HTTPStream?

    public init(
        status: Int, contentType: String = "text/plain; charset=utf-8", headers: [(String, String)] = [], body: [UInt8] = [],
        stream: HTTPStream? = nil
    ) {
        self.status = status
        self.headers = [("Content-Type", contentType)] + headers
        self.body = body
        self.stream = stream
    }

    /// A line of text.
    static func plain(_ status: Int, _ text: String) -> HTTPServerResponse {
        HTTPServerResponse(status: status, body: Array((text + "\n").utf8))
    }
}
