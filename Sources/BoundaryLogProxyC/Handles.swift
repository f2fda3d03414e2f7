import CBoundaryLogProxy
import EventLoop

/// What a handle of the C API stands for.
protocol HandleTarget: AnyObject, Sendable {
    /// In the highest byte of its handles: 1 to 127.
    static var kind: UInt { get }
    /// The handle's type in C.
    static var typeName: String { get }
}

/// All live handles of the process. From any thread.
///
/// A handle is a number in the shape of a pointer:
///
///     | kind: 8 bits | serial number: 52 bits | 0: 4 bits |
///
/// It points to nothing (no process has memory at such an address), and a serial number is never used again. So what is freed, or of another type, is
/// found out whatever the host does.
enum Handles {
    private struct Table {
        var last: UInt = 0
        var targets: [UInt: any HandleTarget] = [:]
    }
    private static let table = Lock(Table())

    static func issue<Target: HandleTarget>(_ target: Target) -> OpaquePointer {
        let bits = table.withLock { table in
            table.last += 1
            let bits = Target.kind << 56 | table.last << 4
            table.targets[bits] = target
            return bits
        }
        guard let handle = OpaquePointer(bitPattern: bits) else { preconditionFailure("a handle is never NULL") }
        return handle
    }

    static func target<Target: HandleTarget>(_ handle: OpaquePointer?, as type: Target.Type, _ argument: String) throws(APIError) -> Target {
        guard let handle else { throw .isNull(argument) }
        let bits = UInt(bitPattern: handle)
        let found = table.withLock { $0.targets[bits] }
        if let found = found as? Target { return found }
        if bits >> 56 == Target.kind { throw APIError(BLP_E_INVALID, "\(argument) was freed") }
        throw APIError(BLP_E_INVALID, "\(argument) is not a \(Target.typeName)")
    }

    /// Makes the handle invalid for good; false when another thread has done so.
    static func revoke(_ handle: OpaquePointer) -> Bool {
        // Freed outside of the lock.
        table.withLock { $0.targets.removeValue(forKey: UInt(bitPattern: handle)) } != nil
    }
}
