import BoundaryLogProxy
import Glibc
import Logging
import Sandbox

/// What the daemon gives up when it has started (docs/threat-model.md).
enum Confinement {
    static func enter(_ configuration: Configuration, _ logger: Logger) {
        let parts = Set(Sandbox.Part.allCases.filter { part in !configuration.noSandbox.contains { $0.rawValue == part.rawValue } })
        let report = Sandbox(parts: parts, writable: writable(configuration)).enter()
        for shortcoming in report.shortcomings { logger.warning("confinement: \(shortcoming)") }
        var metadata: Logger.Metadata = ["in_force": "\(report.inForce.isEmpty ? "nothing" : report.inForce.joined(separator: ", "))"]
        if !configuration.noSandbox.isEmpty { metadata["left_out"] = "\(configuration.noSandbox.map(\.rawValue).joined(separator: ", "))" }
        logger.notice("confined", metadata: metadata)
    }

    /// Whatever is written, made or removed after the start.
    static func writable(_ configuration: Configuration) -> [WritablePath] {
        var places = [WritablePath("/dev/null", .file)]
        if configuration.durability != .memory { places.append(WritablePath(configuration.spoolDirectory, .files)) }
        if let socket = configuration.socketPath { places.append(WritablePath(WritablePath.directory(of: socket), .removal)) }
        if case .unix(let path)? = configuration.statusListen { places.append(WritablePath(WritablePath.directory(of: path), .removal)) }
        if configuration.reporters.contains(.file), configuration.filePath != "-" { places += output(configuration.filePath) }
        return places
    }

    /// A file is opened anew on SIGHUP, when it has been renamed: in its directory, and in that of what it links to.
    private static func output(_ path: String) -> [WritablePath] {
        var status = stat()
        let isThere = stat(path, &status) == 0
        if isThere, status.st_mode & S_IFMT == S_IFCHR { return [WritablePath(path, .file)] }
        var places = [WritablePath(WritablePath.directory(of: path), .appending)]
        if let resolved = realpath(path, nil) {
            defer { free(resolved) }
            places.append(WritablePath(WritablePath.directory(of: String(cString: resolved)), .appending))
        }
        return places
    }
}
