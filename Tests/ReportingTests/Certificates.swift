import Glibc
import TestSupport
import Testing

/// A private authority and certificates by it, made with the openssl command.
final class Certificates {
    let directory = TemporaryDirectory()
    var authority: String { directory.path("ca.pem") }

    init() throws {
        try openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=Test CA",
            "-keyout", directory.path("ca.key"), "-out", authority)
    }

    /// Makes `name.pem` and `name.key`; `alternativeNames` e.g. `DNS:localhost,IP:127.0.0.1`.
    func issue(_ name: String, alternativeNames: String) throws {
        try openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=\(name)",
            "-keyout", directory.path("\(name).key"), "-out", directory.path("\(name).csr"))
        writeFile(directory.path("\(name).ext"), "subjectAltName=\(alternativeNames)\n")
        try openssl(
            "x509", "-req", "-in", directory.path("\(name).csr"), "-CA", authority, "-CAkey", directory.path("ca.key"), "-CAcreateserial",
            "-days", "2", "-extfile", directory.path("\(name).ext"), "-out", directory.path("\(name).pem"))
    }

    private func openssl(_ arguments: String...) throws {
        let process = try ChildProcess(["/usr/bin/openssl"] + arguments, output: directory.path("openssl.log"))
        try #require(process.wait() == 0, "\(String(decoding: readFile(directory.path("openssl.log")), as: UTF8.self))")
    }
}
