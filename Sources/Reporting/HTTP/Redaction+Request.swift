internal import Glibc

extension Redaction {
    /// All that a request carries, and a proxy is told, that may not be shown.
    init(headers: [HTTPReporterConfiguration.Header], url: ReportURL) {
        self.init()
        for header in headers { hide(headerValue: header.value) }
        hide(url.password)
        hide(url.basicCredentials)
        // A proxy's password may be in libcurl's messages.
        for name in ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
            guard let value = getenv(name), let proxy = try? ReportURL(String(cString: value)) else { continue }
            hide(proxy.password)
        }
    }
}
