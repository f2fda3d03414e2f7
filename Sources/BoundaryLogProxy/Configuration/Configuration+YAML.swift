extension Configuration {
    /// The whole configuration as a file that `--config` reads, secrets masked, each line with where its value came from.
    ///
    /// Options without a value, and those that have no effect with the others, stand in comments.
    public var yaml: String {
        var lines: [(text: String, comment: String)] = []
        for (option, values) in maskedValues() {
            let source = sources[option.name].map(\.description) ?? "default"
            if values.isEmpty {
                lines.append(("# \(option.name):", option.defaultText == "none" ? "not set" : "not set, \(option.defaultText)"))
            } else if let (name, value) = disabler(of: option) {
                lines.append(("# \(option.name): \(values.map(Self.scalar).joined(separator: ", "))", "no effect with \(name) \(value)"))
            } else if option.isRepeatable {
                lines.append(("\(option.name):", source))
                lines += values.map { ("  - \(Self.scalar($0))", "") }
            } else {
                lines.append(("\(option.name): \(Self.scalar(values[0]))", source))
            }
        }
        // Long values stand out instead of pushing all comments to the right.
        let width = lines.map(\.text.count).filter { $0 <= 50 }.max() ?? 0
        return lines.map { line in
            if line.comment.isEmpty { return line.text + "\n" }
            return line.text + String(repeating: " ", count: max(0, width - line.text.count)) + "  # \(line.comment)\n"
        }.joined()
    }

    /// The option, and its value, with which `option` is not looked at; nil when it has an effect.
    func disabler(of option: OptionDescriptor) -> (name: String, value: String)? {
        let hasEffect =
            switch option.section {
            case .http: reporters.contains(.http)
            case .coder: reporters.contains(.coder) || reporters == [.callback] && option.name == "call-timeout"
            case .otlp: reporters.contains(.otlp)
            case .destination where option.name == "file-path": reporters.contains(.file)
            case .destination where option.name == "redact-url": reporters.contains { [.file, .http, .otlp].contains($0) }
            default: true
            }
        if !hasEffect { return ("reporter", reporterNames) }
        if socketPath == nil, option.section == .socket, option.name != "socket" { return ("socket", "\"\"") }
        switch (option.name, durability) {
        case ("spool-dir", .memory), ("spool-bytes-max", .memory), ("spool-after", .memory), ("spool-after", .sync):
            return ("durability", durability.rawValue)
        default: return nil
        }
    }

    /// A value as a YAML scalar that every reader of YAML takes for this text.
    static func scalar(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
            default: "/._+-:@".utf8.contains(byte)
            }
        }
        let first = text.utf8.first.map { !"-:@+.".utf8.contains($0) } ?? false
        let words: Set = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
        if isPlain, first, !text.hasSuffix(":"), !words.contains(text.lowercased()) { return text }
        return quoted(text)
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where Printable.isUnsafe(scalar) || scalar.value > 0xFFFD:
                let digits = String(scalar.value, radix: 16)
                result += "\\U" + String(repeating: "0", count: 8 - digits.utf8.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
