import Foundation
import Oracle
import TestSupport
import Wire

/// Everything that must hold of one payload, checked against swift-protobuf and the reference validator.
struct OracleComparison: ~Copyable {
    private(set) var accepted = 0
    private(set) var rejected = 0
    private(set) var logs = 0
    /// Payloads that swift-protobuf reads otherwise than Go, so that only the reference validator was asked.
    private(set) var divergent = 0
    private let verifier = FrameVerifier(streamBytesMax: 1 << 16)

    /// The first thing that is wrong with how `payload` is handled, or nil.
    mutating func fault(_ tag: FrameTag, _ payload: [UInt8], random: inout TestRandom) -> String? {
        if let difference = verifier.firstDifference(FrameVerifier.frame(tag.rawValue, payload)) { return "frames: \(difference)" }
        let result = BoundaryScan.scan(tag, payload)
        let isAccepted = if case .invalid = result { false } else { true }
        let reference = ReferenceValidator.verdict(tag, payload)
        if isAccepted != reference.isValid { return "scan: \(result), reference: \(reference.isValid)" }
        if isAccepted { accepted += 1 } else { rejected += 1 }

        if !reference.divergences.isEmpty {
            divergent += 1
            if case .logs(let scanned) = result { return readerFault(scanned, BoundaryScan.copy(scanned, of: payload)) }
            return nil
        }
        let message: OracleMessage?
        switch tag {
        case .message: message = ProtobufOracle.message(payload)
        case .logs:
            message = ProtobufOracle.request(payload).map { request in
                var message = OracleMessage()
                message.logs = request
                return message
            }
        }
        guard let message else { return isAccepted ? "accepted, swift-protobuf refuses" : nil }
        switch (result, message.msg) {
        case (.invalid, _): return "\(result), swift-protobuf accepts"
        case (.status(let channelFull, let batchFull), .status(let status)?):
            let same = status.droppedChannelFull == channelFull && status.droppedBatchFull == batchFull
            return same ? nil : "status \(channelFull) \(batchFull), swift-protobuf: \(status)"
        case (.logs(let scanned), .logs(let request)?):
            return requestFault(scanned, BoundaryScan.copy(scanned, of: payload), request, &random)
        case (.empty, nil): return nil
        case (.empty, .logs(let request)?): return request.logs.isEmpty ? nil : "empty, swift-protobuf has logs"
        default: return "\(result), swift-protobuf: \(message)"
        }
    }

    private mutating func requestFault(
        _ scanned: ScannedRequest, _ request: [UInt8], _ expected: OracleRequest, _ random: inout TestRandom
    ) -> String? {
        logs += expected.logs.count
        if scanned.logCount != expected.logs.count { return "log count \(scanned.logCount), swift-protobuf: \(expected.logs.count)" }
        guard let forwarded = ProtobufOracle.request(request), forwarded == expected else { return "forwarded bytes decode otherwise" }
        if !request[scanned.sessionID].elementsEqual(expected.sessionID.utf8) { return "session" }
        if !request[scanned.processName].elementsEqual(expected.confinedProcessName.utf8) { return "process name" }
        let numbers = expected.logs.map(\.sequenceNumber)
        let isContiguous = zip(numbers, numbers.dropFirst()).allSatisfy { $0 &+ 1 == $1 }
        if scanned.firstSequenceNumber != numbers.first || scanned.isSequenceContiguous != isContiguous { return "sequence numbers" }
        if let fault = readerFault(scanned, request) { return fault }
        if let fault = jsonFault(scanned, request, expected) { return fault }

        let cut = random.below(scanned.logCount + 1)
        let halves = [0..<cut, cut..<scanned.logCount]
        let decoded = halves.compactMap { ProtobufOracle.request(slice(request, logs: $0)) }
        for (half, range) in zip(decoded, halves) {
            var wanted = expected
            wanted.logs = Array(expected.logs[range])
            if half != wanted { return "slice \(range): \(half)" }
        }
        return decoded.count == 2 ? nil : "a slice does not decode"
    }

    private func readerFault(_ scanned: ScannedRequest, _ request: [UInt8]) -> String? {
        let count = readLogs(request).count
        return count == scanned.logCount ? nil : "reader: \(count) logs, scan: \(scanned.logCount)"
    }

    private func jsonFault(_ scanned: ScannedRequest, _ request: [UInt8], _ expected: OracleRequest) -> String? {
        let text = jsonLines(request, sessionID: scanned.sessionID, processName: scanned.processName)
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"))
        if lines.count != expected.logs.count { return "\(lines.count) lines" }
        for (line, log) in zip(lines, expected.logs) {
            guard var object = try? JSONSerialization.jsonObject(with: Data(line)) as? [String: NSObject] else { return "not JSON: \(line)" }
            let wanted = Self.json(log, expected)
            // JSONSerialization rounds integers of this size to what a Double holds; the line must have it exactly.
            if wanted["time_seconds"] != nil, object["time_seconds"] != nil, text.contains("\"time_seconds\":\(log.time.seconds),") {
                object["time_seconds"] = wanted["time_seconds"]
            }
            // JSONSerialization drops a byte order mark at the start of a string; the line must have it.
            if object != wanted, !text.unicodeScalars.contains("\u{FEFF}") || !Self.equalButForMarks(object, wanted) { return "JSON \(object), wanted \(wanted)" }
        }
        return nil
    }

    private static func equalButForMarks(_ left: [String: NSObject], _ right: [String: NSObject]) -> Bool {
        func withoutMarks(_ value: NSObject) -> NSObject {
            guard let text = value as? NSString else { return value }
            return text.replacingOccurrences(of: "\u{FEFF}", with: "", options: .literal, range: NSRange(location: 0, length: text.length)) as NSString
        }
        return left.mapValues(withoutMarks) == right.mapValues(withoutMarks)
    }

    /// The JSON line's values, from swift-protobuf's fields and the C library's calendar.
    private static func json(_ log: OracleLog, _ request: OracleRequest) -> [String: NSObject] {
        func text(_ value: String) -> NSObject { value.isEmpty ? NSNull() : NSString(string: value) }
        var object: [String: NSObject] = [
            "time": NSNull(), "allowed": NSNumber(value: log.allowed), "method": text(log.httpRequest.method),
            "url": text(log.httpRequest.url), "matched_rule": text(log.httpRequest.matchedRule), "session_id": text(request.sessionID),
            "sequence_number": NSNumber(value: log.sequenceNumber), "confined_process_name": text(request.confinedProcessName),
        ]
        guard log.hasTime else { return object }
        let (seconds, nanos) = (log.time.seconds, log.time.nanos)
        guard -62_135_596_800...253_402_300_799 ~= seconds, 0...999_999_999 ~= nanos else {
            object["time_seconds"] = NSNumber(value: seconds)
            object["time_nanos"] = NSNumber(value: nanos)
            return object
        }
        var clock = time_t(seconds)
        var parts = tm()
        gmtime_r(&clock, &parts)
        func padded(_ value: Int, _ width: Int) -> String {
            String(repeating: "0", count: max(0, width - String(value).count)) + String(value)
        }
        let date = "\(padded(Int(parts.tm_year) + 1900, 4))-\(padded(Int(parts.tm_mon) + 1, 2))-\(padded(Int(parts.tm_mday), 2))"
        let clockTime = "\(padded(Int(parts.tm_hour), 2)):\(padded(Int(parts.tm_min), 2)):\(padded(Int(parts.tm_sec), 2))"
        object["time"] = NSString(string: "\(date)T\(clockTime).\(padded(Int(nanos), 9))Z")
        return object
    }
}
