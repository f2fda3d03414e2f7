import EventLoop
import HTTPServer
import Pipeline

/// Serves `/metrics`, `/healthz`, `/readyz` and `/status` on the loop.
final class StatusServer {
    private var server: HTTPServer?
    private unowned let proxy: ProxyServer
    private let host: String
    /// A scrape is a small request; this is far above any.
    private static let requestBytesMax = 4096
    private static let connectionsMax = 64

    var port: UInt16 { server?.port ?? 0 }
    var url: String { "http://\(host.contains(":") ? "[\(host)]" : host):\(port)" }

    init(loop: EventLoop, host: String, port: UInt16, proxy: ProxyServer) throws(StartFailure) {
        self.proxy = proxy
        self.host = host
        do {
            server = try HTTPServer(
                loop, host: host, port: port, bodyBytesMax: Self.requestBytesMax, connectionsMax: Self.connectionsMax
            ) { [unowned self] request, respond in respond(answer(request)) }
        } catch {
            throw StartFailure("metrics-listen: \(error)")
        }
    }

    func close() {
        server?.close()
        server = nil
    }

    private func answer(_ request: HTTPServerRequest) -> HTTPServerResponse {
        guard request.method == "GET" || request.method == "HEAD" else {
            return text(405, "only GET and HEAD are allowed here\n", headers: [("Allow", "GET, HEAD")])
        }
        let snapshot = proxy.snapshot
        switch request.path {
        case "/metrics":
            return HTTPServerResponse(
                status: 200, contentType: "text/plain; version=0.0.4; charset=utf-8", headers: [("Cache-Control", "no-store")],
                body: Array(proxy.metricsText.utf8))
        case "/healthz":
            return text(200, "ok\n")
        case "/readyz":
            let obstacles = Self.obstacles(snapshot)
            return obstacles.isEmpty ? text(200, "ready\n") : text(503, obstacles.map { "not ready: \($0)\n" }.joined())
        case "/status":
            let page = StatusPage.json(
                snapshot, sessions: proxy.recentSessions(StatusPage.sessionsMax), clients: proxy.busiestClients(ClientStatus.clientsMax),
                configuration: proxy.configuration).rendered() + "\n"
            return HTTPServerResponse(
                status: 200, contentType: "application/json", headers: [("Cache-Control", "no-store")], body: Array(page.utf8))
        default:
            return text(404, "not found; here are /metrics, /healthz, /readyz and /status\n")
        }
    }

    /// What keeps the proxy from taking logs and delivering them; empty when it is ready.
    static func obstacles(_ snapshot: Snapshot) -> [String] {
        var obstacles: [String] = []
        if !snapshot.isServing { obstacles.append("not listening (starting or stopping)") }
        if let obstacle = snapshot.obstacle {
            obstacles.append(obstacle)
        } else if snapshot.deliveries.isFailing {
            obstacles.append("the destination fails: \(snapshot.deliveries.lastError ?? "unknown error")")
        }
        return obstacles
    }

    private func text(_ status: Int, _ body: String, headers: [(String, String)] = []) -> HTTPServerResponse {
        HTTPServerResponse(status: status, headers: headers + [("Cache-Control", "no-store")], body: Array(body.utf8))
    }
}
