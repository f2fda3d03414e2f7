import HTTPServer
import Pipeline

/// The pages without audit data, which both listeners have: `/metrics`, `/healthz`, `/readyz`.
enum HealthPages {
    /// nil for other paths. `headers`: of every answer.
    static func answer(_ request: HTTPServerRequest, _ proxy: ProxyServer, headers: [(String, String)]) -> HTTPServerResponse? {
        func text(_ status: Int, _ body: String) -> HTTPServerResponse { HTTPServerResponse(status: status, headers: headers, body: Array(body.utf8)) }
        switch request.path {
        case "/metrics":
            return HTTPServerResponse(
                status: 200, contentType: "text/plain; version=0.0.4; charset=utf-8", headers: headers, body: Array(proxy.metricsText.utf8))
        case "/healthz":
            return text(200, "ok\n")
        case "/readyz":
            let obstacles = obstacles(proxy.snapshot)
            return obstacles.isEmpty ? text(200, "ready\n") : text(503, obstacles.map { "not ready: \($0)\n" }.joined())
        default:
            return nil
        }
    }

    static var methodNotAllowed: HTTPServerResponse {
        HTTPServerResponse(status: 405, headers: [("Allow", "GET, HEAD")] + headers, body: Array("only GET and HEAD are allowed here\n".utf8))
    }

    static let headers = [("Cache-Control", "no-store")]

    /// What keeps the proxy from taking logs and delivering them; empty when it is ready.
    static func obstacles(_ snapshot: Snapshot) -> [String] {
        var obstacles: [String] = []
        if !snapshot.isServing { obstacles.append("not listening (starting or stopping)") }
        for destination in snapshot.destinations {
            let prefix = snapshot.destinations.count > 1 ? "\(destination.name): " : ""
            if let obstacle = destination.obstacle {
                obstacles.append(prefix + obstacle)
            } else if let trouble = destination.trouble {
                obstacles.append("\(prefix)the destination fails: \(trouble)")
            }
        }
        return obstacles
    }
}
