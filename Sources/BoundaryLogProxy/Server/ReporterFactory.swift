import EventLoop
import Pipeline
import Reporting
import Wire

/// Makes the reporter that a configuration asks for.
enum ReporterFactory {
    /// Of a configuration that asks for one of this kind.
    static func make(_ kind: ReporterKind, _ configuration: Configuration, _ embedding: Embedding, loop: EventLoop) throws(StartFailure) -> any Reporter {
        do {
            switch kind {
            case .file:
                return try FileReporter(loop, FileDestination(argument: configuration.filePath), redaction: configuration.redactURL)
            case .http:
                return try HTTPReporter(loop, httpConfiguration(configuration.http, configuration.redactURL))
            case .otlp:
                return try HTTPReporter(loop, otlpConfiguration(configuration.otlp, configuration.redactURL))
            case .discard:
                return DiscardReporter(loop)
            case .callback:
                guard let report = embedding.report else { throw StartFailure("the program has set no callback as the reporter") }
                return try CallbackReporter(loop, timeout: configuration.coder.callTimeout, report)
            case .coder:
                return try AgentAPIReporter(
                    loop, coderConfiguration(configuration.coder, inFlightMax: configuration.inFlightMax), seed: .random(in: .min ... .max))
            }
        } catch {
            throw StartFailure("\(error)")
        }
    }

    static func otlpConfiguration(_ otlp: OTLPConfiguration, _ redaction: URLRedaction = []) -> HTTPReporterConfiguration {
        let encoder = OTLPRequestEncoder(
            format: otlp.format, filter: otlp.filter, redaction: redaction, resource: otlp.resource(environment: ProcessEnvironment.current),
            version: Version.text)
        return HTTPReporterConfiguration(
            url: otlp.url, content: .otlp(encoder), headers: otlp.headers.map { .init(name: $0.name, value: $0.value) },
            tokenFile: otlp.tokenFile, compression: otlp.compression, caFile: otlp.caFile,
            clientCertificateFile: otlp.clientCertificate, clientKeyFile: otlp.clientKey, timeout: otlp.timeout, userAgent: userAgent)
    }

    static func httpConfiguration(_ http: HTTPConfiguration, _ redaction: URLRedaction = []) throws(StartFailure) -> HTTPReporterConfiguration {
        guard let url = http.url else { throw StartFailure("--reporter http needs --http-url") }
        return HTTPReporterConfiguration(
            url: url.text, content: .logs(http.format), redaction: redaction, headers: http.headers.map { .init(name: $0.name, value: $0.value) },
            tokenFile: http.tokenFile, compression: http.compression, caFile: http.caFile,
            clientCertificateFile: http.clientCertificate, clientKeyFile: http.clientKey, timeout: http.timeout,
            userAgent: userAgent)
    }

    static func coderConfiguration(_ coder: CoderConfiguration, inFlightMax: Int) throws(StartFailure) -> AgentAPIReporterConfiguration {
        guard let url = coder.url else { throw StartFailure("--reporter coder needs --coder-url") }
        return AgentAPIReporterConfiguration(
            url: url.text, tokenFile: coder.tokenFile, token: coder.token, headers: coder.headers.map { .init(name: $0.name, value: $0.value) },
            caFile: coder.caFile, clientCertificateFile: coder.clientCertificate, clientKeyFile: coder.clientKey,
            callTimeout: coder.callTimeout, callsInFlightMax: inFlightMax, userAgent: userAgent)
    }

    private static let userAgent = "boundary-log-proxy/\(Version.text)"
}
