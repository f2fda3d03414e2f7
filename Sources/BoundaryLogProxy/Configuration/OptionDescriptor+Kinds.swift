import Wire

// One maker for each kind of value, so that a row of the table is a line or two.
extension OptionDescriptor {
    static func path(_ name: String, _ path: Path<String>, _ section: OptionSection, help: String) -> OptionDescriptor {
        required(name, "PATH", path, .path, section, help: help, parse: parsePath, format: { $0 })
    }

    static func path(
        _ name: String, _ path: Path<String?>, _ section: OptionSection, defaultText: String = "none", help: String
    ) -> OptionDescriptor {
        optional(name, "PATH", path, .path, section, defaultText: defaultText, help: help, parse: parsePath, format: { $0 })
    }

    static func enumeration<Value: RawRepresentable & CaseIterable & Sendable>(
        _ name: String, _ valueName: String, _ path: Path<Value>, _ section: OptionSection, defaultText: String? = nil, help: String
    ) -> OptionDescriptor where Value.RawValue == String {
        required(
            name, valueName, path, .enumeration(Value.allCases.map(\.rawValue)), section, defaultText: defaultText, help: help,
            parse: { (text) throws(ValueProblem) in
                guard let value = Value.allCases.first(where: { $0.rawValue == text }) else { throw ValueProblem("is not one of its values") }
                return value
            },
            format: \.rawValue)
    }

    /// At least one value, none twice.
    static func enumerations<Value: RawRepresentable & CaseIterable & Equatable & Sendable>(
        _ name: String, _ valueName: String, _ path: Path<[Value]>, _ section: OptionSection, defaultText: String? = nil, help: String
    ) -> OptionDescriptor where Value.RawValue == String {
        required(
            name, valueName, path, .enumerations(Value.allCases.map(\.rawValue)), section, defaultText: defaultText, help: help,
            parse: { (text) throws(ValueProblem) in
                let values = try parseWords(text, problem: text.contains(",") ? "names one that is not there" : "is not one of its values") { word in
                    Value.allCases.first { $0.rawValue == word }
                }
                for (place, value) in values.enumerated() where values[..<place].contains(value) { throw ValueProblem("names \(value.rawValue) twice") }
                return values
            },
            format: { $0.map(\.rawValue).joined(separator: ",") })
    }

    /// The values of words between commas, at least one. `problem`: of a word that has none.
    private static func parseWords<Value>(_ text: String, problem: String, _ value: (String) -> Value?) throws(ValueProblem) -> [Value] {
        var values: [Value] = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let value = value(String(word)) else { throw ValueProblem(problem) }
            values.append(value)
        }
        return values
    }

    static func duration(
        _ name: String, _ path: Path<Duration>, _ range: ClosedRange<Duration>, _ section: OptionSection, defaultText: String? = nil, help: String
    ) -> OptionDescriptor {
        required(
            name, "DURATION", path, .duration(range), section, defaultText: defaultText, help: help,
            parse: { (text) throws(ValueProblem) in try parseDuration(text, range) }, format: DurationText.format)
    }

    /// 0 stands for none.
    static func duration(
        _ name: String, _ path: Path<Duration?>, _ range: ClosedRange<Duration>, _ section: OptionSection, help: String
    ) -> OptionDescriptor {
        required(
            name, "DURATION", path, .duration(range), section, help: help,
            parse: { (text) throws(ValueProblem) in
                let duration = try parseDuration(text, range)
                return duration == .zero ? nil : duration
            },
            format: { DurationText.format($0 ?? .zero) })
    }

    static func size(_ name: String, _ path: Path<Int>, _ range: ClosedRange<Int>, _ section: OptionSection, help: String) -> OptionDescriptor {
        required(
            name, "SIZE", path, .size(range), section, help: help,
            parse: { (text) throws(ValueProblem) in
                guard let value = SizeText.parse(text) else { throw ValueProblem("is not a size") }
                return try held(value, in: range)
            },
            format: SizeText.format)
    }

    static func count(_ name: String, _ path: Path<Int>, _ range: ClosedRange<Int>, _ section: OptionSection, help: String) -> OptionDescriptor {
        required(
            name, "COUNT", path, .count(range), section, help: help,
            parse: { (text) throws(ValueProblem) in
                guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) else { throw ValueProblem("is not a whole number") }
                guard let value = Int(text) else { throw ValueProblem("is too large") }
                return try held(value, in: range)
            },
            format: { "\($0)" })
    }

    static func headers(
        _ name: String, _ path: Path<[HTTPHeader]>, _ section: OptionSection, defaultText: String = "none", help: String
    ) -> OptionDescriptor {
        OptionDescriptor(
            name: name, valueName: "NAME:VALUE", kind: .header, section: section, defaultText: defaultText, help: help,
            isSecret: true, isRepeatable: true,
            assign: { (configuration, values) throws(ValueProblem) in
                var headers: [HTTPHeader] = []
                for value in values { headers.append(try HTTPHeader(parsing: value)) }
                configuration[keyPath: path] = headers
            },
            values: { $0[keyPath: path].map(\.text) },
            copy: { $0[keyPath: path] = $1[keyPath: path] },
            mask: HTTPHeader.mask)
    }

    static func attributes(
        _ name: String, _ path: Path<[OTLPAttribute]>, _ section: OptionSection, defaultText: String, help: String
    ) -> OptionDescriptor {
        OptionDescriptor(
            name: name, valueName: "KEY=VALUE", kind: .attribute, section: section, defaultText: defaultText, help: help,
            isSecret: false, isRepeatable: true,
            assign: { (configuration, values) throws(ValueProblem) in
                var attributes: [OTLPAttribute] = []
                for value in values { attributes.append(try OTLPAttribute(parsing: value)) }
                configuration[keyPath: path] = attributes
            },
            values: { $0[keyPath: path].map(\.text) },
            copy: { $0[keyPath: path] = $1[keyPath: path] }, mask: { $0 })
    }

    static func urlParts(_ name: String, _ path: Path<URLRedaction>, _ section: OptionSection, help: String) -> OptionDescriptor {
        let parts: [(name: String, value: URLRedaction)] = [("query", .query), ("userinfo", .userInfo)]
        return OptionDescriptor(
            name: name, valueName: "PARTS", kind: .urlParts(parts.map(\.name)), section: section, defaultText: "none", help: help,
            isSecret: false, isRepeatable: false,
            assign: { (configuration, values) throws(ValueProblem) in
                configuration[keyPath: path] = URLRedaction(
                    try parseWords(values.last ?? "", problem: "names no part of a URL that can be taken out") { word in parts.first { $0.name == word }?.value })
            },
            values: { configuration in
                let given = parts.filter { configuration[keyPath: path].contains($0.value) }
                return given.isEmpty ? [] : [given.map(\.name).joined(separator: ",")]
            },
            copy: { $0[keyPath: path] = $1[keyPath: path] }, mask: { $0 })
    }

    /// Names or numbers of users or groups.
    static func accounts(
        _ name: String, _ valueName: String, _ path: Path<[String]>, _ kind: OptionKind, _ section: OptionSection, help: String
    ) -> OptionDescriptor {
        list(name, valueName, path, kind, section, help: help, parse: kind == .user ? parseUser : parseGroup, format: { $0 })
    }

    /// An option that may be given more than once.
    static func list<Value: Sendable>(
        _ name: String, _ valueName: String, _ path: Path<[Value]>, _ kind: OptionKind, _ section: OptionSection, help: String,
        parse: @escaping @Sendable (String) throws(ValueProblem) -> Value, format: @escaping @Sendable (Value) -> String
    ) -> OptionDescriptor {
        OptionDescriptor(
            name: name, valueName: valueName, kind: kind, section: section, defaultText: "none", help: help, isSecret: false, isRepeatable: true,
            assign: { (configuration, texts) throws(ValueProblem) in
                var values: [Value] = []
                for text in texts { values.append(try parse(text)) }
                configuration[keyPath: path] = values
            },
            values: { $0[keyPath: path].map(format) },
            copy: { $0[keyPath: path] = $1[keyPath: path] }, mask: { $0 })
    }

    // MARK: Parsers

    /// `v1/logs` is put behind it.
    @Sendable static func parseOTLPEndpoint(_ text: String) throws(ValueProblem) -> HTTPURL {
        let url = try HTTPURL(parsing: text)
        if url.text.contains("?") { throw ValueProblem("has a query, and v1/logs is put behind it: give --otlp-logs-endpoint instead") }
        return url
    }

    @Sendable static func parsePath(_ text: String) throws(ValueProblem) -> String {
        if text.isEmpty { throw ValueProblem("is empty") }
        if text.utf8.contains(0) { throw ValueProblem("has a NUL byte") }
        return text
    }

    /// Only an address: what else could stand in it would not be sent.
    @Sendable static func parseCoderURL(_ text: String) throws(ValueProblem) -> HTTPURL {
        let url = try HTTPURL(parsing: text)
        if url.hasUserInfo { throw ValueProblem("has user info, which coderd does not take") }
        if url.text.contains("?") { throw ValueProblem("has a query, and is the address of coderd as a whole") }
        return url
    }

    /// nil when empty: who may leave it out is for the builder to say.
    @Sendable static func parseSocketPath(_ text: String) throws(ValueProblem) -> String? {
        if text.isEmpty { return nil }
        let path = try parsePath(text)
        if path.utf8.count > OptionKind.socketPathBytesMax { throw ValueProblem("is \(path.utf8.count) bytes long") }
        if path.utf8.last == UInt8(ascii: "/") { throw ValueProblem("is a directory's path") }
        return path
    }

    @Sendable static func parseFileMode(_ text: String) throws(ValueProblem) -> UInt16 {
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...55).contains($0) }) else { throw ValueProblem("is not an octal number") }
        guard let mode = UInt16(text, radix: 8), mode <= 0o777 else { throw ValueProblem("is out of range") }
        return mode
    }

    @Sendable static func formatFileMode(_ mode: UInt16) -> String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
    }

    @Sendable static func parseGroup(_ text: String) throws(ValueProblem) -> String { try parseAccount(text, "a group's name") }

    @Sendable static func parseUser(_ text: String) throws(ValueProblem) -> String { try parseAccount(text, "a user's name") }

    private static func parseAccount(_ text: String, _ what: String) throws(ValueProblem) -> String {
        if text.isEmpty { throw ValueProblem("is empty") }
        if text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F || $0 == UInt8(ascii: ":") }) { throw ValueProblem("is not \(what)") }
        return text
    }

    @Sendable static func parseSandboxPart(_ text: String) throws(ValueProblem) -> SandboxPart {
        guard let part = SandboxPart(rawValue: text) else { throw ValueProblem("is not one of its values") }
        return part
    }

    private static func parseDuration(_ text: String, _ range: ClosedRange<Duration>) throws(ValueProblem) -> Duration {
        guard let value = DurationText.parse(text) else { throw ValueProblem("is not a duration") }
        return try held(value, in: range)
    }

    private static func held<Value>(_ value: Value, in range: ClosedRange<Value>) throws(ValueProblem) -> Value {
        guard range.contains(value) else { throw ValueProblem("is out of range") }
        return value
    }
}
