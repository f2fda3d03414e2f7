import BoundaryLogProxy
import Glibc
import TestSupport
import Testing
import Wire

@testable import boundary_log_proxy

@Suite struct CommandLineStatusTests {
    private static let answer = """
        {"version":"0.1.0","started":"2026-01-31T23:59:59Z","ready":true,"socket":"/tmp/boundary-audit.sock","connections":{"now":1,"total":5,"refused":0},
        "frames":{"received":1234567,"bytes":98765432,"rejected":{"unknown_tag":2,"too_long":0}},
        "ledger":{"logs":{"received":1000,"delivered":900,"dropped":{"buffer_full":50,"forward_failed":0,"shutdown":0},"waiting":40,"in_flight":10},
        "batches":{"received":100,"delivered":90,"dropped":{"buffer_full":5,"forward_failed":0,"shutdown":0},"waiting":4,"in_flight":1}},
        "client_reported_drops":{"boundary_channel_full":3,"boundary_batch_full":0},"ring":{"bytes":4194304,"bytes_max":16777216},
        "destination":{"reporter":"http","deliveries":{"delivered":12,"transient":1,"rejected":0,"too_large":0},"retrying_since_seconds":75.5,
        "last_error":"503 \\u001b[31mbusy","seconds_since_last_success":3},
        "sequences":{"sessions":23,"sessions_evicted":7,"missing":9,"missing_final":1,"duplicated":1200,"out_of_order":0,"recent":[
        {"session":"d401b2fd-3509-42c0-abae-2adeb7babe3b","process":"claude-code","logs":12345,"last":-2147483640,"missing":9,
        "missing_ranges":[{"first":2147483645,"last":-2147483647},{"first":7,"last":7},{"first":10,"last":11},{"first":13,"last":13},{"first":15,"last":15},{"first":17,"last":17},{"first":19,"last":19}]},
        {"session":"b\\u001b","process":"","logs":1,"last":0,"missing":0,"missing_ranges":[]}],"more":21},"configuration":{"buffer-bytes":"16MiB"}}
        """

    private func screen(_ json: String) throws -> String { StatusScreen(try #require(JSONReader.read(Array(json.utf8)))).text }

    @Test func screen() throws {
        #expect(try screen(Self.answer) == """
            boundary-log-proxy 0.1.0, ready, started 2026-01-31T23:59:59Z

            socket           /tmp/boundary-audit.sock
            connections      1 now, 5 in all, 0 refused
            frames           1,234,567 received (98.7 MB), rejected: 2 unknown tag

                                                  logs         batches
            received                             1,000             100
            delivered                              900              90
            waiting                                 40               4
            in flight                               10               1
            dropped, buffer full                    50               5
            dropped, forward failed                  0               0
            dropped, shutdown                        0               0

            lost by clients  3 boundary channel full
            buffer           [#####...............] 25 % of 16MiB
            destination      http
            deliveries       12 delivered, 1 transient, 0 rejected, 0 too large
            last success     3s ago
            RETRYING         for 1m15s
            last error       503 \\u{1b}[31mbusy

            sequence numbers 9 missing and 1 given up, 1,200 duplicated, 0 out of order, of 23 sessions (7 more forgotten)

            session                               process                   logs         last  missing
            d401b2fd-3509-42c0-abae-2adeb7babe3b  claude-code             12,345  -2147483640  9: 2147483645..-2147483647, 7, 10..11, 13, 15, 17 and 1 more
            b\\u{1b}                               -                            1            0  0
            and 21 more that were silent longer

            """)
    }

    @Test func severalDestinationsEachHaveTheirLedger() throws {
        func ledger(_ delivered: Int) -> String {
            #""ledger":{"logs":{"received":10,"delivered":\#(delivered),"dropped":{},"waiting":\#(10 - delivered),"in_flight":0},"batches":{"received":1,"delivered":1,"dropped":{},"waiting":0,"in_flight":0}}"#
        }
        let text = try screen(
            #"{\#(ledger(20)),"destination":{"reporter":"coder"},"destinations":[{"reporter":"coder",\#(ledger(10))},{"reporter":"otlp","last_error":"HTTP 503",\#(ledger(7))}]}"#)
        #expect(text.contains("destination      coder\n") && text.contains("destination      otlp\n"))
        #expect(text.contains("delivered                               10               1") && text.contains("delivered                                7               1"))
        // Not the sum beside them.
        #expect(!text.contains("delivered                               20"))
    }

    @Test func aLedgerThatDoesNotBalanceIsShown() throws {
        let text = try screen(#"{"ledger":{"logs":{"received":10,"delivered":7,"dropped":{},"waiting":0,"in_flight":0},"batches":{"received":1,"delivered":1,"dropped":{},"waiting":0,"in_flight":0}}}"#)
        #expect(text.contains("UNACCOUNTED FOR                          3               0"))
    }

    @Test(arguments: [
        "{}", "[]", #"{"ring":{"bytes":-1,"bytes_max":0},"ledger":{"logs":{"received":9223372036854775807,"delivered":-9223372036854775808,"dropped":{"x":-9223372036854775808},"waiting":1,"in_flight":1},"batches":7}}"#,
        #"{"sequences":{"sessions":-1,"recent":[7,{},{"session":"","missing":-9223372036854775808,"missing_ranges":[{},7,{"first":1,"last":9223372036854775807}]}],"more":-3}}"#,
        #"{"destination":{"seconds_since_last_success":1e300,"retrying_since_seconds":-1},"frames":{"bytes":-9223372036854775808}}"#,
        #"{"ring":{"bytes":9223372036854775807,"bytes_max":1},"frames":{"bytes":9223372036854775807,"rejected":{"\u0000":1}}}"#,
    ])
    func strangeAnswersDoNotTrap(json: String) throws {
        let text = try screen(json)
        #expect(!text.isEmpty && !text.contains("\0"))
    }

    @Test func json() {
        func read(_ text: String) -> JSONValue? { JSONReader.read(Array(text.utf8)) }
        #expect(read(#" {"a":[1,-2.5e+3,true,false,null,"\u00e9\ud83d\ude00\/\b"]} "#)
            == .object([.init(name: "a", value: .array([.number("1"), .number("-2.5e+3"), .bool(true), .bool(false), .null, .string("é😀/\u{8}")]))]))
        for text in ["", "{", "[1,]", "{\"a\"}", "01", "1.", "+1", ".5", "nul", "\"\\x\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\n\"", "1 2", "'a'", "{a:1}", "\"", "-"] {
            #expect(read(text) == nil, "\(text)")
        }
        #expect(JSONReader.read([0x22, 0xFF, 0x22]) == nil)
        #expect(read(String(repeating: "[", count: 64) + String(repeating: "]", count: 64)) != nil)
        for opening in ["[", "{\"a\":"] { #expect(read(String(repeating: opening, count: 1_000_000)) == nil) }
        let bytes = Array(Self.answer.utf8)
        for end in 0..<bytes.count { #expect(JSONReader.read(Array(bytes[..<end])) == nil) }
    }

    private func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> Subprocess.Outcome {
        try await Subprocess.run(Subprocess.product("boundary-log-proxy"), ["status"] + arguments, environment: environment)
    }

    @Test func theAddressFromCommandLineAndEnvironment() async throws {
        for byEnvironment in [false, true] {
            let server = try OneAnswerServer("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n\(Self.answer)")
            let address = "127.0.0.1:\(server.port)"
            let outcome = byEnvironment
                ? try await run([], environment: ["BOUNDARY_LOG_PROXY_STATUS_LISTEN": "localhost:\(server.port)", "BOUNDARY_LOG_PROXY_STATUS_TOKEN": "secret"])
                : try await run(["--json", "--status-listen", address])
            #expect(outcome.status == 0)
            #expect(outcome.errors == "")
            if byEnvironment { #expect(outcome.output == (try screen(Self.answer))) } else { #expect(outcome.output == Self.answer + "\n") }
            let request = server.request()
            #expect(request.hasPrefix("GET /status HTTP/1.0\r\nHost: \(byEnvironment ? "localhost" : "127.0.0.1"):\(server.port)\r\n"))
            #expect(request.contains("\r\nAuthorization: Bearer secret\r\n") == byEnvironment)
        }
    }

    @Test(arguments: [
        ("HTTP/1.1 503 Service Unavailable\r\n\r\nx\u{1b}\ny", "the answer is 503 Service Unavailable (x\\u{1b})"), ("HTTP/1.1 401 Unauthorized\r\n\r\n", "set BOUNDARY_LOG_PROXY_STATUS_TOKEN"), ("hello\r\n\r\n", "the answer is not HTTP"), ("", "the answer is not HTTP"),
        ("HTTP/1.1 200 OK\r\n\r\nhello", "is not a boundary-log-proxy"),
    ])
    func badAnswers(answer: String, complaint: String) async throws {
        let server = try OneAnswerServer(answer)
        let outcome = try await run(["--status-listen", "127.0.0.1:\(server.port)"])
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains(complaint), "\(outcome.errors)")
    }

    @Test func nobodyThere() async throws {
        let none = try await run([])
        #expect(none.status == 1)
        #expect(none.errors.contains("no status listener is known: start the daemon with --status-listen unix:PATH"))
        let (socket, port) = try OneAnswerServer.bindAnyPort()
        defer { close(socket) }
        let refused = try await run(["--status-listen", "127.0.0.1:\(port)"])
        #expect(refused.status == 1)
        #expect(refused.errors == "boundary-log-proxy: cannot get the status from 127.0.0.1:\(port): Connection refused (is the daemon running?)\n")
        #expect(try await run(["--status-listen", "127.0.0.1:0"]).errors.contains("port 0"))
    }
}

/// Accepts one connection, takes its request, gives an answer that was laid out beforehand, closes.
private final class OneAnswerServer: @unchecked Sendable {
    let port: UInt16
    private let listener: Int32
    private let answer: [UInt8]
    private var thread = pthread_t()
    private var taken: [UInt8] = []
    private var isJoined = false

    init(_ answer: String) throws {
        self.answer = Array(answer.utf8)
        (listener, port) = try Self.listen()
        let argument = Unmanaged.passUnretained(self).toOpaque()
        try #require(pthread_create(&thread, nil, { Unmanaged<OneAnswerServer>.fromOpaque($0!).takeUnretainedValue().serve(); return nil }, argument) == 0)
    }

    /// Ends the server if no one came, so that its thread never outlives it.
    deinit { _ = request() }

    /// The request, once the connection is over.
    func request() -> String {
        if !isJoined {
            shutdown(listener, Int32(SHUT_RD))
            pthread_join(thread, nil)
            close(listener)
            isJoined = true
        }
        return String(decoding: taken, as: UTF8.self)
    }

    private func serve() {
        let connection = ClosedOnExec.accept(listener)
        if connection < 0 { return }
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !String(decoding: taken, as: UTF8.self).hasSuffix("\r\n\r\n") {
            let count = recv(connection, &buffer, buffer.count, 0)
            if count <= 0 { break }
            taken += buffer[..<count]
        }
        _ = send(connection, answer, answer.count, Int32(MSG_NOSIGNAL))
        close(connection)
    }

    private static func listen() throws -> (Int32, UInt16) {
        let (listener, port) = try bindAnyPort()
        try #require(Glibc.listen(listener, 1) == 0)
        return (listener, port)
    }

    /// A port that nobody else is given while the socket is there, and on which nobody listens yet.
    static func bindAnyPort() throws -> (socket: Int32, port: UInt16) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        try #require(listener >= 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                try #require(bind(listener, pointer, length) == 0)
                try #require(getsockname(listener, pointer, &length) == 0)
            }
        }
        return (listener, UInt16(bigEndian: address.sin_port))
    }
}
