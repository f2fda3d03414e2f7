internal import CCurl
import EventLoop
internal import Glibc

/// One request that brings no log, by the same library and with the same settings as deliveries, to see how far it gets.
///
/// Confined to the loop's thread; ends within the configuration's timeout.
public final class ServerProbe {
    public enum Request: Sendable {
        /// What the methods of the address are: a server that takes logs has nothing to do for it. With the headers and the token of a delivery.
        case options
        /// A page that needs no token; none is sent.
        case get
        /// A delivery of OTLP without a record, which a server has to answer as any other
        /// (https://opentelemetry.io/docs/specs/otlp/#otlphttp-response). The configuration must be one of OTLP.
        case emptyOTLP
    }

    /// How far it got. Each is a step that needs those before it.
    public enum Step: Int, Sendable, Comparable {
        case name, connection, proxy, security, answer

        public static func < (one: Step, other: Step) -> Bool { one.rawValue < other.rawValue }
    }

    public struct Result: Sendable {
        /// The step that failed, and why, fit for logs; nil: there was an answer.
        public internal(set) var failure: (step: Step, reason: String)?
        /// Of the server or of the proxy, e.g. `127.0.0.1:443`; nil when none was connected to.
        public internal(set) var address: String?
        /// The variable that names it, and the proxy without its password.
        public internal(set) var proxy: (variable: String, url: String)?
        /// The server's own first; empty without TLS.
        public internal(set) var certificates: [PEMFile.Certificate] = []
        public internal(set) var status = 0
        /// 10, 11, 20; 0 without an answer.
        public internal(set) var httpVersion = 0
        /// The beginning of the answer's body, as it came.
        public internal(set) var body: [UInt8] = []
        /// The same in one line, secrets masked.
        public internal(set) var text = ""
        /// Of the `Date` header, and our own time when it came; seconds since 1970.
        public internal(set) var date: Int64?
        public internal(set) var receivedAt: Int64 = 0
        /// Where a redirect leads to, fit for logs.
        public internal(set) var location: String?
    }

    private let multi: CurlMulti
    private let transfer: HTTPTransfer
    private let usesTLS: Bool
    private var redaction: Redaction
    private var proxy: (variable: String, url: String)?

    /// Throws what is wrong with the configuration; reads the token.
    public init(_ loop: EventLoop, _ configuration: HTTPReporterConfiguration, _ request: Request) throws(ReportingError) {
        try configuration.validate()
        let url = try ReportURL(configuration.url)
        usesTLS = url.scheme == "https"
        redaction = Redaction(headers: configuration.headers, url: url)
        multi = CurlMulti(loop)
        transfer = HTTPTransfer(configuration, multi, usesTLS: usesTLS)
        var headers: [String] = []
        switch request {
        case .get:
            transfer.easy.set(CURLOPT_HTTPGET, 1)
            // As a session is made: through a proxy by CONNECT also without TLS.
            transfer.easy.set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
            transfer.easy.set(CURLOPT_HTTPPROXYTUNNEL, 1)
        case .options:
            transfer.easy.set(CURLOPT_HTTPGET, 1)
            transfer.easy.set(CURLOPT_CUSTOMREQUEST, "OPTIONS")
            headers = HTTPReporter.lines(configuration.headers)
        case .emptyOTLP:
            guard case .otlp(let encoder) = configuration.content else { preconditionFailure("a delivery of OTLP to a server that takes none") }
            var plain = configuration
            plain.compression = .none
            headers = HTTPReporter.headers(plain)
            // No bytes are a message of protobuf without fields.
            transfer.body.encode { $0 = encoder.format == .json ? Array("{}".utf8) : []; return $0.count }
        }
        if request != .get, let file = configuration.tokenFile {
            let token = try TokenFile.read(file)
            redaction.hide(token)
            headers.append("Authorization: Bearer \(token)")
        }
        transfer.easy.set(CURLOPT_CERTINFO, 1)
        transfer.begin(headers: headers, token: nil, logs: 0, filtered: 0) { _ in }
        listenForProxy()
    }

    /// `done` is called once, in a later turn, when nothing is left on the loop.
    public func start(_ done: @escaping (Result) -> Void) {
        multi.start(transfer.easy.handle) { [self] code in
            let result = result(code)
            multi.remove(transfer.easy.handle)
            _ = transfer.end()
            multi.close { done(result) }
        }
    }

    private func result(_ code: CURLcode) -> Result {
        let easy = transfer.easy
        var result = Result()
        result.receivedAt = Int64(time(nil))
        result.proxy = proxy
        if let host = easy.string(CURLINFO_PRIMARY_IP), !host.isEmpty {
            result.address = (host.contains(":") ? "[\(host)]" : host) + ":\(easy.integer(CURLINFO_PRIMARY_PORT))"
        }
        result.certificates = certificates
        result.status = easy.integer(CURLINFO_RESPONSE_CODE)
        // An answer that is cut short, or too long, is one.
        guard code == CURLE_OK || result.status > 0 else {
            result.failure = (step(of: code), redaction.excerpt(message: easy.describe(code)))
            return result
        }
        result.httpVersion = HTTPReporter.version(easy.integer(CURLINFO_HTTP_VERSION))
        result.body = transfer.answer
        result.text = redaction.excerpt(transfer.answer, isCut: transfer.answerIsCut)
        result.date = easy.header("Date").map { Int64(curl_getdate($0, nil)) }.flatMap { $0 < 0 ? nil : $0 }
        result.location = easy.string(CURLINFO_REDIRECT_URL).map { redaction.excerpt(HTTPReporterConfiguration.masked(url: $0).utf8) }
        return result
    }

    private func step(of code: CURLcode) -> Step {
        let easy = transfer.easy
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: return .name
        case CURLE_COULDNT_CONNECT: return .connection
        case CURLE_PROXY: return .proxy
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR,
            CURLE_SSL_ENGINE_INITFAILED:
            return .security
        default: break
        }
        if easy.offset(CURLINFO_NAMELOOKUP_TIME_T) == 0 { return .name }
        if easy.offset(CURLINFO_CONNECT_TIME_T) == 0 { return .connection }
        if usesTLS, easy.offset(CURLINFO_APPCONNECT_TIME_T) == 0 { return proxy == nil ? .security : .proxy }
        return .answer
    }

    /// https://curl.se/libcurl/c/CURLINFO_CERTINFO.html
    private var certificates: [PEMFile.Certificate] {
        var chain: UnsafeMutablePointer<curl_certinfo>?
        guard blp_easy_get_certificates(transfer.easy.handle, &chain) == CURLE_OK, let chain else { return [] }
        return (0..<Int(chain.pointee.num_of_certs)).flatMap { index in
            var text = ""
            var item = chain.pointee.certinfo[index]
            while let field = item {
                let line = String(cString: field.pointee.data)
                if line.hasPrefix("Cert:") { text = String(line.dropFirst(5)) }
                item = field.pointee.next
            }
            return PEMFile.certificates(in: Array(text.utf8))
        }
    }

    /// Which variable libcurl takes a proxy from it tells nobody but whoever listens to what it says while it works.
    /// https://curl.se/libcurl/c/CURLOPT_DEBUGFUNCTION.html
    private func listenForProxy() {
        transfer.easy.set(CURLOPT_VERBOSE, 1)
        // Not retained: the handle is ours, and out of the multi before we go away.
        transfer.easy.set(CURLOPT_DEBUGDATA, Unmanaged.passUnretained(self).toOpaque())
        blp_easy_set_debug(transfer.easy.handle) { _, kind, text, count, me in
            guard kind == CURLINFO_TEXT, let text, let me else { return 0 }
            let line = String(decoding: UnsafeRawBufferPointer(start: text, count: count), as: UTF8.self)
            Unmanaged<ServerProbe>.fromOpaque(me).takeUnretainedValue().heard(line)
            return 0
        }
    }

    /// `Uses proxy env variable https_proxy == 'http://user:word@proxy:3128'`; of `no_proxy` it says the same.
    private func heard(_ line: String) {
        let words = line.split(separator: " ")
        guard line.hasPrefix("Uses proxy env variable "), words.count >= 6, words[4].lowercased() != "no_proxy" else { return }
        let value = words[6...].joined(separator: " ").trimming("'\n")
        proxy = (String(words[4]), redaction.excerpt(message: value))
    }
}

extension String {
    fileprivate func trimming(_ characters: String) -> String {
        var text = self[...]
        while let first = text.first, characters.contains(first) { text.removeFirst() }
        while let last = text.last, characters.contains(last) { text.removeLast() }
        return String(text)
    }
}
