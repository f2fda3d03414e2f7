extension Configuration {
    /// Options that cannot go together. `isInvalid` names those that already have an error, about which nothing more is said.
    func contradictions(isInvalid: Set<String>) -> [ConfigurationError] {
        var errors: [ConfigurationError] = []
        func isGiven(_ name: String) -> Bool { source(of: name).isGiven }
        func refuse(_ name: String, _ problem: String, allowed: String? = nil) {
            if isInvalid.contains(name) { return }
            let shown = Options.named(name).flatMap { option in option.values(self).first.map(option.mask) }
            errors.append(ConfigurationError(
                key: name, value: shown.map { Printable.text($0) }, source: sources[name], problem: problem, allowed: allowed))
        }

        // With an invalid reporter or address it is unknown which destination was meant.
        if isInvalid.isDisjoint(with: ["reporter", "http-url", "coder-url"]) {
            if reporters.contains(.http), http.url == nil {
                refuse("reporter", "needs --http-url", allowed: "reporter http together with http-url, or reporter file")
            }
            if reporters.contains(.coder), coder.url == nil {
                refuse("reporter", "needs --coder-url or the environment variable CODER_AGENT_URL")
            }
            if reporters.contains(.coder), !coder.hasToken {
                refuse("reporter", "needs a token: --coder-token-file, or the environment variable CODER_AGENT_TOKEN or CODER_AGENT_TOKEN_FILE")
            }
            let reason =
                switch reporters[0] {
                case _ where isGiven("reporter"), .http: ""
                case .coder: ", the default with CODER_AGENT_URL and a token in the environment"
                case .file: ", the default without --http-url"
                case .callback, .discard, .otlp: ""
                }
            for option in Options.all where isGiven(option.name) && disabler(of: option)?.name == "reporter" {
                refuse(option.name, "has no effect with --reporter \(reporterNames)\(reason)")
            }
        }
        if !isInvalid.contains("socket") {
            for option in Options.all where isGiven(option.name) && disabler(of: option)?.name == "socket" {
                refuse(option.name, "has no effect without a socket")
            }
        }
        if !isInvalid.contains("durability") {
            for option in Options.all where isGiven(option.name) && disabler(of: option)?.name == "durability" {
                refuse(option.name, "has no effect with --durability \(durability.rawValue)")
            }
        }
        for (prefix, url, certificate, key) in [
            ("http", http.url, http.clientCertificate, http.clientKey), ("coder", coder.url, coder.clientCertificate, coder.clientKey),
            ("otlp", otlp.logsEndpoint ?? otlp.endpoint, otlp.clientCertificate, otlp.clientKey),
        ] {
            if certificate != nil, key == nil, !isInvalid.contains("\(prefix)-client-key") {
                refuse("\(prefix)-client-cert", "needs --\(prefix)-client-key")
            }
            if key != nil, certificate == nil, !isInvalid.contains("\(prefix)-client-cert") {
                refuse("\(prefix)-client-key", "needs --\(prefix)-client-cert")
            }
            for name in ["\(prefix)-ca-file", "\(prefix)-client-cert"] where isGiven(name) && url?.isTLS == false {
                refuse(name, "has no effect, because \(prefix == "otlp" ? "the endpoint" : "\(prefix)-url") begins with http://")
            }
        }
        if case .unix(let path)? = statusListen, path == socketPath, isInvalid.isDisjoint(with: ["socket", "status-listen"]) {
            refuse("status-listen", "is the path of the socket that boundary writes to")
        }
        for (prefix, tokenFile, headers) in [("http", http.tokenFile, http.headers), ("otlp", otlp.tokenFile, otlp.headers)]
        where tokenFile != nil && headers.haveAuthorization {
            refuse("\(prefix)-token-file", "and an Authorization header in \(prefix)-header cannot both be sent; give one of them")
        }
        for header in coder.headers where CoderConfiguration.ownHeaders.contains(where: header.name.lowercased().hasPrefix) {
            refuse("coder-header", "sets \(header.name), which the proxy sets itself")
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
        let authorization = http.headers.haveAuthorization
        if let url = http.url {
            if !url.isTLS, !url.isLoopback, http.tokenFile != nil || authorization || url.hasUserInfo {
                warnings.append("http-url: credentials are sent to \(Printable.text(url.host)) in plain text, because the address begins with http://")
            }
            if url.hasUserInfo, source(of: "http-url") == .commandLine {
                warnings.append("http-url: user info on the command line can be read by every user of this machine")
            }
        }
        let otlpAuthorization = otlp.headers.haveAuthorization
        if reporters.contains(.otlp), let url = otlp.logsEndpoint ?? otlp.endpoint {
            let name = otlp.logsEndpoint == nil ? "otlp-endpoint" : "otlp-logs-endpoint"
            if !url.isTLS, !url.isLoopback, otlp.tokenFile != nil || otlpAuthorization || url.hasUserInfo {
                warnings.append("\(name): credentials are sent to \(Printable.text(url.host)) in plain text, because the address begins with http://")
            }
            if url.hasUserInfo, source(of: name) == .commandLine {
                warnings.append("\(name): user info on the command line can be read by every user of this machine")
            }
        }
        if otlpAuthorization, source(of: "otlp-header") == .commandLine {
            warnings.append("otlp-header: a header's value on the command line can be read by every user of this machine")
        }
        if reporters.contains(.coder), let url = coder.url, !url.isTLS, !url.isLoopback {
            warnings.append("coder-url: the agent token is sent to \(Printable.text(url.host)) in plain text, because the address begins with http://")
        }
        if reporters.contains(.coder), requestBytesMax >= 4 << 20 {
            warnings.append("request-bytes-max: coderd takes less than 4MiB, so requests are held below that")
        }
        if reporters.contains(.discard) { warnings.append("reporter: discard throws every log away, and counts it as delivered") }
        if !coder.headers.isEmpty, source(of: "coder-header") == .commandLine {
            warnings.append("coder-header: a header's value on the command line can be read by every user of this machine")
        }
        if authorization, source(of: "http-header") == .commandLine {
            warnings.append("http-header: a header's value on the command line can be read by every user of this machine")
        }
        if socketMode & 0o002 != 0, allowUsers.isEmpty, allowGroups.isEmpty { warnings.append("socket-mode: every user of this machine can write audit logs") }
        if socketMode & 0o200 == 0 { warnings.append("socket-mode: the daemon's own user cannot write to the socket") }
        return warnings
    }
}
