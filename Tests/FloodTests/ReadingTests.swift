import Testing

@testable import Flood

/// What the flood reads: JSON lines, timestamps, the daemon's ledger, /proc.
struct ReadingTests {
    private func members(_ text: String) throws -> [String] {
        let bytes = Array(text.utf8)
        return try bytes.withUnsafeBufferPointer { bytes in
            var scanner = JSONScanner(bytes, range: 0..<bytes.count)
            var found: [String] = []
            try scanner.members { member throws(JSONScanner.Malformed) in
                found.append("\(String(decoding: bytes[member.key], as: UTF8.self))=\(String(decoding: bytes[member.value], as: UTF8.self)):\(member.kind)")
            }
            return found
        }
    }

    @Test func readsFlatAndNestedObjects() throws {
        #expect(try members("{}").isEmpty)
        #expect(try members(#"{"a":1, "b":"x\"y","c":true,"d":null,"e":{"f":[1,{"g":2}]},"h":-1.5e3}"#)
            == ["a=1:number", #"b=x\"y:string"#, "c=true:literal", "d=null:literal", #"e={"f":[1,{"g":2}]}:container"#, "h=-1.5e3:number"])
    }

    @Test(arguments: ["", "{", "[]", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{"a":1}x"#, #"{"a":"b}"#, #"{"a":tru}"#, #"{"a":"\"}"#, "{\"a\":\"\n\"}"])
    func refusesWhatIsNotAnObject(text: String) {
        #expect(throws: (any Error).self) { try members(text) }
    }

    @Test func nestingIsBounded() {
        let text = #"{"a":"# + String(repeating: "[", count: 100_000)
        #expect(throws: (any Error).self) { try members(text) }
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", UInt64(0)),
        ("2000-02-29T12:00:00.5Z", 951_825_600_500_000_000),
        ("2026-11-23T17:12:37.407669166Z", 1_795_453_957_407_669_166),
        ("2026-11-23T17:12:37.000000001Z", 1_795_453_957_000_000_001),
    ])
    func readsTimestamps(text: String, nanoseconds: UInt64) {
        let bytes = Array(text.utf8)
        #expect(bytes.withUnsafeBufferPointer { Timestamp.nanoseconds($0, 0..<$0.count) } == nanoseconds)
    }

    @Test(arguments: ["", "2026-11-23", "2026-11-23T17:12:37", "2026-11-23T17:12:37+01:00", "2026-13-23T17:12:37Z", "2026-11-23T17:12:37.Z", "2026-11-23T17:12:3xZ"])
    func refusesOtherTimestamps(text: String) {
        let bytes = Array(text.utf8)
        #expect(bytes.withUnsafeBufferPointer { Timestamp.nanoseconds($0, 0..<$0.count) } == nil)
    }

    @Test func findsTheFinalLedgerAmongTheMessages() throws {
        let text = """
            not JSON at all
            {"time":"2026-11-23T17:12:37Z","level":"notice","message":"listening","logs_received":"7"}
            {"time":"2026-11-23T17:12:38Z","level":"notice","message":"final ledger","logs_received":"300","logs_delivered":280,\
            "logs_dropped_buffer_full":"15","logs_dropped_shutdown":5,"logs_waiting":"0","logs_in_flight":"0","batches_received":30,"note":"x"}
            {"level":"info","message":"bye"}
            """
        let ledger = try #require(DaemonLedger(messages: Array(text.utf8)))
        #expect(ledger.logsReceived == 300)
        #expect(ledger.logsDelivered == 280)
        #expect(ledger.dropped == ["buffer_full": 15, "shutdown": 5])
        #expect(ledger.droppedSum == 20)
        #expect(ledger.batchesReceived == 30)
        #expect(ledger.clientDroppedChannelFull == nil)
        #expect(DaemonLedger(messages: Array("{\"message\":\"other\"}\n".utf8)) == nil)
    }

    @Test func readsMemoryFromProc() {
        let status = Array("Name:\tx\nVmHWM:\t   12345 kB\nRssAnon:\t     678 kB\n".utf8)
        #expect(ProcessFigures.number("VmHWM:", in: status) == 12345)
        #expect(ProcessFigures.number("RssAnon:", in: status) == 678)
        #expect(ProcessFigures.number("VmSwap:", in: status) == nil)
    }

    @Test func figuresReadWell() {
        #expect(Figures.grouped(1_234_567) == "1,234,567")
        #expect(Figures.grouped(-12) == "-12")
        #expect(Figures.fixed(3.14159, 2) == "3.14")
        #expect(Figures.fixed(0.056, 2) == "0.06")
        #expect(Figures.fixed(999.999, 2) == "1,000.00")
        #expect(Figures.microseconds(1500) == "1.50 ms")
    }

    @Test func writesJSONThatReadsBack() throws {
        var writer = JSONWriter()
        writer.add("a", 1)
        writer.add("b", 0.5)
        writer.add("c", "say \"x\"\n")
        writer.add("d", ["p", "q"])
        writer.add("e", true)
        #expect(try members(writer.text) == ["a=1:number", "b=0.5:number", #"c=say \"x\"\u000a:string"#, #"d=["p","q"]:container"#, "e=true:literal"])
    }
}
