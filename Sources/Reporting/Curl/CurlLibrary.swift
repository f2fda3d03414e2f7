internal import CCurl

/// The library as a whole.
public enum CurlLibrary {
    /// The running libcurl and what it was built with, e.g. `libcurl/7.88.1 OpenSSL/3.0.15 zlib/1.2.13 ...`.
    /// https://curl.se/libcurl/c/curl_version.html
    public static var version: String { String(cString: curl_version()) }

    /// Once per process; safe from any thread, as libcurl here is built to be (CURL_VERSION_THREADSAFE). Never undone: other code of a host
    /// may use libcurl too.
    /// https://curl.se/libcurl/c/curl_global_init.html
    static func initialize() { _ = done }

    private static let done: Void = {
        // CURL_GLOBAL_DEFAULT
        let code = curl_global_init(3)
        precondition(code == CURLE_OK, "curl_global_init failed: \(String(cString: curl_easy_strerror(code)))")
    }()
}
