internal import CZlib

/// https://zlib.net/manual.html
final class GzipCompressor: BodyCompressor {
    /// Out of line: zlib keeps a pointer to it.
    private let stream: UnsafeMutablePointer<z_stream>

    init() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 + 16: the largest window, and a gzip header.
        let code = deflateInit2_(
            stream, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(code == Z_OK, "deflateInit2: \(code)")
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    func compress(_ pieces: [UnsafeRawBufferPointer], into output: inout [UInt8]) -> Int {
        deflateReset(stream)
        let total = pieces.reduce(0) { $0 + $1.count }
        output.grow(to: Int(deflateBound(stream, UInt(total))))
        return output.withUnsafeMutableBufferPointer { output in
            stream.pointee.next_out = output.baseAddress
            stream.pointee.avail_out = UInt32(clamping: output.count)
            for piece in pieces where !piece.isEmpty {
                let bytes = piece.assumingMemoryBound(to: UInt8.self).baseAddress
                stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes)
                stream.pointee.avail_in = UInt32(clamping: piece.count)
                deflate(stream, Z_NO_FLUSH)
            }
            stream.pointee.avail_in = 0
            let code = deflate(stream, Z_FINISH)
            precondition(code == Z_STREAM_END, "deflate: \(code)")
            return output.count - Int(stream.pointee.avail_out)
        }
    }
}
