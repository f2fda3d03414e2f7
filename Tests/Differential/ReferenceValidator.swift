import Wire

/// Go's `proto.Unmarshal` for the two messages, written down as plainly as possible and sharing nothing with `Wire`.
/// Besides the verdict it notes where swift-protobuf is known to read the same bytes differently (Tests/Oracle/README.md).
struct ReferenceValidator {
    struct Divergence: OptionSet {
        let rawValue: UInt8
        /// swift-protobuf takes a varint whose tenth byte is over 1.
        static let tenthVarintByte = Divergence(rawValue: 1)
        /// swift-protobuf refuses message-level tags of more than five bytes (padded ones).
        static let paddedTag = Divergence(rawValue: 2)
        /// swift-protobuf refuses field numbers past 2²⁹-1 inside groups.
        static let largeNumberInGroup = Divergence(rawValue: 4)
        /// swift-protobuf stops at 100 levels of messages and groups.
        static let deepNesting = Divergence(rawValue: 8)
    }

    private struct Invalid: Error {}
    private enum Kind { case message, request, log, time, httpRequest, status, string }

    private let bytes: [UInt8]
    private var position = 0
    private(set) var divergences: Divergence = []

    /// Whether Go takes `payload`, and which divergences were met up to the end or the first fault.
    static func verdict(_ tag: FrameTag, _ payload: [UInt8]) -> (isValid: Bool, divergences: Divergence) {
        var validator = ReferenceValidator(bytes: payload)
        let isValid = (try? validator.fields(tag == .logs ? .request : .message, end: payload.count)) != nil
        return (isValid, validator.divergences)
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func fields(_ kind: Kind, end: Int) throws {
        while position < end {
            let start = position
            let tag = try varint(end)
            if position - start > 5 { divergences.insert(.paddedTag) }
            guard tag >> 3 >= 1, tag >> 3 < 1 << 29 else { throw Invalid() }
            if tag & 7 == 2, let inner = Self.child(of: kind, number: tag >> 3) {
                let length = try varint(end)
                guard length <= UInt64(end - position) else { throw Invalid() }
                let valueEnd = position + Int(length)
                if inner == .string {
                    guard String(validating: bytes[position..<valueEnd], as: UTF8.self) != nil else { throw Invalid() }
                    position = valueEnd
                } else {
                    try fields(inner, end: valueEnd)
                }
            } else {
                try unknown(tag, end: end, depth: 1)
            }
        }
    }

    private static func child(of kind: Kind, number: UInt64) -> Kind? {
        switch (kind, number) {
        case (.message, 1): .request
        case (.message, 2): .status
        case (.request, 1): .log
        case (.request, 2), (.request, 3): .string
        case (.log, 2): .time
        case (.log, 3): .httpRequest
        case (.httpRequest, 1...3): .string
        default: nil
        }
    }

    /// Also stands for known scalars: Go reads and skips them alike.
    private mutating func unknown(_ tag: UInt64, end: Int, depth: Int) throws {
        switch tag & 7 {
        case 0: _ = try varint(end)
        case 1: try advance(8, end)
        case 2:
            let length = try varint(end)
            guard length <= UInt64(end - position) else { throw Invalid() }
            position += Int(length)
        case 3:
            if depth > 90 { divergences.insert(.deepNesting) }
            guard depth <= 10_001 else { throw Invalid() }
            while true {
                let inner = try varint(end)
                guard inner >> 3 >= 1, inner >> 3 < 1 << 31 else { throw Invalid() }
                if inner >> 3 >= 1 << 29 { divergences.insert(.largeNumberInGroup) }
                if inner & 7 == 4 {
                    guard inner >> 3 == tag >> 3 else { throw Invalid() }
                    return
                }
                try unknown(inner, end: end, depth: depth + 1)
            }
        case 5: try advance(4, end)
        default: throw Invalid()
        }
    }

    private mutating func advance(_ count: Int, _ end: Int) throws {
        guard end - position >= count else { throw Invalid() }
        position += count
    }

    private mutating func varint(_ end: Int) throws -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<10 {
            guard position < end else { throw Invalid() }
            let byte = bytes[position]
            position += 1
            if index == 9, byte > 1 {
                divergences.insert(.tenthVarintByte)
                throw Invalid()
            }
            value |= UInt64(byte & 0x7F) << UInt64(7 * index)
            if byte < 0x80 { return value }
        }
        throw Invalid()
    }
}
