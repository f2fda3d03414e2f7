import EventLoop
import Glibc
import Pipeline
import Reporting
import TestSupport
import Testing

/// Sessions with the stand-in for coderd through nginx, which speaks TLS with certificates of a private authority and hands the upgrade on.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Nginx.isInstalled, "needs Debian's nginx-light"))
struct AgentAPITLSTests {
    private func site(_ certificates: Certificates, _ name: String) -> Nginx.Site {
        Nginx.Site(
            options: "ssl",
            """
            ssl_certificate \(certificates.directory.path("\(name).pem")); ssl_certificate_key \(certificates.directory.path("\(name).key"));
            proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";
            """)
    }

    private func withReporter(_ url: String, caFile: String?, _ body: (EventLoop, AgentAPIReporter) throws -> Void) throws {
        try withLoop { loop in
            let reporter = try AgentAPIReporter(loop, AgentAPIReporterConfiguration(url: url, token: CoderStandIn.token, caFile: caFile), seed: 1)
            try body(loop, reporter)
            var isClosed = false
            reporter.close { isClosed = true }
            loop.run(until: { isClosed })
        }
    }

    @Test func logsArriveThroughTLS() throws {
        let certificates = try Certificates()
        try certificates.issue("good", alternativeNames: "DNS:localhost")
        let standIn = try CoderStandIn()
        let site = site(certificates, "good")
        let nginx = try Nginx([site], backend: UInt16(standIn.port))
        try withReporter("https://localhost:\(site.port)", caFile: certificates.authority) { loop, reporter in
            let fixture = DeliveryFixture()
            var outcomes: [DeliveryOutcome] = []
            let small = fixture.delivery(batches: [2, 3])
            let large = fixture.delivery(batches: Array(repeating: 10, count: 300), urlBytes: 900)
            for delivery in [small, large] {
                reporter.send(delivery) { outcomes.append($0) }
                let count = outcomes.count
                loop.run(until: { outcomes.count > count })
            }
            let allArrived = outcomes.allSatisfy(\.isDelivered)
            #expect(allArrived, "\(outcomes) \(nginx.log)")
            #expect(reporter.status.state == .open && reporter.status.dials == 1)
        }
        let report = standIn.report
        #expect(report["logs"].integer == 3005 && report["violations"].members.isEmpty, "\(report)")
    }

    @Test func aServerThatCannotBeVerifiedNeverSeesTheToken() throws {
        let certificates = try Certificates()
        let strangers = try Certificates()
        try certificates.issue("good", alternativeNames: "DNS:localhost")
        try certificates.issue("other", alternativeNames: "DNS:other.example")
        try strangers.issue("forged", alternativeNames: "DNS:localhost")
        let standIn = try CoderStandIn()
        let sites = [site(certificates, "good"), site(certificates, "other"), site(strangers, "forged")]
        let nginx = try Nginx(sites, backend: UInt16(standIn.port))
        for (site, authority) in zip(sites, [nil, certificates.authority, certificates.authority]) {
            try withReporter("https://localhost:\(site.port)", caFile: authority) { loop, reporter in
                loop.run(until: { reporter.status.dialsFailed >= 1 })
                #expect(reporter.obstacle?.contains("coderd cannot be reached") == true, "\(reporter.obstacle ?? "none")")
            }
        }
        #expect(standIn.report["dials"].integer ?? 0 == 0)
        #expect(nginx.accessLog.isEmpty, "a request was written: \(nginx.accessLog)")
    }
}
