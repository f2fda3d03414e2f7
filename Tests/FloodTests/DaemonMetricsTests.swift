import Testing

@testable import Flood

struct DaemonMetricsTests {
    private static let body = """
        # TYPE agent_boundary_log_proxy_logs_dropped_total counter
        agent_boundary_log_proxy_logs_dropped_total{reason="buffer_full"} 12
        agent_boundary_log_proxy_logs_dropped_total{reason="shutdown"} 0
        agent_boundary_log_proxy_logs_dropped_total{reason="boundary_channel_full"} 5
        agent_boundary_log_proxy_logs_waiting 7
        agent_boundary_log_proxy_logs_in_flight 3
        agent_boundary_log_proxy_logs_spooled 100

        """

    @Test func readsDropsAndWhatIsStillToBeDelivered() throws {
        let metrics = try #require(DaemonMetrics(answer: Array("HTTP/1.1 200 OK\r\n\r\n\(Self.body)".utf8)))
        #expect(metrics.droppedByDestination == ["": ["buffer_full": 12]])
        #expect(metrics.undelivered == 110)
    }

    @Test func readsALedgerForEachDestination() throws {
        let prefix = "agent_boundary_log_proxy_"
        let lines = [
            #"logs_received_total 50"#, #"batches_received_total 5"#, #"logs_dropped_total{reason="boundary_channel_full"} 4"#,
            #"logs_dropped_total{destination="coder",reason="buffer_full"} 12"#, #"logs_dropped_total{reason="buffer_full",destination="otlp"} 1"#,
            #"logs_forwarded_total{destination="coder"} 38"#, #"logs_forwarded_total{destination="otlp"} 40"#,
            #"logs_waiting{destination="coder"} 0"#, #"logs_waiting{destination="otlp"} 2"#, #"logs_spooled{destination="otlp"} 4"#,
            #"logs_in_flight{destination="coder"} 0"#, #"logs_in_flight{destination="otlp"} 3"#,
        ]
        let metrics = try #require(DaemonMetrics(answer: Array(("HTTP/1.1 200 OK\r\n\r\n" + lines.map { prefix + $0 + "\n" }.joined()).utf8)))
        #expect(metrics.undelivered == 9)
        #expect(metrics.droppedByDestination == ["coder": ["buffer_full": 12], "otlp": ["buffer_full": 1]])
        let (coder, otlp) = (metrics.ledger(of: "coder"), metrics.ledger(of: "otlp"))
        #expect(coder.logsReceived == 50 && coder.batchesReceived == 5 && coder.clientDroppedChannelFull == 4)
        #expect(coder.logsDelivered == 38 && coder.dropped == ["buffer_full": 12] && coder.balances)
        #expect(otlp.logsDelivered == 40 && otlp.logsWaiting == 5 && otlp.logsSpooled == 4 && otlp.balances)
        // Without a label everything belongs to the only destination.
        let only = try #require(DaemonMetrics(answer: Array("HTTP/1.1 200 OK\r\n\r\n\(Self.body)".utf8))).ledger(of: "http")
        #expect(only.logsWaiting == 10 && only.logsSpooled == 100 && only.droppedSum == 12)
    }

    @Test func anythingElseIsNoAnswer() {
        #expect(DaemonMetrics(answer: Array("HTTP/1.1 503 no\r\n\r\n\(Self.body)".utf8)) == nil)
        #expect(DaemonMetrics(answer: Array("HTTP/1.1 200 OK\r\n\r\nagent_boundary_log_proxy_logs_waiting 7".utf8)) == nil)
        #expect(DaemonMetrics(answer: []) == nil)
    }
}
