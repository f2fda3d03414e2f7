import Glibc
import TestSupport
import Testing

/// The daemon in its sandbox (docs/threat-model.md). What the sandbox forbids is SandboxTests' matter, and that everything still works is that of all other
/// tests of the daemon and of the floods, which run in it.
@Suite struct ConfinementTests {
    private let life = LifeTests()

    private func status(of daemon: Subprocess) -> [String: String] {
        guard let file = fopen("/proc/\(daemon.pid)/status", "r") else { return [:] }
        defer { fclose(file) }
        var fields: [String: String] = [:]
        var line = [CChar](repeating: 0, count: 512)
        while fgets(&line, Int32(line.count), file) != nil {
            let parts = String(cString: line).split(separator: ":", maxSplits: 1)
            if parts.count == 2 { fields[String(parts[0])] = parts[1].filter { !$0.isWhitespace } }
        }
        return fields
    }

    private func finish(_ daemon: Subprocess) async -> Subprocess.Outcome {
        daemon.send(SIGTERM)
        return await daemon.outcome()
    }

    @Test func itSaysWhatIsInForce() async throws {
        let daemon = try await life.started()
        let fields = status(of: daemon)
        #expect(fields["NoNewPrivs"] == "1" && fields["Seccomp"] == "2")
        let outcome = await finish(daemon)
        #expect(outcome.errors.contains("confined in_force=\"no-new-privs, ") && outcome.errors.contains("seccomp\""), "\(outcome.errors)")
        #expect(!outcome.errors.contains("threads that were there before"), "\(outcome.errors)")
    }

    @Test func eachPartCanBeLeftOutByName() async throws {
        let daemon = try await life.started(["--no-sandbox", "seccomp", "--no-sandbox", "landlock"])
        #expect(status(of: daemon)["NoNewPrivs"] == "1" && status(of: daemon)["Seccomp"] == "0")
        #expect(await finish(daemon).errors.contains("confined in_force=no-new-privs left_out=\"seccomp, landlock\""))

        let free = try await life.started(["--no-sandbox", "seccomp", "--no-sandbox", "landlock", "--no-sandbox", "no-new-privs"])
        #expect(status(of: free)["NoNewPrivs"] == "0" && status(of: free)["Seccomp"] == "0")
        #expect(await finish(free).errors.contains("confined in_force=nothing"))
    }

    /// An old kernel, or a container whose own filter refuses: the daemon says so and works.
    @Test(arguments: [
        (ENOSYS, "landlock_create_ruleset,landlock_add_rule,landlock_restrict_self", "no landlock: the kernel"), (EPERM, "landlock_create_ruleset", "no landlock: landlock_create_ruleset: "),
        (EOPNOTSUPP, "landlock_create_ruleset", "no landlock: it is turned off"), (ENOSYS, "seccomp", "no seccomp: "), (EPERM, "seccomp", "no seccomp: "),
        (EPERM, "landlock_restrict_self,seccomp", "no landlock: landlock_restrict_self: "),
    ])
    func whereTheKernelRefusesItStartsAnyway(code: Int32, calls: String, said: String) async throws {
        let daemon = try Subprocess(
            Subprocess.product("sandbox-probe"),
            ["refuse", "\(code)", calls, Subprocess.product("boundary-log-proxy"), "--socket", life.socket], environment: life.environment)
        #expect(await daemon.waitFor("listening"), "\(daemon.written(to: .standardError))")
        close(try life.send(LifeTests.frame))
        let outcome = await finish(daemon)
        #expect(outcome.status == 0 && outcome.output.split(separator: "\n").count == 2)
        #expect(outcome.errors.contains("confinement: \(said)"), "\(outcome.errors)")
    }

    /// Names are looked up, certificates read and libraries for both loaded when it is confined already.
    @Test func namesAndTLS() async throws {
        let directory = life.directory
        let environment = ["PATH": "/usr/bin:/bin"]
        let certificate = try await Subprocess.run(
            "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                "-days", "1", "-keyout", directory.path("key"), "-out", directory.path("certificate"),
            ], environment: environment)
        #expect(certificate.status == 0, "\(certificate.errors)")
        let server = try Subprocess(
            "/usr/bin/python3",
            [
                "-c",
                """
                import http.server, ssl, sys
                class Sink(http.server.BaseHTTPRequestHandler):
                    def do_POST(self):
                        self.rfile.read(int(self.headers["Content-Length"]))
                        self.send_response(200 if self.headers["Authorization"] == "Bearer secret" else 401)
                        self.send_header("Content-Length", "0")
                        self.end_headers()
                    def log_message(self, *arguments): pass
                server = http.server.HTTPServer(("localhost", 0), Sink)
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(sys.argv[1] + "/certificate", sys.argv[1] + "/key")
                server.socket = context.wrap_socket(server.socket, server_side=True)
                print("port", server.server_port, "", flush=True)
                server.serve_forever()
                """, directory.path,
            ], environment: environment)
        #expect(await server.waitFor(" \n", on: .standardOutput), "\(server.written(to: .standardError))")
        let port = server.written(to: .standardOutput).split(separator: " ")[1]
        let token = open(directory.path("token"), O_WRONLY | O_CREAT, 0o600)
        #expect(write(token, "secret", 6) == 6)
        close(token)
        let daemon = try await life.started([
            "--http-url", "https://localhost:\(port)/logs", "--http-ca-file", directory.path("certificate"), "--http-token-file", directory.path("token"),
            "--http-compression", "zstd", "--durability", "sync",
        ])
        close(try life.send(LifeTests.frame))
        let outcome = await finish(daemon)
        #expect(outcome.status == 0 && outcome.errors.contains("logs_delivered=2"), "\(outcome.errors)")
        server.send(SIGKILL)
        _ = await server.outcome()
    }
}
