/// The HTTP requests that the flood's logs tell of. A log's sequence number says which of them it carries, so that the sink can
/// tell a log that arrived damaged. Encoded once, copied into every message.
struct RequestVariants: Sendable {
    /// Prime to the period of 3 in which requests are denied.
    static let count = 16
    static let urlBytesMin = 24

    struct Variant: Sendable {
        var allowed: Bool
        var method: [UInt8]
        var url: [UInt8]
        /// Empty when denied.
        var matchedRule: [UInt8]
        /// The `http_request` field, key and length included.
        var field: [UInt8]
    }

    let variants: [Variant]

    init(urlBytes: Int, seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789-_/".utf8)
        variants = (0..<Self.count).map { number in
            let allowed = number % 3 != 2
            let method = Array((number % 5 == 4 ? "POST" : "GET").utf8)
            let rule = allowed ? Array("domain=*.example.com".utf8) : []
            var url = Array("https://api.example.com/".utf8.prefix(urlBytes))
            while url.count < urlBytes { url.append(letters[Int(generator.next() % UInt64(letters.count))]) }
            var body: [UInt8] = []
            Self.append(method, asField: 1, to: &body)
            Self.append(url, asField: 2, to: &body)
            if allowed { Self.append(rule, asField: 3, to: &body) }
            var field: [UInt8] = []
            Self.append(body, asField: 3, to: &field)
            return Variant(allowed: allowed, method: method, url: url, matchedRule: rule, field: field)
        }
    }

    static func index(forSequence sequence: Int32) -> Int { Int(sequence) & (count - 1) }

    var fieldBytesMax: Int { variants.map(\.field.count).max()! }

    static func append(_ bytes: [UInt8], asField number: UInt8, to output: inout [UInt8]) {
        output.append(number << 3 | 2)
        var length = bytes.count
        while length > 127 {
            output.append(UInt8(truncatingIfNeeded: length) | 0x80)
            length >>= 7
        }
        output.append(UInt8(length))
        output += bytes
    }
}
