import Glibc
import Logging
import TestSupport
import Testing

@testable import BoundaryLogProxy

@Suite struct LoggingLineTests {
    private func line(_ message: String, _ metadata: [(String, String)] = [], level: Logger.Level = .warning) -> LogLine {
        LogLine(time: WallTime(seconds: 1_769_903_999, nanoseconds: 123_999_999), level: level, message: message, metadata: metadata.map { (key: $0.0, value: $0.1) })
    }

    @Test func text() {
        #expect(line("cannot deliver", [("attempts", "3"), ("error", "no route"), ("empty", "")]).text(isColoured: false)
            == "2026-01-31T23:59:59.123Z warning  cannot deliver attempts=3 error=\"no route\" empty=\"\"")
        #expect(line("x", level: .error).text(isColoured: true) == "2026-01-31T23:59:59.123Z \u{1B}[31merror\u{1B}[0m    x")
    }

    @Test func json() {
        #expect(line("a \"b\"\n", [("level", "x"), ("k", "\\\u{1}\u{7F}é")]).json
            == #"{"time":"2026-01-31T23:59:59.123Z","level":"warning","message":"a \"b\"\n","level_":"x","k":"\\\u0001\u007fé"}"#)
    }

    @Test(arguments: [(0, "1970-01-01T00:00:00.000Z"), (951_782_400, "2000-02-29T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.000Z"), (253_402_300_799, "9999-12-31T23:59:59.000Z")] as [(Int64, String)])
    func times(seconds: Int64, text: String) { #expect(WallTime(seconds: seconds, nanoseconds: 0).text == text) }

    @Test(arguments: ["a\nFORGED", "\r", "\u{1B}]0;x\u{7}", "\u{85}", "\u{2028}", "\u{2029}", "\u{202E}", "\u{9B}31m", "\0"])
    func nothingFromOutsideMakesALineOrSteersATerminal(text: String) {
        let line = line(text, [(text, text), ("k", "\" " + text)])
        for written in [line.text(isColoured: false), line.json] { #expect(!written.unicodeScalars.contains(where: Printable.isUnsafe), "\(written)") }
    }

    @Test func aValueCannotPoseAsAnother() {
        #expect(line("m", [("url", "x\" level=\"error")]).text(isColoured: false).hasSuffix(#" m url="x\" level=\"error""#))
        #expect(line("m", [("k=v x", "y")]).text(isColoured: false).hasSuffix(#" m "k=v x"=y"#))
    }

    @Test func linesAreBounded() {
        let long = String(repeating: "é", count: 100_000)
        let line = line(long, (0..<1000).map { ("k\($0)", long) })
        for written in [line.text(isColoured: false), line.json] {
            #expect(written.utf8.count < 2 * 65 * (LogLine.textMax + 100))
            #expect(written.contains("…"))
        }
    }

    @Test func oneLineForEachEventAndNoneBelowTheLevel() throws {
        let ends = try #require(ClosedOnExec.pipe())
        defer { close(ends.read) }
        var handler = StandardErrorLogHandler(LogSettings(level: .info, format: .json), fileDescriptor: ends.write)
        handler[metadataKey: "a"] = "1"
        let logger = Logger(label: "test") { [handler] _ in handler }
        logger.debug("hidden")
        logger.info("one", metadata: ["b": ["2", "x"]])
        logger.error("two", metadata: ["a": "3"])
        close(ends.write)
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(ends.read, &bytes, bytes.count)
        let lines = String(decoding: bytes[..<max(0, count)], as: UTF8.self).split(separator: "\n").map { String($0.drop { $0 != "," }) }
        #expect(lines == [#","level":"info","message":"one","a":"1","b":"[\"2\", \"x\"]"}"#, #","level":"error","message":"two","a":"3"}"#])
    }

    @Test(.enabled(if: access("/dev/ptmx", R_OK | W_OK) == 0, "a container without /dev/pts has no terminals"))
    func colourOnlyWhereItIsWanted() throws {
        var primary: Int32 = 0
        var terminal: Int32 = 0
        try #require(openpty(&primary, &terminal, nil, nil, nil) == 0)
        defer {
            close(primary)
            close(terminal)
        }
        #expect(StandardErrorLogHandler.wantsColour(environment: ["TERM": "xterm"], fileDescriptor: terminal))
        #expect(StandardErrorLogHandler.wantsColour(environment: ["NO_COLOR": ""], fileDescriptor: terminal))
        #expect(!StandardErrorLogHandler.wantsColour(environment: ["NO_COLOR": "1"], fileDescriptor: terminal))
        #expect(!StandardErrorLogHandler.wantsColour(environment: ["TERM": "dumb"], fileDescriptor: terminal))
        let null = open("/dev/null", O_WRONLY)
        defer { close(null) }
        #expect(!StandardErrorLogHandler.wantsColour(environment: [:], fileDescriptor: null))
    }
}
