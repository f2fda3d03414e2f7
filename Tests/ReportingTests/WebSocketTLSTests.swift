import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Reporting

/// Through nginx with certificates of a private authority.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Nginx.isInstalled, "needs Debian's nginx-light"))
struct WebSocketTLSTests {
    static func directives(_ certificates: Certificates, _ name: String, _ more: String = "") -> String {
        """
        ssl_certificate \(certificates.directory.path("\(name).pem"));
        ssl_certificate_key \(certificates.directory.path("\(name).key"));
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
        \(more)
        """
    }

    static func configuration(_ site: Nginx.Site, _ certificates: Certificates?) -> WebSocketConfiguration {
        var configuration = WebSocketConfiguration(url: "https://localhost:\(site.port)/rpc", headers: [WebSocketUpgradeTests.token])
        configuration.tls.caFile = certificates?.authority
        return configuration
    }

    /// Also where the server would like HTTP/2, which has no upgrade.
    @Test(arguments: ["ssl", "ssl http2"]) func muchThroughTLS(options: String) throws {
        let certificates = try Certificates()
        try certificates.issue("good", alternativeNames: "DNS:localhost")
        let requests = Mutex<[String]>([])
        let peer = RawPeer { connection in
            let peer = WebSocketPeer(connection)
            let request = peer.accept()
            requests.withLock { $0.append(request) }
            peer.echo()
        }
        let site = Nginx.Site(options: options, Self.directives(certificates, "good"))
        let nginx = try Nginx([site], backend: peer.port)
        let total = 16 << 20
        try withWebSocket(Self.configuration(site, certificates)) { harness in
            var isWhole = true
            var position = 0
            harness.onProduce = { buffer in
                let count = min(buffer.count, total - harness.produced)
                Pattern.fill(UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), at: harness.produced)
                return count
            }
            harness.onReceived = { bytes in
                isWhole = isWhole && bytes.withUnsafeBytes { Pattern.matches($0, at: position) }
                position += bytes.byteCount
            }
            harness.open()
            harness.loop.run(until: { position == total || harness.end != nil })
            #expect(position == total && isWhole, "\(String(describing: harness.end)) \(nginx.log)")

            let turns = harness.turns(in: .milliseconds(200))
            #expect(turns <= 3, "\(turns) turns in 200 ms of doing nothing")

            harness.client.close()
            #expect(harness.runUntilEnd() == .closed(code: 1000, reason: ""))
        }
        #expect(requests.withLock { $0.count == 1 && $0[0].contains("\r\nCoder-Session-Token: s3ssion-t0ken\r\n") })
    }

    @Test func whatCannotBeVerifiedNeverSeesTheToken() throws {
        let certificates = try Certificates()
        let strangers = try Certificates()
        try certificates.issue("good", alternativeNames: "DNS:localhost")
        try certificates.issue("other", alternativeNames: "DNS:other.example")
        try strangers.issue("forged", alternativeNames: "DNS:localhost")
        let peer = RawPeer { connection in
            let peer = WebSocketPeer(connection)
            peer.accept()
            peer.echo()
        }
        let good = Nginx.Site(Self.directives(certificates, "good"))
        let wrongHost = Nginx.Site(Self.directives(certificates, "other"))
        let forged = Nginx.Site(Self.directives(strangers, "forged"))
        let old = Nginx.Site(Self.directives(certificates, "good", "ssl_protocols TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0;"))
        let plain = Nginx.Site(options: "", "")
        let nginx = try Nginx([good, wrongHost, forged, old, plain], backend: peer.port)
        for (what, site, authority, text) in [
            ("unknown authority", good, nil, "certificate"), ("another authority", forged, certificates, "certificate"),
            ("wrong host", wrongHost, certificates, "name"), ("TLS 1.1", old, certificates, "version"), ("no TLS", plain, certificates, "SSL"),
        ] {
            var configuration = Self.configuration(site, authority)
            configuration.headers.append(.init(name: "Authorization", value: "s3ssion-t0ken"))
            try withWebSocket(configuration) { harness in
                harness.open()
                guard case .connectFailed(let reason) = harness.runUntilEnd() else {
                    Issue.record("\(what): \(String(describing: harness.end))")
                    return
                }
                #expect(reason.contains(text), "\(what): \(reason)")
                #expect(harness.client.bytesOut == 0, "\(what)")
            }
        }
        #expect(peer.connections == 0)
        #expect(!nginx.accessLog.contains("t0ken"))
        // The same server, once it is trusted.
        try withWebSocket(Self.configuration(good, certificates)) { harness in
            harness.open()
            harness.runUntilOpen()
            #expect(harness.opens == 1)
        }
    }

    @Test func aClientCertificateIsShown() throws {
        let certificates = try Certificates()
        try certificates.issue("good", alternativeNames: "DNS:localhost")
        try certificates.issue("client", alternativeNames: "DNS:client")
        let peer = RawPeer { connection in
            let peer = WebSocketPeer(connection)
            peer.accept()
            peer.echo()
        }
        let site = Nginx.Site(
            Self.directives(certificates, "good", "ssl_verify_client on; ssl_client_certificate \(certificates.authority);"))
        let nginx = try Nginx([site], backend: peer.port)
        var configuration = Self.configuration(site, certificates)
        try withWebSocket(configuration) { harness in
            harness.open()
            guard case .refused(let refusal) = harness.runUntilEnd() else {
                Issue.record("\(String(describing: harness.end))")
                return
            }
            #expect(refusal.status == 400 && refusal.text.contains("No required SSL certificate was sent"))
        }
        configuration.tls.clientCertificateFile = certificates.directory.path("client.pem")
        configuration.tls.clientKeyFile = certificates.directory.path("client.key")
        try withWebSocket(configuration) { harness in
            harness.open()
            harness.runUntilOpen()
            #expect(harness.opens == 1, "\(String(describing: harness.end)) \(nginx.log)")
        }
    }

    /// SIGPIPE is at its default here: writing to what has gone must not raise it.
    @Test func aServerThatDiesIsNoSignal() throws {
        let certificates = try Certificates()
        try certificates.issue("good", alternativeNames: "DNS:localhost")
        let peer = RawPeer { connection in
            let peer = WebSocketPeer(connection)
            peer.accept()
            peer.waitForEnd()
        }
        for _ in 0..<4 {
            let site = Nginx.Site(Self.directives(certificates, "good"))
            let nginx = try Nginx([site], backend: peer.port)
            try withWebSocket(Self.configuration(site, certificates)) { harness in
                harness.onProduce = { buffer in
                    if harness.produced > 1 << 20, harness.produced < 1 << 21 { nginx.kill() }
                    return buffer.count
                }
                harness.open()
                switch harness.runUntilEnd() {
                case .transport, .endOfFile: break
                default: Issue.record("\(String(describing: harness.end))")
                }
            }
        }
    }
}
