internal import CZstd

/// https://facebook.github.io/zstd/zstd_manual.html
final class ZstdCompressor: BodyCompressor {
    private let context: OpaquePointer

    init() {
        guard let context = ZSTD_createCCtx() else { preconditionFailure("ZSTD_createCCtx: out of memory") }
        self.context = context
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 1)
    }

    deinit {
        ZSTD_freeCCtx(context)
    }

    func compress(_ pieces: [UnsafeRawBufferPointer], into output: inout [UInt8]) -> Int {
        let total = pieces.reduce(0) { $0 + $1.count }
        ZSTD_CCtx_reset(context, ZSTD_reset_session_only)
        ZSTD_CCtx_setPledgedSrcSize(context, UInt64(total))
        output.grow(to: ZSTD_compressBound(total))
        return output.withUnsafeMutableBytes { output in
            var destination = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
            for piece in pieces {
                var source = ZSTD_inBuffer(src: piece.baseAddress, size: piece.count, pos: 0)
                while source.pos < source.size { step(&destination, &source, ZSTD_e_continue) }
            }
            var nothing = ZSTD_inBuffer(src: nil, size: 0, pos: 0)
            while step(&destination, &nothing, ZSTD_e_end) != 0 {}
            return destination.pos
        }
    }

    /// The output is as large as it can get, so that no step can fail but by a bug.
    @discardableResult private func step(
        _ destination: inout ZSTD_outBuffer, _ source: inout ZSTD_inBuffer, _ directive: ZSTD_EndDirective
    ) -> Int {
        let rest = ZSTD_compressStream2(context, &destination, &source, directive)
        precondition(ZSTD_isError(rest) == 0, "ZSTD_compressStream2: \(String(cString: ZSTD_getErrorName(rest)))")
        return rest
    }
}
