import EventLoop
import Glibc
import TestSupport
import Testing

@testable import BoundaryLogProxy

/// Who may speak.
@Suite struct PeerGateTests {
    private func gated(_ options: [String: String]) throws -> (bench: Bench, client: TestClient) {
        let bench = try Bench(options)
        let client = TestClient(bench.socketPath)
        client.write(TestFrame.logs(session: "a", sequence: 0..<2))
        return (bench, client)
    }

    private static let ownUser = String(cString: getpwuid(geteuid()).pointee.pw_name)
    private static let ownGroup = String(cString: getgrgid(getegid()).pointee.gr_name)

    @Test(arguments: [
        ["allow-uid": "\(geteuid())"], ["allow-uid": ownUser], ["allow-gid": "\(getegid())"], ["allow-gid": ownGroup],
        // Either suffices.
        ["allow-uid": "\(geteuid() + 1)", "allow-gid": "\(getegid())"],
    ])
    func whoIsAllowedIsHeard(options: [String: String]) throws {
        let (bench, client) = try gated(options)
        client.close()
        bench.run(until: "the logs are delivered") { bench.snapshot.ledger.delivered.logs == 2 }
        #expect(bench.finish().ingest.connectionsNotAllowed == 0)
    }

    @Test(arguments: [["allow-uid": "\(geteuid() + 1)"], ["allow-gid": "3141592"], ["allow-uid": "3141592", "allow-gid": "3141592"]])
    func whoIsNotAllowedIsClosedUnreadCountedAndNamed(options: [String: String]) throws {
        let (bench, client) = try gated(options)
        bench.run(until: "it is refused") { bench.snapshot.ingest.connectionsNotAllowed == 1 }
        #expect(bench.snapshot.connections == 0 && bench.snapshot.ingest.bytes == 0)
        #expect(bench.messages.count(containing: "allow-uid") == 1)
        let line = bench.messages.lines.first { $0.contains("allow-uid") } ?? ""
        for named in ["peer_pid\": \(getpid())", "peer_uid\": \(geteuid())", "peer_gid\": \(getegid())", "peer_process"] { #expect(line.contains(named), "\(line)") }
        // More of them in the same second are counted, and not named each.
        for _ in 0..<20 { TestClient(bench.socketPath).close() }
        bench.run(until: "they are refused") { bench.snapshot.ingest.connectionsNotAllowed == 21 }
        #expect(bench.messages.count(containing: "peer_uid") <= 2)
        #expect(bench.proxy!.metricsText.contains("agent_boundary_log_proxy_connections_refused_total{reason=\"not_allowed\"} 21\n"))
        client.close()
        #expect(bench.finish().ledger.received.logs == 0)
    }

    @Test(arguments: [("allow-uid", "user"), ("allow-gid", "group")])
    func anUnknownNameIsAnErrorAtTheStart(option: String, kind: String) throws {
        #expect {
            let bench = try Bench([option: "no-such-name"])
            bench.finish()
        } throws: { "\($0)" == "\(option): there is no \(kind) no-such-name" }
    }

    @Test func eachListSufficesAndSupplementaryGroupsCount() {
        var asked = 0
        func admits(_ gate: PeerGate, uid: UInt32, gid: UInt32, others: [UInt32] = []) -> Bool {
            var peer = PeerCredentials.ofThisProcess
            (peer.userID, peer.groupID) = (uid, gid)
            return gate.admits(peer) {
                asked += 1
                return others
            }
        }
        let gate = PeerGate(users: [1, 2], groups: [10])
        #expect(admits(gate, uid: 2, gid: 5) && admits(gate, uid: 3, gid: 10))
        #expect(asked == 0)
        #expect(admits(gate, uid: 3, gid: 5, others: [7, 10]) && !admits(gate, uid: 3, gid: 5, others: [7]))
        #expect(!PeerGate(users: [1], groups: []).admits(nil) { [] } && PeerGate().admits(nil) { [] })
    }

    /// A client with another user, group and supplementary group; only root can start one.
    @Test(.enabled(if: geteuid() == 0), arguments: [("allow-uid", "65534", true), ("allow-gid", "31415", true), ("allow-gid", "27182", true), ("allow-gid", "0", false)])
    func anotherUser(option: String, value: String, isAllowed: Bool) throws {
        let bench = try Bench([option: value, "socket-mode": "0666"])
        chmod(bench.directory.path, 0o755)
        let client = try Subprocess("/usr/bin/setpriv", [
            "--reuid", "65534", "--regid", "31415", "--groups", "27182", "/usr/bin/python3", "-c",
            "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.recv(1)", bench.socketPath,
        ])
        bench.run(until: "it has come") { bench.snapshot.ingest.connections == 1 }
        #expect(bench.snapshot.ingest.connectionsNotAllowed == (isAllowed ? 0 : 1))
        if isAllowed {
            let report = try #require(bench.proxy!.busiestClients(50).first)
            #expect(report.peer.credentials?.userID == 65534 && report.peer.credentials?.groupID == 31415)
            #expect(report.peer.credentials?.processID == client.pid && report.peer.process == "python3")
        } else {
            #expect(bench.messages.count(containing: "\"peer_uid\": 65534") == 1 && bench.messages.count(containing: "peer_process\": python3") == 1)
        }
        client.send(SIGKILL)
        bench.finish()
    }
}

extension PeerCredentials {
    /// As the kernel gives them.
    static var ofThisProcess: PeerCredentials {
        let directory = TemporaryDirectory()
        let loop = try! EventLoop()
        let socket = try! ListeningSocket(path: directory.path("s"), mode: 0o600, groupID: nil)
        let connection = try! PipeConnection.connect(loop, directory.path("s"))
        defer {
            connection.close()
            socket.unlink()
            loop.close()
        }
        return connection.peer!
    }
}
