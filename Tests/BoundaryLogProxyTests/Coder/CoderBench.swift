import BoundaryLogProxy
import EventLoop
import Glibc
import Logging
import Pipeline
import Reporting
import TestSupport
import Testing
import Wire

/// A proxy that delivers to the stand-in for coderd, on one loop.
final class CoderBench {
    let loop: EventLoop
    let directory = TemporaryDirectory()
    let standIn: CoderStandIn
    let messages = MessageStore()
    private(set) var proxy: ProxyServer?
    private var isStopped = false
    var socketPath: String { directory.path("s") }
    var tokenPath: String { directory.path("token") }

    init(_ options: [String: String] = [:], standIn: CoderStandIn? = nil) throws {
        loop = try EventLoop()
        self.standIn = try standIn ?? CoderStandIn()
        writeToken(CoderStandIn.token)
        var all = [
            "socket": socketPath, "coder-url": self.standIn.url, "coder-token-file": tokenPath, "flush-interval": "0", "drain-timeout": "30s",
        ]
        all.merge(options) { $1 }
        proxy = try ProxyServer(
            TestConfiguration.make(all), loop: loop, logger: Logger(label: "test") { [messages] _ in CapturingLogHandler(messages) })
    }

    var snapshot: Snapshot { proxy!.snapshot }
    var session: AgentAPIStatus { snapshot.session! }

    func writeToken(_ token: String) {
        let file = fopen(tokenPath, "w")!
        fputs(token + "\n", file)
        fclose(file)
    }

    /// Runs the loop until `condition` holds. The two minutes are a watchdog, not a wait.
    func run(until what: String, sourceLocation: SourceLocation = #_sourceLocation, _ condition: () -> Bool) {
        var isLate = false
        let watchdog = Timer(loop) { isLate = true }
        watchdog.start(after: .seconds(120))
        while !condition(), !isLate { loop.runOnce() }
        watchdog.close()
        if isLate { Issue.record("gave up waiting until \(what): \(session), \(messages.lines.suffix(5))", sourceLocation: sourceLocation) }
    }

    func runUntilOpen() { run(until: "a session is open") { session.state == .open } }

    /// `logs` logs of one session, in frames of ten, from a client of their own; turns the loop while the socket is full.
    func write(_ session: String, _ sequence: Range<Int32>, urlBytes: Int = 40) {
        let client = TestClient(socketPath)
        var start = sequence.lowerBound
        while start < sequence.upperBound {
            let end = min(start + 10, sequence.upperBound)
            var bytes = TestFrame.logs(session: session, sequence: start..<end, urlBytes: urlBytes)[...]
            while let count = client.writeSome(bytes), count < bytes.count {
                bytes = bytes.dropFirst(count)
                loop.runOnce(waiting: false)
            }
            start = end
        }
        client.close()
    }

    func runUntilDelivered(_ logs: Int, sourceLocation: SourceLocation = #_sourceLocation) {
        run(until: "\(logs) logs are delivered", sourceLocation: sourceLocation) { snapshot.ledger.delivered.logs == UInt64(logs) }
    }

    /// Stops, and checks what must hold at every end: the ledger balances, coderd has what was delivered, in order, twice only what was in doubt,
    /// and nothing that we sent broke its rules.
    @discardableResult
    func finish(withDuplicatesOfCallsGivenUp: Bool = false, sourceLocation: SourceLocation = #_sourceLocation) -> (snapshot: Snapshot, report: JSONValue) {
        proxy!.stop { [unowned self] in isStopped = true }
        run(until: "the proxy has stopped", sourceLocation: sourceLocation) { isStopped }
        let end = snapshot
        #expect(end.ledger.balances && end.ledger.waiting == Tally() && end.ledger.inFlight == Tally(), sourceLocation: sourceLocation)
        let report = standIn.reportAfterAllClients
        #expect(report["unique"].integer ?? -1 >= Int(end.ledger.delivered.logs), "\(report)", sourceLocation: sourceLocation)
        if withDuplicatesOfCallsGivenUp {
            #expect(report["duplicates"].integer == 0 || end.session!.callsPerhapsDelivered > 0, "\(report)", sourceLocation: sourceLocation)
        } else {
            #expect(report["duplicates"] == report["duplicates_in_flight"], "\(report)", sourceLocation: sourceLocation)
        }
        #expect(report["out_of_order"].integer == 0 && report["impossible"].integer == 0, "\(report)", sourceLocation: sourceLocation)
        #expect(report["violations"].members.isEmpty, "\(report)", sourceLocation: sourceLocation)
        proxy = nil
        loop.close()
        return (end, report)
    }
}

/// Sessions as boundary has them: coderd takes no others.
enum SessionName {
    static func number(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        return "3f2504e0-4f89-41d3-9a0c-" + String(repeating: "0", count: 12 - digits.count) + digits
    }
}
