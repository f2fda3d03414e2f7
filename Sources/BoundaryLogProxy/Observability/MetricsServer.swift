import EventLoop
import HTTPServer

/// Serves the metrics listener on the loop: `/metrics`, `/healthz` and `/readyz`, which anybody may see.
final class MetricsServer {
    private var server: HTTPServer?
    private unowned let proxy: ProxyServer
    private let host: String
    /// A scrape is a small request; this is far above any.
    private static let requestBytesMax = 4096
    private static let connectionsMax = 64

    var port: UInt16 { server?.port ?? 0 }
    var url: String { "http://\(ListenAddress(host: host, port: port))" }

    init(loop: EventLoop, _ address: ListenAddress, proxy: ProxyServer) throws(StartFailure) {
        self.proxy = proxy
        host = address.host
        do {
            server = try HTTPServer(
                loop, host: address.host, port: address.port, bodyBytesMax: Self.requestBytesMax, connectionsMax: Self.connectionsMax
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
        guard request.method == "GET" || request.method == "HEAD" else { return HealthPages.methodNotAllowed }
        return HealthPages.answer(request, proxy, headers: HealthPages.headers)
            ?? HTTPServerResponse(
                status: 404, headers: HealthPages.headers,
                body: Array("not found; here are /metrics, /healthz and /readyz; /status and /events are on --status-listen\n".utf8))
    }
}
