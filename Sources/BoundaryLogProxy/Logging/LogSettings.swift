import Glibc
import Logging
import Synchronization

/// What loggers of the daemon look at for each message, so that a reload changes all of them. From any thread.
public final class LogSettings: Sendable {
    /// Places in `allCases`.
    private let levelIndex = Atomic(0)
    private let formatIndex = Atomic(0)
    private let isJournal: Bool

    /// `environment` tells whether `fileDescriptor` leads to systemd's journal.
    public init(level: Logger.Level, format: LogFormat, environment: [String: String] = [:], fileDescriptor: Int32 = STDERR_FILENO) {
        isJournal = JournalStream.isJournal(fileDescriptor, environment: environment)
        set(level: level, format: format)
    }

    public var level: Logger.Level { Logger.Level.allCases[levelIndex.load(ordering: .relaxed)] }
    /// Never `auto`.
    public var format: LogFormat { LogFormat.allCases[formatIndex.load(ordering: .relaxed)] }

    public func set(level: Logger.Level, format: LogFormat) {
        let format = format == .auto ? (isJournal ? .journal : .text) : format
        levelIndex.store(Logger.Level.allCases.firstIndex(of: level) ?? 0, ordering: .relaxed)
        formatIndex.store(LogFormat.allCases.firstIndex(of: format) ?? 0, ordering: .relaxed)
    }
}
