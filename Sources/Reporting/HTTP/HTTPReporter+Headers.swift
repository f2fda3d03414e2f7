extension HTTPReporterConfiguration.Content {
    var mediaType: String {
        switch self {
        case .logs(.protobuf): "application/x-protobuf"
        case .logs(.ndjson): "application/x-ndjson"
        case .otlp(let encoder): encoder.format == .json ? "application/json" : "application/x-protobuf"
        }
    }
}

extension HTTPReporter {
    /// The lines that are the same in each request, as libcurl takes them.
    /// https://curl.se/libcurl/c/CURLOPT_HTTPHEADER.html
    static func headers(_ configuration: HTTPReporterConfiguration) -> [String] {
        var lines = [
            "Content-Type: \(configuration.content.mediaType)",
            // Without value it is not sent: waiting for "100 Continue" costs a round trip.
            "Expect:",
        ]
        if configuration.compression != .none { lines.append("Content-Encoding: \(configuration.compression.rawValue)") }
        return lines + Self.lines(configuration.headers)
    }

    /// With a colon and nothing behind it, libcurl would leave a header out.
    static func lines(_ headers: [HTTPReporterConfiguration.Header]) -> [String] { headers.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" } }
}
