import Foundation
import TestSupport
import Testing
import Wire

@testable import wire_differential

/// Socket bytes recorded from boundary's own codec, with what they mean.
struct VectorTests {
    private static func file(_ name: String) throws -> [UInt8] {
        let url = try #require(Bundle.module.url(forResource: "Vectors", withExtension: nil))
        return [UInt8](try Data(contentsOf: url.appending(path: name)))
    }

    @Test(arguments: [1, 2])
    func recordedBytesMeanWhatTheyShould(tag: Int) throws {
        let stream = try Self.file("boundary-tag\(tag).bin")
        let expected = try Self.file("boundary-tag\(tag).expected.jsonl").split(separator: UInt8(ascii: "\n")).map {
            try #require(try JSONSerialization.jsonObject(with: Data($0)) as? [String: Any])
        }
        let verifier = FrameVerifier(streamBytesMax: stream.count)
        let outcome = verifier.decode(stream, firstReadEnd: stream.count)
        #expect(outcome.end == .betweenFrames)
        try #require(outcome.frames.count == expected.count)
        #expect(verifier.firstDifference(stream) == nil)

        for (frame, wanted) in zip(outcome.frames, expected) {
            let payload = Array(stream[frame.payload])
            #expect(Int(frame.tag.rawValue) == wanted["tag"] as? Int)
            #expect(payload.count == wanted["length"] as? Int)
            switch BoundaryScan.scan(frame.tag, payload) {
            case .logs(let scanned):
                let logs = try #require(wanted["logs"] as? [String: Any])
                let request = BoundaryScan.copy(scanned, of: payload)
                #expect(String(decoding: request[scanned.sessionID], as: UTF8.self) == logs["session_id"] as? String ?? "")
                #expect(String(decoding: request[scanned.processName], as: UTF8.self) == logs["confined_process_name"] as? String ?? "")
                try expect(readLogs(request), of: request, toBe: #require(logs["logs"] as? [[String: Any]]))
                #expect(scanned.logCount == readLogs(request).count)
            case .status(let channelFull, let batchFull):
                let status = try #require(wanted["status"] as? [String: Any])
                #expect(status["dropped_channel_full"] as? Int64 ?? 0 == channelFull)
                #expect(status["dropped_batch_full"] as? Int64 ?? 0 == batchFull)
            case .empty, .invalid: Issue.record("frame \(frame)")
            }
        }
    }

    private func expect(_ logs: [LogView], of request: [UInt8], toBe wanted: [[String: Any]]) throws {
        try #require(logs.count == wanted.count)
        for (log, wanted) in zip(logs, wanted) {
            func text(_ range: Range<Int>) -> String { String(decoding: request[range], as: UTF8.self) }
            let time = try #require(wanted["time"] as? [String: Any])
            #expect(log.allowed == wanted["allowed"] as? Bool)
            #expect(Int(log.sequenceNumber) == wanted["sequence_number"] as? Int)
            #expect(log.seconds == time["seconds"] as? Int64)
            #expect(log.nanos == time["nanos"] as? Int32)
            #expect(text(log.method) == wanted["method"] as? String)
            #expect(text(log.url) == wanted["url"] as? String)
            #expect(text(log.matchedRule) == wanted["matched_rule"] as? String ?? "")
        }
    }
}
