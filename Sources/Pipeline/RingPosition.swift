public struct RingPosition: Comparable, Hashable, Sendable {
    public var value: UInt64
    @inlinable public init(_ value: UInt64) { self.value = value }
    @inlinable public static func < (a: RingPosition, b: RingPosition) -> Bool { a.value < b.value }
}
