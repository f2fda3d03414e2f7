@testable import Reporting
import TestSupport
import Testing

@Suite struct ConfigurationTests {
    @Test(arguments: ["http://e.org", "https://e.org:8443/x?y=z", "http://[::1]:80/", "https://user:pw@e.org/", "HTTP://E.org/"])
    func goodURLs(_ url: String) throws {
        try HTTPReporterConfiguration.validate(url: url)
    }

    @Test(arguments: ["", "e.org", "e.org:80/x", "ftp://e.org/", "file:///etc/passwd", "http://", "https://a b/", "http://e.org:99999/", "unix:/x", "http://e\n.org/"])
    func badURLs(_ url: String) {
        #expect(throws: ReportingError.self) { try HTTPReporterConfiguration.validate(url: url) }
    }

    @Test func errorsHideSecrets() {
        for url in ["htp://user:hunter22@e.org/", "user:hunter22@e.org", "http://user:hunter22@e.org:99999/", "ftp://user:hunter22@e.org/?k=hunter22"] {
            let error = #expect(throws: ReportingError.self) { try HTTPReporterConfiguration.validate(url: url) }
            #expect(error?.description.contains("hunter") == false)
            #expect(!HTTPReporterConfiguration.masked(url: url).contains("hunter"))
        }
        #expect(HTTPReporterConfiguration.masked(url: "https://user:hunter22@e.org:444/in?key=1#f") == "https://***@e.org:444/in?***")
        #expect(HTTPReporterConfiguration.masked(url: "http://e.org") == "http://e.org/")
    }

    @Test func filesMustBeReadable() {
        let directory = TemporaryDirectory()
        for path in [\HTTPReporterConfiguration.tokenFile, \.caFile, \.clientCertificateFile] {
            for file in [directory.path("none"), directory.path, "/dev/null"] {
                var configuration = HTTPReporterConfiguration(url: "https://e.org/")
                configuration[keyPath: path] = file
                let error = #expect(throws: ReportingError.self) { try configuration.validate() }
                #expect(error?.description.contains(file) == true)
            }
        }
    }

    @Test(arguments: ["", " \n", "two words", "ctrl\u{1}", String(repeating: "x", count: 20_000), "ümlaut"])
    func badTokens(_ content: String) {
        let directory = TemporaryDirectory()
        writeFile(directory.path("token"), content)
        var configuration = HTTPReporterConfiguration(url: "https://e.org/")
        configuration.tokenFile = directory.path("token")
        let error = #expect(throws: ReportingError.self) { try configuration.validate() }
        #expect(error?.description.contains("two words") == false)
    }

    @Test func badHeaders() {
        for (name, value) in [("", "v"), ("a b", "v"), ("X:", "v"), ("X", "a\r\nY: b"), ("content-length", "3"), ("Idempotency-Key", "x"), ("Expect", "")] {
            let configuration = HTTPReporterConfiguration(url: "https://e.org/", headers: [.init(name: name, value: value)])
            #expect(throws: ReportingError.self, "\(name)") { try configuration.validate() }
        }
    }

    @Test func contradictions() {
        let directory = TemporaryDirectory()
        writeFile(directory.path("token"), "token")
        let file = directory.path("token")
        for configuration in [
            HTTPReporterConfiguration(url: "https://u:p@e.org/", tokenFile: file),
            HTTPReporterConfiguration(url: "https://e.org/", headers: [.init(name: "authorization", value: "x")], tokenFile: file),
            HTTPReporterConfiguration(url: "https://e.org/", clientKeyFile: file),
            HTTPReporterConfiguration(url: "http://e.org/", caFile: file),
            HTTPReporterConfiguration(url: "http://e.org/", timeout: .zero),
            HTTPReporterConfiguration(url: "http://e.org/", userAgent: "a\nb"),
        ] {
            #expect(throws: ReportingError.self) { try configuration.validate() }
        }
    }

    @Test func excerptsAreOneMaskedLine() {
        var redaction = Redaction()
        redaction.hide("abc")
        redaction.hide("token-1")
        redaction.hide("token-12345")
        redaction.hide(headerValue: "Bearer longsecret")
        #expect(redaction.excerpt("a token-12345b token-1 abc longsecret".utf8) == "a ***b *** abc ***")
        #expect(redaction.excerpt("cut token-12".utf8, isCut: true) == "cut ***")
        #expect(redaction.excerpt("cut longsec".utf8, isCut: true) == "cut ***")
        #expect(redaction.excerpt("cut longsec".utf8) == "cut longsec")
        #expect(redaction.excerpt("\r\n a\u{0}\u{7}b\t\u{202E}c\u{2028}\u{85}".utf8) == "a b c")
        #expect(redaction.excerpt([0xFF, 0x41, 0xC3]) == "\u{FFFD}A\u{FFFD}")
        #expect(redaction.excerpt(String(repeating: "é", count: 500).utf8).count == 200)
        #expect(
            redaction.excerpt(message: "Unsupported proxy scheme for 'socks9://me:p@ss@proxy:1/' x@y")
                == "Unsupported proxy scheme for 'socks9://***@proxy:1/' ***@y")
    }

    @Test func bodiesAreReadFromAnyPlace() {
        let first = Array(0..<UInt8(100)), second = Array(100..<UInt8(200))
        first.withUnsafeBytes { first in
            second.withUnsafeBytes { second in
                var body = RequestBody()
                body.set(pieces: [UnsafeRawBufferPointer(start: nil, count: 0), first, second])
                #expect(body.byteCount == 200)
                for position in 0...200 {
                    for step in [1, 7, 99, 100, 101, 500] {
                        let found = body.seek(to: position)
                        #expect(found)
                        var read: [UInt8] = []
                        var buffer = [UInt8](repeating: 0, count: step)
                        while case let count = buffer.withUnsafeMutableBytes({ body.read(into: $0) }), count > 0 { read += buffer[..<count] }
                        #expect(read == Array(UInt8(position)..<200))
                    }
                }
                for position in [-1, 201] {
                    let found = body.seek(to: position)
                    #expect(!found)
                }
            }
        }
    }
}
