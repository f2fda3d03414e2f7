import Glibc
import Testing
import TestSupport

@testable import Flood

/// The sink with the real stand-in, and with programs that only pretend to be one.
struct CoderSinkTests {
    private let directory = TestSupport.TemporaryDirectory()
    private let session = SessionID(high: 0x0123_4567_89ab_4def, low: 0x8123_4567_89ab_cdef)

    private func configuration(_ standIn: String, _ change: (inout SinkConfiguration) -> Void = { _ in }) -> FloodConfiguration {
        var configuration = FloodConfiguration()
        configuration.sink.reporters = [.coder]
        configuration.sink.coderStandIn = standIn
        change(&configuration.sink)
        return configuration
    }

    /// A request as the flood's clients write it, without the frame around it.
    private func request(_ sequences: Range<Int32>, urlBytes: Int = FloodConfiguration.urlBytesDefault) -> [UInt8] {
        let encoder = MessageEncoder(urlBytes: urlBytes, seed: 1)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: MessageEncoder.bufferBytes, alignment: 8)
        defer { buffer.deallocate() }
        let frame = encoder.encode(
            tag: 1, trailer: MessageEncoder.trailer(session), firstSequence: sequences.lowerBound, logs: sequences.count, time: SystemClock.wall, into: buffer)
        return Array(buffer[(frame.lowerBound + MessageEncoder.headerBytes)..<frame.upperBound])
    }

    private func dial(_ sink: CoderSink) throws -> RawAgentClient {
        let words = sink.daemonArguments
        #expect(Array(words.prefix(2)) == ["--coder-url", "http://127.0.0.1:\(sink.port)"])
        #expect(words[2] == "--coder-token-file")
        let token = String(decoding: try #require(FileBytes.read(words[3])), as: UTF8.self)
        return try RawAgentClient(port: sink.port, token: token)
    }

    @Test func hasTheBooksOfTheStandIn() throws {
        let sink = try CoderSink(configuration(CoderStandIn.path), directory: directory.path)
        let client = try dial(sink)
        try client.call(request(0..<10))
        try client.call(request(10..<80))
        try client.call(request(70..<75))
        try client.call(request(90..<100))
        try client.call(request(85..<87))
        while sink.logsDelivered < 97 {}
        // Other URLs than the flood's: damaged, and no arrivals.
        try client.call(request(100..<103, urlBytes: 40))
        let record = sink.finish()
        let books = try #require(record.session(session))
        #expect(books.unique == 92)
        #expect(books.missing(below: 100, runsMax: 9) == [80..<85, 87..<90])
        #expect(record.duplicates == 5)
        #expect(record.outOfOrder == 2)
        #expect(record.damaged == 3)
        #expect(record.logs == 100)
        #expect(record.requests == 6)
        #expect(record.latency.totalCount == 97)
        #expect(record.coder == CoderRecord(dials: 1, sessions: 1))
        let last = try #require(record.lastArrival)
        #expect(last <= SystemClock.monotonic && last >= record.firstArrival!)
    }

    @Test func killsSessionsAndKnowsWhatWasInFlight() throws {
        let sink = try CoderSink(configuration(CoderStandIn.path) { $0.killEvery = .milliseconds(20) }, directory: directory.path)
        sink.beginSending()
        // The last call of each session is in flight when the kill comes: nothing follows on its stream.
        var sessions = 0, calls = 0
        while sessions < 3 || calls < 20 {
            guard let client = try? dial(sink) else { continue }
            while (try? client.call(request(0..<10))) != nil { calls += 1 }
            sessions += 1
        }
        sink.endSending()
        let record = sink.finish()
        let coder = try #require(record.coder)
        #expect(coder.failure == nil)
        #expect(coder.kills >= 3)
        #expect(coder.callsInFlightAtKills >= 1)
        #expect(coder.logsInFlightAtKills == coder.callsInFlightAtKills * 10)
        #expect(coder.duplicatesInFlight <= coder.logsInFlightAtKills)
        #expect(coder.violations.isEmpty)
        #expect(record.duplicates > 0)
    }

    @Test func refusesInAnOutageAndKeepsToItsRate() throws {
        let sink = try CoderSink(configuration(CoderStandIn.path) { $0.logsPerSecond = 1000 }, directory: directory.path)
        let client = try dial(sink)
        let start = SystemClock.monotonic
        for call in Int32(0)..<6 { try client.call(request(call * 10..<call * 10 + 10)) }
        #expect(SystemClock.monotonic - start >= 50_000_000)
        sink.beginOutage(.seconds(3600))
        // The kill shows that the outage has begun.
        #expect(throws: FloodError.self) { while true { try client.call(request(0..<1)) } }
        #expect(throws: FloodError("the upgrade was answered with 502")) { _ = try dial(sink) }
        let record = sink.finish()
        #expect(record.coder?.dialsRefused == 1)
        #expect(record.coder?.kills == 1)
    }

    @Test func violationsEndInTheVerdict() throws {
        let sink = try CoderSink(configuration(CoderStandIn.path), directory: directory.path)
        let token = String(decoding: FileBytes.read(sink.daemonArguments[3]) ?? [], as: UTF8.self)
        _ = try RawAgentClient(port: sink.port, token: token, query: "version=2.7")
        #expect(sink.finish().coder?.violations == ["dial: no role": 1])
    }

    /// Written by another process: as long as a program that some other test is starting has a copy of our descriptors, between fork and exec, what we had
    /// open for writing could not be run (ETXTBSY).
    private func script(_ text: String) throws -> String {
        let path = directory.path + "/script"
        let writer = try Subprocess(
            "/bin/sh", ["-c", #"printf '#!/bin/sh\n%s\n' "$1" > "$2" && chmod 700 "$2" && echo written"#, "sh", text, path],
            environment: ["PATH": "/usr/bin:/bin"])
        try #require(writer.takeLine() == "written")
        return path
    }

    @Test func oneThatDoesNotStartIsAnErrorThatSaysWhy() throws {
        let path = try script("echo no room here >&2; exit 1")
        #expect(throws: FloodError("the stand-in for coderd did not start: no room here\n")) {
            _ = try CoderSink(configuration(path), directory: directory.path)
        }
    }

    @Test func oneThatEndsInTheMiddleFails() throws {
        let sink = try CoderSink(configuration(try script("echo '{\"port\":1}'; echo out of luck >&2; exit 1")), directory: directory.path)
        #expect(sink.logsDelivered == 0)
        #expect(sink.finish().coder?.failure == "it ended or hangs: out of luck\n")
    }

    @Test(arguments: ["{}", "[]", "{\"sessions\":3}", "{\"sessions\":{\"01234567-89ab-4def-8123-456789abcdef\":{\"ranges\":\"5-3\"}}}", "{\"sessions\":{},\"latency_us\":\"x\"}"])
    func aReportThatMakesNoSenseFails(report: String) throws {
        let sink = try CoderSink(configuration(try script("echo '{\"port\":1}'; read line; echo '\(report)'")), directory: directory.path)
        #expect(sink.finish().coder?.failure == "its report cannot be read")
    }

    @Test func aCommandThatIsNotObeyedAndAKillThatNeverCameFail() throws {
        let disobedient = try script("echo '{\"port\":1}'; read line; echo '{\"ok\":false,\"error\":\"no\"}'; read line; echo '{\"sessions\":{}}'")
        var sink = try CoderSink(configuration(disobedient), directory: directory.path)
        sink.beginOutage(.seconds(1))
        #expect(sink.finish().coder?.failure?.hasPrefix("it did not obey") == true)
        let idle = try script("echo '{\"port\":1}'; read line; echo '{\"ok\":true}'; read line; echo '{\"ok\":true}'; read line; echo '{\"sessions\":{}}'")
        sink = try CoderSink(configuration(idle) { $0.killEvery = .seconds(1) }, directory: directory.path)
        sink.beginSending()
        sink.endSending()
        #expect(sink.finish().coder?.failure == "it had no session to kill")
    }
}
