internal import CCurl
import Pipeline

/// One request at a time on one easy handle, which is used again and again. Holds what libcurl's callbacks need: the body on its way out,
/// and the little that is kept of the answer.
final class HTTPTransfer {
    /// Of an answer's body; the rest is read and forgotten, up to `responseBytesMax`.
    static let keptBytesMax = 1 << 10
    /// A longer answer ends the transfer, which then counts by its status.
    static let responseBytesMax = 1 << 20
    /// All headers of an answer together: libcurl keeps them, without a bound of its own in 7.88.
    static let headerBytesMax = 64 << 10

    let easy = CurlEasy()
    private unowned let multi: CurlMulti
    var body = RequestBody()
    private(set) var answer: [UInt8] = []
    private(set) var answerIsCut = false
    private(set) var answerIsTooLong = false
    /// The token that the request carries.
    private(set) var token: String?
    /// Of the delivery; and those of them that are not in the body.
    private(set) var logs = 0
    private(set) var filtered = 0
    private var completion: ((DeliveryOutcome) -> Void)?
    private var answerBytes = 0
    private var headerBytes = 0
    private var headers: UnsafeMutablePointer<curl_slist>?

    init(_ configuration: HTTPReporterConfiguration, _ multi: CurlMulti, usesTLS: Bool) {
        self.multi = multi
        answer.reserveCapacity(Self.keptBytesMax)
        setDestination(configuration, usesTLS)
        setCallbacks()
    }

    deinit {
        curl_slist_free_all(headers)
    }

    /// Prepares the next request; `body` is set.
    func begin(
        headers lines: [String], token: String?, logs: Int, filtered: Int, completion: @escaping (DeliveryOutcome) -> Void
    ) {
        self.token = token
        self.logs = logs
        self.filtered = filtered
        self.completion = completion
        answer.removeAll(keepingCapacity: true)
        answerIsCut = false
        answerIsTooLong = false
        answerBytes = 0
        headerBytes = 0
        easy.forgetError()
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines {
            guard let longer = curl_slist_append(list, line) else { preconditionFailure("curl_slist_append: out of memory") }
            list = longer
        }
        // libcurl reads the list until the next is set.
        blp_easy_set_list(easy.handle, CURLOPT_HTTPHEADER, list)
        curl_slist_free_all(headers)
        headers = list
        easy.set(CURLOPT_POSTFIELDSIZE_LARGE, offset: body.byteCount)
    }

    /// Lets go of the delivery; returns its completion, to be called once.
    func end() -> ((DeliveryOutcome) -> Void)? {
        body.clear()
        defer { completion = nil }
        return completion
    }

    private func setDestination(_ configuration: HTTPReporterConfiguration, _ usesTLS: Bool) {
        easy.setConnection(
            to: configuration.url, tls: configuration.tls, timeout: configuration.timeout, userAgent: configuration.userAgent)
        easy.set(CURLOPT_TIMEOUT_MS, configuration.timeout.curlMilliseconds)
        easy.set(CURLOPT_POST, 1)
        // HTTP/2 is negotiated over TLS, never tried in the clear.
        easy.set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS)
        // Rather wait for a handshake that may end in HTTP/2 than open a connection for each request. In the clear there is no handshake:
        // requests would wait for the first answer.
        easy.set(CURLOPT_PIPEWAIT, usesTLS ? 1 : 0)
        // What is meant for the destination is not shown to a proxy that tunnels.
        easy.set(CURLOPT_HEADEROPT, Int(CURLHEADER_SEPARATE))
    }

    private func setCallbacks() {
        // Not retained: the handle is ours, and out of the multi before we go away.
        let me = Unmanaged.passUnretained(self).toOpaque()
        easy.set(CURLOPT_READDATA, me)
        easy.set(CURLOPT_SEEKDATA, me)
        easy.set(CURLOPT_WRITEDATA, me)
        easy.set(CURLOPT_HEADERDATA, me)
        blp_easy_set_read(easy.handle) { buffer, size, count, me in
            let transfer = HTTPTransfer.from(me)
            let taken = transfer.body.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: size * count))
            if taken > 0 { transfer.multi.bodyReads += 1 }
            return taken
        }
        blp_easy_set_seek(easy.handle) { me, offset, origin in
            // SEEK_SET is all that libcurl uses.
            origin == 0 && HTTPTransfer.from(me).body.seek(to: Int(offset)) ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_CANTSEEK
        }
        blp_easy_set_write(easy.handle) { bytes, size, count, me in
            HTTPTransfer.from(me).receive(UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        blp_easy_set_header(easy.handle) { _, size, count, me in
            let transfer = HTTPTransfer.from(me)
            transfer.headerBytes += size * count
            return transfer.headerBytes <= HTTPTransfer.headerBytesMax ? size * count : 0
        }
    }

    private static func from(_ me: UnsafeMutableRawPointer?) -> HTTPTransfer {
        Unmanaged<HTTPTransfer>.fromOpaque(me!).takeUnretainedValue()
    }

    /// Taking less than all ends the transfer with CURLE_WRITE_ERROR.
    private func receive(_ bytes: UnsafeRawBufferPointer) -> Int {
        answerBytes += bytes.count
        guard answerBytes <= Self.responseBytesMax else {
            answerIsTooLong = true
            return 0
        }
        let room = Self.keptBytesMax - answer.count
        if bytes.count > room { answerIsCut = true }
        answer.append(contentsOf: bytes.prefix(room))
        return bytes.count
    }
}
