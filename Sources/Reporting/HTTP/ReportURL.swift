internal import CCurl

/// A URL that can be reported to, taken apart by libcurl's own parser, so that what we check is what it will do.
///
/// https://curl.se/libcurl/c/libcurl-url.html
struct ReportURL {
    let scheme: String
    let host: String
    /// Percent-decoded.
    let user: String?
    let password: String?
    /// Host and, where the URL names one, port, as a `Host` header has them: ASCII.
    let authority: String
    /// Path and query, as a request line has them.
    let target: String
    /// Fit for logs.
    let shown: String

    static let hidden = "the URL (not shown)"

    init(_ text: String) throws(ReportingError) {
        guard let url = curl_url() else { preconditionFailure("curl_url: out of memory") }
        defer { curl_url_cleanup(url) }

        guard !text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else {
            throw .url(Self.hidden, reason: "it holds white space or control characters")
        }
        let code = curl_url_set(url, CURLUPART_URL, text, 0)
        switch code {
        case CURLUE_OK: break
        case CURLUE_BAD_SCHEME, CURLUE_UNSUPPORTED_SCHEME:
            throw .url(Self.hidden, reason: "a URL must begin with http:// or https://")
        default: throw .url(Self.hidden, reason: String(cString: curl_url_strerror(code)))
        }
        func part(_ which: CURLUPart, _ flags: Int32 = 0) -> String? {
            var text: UnsafeMutablePointer<CChar>?
            guard curl_url_get(url, which, &text, UInt32(flags)) == CURLUE_OK, let text else { return nil }
            defer { curl_free(text) }
            return String(cString: text)
        }
        scheme = part(CURLUPART_SCHEME) ?? ""
        host = part(CURLUPART_HOST) ?? ""
        user = part(CURLUPART_USER, CURLU_URLDECODE)
        password = part(CURLUPART_PASSWORD, CURLU_URLDECODE)
        let address = host + (part(CURLUPART_PORT).map { ":\($0)" } ?? "")
        let hidesUser = user != nil || password != nil
        let path = part(CURLUPART_PATH) ?? "/"
        let query = part(CURLUPART_QUERY)
        shown = "\(scheme)://\(hidesUser ? "***@" : "")\(address)\(path)\(query == nil ? "" : "?***")"
        // What libcurl sends of an international name.
        authority = (part(CURLUPART_HOST, Int32(CURLU_PUNYCODE)) ?? host) + (part(CURLUPART_PORT).map { ":\($0)" } ?? "")
        target = path + (query.map { "?\($0)" } ?? "")

        guard scheme == "http" || scheme == "https" else {
            throw .url(shown, reason: "a URL must begin with http:// or https://")
        }
        guard !host.isEmpty else { throw .url(shown, reason: "it names no host") }
    }

    /// User info as basic authentication sends it; nil when there is none.
    /// https://www.rfc-editor.org/rfc/rfc7617
    var basicCredentials: String? {
        guard user != nil || password != nil else { return nil }
        return Base64.text(Array("\(user ?? ""):\(password ?? "")".utf8))
    }
}
