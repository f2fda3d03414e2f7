internal import CCurl

/// One easy handle with typed options. Setting a known option fails only without memory or for a feature that libcurl was built without,
/// hence a precondition, but for `set(_:ifSupported:)`.
///
/// https://curl.se/libcurl/c/libcurl-easy.html
final class CurlEasy {
    let handle: CurlHandle
    /// Where libcurl describes its last error; CURL_ERROR_SIZE bytes.
    private let errorText: UnsafeMutablePointer<CChar>

    init() {
        CurlLibrary.initialize()
        guard let handle = curl_easy_init() else { preconditionFailure("curl_easy_init: out of memory") }
        self.handle = handle
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        set(CURLOPT_ERRORBUFFER, errorText)
    }

    /// Must not be in a multi any more.
    deinit {
        curl_easy_cleanup(handle)
        errorText.deallocate()
    }

    func set(_ option: CURLoption, _ value: Int) {
        require(blp_easy_set_long(handle, option, value), option)
    }

    func set(_ option: CURLoption, offset value: Int) {
        require(blp_easy_set_offset(handle, option, curl_off_t(value)), option)
    }

    /// nil: libcurl's default. The text is copied.
    func set(_ option: CURLoption, _ value: String?) {
        require(blp_easy_set_string(handle, option, value), option)
    }

    func set(_ option: CURLoption, _ value: UnsafeMutableRawPointer) {
        require(blp_easy_set_pointer(handle, option, value), option)
    }

    func integer(_ info: CURLINFO) -> Int {
        var value = 0
        blp_easy_get_long(handle, info, &value)
        return value
    }

    func offset(_ info: CURLINFO) -> Int {
        var value: curl_off_t = 0
        blp_easy_get_offset(handle, info, &value)
        return Int(value)
    }

    func string(_ info: CURLINFO) -> String? {
        var value: UnsafePointer<CChar>?
        blp_easy_get_string(handle, info, &value)
        return value.map { String(cString: $0) }
    }

    /// Of a connection that CURLOPT_CONNECT_ONLY made; nil when there is none (any more).
    /// https://curl.se/libcurl/c/CURLINFO_ACTIVESOCKET.html
    var activeSocket: curl_socket_t? {
        var socket: curl_socket_t = -1
        blp_easy_get_socket(handle, CURLINFO_ACTIVESOCKET, &socket)
        return socket >= 0 ? socket : nil
    }

    /// The first header of that name in the last response; nil if there is none.
    /// https://curl.se/libcurl/c/curl_easy_header.html
    func header(_ name: String) -> String? {
        var header: UnsafeMutablePointer<curl_header>?
        // CURLH_HEADER, of the last request on this handle.
        guard curl_easy_header(handle, name, 0, 1, -1, &header) == CURLHE_OK, let header else { return nil }
        return String(cString: header.pointee.value)
    }

    /// What libcurl says of the error, which may hold URLs: see `Redaction`.
    func describe(_ code: CURLcode) -> String {
        errorText.pointee == 0 ? String(cString: curl_easy_strerror(code)) : String(cString: errorText)
    }

    func forgetError() {
        errorText.pointee = 0
    }

    private func require(_ code: CURLcode, _ option: CURLoption) {
        precondition(code == CURLE_OK, "curl_easy_setopt(\(option.rawValue)): \(String(cString: curl_easy_strerror(code)))")
    }
}
