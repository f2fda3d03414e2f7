import Logging
import Reporting

/// Where batches go.
public enum ReporterKind: String, CaseIterable, Sendable {
    case file, http, coder
    /// Nowhere: every log counts as delivered and is gone. For measuring.
    case discard
    /// To the program that embeds the proxy; by `ConfigurationBuilder.setCallbackReporter` only.
    case callback

    /// Those that can be asked for in words.
    public static let allCases: [ReporterKind] = [.file, .http, .coder, .discard]
}

/// The body of a request to an HTTP destination.
public typealias HTTPFormat = HTTPReporterConfiguration.Format

public typealias HTTPCompression = HTTPReporterConfiguration.Compression

/// How the daemon's own messages are written.
public enum LogFormat: String, CaseIterable, Sendable {
    /// `journal` where standard error is systemd's journal, else `text`.
    case auto
    case text, json
    /// Without time, and with the priority in front, as systemd's journal takes it.
    case journal
}
