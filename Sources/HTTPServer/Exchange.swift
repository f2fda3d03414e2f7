internal import CMicrohttpd

/// One request and its answer. libmicrohttpd holds +1 from the request's first line to its completion.
final class Exchange {
    enum State {
        case receiving
        /// The body is over the limit: it is read and thrown away, so that the client gets to see the answer.
        case discarding(byteCount: Int)
        /// The handler was called.
        case waiting(isSuspended: Bool)
        /// To be sent at libmicrohttpd's next call.
        case answered(HTTPServerResponse)
        case finished
    }

    var state = State.receiving
    var request: HTTPServerRequest
    let connection: OpaquePointer
    /// Of the answer, while it is under way.
    var stream: HTTPStream?

    /// `bodyBytesMax` bounds what is reserved on a client's word.
    init(connection: OpaquePointer, method: String, path: String, bodyBytesMax: Int) {
        self.connection = connection
        request = HTTPServerRequest(method: method, path: path, query: [:], headers: [:], body: [])
        Self.forEach(.GET_ARGUMENT_KIND, connection) { self.request.query[$0] = $1 }
        Self.forEach(.HEADER_KIND, connection) { name, value in
            let name = name.lowercased()
            self.request.headers[name] = self.request.headers[name].map { "\($0), \(value)" } ?? value
        }
        if let contentLength, contentLength <= bodyBytesMax { request.body.reserveCapacity(contentLength) }
    }

    var contentLength: Int? { request.headers["content-length"].flatMap { Int($0) } }

    /// The client waits for a go-ahead, and will take a final answer instead.
    var expectsContinue: Bool { request.headers["expect"]?.lowercased() == "100-continue" }

    /// https://www.gnu.org/software/libmicrohttpd/manual/libmicrohttpd.html#microhttpd_002dresponse-enqueue
    func queue(_ response: HTTPServerResponse) -> MHD_Result {
        state = .finished
        guard let queued = make(response) else { return .NO }
        defer { MHD_destroy_response(queued) }
        for (name, value) in response.headers {
            _ = MHD_add_response_header(queued, name, value)
        }
        return MHD_queue_response(connection, UInt32(clamping: response.status), queued)
    }

    private func make(_ response: HTTPServerResponse) -> OpaquePointer? {
        if let stream = response.stream {
            blp_mhd_set_idle_timeout(connection, HTTPStream.stalledSecondsMax)
            return stream.makeResponse()
        }
        return response.body.withUnsafeBytes { body in
            // Copied by libmicrohttpd, which therefore does not write to it.
            MHD_create_response_from_buffer(body.count, UnsafeMutableRawPointer(mutating: body.baseAddress), .RESPMEM_MUST_COPY)
        }
    }

    private static func forEach(_ kind: MHD_ValueKind, _ connection: OpaquePointer, _ body: (String, String) -> Void) {
        typealias Body = (String, String) -> Void
        withoutActuallyEscaping(body) { body in
            var body: Body = body
            withUnsafeMutablePointer(to: &body) { body in
                _ = MHD_get_connection_values(
                    connection, kind,
                    { body, _, name, value in
                        guard let body, let name else { return .YES }
                        body.assumingMemoryBound(to: Body.self).pointee(
                            String(cString: name), value.map { String(cString: $0) } ?? "")
                        return .YES
                    }, body)
            }
        }
    }
}
