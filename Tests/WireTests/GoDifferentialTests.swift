import Foundation
import TestSupport
import Testing
import Wire

@testable import wire_differential

/// The scan against the reference itself: Go's `proto.Unmarshal`, where Debian's golang-go and golang-google-protobuf-dev are installed.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/go")
    && FileManager.default.fileExists(atPath: "/usr/share/gocode/src/google.golang.org/protobuf/proto")))
struct GoDifferentialTests {
    private enum Answer: Equatable {
        case invalid, empty
        case logs([UInt8])
        case status(Int64, Int64)
    }

    @Test func readsWhatGoReads() throws {
        var inputs = Differential.Inputs(seed: TestSeed.current, shard: 200)
        var questions = (0..<30_000).map { _ in inputs.next() }.map { ($0.tag, $0.payload) }
        questions += Self.corners.map { (.logs, $0) }
        let verifying = questions.map { BoundaryScan.scan($0.0, $0.1) }
        // What we would forward is asked about too: Go must read the same from it.
        let forwarded = zip(questions, verifying).map { question, result -> (FrameTag, [UInt8]) in
            if case .logs(let scanned) = result { (.logs, BoundaryScan.copy(scanned, of: question.1)) } else { (.logs, []) }
        }
        let answers = try Self.ask(questions + forwarded)
        try #require(answers.count == 2 * questions.count)
        var accepted = 0
        for (number, result) in verifying.enumerated() {
            let question = questions[number]
            let answer = answers[number]
            var agrees = false
            switch (result, answer) {
            case (.invalid, .invalid), (.empty, .empty): agrees = true
            case (.status(let channelFull, let batchFull), .status(let first, let second)): agrees = channelFull == first && batchFull == second
            case (.logs(let scanned), .logs(let canonical)):
                guard case .logs(let again) = BoundaryScan.scan(.logs, canonical) else { break }
                let ours = jsonLines(forwarded[number].1, sessionID: scanned.sessionID, processName: scanned.processName)
                agrees = answers[questions.count + number] == answer && again.logCount == scanned.logCount
                    && ours == jsonLines(canonical, sessionID: again.sessionID, processName: again.processName)
            default: break
            }
            if answer != .invalid { accepted += 1 }
            if !agrees {
                Issue.record("BLP_TEST_SEED=\(TestSeed.current) input \(number): \(result), Go: \(answer)\ntag \(question.0) payload \(question.1.prefix(2000))")
                return
            }
        }
        print("Go differential: BLP_TEST_SEED=\(TestSeed.current): \(questions.count) payloads, \(accepted) accepted")
    }

    /// Where decoders like to differ, at each side of the limit.
    private static var corners: [[UInt8]] {
        func nested(_ depth: Int) -> [UInt8] { [UInt8](repeating: 0x2B, count: depth) + [UInt8](repeating: 0x2C, count: depth) }
        let nine = [UInt8](repeating: 0x80, count: 9)
        return [
            nested(10_001), nested(10_002), [0x28] + nine + [1], [0x28] + nine + [2], [0xF8, 0xFF, 0xFF, 0xFF, 0x0F, 0], [0x80, 0x80, 0x80, 0x80, 0x10, 0],
            [0x2B, 0xF8, 0xFF, 0xFF, 0xFF, 0x3F, 0x00, 0x2C], [0x2B, 0x80, 0x80, 0x80, 0x80, 0x40, 0x00, 0x2C], [0x8A] + nine.dropLast() + [0, 0],
            bytesField(2, [0xED, 0xA0, 0x80]), bytesField(2, [0xF4, 0x90, 0x80, 0x80]), bytesField(2, [0xEF, 0xBB, 0xBF]), bytesField(1, bytesField(3, bytesField(2, [0xC0, 0x80]))),
        ]
    }

    private static func ask(_ questions: [(FrameTag, [UInt8])]) throws -> [Answer] {
        let directory = TemporaryDirectory()
        var input = Data()
        for (tag, payload) in questions {
            input.append(tag.rawValue)
            withUnsafeBytes(of: UInt32(payload.count).bigEndian) { input.append(contentsOf: $0) }
            input.append(contentsOf: payload)
        }
        let files = ["in", "out"].map { URL(fileURLWithPath: directory.path).appending(path: $0) }
        try input.write(to: files[0])
        _ = FileManager.default.createFile(atPath: files[1].path, contents: nil)

        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/go")
        process.arguments = ["run", "oracle/verdicts"]
        let workspace = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(path: "Oracle/Go").path
        var environment = ProcessInfo.processInfo.environment
        environment["GO111MODULE"] = "off"
        environment["GOPATH"] = "\(workspace):/usr/share/gocode"
        process.environment = environment
        process.standardInput = try FileHandle(forReadingFrom: files[0])
        process.standardOutput = try FileHandle(forWritingTo: files[1])
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return parse([UInt8](try Data(contentsOf: files[1])))
    }

    private static func parse(_ bytes: [UInt8]) -> [Answer] {
        var position = 0
        func number(_ byteCount: Int) -> UInt64 {
            defer { position += byteCount }
            return bytes[position..<position + byteCount].reduce(0) { $0 << 8 | UInt64($1) }
        }
        var answers: [Answer] = []
        while position < bytes.count {
            switch number(1) {
            case 0: answers.append(.invalid)
            case 1:
                let length = Int(number(4))
                answers.append(.logs(Array(bytes[position..<position + length])))
                position += length
            case 2: answers.append(.status(Int64(bitPattern: number(8)), Int64(bitPattern: number(8))))
            default: answers.append(.empty)
            }
        }
        return answers
    }
}
