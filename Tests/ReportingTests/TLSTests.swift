import EventLoop
import Glibc
import Pipeline
import Reporting
import Synchronization
import TestSupport
import Testing

/// Against nginx with certificates of a private authority, HTTP/2 and 1.1.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Nginx.isInstalled, "needs Debian's nginx-light"))
struct TLSTests {
    /// What came through to the peer behind nginx.
    final class Backend: Sendable {
        let requests = Mutex<[(head: String, body: [UInt8])]>([])
        var count: Int { requests.withLock { $0.count } }

        func peer() -> RawPeer {
            RawPeer { [self] connection in
                while let request = connection.request() {
                    requests.withLock { $0.append(request) }
                    connection.send(RawPeer.response(200))
                }
            }
        }
    }

    private func server(_ certificates: Certificates, _ name: String, _ more: String = "") -> String {
        "ssl_certificate \(certificates.directory.path("\(name).pem")); ssl_certificate_key \(certificates.directory.path("\(name).key")); \(more)"
    }

    @Test(arguments: [true, false]) func aPrivateAuthorityIsTrustedWhenNamed(http2: Bool) throws {
        let certificates = try Certificates()
        try certificates.issue("good", alternativeNames: "DNS:localhost,IP:127.0.0.1")
        let backend = Backend()
        let peer = backend.peer()
        let site = Nginx.Site(options: http2 ? "ssl http2" : "ssl", server(certificates, "good"))
        let nginx = try Nginx([site], backend: peer.port)
        writeFile(certificates.directory.path("token"), "the-token")
        let configuration = HTTPReporterConfiguration(
            url: "https://localhost:\(site.port)/in", tokenFile: certificates.directory.path("token"), caFile: certificates.authority)
        try withReporter(configuration) { harness in
            let small = harness.fixture.delivery(batches: [2, 3])
            #expect(harness.send(small).isDelivered, "\(nginx.log)")
            #expect(harness.reporter.statistics.httpVersion == (http2 ? 20 : 11))
            let large = harness.fixture.delivery(batches: Array(repeating: 10, count: 300), urlBytes: 900)
            #expect(harness.send(large).isDelivered)
            let bodies = backend.requests.withLock { $0.map(\.body) }
            let areWhole = bodies == [small.bytes, large.bytes]
            #expect(areWhole)
            #expect(backend.requests.withLock { $0.allSatisfy { $0.head.lowercased().contains("authorization: bearer the-token\r\n") } })

            // A kept connection, no matter which version, leaves nothing active on the loop.
            harness.loop.runOnce(waiting: false)
            #expect(!harness.loop.runOnce(waiting: false))

            var delivered = 0
            let many = (0..<32).map { harness.fixture.delivery(batches: [30], session: "session \($0)", urlBytes: 700) }
            for delivery in many { harness.reporter.send(delivery) { if $0.isDelivered { delivered += 1 } } }
            harness.loop.run(until: { delivered == 32 })
            let allAreWhole = backend.requests.withLock { Set($0.map(\.body)) } == Set(([small, large] + many).map(\.bytes))
            #expect(allAreWhole)
            if http2 { #expect(harness.reporter.statistics.connectionsOpened == 1) }
        }
    }

    /// A server that ends connections often (GOAWAY) and takes few streams costs connections, not deliveries.
    @Test func aStingyHTTP2ServerLosesNothing() throws {
        let certificates = try Certificates()
        try certificates.issue("good", alternativeNames: "DNS:localhost")
        let backend = Backend()
        let peer = backend.peer()
        let site = Nginx.Site(server(certificates, "good", "keepalive_requests 7; http2_max_concurrent_streams 3;"))
        let nginx = try Nginx([site], backend: peer.port)
        try withReporter(HTTPReporterConfiguration(url: "https://localhost:\(site.port)/in", caFile: certificates.authority)) { harness in
            var expected: Set<[UInt8]> = []
            for number in 0..<20 {
                let delivery = harness.fixture.delivery(session: "one by one \(number)")
                expected.insert(delivery.bytes)
                #expect(harness.send(delivery).isDelivered, "\(nginx.log)")
            }
            // Those that met a GOAWAY may have to be sent again, as the forwarder would.
            var waiting = (0..<60).map { harness.fixture.delivery(batches: [20], session: "together \($0)", urlBytes: 900) }
            expected.formUnion(waiting.map(\.bytes))
            for _ in 0..<60 where !waiting.isEmpty {
                var again: [Delivery] = []
                var ended = 0
                for delivery in waiting {
                    harness.reporter.send(delivery) { outcome in
                        ended += 1
                        if !outcome.isDelivered { again.append(delivery) }
                    }
                }
                let count = waiting.count
                harness.loop.run(until: { ended == count })
                waiting = again
            }
            #expect(waiting.isEmpty)
            let allArrived = backend.requests.withLock { Set($0.map(\.body)) } == expected
            #expect(allArrived)
        }
    }

    @Test func whatCannotBeVerifiedGetsNothing() throws {
        let certificates = try Certificates()
        let strangers = try Certificates()
        try certificates.issue("good", alternativeNames: "DNS:localhost")
        try certificates.issue("other", alternativeNames: "DNS:other.example")
        try strangers.issue("forged", alternativeNames: "DNS:localhost")
        let backend = Backend()
        let peer = backend.peer()
        let good = Nginx.Site(server(certificates, "good"))
        let wrongHost = Nginx.Site(server(certificates, "other"))
        let forged = Nginx.Site(server(strangers, "forged"))
        let old = Nginx.Site(server(certificates, "good", "ssl_protocols TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0;"))
        let plain = Nginx.Site(options: "", "")
        let nginx = try Nginx([good, wrongHost, forged, old, plain], backend: peer.port)
        writeFile(certificates.directory.path("token"), "the-token")
        for (what, site, authority, text) in [
            ("unknown authority", good, nil, "certificate"), ("another authority", forged, certificates.authority, "certificate"),
            ("wrong host", wrongHost, certificates.authority, "name"), ("TLS 1.1", old, certificates.authority, "version"),
            ("no TLS", plain, certificates.authority, "SSL"),
        ] {
            let configuration = HTTPReporterConfiguration(
                url: "https://localhost:\(site.port)/", tokenFile: certificates.directory.path("token"), caFile: authority)
            try withReporter(configuration) { harness in
                let outcome = harness.send(harness.fixture.delivery())
                #expect(outcome.isTransient, "\(what): \(outcome)")
                #expect(outcome.reason.contains(text), "\(what): \(outcome)")
                #expect(harness.reporter.statistics.bodyBytes == 0)
            }
        }
        #expect(backend.count == 0)
        #expect(!nginx.accessLog.contains("the-token"))
        // The same server, once it is trusted.
        let configuration = HTTPReporterConfiguration(
            url: "https://localhost:\(good.port)/", tokenFile: certificates.directory.path("token"), caFile: certificates.authority)
        try withReporter(configuration) { harness in
            #expect(harness.send(harness.fixture.delivery()).isDelivered)
        }
        #expect(backend.count == 1)
    }

    @Test func aReplacedAuthorityCountsForTheNextConnection() throws {
        let certificates = try Certificates()
        let strangers = try Certificates()
        try certificates.issue("good", alternativeNames: "DNS:localhost")
        let backend = Backend()
        let peer = backend.peer()
        let site = Nginx.Site(server(certificates, "good", "keepalive_timeout 0;"))
        let nginx = try Nginx([site], backend: peer.port)
        let file = certificates.directory.path("trusted.pem")
        writeFile(file, readFile(strangers.authority))
        try withReporter(HTTPReporterConfiguration(url: "https://localhost:\(site.port)/", caFile: file)) { harness in
            #expect(harness.send(harness.fixture.delivery()).reason.contains("certificate"))
            writeFile(file, readFile(certificates.authority))
            #expect(harness.send(harness.fixture.delivery()).isDelivered, "\(nginx.log)")
            writeFile(file, readFile(strangers.authority))
            #expect(harness.send(harness.fixture.delivery()).isTransient)
        }
    }

    @Test func aClientCertificateIsShown() throws {
        let certificates = try Certificates()
        try certificates.issue("good", alternativeNames: "DNS:localhost")
        try certificates.issue("client", alternativeNames: "DNS:client")
        let backend = Backend()
        let peer = backend.peer()
        let site = Nginx.Site(server(certificates, "good", "ssl_verify_client on; ssl_client_certificate \(certificates.authority);"))
        let nginx = try Nginx([site], backend: peer.port)
        var configuration = HTTPReporterConfiguration(url: "https://localhost:\(site.port)/", caFile: certificates.authority)
        try withReporter(configuration) { #expect($0.send($0.fixture.delivery()).reason.contains("No required SSL certificate was sent")) }
        configuration.clientCertificateFile = certificates.directory.path("client.pem")
        // Without its key: the certificate's file holds none.
        try withReporter(configuration) { #expect($0.send($0.fixture.delivery()).isTransient) }
        configuration.clientKeyFile = certificates.directory.path("client.key")
        try withReporter(configuration) { #expect($0.send($0.fixture.delivery()).isDelivered, "\(nginx.log)") }
        #expect(backend.count == 1)
    }

    /// SIGPIPE is at its default here: writing to what has gone must not raise it.
    @Test func aServerThatDiesIsNoSignal() throws {
        let certificates = try Certificates()
        try certificates.issue("good", alternativeNames: "DNS:localhost")
        let backend = Backend()
        let peer = backend.peer()
        for _ in 0..<4 {
            let site = Nginx.Site(server(certificates, "good"))
            let nginx = try Nginx([site], backend: peer.port)
            try withReporter(HTTPReporterConfiguration(url: "https://localhost:\(site.port)/", caFile: certificates.authority)) { harness in
                #expect(harness.send(harness.fixture.delivery()).isDelivered)
                var outcome: DeliveryOutcome?
                harness.reporter.send(harness.fixture.delivery(batches: [4000], urlBytes: 1000)) { outcome = $0 }
                nginx.kill()
                harness.loop.run(until: { outcome != nil })
                #expect(outcome?.isTransient == true)
                #expect(harness.send(harness.fixture.delivery()).isTransient)
            }
        }
    }
}
