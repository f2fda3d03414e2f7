import EventLoop
import HTTPServer
import Synchronization

/// The sink for `--reporter http` and `--reporter otlp`: HTTPServer with a loop and a thread of its own, so that the sink and the clients hold each
/// other up no more than two processes would.
final class HTTPSink: Sink {
    private struct Started: Sendable {
        var port: UInt16
        var stop: Mailbox<Bool>
    }

    private let configuration: SinkConfiguration
    private let reporter: SinkConfiguration.Reporter
    private let shared: Shared
    private let result = Handoff<DeliveryRecord>()
    private let thread: WorkerThread
    private let stop: Mailbox<Bool>
    let port: UInt16

    /// `directory`: for what belongs to the decoder of OTLP.
    init(_ configuration: FloodConfiguration, for reporter: SinkConfiguration.Reporter = .http, directory: String = "") throws(FloodError) {
        self.configuration = configuration.sink
        self.reporter = reporter
        let shared = Shared()
        self.shared = shared
        let started = Handoff<Result<Started, FloodError>>()
        let result = result
        thread = try WorkerThread {
            do throws(FloodError) {
                let server = try HTTPSinkServer(configuration, shared, for: reporter, directory: directory)
                started.put(.success(Started(port: server.port, stop: server.stopping)))
                result.put(server.run())
            } catch {
                started.put(.failure(error))
            }
        }
        switch started.take() {
        case .success(let started):
            port = started.port
            stop = started.stop
        case .failure(let error):
            thread.join()
            throw error
        }
    }

    var daemonArguments: [String] {
        if reporter == .otlp {
            return ["--otlp-endpoint", "http://127.0.0.1:\(port)", "--otlp-protocol", configuration.otlpProtocol.rawValue, "--otlp-compression", configuration.otlpCompression.rawValue]
        }
        var arguments = ["--http-url", "http://127.0.0.1:\(port)/logs", "--http-format", configuration.format.rawValue]
        if configuration.compression != .none { arguments += ["--http-compression", configuration.compression.rawValue] }
        return arguments
    }

    var logsDelivered: Int { shared.logs.load(ordering: .relaxed) }

    func beginSending() {}
    func endSending() {}

    func beginOutage(_ duration: Duration) {
        shared.outageUntil.store(SystemClock.monotonic + duration.nanoseconds, ordering: .relaxed)
    }

    func endOutage() {
        shared.outageUntil.store(SystemClock.monotonic, ordering: .relaxed)
    }

    func finish() -> DeliveryRecord {
        stop.post(true)
        let record = result.take()
        thread.join()
        return record
    }

    /// What both threads see while the sink runs.
    final class Shared: Sendable {
        let logs = Atomic<Int>(0)
        /// Monotonic nanoseconds; 0: there was no outage.
        let outageUntil = Atomic<UInt64>(0)
    }
}
