import EventLoop
import HTTPServer
import Pipeline

/// Serves the status listener on the loop: everything there is to see, for those who may (`StatusAccess`).
final class StatusServer {
    private var server: HTTPServer?
    private var socket: ListeningSocket?
    private unowned let proxy: ProxyServer
    private var access: StatusAccess
    private let streams: EventStreams
    private let address: StatusAddress
    /// A question is a small request; this is far above any.
    private static let requestBytesMax = 4096
    private static let connectionsMax = 64

    init(loop: EventLoop, _ address: StatusAddress, proxy: ProxyServer, hub: TapHub) throws(StartFailure) {
        (self.proxy, self.address) = (proxy, address)
        access = StatusAccess(address, port: 0, token: nil)
        streams = EventStreams(loop, hub: hub) { [unowned proxy] in Self.page(proxy).compact }
        do throws(StartFailure) {
            try listen(loop)
        } catch {
            close()
            throw error
        }
    }

    private func listen(_ loop: EventLoop) throws(StartFailure) {
        let handler: HTTPServer.Handler = { [unowned self] request, respond in respond(answer(request)) }
        do {
            switch address {
            case .unix(let path):
                let socket = try ListeningSocket(path: path, mode: 0o600, groupID: nil)
                let descriptor = socket.takeDescriptor()
                self.socket = consume socket
                server = try HTTPServer(
                    loop, takingOwnershipOf: descriptor, path: path, bodyBytesMax: Self.requestBytesMax, connectionsMax: Self.connectionsMax, handler: handler)
            case .tcp(let address):
                let token = StatusToken()
                let server = try HTTPServer(
                    loop, host: address.host, port: address.port, bodyBytesMax: Self.requestBytesMax, connectionsMax: Self.connectionsMax, handler: handler)
                self.server = server
                access = StatusAccess(self.address, port: server.port, token: token)
            }
        } catch let failure as StartFailure {
            throw failure
        } catch {
            throw StartFailure("status-listen: \(error)")
        }
    }

    /// The port listened on; nil on a Unix socket.
    var port: UInt16? { if case .tcp = address { server?.port } else { nil } }

    /// What a browser opens, the token included, which it sends to nobody from there; on a Unix socket `unix:PATH`.
    var url: String {
        guard case .tcp(let address) = address else { return address.description }
        return "http://\(ListenAddress(host: address.host, port: port ?? 0))/#token=\(access.token?.text ?? "")"
    }

    var statistics: StreamStatistics { StreamStatistics(streams: streams.count) }

    func close() {
        socket?.unlink()
        socket = nil
        streams.close()
        server?.close()
        server = nil
    }

    private func answer(_ request: HTTPServerRequest) -> HTTPServerResponse {
        let showsAuditData = request.path == "/status" || request.path == "/events"
        if let refusal = access.refusal(of: request, showsAuditData: showsAuditData) { return refusal }
        guard request.method == "GET" || request.method == "HEAD" else { return HealthPages.methodNotAllowed }
        switch request.path {
        case "/":
            return StatusHTML.response()
        case "/status":
            return HTTPServerResponse(
                status: 200, contentType: "application/json", headers: StatusAccess.headers, body: Array((Self.page(proxy).rendered() + "\n").utf8))
        case "/events":
            return streams.answer(request)
        default:
            return HealthPages.answer(request, proxy, headers: StatusAccess.headers)
                ?? StatusAccess.text(404, "not found; here are /, /status, /events, /metrics, /healthz and /readyz\n")
        }
    }

    private static func page(_ proxy: ProxyServer) -> JSONText {
        StatusPage.json(
            proxy.snapshot, sessions: proxy.recentSessions(StatusPage.sessionsMax), clients: proxy.busiestClients(ClientStatus.clientsMax),
            configuration: proxy.configuration)
    }
}

/// Readers of `/events`.
public struct StreamStatistics: Sendable {
    public var streams: Int
    public var streamsMax: Int { EventStreams.streamsMax }
}
