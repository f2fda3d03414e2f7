import Glibc

extension ConfigurationBuilder {
    /// A larger file is no configuration.
    static let fileBytesMax = 1 << 20

    /// Takes the values of a YAML file whose keys are the options' names. A file that cannot be read, and everything in it that is wrong,
    /// is recorded as an error. `isReread`: not for the first time, which a pipe (`--config <(…)`) does not allow: it would look like an empty file.
    public mutating func load(file path: String, isReread: Bool = false) {
        do { load(yaml: try Self.read(path, mustBeRegular: isReread), path: path) } catch {
            record(ConfigurationError(key: "configuration file", value: Printable.text(path), source: nil, problem: error.text))
        }
    }

    /// As `load(file:)`, of text that is already in memory; `path` is for the messages.
    mutating func load(yaml bytes: [UInt8], path: String) {
        let (entries, problems) = FlatYAML.read(bytes)
        for problem in problems {
            record(ConfigurationError(key: "configuration file", source: .file(path: path, line: problem.line), problem: problem.text))
        }
        let before = errorCount
        for entry in entries {
            // As in FlatYAML: a file that is no configuration at all does not fill the screen.
            if errorCount - before >= FlatYAML.problemsMax {
                return record(ConfigurationError(
                    key: "configuration file", source: .file(path: path, line: entry.line), problem: "has too many errors, the rest was not read"))
            }
            take(entry, path: path)
        }
    }

    private mutating func take(_ entry: FlatYAML.Entry, path: String) {
        let source = ValueSource.file(path: path, line: entry.line)
        guard let option = Options.named(entry.key) else {
            return record(Self.unknown(entry.key, kind: "option", among: Options.all.map(\.name), source: source))
        }
        if entry.isList, !option.isRepeatable {
            return record(ConfigurationError(
                key: option.name, source: source, problem: "takes one value, not a list", allowed: option.kind.allowed))
        }
        for value in entry.values {
            if value.isNull {
                record(ConfigurationError(
                    key: option.name, source: .file(path: path, line: value.line),
                    problem: "has no value; leave the line out for the default", allowed: option.kind.allowed))
            } else {
                set(option.name, value.text, source: .file(path: path, line: value.line))
            }
        }
    }

    private static func read(_ path: String, mustBeRegular: Bool) throws(ValueProblem) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | (mustBeRegular ? O_NONBLOCK : 0))
        if descriptor < 0 { throw ValueProblem("cannot be opened: \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        var status = stat()
        if mustBeRegular, fstat(descriptor, &status) != 0 || status.st_mode & S_IFMT != S_IFREG {
            throw ValueProblem("is not a regular file, so that it cannot be read a second time")
        }
        var bytes = [UInt8](repeating: 0, count: fileBytesMax + 1)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress! + count, $0.count - count) }
            if got < 0, errno == EINTR { continue }
            if got < 0 { throw ValueProblem("cannot be read: \(String(cString: strerror(errno)))") }
            if got == 0 { return Array(bytes[..<count]) }
            count += got
        }
        throw ValueProblem("is larger than \(SizeText.format(fileBytesMax))")
    }
}
