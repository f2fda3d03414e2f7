import Testing
import Wire

@testable import Flood

struct BadFrameTests {
    private let fixture = EncoderFixture(urlBytes: 60)

    @Test(arguments: [1, 2] as [UInt8])
    func invalidProtobufIsAWholeFrameThatNoDecoderTakes(tag: UInt8) throws {
        var generator = SeededGenerator(seed: 3)
        var errors: Set<ProtobufError> = []
        for _ in 0..<400 {
            let frame = fixture.badFrame(.invalidProtobuf, tag: tag, using: &generator)
            guard case .frame(let found, let range) = fixture.firstStep(frame) else {
                Issue.record("not a whole frame")
                return
            }
            #expect(found.rawValue == tag)
            #expect(range.upperBound == frame.count)
            let payload = Array(frame[range])
            guard case .invalid(let error) = BoundaryScan.scan(found, payload.span.bytes) else {
                Issue.record("taken as valid: \(frame)")
                return
            }
            errors.insert(error)
        }
        // All kinds of damage come up, or the flood would be milder than it says.
        #expect(errors.isSuperset(of: [.truncated, .varintTooLong, .invalidFieldNumber, .invalidWireType, .unmatchedEndGroup, .invalidUTF8]))
    }

    @Test(arguments: [BadFrame.unknownTag, .lengthOver])
    func fatalFramesFailTheFraming(kind: BadFrame) {
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<400 {
            let frame = fixture.badFrame(kind, tag: 2, using: &generator)
            switch (kind, fixture.firstStep(frame)) {
            case (.unknownTag, .failed(.unknownTag)), (.lengthOver, .failed(.payloadTooLong)): break
            case (_, let step): Issue.record("\(step)")
            }
        }
    }

    @Test func aTruncatedFrameIsNeverWhole() {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<400 {
            let frame = fixture.badFrame(.truncated, tag: 2, using: &generator)
            #expect(!frame.isEmpty)
            #expect(fixture.firstStep(frame) == .needMoreBytes)
        }
    }
}
