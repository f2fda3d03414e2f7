internal import CCurl
import EventLoop
internal import Glibc
import Pipeline
import Wire

/// Posts each delivery to an HTTP server, over one kept connection, or a stream of it where HTTP/2 is spoken.
///
/// A protobuf body is handed to libcurl piece by piece from where it lies in the ring; JSON lines and compressed bodies are made in buffers
/// that are used again. Confined to the loop's thread. While no request is under way it does nothing at all; that the server has closed the
/// kept connection is noticed at the next request, which then makes a new one.
public final class HTTPReporter: Reporter, ReporterStatisticsSource {
    /// Requests side by side, at most, whatever the forwarder is set to.
    public static let inFlightMax = 64

    public let traits: ReporterTraits
    public private(set) var statistics = ReporterStatistics()
    /// The destination, fit for logs: user info and query masked.
    public let destination: String

    private let loop: EventLoop
    private let configuration: HTTPReporterConfiguration
    private let usesTLS: Bool
    private let multi: CurlMulti
    private let encoder: BodyEncoder
    private let wallClock: () -> UInt64
    private let baseHeaders: [String]
    private let baseRedaction: Redaction
    /// The base and the current token.
    private var redaction: Redaction
    private var token: String?
    private var idle: [HTTPTransfer] = []
    private var active: [HTTPTransfer] = []
    private var isClosing = false
    /// Deliveries of which nothing is to be sent; their completions come in the next turn.
    private var empty: [(completion: (DeliveryOutcome) -> Void, filtered: Int)] = []
    private var later: NextTurn?
    /// Completions that `close` owes.
    private var abandoned: [(DeliveryOutcome) -> Void] = []

    /// Checks the configuration and reads the token; connects at the first delivery.
    /// `wallClock`: nanoseconds since 1970, for a `Retry-After` that is a date and for when OTLP records were observed; the system's if nil.
    public init(
        _ loop: EventLoop, _ configuration: HTTPReporterConfiguration, wallClock: (() -> UInt64)? = nil
    ) throws(ReportingError) {
        try configuration.validate()
        let url = try ReportURL(configuration.url)
        self.loop = loop
        self.configuration = configuration
        self.wallClock = wallClock ?? Self.systemClock
        destination = url.shown
        usesTLS = url.scheme == "https"
        token = if let file = configuration.tokenFile { try TokenFile.read(file) } else { nil }
        traits = ReporterTraits(mixesSessions: configuration.content != .logs(.protobuf), inFlightMax: Self.inFlightMax)
        encoder = BodyEncoder(configuration)
        baseHeaders = Self.headers(configuration)
        baseRedaction = Redaction(headers: configuration.headers, url: url)
        redaction = baseRedaction
        redaction.hide(token)
        multi = CurlMulti(loop)
        later = NextTurn(loop) { [unowned self] in
            let ready = empty
            empty = []
            for (completion, filtered) in ready { completion(.partly(rejected: 0, filtered: filtered, reason: nil)) }
        }
    }

    private static func systemClock() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(clamping: time.tv_sec) * 1_000_000_000 + UInt64(clamping: time.tv_nsec)
    }

    public func bodyBytes(of batch: Batch) -> Int {
        DeliveryContent.bodyBytes(of: batch, configuration)
    }

    /// After `close` began, the completion gets `.transient`; after it ended, this may not be called.
    public func send(_ delivery: Delivery, completion: @escaping (DeliveryOutcome) -> Void) {
        guard !isClosing else {
            abandoned.append(completion)
            return
        }
        let transfer = idle.popLast() ?? HTTPTransfer(configuration, multi, usesTLS: usesTLS)
        let logs = encoder.encode(delivery, now: (Instant(nanoseconds: loop.now), wallClock()), into: &transfer.body)
        guard logs > 0 else {
            _ = transfer.end()
            idle.append(transfer)
            empty.append((completion, delivery.logCount))
            later?.schedule()
            return
        }
        var headers = baseHeaders
        headers.append("Idempotency-Key: \(delivery.key)")
        if let token { headers.append("Authorization: Bearer \(token)") }
        transfer.begin(headers: headers, token: token, logs: delivery.logCount, filtered: delivery.logCount - logs, completion: completion)
        active.append(transfer)
        multi.start(transfer.easy.handle) { [unowned self] code in ended(transfer, code) }
    }

    /// Reads the token file again. A file that cannot be used leaves the token as it is, and is named in `statistics.lastErrorReason`.
    public func reopen() -> String? {
        guard let file = configuration.tokenFile else { return nil }
        do throws(ReportingError) {
            token = try TokenFile.read(file)
            redaction = baseRedaction
            redaction.hide(token)
        } catch {
            statistics.lastErrorReason = error.description
            return error.description
        }
        return nil
    }

    /// Requests under way are cut off, and may have arrived all the same; their pieces are not read from then on. Their completions come in
    /// a later turn, before `closed`.
    public func close(_ closed: @escaping () -> Void) {
        precondition(!isClosing, "an HTTPReporter was closed twice")
        isClosing = true
        for transfer in active {
            multi.remove(transfer.easy.handle)
            if let completion = transfer.end() { abandoned.append(completion) }
        }
        active = []
        idle = []
        abandoned += empty.map(\.completion)
        empty = []
        later?.close()
        later = nil
        multi.close { [self] in
            while !abandoned.isEmpty { abandoned.removeFirst()(.transient(reason: "the reporter was closed", retryAfter: nil)) }
            closed()
        }
    }

    // MARK: The end of a request

    private func ended(_ transfer: HTTPTransfer, _ code: CURLcode) {
        let outcome = outcome(of: transfer, code)
        count(transfer, outcome)
        multi.remove(transfer.easy.handle)
        active.removeAll { $0 === transfer }
        let completion = transfer.end()
        idle.append(transfer)
        completion?(outcome)
    }

    private func outcome(of transfer: HTTPTransfer, _ code: CURLcode) -> DeliveryOutcome {
        let status = transfer.easy.integer(CURLINFO_RESPONSE_CODE)
        // A server that refuses may do so, and hang up, before it has read the request: what it said counts. A success that is cut short
        // does not.
        let hasStatus = code == CURLE_OK || transfer.answerIsTooLong || status >= 400
        guard hasStatus, status > 0 else {
            return .transient(reason: redaction(for: transfer).excerpt(message: transfer.easy.describe(code)), retryAfter: nil)
        }
        let reason = reason(status, transfer)
        if status == 401, configuration.tokenFile != nil {
            _ = reopen()
            if token != transfer.token {
                return .transient(reason: "\(reason) (the token file has changed since: trying again with what it holds now)", retryAfter: nil)
            }
        }
        let retryAfter = transfer.easy.header("Retry-After").flatMap { RetryAfter.parse($0, now: Int64(wallClock() / 1_000_000_000)) }
        guard case .otlp = configuration.content else { return HTTPOutcome.of(status: status, reason: reason, retryAfter: retryAfter) }
        guard (200..<300).contains(status) else { return OTLPOutcome.of(status: status, reason: reason, retryAfter: retryAfter) }
        return OTLPOutcome.of(
            answer(of: transfer, isSuccess: true), logs: transfer.logs - transfer.filtered, filtered: transfer.filtered,
            redaction: redaction(for: transfer))
    }

    private func answer(of transfer: HTTPTransfer, isSuccess: Bool) -> OTLPAnswer {
        let type = transfer.easy.header("Content-Type")?.lowercased() ?? ""
        return OTLPAnswer(transfer.answer, isJSON: type.hasPrefix("application/json"), isSuccess: isSuccess)
    }

    /// The status and what the server wrote.
    private func reason(_ status: Int, _ transfer: HTTPTransfer) -> String {
        var reason = "HTTP \(status)"
        if (300..<400).contains(status) {
            let location = transfer.easy.string(CURLINFO_REDIRECT_URL).map { HTTPReporterConfiguration.masked(url: $0) } ?? "nowhere"
            reason += ": redirects are not followed (to \(redaction(for: transfer).excerpt(location.utf8)))"
        }
        var answer = transfer.answer
        // A server of OTLP answers with a message, or, as others do, with a text.
        if case .otlp = configuration.content, case let message = self.answer(of: transfer, isSuccess: false).message, !message.isEmpty { answer = message }
        let text = redaction(for: transfer).excerpt(answer, isCut: transfer.answerIsCut)
        return text.isEmpty ? reason : "\(reason): \(text)"
    }

    /// The token that the request carried is a secret still, when the file holds another by now.
    private func redaction(for transfer: HTTPTransfer) -> Redaction {
        guard transfer.token != token else { return redaction }
        var both = redaction
        both.hide(transfer.token)
        return both
    }

    private func count(_ transfer: HTTPTransfer, _ outcome: DeliveryOutcome) {
        statistics.attempts += 1
        statistics.bodyBytes += UInt64(clamping: transfer.easy.offset(CURLINFO_SIZE_UPLOAD_T))
        statistics.connectionsOpened += UInt64(clamping: transfer.easy.integer(CURLINFO_NUM_CONNECTS))
        let status = transfer.easy.integer(CURLINFO_RESPONSE_CODE)
        if status == 0 {
            statistics.transportErrors += 1
        } else {
            statistics.responses[min(max(status, 0), 999), default: 0] += 1
            statistics.httpVersion = Self.version(transfer.easy.integer(CURLINFO_HTTP_VERSION))
        }
        switch outcome {
        case .delivered: return
        case .partly(let refused, _, let reason):
            if refused > 0 { statistics.lastErrorReason = reason }
            return
        case .transient(let reason, _), .rejected(let reason), .tooLarge(let reason): statistics.lastErrorReason = reason
        }
        statistics.failures += 1
    }

    static func version(_ code: Int) -> Int {
        switch code {
        case CURL_HTTP_VERSION_1_0: 10
        case CURL_HTTP_VERSION_1_1: 11
        case CURL_HTTP_VERSION_2_0: 20
        default: 0
        }
    }
}
