import TestSupport
import Testing

@testable import Flood

/// Small floods against the daemon of this build, as a user runs them: every log has to be accounted for, and none dropped.
@Suite(.serialized) struct FloodEndToEnd {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var arguments: [String] = []
        var change: @Sendable (inout FloodConfiguration) -> Void
    }

    static let cases: [Case] = [
        Case(testDescription: "1 connection of an old client, one write a frame") {
            $0.connections = 1
            $0.tags = .logs
            $0.writesPerFrame = 1
        },
        Case(testDescription: "8 connections") { _ in },
        Case(testDescription: "100 connections, both tags, statuses, zstd over JSON lines") {
            $0.connections = 100
            $0.tags = .mixed
            $0.statusEvery = 3
            $0.sink.compression = .zstd
            $0.sink.format = .ndjson
        },
        Case(testDescription: "malformed frames, clients that come and go") {
            $0.badPercent = 5
            $0.tags = .mixed
            $0.reconnectEvery = 10
        },
        Case(testDescription: "an outage in the middle") {
            $0.messages = nil
            $0.duration = .milliseconds(400)
            $0.logsPerSecond = 10_000
            $0.sink.outage = .middle(.milliseconds(150))
        },
        Case(testDescription: "a slow sink that makes the clients wait", arguments: ["--overflow", "block"] + tightBuffer) {
            $0.logsPerMessage = 100
            $0.messages = 300
            $0.connections = 2
            $0.sink.logsPerSecond = 40_000
        },
        Case(testDescription: "coder: 100 connections, malformed frames, calls side by side", arguments: ["--in-flight-max", "4"]) {
            $0.connections = 100
            $0.badPercent = 2
            $0.sink.reporters = [.coder]
        },
        Case(testDescription: "coder: an outage in the middle") {
            $0.messages = nil
            $0.duration = .milliseconds(400)
            $0.logsPerSecond = 10_000
            $0.sink.reporters = [.coder]
            $0.sink.outage = .middle(.milliseconds(150))
        },
        Case(testDescription: "coder: sessions that are killed again and again") {
            $0.messages = nil
            $0.duration = .seconds(1)
            $0.logsPerSecond = 20_000
            $0.sink.reporters = [.coder]
            $0.sink.killEvery = .milliseconds(100)
        },
        Case(testDescription: "a sink that takes small requests only, gzip") {
            $0.sink.bodyBytesMax = 2000
            $0.sink.compression = .gzip
        },
    ]

    /// Each kills the daemon eight times; nothing may be lost or repeated beyond what the mode promises.
    static let crashCases: [Case] = [
        Case(testDescription: "memory") { $0.durability.mode = .memory },
        Case(testDescription: "spill") {
            $0.durability.mode = .spill
            $0.durability.spoolAfter = .milliseconds(100)
        },
        Case(testDescription: "spill, the destination down all the while") {
            $0.durability.mode = .spill
            $0.durability.spoolAfter = .milliseconds(100)
            $0.sink.outage = .whileSending
        },
        Case(testDescription: "sync, several requests at once", arguments: ["--in-flight-max", "4"]) { $0.durability.mode = .sync },
        Case(testDescription: "sync, the destination down all the while") {
            $0.durability.mode = .sync
            $0.sink.outage = .whileSending
        },
    ]

    @Test(arguments: crashCases)
    func killsTakeNoMoreThanIsPromised(_ flood: Case) async throws {
        var configuration = FloodConfiguration()
        configuration.logsPerSecond = 10_000
        configuration.crashes = CrashConfiguration(every: .milliseconds(200), count: 8)
        flood.change(&configuration)
        let result = try await run(configuration, flood.arguments)
        let verdict = try #require(result.verdict)
        #expect(verdict.isGood, "\(verdict.failures.joined(separator: "\n"))\n\(result.messagesTail(lines: 20))")
        #expect(verdict.droppedSum == 0)
        #expect(verdict.spooled == 0)
        #expect(result.evidence.crashes?.kills.count == 8)
        #expect(result.evidence.totals.killedConnections > 0)
        if configuration.durability.mode != .memory { #expect(verdict.delivered > 0) }
    }

    /// The least that the daemon takes, and time enough to deliver it slowly.
    private static let tightBuffer = ["--buffer-bytes", "1MiB", "--request-bytes-max", "128KiB", "--drain-timeout", "60s"]

    @Test(arguments: cases)
    func everyLogIsAccountedFor(_ flood: Case) async throws {
        var configuration = FloodConfiguration()
        configuration.messages = 600
        flood.change(&configuration)
        if configuration.sink.reporters == [.coder] { configuration.sink.coderStandIn = CoderStandIn.path }
        let result = try await run(configuration, flood.arguments)
        let verdict = try #require(result.verdict)
        #expect(verdict.isGood, "\(verdict.failures.joined(separator: "\n"))\n\(result.messagesTail(lines: 20))")
        #expect(verdict.droppedSum == 0, "\(result.messagesTail(lines: 20))")
        #expect(verdict.sent == result.evidence.totals.logs)
        let start = try #require(result.processorSecondsAtStart), sending = try #require(result.processorSecondsSending)
        // Clients may have written all into their sockets before the daemon has been given a processor.
        #expect(start > 0 && sending >= 0 && start + sending <= result.processorSeconds + 0.01)
        if configuration.sink.outage != nil, configuration.sink.reporters == [.http] { #expect(result.evidence.record.refused503 > 0) }
        if configuration.sink.outage != nil || configuration.sink.killEvery != nil, let coder = result.evidence.record.coder { #expect(coder.kills > 0) }
        if configuration.sink.bodyBytesMax != nil { #expect(result.evidence.record.refused413 > 0) }
        if configuration.sink.logsPerSecond > 0 { #expect(result.evidence.totals.blockedWrites > 0) }
        if configuration.badPercent > 0 { #expect(result.evidence.totals.badFrameCount > 0) }
    }

    @Test func aFullBufferDropsCountsAndSaysSo() async throws {
        var configuration = FloodConfiguration()
        configuration.logsPerMessage = 100
        configuration.messages = 300
        configuration.connections = 2
        configuration.sink.logsPerSecond = 40_000
        let result = try await run(configuration, Self.tightBuffer)
        let verdict = try #require(result.verdict)
        #expect(verdict.isGood, "\(verdict.failures.joined(separator: "\n"))\n\(result.messagesTail(lines: 20))")
        #expect(verdict.dropped["buffer_full", default: 0] > 0)
        #expect(verdict.lost == 0)
        #expect(verdict.sent == 30_000)
    }

    /// On a thread of its own: a flood blocks, and the pool that all tests share has few threads.
    private func run(_ configuration: FloodConfiguration, _ arguments: [String]) async throws -> FloodResult {
        let flood = FloodRun(configuration, target: .ownDaemon(path: BuiltProduct.path("boundary-log-proxy"), arguments: arguments))
        var thread: WorkerThread?
        defer { thread?.join() }
        return try await withCheckedThrowingContinuation { continuation in
            do {
                thread = try WorkerThread {
                    do throws(FloodError) { continuation.resume(returning: try flood.run()) } catch { continuation.resume(throwing: error) }
                }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }
}
