internal import CLibUV

// How every handle of this module lives: its memory is out of line, since libuv keeps pointers into it; libuv holds +1 on the
// Swift owner from `adopt` to the close callback, which gives back both. Thus an open handle works without anyone else
// keeping its owner, and nothing is freed inside its own callback: libuv calls close callbacks at the end of a turn.

typealias AnyHandle = UnsafeMutablePointer<uv_handle_t>

enum HandleMemory {
    /// Memory for a handle, to be initialised by libuv.
    static func allocate<Handle>(_: Handle.Type) -> UnsafeMutablePointer<Handle> {
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: MemoryLayout<Handle>.size, alignment: MemoryLayout<Handle>.alignment)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: MemoryLayout<Handle>.size)
        return memory.assumingMemoryBound(to: Handle.self)
    }

    /// libuv takes its +1 on `owner`, after the handle's initialisation succeeded.
    static func adopt(_ handle: UnsafeMutablePointer<some Any>, owner: AnyObject) {
        any(handle).pointee.data = Unmanaged.passRetained(owner).toOpaque()
    }

    static func owner<Owner: AnyObject>(_ data: UnsafeMutableRawPointer?, as _: Owner.Type) -> Owner {
        Unmanaged<Owner>.fromOpaque(data!).takeUnretainedValue()
    }

    /// https://docs.libuv.org/en/v1.x/handle.html#c.uv_close
    static func close(_ handle: UnsafeMutablePointer<some Any>) {
        uv_close(any(handle)) { closed in
            guard let closed else { return }
            let owner = closed.pointee.data
            UnsafeMutableRawPointer(closed).deallocate()
            if let owner { Unmanaged<AnyObject>.fromOpaque(owner).release() }
        }
    }

    static func any(_ handle: UnsafeMutablePointer<some Any>) -> AnyHandle {
        UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)
    }

    /// For calls that can fail only through a bug of ours, such as starting a handle that is closing.
    static func require(_ code: Int32, _ call: StaticString) {
        precondition(code == 0, "\(call) failed: \(LoopError(code: code, attempt: "\(call)").reason)")
    }
}
