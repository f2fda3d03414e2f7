/// Reads JSON (RFC 8259), all of it and nothing else. Nesting is bounded, so no input can use up the stack.
public struct JSONReader {
    public static let depthMax = 64

    private struct Invalid: Error {}

    private let bytes: [UInt8]
    private var position = 0

    /// `nil` for what is not one JSON text in UTF-8, and for nesting deeper than `depthMax`.
    public static func read(_ bytes: [UInt8]) -> JSONValue? {
        guard String(validating: bytes, as: UTF8.self) != nil else { return nil }
        var reader = JSONReader(bytes: bytes)
        guard let value = try? reader.value(depth: 0) else { return nil }
        reader.skipSpace()
        return reader.position == bytes.count ? value : nil
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard current == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ text: StaticString) throws(Invalid) {
        let rest = bytes[position...]
        guard text.withUTF8Buffer({ unsafe rest.starts(with: $0) }) else { throw Invalid() }
        position += text.utf8CodeUnitCount
    }

    private mutating func value(depth: Int) throws(Invalid) -> JSONValue {
        if depth > Self.depthMax { throw Invalid() }
        skipSpace()
        switch current {
        case UInt8(ascii: "{"): return .object(try members(depth: depth))
        case UInt8(ascii: "["): return .array(try elements(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "n"):
            try expect("null")
            return .null
        case UInt8(ascii: "t"):
            try expect("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try expect("false")
            return .bool(false)
        default: return .number(try number())
        }
    }

    private mutating func members(depth: Int) throws(Invalid) -> [JSONValue.Member] {
        try expect("{")
        var members: [JSONValue.Member] = []
        skipSpace()
        if take("}") { return members }
        while true {
            skipSpace()
            let name = try string()
            skipSpace()
            try expect(":")
            members.append(.init(name: name, value: try value(depth: depth + 1)))
            skipSpace()
            if take("}") { return members }
            try expect(",")
        }
    }

    private mutating func elements(depth: Int) throws(Invalid) -> [JSONValue] {
        try expect("[")
        var elements: [JSONValue] = []
        skipSpace()
        if take("]") { return elements }
        while true {
            elements.append(try value(depth: depth + 1))
            skipSpace()
            if take("]") { return elements }
            try expect(",")
        }
    }

    private mutating func number() throws(Invalid) -> String {
        let start = position
        _ = take("-")
        if !take("0") { try digits() }
        if take(".") { try digits() }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            try digits()
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func digits() throws(Invalid) {
        let start = position
        while let byte = current, (48...57).contains(byte) { position += 1 }
        if position == start { throw Invalid() }
    }

    private mutating func string() throws(Invalid) -> String {
        try expect("\"")
        var text: [UInt8] = []
        while let byte = current {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): text += Array(String(try escape()).utf8)
            case 0..<0x20: throw Invalid()
            default: text.append(byte)
            }
        }
        throw Invalid()
    }

    private mutating func escape() throws(Invalid) -> Unicode.Scalar {
        guard let byte = current else { throw Invalid() }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): break
        default: throw Invalid()
        }
        let high = try hexadecimal()
        if let scalar = Unicode.Scalar(high) { return scalar }
        guard high < 0xDC00 else { throw Invalid() }
        try expect("\\u")
        let low = try hexadecimal()
        guard (0xDC00...0xDFFF).contains(low), let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)) else { throw Invalid() }
        return scalar
    }

    private mutating func hexadecimal() throws(Invalid) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { throw Invalid() }
            value = value << 4 + UInt32(digit)
            position += 1
        }
        return value
    }
}
