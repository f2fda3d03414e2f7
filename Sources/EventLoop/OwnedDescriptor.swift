internal import Glibc

/// Closes its descriptor when it goes away, unless somebody took it.
final class OwnedDescriptor {
    private(set) var value: Int32

    init(_ value: Int32) {
        self.value = value
    }

    deinit {
        if value >= 0 { Glibc.close(value) }
    }

    func take() -> Int32 {
        precondition(value >= 0, "the descriptor was taken before")
        defer { value = -1 }
        return value
    }
}
