internal import CZlib
internal import CZstd

/// Undoes a Content-Encoding. The sink is a peer of the daemon and not a part of it, so that it brings its own.
enum Decompressor {
    static let bytesMax = 256 << 20

    /// nil when the body is damaged, too long, or its encoding unknown.
    static func decode(_ body: [UInt8], encoding: String?) -> [UInt8]? {
        switch encoding {
        case nil, "", "identity": body
        case "gzip": gunzip(body)
        case "zstd": unzstd(body)
        default: nil
        }
    }

    private static func gunzip(_ body: [UInt8]) -> [UInt8]? {
        var stream = z_stream()
        // 15 bits of window, 16 for the gzip head.
        guard inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { return nil }
        defer { inflateEnd(&stream) }
        var output = [UInt8](repeating: 0, count: max(4096, body.count * 4))
        var input = body
        return input.withUnsafeMutableBufferPointer { input -> [UInt8]? in
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(input.count)
            var count = 0
            while true {
                let result = output.withUnsafeMutableBufferPointer { buffer -> Int32 in
                    stream.next_out = buffer.baseAddress! + count
                    stream.avail_out = UInt32(buffer.count - count)
                    let result = inflate(&stream, Z_NO_FLUSH)
                    count = buffer.count - Int(stream.avail_out)
                    return result
                }
                if result == Z_STREAM_END { return stream.avail_in == 0 ? Array(output[..<count]) : nil }
                guard result == Z_OK, stream.avail_out == 0, output.count < bytesMax else { return nil }
                output.append(contentsOf: repeatElement(0, count: output.count))
            }
        }
    }

    private static func unzstd(_ body: [UInt8]) -> [UInt8]? {
        guard let context = ZSTD_createDStream() else { return nil }
        defer { ZSTD_freeDStream(context) }
        var output = [UInt8](repeating: 0, count: max(4096, body.count * 4))
        return body.withUnsafeBytes { body -> [UInt8]? in
            var input = ZSTD_inBuffer(src: body.baseAddress, size: body.count, pos: 0)
            var count = 0
            while true {
                let left = output.withUnsafeMutableBytes { buffer -> Int in
                    var piece = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: count)
                    let left = ZSTD_decompressStream(context, &piece, &input)
                    count = piece.pos
                    return left
                }
                if ZSTD_isError(left) != 0 { return nil }
                if left == 0, input.pos == input.size { return Array(output[..<count]) }
                if count < output.count {
                    if input.pos == input.size { return nil }
                    continue
                }
                guard output.count < bytesMax else { return nil }
                output.append(contentsOf: repeatElement(0, count: output.count))
            }
        }
    }
}
