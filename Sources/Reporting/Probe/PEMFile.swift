internal import CCrypto
internal import Glibc

/// What certificates and keys in PEM say, for whoever looks before they are used: libcurl looks only when it connects.
public enum PEMFile {
    public struct Certificate: Equatable, Sendable {
        /// One line, as OpenSSL writes it: `/CN=logs.example.com`.
        public var subject: String
        /// Seconds since 1970.
        public var notBefore: Int64
        public var notAfter: Int64
    }

    /// Debian's bundle of all authorities has 220 KiB.
    private static let bytesMax = 8 << 20

    /// All certificates of the file, at least one.
    public static func certificates(of path: String, purpose: String) throws(ReportingError) -> [Certificate] {
        let found = certificates(in: try ReadableFile.read(path, purpose: purpose, bytesMax: bytesMax))
        guard !found.isEmpty else { throw .file(purpose: purpose, path: path, reason: "it holds no certificate in PEM") }
        return found
    }

    static func certificates(in text: [UInt8]) -> [Certificate] {
        withMemory(text) { memory in
            var found: [Certificate] = []
            while let certificate = PEM_read_bio_X509(memory, nil, refusePassword, nil) {
                defer { X509_free(certificate) }
                found.append(describe(certificate))
            }
            return found
        }
    }

    /// Throws unless `keyPath` holds the private key of the first certificate in `certificatePath`.
    public static func checkKey(_ keyPath: String, of certificatePath: String) throws(ReportingError) {
        let certificateText = try ReadableFile.read(certificatePath, purpose: "client certificate", bytesMax: bytesMax)
        let keyText = try ReadableFile.read(keyPath, purpose: "client key", bytesMax: bytesMax)
        let key = withMemory(keyText) { PEM_read_bio_PrivateKey($0, nil, refusePassword, nil) }
        guard let key else {
            throw .file(purpose: "client key", path: keyPath, reason: "it holds no private key in PEM that can be read without a password")
        }
        defer { EVP_PKEY_free(key) }
        let matches: Bool? = withMemory(certificateText) { memory in
            guard let certificate = PEM_read_bio_X509(memory, nil, refusePassword, nil) else { return nil }
            defer { X509_free(certificate) }
            return X509_check_private_key(certificate, key) == 1
        }
        guard let matches else { throw .file(purpose: "client certificate", path: certificatePath, reason: "it holds no certificate in PEM") }
        guard matches else { throw .file(purpose: "client key", path: keyPath, reason: "it is not the key of the certificate in \(certificatePath)") }
    }

    private static func describe(_ certificate: OpaquePointer) -> Certificate {
        var subject = [CChar](repeating: 0, count: 256)
        X509_NAME_oneline(X509_get_subject_name(certificate), &subject, Int32(subject.count))
        let text = subject.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return Certificate(
            subject: Redaction().excerpt(text), notBefore: seconds(X509_get0_notBefore(certificate)), notAfter: seconds(X509_get0_notAfter(certificate)))
    }

    /// https://docs.openssl.org/3.0/man3/ASN1_TIME_set/
    private static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64 {
        var fields = tm()
        guard ASN1_TIME_to_tm(time, &fields) == 1 else { return 0 }
        return Int64(timegm(&fields))
    }

    /// Nobody is asked at a terminal.
    private static let refusePassword: @convention(c) (UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?) -> Int32 = { _, _, _, _ in -1 }

    private static func withMemory<Result>(_ bytes: [UInt8], _ body: (OpaquePointer?) -> Result) -> Result {
        bytes.withUnsafeBytes { bytes in
            let memory = BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count))
            defer {
                BIO_free(memory)
                // What was no certificate leaves an error behind, which the next call of TLS would find.
                ERR_clear_error()
            }
            return body(memory)
        }
    }
}
