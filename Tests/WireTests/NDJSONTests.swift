import Testing
import Wire

@testable import wire_differential

struct NDJSONTests {
    private func time(_ seconds: Int64, _ nanos: Int32) -> [UInt8] {
        bytesField(2, [0x08] + varint(UInt64(bitPattern: seconds)) + [0x10] + varint(UInt64(bitPattern: Int64(nanos))))
    }

    @Test func aFullLog() {
        let http = stringField(1, "GET") + stringField(2, "https://a.io/x?q=1") + stringField(3, "domain=*.a.io")
        let log = bytesField(1, [0x08, 0x01] + time(1_795_447_957, 414_790_379) + bytesField(3, http) + [0x20, 0x2A])
        let request = stringField(2, "s-1") + stringField(3, "claude") + log
        #expect(jsonLines(request, sessionID: 2..<5, processName: 7..<13) == #"""
            {"time":"2026-11-23T15:32:37.414790379Z","allowed":true,"method":"GET","url":"https://a.io/x?q=1","matched_rule":"domain=*.a.io","session_id":"s-1","sequence_number":42,"confined_process_name":"claude"}

            """#)
    }

    @Test func anEmptyLogHasTheSameEightKeys() {
        #expect(jsonLines(bytesField(1, [])) == #"""
            {"time":null,"allowed":false,"method":null,"url":null,"matched_rule":null,"session_id":null,"sequence_number":0,"confined_process_name":null}

            """#)
    }

    @Test func textIsEscapedMinimally() {
        let url = "\"\\/\u{8}\u{9}\u{A}\u{C}\u{D}\u{0}\u{1F}\u{7F}é\u{2028}😀"
        let line = jsonLines(bytesField(1, bytesField(3, stringField(2, url))))
        #expect(line.contains(#""url":"\"\\/\b\t\n\f\r\u0000\u001f\#u{7F}é\#u{2028}😀","#))
    }

    @Test func everyCharacterIsEscapedOrNotAtEveryPlace() {
        // Relative to steps of 8 and 16 bytes, at either end of the string, and with what is not of the string behind it.
        for value in UInt8.min...0x7F {
            let character = String(UnicodeScalar(value))
            let escaped = switch value {
            case 0x22: #"\""#
            case 0x5C: #"\\"#
            case 0x08: #"\b"#
            case 0x09: #"\t"#
            case 0x0A: #"\n"#
            case 0x0C: #"\f"#
            case 0x0D: #"\r"#
            case ..<0x10: #"\u000"# + String(value, radix: 16)
            case ..<0x20: #"\u001"# + String(value - 0x10, radix: 16)
            default: character
            }
            for count in 0..<36 {
                for before in [0, 1, 7, 8, 15, 16, count / 2, count] where before <= count {
                    let (start, end) = (String(repeating: "é", count: before), String(repeating: "!", count: count - before))
                    let line = jsonLines(bytesField(1, bytesField(3, stringField(1, start + character + end) + stringField(3, "\u{1}"))))
                    if !line.contains("\"method\":\"\(start)\(escaped)\(end)\",") { Issue.record("\(value) after \(before) of \(count): \(line)") }
                }
            }
        }
    }

    @Test(arguments: [
        (0, 0, "1970-01-01T00:00:00.000000000Z"), (-1, 999_999_999, "1969-12-31T23:59:59.999999999Z"),
        (951_782_399, 0, "2000-02-28T23:59:59.000000000Z"), (951_782_400, 1, "2000-02-29T00:00:00.000000001Z"),
        (951_868_800, 0, "2000-03-01T00:00:00.000000000Z"), (4_107_542_400, 0, "2100-03-01T00:00:00.000000000Z"),
        (4_107_542_399, 0, "2100-02-28T23:59:59.000000000Z"), (1_735_689_599, 0, "2024-12-31T23:59:59.000000000Z"),
        (-62_135_596_800, 0, "0001-01-01T00:00:00.000000000Z"), (253_402_300_799, 999_999_999, "9999-12-31T23:59:59.999999999Z"),
    ] as [(Int64, Int32, String)])
    func times(seconds: Int64, nanos: Int32, text: String) {
        #expect(jsonLines(bytesField(1, time(seconds, nanos))).hasPrefix(#"{"time":"\#(text)","allowed":"#))
    }

    @Test(arguments: [
        (-62_135_596_801, 0), (253_402_300_800, 0), (.max, .max), (.min, .min), (0, -1), (0, 1_000_000_000),
    ] as [(Int64, Int32)])
    func aTimeOutOfRangeKeepsItsNumbers(seconds: Int64, nanos: Int32) {
        #expect(jsonLines(bytesField(1, time(seconds, nanos))).hasPrefix(
            #"{"time":null,"time_seconds":\#(seconds),"time_nanos":\#(nanos),"allowed":"#))
    }

    @Test func onlyTheLogsAskedFor() {
        let request = (0..<5 as Range<UInt8>).flatMap { bytesField(1, [0x20, $0]) }
        func numbers(_ logs: Range<Int>?) -> [String] {
            jsonLines(request, logs: logs).split(separator: "\n").map { line in
                String(line.split(separator: "\"sequence_number\":")[1].prefix(1))
            }
        }
        #expect(numbers(nil) == ["0", "1", "2", "3", "4"])
        #expect(numbers(1..<3) == ["1", "2"])
        #expect(numbers(4..<9) == ["4"])
        #expect(numbers(2..<2) == [])
    }

    @Test func extremeSequenceNumbers() {
        for (number, text) in [(Int32.min, "-2147483648"), (.max, "2147483647"), (-1, "-1"), (10, "10"), (100, "100")] {
            let log = bytesField(1, [0x20] + varint(UInt64(bitPattern: Int64(number))))
            #expect(jsonLines(log).contains("\"sequence_number\":\(text),"))
        }
    }
}
