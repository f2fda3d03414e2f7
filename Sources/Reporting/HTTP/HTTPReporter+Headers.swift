internal import Glibc

extension HTTPReporter {
    /// The lines that are the same in each request, as libcurl takes them.
    /// https://curl.se/libcurl/c/CURLOPT_HTTPHEADER.html
    static func headers(_ configuration: HTTPReporterConfiguration) -> [String] {
        var lines = [
            configuration.format == .protobuf ? "Content-Type: application/x-protobuf" : "Content-Type: application/x-ndjson",
            // Without value it is not sent: waiting for "100 Continue" costs a round trip.
            "Expect:",
        ]
        if configuration.compression != .none { lines.append("Content-Encoding: \(configuration.compression.rawValue)") }
        for header in configuration.headers {
            // With a colon and nothing behind it, libcurl would leave the header out.
            lines.append(header.value.isEmpty ? "\(header.name);" : "\(header.name): \(header.value)")
        }
        return lines
    }

    /// All that may not be shown, but for the token, which changes.
    static func redaction(_ configuration: HTTPReporterConfiguration, _ url: ReportURL) -> Redaction {
        var redaction = Redaction()
        for header in configuration.headers { redaction.hide(headerValue: header.value) }
        redaction.hide(url.password)
        if url.user != nil || url.password != nil {
            redaction.hide(Base64.text(Array("\(url.user ?? ""):\(url.password ?? "")".utf8)))
        }
        // A proxy's password may be in libcurl's messages.
        for name in ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
            guard let value = getenv(name), let proxy = try? ReportURL(String(cString: value)) else { continue }
            redaction.hide(proxy.password)
        }
        return redaction
    }
}
