import Glibc

extension ConfigurationBuilder {
    /// The variable that names a configuration file when the command line does not.
    public static let configurationFileVariable = OptionDescriptor.environmentPrefix + "CONFIG"
    private static let socketVariable = "CODER_AGENT_BOUNDARY_LOG_PROXY_SOCKET_PATH"
    private static let coderURLVariable = "CODER_AGENT_URL"
    private static let coderTokenVariable = "CODER_AGENT_TOKEN"
    private static let coderTokenFileVariable = "CODER_AGENT_TOKEN_FILE"
    /// https://systemd.io/CREDENTIALS/
    private static let credentialsVariable = "CREDENTIALS_DIRECTORY"

    /// Takes every `BOUNDARY_LOG_PROXY_…` variable, the socket's default path from `CODER_AGENT_BOUNDARY_LOG_PROXY_SOCKET_PATH` and
    /// `TMPDIR`, the spool's default directory from `STATE_DIRECTORY`, `XDG_STATE_HOME` and `HOME`, token files from `CREDENTIALS_DIRECTORY`, and coderd's
    /// address and token from the `CODER_AGENT_…` variables of a workspace. An empty variable counts as unset.
    public mutating func load(environment: [String: String]) {
        let prefix = OptionDescriptor.environmentPrefix
        let names = Dictionary(uniqueKeysWithValues: Options.all.map { ($0.environmentVariable, $0) })
        // Sorted, so that errors come in the same order every time.
        for (variable, value) in environment.sorted(by: { $0.key < $1.key }) where variable.hasPrefix(prefix) && !value.isEmpty {
            if variable == Self.configurationFileVariable { continue }
            guard let option = names[variable] else {
                if Self.isKubernetesServiceVariable(variable.dropFirst(prefix.count)) { continue }
                record(Self.unknown(
                    variable, kind: "option's environment variable", among: names.keys.sorted() + [Self.configurationFileVariable],
                    source: .environment(variable: variable)))
                continue
            }
            let values = option.isRepeatable ? value.split(separator: "\n").map(String.init) : [value]
            for value in values { set(option.name, value, source: .environment(variable: variable)) }
        }
        func value(_ variable: String) -> String? { environment[variable].flatMap { $0.isEmpty ? nil : $0 } }
        if let path = value(Self.socketVariable) {
            setDefault("socket", path, variable: Self.socketVariable)
        } else if let directory = value("TMPDIR") {
            setDefault("socket", directory + (directory.hasSuffix("/") ? "" : "/") + "boundary-audit.sock", variable: "TMPDIR")
        }
        if let (path, variable) = SpoolDirectoryDefault.from(environment) { setDefault("spool-dir", path, variable: variable) }
        if let url = value(Self.coderURLVariable) { setDefault("coder-url", url, variable: Self.coderURLVariable) }
        // Credentials that systemd hands over (LoadCredential=).
        func credential(_ name: String) -> String? {
            value(Self.credentialsVariable).map { "\($0)/\(name)" }.flatMap { access($0, F_OK) == 0 ? $0 : nil }
        }
        if let path = credential("http-token") { setDefault("http-token-file", path, variable: Self.credentialsVariable) }
        if let path = credential("coder-token") { setDefault("coder-token-file", path, variable: Self.credentialsVariable) }
        if let path = value(Self.coderTokenFileVariable) { setDefault("coder-token-file", path, variable: Self.coderTokenFileVariable) }
        if let token = value(Self.coderTokenVariable) { setCoderToken(token) }
    }

    // Kubernetes gives every container such variables for each service of its namespace; one that is called boundary-log-proxy
    // must not keep the daemon from starting. `rest` is what follows the prefix.
    private static func isKubernetesServiceVariable(_ rest: Substring) -> Bool {
        if ["SERVICE_HOST", "SERVICE_PORT", "PORT"].contains(rest) || rest.hasPrefix("SERVICE_PORT_") { return true }
        return rest.hasPrefix("PORT_") && rest.dropFirst(5).first?.isNumber == true
    }
}
