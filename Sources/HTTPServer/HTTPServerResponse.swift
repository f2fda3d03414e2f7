public struct HTTPServerResponse: Sendable {
    /// 200...599.
    public var status: Int
    /// Content-Length, Date and Connection are added by the server; a field that HTTP does not allow is left out.
    public var headers: [(String, String)]
    public var body: [UInt8]

    public init(
        status: Int, contentType: String = "text/plain; charset=utf-8", headers: [(String, String)] = [], body: [UInt8] = []
    ) {
        self.status = status
        self.headers = [("Content-Type", contentType)] + headers
        self.body = body
    }

    /// A line of text.
    static func plain(_ status: Int, _ text: String) -> HTTPServerResponse {
        HTTPServerResponse(status: status, body: Array((text + "\n").utf8))
    }
}
