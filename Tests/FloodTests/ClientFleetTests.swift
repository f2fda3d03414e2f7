import Testing

@testable import Flood

/// The clients against an acceptor that the test turns: no daemon, no thread, no clock.
struct ClientFleetTests {
    private func flood(_ configuration: FloodConfiguration, bytesMax: Int = 65536) throws -> (ClientFleet, Acceptor) {
        let acceptor = try Acceptor(configuration)
        let fleet = ClientFleet(configuration, socketPath: acceptor.path, now: SystemClock.monotonic)
        while !fleet.isFinished {
            try fleet.step(waitMax: 0)
            acceptor.step(bytesMax: bytesMax)
        }
        while acceptor.hasConnections { acceptor.step() }
        return (fleet, acceptor)
    }

    private func expectAllAccountedFor(_ fleet: ClientFleet, _ acceptor: Acceptor) {
        let verdict = Verdict(Evidence(
            totals: fleet.totals, sessions: fleet.sessions, record: acceptor.record, ledger: acceptor.ledger, exitCode: 0))
        #expect(verdict.isGood, "\(verdict.failures)")
        #expect(verdict.sent == fleet.totals.logs)
        for kind in BadFrame.allCases { #expect(acceptor.rejected[kind] == fleet.totals.badFrames[kind], "\(kind)") }
    }

    @Test(arguments: [1, 3, 40], [1, 2])
    func everyMessageArrives(connections: Int, writes: Int) throws {
        var configuration = FloodConfiguration()
        configuration.connections = connections
        configuration.messages = 500
        configuration.writesPerFrame = writes
        configuration.tags = .mixed
        configuration.statusEvery = 7
        let (fleet, acceptor) = try flood(configuration)
        expectAllAccountedFor(fleet, acceptor)
        #expect(fleet.totals.messages == 500)
        #expect(fleet.totals.logs == 5000)
        #expect(fleet.totals.connections == connections)
        #expect(fleet.totals.statuses > 0)
    }

    @Test(arguments: [1, 3], [2, 50])
    func framesThatAreWrittenTogetherArriveEachForItself(connections: Int, frames: Int) throws {
        var configuration = FloodConfiguration()
        configuration.connections = connections
        configuration.messages = 501
        configuration.writesPerFrame = 1
        configuration.framesPerWrite = frames
        configuration.tags = .mixed
        configuration.reconnectEvery = 100
        let (fleet, acceptor) = try flood(configuration, bytesMax: 7777)
        expectAllAccountedFor(fleet, acceptor)
        #expect(fleet.totals.messages == 501)
        #expect(fleet.totals.logs == 5010)
    }

    @Test func aFullSocketHoldsTheClientUpAndLosesNothing() throws {
        var configuration = FloodConfiguration()
        configuration.connections = 3
        configuration.messages = 1000
        configuration.logsPerMessage = 100
        let (fleet, acceptor) = try flood(configuration, bytesMax: 5000)
        expectAllAccountedFor(fleet, acceptor)
        #expect(fleet.totals.blockedWrites > 0)
    }

    @Test(arguments: [1, 2] as [UInt64])
    func malformedFramesAreNotSentAndNothingFollowsAFatalOne(seed: UInt64) throws {
        var configuration = FloodConfiguration()
        configuration.connections = 10
        configuration.messages = 2000
        configuration.badPercent = 20
        configuration.seed = seed
        let (fleet, acceptor) = try flood(configuration)
        expectAllAccountedFor(fleet, acceptor)
        #expect(fleet.totals.badFrames.count == BadFrame.allCases.count)
        #expect(fleet.totals.messages == 2000)
        // A boundary that was killed is followed by another one; one that was hung up on keeps its session.
        #expect(fleet.sessions.count == 10 + fleet.totals.badFrames[.truncated]!)
    }

    @Test func aClientThatEndsIsFollowedByAnother() throws {
        var configuration = FloodConfiguration()
        configuration.connections = 2
        configuration.messages = 100
        configuration.reconnectEvery = 5
        let (fleet, acceptor) = try flood(configuration)
        expectAllAccountedFor(fleet, acceptor)
        #expect((19...22).contains(fleet.sessions.count))
        #expect(fleet.totals.connections >= 19)
    }

    @Test func anInterruptedFloodKnowsWhatItSent() throws {
        let configuration = FloodConfiguration()
        let acceptor = try Acceptor(configuration)
        let fleet = ClientFleet(configuration, socketPath: acceptor.path, now: SystemClock.monotonic)
        for _ in 0..<20 {
            try fleet.step(waitMax: 0)
            acceptor.step()
        }
        fleet.endEarly()
        while !fleet.isFinished {
            try fleet.step(waitMax: 0)
            acceptor.step()
        }
        while acceptor.hasConnections { acceptor.step() }
        #expect(fleet.totals.logs > 0)
        #expect(fleet.totals.logs < FloodConfiguration.logsDefault)
        expectAllAccountedFor(fleet, acceptor)
    }

    @Test func aKilledDaemonCostsEachClientTheMessageThatItCouldNotWrite() throws {
        var configuration = FloodConfiguration()
        configuration.connections = 3
        configuration.messages = 300
        configuration.crashes = CrashConfiguration(every: .seconds(1))
        let directory = try TemporaryDirectory()
        let path = directory.path + "/s"
        var acceptor: Acceptor? = try Acceptor(configuration, path: path)
        let fleet = ClientFleet(configuration, socketPath: path, now: SystemClock.monotonic)
        func turn() throws {
            try fleet.step(waitMax: 0)
            acceptor?.step()
        }
        while fleet.totals.messages < 100 { try turn() }
        fleet.noteKill()
        acceptor = nil
        while fleet.totals.killedConnections < 3 { try turn() }
        acceptor = try Acceptor(configuration, path: path)
        while !fleet.isFinished { try turn() }
        while acceptor!.hasConnections { acceptor!.step() }
        #expect(fleet.totals.brokenConnections == 0)
        #expect(fleet.totals.failedMessages == 3)
        #expect(fleet.totals.messages == 297)
        for session in fleet.sessions {
            #expect(session.logsSent == session.logs - 10)
            #expect(session.history?.writtenAt.filter { $0 == 0 }.count == 1)
        }
        #expect(acceptor!.record.damaged == 0)
    }

    @Test func whatLiesInTheSocketAtAKillIsKnownToBeUnread() throws {
        var configuration = FloodConfiguration()
        configuration.connections = 1
        configuration.crashes = CrashConfiguration(every: .seconds(1))
        let acceptor = try Acceptor(configuration)
        let fleet = ClientFleet(configuration, socketPath: acceptor.path, now: SystemClock.monotonic)
        // The acceptor reads nothing, until the socket is full.
        while fleet.totals.blockedWrites == 0 { try fleet.step(waitMax: 0) }
        fleet.noteKill()
        fleet.abandon()
        let history = try #require(fleet.sessions[0].history)
        #expect(history.unread == [.init(kill: 0, since: history.writtenAt[0])])
    }
}
