import Logging
import Pipeline
import Wire

/// What the proxy runs with: whole and checked. Made by `ConfigurationBuilder`.
public struct Configuration: Sendable {
    /// At most 107 bytes. `nil`, of an embedding program only: no socket.
    public internal(set) var socketPath: String? = "/tmp/boundary-audit.sock"
    /// Permission bits, 0 to 0o777.
    public internal(set) var socketMode: UInt16 = 0o600
    /// A name or a number; `nil`: the process's own group.
    public internal(set) var socketGroup: String?
    /// Names or numbers of users and groups that are listened to; both empty: whoever can connect.
    public internal(set) var allowUsers: [String] = []
    public internal(set) var allowGroups: [String] = []
    /// 1 to 1,000,000.
    public internal(set) var connectionsMax = 1024
    /// `nil`: none. At most a week.
    public internal(set) var connectionIdleTimeout: Duration?
    /// `nil`: none. At most an hour.
    public internal(set) var frameTimeout: Duration? = .seconds(60)
    /// Bytes a second of one connection; 0: no limit. At most 1 TiB.
    public internal(set) var clientRateLimit = 0

    /// Where each log goes, in the order given; at least one, none twice.
    public internal(set) var reporters = [ReporterKind.file]
    /// `-`: standard output.
    public internal(set) var filePath = "-"
    public internal(set) var http = HTTPConfiguration()
    public internal(set) var coder = CoderConfiguration()
    public internal(set) var otlp = OTLPConfiguration()
    /// Not for coderd, which shows URLs whole.
    public internal(set) var redactURL: URLRedaction = []

    /// 0 to an hour.
    public internal(set) var flushInterval = Duration.milliseconds(100)
    /// 64 KiB to 64 MiB, and at most half of `bufferBytes`. A destination may take less.
    public internal(set) var requestBytesMax = 1 << 20
    /// 1 to 64.
    public internal(set) var inFlightMax = 1
    /// 1 MiB to 64 GiB.
    public internal(set) var bufferBytes = 16 << 20
    public internal(set) var overflow = OverflowPolicy.dropNewest

    public internal(set) var durability = Durability.spill
    /// Looked at unless `durability` is `memory`.
    public internal(set) var spoolDirectory = SpoolDirectoryDefault.ofUser
    /// 1 MiB to 1 TiB.
    public internal(set) var spoolBytesMax = 256 << 20
    /// 0 to an hour.
    public internal(set) var spoolAfter = Duration.seconds(1)
    /// `nil`: never. At most a year.
    public internal(set) var giveUpAfter: Duration?

    /// `nil`: no listener.
    public internal(set) var metricsListen: ListenAddress?
    /// `nil`: no listener.
    public internal(set) var statusListen: StatusAddress?
    /// 0 to an hour.
    public internal(set) var drainTimeout = Duration.seconds(10)
    public internal(set) var logLevel = Logger.Level.info
    public internal(set) var logFormat = LogFormat.auto
    /// What the daemon does not confine itself with; without meaning where a program embeds the proxy.
    public internal(set) var noSandbox: [SandboxPart] = []

    /// What is allowed but probably not meant; one sentence each, without secrets.
    public internal(set) var warnings: [String] = []
    var sources: [String: ValueSource] = [:]

    /// As one would write them: `coder,otlp`.
    public var reporterNames: String { reporters.map(\.rawValue).joined(separator: ",") }

    /// Where the spool of each destination lies: of the first in `spoolDirectory` itself, so that it stays there when others join it, of others in directories below that.
    public func spoolDirectory(of reporter: ReporterKind) -> String {
        reporter == reporters[0] ? spoolDirectory : Self.spoolDirectory(below: spoolDirectory, of: reporter)
    }

    /// Where it lies when another is the first.
    public static func spoolDirectory(below directory: String, of reporter: ReporterKind) -> String { "\(directory)/spool-\(reporter.rawValue)" }

    /// Where the value of the option `name` came from.
    public func source(of name: String) -> ValueSource { sources[name] ?? .default }

    /// Every option with its values as one would write them, secrets masked; no values when it is not set. In the order of the option table.
    public func maskedValues() -> [(option: OptionDescriptor, values: [String])] {
        Options.all.map { option in (option, option.values(self).map(option.mask)) }
    }
}
