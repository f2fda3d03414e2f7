/// An invariant that did not hold.
public struct Violation: Error, CustomStringConvertible {
    public var description: String

    init(_ description: String) { self.description = description }
}

func require(_ condition: Bool, _ text: @autoclosure () -> String) throws(Violation) {
    if !condition { throw Violation(text()) }
}
