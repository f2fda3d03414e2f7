import Glibc
import Logging

/// Writes the daemon's own messages, one line and one write(2) each, to a descriptor that is standard error unless told otherwise.
///
/// Text from outside cannot forge a line: control characters are escaped, and values with spaces stand in quotes. The colour of the level
/// is the only terminal control that is ever written.
public struct StandardErrorLogHandler: LogHandler {
    public var logLevel: Logger.Level {
        get { ownLevel ?? settings.level }
        set { ownLevel = newValue }
    }
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?
    private let settings: LogSettings
    /// Of a logger whose level was set by itself.
    private var ownLevel: Logger.Level?
    private let isColoured: Bool
    private let fileDescriptor: Int32

    /// `isColoured` has an effect on text alone.
    public init(_ settings: LogSettings, isColoured: Bool = false, fileDescriptor: Int32 = STDERR_FILENO) {
        self.settings = settings
        self.isColoured = isColoured
        self.fileDescriptor = fileDescriptor
    }

    /// Whether colour is wanted: `fileDescriptor` is a terminal that knows it, and `NO_COLOR` (no-color.org) is not set.
    public static func wantsColour(environment: [String: String], fileDescriptor: Int32 = STDERR_FILENO) -> Bool {
        if let value = environment["NO_COLOR"], !value.isEmpty { return false }
        return environment["TERM"] != "dumb" && isatty(fileDescriptor) == 1
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        let line = LogLine(event, own: metadata, provided: metadataProvider?.get())
        let text = switch settings.format {
        case .text, .auto: line.text(isColoured: isColoured)
        case .json: line.json
        case .journal: line.journal
        }
        Self.write(text + "\n", to: fileDescriptor)
    }

    // A reader that has gone away or stands still must not stop the daemon: what a descriptor does not take is lost.
    private static func write(_ line: String, to fileDescriptor: Int32) {
        var line = line
        line.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let count = Glibc.write(fileDescriptor, rest.baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                if count <= 0 { return }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
            }
        }
    }
}
