import Glibc
import Pipeline
import Reporting
import Synchronization
import TestSupport
import Testing

/// In processes of their own, since a proxy is named by environment variables.
@Suite(.timeLimit(.minutes(2))) struct ProxyTests {
    @Test func plainRequestsGoThroughTheProxy() async {
        await #expect(processExitsWith: .success) {
            let heads = Mutex<[String]>([])
            let proxy = RawPeer { connection in
                while let request = connection.request() {
                    heads.withLock { $0.append(request.head) }
                    connection.send(RawPeer.response(heads.withLock { $0.count } == 1 ? 200 : 407, body: "as you wish"))
                }
            }
            setenv("http_proxy", "http://me:pr0xy-pass@127.0.0.1:\(proxy.port)", 1)
            try withReporter(HTTPReporterConfiguration(url: "http://collector.invalid/in")) { harness in
                #expect(harness.send(harness.fixture.delivery()).isDelivered)
                #expect(harness.send(harness.fixture.delivery()).reason == "HTTP 407: as you wish")
            }
            #expect(heads.withLock { $0[0] }.hasPrefix("POST http://collector.invalid/in HTTP/1.1\r\n"))

            // NO_PROXY and a bad proxy.
            setenv("no_proxy", "127.0.0.1", 1)
            try withReporter(HTTPReporterConfiguration(url: proxy.url)) { harness in
                _ = harness.send(harness.fixture.delivery())
            }
            #expect(heads.withLock { $0.last }?.hasPrefix("POST / HTTP/1.1\r\n") == true)
            setenv("http_proxy", "socks9://me:pr0xy-pass@127.0.0.1:1", 1)
            try withReporter(HTTPReporterConfiguration(url: "http://collector.invalid/in")) { harness in
                let outcome = harness.send(harness.fixture.delivery())
                #expect(outcome.isTransient)
                #expect(!outcome.reason.contains("pr0xy"))
            }
        }
    }

    @Test(.enabled(if: Nginx.isInstalled, "needs Debian's nginx-light")) func tunnelsThroughTheProxyKeepTheTokenInside() async {
        await #expect(processExitsWith: .success) {
            let certificates = try Certificates()
            try certificates.issue("good", alternativeNames: "DNS:localhost")
            let backend = TLSTests.Backend()
            let peer = backend.peer()
            let site = Nginx.Site(
                "ssl_certificate \(certificates.directory.path("good.pem")); ssl_certificate_key \(certificates.directory.path("good.key"));")
            let nginx = try Nginx([site], backend: peer.port)
            let heads = Mutex<[String]>([])
            let port = site.port
            let proxy = RawPeer { connection in
                guard let request = connection.request() else { return }
                heads.withLock { $0.append(request.head) }
                connection.send("HTTP/1.1 200 Connection established\r\n\r\n")
                tunnel(connection, to: port)
            }
            setenv("https_proxy", "http://127.0.0.1:\(proxy.port)", 1)
            writeFile(certificates.directory.path("token"), "the-token")
            let configuration = HTTPReporterConfiguration(
                url: "https://localhost:\(port)/in", headers: [.init(name: "X-Key", value: "k3y-material")],
                tokenFile: certificates.directory.path("token"), caFile: certificates.authority)
            try withReporter(configuration) { harness in
                for _ in 0..<5 { #expect(harness.send(harness.fixture.delivery(batches: [100], urlBytes: 900)).isDelivered, "\(nginx.log)") }
                #expect(harness.reporter.statistics.httpVersion == 20)
                #expect(harness.reporter.statistics.connectionsOpened == 1)
            }
            #expect(backend.count == 5)
            let head = heads.withLock { $0.joined() }
            #expect(head.hasPrefix("CONNECT localhost:\(port) HTTP/1.1\r\n"))
            #expect(!head.contains("the-token") && !head.contains("k3y"))
        }
    }
}

/// Carries bytes both ways until either side ends.
func tunnel(_ connection: RawPeer.Connection, to port: UInt16) {
    let other = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    defer { close(other) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    address.sin_port = port.bigEndian
    let code = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(other, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
    guard code == 0 else { return }
    let ends = [connection, RawPeer.Connection(other)]
    while true {
        var watched = ends.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        poll(&watched, 2, -1)
        for (index, end) in ends.enumerated() where watched[index].revents != 0 {
            let bytes = end.receive()
            guard !bytes.isEmpty, ends[1 - index].send(bytes) else { return }
        }
    }
}
