// One maker for each kind of value, so that a row of the table is a line or two.
extension OptionDescriptor {
    static func path(_ name: String, _ path: Path<String>, _ section: OptionSection, help: String) -> OptionDescriptor {
        required(name, "PATH", path, .path, section, help: help, parse: parsePath, format: { $0 })
    }

    static func path(_ name: String, _ path: Path<String?>, _ section: OptionSection, help: String) -> OptionDescriptor {
        optional(name, "PATH", path, .path, section, help: help, parse: parsePath, format: { $0 })
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

    static func duration(
        _ name: String, _ path: Path<Duration>, _ range: ClosedRange<Duration>, _ section: OptionSection, help: String
    ) -> OptionDescriptor {
        required(
            name, "DURATION", path, .duration(range), section, help: help,
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

    static func headers(_ name: String, _ path: Path<[HTTPHeader]>, _ section: OptionSection, help: String) -> OptionDescriptor {
        OptionDescriptor(
            name: name, valueName: "NAME:VALUE", kind: .header, section: section, defaultText: "none", help: help,
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

    // MARK: Parsers

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

    @Sendable static func parseGroup(_ text: String) throws(ValueProblem) -> String {
        if text.isEmpty { throw ValueProblem("is empty") }
        if text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F || $0 == UInt8(ascii: ":") }) { throw ValueProblem("is not a group's name") }
        return text
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
