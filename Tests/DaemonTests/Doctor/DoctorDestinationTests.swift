import Glibc
import TestSupport
import Testing

/// `boundary-log-proxy doctor` and what it says of the way to the destination. Each finding has its real cause.
@Suite(.timeLimit(.minutes(4))) struct DoctorDestinationTests {
    let directory = TemporaryDirectory()

    func doctor(_ arguments: [String], environment: [String: String] = [:]) async throws -> DoctorRun {
        try await DoctorRun(["--socket", directory.path("s"), "--durability", "memory"] + arguments, environment: environment)
    }

    func token(_ text: String = "very-secret-token", mode: mode_t = 0o600) -> String {
        let path = directory.path("token")
        let file = fopen(path, "w")!
        fputs(text + "\n", file)
        fclose(file)
        chmod(path, mode)
        return path
    }

    // MARK: HTTP

    @Test func aServerThatKnowsOnlyPOSTGetsNoLog() async throws {
        let server = try DoctorServer()
        let run = try await doctor(["--http-url", "http://127.0.0.1:\(server.port)/in", "--http-token-file", token()])
        #expect(run.status == 0 && run.says("destination", "ok", "only a log can tell") && run.says("token", "ok", "not refused") && run.says("clock", "ok", "within"), "\(run.output)")
        #expect(run.says("connection", "ok", "127.0.0.1:\(server.port)") && run.says("proxy", "ok", "none"), "\(run.output)")
        #expect(await server.asked() == ["OPTIONS /in Bearer very-secret-token 0"])
        #expect(!run.output.contains("very-secret-token"))
    }

    @Test(arguments: [
        (401, "token", "fail", "renew the token"), (403, "token", "fail", "HTTP 403: go away"), (404, "destination", "warn", "compare the path"), (503, "destination", "warn", "logs would wait"),
        (301, "destination", "fail", "redirects are not followed (to https://elsewhere.example/?***)"), (204, "destination", "ok", "HTTP 204"),
    ])
    func answers(status: Int, check: String, verdict: String, text: String) async throws {
        let server = try DoctorServer(status: status)
        let run = try await doctor(["--http-url", "http://127.0.0.1:\(server.port)/in", "--http-token-file", token()])
        #expect(run.says(check, verdict, text), "\(run.output)")
        #expect(await server.asked().count == 1)
        #expect(run.status == (verdict == "fail" ? 1 : 0))
    }

    @Test(arguments: [
        (200, "destination", "ok", "takes OTLP"), (200, "token", "ok", "accepted"), (401, "token", "fail", "renew the token"), (404, "destination", "fail", "v1/logs"),
        (405, "destination", "fail", "nobody takes OTLP there"), (415, "destination", "fail", "--otlp-protocol"), (400, "destination", "warn", "only a log can tell"),
        (503, "destination", "warn", "logs would wait"),
    ])
    func answersToADeliveryOfOTLPWithoutARecord(status: Int, check: String, verdict: String, text: String) async throws {
        let server = try DoctorServer(status: status)
        let endpoint = ["--reporter", "otlp", "--otlp-endpoint", "http://127.0.0.1:\(server.port)", "--otlp-compression", "gzip"]
        let run = try await doctor(endpoint + ["--otlp-header", "Authorization: Bearer very-secret-token", "--otlp-protocol", status == 200 ? "http/json" : "http/protobuf"])
        #expect(run.says(check, verdict, text), "\(run.output)")
        #expect(run.status == (verdict == "fail" ? 1 : 0) && !run.output.contains("very-secret-token"))
        // An empty message: `{}` in JSON.
        #expect(await server.asked() == ["POST /v1/logs Bearer very-secret-token \(status == 200 ? 2 : 0)"])
    }

    @Test func aClockThatIsWrong() async throws {
        let ahead = try DoctorServer(skew: 3600)
        let run = try await doctor(["--http-url", "http://127.0.0.1:\(ahead.port)/"])
        #expect(run.status == 0 && run.says("clock", "warn", "s behind the server"), "\(run.output)")
    }

    @Test func nobodyThere() async throws {
        let closed = try await doctor(["--http-url", "http://127.0.0.1:1/"])
        #expect(closed.failures == ["connection"] && closed.says("connection", "fail", "firewall"), "\(closed.output)")
        let unknown = try await doctor(["--http-url", "http://no-such-host.invalid/"])
        #expect(unknown.failures == ["name"] && unknown.says("name", "fail", "no-such-host.invalid"), "\(unknown.output)")
    }

    @Test func aServerThatDoesNotAnswerCostsSixSeconds() async throws {
        let program = "import socket\ns = socket.socket()\ns.bind(('127.0.0.1', 0))\ns.listen()\nprint(s.getsockname()[1], flush=True)\nc = s.accept()[0]\nc.recv(9)\nimport signal; signal.pause()"
        let silent = try Subprocess("/usr/bin/python3", ["-c", program], timeLimit: .seconds(300))
        let port = try #require(silent.takeLine())
        let began = ContinuousClock.now
        let run = try await doctor(["--http-url", "http://127.0.0.1:\(port)/"])
        silent.send(SIGKILL)
        #expect(run.failures == ["destination"] && run.says("destination", "fail", "imed out"), "\(run.output)")
        #expect(ContinuousClock.now - began >= .seconds(5))
    }

    @Test func certificates() async throws {
        let certificates = try await DoctorCertificates()
        let good = try await certificates.issue("good")
        let server = try DoctorServer(certificate: good.certificate, key: good.key)
        let url = ["--http-url", "https://localhost:\(server.port)/"]
        let unknown = try await doctor(url)
        #expect(unknown.failures == ["TLS"] && unknown.says("TLS", "fail", "--http-ca-file"), "\(unknown.output)")
        let known = try await doctor(url + ["--http-ca-file", certificates.authority])
        // A day is whole only within the second in which the certificate was made.
        func isValid(_ run: DoctorRun, _ verdict: String, days: Int) -> Bool {
            run.says("TLS", verdict, "valid for \(days) days") || run.says("TLS", verdict, "valid for \(days - 1) days")
        }
        #expect(known.status == 0 && known.says("TLS", "ok", "/CN=good") && isValid(known, "ok", days: 30) && known.says("CA file", "ok", "1 certificate"), "\(known.output)")
        let otherName = try await doctor(["--http-url", "https://127.0.0.1:\(server.port)/", "--http-ca-file", certificates.authority])
        #expect(otherName.failures == ["TLS"] && otherName.says("TLS", "fail", "issued for"), "\(otherName.output)")

        let old = try await certificates.issue("old", days: -1)
        let expired = try DoctorServer(certificate: old.certificate, key: old.key)
        let run = try await doctor(["--http-url", "https://localhost:\(expired.port)/", "--http-ca-file", certificates.authority])
        #expect(run.failures == ["TLS"] && run.says("TLS", "fail", "renew the server's certificate"), "\(run.output)")
        let short = try await certificates.issue("short", days: 3)
        let soon = try DoctorServer(certificate: short.certificate, key: short.key)
        let warned = try await doctor(["--http-url", "https://localhost:\(soon.port)/", "--http-ca-file", certificates.authority])
        #expect(warned.status == 0 && isValid(warned, "warn", days: 3), "\(warned.output)")
    }

    @Test func filesThatTheConfigurationNames() async throws {
        let certificates = try await DoctorCertificates()
        let (one, other) = (try await certificates.issue("one"), try await certificates.issue("other"))
        let server = try DoctorServer(certificate: one.certificate, key: one.key)
        let base = ["--http-url", "https://localhost:\(server.port)/", "--http-ca-file", certificates.authority]
        let mixed = try await doctor(base + ["--http-client-cert", one.certificate, "--http-client-key", other.key])
        #expect(mixed.failures.contains("client certificate") && mixed.says("client certificate", "fail", "is not the key"), "\(mixed.output)")
        let right = try await doctor(base + ["--http-client-cert", other.certificate, "--http-client-key", other.key])
        #expect(right.status == 0 && right.says("client certificate", "ok", "/CN=other"), "\(right.output)")
        let open = try await doctor(base + ["--http-token-file", token(mode: 0o644)])
        #expect(open.status == 0 && open.says("token file", "warn", "0644"), "\(open.output)")
        let empty = try await doctor(base + ["--http-token-file", token("")])
        #expect(empty.failures.contains("token file"), "\(empty.output)")
        let none = try await doctor(base + ["--http-token-file", directory.path("none")])
        #expect(none.failures.contains("token file") && none.says("token file", "fail", "ENOENT"), "\(none.output)")
        let noAuthority = try await doctor(["--http-url", "https://localhost:\(server.port)/", "--http-ca-file", one.key])
        #expect(noAuthority.failures.contains("CA file"), "\(noAuthority.output)")
    }

    @Test func throughAProxy() async throws {
        let server = try DoctorServer()
        let proxy = try Tinyproxy()
        let url = ["--http-url", "http://127.0.0.1:\(server.port)/"]
        let run = try await doctor(url, environment: ["http_proxy": "http://user:password@127.0.0.1:\(proxy.port)"])
        #expect(run.status == 0 && run.says("proxy", "ok", "127.0.0.1:\(proxy.port), from the variable http_proxy"), "\(run.output)")
        #expect(!run.output.contains("password") && run.says("connection", "ok", "to the proxy at 127.0.0.1:\(proxy.port)"), "\(run.output)")
        let without = try await doctor(url, environment: ["http_proxy": "http://127.0.0.1:\(proxy.port)", "no_proxy": "127.0.0.1"])
        #expect(without.status == 0 && without.says("proxy", "ok", "none"), "\(without.output)")
        let gone = try await doctor(url, environment: ["all_proxy": "http://127.0.0.1:1"])
        #expect(gone.failures == ["connection"] && gone.says("connection", "fail", "is the proxy running"), "\(gone.output)")
    }

    // MARK: coderd

    func workspace(_ standIn: CoderStandIn, token: String = CoderStandIn.token) -> [String: String] {
        ["CODER_AGENT_URL": standIn.url, "CODER_AGENT_TOKEN": token]
    }

    @Test func coderd() async throws {
        let standIn = try CoderStandIn()
        let run = try await doctor([], environment: workspace(standIn))
        #expect(run.status == 0 && run.says("session", "ok", "the token is accepted") && run.says("coder version", "ok", "agent API 2.11") && run.says("clock", "ok", "within"), "\(run.output)")
        #expect(!run.output.contains(CoderStandIn.token))
        let report = standIn.reportAfterAllClients
        // One session, said goodbye to as one should, and not a single call.
        #expect(report["violations"].members.isEmpty && report["client_closes"]["1000"].integer == 1 && (report["calls_answered"].integer ?? 0) == 0, "\(report)")
    }

    @Test func coderdThatRefuses() async throws {
        let standIn = try CoderStandIn()
        let wrong = try await doctor([], environment: workspace(standIn, token: "another-secret-token"))
        #expect(wrong.failures == ["token"] && wrong.says("token", "fail", "HTTP 401") && !wrong.output.contains("another-secret-token"), "\(wrong.output)")
        standIn.do(#""do":"refuse","status":403,"message":"not the latest build""#)
        let build = try await doctor([], environment: workspace(standIn))
        #expect(build.failures == ["session"] && build.says("session", "fail", "rebuild or restart the workspace"), "\(build.output)")
        let old = try CoderStandIn(["--api-version", "2.5"])
        let version = try await doctor([], environment: workspace(old))
        #expect(version.failures == ["coder version", "session"] && version.says("session", "fail", "upgrade Coder"), "\(version.output)")
        let some = try CoderStandIn(["--api-version", "2.8"])
        let numberless = try await doctor([], environment: workspace(some))
        #expect(numberless.status == 0 && numberless.says("coder version", "warn", "sequence numbers"), "\(numberless.output)")
    }

    @Test func notCoderd() async throws {
        let server = try DoctorServer(status: 200)
        let run = try await doctor([], environment: ["CODER_AGENT_URL": "http://127.0.0.1:\(server.port)", "CODER_AGENT_TOKEN": "t0ken"])
        #expect(run.says("coder version", "warn", "not coderd's") && run.failures == ["session"], "\(run.output)")
        // The token goes to nobody who has not been asked for a session.
        #expect(await server.asked().first == "GET /api/v2/buildinfo None 0")
    }
}
