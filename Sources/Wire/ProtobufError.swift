/// Why a payload is not a message that Go's `proto.Unmarshal` would take.
public enum ProtobufError: UInt8, Error, Equatable, Sendable, CaseIterable {
    /// A field, or an unknown group, that its message ends inside of.
    case truncated
    /// A varint of more than ten bytes or more than 64 bits.
    case varintTooLong
    /// Field number 0, or one past 2²⁹-1 (inside an unknown group: past 2³¹-1).
    case invalidFieldNumber
    /// Wire type 6 or 7.
    case invalidWireType
    /// The end of a group that is not the innermost open one.
    case unmatchedEndGroup
    /// More than 10,001 unknown groups inside each other.
    case nestingTooDeep
    /// A `string` field that Go's `utf8.Valid` refuses.
    case invalidUTF8
}
