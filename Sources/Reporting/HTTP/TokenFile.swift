/// A secret token as a file holds it.
enum TokenFile {
    /// Longer ones do not fit into a request's head anywhere.
    static let bytesMax = 16 << 10

    static func read(_ path: String) throws(ReportingError) -> String {
        let bytes = try ReadableFile.read(path, purpose: "token file", bytesMax: bytesMax)
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
        let token = bytes.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
        guard !token.isEmpty else { throw .file(purpose: "token file", path: path, reason: "it is empty") }
        guard isOneWord(token) else {
            throw .file(purpose: "token file", path: path, reason: "it holds more than one word, or characters that are not ASCII")
        }
        return String(decoding: token, as: UTF8.self)
    }

    /// A token from elsewhere, held to the same.
    static func check(_ token: String) throws(ReportingError) -> String {
        guard !token.isEmpty, token.utf8.count <= bytesMax, isOneWord(token.utf8) else {
            throw .contradiction("the token is empty, longer than \(bytesMax) bytes, more than one word, or has characters that are not ASCII")
        }
        return token
    }

    /// Also what keeps a token from adding headers.
    private static func isOneWord(_ token: some Sequence<UInt8>) -> Bool { token.allSatisfy { $0 > 0x20 && $0 < 0x7F } }
}
