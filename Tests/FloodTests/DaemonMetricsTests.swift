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
        #expect(metrics.dropped == ["buffer_full": 12])
        #expect(metrics.undelivered == 110)
    }

    @Test func anythingElseIsNoAnswer() {
        #expect(DaemonMetrics(answer: Array("HTTP/1.1 503 no\r\n\r\n\(Self.body)".utf8)) == nil)
        #expect(DaemonMetrics(answer: Array("HTTP/1.1 200 OK\r\n\r\nagent_boundary_log_proxy_logs_waiting 7".utf8)) == nil)
        #expect(DaemonMetrics(answer: []) == nil)
    }
}
