// One frame, as the reference client lays it out (field order included):
//
//     tag 8 bits, length 24 bits
//     [0A length]                              tag 2 only: the envelope's `logs`
//       0A length                              once per log
//         08 01                                only when allowed
//         12 length 08 seconds 10 nanos        nanos only when not 0
//         20 sequence                          only when not 0
//         1A length request                    copied from RequestVariants
//       12 24 session
//       1A 0B claude-code

/// Writes frames of logs; everything but time and sequence number is prepared beforehand.
struct MessageEncoder: Sendable {
    static let headerBytes = 4
    static let payloadBytesMax = 32768
    /// Frame header and envelope at their longest: the inner request is written behind this room, then they are laid in front of it.
    private static let frontRoomBytes = headerBytes + 1 + 3
    static let bufferBytes = frontRoomBytes + payloadBytesMax
    static let processName = Array("claude-code".utf8)

    private let fields: [UInt8]
    private let fieldEnds: [Int]
    private let allowed: [Bool]
    private let fieldBytesMax: Int

    init(urlBytes: Int, seed: UInt64) {
        let variants = RequestVariants(urlBytes: urlBytes, seed: seed)
        var fields: [UInt8] = []
        var ends: [Int] = []
        for variant in variants.variants {
            fields += variant.field
            ends.append(fields.count)
        }
        self.fields = fields
        fieldEnds = ends
        allowed = variants.variants.map(\.allowed)
        fieldBytesMax = variants.fieldBytesMax
    }

    /// The trailer of every request of one session: `session_id` and `confined_process_name`.
    static func trailer(_ session: SessionID) -> [UInt8] {
        var trailer: [UInt8] = []
        RequestVariants.append(session.text, asField: 2, to: &trailer)
        RequestVariants.append(processName, asField: 3, to: &trailer)
        return trailer
    }

    /// An upper bound of a payload with `logs` logs.
    func payloadBytesMax(logs: Int) -> Int {
        let logBytesMax = 4 + 2 + 2 + 17 + 6 + fieldBytesMax
        return logs * logBytesMax + 2 + SessionID.textBytes + 2 + Self.processName.count + 4
    }

    /// Writes a frame into `buffer` (at least `bufferBytes` long) and returns where in it the frame lies.
    /// `time`: nanoseconds since 1970, the same for all logs of the frame.
    func encode(
        tag: UInt8, trailer: [UInt8], firstSequence: Int32, logs: Int, time: UInt64,
        into buffer: UnsafeMutableRawBufferPointer
    ) -> Range<Int> {
        let base = buffer.baseAddress!.assumingMemoryBound(to: UInt8.self)
        var end = Self.frontRoomBytes

        var timeField: (UInt64, UInt64, UInt64) = (0, 0, 0)
        withUnsafeMutableBytes(of: &timeField) { timeBytes in
            let timePointer = timeBytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
            let timeCount = Self.writeTime(time, to: timePointer)
            fields.withUnsafeBufferPointer { fields in
                for offset in 0..<logs {
                    let sequence = firstSequence &+ Int32(truncatingIfNeeded: offset)
                    let variant = RequestVariants.index(forSequence: sequence)
                    let fieldStart = variant == 0 ? 0 : fieldEnds[variant - 1]
                    let fieldCount = fieldEnds[variant] - fieldStart
                    let sequenceCount = sequence == 0 ? 0 : 1 + Self.varintBytes(UInt64(UInt32(bitPattern: sequence)))
                    let logCount = (allowed[variant] ? 2 : 0) + timeCount + sequenceCount + fieldCount
                    base[end] = 0x0a
                    end = Self.writeVarint(UInt64(logCount), to: base, at: end + 1)
                    if allowed[variant] {
                        base[end] = 0x08
                        base[end + 1] = 1
                        end += 2
                    }
                    (base + end).update(from: timePointer, count: timeCount)
                    end += timeCount
                    if sequence != 0 {
                        base[end] = 0x20
                        end = Self.writeVarint(UInt64(UInt32(bitPattern: sequence)), to: base, at: end + 1)
                    }
                    (base + end).update(from: fields.baseAddress! + fieldStart, count: fieldCount)
                    end += fieldCount
                }
            }
        }
        trailer.withUnsafeBufferPointer { (base + end).update(from: $0.baseAddress!, count: $0.count) }
        end += trailer.count

        var start = Self.frontRoomBytes
        if tag == 2 {
            let innerCount = UInt64(end - start)
            start -= 1 + Self.varintBytes(innerCount)
            base[start] = 0x0a
            _ = Self.writeVarint(innerCount, to: base, at: start + 1)
        }
        start -= Self.headerBytes
        Self.writeHeader(tag: tag, length: end - start - Self.headerBytes, to: base + start)
        return start..<end
    }

    static func writeHeader(tag: UInt8, length: Int, to pointer: UnsafeMutablePointer<UInt8>) {
        pointer[0] = tag
        pointer[1] = UInt8(truncatingIfNeeded: length >> 16)
        pointer[2] = UInt8(truncatingIfNeeded: length >> 8)
        pointer[3] = UInt8(truncatingIfNeeded: length)
    }

    /// The `time` field of a log; at most 19 bytes.
    private static func writeTime(_ time: UInt64, to pointer: UnsafeMutablePointer<UInt8>) -> Int {
        let (seconds, nanos) = time.quotientAndRemainder(dividingBy: 1_000_000_000)
        var end = 2
        if seconds != 0 {
            pointer[end] = 0x08
            end = writeVarint(seconds, to: pointer, at: end + 1)
        }
        if nanos != 0 {
            pointer[end] = 0x10
            end = writeVarint(nanos, to: pointer, at: end + 1)
        }
        pointer[0] = 0x12
        pointer[1] = UInt8(end - 2)
        return end
    }

    private static func varintBytes(_ value: UInt64) -> Int {
        (70 - (value | 1).leadingZeroBitCount) / 7
    }

    private static func writeVarint(_ value: UInt64, to base: UnsafeMutablePointer<UInt8>, at offset: Int) -> Int {
        var value = value
        var end = offset
        while value > 127 {
            base[end] = UInt8(truncatingIfNeeded: value) | 0x80
            value >>= 7
            end += 1
        }
        base[end] = UInt8(value)
        return end + 1
    }
}
