import Testing

@testable import Wire
@testable import wire_differential

/// Each rule of docs/protocol.md by a payload made for it.
struct BoundaryScanTests {
    /// Bytes → verdict, read as an unknown-free `ReportBoundaryLogsRequest`.
    private func verdict(_ payload: [UInt8]) -> ProtobufError? {
        if case .invalid(let error) = BoundaryScan.scan(.logs, payload) { error } else { nil }
    }

    // MARK: Every ProtobufError

    @Test func truncated() {
        #expect(verdict([0x0A]) == .truncated)
        #expect(verdict([0x0A, 0x05, 0x08]) == .truncated)
        #expect(verdict([0x0A, 0x01, 0x08]) == .truncated)
        #expect(verdict([0x0A, 0x80]) == .truncated)
        #expect(verdict([0x2D, 1, 2, 3]) == .truncated)
        #expect(verdict([0x29, 1, 2, 3, 4, 5, 6, 7]) == .truncated)
        #expect(verdict([0x2B, 0x08, 0x01]) == .truncated)
        #expect(verdict([0x12, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]) == .truncated)
        // A length that only the enclosing payload, not the enclosing message, has the bytes for.
        #expect(verdict([0x0A, 0x02, 0x1A, 0x05, 0x12, 0x03, 0x61, 0x62, 0x63]) == .truncated)
        // A varint that ends past its message.
        #expect(verdict([0x0A, 0x02, 0x08, 0x80, 0x01, 0x12, 0, 0x12, 0, 0x12, 0]) == .truncated)
    }

    @Test func varintTooLong() {
        let nine = [UInt8](repeating: 0x80, count: 9)
        #expect(verdict([0x28] + nine + [0x01]) == nil)
        #expect(verdict([0x28] + nine + [0x02]) == .varintTooLong)
        #expect(verdict([0x28] + nine + [0x81, 0x00]) == .varintTooLong)
        #expect(verdict([0x28] + nine) == .truncated)
        // The same for tags and lengths.
        #expect(verdict([0xA8] + [UInt8](repeating: 0x80, count: 8) + [0x02, 0x00]) == .varintTooLong)
        #expect(verdict([0x12] + nine + [0x7F]) == .varintTooLong)
    }

    @Test func invalidFieldNumber() {
        #expect(verdict([0x00, 0x00]) == .invalidFieldNumber)
        #expect(verdict([0x02, 0x00]) == .invalidFieldNumber)
        #expect(verdict([0x80, 0x00, 0x00]) == .invalidFieldNumber)
        // 2²⁹-1 is the largest, 2²⁹ is not.
        #expect(verdict([0xF8, 0xFF, 0xFF, 0xFF, 0x0F, 0x00]) == nil)
        #expect(verdict([0x80, 0x80, 0x80, 0x80, 0x10, 0x00]) == .invalidFieldNumber)
        // Inside a group Go goes up to 2³¹-1.
        #expect(verdict([0x2B, 0xF8, 0xFF, 0xFF, 0xFF, 0x3F, 0x00, 0x2C]) == nil)
        #expect(verdict([0x2B, 0x80, 0x80, 0x80, 0x80, 0x40, 0x00, 0x2C]) == .invalidFieldNumber)
        #expect(verdict([0x2B, 0x00, 0x00, 0x2C]) == .invalidFieldNumber)
    }

    @Test(arguments: [6, 7] as [UInt8])
    func invalidWireType(wireType: UInt8) {
        #expect(verdict([5 << 3 | wireType, 0]) == .invalidWireType)
        #expect(verdict([1 << 3 | wireType, 0]) == .invalidWireType)
        #expect(verdict([0x2B, 5 << 3 | wireType, 0, 0x2C]) == .invalidWireType)
    }

    @Test func unmatchedEndGroup() {
        #expect(verdict([0x2C]) == .unmatchedEndGroup)
        #expect(verdict([0x0C]) == .unmatchedEndGroup)
        #expect(verdict([0x2B, 0x34]) == .unmatchedEndGroup)
        #expect(verdict([0x2B, 0x33, 0x2C, 0x34]) == .unmatchedEndGroup)
        #expect(verdict([0x2B, 0x33, 0x34, 0x2C]) == nil)
        // A group does not end outside of the message that it began in.
        #expect(verdict([0x0A, 0x01, 0x2B, 0x2C]) == .truncated)
    }

    @Test func nestingTooDeep() {
        func nested(_ depth: Int) -> [UInt8] {
            [UInt8](repeating: 0x2B, count: depth) + [UInt8](repeating: 0x2C, count: depth)
        }
        for depth in [1, 15, 16, 17, 18, 100, 101, 10_000, 10_001] { #expect(verdict(nested(depth)) == nil) }
        #expect(verdict(nested(10_002)) == .nestingTooDeep)
        #expect(verdict([UInt8](repeating: 0x2B, count: 32_768)) == .nestingTooDeep)
        // The bound is on depth, not on how many groups there are.
        #expect(verdict([UInt8](repeating: 0, count: 16_000).flatMap { _ in [0x2B, 0x2C] as [UInt8] }) == nil)
        // Different numbers on the way down must come back in order, past the shallow part too.
        let numbers = (0..<200).map { UInt8(5 + $0 % 10) }
        let ladder = numbers.map { $0 << 3 | 3 } + numbers.reversed().map { $0 << 3 | 4 }
        #expect(verdict(ladder) == nil)
        var broken = ladder
        broken.swapAt(300, 301)
        #expect(verdict(broken) == .unmatchedEndGroup)
    }

    @Test(arguments: [
        [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xE0, 0x9F, 0xBF], [0xE0, 0xA0], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x8F, 0xBF, 0xBF],
        [0xF0, 0x90, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xE2, 0x28, 0xA1], [0xF0, 0x90, 0x28, 0xBC], [0xF0, 0x90, 0x80, 0x28],
    ] as [[UInt8]])
    func invalidUTF8(fault: [UInt8]) {
        // At every place relative to steps of 8, 16 and 64 bytes, in every string field, also when a later value replaces it.
        for before in 0..<100 {
            for after in [0, 1, 7, 8, 15, 16, 20, 70] {
                let text = [UInt8](repeating: 0x61, count: before) + fault + [UInt8](repeating: 0x61, count: after)
                #expect(verdict(bytesField(2, text)) == .invalidUTF8)
                #expect(verdict(bytesField(3, text) + stringField(3, "good")) == .invalidUTF8)
                for field in 1...3 as ClosedRange<UInt8> {
                    #expect(verdict(bytesField(1, bytesField(3, bytesField(field, text)))) == .invalidUTF8)
                }
                #expect(verdict(bytesField(5, text)) == nil)
            }
        }
    }

    @Test func validUTF8AtItsLimits() {
        for text in ["\u{80}\u{7FF}", "\u{800}\u{D7FF}\u{E000}\u{FFFF}", "\u{10000}\u{10FFFF}", "\u{0}\u{7F}", "aaaaaaa\u{10FFFF}aaaaaaaaaaaaaaaé"] {
            for padding in 0..<100 {
                #expect(verdict(stringField(2, String(repeating: "x", count: padding) + text)) == nil)
                #expect(verdict(stringField(2, text + String(repeating: "x", count: padding))) == nil)
            }
        }
    }

    /// Times as they are usually written are told from others by the bytes that make them so: each of those is given each value.
    @Test func timesWithAnyByteChanged() {
        for (seconds, nanos) in [(5, 5), (5, 4), (5, 3), (5, 6), (4, 5), (6, 4), (4, 6), (10, 1)] {
            func varint(_ count: Int) -> [UInt8] { [UInt8](repeating: 0x81, count: count - 1) + [0x01] }
            let time = [0x08] + varint(seconds) + [0x10] + varint(nanos)
            #expect(verdict(bytesField(1, bytesField(2, time))) == nil)
            for position in time.indices {
                for value in UInt8.min...UInt8.max {
                    var changed = time
                    changed[position] = value
                    // At the payload's end, and with other bytes behind it that would complete what is cut.
                    for log in [bytesField(1, bytesField(2, changed)), bytesField(1, bytesField(2, changed) + [0x20, 0x01])] {
                        let isValid = ReferenceValidator.verdict(.logs, log).isValid
                        if (verdict(log) == nil) != isValid { Issue.record("\(changed) is \(isValid ? "valid" : "invalid")") }
                    }
                }
            }
        }
    }

    // MARK: The envelope

    private let oneLog = bytesField(1, [0x08, 0x01])
    private let twoLogs = bytesField(1, [0x20, 0x01]) + bytesField(1, [])

    @Test func emptyPayloads() {
        #expect(BoundaryScan.scan(.logs, []) == .empty)
        #expect(BoundaryScan.scan(.message, []) == .empty)
        #expect(BoundaryScan.scan(.message, bytesField(1, [])) == .empty)
        #expect(BoundaryScan.scan(.message, bytesField(1, stringField(2, "s"))) == .empty)
        #expect(BoundaryScan.scan(.message, bytesField(2, [])) == .status(droppedChannelFull: 0, droppedBatchFull: 0))
    }

    @Test func oneEnvelopeIsOnePiece() {
        let request = oneLog + stringField(2, "session") + stringField(3, "claude")
        let expected = ScannedRequest(logCount: 1, byteCount: request.count, piece: 2..<2 + request.count, sessionID: 6..<13, processName: 15..<21)
        #expect(BoundaryScan.scan(.message, bytesField(1, request)) == .logs(expected))
        var bare = expected
        bare.piece = 0..<request.count
        #expect(BoundaryScan.scan(.logs, request) == .logs(bare))
    }

    @Test(arguments: [
        ([0], 0, true), ([0, 1, 2], 0, true), ([7, 8], 7, true), ([7, 9], 7, false), ([0, 0], 0, false), ([1, 0], 1, false), ([1, 2, 4], 1, false),
        ([.max, .min, .min + 1], .max, true), ([-1, 0, 1], -1, true),
    ] as [([Int32], Int32, Bool)])
    func sequenceNumbers(numbers: [Int32], first: Int32, isContiguous: Bool) {
        let logs = numbers.map { bytesField(1, $0 == 0 ? [] : [0x20] + varint(UInt64(bitPattern: Int64($0)))) }
        let request = Array(logs.joined())
        var envelopes = [bytesField(1, request)]
        // The same in several pieces, and with another request before, which a status clears.
        for cut in 0...logs.count {
            envelopes.append(bytesField(1, Array(logs[..<cut].joined())) + bytesField(1, Array(logs[cut...].joined())))
            envelopes.append(bytesField(1, bytesField(1, [0x20, 5])) + bytesField(2, []) + envelopes.last!)
        }
        for payload in envelopes {
            guard case .logs(let scanned) = BoundaryScan.scan(.message, payload) else {
                Issue.record("not logs: \(payload)")
                continue
            }
            #expect(scanned.firstSequenceNumber == first && scanned.isSequenceContiguous == isContiguous, "\(payload)")
        }
        // The last value of a repeated scalar stays.
        guard case .logs(let scanned) = BoundaryScan.scan(.logs, bytesField(1, [0x20, 9, 0x20, 3]) + bytesField(1, [0x20, 4])) else { return }
        #expect(scanned.firstSequenceNumber == 3 && scanned.isSequenceContiguous)
    }

    @Test func repeatedLogsMerge() throws {
        let first = oneLog + stringField(2, "first") + stringField(3, "process")
        let second = stringField(2, "second") + twoLogs
        let payload = bytesField(1, first) + bytesField(1, []) + bytesField(1, second)
        guard case .logs(let scanned) = BoundaryScan.scan(.message, payload) else { Issue.record("no logs"); return }
        let request = BoundaryScan.copy(scanned, of: payload)
        #expect(request == first + second)
        #expect(scanned.piece == nil)
        #expect(scanned.logCount == 3)
        #expect(String(decoding: request[scanned.sessionID], as: UTF8.self) == "second")
        #expect(String(decoding: request[scanned.processName], as: UTF8.self) == "process")
    }

    @Test func statusClearsLogsAndLogsClearStatus() throws {
        let status = bytesField(2, [0x08, 0x03])
        #expect(BoundaryScan.scan(.message, bytesField(1, oneLog) + status) == .status(droppedChannelFull: 3, droppedBatchFull: 0))
        let payload = bytesField(1, twoLogs + stringField(2, "cleared")) + status + bytesField(1, oneLog) + bytesField(9, [1])
        guard case .logs(let scanned) = BoundaryScan.scan(.message, payload) else { Issue.record("no logs"); return }
        #expect(scanned.logCount == 1)
        #expect(scanned.sessionID.isEmpty)
        #expect(BoundaryScan.copy(scanned, of: payload) == oneLog)
        let split = payload + bytesField(1, twoLogs)
        guard case .logs(let merged) = BoundaryScan.scan(.message, split) else { Issue.record("no logs"); return }
        #expect(merged.piece == nil)
        #expect(BoundaryScan.copy(merged, of: split) == oneLog + twoLogs)
        // What was cleared must be valid all the same.
        #expect(BoundaryScan.scan(.message, bytesField(1, [0x08]) + status) == .invalid(.truncated))
    }

    @Test func statusesMerge() {
        let negative = [0x10] + [UInt8](repeating: 0xFF, count: 9) + [0x01]
        let payload = bytesField(2, [0x08, 0x03, 0x08, 0x05]) + bytesField(2, negative)
        #expect(BoundaryScan.scan(.message, payload) == .status(droppedChannelFull: 5, droppedBatchFull: -1))
    }

    @Test func everyPrefixOfAValidPayloadIsJudgedWithoutATrap() {
        let log = bytesField(1, [0x08, 0x01] + bytesField(2, [0x08, 0x80, 0x01]) + bytesField(3, stringField(2, "https://é.example/")))
        let payload = bytesField(1, log + stringField(2, "session")) + bytesField(2, [0x08, 1])
        for count in 0...payload.count {
            _ = BoundaryScan.scan(.message, Array(payload[..<count]))
            _ = BoundaryScan.scan(.logs, Array(payload[count...]))
            #expect(readLogs(Array(log[..<min(count, log.count)])).count <= 1)
        }
    }
}
