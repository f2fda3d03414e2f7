internal import CYAML

/// One thing that libyaml found.
struct YAMLEvent {
    enum Kind: Equatable {
        case documentStart, documentEnd, mappingStart, mappingEnd, sequenceStart, sequenceEnd, alias, streamEnd
        /// `isPlain`: written without quotes.
        case scalar(String, isPlain: Bool)
    }

    var kind: Kind
    /// From 1.
    var line: Int
    var hasAnchor = false
    var hasTag = false
}

/// Bytes that are not YAML, or not the part of it that we read.
struct YAMLProblem: Error, Equatable {
    var text: String
    /// From 1.
    var line: Int
}

/// libyaml's parser, pulled one event at a time. Nothing is built from the events here, so an alias costs no more than its name.
///
/// https://pyyaml.org/wiki/LibYAML
final class YAMLEventReader {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>

    /// `bytes` must be UTF-8.
    init(_ bytes: [UInt8]) throws(YAMLProblem) {
        if let line = Self.firstLineThatIsNotUTF8(bytes) { throw YAMLProblem(text: "is not UTF-8", line: line) }
        parser = .allocate(capacity: 1)
        input = .allocate(capacity: max(1, bytes.count))
        _ = input.initialize(from: bytes)
        // Fails only when memory has run out.
        guard yaml_parser_initialize(parser) == 1 else { fatalError("libyaml: no memory for a parser") }
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, input.baseAddress, bytes.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
        input.deallocate()
    }

    /// The next event; after `streamEnd` or an error there is none to ask for.
    func next() throws(YAMLProblem) -> YAMLEvent {
        var event = yaml_event_t()
        while true {
            guard yaml_parser_parse(parser, &event) == 1 else { throw problem() }
            defer { yaml_event_delete(&event) }
            if let found = Self.translate(event) { return found }
        }
    }

    private static func translate(_ event: yaml_event_t) -> YAMLEvent? {
        let line = event.start_mark.line + 1
        func collection(_ kind: YAMLEvent.Kind, anchor: UnsafeMutablePointer<yaml_char_t>?, tag: UnsafeMutablePointer<yaml_char_t>?) -> YAMLEvent {
            YAMLEvent(kind: kind, line: Int(line), hasAnchor: anchor != nil, hasTag: tag != nil)
        }
        switch event.type {
        case YAML_DOCUMENT_START_EVENT: return YAMLEvent(kind: .documentStart, line: Int(line))
        case YAML_DOCUMENT_END_EVENT: return YAMLEvent(kind: .documentEnd, line: Int(line))
        case YAML_MAPPING_START_EVENT:
            return collection(.mappingStart, anchor: event.data.mapping_start.anchor, tag: event.data.mapping_start.tag)
        case YAML_MAPPING_END_EVENT: return YAMLEvent(kind: .mappingEnd, line: Int(line))
        case YAML_SEQUENCE_START_EVENT:
            return collection(.sequenceStart, anchor: event.data.sequence_start.anchor, tag: event.data.sequence_start.tag)
        case YAML_SEQUENCE_END_EVENT: return YAMLEvent(kind: .sequenceEnd, line: Int(line))
        case YAML_ALIAS_EVENT: return YAMLEvent(kind: .alias, line: Int(line))
        case YAML_STREAM_END_EVENT: return YAMLEvent(kind: .streamEnd, line: Int(line))
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            return collection(.scalar(text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE), anchor: scalar.anchor, tag: scalar.tag)
        default: return nil  // start of the stream
        }
    }

    private func problem() -> YAMLProblem {
        let text = parser.pointee.problem.map { String(cString: $0) } ?? "it cannot be read"
        var line = Int(parser.pointee.problem_mark.line) + 1
        // The reader, which goes ahead of the parser, knows only an offset.
        if parser.pointee.error == YAML_READER_ERROR {
            line = 1 + input.prefix(Int(parser.pointee.problem_offset)).count { $0 == UInt8(ascii: "\n") }
        }
        return YAMLProblem(text: "is not valid YAML: \(text)", line: line)
    }

    private static func firstLineThatIsNotUTF8(_ bytes: [UInt8]) -> Int? {
        if String(validating: bytes, as: UTF8.self) != nil { return nil }
        // A line feed is never part of another character, so that lines can be tried one by one.
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        return lines.firstIndex { String(validating: $0, as: UTF8.self) == nil }.map { $0 + 1 }
    }
}
