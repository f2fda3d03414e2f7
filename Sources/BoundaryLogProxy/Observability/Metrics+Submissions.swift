/// What a program that embeds the proxy submits without the socket.
extension Metrics {
    static func submissions(_ s: SubmissionStatistics, _ out: inout PrometheusText) {
        out.single(prefix + "submissions_total", .counter, "Frames that the embedding program submitted.", s.accepted)
        out.single(prefix + "submissions_refused_total", .counter, "Frames refused because the queue of submissions was full; never received.", s.refused)
        out.single(prefix + "submissions_waiting", .gauge, "Frames submitted and not yet received.", s.waiting)
        out.single(prefix + "submissions_bytes", .gauge, "Bytes that the queue of submissions holds.", s.bytesWaiting)
        out.single(prefix + "submissions_limit_bytes", .gauge, "Bytes that the queue of submissions may hold.", s.bytesMax)
    }
}
