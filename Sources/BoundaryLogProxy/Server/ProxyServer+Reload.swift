import EventLoop
import Glibc
import Pipeline
import Reporting

extension ProxyServer {
    /// Changes the configuration while everything goes on: no connection is closed, no log is lost. What cannot be changed without a restart stays as it is, and
    /// is told (`ConfigurationChanges.waiting`). When it throws, nothing was changed.
    @discardableResult public func apply(_ new: Configuration) throws(StartFailure) -> ConfigurationChanges {
        do throws(StartFailure) {
            guard isWorking else { throw StartFailure("the proxy is stopping") }
            let changes = ConfigurationChanges(from: configuration, to: new)
            try apply(changes)
            reloads.applied += 1
            reloads.hasLastFailed = false
            reloads.waitingForRestart = changes.waiting.map(\.name)
            return changes
        } catch {
            countFailedReload()
            throw error
        }
    }

    /// A configuration that could not even be read is one, too.
    func countFailedReload() {
        reloads.failed += 1
        reloads.hasLastFailed = true
    }

    /// First what may fail, and can be taken back; then the rest.
    private func apply(_ changes: ConfigurationChanges) throws(StartFailure) {
        let result = changes.result
        let gate = try PeerGate(result)
        var reporters: [(destination: Destination, reporter: any Reporter)] = []
        var moves: [() -> Void] = []
        do throws(StartFailure) {
            for destination in destinations {
                if needsOtherReporter(destination.kind, changes) { reporters.append((destination, try makeReporter(destination.kind, result))) }
                if let move = try prepareOtherFile(destination, changes) { moves.append(move) }
            }
            try changeSocketRights(changes)
        } catch {
            for (_, reporter) in reporters { reporter.close {} }
            throw error
        }
        for move in moves { move() }
        for (destination, reporter) in reporters { destination.replaceReporter(reporter) }
        for destination in destinations {
            (destination.reporter as? FileReporter)?.redaction = result.redactURL
            destination.forwarder.change(result.forwarderSettings, bufferBytes: result.bufferBytes, spool: result.spoolSettings)
        }
        intake.connectionsMax = result.connectionsMax
        intake.change(idleTimeout: result.connectionIdleTimeout, frameTimeout: result.frameTimeout, clientBytesPerSecond: result.clientRateLimit)
        intake.gate = gate
        configuration = result
        // Something may be due sooner than it was.
        loop.turnSoon()
    }

    /// What a reporter was made with cannot be changed in it: another takes its place.
    private func needsOtherReporter(_ kind: ReporterKind, _ changes: ConfigurationChanges) -> Bool {
        switch kind {
        case .http: changes.concerns(.http) || changes.concerns("redact-url")
        case .otlp: changes.concerns(.otlp) || changes.concerns("redact-url")
        case .coder: changes.concerns(.coder) || changes.concerns("in-flight-max")
        case .file, .discard, .callback: false
        }
    }

    private func prepareOtherFile(_ destination: Destination, _ changes: ConfigurationChanges) throws(StartFailure) -> (() -> Void)? {
        guard changes.concerns("file-path"), let file = destination.reporter as? FileReporter else { return nil }
        do { return try file.moving(to: FileDestination(argument: changes.result.filePath)) } catch {
            let isElsewhere = ListeningSocket.directory(of: configuration.filePath) != ListeningSocket.directory(of: changes.result.filePath)
            let hint = isElsewhere && !configuration.noSandbox.contains(SandboxPart.landlock)
                ? "; where Landlock is in force, a file in another directory than the one at the start needs a restart" : ""
            throw StartFailure("file-path: \(error)\(hint)")
        }
    }

    private func changeSocketRights(_ changes: ConfigurationChanges) throws(StartFailure) {
        guard changes.concerns("socket-mode") || changes.concerns("socket-group") else { return }
        do {
            let group = try changes.result.socketGroup.map { name throws(ListeningSocket.Failure) in try ListeningSocket.groupID(named: name) }
            try socket?.changeRights(mode: changes.result.socketMode, groupID: group ?? getegid())
        } catch {
            throw StartFailure("\(error)")
        }
    }
}

extension Configuration {
    var forwarderSettings: Forwarder.Settings {
        .init(flushInterval: flushInterval, requestBytesMax: requestBytesMax, inFlightMax: inFlightMax, overflow: overflow, giveUpAfter: giveUpAfter)
    }

    /// Without a meaning where `durability` is `memory`.
    var spoolSettings: SpoolSettings { .init(durability: durability, after: spoolAfter, bytesMax: spoolBytesMax) }
}
