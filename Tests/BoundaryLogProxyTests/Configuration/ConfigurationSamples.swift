@testable import BoundaryLogProxy

/// For every option: values that are good and not the default, what else they need, and a value that is bad.
struct OptionSample: Sendable, CustomStringConvertible {
    var name: String
    /// As `check-config` writes it.
    var good: String
    var other: String
    var bad: String
    var needs: [(String, String)] = []
    var description: String { name }

    static let url = ("http-url", "https://logs.example.com/in")
    static let coder = [("coder-url", "https://coder.example.com"), ("coder-token-file", "/run/agent-token")]
    static let otlp = [("reporter", "otlp")]
    static let otlpTLS = otlp + [("otlp-endpoint", "https://a.example")]
    static let all: [OptionSample] = [
        .init(name: "socket", good: "/run/a.sock", other: "/run/b.sock", bad: "/run/" + String(repeating: "a", count: 103)),
        .init(name: "socket-mode", good: "0660", other: "0620", bad: "0999"),
        .init(name: "socket-group", good: "audit", other: "1000", bad: "a group"),
        .init(name: "allow-uid", good: "agent", other: "1000", bad: "a:b"),
        .init(name: "allow-gid", good: "audit", other: "1000", bad: "a group"),
        .init(name: "connections-max", good: "10000", other: "7", bad: "0"),
        .init(name: "connection-idle-timeout", good: "1m30s", other: "2h", bad: "soon"),
        .init(name: "frame-timeout", good: "5s", other: "0", bad: "61m"),
        .init(name: "client-rate-limit", good: "1MiB", other: "0", bad: "much"),
        .init(name: "reporter", good: "http", other: "http", bad: "coderd", needs: [url]),
        .init(name: "file-path", good: "/var/log/audit.jsonl", other: "/b", bad: ""),
        .init(name: "redact-url", good: "query,userinfo", other: "userinfo", bad: "path"),
        .init(name: "http-url", good: "https://a.example/x", other: "http://[::1]:8080/", bad: "ftp://a.example"),
        .init(name: "http-format", good: "ndjson", other: "ndjson", bad: "xml", needs: [url]),
        .init(name: "http-header", good: "X-Scope: a", other: "X-Scope: b", bad: "Content-Type: text/plain", needs: [url]),
        .init(name: "http-token-file", good: "/run/token", other: "/run/token2", bad: "", needs: [url]),
        .init(name: "http-compression", good: "gzip", other: "zstd", bad: "brotli", needs: [url]),
        .init(name: "http-ca-file", good: "/etc/ca.pem", other: "/etc/ca2.pem", bad: "", needs: [url]),
        .init(name: "http-client-cert", good: "/etc/c.pem", other: "/etc/c2.pem", bad: "", needs: [url, ("http-client-key", "/etc/k.pem")]),
        .init(name: "http-client-key", good: "/etc/k.pem", other: "/etc/k2.pem", bad: "", needs: [url, ("http-client-cert", "/etc/c.pem")]),
        .init(name: "http-timeout", good: "1m", other: "100ms", bad: "99ms", needs: [url]),
        .init(name: "coder-url", good: "https://a.example/coder", other: "http://[::1]:8080/", bad: "https://a.example/?x=1", needs: [coder[1]]),
        .init(name: "coder-token-file", good: "/run/token", other: "/run/token2", bad: "", needs: [coder[0]]),
        .init(name: "coder-header", good: "X-Scope: a", other: "X-Scope: b", bad: "X-Scope a", needs: coder),
        .init(name: "coder-ca-file", good: "/etc/ca.pem", other: "/etc/ca2.pem", bad: "", needs: coder),
        .init(name: "coder-client-cert", good: "/etc/c.pem", other: "/etc/c2.pem", bad: "", needs: coder + [("coder-client-key", "/etc/k.pem")]),
        .init(name: "coder-client-key", good: "/etc/k.pem", other: "/etc/k2.pem", bad: "", needs: coder + [("coder-client-cert", "/etc/c.pem")]),
        .init(name: "call-timeout", good: "1m", other: "100ms", bad: "99ms", needs: coder),
        .init(name: "otlp-endpoint", good: "https://a.example", other: "http://[::1]:4318/base", bad: "https://a.example/?x=1", needs: otlp),
        .init(name: "otlp-logs-endpoint", good: "https://a.example/v1/logs", other: "http://[::1]/", bad: "grpc://a.example", needs: otlp),
        .init(name: "otlp-protocol", good: "http/json", other: "http/json", bad: "grpc", needs: otlp),
        .init(name: "otlp-header", good: "X-Scope: a", other: "X-Scope: b", bad: "X-Scope a", needs: otlp),
        .init(name: "otlp-token-file", good: "/run/token", other: "/run/token2", bad: "", needs: otlp),
        .init(name: "otlp-compression", good: "gzip", other: "zstd", bad: "brotli", needs: otlp),
        .init(name: "otlp-ca-file", good: "/etc/ca.pem", other: "/etc/ca2.pem", bad: "", needs: otlpTLS),
        .init(name: "otlp-client-cert", good: "/etc/c.pem", other: "/etc/c2.pem", bad: "", needs: otlpTLS + [("otlp-client-key", "/etc/k.pem")]),
        .init(name: "otlp-client-key", good: "/etc/k.pem", other: "/etc/k2.pem", bad: "", needs: otlpTLS + [("otlp-client-cert", "/etc/c.pem")]),
        .init(name: "otlp-timeout", good: "1m", other: "100ms", bad: "99ms", needs: otlp),
        .init(name: "otlp-filter", good: "denied", other: "denied", bad: "none", needs: otlp),
        .init(name: "otlp-resource-attribute", good: "team=a, b=c", other: "x=", bad: "=x", needs: otlp),
        .init(name: "flush-interval", good: "250ms", other: "0", bad: "2h"),
        .init(name: "request-bytes-max", good: "64KiB", other: "2MiB", bad: "1KiB"),
        .init(name: "in-flight-max", good: "64", other: "2", bad: "65"),
        .init(name: "buffer-bytes", good: "32MiB", other: "1GB", bad: "12q"),
        .init(name: "overflow", good: "block", other: "drop-oldest", bad: "drop"),
        .init(name: "durability", good: "sync", other: "memory", bad: "disk"),
        .init(name: "spool-dir", good: "/var/lib/a", other: "b c", bad: ""),
        .init(name: "spool-bytes-max", good: "1TiB", other: "1MiB", bad: "1023KiB"),
        .init(name: "spool-after", good: "1h", other: "0", bad: "61m"),
        .init(name: "give-up-after", good: "8760h", other: "1ms", bad: "8761h"),
        .init(name: "metrics-listen", good: "127.0.0.1:9464", other: "[::1]:0", bad: ":9464"),
        .init(name: "status-listen", good: "unix:/run/status.sock", other: "localhost:0", bad: "0.0.0.0:9465"),
        .init(name: "drain-timeout", good: "1.5s", other: "0", bad: "61m"),
        .init(name: "log-level", good: "debug", other: "critical", bad: "warn"),
        .init(name: "log-format", good: "json", other: "json", bad: "xml"),
        .init(name: "no-sandbox", good: "landlock", other: "seccomp", bad: "all"),
    ]
}

extension Configuration {
    /// The option's values, secrets included.
    func unmasked(_ name: String) -> [String] { Options.named(name)!.values(self) }
}
