/// Makes text from outside fit for logs: known secrets and user info masked, control characters made harmless, its length bounded.
struct Redaction {
    static let mask = "***"
    /// Of a response body.
    static let excerptCharactersMax = 200
    /// Shorter ones are no secrets, and masking every "1" would spoil the text.
    static let secretBytesMin = 4

    private var secrets: [[UInt8]] = []

    init() {}

    mutating func hide(_ secret: String?) {
        guard let secret, secret.utf8.count >= Self.secretBytesMin else { return }
        let bytes = Array(secret.utf8)
        guard !secrets.contains(bytes) else { return }
        secrets.append(bytes)
        // The longest first: a secret may begin with another.
        secrets.sort { $0.count > $1.count }
    }

    /// Hides a header's value, and each word of it that is long enough to be one: "Bearer SECRET" is echoed as SECRET.
    mutating func hide(headerValue value: String) {
        hide(value)
        for word in value.split(whereSeparator: { " ,;=\t".contains($0) }) where word.utf8.count >= 8 { hide(String(word)) }
    }

    /// One line of at most 200 characters. `isCut`: more followed, so that its end may be the beginning of a secret.
    func excerpt(_ bytes: some Collection<UInt8>, isCut: Bool = false) -> String {
        oneLine(String(decoding: withoutSecrets(Array(bytes), isCut: isCut), as: UTF8.self))
    }

    /// The same for libcurl's messages, in which anything before an @ is taken for user info.
    func excerpt(message: String) -> String {
        excerpt(Self.withoutUserInfo(message).utf8)
    }

    private func withoutSecrets(_ bytes: [UInt8], isCut: Bool) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        var rest = bytes[...]
        scanning: while let byte = rest.first {
            for secret in secrets {
                if rest.starts(with: secret) {
                    output += Self.mask.utf8
                    rest = rest.dropFirst(secret.count)
                    continue scanning
                }
                if isCut, rest.count >= Self.secretBytesMin, secret.starts(with: rest) {
                    output += Self.mask.utf8
                    break scanning
                }
            }
            output.append(byte)
            rest = rest.dropFirst()
        }
        return output
    }

    private func oneLine(_ text: String) -> String {
        var output = String.UnicodeScalarView()
        var count = 0
        for scalar in text.unicodeScalars {
            guard count < Self.excerptCharactersMax else { break }
            let shown: Unicode.Scalar =
                switch scalar.properties.generalCategory {
                // Format characters can turn a line around, separators can end it.
                case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: " "
                default: scalar
                }
            if shown == " ", output.isEmpty || output.last == " " { continue }
            output.append(shown)
            count += 1
        }
        if output.last == " " { output.removeLast() }
        return String(output)
    }

    /// Masks, in each run of characters without white space or quotes, what stands before its last @, but for a scheme.
    static func withoutUserInfo(_ text: String) -> String {
        var output = ""
        var run = ""
        func flush() {
            if let at = run.lastIndex(of: "@") {
                let scheme = run.range(of: "://").map { run[..<$0.upperBound] } ?? ""
                output += scheme + mask + run[at...]
            } else {
                output += run
            }
            run = ""
        }
        for character in text {
            if character.isWhitespace || character == "'" || character == "\"" {
                flush()
                output.append(character)
            } else {
                run.append(character)
            }
        }
        flush()
        return output
    }
}

extension StringProtocol {
    /// The first place of `text`; the standard library has this only over Foundation.
    fileprivate func range(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            formIndex(after: &start)
        }
        return nil
    }
}
