/// Skips fields as Go's `protowire.ConsumeFieldValue` does.
/// https://pkg.go.dev/google.golang.org/protobuf/encoding/protowire#ConsumeFieldValue
enum FieldSkip {
    /// At message level; inside an unknown group Go takes numbers up to `groupFieldNumberMax`.
    static var fieldNumberMax: UInt64 { 1 << 29 - 1 }
    static var groupFieldNumberMax: UInt64 { 1 << 31 - 1 }
    /// Go's `protowire.DefaultRecursionLimit` counts the outermost group as level 0.
    static var groupNestingMax: Int { 10_001 }

    /// The position after the value of the field `tag` whose value starts at `position`.
    @inline(never)
    static func skip(_ tag: UInt64, _ bytes: RawSpan, from position: Int, end: Int) throws(ProtobufError) -> Int {
        let number = tag &>> 3
        guard number >= 1, number <= fieldNumberMax else { throw .invalidFieldNumber }
        switch tag & 7 {
        case 3: return try skipGroup(UInt32(truncatingIfNeeded: number), bytes, from: position, end: end)
        case 4: throw .unmatchedEndGroup
        default: return try skipScalar(tag, bytes, from: position, end: end)
        }
    }

    /// Varints, fixed-size and length-delimited values.
    @inline(__always)
    private static func skipScalar(
        _ tag: UInt64, _ bytes: RawSpan, from position: Int, end: Int
    ) throws(ProtobufError) -> Int {
        var cursor = FieldCursor(from: position, to: end, of: bytes)
        switch tag & 7 {
        case 0:
            _ = try cursor.varint(in: bytes)
        case 1:
            guard end &- position >= 8 else { throw .truncated }
            return position &+ 8
        case 2:
            _ = try cursor.lengthDelimited(in: bytes)
        case 5:
            guard end &- position >= 4 else { throw .truncated }
            return position &+ 4
        default:
            throw .invalidWireType
        }
        return cursor.position
    }

    /// Iterative, because how deep groups nest is the client's choice and the stack is ours. Shallow nesting needs no heap.
    @inline(never)
    private static func skipGroup(
        _ outermost: UInt32, _ bytes: RawSpan, from position: Int, end: Int
    ) throws(ProtobufError) -> Int {
        var openGroups = GroupStack()
        openGroups.push(outermost)
        var cursor = FieldCursor(from: position, to: end, of: bytes)
        while true {
            let tag = try cursor.varint(in: bytes)
            let number = tag &>> 3
            guard number >= 1, number <= groupFieldNumberMax else { throw .invalidFieldNumber }
            switch tag & 7 {
            case 3:
                guard openGroups.count < groupNestingMax else { throw .nestingTooDeep }
                openGroups.push(UInt32(truncatingIfNeeded: number))
            case 4:
                guard openGroups.top == number else { throw .unmatchedEndGroup }
                openGroups.pop()
                if openGroups.count == 0 { return cursor.position }
            default:
                cursor.position = try skipScalar(tag, bytes, from: cursor.position, end: end)
            }
        }
    }
}

/// The field numbers of the open groups, innermost last. At most `FieldSkip.groupNestingMax`, 40 kB.
private struct GroupStack {
    private static var inlineCount: Int { 16 }
    private var shallow = InlineArray<16, UInt32>(repeating: 0)
    private var deep: [UInt32] = []
    private(set) var count = 0

    var top: UInt32 { count <= Self.inlineCount ? shallow[count - 1] : deep[count - 1 - Self.inlineCount] }

    mutating func push(_ number: UInt32) {
        if count < Self.inlineCount { shallow[count] = number } else { deep.append(number) }
        count += 1
    }

    mutating func pop() {
        if count > Self.inlineCount { deep.removeLast() }
        count -= 1
    }
}
