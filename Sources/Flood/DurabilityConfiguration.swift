/// How the daemon that the flood starts keeps logs beyond its memory.
public struct DurabilityConfiguration: Sendable {
    public enum Mode: String, Sendable, CaseIterable { case memory, spill, sync }

    /// nil: the daemon's default.
    public var mode: Mode?
    /// How long a batch waits in memory before it is spooled; nil: the daemon's default.
    public var spoolAfter: Duration?
    /// nil: the daemon's default.
    public var spoolBytesMax: Int?

    /// The daemon's own defaults, for what the verdict has to know.
    static let modeDefault = Mode.spill
    static let spoolAfterDefault = Duration.seconds(1)

    public init() {}

    var modeInEffect: Mode { mode ?? Self.modeDefault }

    var problem: String? {
        if modeInEffect == .memory, spoolBytesMax != nil { return "--spool-bytes-max means nothing with --durability memory: it has no spool" }
        if modeInEffect != .spill, spoolAfter != nil { return "--spool-after belongs to --durability spill" }
        if let spoolBytesMax, spoolBytesMax < 1 { return "--spool-bytes-max must be at least 1" }
        return nil
    }

    /// `spoolDirectory` is given also without being asked for, so that no flood ever touches the user's own spool.
    func daemonArguments(spoolDirectory: String) -> [String] {
        var words: [String] = []
        if let mode { words += ["--durability", mode.rawValue] }
        if modeInEffect != .memory { words += ["--spool-dir", spoolDirectory] }
        if let spoolAfter { words += ["--spool-after", "\(spoolAfter.nanoseconds / 1000)us"] }
        if let spoolBytesMax { words += ["--spool-bytes-max", String(spoolBytesMax)] }
        return words
    }
}
