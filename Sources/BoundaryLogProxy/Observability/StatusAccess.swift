import HTTPServer

/// Who may ask the status listener what: the checks before any answer.
///
/// A page of any site that the user's browser shows can send requests to a loopback address. What it sends to a name of its own, which it then lets point here
/// (DNS rebinding), is told by `Host`; what it sends to our own, by `Origin`; and without the token neither would be told anything.
struct StatusAccess {
    /// nil on a Unix socket, whose rights suffice.
    let token: StatusToken?
    private let address: StatusAddress
    private let port: UInt16

    /// `port`: the one listened on.
    init(_ address: StatusAddress, port: UInt16, token: StatusToken?) {
        (self.address, self.port, self.token) = (address, port, token)
    }

    /// The answer to a request that gets no other; nil for one that may be answered.
    func refusal(of request: HTTPServerRequest, showsAuditData: Bool) -> HTTPServerResponse? {
        guard let host = request.headers["host"]?.lowercased(), isOwn(host: host) else {
            return Self.text(421, "misdirected: the Host header must be \(allowedHosts)\n")
        }
        if let origin = request.headers["origin"]?.lowercased(), origin != "http://" + host {
            return Self.text(403, "forbidden: the request comes from a page of another origin\n")
        }
        if showsAuditData, let token, !token.admits(request.headers["authorization"]) {
            return Self.text(
                401,
                """
                unauthorized: this shows audit data, and needs the token that the daemon wrote to its log when it started.
                In a browser open the address that stands there, with its #token=...; in programs send the header
                Authorization: Bearer TOKEN; for 'boundary-log-proxy status' and 'tap' set BOUNDARY_LOG_PROXY_STATUS_TOKEN.

                """, headers: [("WWW-Authenticate", "Bearer realm=\"boundary-log-proxy\"")])
        }
        return nil
    }

    private var allowedHosts: String {
        switch address {
        case .unix: "localhost or a loopback address"
        case .tcp(let address): "\(ListenAddress(host: address.host, port: port)) or localhost:\(port)"
        }
    }

    /// The Unix socket may be reached through a port that is forwarded to it (ssh -L), so there the port may be any.
    private func isOwn(host: String) -> Bool {
        switch address {
        case .unix:
            if host == "localhost" || host == "127.0.0.1" || host == "[::1]" { return true }
            return (try? ListenAddress(parsing: host))?.isLoopback == true
        case .tcp(let address):
            // A browser leaves the port of its scheme out.
            let given = (try? ListenAddress(parsing: host)) ?? (try? ListenAddress(parsing: host + ":80"))
            return given?.port == port && (given?.host == address.host.lowercased() || given?.host == "localhost")
        }
    }

    static func text(_ status: Int, _ body: String, headers: [(String, String)] = []) -> HTTPServerResponse {
        HTTPServerResponse(status: status, headers: headers + Self.headers, body: Array(body.utf8))
    }

    /// Of every answer of the status listener.
    static let headers = [
        ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
    ]
}
