/// The bytes that simulated clients write.
enum Message {
    /// A serialised `ReportBoundaryLogsRequest`. Two sessions share an id and differ in their process; the first has neither, as old clients do.
    static func request(_ range: LogRange, urlBytes: Int) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(range.numbers.count * (urlBytes + 32) + 32)
        for number in range.numbers {
            let numberBytes = varintBytes(number)
            let httpBytes = 5 + 1 + varintBytes(urlBytes) + urlBytes
            let logBytes = 2 + 1 + varintBytes(httpBytes) + httpBytes + 1 + numberBytes
            out.append(0x0a)
            append(varint: logBytes, to: &out)
            out += [0x08, 1, 0x1a]
            append(varint: httpBytes, to: &out)
            out += [0x0a, 3, 0x47, 0x45, 0x54, 0x12]
            append(varint: urlBytes, to: &out)
            out.append(contentsOf: repeatElement(UInt8(ascii: "a") + UInt8(number % 26), count: urlBytes))
            out.append(0x20)
            append(varint: number, to: &out)
        }
        guard range.session > 0 else { return out }
        append(0x12, Array("s\(range.session / 2)".utf8), to: &out)
        append(0x1a, Array("p\(range.session)".utf8), to: &out)
        return out
    }

    /// What a request of `request(_:urlBytes:)` holds, whole or less some of its logs; nil when it is none.
    static func logs(in request: UnsafeRawBufferPointer) -> LogRange? {
        var reader = MessageReader(request)
        var numbers: Range<Int>?
        var session = 0
        while let tag = reader.byte() {
            guard let count = reader.varint(), let field = reader.bytes(count) else { return nil }
            switch tag {
            case 0x0a:
                guard let number = number(ofLog: field) else { return nil }
                guard let before = numbers else {
                    numbers = number..<number + 1
                    continue
                }
                guard before.upperBound == number else { return nil }
                numbers = before.lowerBound..<number + 1
            case 0x12: continue
            case 0x1a:
                guard field.first == UInt8(ascii: "p"), let named = Int(String(decoding: field.dropFirst(), as: UTF8.self)) else { return nil }
                session = named
            default: return nil
            }
        }
        return numbers.map { LogRange(session: session, numbers: $0) }
    }

    private static func number(ofLog log: UnsafeRawBufferPointer) -> Int? {
        var reader = MessageReader(log)
        guard reader.bytes(2) != nil, reader.byte() == 0x1a, let count = reader.varint(), let http = reader.bytes(count) else { return nil }
        guard reader.byte() == 0x20, let number = reader.varint(), reader.byte() == nil else { return nil }
        let letter = UInt8(ascii: "a") + UInt8(number % 26)
        guard http.count == 7 || http.last == letter else { return nil }
        return number
    }

    static func envelope(_ request: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        append(0x0a, request, to: &out)
        return out
    }

    static let status: [UInt8] = [0x12, 2, 0x08, 7]

    static func frame(_ tag: UInt8, _ payload: [UInt8]) -> [UInt8] {
        [tag, UInt8(payload.count >> 16 & 0xFF), UInt8(payload.count >> 8 & 0xFF), UInt8(payload.count & 0xFF)] + payload
    }

    private static func append(_ tag: UInt8, _ bytes: [UInt8], to out: inout [UInt8]) {
        out.append(tag)
        append(varint: bytes.count, to: &out)
        out += bytes
    }

    private static func append(varint value: Int, to out: inout [UInt8]) {
        var value = value
        while value >= 0x80 {
            out.append(UInt8(value & 0x7f | 0x80))
            value >>= 7
        }
        out.append(UInt8(value))
    }

    private static func varintBytes(_ value: Int) -> Int { value < 0x80 ? 1 : value < 0x4000 ? 2 : 3 }
}
