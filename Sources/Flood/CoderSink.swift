import Glibc

/// The sink for `--reporter coder`: the stand-in for coderd of Tests/Interop, which has the libraries that coderd has, and exact books.
final class CoderSink: Sink {
    private static let startPatience: UInt64 = 20_000_000_000
    private static let reportPatience: UInt64 = 60_000_000_000
    private static let progressInterval: UInt64 = 100_000_000
    private static let token = "flood-agent-token"

    private let configuration: SinkConfiguration
    private let process: StandInProcess
    private let messagesPath: String
    private let tokenPath: String
    let port: Int
    private var logs = 0
    private var progressAskedAt: UInt64 = 0
    /// The first command that was not obeyed.
    private var complaint: String?

    /// `directory` takes the token, what the logs must carry, and what the stand-in says on standard error.
    init(_ configuration: FloodConfiguration, directory: String) throws(FloodError) {
        self.configuration = configuration.sink
        messagesPath = directory + "/stand-in-messages"
        tokenPath = directory + "/token"
        let expectationPath = directory + "/expected"
        try FileBytes.write(Array(Self.token.utf8), to: tokenPath)
        try FileBytes.write(Array(LogExpectation.json(configuration).utf8), to: expectationPath)
        var arguments = ["--token", Self.token, "--expect", expectationPath]
        if configuration.sink.logsPerSecond > 0 { arguments += ["--do", "{\"do\":\"rate\",\"logs_per_second\":\(configuration.sink.logsPerSecond)}"] }
        process = try StandInProcess(path: configuration.sink.coderStandIn ?? "", arguments: arguments, messagesPath: messagesPath)
        guard let ready = process.awaitAnswer(.ready, patience: Self.startPatience), let port = CoderReport.integer("port", in: ready) else {
            process.end()
            throw FloodError("the stand-in for coderd did not start: \(Self.text(messagesPath))")
        }
        self.port = port
    }

    var daemonArguments: [String] { ["--coder-url", "http://127.0.0.1:\(port)", "--coder-token-file", tokenPath] }

    /// As of the last answer: asking never holds the clients up.
    var logsDelivered: Int {
        process.collect(wait: 0)
        takeIn(process.takeAnswers())
        let now = SystemClock.monotonic
        if now >= progressAskedAt + Self.progressInterval, !process.isAwaiting(.progress) {
            progressAskedAt = now
            process.post("{\"do\":\"progress\"}", as: .progress)
        }
        return logs
    }

    func beginSending() {
        // Settled first, so that a call whose answer the daemon has is not taken for one in flight.
        if let period = configuration.killEvery { process.post("{\"do\":\"kill-every\",\"ms\":\(Self.milliseconds(period)),\"settle\":true}") }
    }

    func endSending() {
        if configuration.killEvery != nil { process.post("{\"do\":\"kill-every\",\"ms\":0}") }
    }

    func beginOutage(_ duration: Duration) { process.post("{\"do\":\"outage\",\"ms\":\(Self.milliseconds(duration))}") }

    /// The stand-in's outages end by themselves: an outage for as long as the clients send is the HTTP sink's only (`SinkConfiguration.problem`).
    func endOutage() {}

    func finish() -> DeliveryRecord {
        process.post("{\"do\":\"report\"}", as: .report)
        let report = process.awaitAnswer(.report, patience: Self.reportPatience)
        takeIn(process.takeAnswers())
        process.end()
        var record = DeliveryRecord()
        var coder = CoderRecord()
        if let complaint {
            coder.failure = complaint
        } else if let report {
            do { coder = try CoderReport.read(report, into: &record) } catch { coder.failure = "its report cannot be read" }
            if configuration.killEvery != nil, coder.kills == 0 { coder.failure = "it had no session to kill" }
        } else {
            coder.failure = "it ended or hangs: \(Self.text(messagesPath))"
        }
        record.coder = coder
        record.finish()
        return record
    }

    private func takeIn(_ answers: [(question: StandInProcess.Question, line: [UInt8])]) {
        for answer in answers {
            switch answer.question {
            case .progress: logs = CoderReport.integer("logs", in: answer.line) ?? logs
            case .command:
                let text = String(decoding: answer.line, as: UTF8.self)
                if !text.contains("\"ok\":true") { complaint = complaint ?? "it did not obey: \(text)" }
            case .ready, .report: break
            }
        }
    }

    private static func milliseconds(_ duration: Duration) -> UInt64 { max(1, duration.nanoseconds / 1_000_000) }

    private static func text(_ path: String) -> String { String(decoding: FileBytes.read(path) ?? [], as: UTF8.self) }
}
