extension HTTPReporterConfiguration.Header {
    /// Throws unless it can be a line of a request's head, and nothing but that line. `reserved`: lower-case names that are ours to set.
    func validate(reserved: Set<String>) throws(ReportingError) {
        let token = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
        }
        guard token, !name.isEmpty else {
            // Whoever forgot the colon wrote the secret here.
            throw .header("(not shown)", reason: "a name has letters, digits and !#$%&'*+-.^_`|~ only, and a colon after it")
        }
        guard !reserved.contains(name.lowercased()) else {
            throw .header(name, reason: "the proxy sets it itself")
        }
        guard !value.utf8.contains(where: { ($0 < 0x20 && $0 != 0x09) || $0 == 0x7F }) else {
            throw .header(name, reason: "its value holds control characters")
        }
    }

    static func validate(userAgent: String) throws(ReportingError) {
        guard !userAgent.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw .header("User-Agent", reason: "its value holds control characters")
        }
    }
}
