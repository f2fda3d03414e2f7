internal import CYAML
import EventLoop
import HTTPServer
import Reporting

/// The version of the daemon and the library, the only place where it is written.
public enum Version {
    public static let text = "0.1.0"

    /// One line for the daemon and one for each part that it runs with.
    public static var report: String {
        let parts = [
            ("boundary-log-proxy", text),
            ("swift", swift),
            ("libuv", EventLoop.libraryVersion),
            ("curl", CurlLibrary.version),
            ("libmicrohttpd", HTTPServer.libraryVersion),
            ("libyaml", String(cString: yaml_get_version_string())),
        ]
        return parts.map { "\($0) \($1)\n" }.joined()
    }

    /// The compiler's, to the minor version.
    private static var swift: String {
        #if compiler(>=6.4)
            "6.4 or later"
        #elseif compiler(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }
}
