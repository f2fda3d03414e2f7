import Logging

/// Where batches go.
public enum ReporterKind: String, CaseIterable, Sendable {
    case file, http
}

/// What happens to a batch that finds the ring full.
public enum OverflowPolicy: String, CaseIterable, Sendable {
    case dropNewest = "drop-newest"
    case dropOldest = "drop-oldest"
    /// Nothing is dropped: reading from clients stops until there is room.
    case block
}

/// The body of a request to an HTTP destination.
public enum HTTPFormat: String, CaseIterable, Sendable {
    case protobuf, ndjson
}

public enum HTTPCompression: String, CaseIterable, Sendable {
    case none, gzip, zstd
}

/// How the daemon's own messages are written.
public enum LogFormat: String, CaseIterable, Sendable {
    case text, json
}
