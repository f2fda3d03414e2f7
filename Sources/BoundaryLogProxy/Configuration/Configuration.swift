import Logging
import Pipeline

/// What the proxy runs with: whole and checked. Made by `ConfigurationBuilder`.
public struct Configuration: Sendable {
    /// At most 107 bytes. `nil`, of an embedding program only: no socket.
    public internal(set) var socketPath: String? = "/tmp/boundary-audit.sock"
    /// Permission bits, 0 to 0o777.
    public internal(set) var socketMode: UInt16 = 0o600
    /// A name or a number; `nil`: the process's own group.
    public internal(set) var socketGroup: String?
    /// 1 to 1,000,000.
    public internal(set) var connectionsMax = 1024
    /// `nil`: none. At most a week.
    public internal(set) var connectionIdleTimeout: Duration?

    public internal(set) var reporter = ReporterKind.file
    /// `-`: standard output.
    public internal(set) var filePath = "-"
    public internal(set) var http = HTTPConfiguration()
    public internal(set) var coder = CoderConfiguration()

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
    /// 0 to an hour.
    public internal(set) var drainTimeout = Duration.seconds(10)
    public internal(set) var logLevel = Logger.Level.info
    public internal(set) var logFormat = LogFormat.auto

    /// What is allowed but probably not meant; one sentence each, without secrets.
    public internal(set) var warnings: [String] = []
    var sources: [String: ValueSource] = [:]

    /// Where the value of the option `name` came from.
    public func source(of name: String) -> ValueSource { sources[name] ?? .default }

    /// Every option with its values as one would write them, secrets masked; no values when it is not set. In the order of the option table.
    public func maskedValues() -> [(option: OptionDescriptor, values: [String])] {
        Options.all.map { option in (option, option.values(self).map(option.mask)) }
    }
}
