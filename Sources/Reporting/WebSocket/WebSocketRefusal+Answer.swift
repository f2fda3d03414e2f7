import Wire

extension WebSocketRefusal {
    /// As coderd writes them: `{"message": …, "detail": …, "validations": [{"field": …, "detail": …}]}`; at most this many count.
    private static let validationsMax = 8

    /// `now`: seconds since 1970, for a `Retry-After` that is a date.
    init(_ answer: UpgradeRefusal, _ redaction: Redaction, now: Int64) {
        status = answer.status
        retryAfter = answer.retryAfter.flatMap { RetryAfter.parse($0, now: now) }
        let json = answer.isCut ? nil : JSONReader.read(answer.body)
        let validations = json?["validations"].elements.prefix(Self.validationsMax) ?? []
        fields = validations.compactMap { $0["field"].text.map { redaction.excerpt($0.utf8) } }
        if let message = json?["message"].text {
            let details =
                [json?["detail"].text].compactMap(\.self) + validations.map { "\($0["field"].text ?? "?"): \($0["detail"].text ?? "?")" }
            text = redaction.excerpt((message + (details.isEmpty ? "" : " (\(details.joined(separator: "; ")))")).utf8)
        } else {
            text = redaction.excerpt(answer.body, isCut: answer.isCut)
        }
        if (300..<400).contains(status) {
            let location = answer.location.map { HTTPReporterConfiguration.masked(url: $0) } ?? "nowhere"
            text = "redirects are not followed (to \(redaction.excerpt(location.utf8)))\(text.isEmpty ? "" : ": \(text)")"
        }
    }
}
