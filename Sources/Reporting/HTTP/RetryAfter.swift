internal import CCurl

/// The `Retry-After` header.
///
/// https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
enum RetryAfter {
    /// A longer wish is cut down to this: whoever comes back to a working destination should see logs within the hour.
    static let max: Duration = .seconds(3600)

    /// Seconds or an HTTP date; `now` in seconds since 1970. nil for what is neither, and for the past.
    static func parse(_ text: String, now: Int64) -> Duration? {
        let bytes = text.utf8
        guard let first = bytes.first, bytes.count <= 64 else { return nil }
        if bytes.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
            guard let seconds = Int64(text) else { return max }
            return min(.seconds(seconds), max)
        }
        // All three forms of an HTTP date begin with the day's name. curl_getdate would take much more.
        guard (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first) else { return nil }
        let date = Int64(curl_getdate(text, nil))
        guard date >= 0, date > now else { return nil }
        return min(.seconds(date - now), max)
    }
}
