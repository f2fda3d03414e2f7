import Glibc
import Testing

@testable import BoundaryLogProxy

@Suite struct ConfigurationFileTests {
    private func complaints(_ yaml: String) -> [String] { complaints(Array(yaml.utf8)) }

    private func complaints(_ bytes: [UInt8]) -> [String] {
        var builder = ConfigurationBuilder()
        builder.load(yaml: bytes, path: "p.yaml")
        do {
            _ = try builder.build()
            return []
        } catch { return error.errors.map(\.description) }
    }

    @Test(arguments: ["", "\n\n", "# nothing\n", "---\n", "--- ~\n", "{}", "---\n{}\n...\n", "%YAML 1.1\n---\nsocket: /a\n", "\u{FEFF}socket: /a\n", "socket: /a\r\nlog-level: info\r\n"])
    func whatIsFine(yaml: String) { #expect(complaints(yaml) == []) }

    @Test(arguments: [
        ("socket: /a\n\nsocket: /b\n", "configuration file: has the key socket twice, first in line 1 (p.yaml line 3)"),
        ("http-url:\n  host: h\n", "configuration file: has a nested mapping as the value of http-url, where a value or a list of values belongs (p.yaml line 2)"),
        ("http-url: https://h\nhttp-header:\n  - [a]\n", "configuration file: has a list in the list of http-header, where a value belongs (p.yaml line 3)"),
        ("http-url: https://h\nhttp-header:\n  - A: b\n", "configuration file: has a nested mapping in the list of http-header, where a value belongs (p.yaml line 3)"),
        ("socket: &a /a\n", "configuration file: has an anchor (&), which is not supported (p.yaml line 1)"),
        ("socket: *a\n", "configuration file: has an alias (*) as the value of socket, where a value or a list of values belongs (p.yaml line 1)"),
        ("socket: !!str /a\n", "configuration file: has a tag (!), which is not supported (p.yaml line 1)"),
        ("--- !x\nsocket: /a\n", "configuration file: has a tag (!), which is not supported (p.yaml line 1)"),
        ("socket: /a\n---\nsocket: /b\n", "configuration file: holds more than one document (p.yaml line 2)"),
        ("- a\n", "configuration file: is not a mapping: it has to be made of lines like buffer-bytes: 16MiB (p.yaml line 1)"),
        ("hello\n", "configuration file: is not a mapping: it has to be made of lines like buffer-bytes: 16MiB (p.yaml line 1)"),
        ("? [a]\n: b\n", "configuration file: has a key that is not a name (p.yaml line 1)"),
        ("socket:\n", "socket: has no value; leave the line out for the default; allowed: a path of at most 107 bytes (p.yaml line 1)"),
        ("socket: ~\n", "socket: has no value; leave the line out for the default; allowed: a path of at most 107 bytes (p.yaml line 1)"),
        ("\nsocket: [/a]\n", "socket: takes one value, not a list; allowed: a path of at most 107 bytes (p.yaml line 2)"),
        ("<<: x\n", "<<: is not the name of an option (p.yaml line 1)"),
        ("a: 'x\n", "configuration file: is not valid YAML: found unexpected end of stream (p.yaml line 2)"),
        ("socket: /a\n\tlog-level: info\n", "configuration file: is not valid YAML: found a tab character that violates indentation (p.yaml line 2)"),
        ("socket: /a\nx: \u{1}\n", "configuration file: is not valid YAML: control characters are not allowed (p.yaml line 2)"),
        ("log-level: \"\\q\"\n", "configuration file: is not valid YAML: found unknown escape character (p.yaml line 1)"),
    ])
    func whatIsNot(yaml: String, complaint: String) { #expect(complaints(yaml) == [complaint]) }

    @Test func bytesThatAreNotUTF8() {
        #expect(complaints(Array("socket: /a\nx: ".utf8) + [0xFF, 0x0A]) == ["configuration file: is not UTF-8 (p.yaml line 2)"])
        // UTF-16 and UTF-32 with their marks.
        #expect(complaints([0xFF, 0xFE, 0x61, 0x00]) == ["configuration file: is not UTF-8 (p.yaml line 1)"])
        #expect(complaints([0xFE, 0xFF, 0x00, 0x61]) == ["configuration file: is not UTF-8 (p.yaml line 1)"])
        // Surrogates and overlong forms.
        #expect(complaints([0xED, 0xA0, 0x80]) == ["configuration file: is not UTF-8 (p.yaml line 1)"])
        #expect(complaints([0xC0, 0xAF]) == ["configuration file: is not UTF-8 (p.yaml line 1)"])
    }

    @Test func valuesAreTextWhateverYAMLTakesThemFor() throws {
        var builder = ConfigurationBuilder()
        builder.load(yaml: Array("socket-mode: 0640\nsocket-group: no\nconnections-max: '12'\nfile-path: \"-\"\nsocket: \"/a\\tb\"\ndrain-timeout: >-\n  5s\n".utf8), path: "p")
        let configuration = try builder.build()
        #expect(configuration.socketMode == 0o640)
        #expect(configuration.socketGroup == "no")
        #expect(configuration.connectionsMax == 12)
        #expect(configuration.socketPath == "/a\tb")
        #expect(configuration.drainTimeout == .seconds(5))
        #expect(configuration.source(of: "drain-timeout") == .file(path: "p", line: 6))
    }

    @Test func aFileFullOfErrorsDoesNotFillTheScreen() {
        let all = complaints((0..<5000).map { "k\($0): {a: b}\n" }.joined())
        #expect(all.count == 21)
        #expect(all.last == "configuration file: has too many errors, the rest was not read (p.yaml line 21)")
        #expect(complaints((0..<5000).map { "k\($0): b\n" }.joined()).count == 21)
    }

    @Test func bombsAreCheap() {
        var laughs = "a: &a [x, x, x, x, x, x, x, x, x]\n"
        for (last, next) in zip("abcdefgh", "bcdefghi") { laughs += "\(next): &\(next) [" + Array(repeating: "*\(last)", count: 9).joined(separator: ", ") + "]\n" }
        #expect(complaints(laughs).contains { $0.contains("anchor") })
        // Processor time, so that it holds on a busy machine too; without the bound on nesting it is minutes.
        func processorTime() -> Duration {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
        }
        for opening in ["[", "a: [", "a: [[", "{", "{a: ", "a: {b: ", "- ", "? ", "? [", "a:\n "] {
            let bytes = Array(String(repeating: opening, count: (256 << 10) / opening.utf8.count).utf8)
            let start = processorTime()
            #expect(!complaints(bytes).isEmpty)
            #expect(processorTime() - start < .seconds(10), "\(opening)")
        }
    }

    @Test func filesThatCannotBeRead() throws {
        func complaint(_ path: String) -> String? {
            var builder = ConfigurationBuilder()
            builder.load(file: path)
            do { _ = try builder.build() } catch { return error.errors.first?.description }
            return nil
        }
        #expect(complaint("/nonexistent/p.yaml") == "configuration file: \"/nonexistent/p.yaml\" cannot be opened: No such file or directory")
        #expect(complaint("/") == "configuration file: \"/\" cannot be read: Is a directory")
        #expect(complaint("/dev/zero") == "configuration file: \"/dev/zero\" is larger than 1MiB")
        #expect(complaint("/dev/null") == nil)
    }

    @Test func mutationsNeverTrap() {
        let seed = """
            # A comment
            socket: /run/a.sock   # and another
            socket-mode: "0660"
            reporter: http
            http-url: 'https://h.example/in?k=v'
            http-header:
              - "X-A: b"
              - >-
                X-C: d
            buffer-bytes: 32MiB
            overflow: block
            x: {a: [b, *c, &d e], ? f : !g h}
            """
        let pieces = ["\"", "'", "[", "]", "{", "}", ":", "- ", "\n", "\t", "&a ", "*a", "!", "|\n", ">", "%", "\u{85}", "\u{2028}", "\\", "#", "? ", "---\n", "...\n", "\0", "\u{FEFF}", ","].map { Array($0.utf8) }
        var random = SeededGenerator(seed: 42)
        for _ in 0..<3000 {
            var bytes = Array(seed.utf8)
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let at = Int.random(in: 0..<max(1, bytes.count), using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0 where !bytes.isEmpty: bytes[at] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.insert(contentsOf: pieces.randomElement(using: &random)!, at: at)
                case 2 where !bytes.isEmpty: bytes.removeSubrange(at..<min(bytes.count, at + 5))
                case 3: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + 20)], at: at)
                default: bytes.removeLast(min(bytes.count, Int.random(in: 0...30, using: &random)))
                }
            }
            for complaint in complaints(bytes) { #expect(!complaint.unicodeScalars.contains(where: Printable.isUnsafe)) }
        }
    }
}
