/// A secret token as a file holds it.
enum TokenFile {
    /// Longer ones do not fit into a request's head anywhere.
    static let bytesMax = 16 << 10

    static func read(_ path: String) throws(ReportingError) -> String {
        let bytes = try ReadableFile.read(path, purpose: "token file", bytesMax: bytesMax)
        let token = trimmed(bytes)
        guard !token.isEmpty else { throw .file(purpose: "token file", path: path, reason: "it is empty") }
        guard isOneWord(token) else {
            throw .file(purpose: "token file", path: path, reason: "it holds more than one word, or characters that are not ASCII")
        }
        return String(decoding: token, as: UTF8.self)
    }

    /// A token from elsewhere, held to the same. `source`: what an error calls it.
    static func check(_ text: String, source: String) throws(ReportingError) -> String {
        let token = trimmed(Array(text.utf8))
        guard !token.isEmpty else { throw .contradiction("\(source) is empty") }
        guard token.count <= bytesMax else { throw .contradiction("\(source) is longer than \(bytesMax) bytes") }
        guard isOneWord(token) else { throw .contradiction("\(source) holds more than one word, or characters that are not ASCII") }
        return String(decoding: token, as: UTF8.self)
    }

    private static func trimmed(_ bytes: [UInt8]) -> [UInt8] {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
        return bytes.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
    }

    /// Also what keeps a token from adding headers.
    private static func isOneWord(_ token: some Sequence<UInt8>) -> Bool { token.allSatisfy { $0 > 0x20 && $0 < 0x7F } }
}
