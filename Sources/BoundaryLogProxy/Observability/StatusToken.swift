/// What a reader of audit data on a port has to know: 256 random bits, made at each start and written nowhere but to the daemon's own messages.
struct StatusToken {
    /// 43 characters of base64url.
    let text: String

    init() { text = Self.random(byteCount: 32) }

    /// By `Authorization: Bearer …`. How long it takes does not depend on where the two differ.
    func admits(_ authorization: String?) -> Bool {
        guard let authorization else { return false }
        let words = authorization.split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0].lowercased() == "bearer" else { return false }
        let (given, wanted) = (Array(words[1].utf8), Array(text.utf8))
        guard given.count == wanted.count else { return false }
        var difference: UInt8 = 0
        for index in wanted.indices { difference |= given[index] ^ wanted[index] }
        return difference == 0
    }

    /// Random bytes of the system, fit for secrets, as base64url without padding.
    /// https://developer.apple.com/documentation/swift/systemrandomnumbergenerator
    static func random(byteCount: Int) -> String {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<byteCount).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var text: [UInt8] = []
        var (bits, bitCount) = (0, 0)
        for byte in bytes {
            (bits, bitCount) = (bits << 8 | Int(byte), bitCount + 8)
            while bitCount >= 6 {
                bitCount -= 6
                text.append(alphabet[bits >> bitCount & 63])
            }
            bits &= 0xFF
        }
        if bitCount > 0 { text.append(alphabet[bits << (6 - bitCount) & 63]) }
        return String(decoding: text, as: UTF8.self)
    }
}
