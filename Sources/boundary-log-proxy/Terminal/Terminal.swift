import BoundaryLogProxy
import Glibc

/// What standard output is, when it is a terminal.
enum Terminal {
    static var isOutput: Bool { isatty(StandardStream.output.rawValue) == 1 }

    /// Columns and rows now; nil when nobody says.
    static var size: (columns: Int, rows: Int)? {
        var size = winsize()
        guard ioctl(StandardStream.output.rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return nil }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    static func wantsColour(_ environment: [String: String]) -> Bool {
        StandardErrorLogHandler.wantsColour(environment: environment, fileDescriptor: StandardStream.output.rawValue)
    }

    /// Whether characters beyond ASCII may be written, by the locale (locale(7)).
    static func isUTF8(_ environment: [String: String]) -> Bool {
        for variable in ["LC_ALL", "LC_CTYPE", "LANG"] {
            guard let value = environment[variable], !value.isEmpty else { continue }
            let name = value.lowercased()
            return name.hasSuffix("utf-8") || name.hasSuffix("utf8")
        }
        return false
    }
}
