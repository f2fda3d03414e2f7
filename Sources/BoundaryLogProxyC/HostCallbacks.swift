import BoundaryLogProxy
import CBoundaryLogProxy
import Logging
import Reporting

/// The host's functions, each with the pointer that it wants back.
///
/// Unchecked: what `context` means, and on which threads, is between the host and its function; the header says where they are called.
struct HostCallbacks: @unchecked Sendable {
    var log: (function: blp_log_fn, context: UnsafeMutableRawPointer?)?
    var report: (function: blp_report_fn, context: UnsafeMutableRawPointer?)?

    /// A logger that says nothing where the host has not asked for messages.
    func logger(level: Logger.Level, format: LogFormat) -> Logger {
        Logger(label: "boundary-log-proxy") { _ in HostLogHandler(callbacks: self, logLevel: level, format: format) }
    }

    var reportHandler: CallbackReporter.Handler? {
        guard let report else { return nil }
        return { attempt in
            attempt.key.withCString { key in
                var delivery = blp_delivery(
                    size: UInt64(MemoryLayout<blp_delivery>.size), token: attempt.token, session: Self.text(attempt.session),
                    session_length: attempt.session.count, process: Self.text(attempt.process), process_length: attempt.process.count,
                    log_count: UInt64(attempt.logCount), request: attempt.request.baseAddress, request_length: attempt.request.count, key: key,
                    attempt: UInt64(attempt.attempt))
                report.function(report.context, &delivery)
            }
        }
    }

    /// Never NULL: also empty text lies within a request, which holds a log.
    private static func text(_ bytes: UnsafeRawBufferPointer) -> UnsafePointer<CChar>? {
        bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
    }
}

private struct HostLogHandler: LogHandler {
    let callbacks: HostCallbacks
    var logLevel: Logger.Level
    let format: LogFormat
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        guard let log = callbacks.log else { return }
        let line = LogLine(event, own: metadata, provided: metadataProvider?.get())
        log.function(log.context, event.level.number, format == .json ? line.json : line.body)
    }
}

extension Logger.Level {
    fileprivate var number: CInt {
        let level: blp_log_level =
            switch self {
            case .trace: BLP_LOG_TRACE
            case .debug: BLP_LOG_DEBUG
            case .info: BLP_LOG_INFO
            case .notice: BLP_LOG_NOTICE
            case .warning: BLP_LOG_WARNING
            case .error: BLP_LOG_ERROR
            case .critical: BLP_LOG_CRITICAL
            }
        return CInt(bitPattern: level.rawValue)
    }
}
