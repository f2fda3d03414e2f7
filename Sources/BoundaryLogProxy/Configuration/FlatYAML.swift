/// The part of YAML that a configuration file is written in: one mapping of names to values or to lists of values.
///
/// Values are the text as it stands; YAML's own notions of numbers, booleans and dates are not applied.
enum FlatYAML {
    /// Reading stops after so many problems: enough to mend, and they fit a screen.
    static let problemsMax = 20

    /// Nothing in a configuration nests; deeper than this, reading stops at once.
    static let depthMax = 16

    struct Entry: Equatable {
        var key: String
        /// The key's line, from 1.
        var line: Int
        var values: [Value]
        /// Whether the values stood in a list.
        var isList: Bool
    }

    struct Value: Equatable {
        var text: String
        var line: Int
        /// Nothing, `~` or `null`.
        var isNull: Bool
    }

    /// Reads the whole of `bytes`. What comes before a problem that ends reading is returned too.
    static func read(_ bytes: [UInt8]) -> (entries: [Entry], problems: [YAMLProblem]) {
        var reading = Reading()
        do { try reading.run(YAMLEventReader(bytes)) } catch { reading.problems.append(error) }
        return (reading.entries, reading.problems)
    }

    private struct Reading {
        var entries: [Entry] = []
        var problems: [YAMLProblem] = []
        private var lines: [String: Int] = [:]

        mutating func run(_ reader: YAMLEventReader) throws(YAMLProblem) {
            guard try reader.next().kind == .documentStart else { return }
            let root = try reader.next()
            switch root.kind {
            case .mappingStart:
                check(root)
                try readMapping(reader)
            case .scalar(let text, isPlain: true) where FlatYAML.isNull(text): break
            default: throw YAMLProblem(text: "is not a mapping: it has to be made of lines like buffer-bytes: 16MiB", line: root.line)
            }
            _ = try reader.next()  // end of the document
            let end = try reader.next()
            if end.kind != .streamEnd { throw YAMLProblem(text: "holds more than one document", line: end.line) }
        }

        private mutating func readMapping(_ reader: YAMLEventReader) throws(YAMLProblem) {
            while true {
                let key = try reader.next()
                if key.kind == .mappingEnd { return }
                check(key)
                if problems.count >= problemsMax { throw YAMLProblem(text: "has too many errors, the rest was not read", line: key.line) }
                guard case .scalar(let name, _) = key.kind else {
                    problems.append(YAMLProblem(text: "has a key that is not a name", line: key.line))
                    try skip(key, reader)
                    try skip(try reader.next(), reader)
                    continue
                }
                let entry = try readEntry(name, line: key.line, reader)
                if let first = lines[name] {
                    problems.append(YAMLProblem(text: "has the key \(Printable.text(name)) twice, first in line \(first)", line: key.line))
                } else {
                    lines[name] = key.line
                    if let entry { entries.append(entry) }
                }
            }
        }

        private mutating func readEntry(_ name: String, line: Int, _ reader: YAMLEventReader) throws(YAMLProblem) -> Entry? {
            let first = try reader.next()
            check(first)
            if let value = value(first) { return Entry(key: name, line: line, values: [value], isList: false) }
            guard first.kind == .sequenceStart else {
                problems.append(YAMLProblem(text: "has \(what(first)) as the value of \(Printable.text(name)), where a value or a list of values belongs", line: first.line))
                try skip(first, reader)
                return nil
            }
            var values: [Value] = []
            while true {
                let item = try reader.next()
                if item.kind == .sequenceEnd { return Entry(key: name, line: line, values: values, isList: true) }
                check(item)
                if problems.count >= problemsMax { throw YAMLProblem(text: "has too many errors, the rest was not read", line: item.line) }
                if let value = value(item) {
                    values.append(value)
                } else {
                    problems.append(YAMLProblem(text: "has \(what(item)) in the list of \(Printable.text(name)), where a value belongs", line: item.line))
                    try skip(item, reader)
                }
            }
        }

        private func value(_ event: YAMLEvent) -> Value? {
            guard case .scalar(let text, let isPlain) = event.kind else { return nil }
            return Value(text: text, line: event.line, isNull: isPlain && FlatYAML.isNull(text))
        }

        private mutating func check(_ event: YAMLEvent) {
            if event.hasAnchor { problems.append(YAMLProblem(text: "has an anchor (&), which is not supported", line: event.line)) }
            if event.hasTag { problems.append(YAMLProblem(text: "has a tag (!), which is not supported", line: event.line)) }
        }

        /// Reads past the collection that `event` begins; does nothing for others.
        private func skip(_ event: YAMLEvent, _ reader: YAMLEventReader) throws(YAMLProblem) {
            var depth = 0
            var event = event
            while true {
                switch event.kind {
                case .mappingStart, .sequenceStart: depth += 1
                case .mappingEnd, .sequenceEnd: depth -= 1
                default: break
                }
                if depth == 0 { return }
                // libyaml takes a time that grows with the square of the depth: a file of brackets would keep it busy for an hour.
                if depth > depthMax { throw YAMLProblem(text: "is nested too deeply", line: event.line) }
                event = try reader.next()
            }
        }

        private func what(_ event: YAMLEvent) -> String {
            switch event.kind {
            case .mappingStart: "a nested mapping"
            case .sequenceStart: "a list"
            case .alias: "an alias (*)"
            default: "something else"
            }
        }
    }

    private static func isNull(_ text: String) -> Bool { ["", "~", "null", "Null", "NULL"].contains(text) }
}
