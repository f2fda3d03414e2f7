import BoundaryLogProxy
import EventLoop
import Glibc
import HTTPServer
import TestSupport
import Testing
import Wire

@Suite struct StatusServerTests {
    /// GETs with curl while the bench's loop turns; curl's end comes to the loop as a message.
    private func get(_ bench: Bench, _ path: String) throws -> (status: Int, body: String) {
        let curl = try Subprocess("/usr/bin/curl", [
            "-s", "--noproxy", "*", "-w", "\n%{http_code}", "http://127.0.0.1:\(bench.proxy!.metricsPort!)\(path)",
        ])
        var output: String?
        let mailbox = try Mailbox<String>(bench.loop) { output = $0 }
        curl.whenDone { mailbox.post($0.output) }
        bench.run(until: "curl has its answer") { output != nil }
        mailbox.close()
        guard let output else { return (0, "") }
        let cut = output.lastIndex(of: "\n")!
        return (Int(output[output.index(after: cut)...])!, String(output[..<cut]))
    }

    @Test func everyPageAnswers() throws {
        let bench = try Bench.withStatusSocket(["metrics-listen": "127.0.0.1:0"])
        let client = TestClient(bench.socketPath)
        client.write(TestFrame.logs(session: "a", sequence: 0..<3) + TestFrame.status(channelFull: 4, batchFull: 5))
        bench.run(until: "the logs are delivered") { bench.snapshot.ledger.delivered.logs == 3 }

        #expect(try get(bench, "/healthz") == (200, "ok\n"))
        #expect(try get(bench, "/readyz") == (200, "ready\n"))
        #expect(try get(bench, "/nothing").status == 404)
        let metrics = try get(bench, "/metrics").body
        for line in [
            "agent_boundary_log_proxy_batches_forwarded_total 1",
            "agent_boundary_log_proxy_batches_dropped_total{reason=\"buffer_full\"} 0",
            "agent_boundary_log_proxy_batches_dropped_total{reason=\"forward_failed\"} 0",
            "agent_boundary_log_proxy_logs_dropped_total{reason=\"boundary_channel_full\"} 4",
            "agent_boundary_log_proxy_logs_dropped_total{reason=\"boundary_batch_full\"} 5",
            "agent_boundary_log_proxy_logs_received_total 3",
            "agent_boundary_log_proxy_frames_received_total 2",
            "agent_boundary_log_proxy_connections 1",
            "agent_boundary_log_proxy_delivery_duration_seconds_count 1",
        ] {
            #expect(metrics.split(separator: "\n").contains(Substring(line)), "\(line)")
        }
        #expect(try get(bench, "/status").status == 404 && get(bench, "/events").status == 404 && get(bench, "/").status == 404)
        let status = bench.ask(StatusQuery.get("/status")).body
        #expect(status.contains("\"delivered\": 3"))
        let page = try #require(JSONReader.read(Array(status.utf8)))
        #expect(page["clients_more"].integer == 0 && page["clients"].elements.count == 1)
        let listed = try #require(page["clients"].elements.first)
        #expect(listed["pid"].integer == Int(getpid()) && listed["uid"].integer == Int(geteuid()) && listed["gid"].integer == Int(getegid()))
        #expect(listed["connection"].integer == 1 && listed["frames"].integer == 2 && listed["logs"].integer == 3 && listed["bytes"].integer ?? 0 > 0)
        #expect(listed["process"].text?.isEmpty == false && status.contains("\"reading_paused\": false"))
        client.close()
        bench.finish()
    }

    @Test func theAuditIsOnThePages() throws {
        let bench = try Bench.withStatusSocket(["metrics-listen": "127.0.0.1:0"])
        let client = TestClient(bench.socketPath)
        for session in 0..<25 { client.write(TestFrame.message(session: "session-\(session)", sequence: 0..<1)) }
        client.write(
            TestFrame.message(session: "a", sequence: 0..<2) + TestFrame.message(session: "a", sequence: 5..<6)
                + TestFrame.message(session: "a", sequence: 3..<4) + TestFrame.message(session: "a", sequence: 5..<6) + TestFrame.logs(session: "", sequence: 0..<1))
        bench.run(until: "the logs are delivered") { bench.snapshot.ledger.delivered.logs == 31 }
        let metrics = try get(bench, "/metrics").body
        for line in [
            "sequence_missing 2", "sequence_missing_final_total 0", "sequence_duplicated_total 1", "sequence_out_of_order_total 1",
            "sequence_sessions 26", "sequence_sessions_limit 4096", "sequence_sessions_evicted_total 0", "sequence_missing_ranges 2",
            "sequence_missing_ranges_largest 2", "sequence_unaudited_logs_total{reason=\"no_session\"} 1",
        ] {
            #expect(metrics.contains("agent_boundary_log_proxy_\(line)\n"), "\(line)")
        }
        let status = try #require(JSONReader.read(Array(bench.ask(StatusQuery.get("/status")).body.utf8)))["sequences"]
        #expect(status["missing"].integer == 2 && status["more"].integer == 6 && status["recent"].elements.count == 20)
        let session = try #require(status["recent"].elements.first)
        #expect(session["session"].text == "a" && session["logs"].integer == 5 && session["last"].integer == 5)
        #expect(session["missing_ranges"].elements.map { $0["first"].integer } == [2, 4])
        client.close()
        bench.finish()
    }

    @Test func aDestinationThatRefusesEverythingIsNotReady() throws {
        let bench = try Bench(["metrics-listen": "127.0.0.1:0"])
        bench.answer = { _ in HTTPServerResponse(status: 401, body: Array("who are you".utf8)) }
        let client = TestClient(bench.socketPath)
        client.write(TestFrame.logs(session: "a", sequence: 0..<3))
        bench.run(until: "the logs are refused") { bench.snapshot.ledger.dropped.logs == 3 }
        let page = try get(bench, "/readyz")
        #expect(page.status == 503 && page.body.contains("HTTP 401: who are you"), "\(page.body)")
        #expect(try get(bench, "/metrics").body.contains("agent_boundary_log_proxy_destination_up 0\n"))

        bench.answer = { _ in HTTPServerResponse(status: 200) }
        client.write(TestFrame.logs(session: "a", sequence: 3..<4))
        bench.run(until: "a log is delivered") { bench.snapshot.ledger.delivered.logs == 1 }
        #expect(try get(bench, "/readyz") == (200, "ready\n"))
        client.close()
        bench.finish()
    }

    @Test func promtoolHasNothingToSay() async throws {
        let bench = try Bench.withStatusSocket(["metrics-listen": "127.0.0.1:0"])
        let client = TestClient(bench.socketPath)
        client.write(TestFrame.logs(session: "a", sequence: 0..<3))
        bench.run(until: "the logs are delivered") { bench.snapshot.ledger.delivered.logs == 3 }
        let path = bench.directory.path("metrics")
        let file = fopen(path, "w")!
        fputs(try get(bench, "/metrics").body, file)
        fclose(file)
        let promtool = try await Subprocess.run("/bin/sh", ["-c", "promtool check metrics < \(path)"], environment: ["PATH": "/usr/bin:/bin"])
        #expect(promtool.status == 0 && promtool.output == "" && promtool.errors == "", "\(promtool.output)\(promtool.errors)")
        client.close()
        bench.finish()
    }

    @Test func readinessSaysWhatTheDestinationSays() throws {
        let bench = try Bench(["metrics-listen": "127.0.0.1:0"])
        bench.answer = { _ in HTTPServerResponse(status: 503, headers: [("Retry-After", "3600")], body: Array("closed for repairs".utf8)) }
        let client = TestClient(bench.socketPath)
        client.write(TestFrame.logs(session: "a", sequence: 0..<3))
        bench.run(until: "an attempt has failed") { bench.snapshot.failuresInARow > 0 }
        let ready = try get(bench, "/readyz")
        #expect(ready.status == 503 && ready.body.contains("closed for repairs"))
        #expect(try get(bench, "/healthz").status == 200)
        client.close()
        bench.answer = { _ in HTTPServerResponse(status: 200) }
        bench.finish()
    }

    @Test func aPortInUseIsAnErrorAndTheSocketIsNotMade() throws {
        let bench = try Bench(["metrics-listen": "127.0.0.1:0"])
        #expect {
            let other = try TestConfiguration.make([
                "socket": bench.directory.path("other"), "metrics-listen": "127.0.0.1:\(bench.proxy!.metricsPort!)",
            ])
            _ = try ProxyServer(other, loop: bench.loop, logger: .init(label: "test"))
        } throws: { error in
            "\(error)".contains("metrics-listen") && "\(error)".contains("EADDRINUSE")
        }
        #expect(bench.directory.entries == ["s"])
        bench.finish()
    }
}
