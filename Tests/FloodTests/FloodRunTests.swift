import TestSupport
import Testing

@testable import Flood

/// Runs that cannot begin end in a clear error, without leaving anything behind.
struct FloodRunTests {
    private func failure(_ change: (inout FloodConfiguration) -> Void = { _ in }, daemon: String) -> String {
        var configuration = FloodConfiguration()
        change(&configuration)
        do {
            _ = try FloodRun(configuration, target: .ownDaemon(path: daemon, arguments: ["--some-option"])).run()
            return ""
        } catch {
            return error.description
        }
    }

    @Test func aDaemonThatIsNotThere() {
        #expect(failure(daemon: "/nonexistent/daemon") == "cannot run the daemon /nonexistent/daemon: No such file or directory")
    }

    @Test func aDaemonThatEndsAtOnceShowsItsCommandLineAndMessages() {
        // ls does not know our options and says so.
        let text = failure(daemon: "/bin/ls")
        #expect(text.hasPrefix("the daemon did not start: /bin/ls serve --socket /tmp/flood-"))
        #expect(text.contains("--some-option"))
        #expect(text.contains("unrecognized option"))
    }

    @Test func valuesThatCannotBe() {
        #expect(failure({ $0.connections = 0 }, daemon: "/bin/true") == "--connections must be at least 1")
        #expect(failure({ $0.badPercent = 100 }, daemon: "/bin/true").contains("--bad"))
        #expect(failure({ $0.urlBytes = 33_000 }, daemon: "/bin/true").contains("do not fit"))
        #expect(failure({ $0.sink.bodyBytesMax = 0 }, daemon: "/bin/true").contains("--sink-413-over"))
    }

    @Test func optionsOfTheOtherReporter() {
        let coder: (inout FloodConfiguration) -> Void = {
            $0.sink.reporters = [.coder]
            $0.sink.coderStandIn = "/nonexistent/stand-in"
        }
        #expect(failure({ $0.sink.killEvery = .seconds(1) }, daemon: "/bin/true").contains("needs --reporter coder"))
        #expect(failure({ $0.sink.coderStandIn = "/x" }, daemon: "/bin/true").contains("--coder-stand-in is the sink of --reporter coder"))
        #expect(failure({ coder(&$0); $0.sink.format = .ndjson }, daemon: "/bin/true").contains("--http-format belongs to --reporter http"))
        #expect(failure({ coder(&$0); $0.sink.compression = .gzip }, daemon: "/bin/true").contains("--http-compression belongs to --reporter http"))
        #expect(failure({ coder(&$0); $0.sink.bodyBytesMax = 9 }, daemon: "/bin/true").contains("--sink-413-over belongs to --reporter http"))
        #expect(failure({ coder(&$0); $0.sink.killEvery = .zero }, daemon: "/bin/true").contains("--sink-kill-every must be at least 1ms"))
        #expect(failure({ $0.sink.reporters = [.coder] }, daemon: "/bin/true").contains("scripts/stand-in"))
        #expect(failure(coder, daemon: "/bin/true") == "cannot run the stand-in for coderd /nonexistent/stand-in: No such file or directory")
    }

    @Test func optionsOfOTLPAndOfSeveralReporters() {
        let otlp: (inout FloodConfiguration) -> Void = {
            $0.sink.reporters = [.otlp]
            $0.sink.otlpDecoder = "/nonexistent/decoder"
        }
        #expect(failure({ $0.sink.otlpProtocol = .json }, daemon: "/bin/true").contains("belong to --reporter otlp"))
        #expect(failure({ otlp(&$0); $0.sink.otlpCompression = .zstd }, daemon: "/bin/true") == "--otlp-compression is none or gzip")
        #expect(failure({ otlp(&$0); $0.sink.format = .ndjson }, daemon: "/bin/true").contains("--http-format belongs to --reporter http"))
        #expect(failure({ $0.sink.reporters = [.otlp] }, daemon: "/bin/true").contains("scripts/otlp-python"))
        #expect(failure({ $0.sink.reporters = [.http, .http] }, daemon: "/bin/true").contains("each once"))
        #expect(failure({ otlp(&$0); $0.sink.reporters = [.http, .otlp]; $0.sink.outage = .whileSending }, daemon: "/bin/true").contains("needs --outage-of"))
        #expect(failure({ $0.sink.outage = .whileSending; $0.sink.outageOf = .coder }, daemon: "/bin/true").contains("is none of --reporter"))
        #expect(failure({ $0.sink.outageOf = .http }, daemon: "/bin/true") == "--outage-of needs --sink-outage")
        // Each sink has its own arguments.
        let text = failure({ otlp(&$0); $0.sink.reporters = [.otlp, .http]; $0.sink.otlpDecoder = OTLPDecoderProgram.path }, daemon: "/bin/ls")
        #expect(text.contains(" --reporter otlp,http --otlp-endpoint http://127.0.0.1:"))
        #expect(text.contains(" --http-url http://127.0.0.1:"))
    }

    @Test func eachDestinationHasItsVerdict() {
        let first = EvidenceFixture().evidence
        var other = EvidenceFixture()
        other.withhold = [(2, 7..<8)]
        let evidence = other.evidence
        var result = FloodResult(
            evidence: first, verdict: Verdict(first), sendSeconds: 0.5, deliverySeconds: 0.6, drainSeconds: 0.1, processorSeconds: 0.3,
            contextSwitches: 4, messages: [])
        result.reporters = [.coder, .otlp]
        result.others = [DestinationResult(reporter: .otlp, evidence: evidence, verdict: Verdict(evidence), deliverySeconds: 0.5)]
        #expect(!result.isGood)
        let text = result.text(colour: false)
        #expect(text.contains("destination coder\ndelivered   300 logs"))
        #expect(text.contains("destination otlp\ndelivered   299 logs"))
        #expect(text.contains("FAILED      otlp: 1 logs are unaccounted for"))
        #expect(!text.contains("every log is accounted for"))
        #expect(result.json.contains(#""destination_otlp":{"ok":false,"delivered":299,"#))
    }

    @Test func framesThatCannotBeWrittenTogether() {
        #expect(failure({ $0.framesPerWrite = 0 }, daemon: "/bin/true").contains("--frames-per-write must be at least 1"))
        #expect(failure({ $0.framesPerWrite = 2 }, daemon: "/bin/true").contains("--frames-per-write needs --writes 1"))
        for frames in [5000, Int.max] {
            #expect(failure({ $0.framesPerWrite = frames; $0.writesPerFrame = 1 }, daemon: "/bin/true").contains("\(frames) messages do not fit into 1 MiB"))
        }
        #expect(failure({ $0.framesPerWrite = 2; $0.writesPerFrame = 1; $0.badPercent = 1 }, daemon: "/bin/true").contains("goes with neither --bad"))
    }

    @Test func optionsOfTheSpoolAndOfKills() {
        #expect(failure({ $0.durability.mode = .memory; $0.durability.spoolBytesMax = 1 }, daemon: "/bin/true").contains("it has no spool"))
        #expect(failure({ $0.durability.mode = .sync; $0.durability.spoolAfter = .seconds(1) }, daemon: "/bin/true").contains("--spool-after belongs to --durability spill"))
        #expect(failure({ $0.crashes = CrashConfiguration(every: .zero) }, daemon: "/bin/true").contains("--crash-every must be at least 10ms"))
        #expect(failure({ $0.crashes = CrashConfiguration(every: .seconds(1), count: 0) }, daemon: "/bin/true").contains("--crashes must be at least 1"))
        #expect(failure({
            $0.sink.reporters = [.coder]
            $0.sink.coderStandIn = "/x"
            $0.crashes = CrashConfiguration(every: .seconds(1))
        }, daemon: "/bin/true").contains("--crash-every goes with --reporter http, otlp or both"))
        #expect(failure({
            $0.sink.reporters = [.coder]
            $0.sink.coderStandIn = "/x"
            $0.sink.outage = .whileSending
        }, daemon: "/bin/true").contains("--sink-outage all belongs to --reporter http"))
    }

    @Test func theSpoolIsNeverTheUsersOwn() {
        #expect(failure(daemon: "/bin/ls").contains("--spool-dir /tmp/flood-"))
        #expect(!failure({ $0.durability.mode = .memory }, daemon: "/bin/ls").contains("--spool-dir"))
        #expect(failure({ $0.durability.spoolAfter = .milliseconds(1500) }, daemon: "/bin/ls").contains("--spool-after 1500000us"))
    }

    @Test func killsReadWellAndAsJSON() {
        var fixture = CrashFixture(missing: [205, 206])
        fixture.failed = [21]
        let evidence = fixture.evidence
        let result = FloodResult(
            evidence: evidence, verdict: Verdict(evidence), sendSeconds: 0.5, deliverySeconds: 0.6, drainSeconds: 0.1, processorSeconds: 0.3,
            contextSwitches: 4, messages: [])
        #expect(result.isGood)
        let text = result.text(colour: false)
        #expect(text.contains("kills       1; 1 messages could not be written then"))
        #expect(text.contains("lost        2 within the promise (up to 50.00 ms old at a kill; 0 perhaps unread), 0 beyond it"))
        #expect(text.contains("the ledgers of killed processes are lost with them"))
        #expect(result.json.contains("\"lost_within_promise\":2,\"lost_unread\":0,\"lost_oldest_seconds\":0.05,\"lost_beyond_promise\":0"))
        #expect(result.json.contains("\"basis\":"))
    }

    @Test func theResultReadsWellAndAsJSON() throws {
        let evidence = EvidenceFixture().evidence
        let result = FloodResult(
            evidence: evidence, verdict: Verdict(evidence), sendSeconds: 0.5, deliverySeconds: 0.6, drainSeconds: 0.1, processorSeconds: 0.3,
            contextSwitches: 4, messages: [])
        #expect(result.isGood)
        let text = result.text(colour: false)
        #expect(text.contains("sent        300 logs in 30 messages"))
        #expect(text.contains("ok          every log is accounted for"))
        #expect(!text.contains("\u{1b}"))
        let json = Array(result.json.utf8)
        var values: [String: Int64] = [:]
        try json.withUnsafeBufferPointer { bytes in
            var scanner = JSONScanner(bytes, range: 0..<bytes.count)
            let names = scanner
            try scanner.members { member throws(JSONScanner.Malformed) in
                values[String(decoding: bytes[member.key], as: UTF8.self)] = names.integer(member)
            }
        }
        #expect(values["sent"] == 300)
        #expect(values["delivered"] == 300)
        #expect(values["lost"] == 0)
        #expect(values["latency_max_us"] == 1000)
    }

    @Test func killsAreShown() {
        var fixture = EvidenceFixture()
        fixture.extra = [(0, 5), (0, 6)]
        fixture.coder = CoderRecord(
            dials: 9, dialsRefused: 2, sessions: 7, kills: 6, callsInFlightAtKills: 3, logsInFlightAtKills: 1200, duplicatesInFlight: 2)
        let evidence = fixture.evidence
        var result = FloodResult(
            evidence: evidence, verdict: Verdict(evidence), sendSeconds: 0.5, deliverySeconds: 0.6, drainSeconds: 0.1, processorSeconds: 0.3,
            contextSwitches: 4, messages: [])
        #expect(result.isGood)
        let text = result.text(colour: false)
        #expect(text.contains("delivered   300 logs in 0 calls (7 sessions, 2 dials refused)"))
        #expect(text.contains("duplicated  2, all of calls in flight at 6 kills: 3 with 1,200 logs"))
        for member in [#""duplicated_in_flight":2"#, #""kills":6"#, #""dials":9"#, #""calls_in_flight_at_kills":3"#, #""violations":0"#] {
            #expect(result.json.contains(member))
        }
        fixture.coder?.duplicatesInFlight = 1
        result.evidence = fixture.evidence
        result.verdict = Verdict(fixture.evidence)
        #expect(result.text(colour: true).contains("\u{1b}[31m2, only 1 of calls in flight at 6 kills: 3 with 1,200 logs\u{1b}[0m"))
        #expect(!result.isGood)
    }

    @Test func aFailureIsShown() {
        var fixture = EvidenceFixture()
        fixture.withhold = [(2, 7..<8)]
        let evidence = fixture.evidence
        let result = FloodResult(
            evidence: evidence, verdict: Verdict(evidence), sendSeconds: 0.5, deliverySeconds: 0.6, drainSeconds: 0.1, processorSeconds: 0.3,
            contextSwitches: 4, messages: Array("first\nlast\n".utf8))
        #expect(!result.isGood)
        #expect(result.text(colour: true).contains("\u{1b}[31m1\u{1b}[0m"))
        #expect(result.text(colour: false).contains("FAILED      1 logs are unaccounted for"))
        #expect(result.messagesTail(lines: 1) == "  last\n")
    }
}
