import Glibc
import TestSupport
import Testing

/// The daemon as it runs in a workspace, delivering to the stand-in for coderd.
@Suite(.timeLimit(.minutes(4))) struct CoderDaemonTests {
    let directory = TemporaryDirectory()

    func daemon(_ environment: [String: String], _ arguments: [String] = []) async throws -> Subprocess {
        let daemon = try Subprocess(
            Subprocess.product("boundary-log-proxy"), ["--socket", directory.path("s"), "--flush-interval", "0"] + arguments,
            environment: environment.merging(["STATE_DIRECTORY": directory.path("spool")]) { $1 }, timeLimit: .seconds(200))
        #expect(await daemon.waitFor("listening"), "\(daemon.written(to: .standardError))")
        return daemon
    }

    func workspace(_ standIn: CoderStandIn) -> [String: String] {
        ["CODER_AGENT_URL": standIn.url, "CODER_AGENT_TOKEN": CoderStandIn.token]
    }

    /// Two logs of session "a" in a frame, over a connection that stays.
    struct Client {
        let descriptor: Int32
        init(_ path: String) {
            descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            let result = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
            }
            #expect(result == 0)
        }
        func write() {
            let frame = LifeTests.frame
            #expect(send(descriptor, frame, frame.count, Int32(MSG_NOSIGNAL)) == frame.count)
        }
        func end() { close(descriptor) }
    }

    @Test func aWorkspacesEnvironmentIsAllItNeedsAndTheTokenIsShownNowhere() async throws {
        let standIn = try CoderStandIn()
        let daemon = try await daemon(workspace(standIn))
        let client = Client(directory.path("s"))
        client.write()
        #expect(standIn.wait("calls_answered", 1))
        client.end()
        daemon.send(SIGTERM)
        let outcome = await daemon.outcome()
        #expect(outcome.status == 0 && outcome.errors.contains("logs_delivered=2"), "\(outcome.errors)")
        #expect(outcome.errors.contains("the session with coderd is open") && !outcome.errors.contains(CoderStandIn.token))
        let report = standIn.reportAfterAllClients
        #expect(report["violations"].members.isEmpty && report["client_closes"]["1000"].integer == 1, "\(report)")
    }

    @Test func throughARealProxyWithCONNECT() async throws {
        let standIn = try CoderStandIn()
        let proxy = try Tinyproxy()
        let daemon = try await daemon(workspace(standIn).merging(["http_proxy": "http://127.0.0.1:\(proxy.port)"]) { $1 })
        let client = Client(directory.path("s"))
        client.write()
        #expect(standIn.wait("calls_answered", 1), "\(daemon.written(to: .standardError)) \(proxy.log)")
        client.end()
        daemon.send(SIGTERM)
        #expect(await daemon.outcome().status == 0)
        #expect(proxy.log.contains("CONNECT 127.0.0.1:\(standIn.port)"), "\(proxy.log)")
        #expect(!proxy.log.contains(CoderStandIn.token))
    }

    @Test func aThousandReconnectsLeakNothing() async throws {
        let standIn = try CoderStandIn()
        let daemon = try await daemon(workspace(standIn))
        let client = Client(directory.path("s"))
        var descriptors = 0
        var memory = 0
        for cycle in 1...1000 {
            // A call whose answer was cut off is answered again: both count.
            let report = standIn.report
            client.write()
            guard standIn.wait("calls_answered", (report["calls_answered"].integer ?? 0) + 1) else {
                Issue.record("no answer in cycle \(cycle)")
                break
            }
            if cycle == 100 { (descriptors, memory) = (self.descriptors(daemon), self.status(daemon, "RssAnon")) }
            // Again if it met a session that was about to end.
            repeat {
                standIn.do(#""do":"kill","how":"close","code":1001"#)
            } while !daemon.hasEnded && !standIn.wait("sessions_opened", (report["sessions_opened"].integer ?? 0) + 1, milliseconds: 500)
        }
        #expect(standIn.wait("sessions_opened", 1001))
        #expect(self.descriptors(daemon) <= descriptors, "after 100 reconnects \(descriptors), after 1,000 \(self.descriptors(daemon))")
        let after = status(daemon, "RssAnon")
        #expect(after <= memory + 256, "KiB after 100 reconnects \(memory), after 1,000 \(after)")
        client.end()
        daemon.send(SIGTERM)
        #expect(await daemon.outcome().status == 0)
        let report = standIn.reportAfterAllClients
        #expect(report["duplicates"] == report["duplicates_in_flight"] && report["violations"].members.isEmpty, "\(report)")
    }

    /// Whatever coderd sends, the daemon's own memory stays below 8 MiB; hardly anything is in the ring.
    @Test func noPeerMakesItTakeMemory() async throws {
        let standIn = try CoderStandIn()
        let daemon = try await daemon(workspace(standIn), ["--call-timeout", "200ms"])
        let client = Client(directory.path("s"))
        var answered = 0
        func deliver() {
            client.write()
            answered += 1
            #expect(standIn.wait("calls_answered", answered))
        }
        deliver()
        for what in ["huge-message", "fragments", "yamux-huge-frame", "garbage", "long-ping", "yamux-garbage", "negative-length"] {
            standIn.do("\"do\":\"send\",\"what\":\"\(what)\"")
            deliver()
        }
        standIn.do(#""do":"answer","how":"huge","calls":1"#)
        client.write()
        deliver()
        let peak = status(daemon, "VmHWM") - status(daemon, "RssFile") - status(daemon, "RssShmem")
        #expect(peak < 8 << 10, "\(peak) KiB of private memory at most")
        client.end()
        daemon.send(SIGTERM)
        #expect(await daemon.outcome().status == 0)
    }

    private func descriptors(_ daemon: Subprocess) -> Int {
        guard let directory = opendir("/proc/\(daemon.pid)/fd") else { return 0 }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        return count
    }

    /// A figure of /proc/PID/status, in KiB.
    private func status(_ daemon: Subprocess, _ name: String) -> Int {
        guard let file = fopen("/proc/\(daemon.pid)/status", "r") else { return 0 }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 8192)
        let count = fread(&bytes, 1, bytes.count, file)
        let text = String(decoding: bytes[..<count], as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix("\(name):") } ?? ""
        return line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) } ?? 0
    }
}
