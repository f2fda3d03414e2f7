import BoundaryLogProxy
import EventLoop
import Glibc
import TestSupport
import Testing
import Wire

/// What the status listener shows to whom.
@Suite struct StatusAccessTests {
    private func onSocket(_ body: (Bench) throws -> Void) throws {
        let bench = try Bench.withStatusSocket()
        try body(bench)
        bench.finish()
    }

    private func onPort(_ body: (Bench, _ own: String) throws -> Void) throws {
        let bench = try Bench(["status-listen": "127.0.0.1:0"])
        try body(bench, "127.0.0.1:\(bench.proxy!.statusPort!)")
        bench.finish()
    }

    private let audited = ["/status", "/events?logs=1", "/events?figures=1", "/events"]
    private let open = ["/", "/metrics", "/healthz", "/readyz"]

    @Test func theSocketIsItsOwnersFromTheFirstMomentAndGoesAtTheEnd() throws {
        let mask = umask(0)
        defer { umask(mask) }
        let bench = try Bench.withStatusSocket()
        var found = stat()
        #expect(stat(bench.directory.path("status"), &found) == 0)
        #expect(found.st_mode & 0o7777 == 0o600 && found.st_mode & S_IFMT == S_IFSOCK)
        #expect(bench.proxy!.statusPort == nil)
        #expect(bench.proxy!.statusURL == "unix:" + bench.directory.path("status"))
        #expect(bench.ask(StatusQuery.get("/status")).status == 200)
        let path = bench.directory.path("status")
        bench.finish()
        #expect(access(path, F_OK) != 0)
    }

    @Test func aStaleSocketIsReplacedAndALiveOneLeftAlone() throws {
        let bench = try Bench.withStatusSocket()
        let path = bench.directory.path("status")
        #expect {
            let other = try TestConfiguration.make(["socket": bench.directory.path("other"), "status-listen": "unix:\(path)"])
            _ = try ProxyServer(other, loop: bench.loop, logger: .init(label: "test"))
        } throws: { error in
            "\(error)".contains("status-listen: cannot listen on \(path): another process is serving it")
        }
        #expect(bench.ask(StatusQuery.get("/status")).status == 200)
        bench.finish()

        let directory = TemporaryDirectory()
        let stale = directory.path("status")
        _ = try ListeningSocket(path: stale, mode: 0o600, groupID: nil)
        #expect(access(stale, F_OK) == 0)
        let next = try Bench(["status-listen": "unix:\(stale)"])
        let query = StatusQuery(socket: stale, StatusQuery.get("/healthz"))
        next.run(until: "it answers") { query.contains("ok") }
        next.finish()
    }

    @Test func aPortWantsTheTokenForAuditDataAndForNothingElse() throws {
        try onPort { bench, own in
            #expect(bench.token.utf8.count == 43)
            #expect(bench.proxy!.statusURL == "http://\(own)/#token=\(bench.token)")
            #expect(bench.messages.count(containing: "http://\(own)/#token=\(bench.token)") == 1)
            let wrong = String(bench.token.dropLast()) + (bench.token.last == "A" ? "E" : "A")
            for path in audited {
                for header in [
                    "Accept: */*", "Authorization: Bearer", "Authorization: Bearer ", "Authorization: Bearer \(wrong)", "Authorization: Bearer \(bench.token)x",
                    "Authorization: Basic \(bench.token)", "Authorization: \(bench.token)", "Cookie: token=\(bench.token)",
                ] {
                    let query = bench.ask(StatusQuery.get(path, host: own, header))
                    #expect(query.status == 401, "\(path) \(header)")
                    #expect(query.head.contains("WWW-Authenticate: Bearer") && query.body.contains("#token="))
                    #expect(!query.text.contains("ledger"))
                }
                // Where it would be written in logs and histories.
                let separator = path.contains("?") ? "&" : "?"
                #expect(bench.ask(StatusQuery.get("\(path)\(separator)token=\(bench.token)", host: own)).status == 401)
            }
            for path in open { #expect(bench.ask(StatusQuery.get(path, host: own)).status == 200, "\(path)") }
            #expect(bench.ask(StatusQuery.get("/status", host: own, "Authorization: Bearer \(bench.token)")).body.contains("ledger"))
            #expect(bench.ask(StatusQuery.get("/events", host: own, "Authorization: bearer \(bench.token)")).status == 400)
        }
    }

    @Test func tokensAreNewAtEachStart() throws {
        let tokens = try (0..<3).map { _ in
            let bench = try Bench(["status-listen": "127.0.0.1:0"])
            defer { bench.finish() }
            return bench.token
        }
        #expect(Set(tokens).count == 3)
    }

    @Test func anotherHostIsMisdirected() throws {
        try onPort { bench, own in
            let port = bench.proxy!.statusPort!
            let bearer = "Authorization: Bearer \(bench.token)"
            for host in [own, "localhost:\(port)", "LOCALHOST:\(port)"] {
                #expect(bench.ask(StatusQuery.get("/status", host: host, bearer)).status == 200, "\(host)")
            }
            let strangers: [String?] = [
                nil, "", "evil.example", "evil.example:\(port)", "127.0.0.1", "127.0.0.1:\(port == 1 ? 2 : port - 1)", "127.0.0.1.evil.example:\(port)",
                "localhost.evil.example:\(port)", "127.0.0.2:\(port)", "[::1]:\(port)", "x@127.0.0.1:\(port)", "\(own), evil.example",
            ]
            for path in audited + open {
                for host in strangers {
                    let query = bench.ask(StatusQuery.get(path, host: host, bearer))
                    #expect(query.status == 421, "\(path) \(host ?? "no Host"): \(query.status)")
                }
            }
        }
        try onSocket { bench in
            // A port that is forwarded to it may be any.
            for host in ["localhost", "localhost:8080", "127.0.0.1:1", "[::1]:7", "[::1]"] {
                #expect(bench.ask(StatusQuery.get("/status", host: host)).status == 200, "\(host)")
            }
            for host in [nil, "evil.example", "evil.example:80", "10.0.0.1:80"] {
                #expect(bench.ask(StatusQuery.get("/status", host: host)).status == 421, "\(host ?? "")")
            }
        }
    }

    @Test func aPageOfAnotherOriginIsRefused() throws {
        try onPort { bench, own in
            let bearer = "Authorization: Bearer \(bench.token)"
            for path in audited + open {
                for origin in ["http://evil.example", "null", "https://\(own)", "http://localhost:\(bench.proxy!.statusPort!)", "http://127.0.0.1", "file://"] {
                    #expect(bench.ask(StatusQuery.get(path, host: own, bearer, "Origin: \(origin)")).status == 403, "\(path) \(origin)")
                }
            }
            let query = bench.ask(StatusQuery.get("/status", host: own, bearer, "Origin: http://\(own)"))
            #expect(query.status == 200)
            #expect(!query.head.lowercased().contains("access-control"))
            // What a browser asks before a request with a header of its own.
            #expect(bench.ask("OPTIONS /status HTTP/1.0\r\nHost: \(own)\r\nOrigin: http://evil.example\r\n\r\n").status == 403)
        }
    }

    @Test func everyAnswerIsGuarded() throws {
        try onPort { bench, own in
            let bearer = "Authorization: Bearer \(bench.token)"
            for path in ["/", "/status", "/metrics", "/healthz", "/events", "/nothing"] {
                let head = bench.ask(StatusQuery.get(path, host: own, bearer)).head
                for line in ["Cache-Control: no-store", "X-Content-Type-Options: nosniff", "Referrer-Policy: no-referrer", "Cross-Origin-Resource-Policy: same-origin"] {
                    #expect(head.contains("\r\n\(line)\r\n") || head.hasSuffix("\r\n\(line)"), "\(path): \(line)")
                }
            }
        }
    }

    @Test func thePageAllowsOnlyItselfByANonceOfItsOwn() throws {
        try onPort { bench, own in
            var nonces: Set<String> = []
            for _ in 0..<3 {
                let query = bench.ask(StatusQuery.get("/", host: own))
                #expect(query.head.contains("Content-Type: text/html; charset=utf-8"))
                let policy = try #require(query.head.split(separator: "\r\n").first { $0.hasPrefix("Content-Security-Policy: ") }).dropFirst(25)
                let nonce = try #require(policy.split(separator: "'nonce-").dropFirst().first?.split(separator: "'").first)
                #expect(
                    policy == """
                        default-src 'none'; script-src 'nonce-\(nonce)'; style-src 'nonce-\(nonce)'; connect-src 'self'; img-src data:; \
                        base-uri 'none'; form-action 'none'; frame-ancestors 'none'
                        """)
                #expect(nonce.utf8.count == 22)
                nonces.insert(String(nonce))
                #expect(query.body.contains("<script nonce=\"\(nonce)\">") && !query.body.contains("__NONCE__"))
                #expect(query.body.hasPrefix("<!doctype html>") && query.body.hasSuffix("</html>\n"))
            }
            #expect(nonces.count == 3)
        }
    }

    @Test(arguments: ["0.0.0.0:0", "[::]:0", "10.0.0.1:0", "example.com:80", "127.0.0.1.example.com:1", "/run/a.sock", "unix:", ":1"])
    func onlyLoopbackAndSocketsAreTaken(address: String) throws {
        #expect {
            _ = try TestConfiguration.make(["status-listen": address])
        } throws: { error in
            let text = "\(error)"
            return text.contains("status-listen") && text.contains("unix:PATH") && text.contains("loopback")
        }
    }

    @Test func theSocketOfClientsIsNotTaken() {
        #expect {
            _ = try TestConfiguration.make(["socket": "/run/a", "status-listen": "unix:/run/a"])
        } throws: { "\($0)".contains("is the path of the socket that boundary writes to") }
    }

    @Test func otherMethodsAreNotAllowed() throws {
        try onSocket { bench in
            for method in ["POST", "PUT", "DELETE"] {
                #expect(bench.ask("\(method) /status HTTP/1.0\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n").status == 405)
            }
        }
    }
}

extension Bench {
    /// With a status listener on the Unix socket `status` of its directory.
    static func withStatusSocket(_ options: [String: String] = [:]) throws -> Bench {
        try Bench(options) { ["status-listen": "unix:" + $0.path("status")] }
    }
}
