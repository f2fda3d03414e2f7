import Testing
import Wire

@testable import wire_differential

struct RequestSliceTests {
    private let logs = (0..<4 as Range<UInt8>).map { bytesField(1, [0x20, $0]) }

    @Test func keepsTheOtherFieldsInEachHalf() {
        let session = stringField(2, "session")
        let unknown: [UInt8] = [0x2B, 0x08, 0x01, 0x2C]
        let request = logs[0] + session + logs[1] + unknown + logs[2] + logs[3]
        #expect(slice(request, logs: 0..<2) == logs[0] + session + logs[1] + unknown)
        #expect(slice(request, logs: 2..<4) == session + unknown + logs[2] + logs[3])
        #expect(slice(request, logs: 1..<2) == session + logs[1] + unknown)
        #expect(slice(request, logs: 0..<4) == request)
        #expect(slice(request, logs: 4..<4) == session + unknown)
    }

    @Test func neighboursAreOnePiece() {
        let request = logs.flatMap { $0 } + stringField(3, "p")
        #expect(RequestSlice.pieces(of: request.span.bytes, logs: 0..<4) == [0..<request.count])
        #expect(RequestSlice.pieces(of: request.span.bytes, logs: 0..<2) == [0..<8, 16..<request.count])
        #expect(RequestSlice.pieces(of: request.span.bytes, logs: 2..<4) == [8..<request.count])
    }
}
