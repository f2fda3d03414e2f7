import EventLoop
import Glibc
import Reporting
import Wire

extension Doctor {
    /// Each step of an attempt: so the attempts together, a plain request and then a session, stay below 20 seconds.
    private static let requestTimeout = Duration.seconds(6)
    private static let sessionStepTimeout = Duration.seconds(4)

    /// Where logs go.
    mutating func examineDestinations() {
        for reporter in configuration.reporters { examine(reporter) }
    }

    private mutating func examine(_ reporter: ReporterKind) {
        let configuration = configuration
        switch reporter {
        case .file: examineFile()
        case .http: examineServer("http", "--http-url") { try ReporterFactory.httpConfiguration(configuration.http) }
        case .otlp:
            let address = configuration.otlp.logsEndpoint == nil ? "--otlp-endpoint" : "--otlp-logs-endpoint"
            examineServer("otlp", address) { ReporterFactory.otlpConfiguration(configuration.otlp) }
        case .coder: examineCoder()
        case .discard: warn("destination", "discard: every log is thrown away", "choose a --reporter, unless something is being measured")
        case .callback: break
        }
    }

    private mutating func examineFile() {
        let path = configuration.filePath
        if path == "-" { return ok("destination", "standard output") }
        let directory = ListeningSocket.directory(of: path)
        var status = stat()
        guard stat(path, &status) == 0 else {
            let code = errno
            guard code == ENOENT else {
                return fail(
                    "destination", "cannot look at \(path): \(Self.text(code))",
                    "see to the rights of the directories above, or choose another --file-path")
            }
            if let obstacle = Self.obstacle(toWritingIn: directory) {
                return fail(
                    "destination", "\(path) does not exist, and cannot be made: \(obstacle)",
                    "see to the directory's rights, or choose another --file-path")
            }
            ok("destination", "\(path) does not exist yet, and can be made")
            return examineRoom(ofFileIn: directory)
        }
        if status.st_mode & S_IFMT == S_IFDIR { return fail("destination", "\(path) is a directory", "choose another --file-path") }
        guard faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0 else {
            let code = errno
            return fail(
                "destination", "\(path) is not writable by \(UserAccount.this.name): \(Self.text(code))",
                "see to the file's rights, or choose another --file-path")
        }
        ok("destination", "\(path) can be appended to")
        if status.st_mode & S_IFMT == S_IFREG { examineRoom(ofFileIn: directory) }
    }

    private mutating func examineRoom(ofFileIn directory: String) {
        guard let facts = FileSystemFacts(directory) else { return }
        if facts.isReadOnly {
            fail("destination disk", "the file system of \(directory) is read-only", "mount it writable, or choose another --file-path")
        } else if facts.bytesFree < 64 << 20 {
            warn(
                "destination disk", "\(SizeText.approximate(facts.bytesFree)) free in \(directory)",
                "make room, or rotate the file: rename it, then SIGHUP")
        } else {
            ok("destination disk", "\(SizeText.approximate(facts.bytesFree)) free in \(directory)")
        }
    }

    // MARK: HTTP

    /// `prefix`: of its options; `address`: the option that has its address.
    private mutating func examineServer(_ prefix: String, _ address: String, _ make: () throws -> HTTPReporterConfiguration) {
        do {
            var request = try make()
            examineFiles(
                tokenFile: request.tokenFile, caFile: request.caFile, certificate: request.clientCertificateFile, key: request.clientKeyFile)
            request.timeout = Self.requestTimeout
            let isOTLP = if case .otlp = request.content { true } else { false }
            guard let result = try ask({ loop in try ServerProbe(loop, request, isOTLP ? .emptyOTLP : .options) }) else { return }
            let url = try HTTPURL(parsing: request.url)
            examineWay(result, isTLS: url.isTLS, caOption: "--\(prefix)-ca-file")
            guard result.failure == nil else { return }
            let hasToken = request.tokenFile != nil || url.hasUserInfo || request.headers.contains { $0.name.lowercased() == "authorization" }
            examineAnswer(result, isOTLP: isOTLP, hasToken: hasToken, tokenOption: "--\(prefix)-token-file", address: address)
            examineClock(result)
        } catch {
            fail("destination", "\(error)", "put that option right")
        }
    }

    /// The answer to OPTIONS, or to a delivery of OTLP without a record.
    private mutating func examineAnswer(_ result: ServerProbe.Result, isOTLP: Bool, hasToken: Bool, tokenOption: String, address: String) {
        let words = "HTTP \(result.status)" + (result.text.isEmpty ? "" : ": \(result.text)")
        let protocolText = result.httpVersion == 20 ? " over HTTP/2" : ""
        switch result.status {
        case 401, 403, 407:
            let proxy = result.status == 407
            fail(
                "token", "refused, by the \(proxy ? "proxy" : "server"), with \(words)",
                proxy ? "put the user info of the proxy's variable right" : hasToken ? "renew the token; a token file is read again on SIGHUP and after a 401" : "give a token: \(tokenOption)")
        case 300..<400:
            fail(
                "destination", "answers \(words), and redirects are not followed (to \(result.location ?? "nowhere"))",
                "put the address it leads to in \(address)")
        case 408, 425, 429, 500, 502, 503, 504:
            warn(
                "destination", "answers \(words)\(protocolText): logs would wait",
                "look at the server, and at what stands before it")
        default:
            if isOTLP {
                examineOTLPAnswer(result.status, words, protocolText, hasToken: hasToken, address: address)
            } else {
                examineOptionsAnswer(result.status, words, protocolText, hasToken: hasToken, address: address)
            }
        }
    }

    /// A server that takes logs knows POST, and may not know OPTIONS.
    private mutating func examineOptionsAnswer(_ status: Int, _ words: String, _ protocolText: String, hasToken: Bool, address: String) {
        switch status {
        case 404, 410:
            warn(
                "destination", "answers \(words) to OPTIONS\(protocolText): perhaps it knows only POST there, perhaps the path is wrong",
                "compare the path of \(address) with the server's")
        case 200..<300: ok("destination", "answers \(words) to OPTIONS\(protocolText); \(Self.untold)")
        default: ok("destination", "answers \(words) to OPTIONS\(protocolText), as servers do that know only POST; \(Self.untold)")
        }
        if hasToken { sayTokenIsNotRefused() }
    }

    private mutating func examineOTLPAnswer(_ status: Int, _ words: String, _ protocolText: String, hasToken: Bool, address: String) {
        switch status {
        case 404, 405, 410:
            fail(
                "destination", "answers \(words) to a delivery without a record\(protocolText): nobody takes OTLP there",
                "compare the path of \(address) with the server's; most have v1/logs")
        case 415:
            fail("destination", "answers \(words)\(protocolText): it does not take this protocol", "try the other --otlp-protocol")
        case 200..<300:
            ok("destination", "takes OTLP: answers HTTP \(status) to a delivery without a record\(protocolText)")
            if hasToken { ok("token", "accepted") }
        default:
            warn("destination", "answers \(words) to a delivery without a record\(protocolText); \(Self.untold)", "look at what the server says to the first log")
            if hasToken { sayTokenIsNotRefused() }
        }
    }

    private static let untold = "whether it takes logs, only a log can tell"

    private mutating func sayTokenIsNotRefused() { ok("token", "not refused; whether it is accepted, only a log can tell") }

    // MARK: coderd

    private mutating func examineCoder() {
        let coder = configuration.coder
        do {
            let session = try ReporterFactory.coderConfiguration(coder, inFlightMax: configuration.inFlightMax)
            examineFiles(tokenFile: coder.tokenFile, caFile: coder.caFile, certificate: coder.clientCertificate, key: coder.clientKey)
            var base = coder.url?.text ?? ""
            while base.last == "/" { base.removeLast() }
            let page = HTTPReporterConfiguration(
                url: base + "/api/v2/buildinfo", headers: session.headers, caFile: coder.caFile, clientCertificateFile: coder.clientCertificate,
                clientKeyFile: coder.clientKey, timeout: Self.requestTimeout, userAgent: session.userAgent)
            guard let result = try ask({ loop in try ServerProbe(loop, page, .get) }) else { return }
            examineWay(result, isTLS: coder.url?.isTLS == true, caOption: "--coder-ca-file")
            guard result.failure == nil else { return }
            examineVersion(result)
            examineClock(result)
            try examineSession(session)
        } catch {
            fail("destination", "\(error)", "put that option right")
        }
    }

    private mutating func examineVersion(_ result: ServerProbe.Result) {
        guard result.status == 200, let answer = JSONReader.read(result.body), let version = answer["version"].text else {
            return warn(
                "coder version", "\(result.status == 200 ? "the answer of" : "HTTP \(result.status) from") /api/v2/buildinfo is not coderd's",
                "check --coder-url; a proxy in between may answer in its place")
        }
        let api = answer["agent_api_version"].text
        let numbers = api?.split(separator: ".").compactMap { Int($0) } ?? []
        let text = "Coder \(version), agent API \(api ?? "of an unknown version")"
        guard numbers.count == 2 else { return ok("coder version", text) }
        if (numbers[0], numbers[1]) < (2, 7) {
            fail("coder version", "\(text); 2.7 is needed", "upgrade Coder to 2.30 or later; until then --reporter http or file")
        } else if (numbers[0], numbers[1]) < (2, 9) {
            warn(
                "coder version", "\(text): sequence numbers and session ids are not kept",
                "upgrade Coder to one with agent API 2.9, to see losses there")
        } else {
            ok("coder version", text)
        }
    }

    /// docs/operations.md, "In a Coder workspace", says the same of each.
    private mutating func examineSession(_ session: AgentAPIReporterConfiguration) throws {
        let loop = try EventLoop()
        defer { loop.close() }
        var outcome: AgentAPIProbe.Outcome?
        do {
            let probe = try AgentAPIProbe(loop, session, timeout: Self.sessionStepTimeout)
            probe.start { outcome = $0 }
        } catch {
            loop.run()
            throw error
        }
        loop.run()
        switch outcome {
        case .opened(let version)?: ok("session", "opened and closed again: the token is accepted, and version \(version) of the agent API")
        case .notReached(let reason)?: fail("session", reason, "check --coder-url, and whether what stands in between passes WebSockets on")
        case .refused(let status, let reason)?:
            let text = "coderd refuses it: HTTP \(status)" + (reason.isEmpty ? "" : ": \(reason)")
            switch status {
            case 401: fail("token", text, "renew the token: it is not this workspace's, or not any more")
            case 400: fail("session", text, "upgrade Coder to 2.30 or later; until then --reporter http or file")
            case 403: fail("session", text, "rebuild or restart the workspace: this build is not its latest")
            case 404: fail("session", text, "check --coder-url: this is not coderd, or it is being restarted")
            case 429, 500...: warn("session", text, "wait, and look at coderd: it is tried again by itself")
            default: fail("session", text, "check --coder-url, and the settings for upgrades of the proxy in between")
            }
        case nil: fail("session", "it did not end", "report it")
        }
    }

    // MARK: The way there

    private func ask(_ make: (EventLoop) throws -> ServerProbe) throws -> ServerProbe.Result? {
        let loop = try EventLoop()
        defer { loop.close() }
        let probe = try make(loop)
        var result: ServerProbe.Result?
        probe.start { result = $0 }
        loop.run()
        return result
    }

    private mutating func examineWay(_ result: ServerProbe.Result, isTLS: Bool, caOption: String) {
        if let proxy = result.proxy { ok("proxy", "\(proxy.url), from the variable \(proxy.variable)") } else { ok("proxy", "none: no variable of the environment names one for this address") }
        let end = result.proxy == nil ? "the server" : "the proxy"
        let failedAt = result.failure?.step
        let reason = result.failure?.reason ?? ""
        if failedAt == .name {
            return fail(
                "name", reason,
                result.proxy == nil ? "check the address, and this machine's DNS (/etc/resolv.conf)" : "check the proxy's variable, and this machine's DNS (/etc/resolv.conf)")
        }
        if failedAt == .connection { return fail("connection", reason, "is \(end) running, and does a firewall let this machine through?") }
        ok("connection", "to \(end) at \(result.address ?? "an address that cannot be told")")
        if failedAt == .proxy { return fail("proxy", reason, "look at the proxy's rules and log, or name the destination in no_proxy") }
        if failedAt == .security { return fail("TLS", reason, Self.advice(onTLS: reason, caOption)) }
        if isTLS { examineCertificates(result) }
        if failedAt == .answer { fail("destination", reason, "look at the server, and at what stands before it") }
    }

    private static func advice(onTLS reason: String, _ caOption: String) -> String {
        let text = reason.lowercased()
        if text.contains("private key") || text.contains("client certificate") { return "see the line client certificate" }
        if text.contains("expired") { return "renew the server's certificate; or this machine's clock is wrong" }
        if text.contains("not yet valid") { return "this machine's clock is wrong, or the certificate was made for later" }
        if text.contains("subject name") || text.contains("hostname") || text.contains("ip address") { return "use the name in the address that the certificate was issued for" }
        if text.contains("issuer") || text.contains("self-signed") || text.contains("self signed") { return "if a private authority issued it, name its certificate with \(caOption)" }
        return "does the server speak TLS 1.2 or later on that port, and does it want a client certificate?"
    }

    private mutating func examineCertificates(_ result: ServerProbe.Result) {
        guard let own = result.certificates.first, let first = result.certificates.min(by: { $0.notAfter < $1.notAfter }) else {
            return ok("TLS", "verified; its certificates cannot be told")
        }
        let days = Self.days(until: first.notAfter)
        let text = "verified: \(own.subject), by a chain of \(result.certificates.count), valid for \(days) days"
        if days < 14 { warn("TLS", text, "renew \(first == own ? "the server's certificate" : "the certificate \(first.subject) of the chain") in time") } else { ok("TLS", text) }
    }

    private mutating func examineClock(_ result: ServerProbe.Result) {
        guard let date = result.date else { return ok("clock", "the server's answer has no Date to compare with") }
        let seconds = result.receivedAt - date
        if abs(seconds) > 30 {
            warn(
                "clock", "this machine is \(abs(seconds)) s \(seconds > 0 ? "ahead of" : "behind") the server",
                "set one of them right (NTP): times in logs, tokens and certificates depend on them")
        } else {
            ok("clock", "within \(abs(seconds)) s of the server's")
        }
    }

    // MARK: Files

    /// Opens what the configuration names.
    private mutating func examineFiles(tokenFile: String?, caFile: String?, certificate: String?, key: String?) {
        if let tokenFile {
            do throws(ReportingError) {
                try TokenFileCheck.check(tokenFile)
                var status = stat()
                if stat(tokenFile, &status) == 0, status.st_mode & 0o007 != 0 {
                    warn(
                        "token file", "\(tokenFile): every user of this machine may open it (\(Self.octal(UInt16(status.st_mode & 0o777))))",
                        "chmod 0600 \(tokenFile), owned by the daemon's user")
                } else {
                    ok("token file", "\(tokenFile) holds a token")
                }
            } catch { fail("token file", "\(error)", "write the token into it, and let the daemon's user read it") }
        }
        if let caFile {
            do throws(ReportingError) {
                let authorities = try PEMFile.certificates(of: caFile, purpose: "CA file")
                let expired = authorities.filter { $0.notAfter < Int64(time(nil)) }
                if expired.isEmpty {
                    ok("CA file", "\(caFile) holds \(authorities.count) \(authorities.count == 1 ? "certificate" : "certificates")")
                } else {
                    warn("CA file", "\(caFile): \(expired[0].subject) has expired", "put the authority's current certificate into it")
                }
            } catch { fail("CA file", "\(error)", "a file with the authority's certificate in PEM") }
        }
        if let certificate, let key {
            do throws(ReportingError) {
                let own = try PEMFile.certificates(of: certificate, purpose: "client certificate")[0]
                try PEMFile.checkKey(key, of: certificate)
                let days = Self.days(until: own.notAfter)
                if days < 0 {
                    fail("client certificate", "\(own.subject) expired \(-days) days ago", "renew it")
                } else if days < 14 {
                    warn("client certificate", "\(own.subject), with its key, valid for \(days) days", "renew it in time")
                } else {
                    ok("client certificate", "\(own.subject), with its key, valid for \(days) days")
                }
            } catch { fail("client certificate", "\(error)", "a certificate and its own key, both in PEM, the key without a password") }
        }
    }

    private static func days(until time: Int64) -> Int {
        let seconds = time - Int64(Glibc.time(nil))
        return Int((Double(seconds) / 86_400).rounded(.down))
    }
}
