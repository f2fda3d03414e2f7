import TestSupport
import Testing

/// An HTTP server of Python's on a free port, that answers everything with one status and writes down what it was asked. It ends with this object.
final class DoctorServer {
    private static let program = """
        import http.server, ssl, sys, time
        status, skew, certificate, key = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                print(self.command, self.path, self.headers.get("Authorization"), len(body), flush=True)
                self.send_response(status)
                self.send_header("Location", "https://elsewhere.example/?secret=word")
                self.send_header("Content-Length", "8")
                self.end_headers()
                self.wfile.write(b"go away\\n")
            do_OPTIONS = do_POST = do_GET = do_HEAD = answer
            def date_time_string(self, timestamp=None): return super().date_time_string(time.time() + skew)
            def log_message(self, *arguments): pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        print(server.server_address[1], flush=True)
        server.serve_forever()
        """
    private let process: Subprocess
    let port: Int

    /// `skew`: seconds that its clock is ahead. `certificate`: a name of `DoctorCertificates`.
    init(status: Int = 405, skew: Int = 0, certificate: String = "", key: String = "") throws {
        process = try Subprocess("/usr/bin/python3", ["-c", Self.program, "\(status)", "\(skew)", certificate, key], timeLimit: .seconds(300))
        port = Int(try #require(process.takeLine())) ?? 0
    }

    deinit { process.send(9) }

    /// Once it was asked something.
    func asked() async -> [Substring] {
        _ = await process.waitFor(" /", on: .standardOutput)
        return requests
    }

    /// Each request as `METHOD PATH AUTHORIZATION BYTES`.
    var requests: [Substring] { process.written(to: .standardOutput).split(separator: "\n") }
}

/// Certificates by an authority that nobody knows, made with the openssl command.
final class DoctorCertificates {
    private let directory = TemporaryDirectory()
    var authority: String { directory.path("ca.pem") }

    init() async throws {
        try await openssl(["req", "-x509"] + Self.key + ["-days", "30", "-subj", "/CN=Test CA", "-keyout", directory.path("ca.key"), "-out", authority])
    }

    /// `days` < 0: it has expired.
    func issue(_ name: String, for host: String = "DNS:localhost", days: Int = 30) async throws -> (certificate: String, key: String) {
        let (certificate, key) = (directory.path("\(name).pem"), directory.path("\(name).key"))
        try await openssl(["req"] + Self.key + ["-subj", "/CN=\(name)", "-keyout", key, "-out", directory.path("\(name).csr")])
        let extensions = try Subprocess("/bin/sh", ["-c", "echo subjectAltName=\(host) > \(directory.path("\(name).ext"))"])
        #expect(await extensions.outcome().status == 0)
        try await openssl([
            "x509", "-req", "-in", directory.path("\(name).csr"), "-CA", authority, "-CAkey", directory.path("ca.key"), "-CAcreateserial", "-days", "\(days)",
            "-extfile", directory.path("\(name).ext"), "-out", certificate,
        ])
        return (certificate, key)
    }

    private static let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]

    private func openssl(_ arguments: [String]) async throws {
        let outcome = try await Subprocess.run("/usr/bin/openssl", arguments, environment: ["RANDFILE": directory.path("rnd")])
        try #require(outcome.status == 0, "\(outcome.errors)")
    }
}
