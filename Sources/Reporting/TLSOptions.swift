/// How a TLS connection is secured, as files in PEM.
struct TLSOptions: Sendable, Equatable {
    /// Trusted instead of the system's authorities.
    var caFile: String?
    /// The key may be in the certificate's file.
    var clientCertificateFile: String?
    var clientKeyFile: String?

    /// Throws what is wrong. The files are opened for reading.
    func validate(for url: ReportURL) throws(ReportingError) {
        if let caFile { try ReadableFile.check(caFile, purpose: "CA file") }
        if let clientCertificateFile { try ReadableFile.check(clientCertificateFile, purpose: "client certificate") }
        if let clientKeyFile {
            guard clientCertificateFile != nil else { throw .contradiction("a client key needs a client certificate") }
            try ReadableFile.check(clientKeyFile, purpose: "client key")
        }
        if url.scheme == "http", caFile != nil || clientCertificateFile != nil {
            throw .contradiction("CA file and client certificate are for https, and \(url.shown) is http")
        }
    }
}
