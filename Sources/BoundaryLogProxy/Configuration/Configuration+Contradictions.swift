extension Configuration {
    /// Options that cannot go together. `isInvalid` names those that already have an error, about which nothing more is said.
    func contradictions(isInvalid: Set<String>) -> [ConfigurationError] {
        var errors: [ConfigurationError] = []
        func isGiven(_ name: String) -> Bool { sources[name] != nil }
        func refuse(_ name: String, _ problem: String, allowed: String? = nil) {
            if isInvalid.contains(name) { return }
            let shown = Options.named(name).flatMap { option in option.values(self).first.map(option.mask) }
            errors.append(ConfigurationError(
                key: name, value: shown.map { Printable.text($0) }, source: sources[name], problem: problem, allowed: allowed))
        }

        // With an invalid reporter or address it is unknown which destination was meant.
        if isInvalid.isDisjoint(with: ["reporter", "http-url"]) {
            if reporter == .http, http.url == nil {
                refuse("reporter", "needs --http-url", allowed: "reporter http together with http-url, or reporter file")
            }
            let reason = isGiven("reporter") || http.url != nil ? "" : ", the default without --http-url"
            for option in Options.all where isGiven(option.name) && !hasEffect(option) {
                refuse(option.name, "has no effect with --reporter \(reporter.rawValue)\(reason)")
            }
        }
        if http.clientCertificate != nil, http.clientKey == nil, !isInvalid.contains("http-client-key") {
            refuse("http-client-cert", "needs --http-client-key")
        }
        if http.clientKey != nil, http.clientCertificate == nil, !isInvalid.contains("http-client-cert") {
            refuse("http-client-key", "needs --http-client-cert")
        }
        if http.tokenFile != nil, http.headers.contains(where: { $0.name.lowercased() == "authorization" }) {
            refuse("http-token-file", "and an Authorization header in http-header cannot both be sent; give one of them")
        }
        if isInvalid.isDisjoint(with: ["request-bytes-max", "buffer-bytes"]), requestBytesMax > bufferBytes / 2 {
            let name = isGiven("request-bytes-max") ? "request-bytes-max" : "buffer-bytes"
            refuse(
                name,
                "contradicts \(name == "buffer-bytes" ? "request-bytes-max \(SizeText.format(requestBytesMax))" : "buffer-bytes \(SizeText.format(bufferBytes))")",
                allowed: "request-bytes-max of at most half of buffer-bytes")
        }
        return errors
    }

    /// What works but is probably not meant.
    func doubts() -> [String] {
        var warnings: [String] = []
        let authorization = http.headers.contains { $0.name.lowercased() == "authorization" }
        if let url = http.url {
            if !url.isTLS, !url.isLoopback, http.tokenFile != nil || authorization || url.hasUserInfo {
                warnings.append("http-url: credentials are sent to \(Printable.text(url.host)) in plain text, because the address begins with http://")
            }
            if !url.isTLS {
                for name in ["http-ca-file", "http-client-cert"] where sources[name] != nil {
                    warnings.append("\(name): has no effect, because http-url begins with http://")
                }
            }
            if url.hasUserInfo, source(of: "http-url") == .commandLine {
                warnings.append("http-url: user info on the command line can be read by every user of this machine")
            }
        }
        if authorization, source(of: "http-header") == .commandLine {
            warnings.append("http-header: a header's value on the command line can be read by every user of this machine")
        }
        if socketMode & 0o002 != 0 { warnings.append("socket-mode: every user of this machine can write audit logs") }
        if socketMode & 0o200 == 0 { warnings.append("socket-mode: the daemon's own user cannot write to the socket") }
        return warnings
    }
}
