/// The daemon's own account, from the line `final ledger` that it writes when it ends (`--log-format json`).
public struct DaemonLedger: Equatable, Sendable {
    public static let message = "final ledger"

    /// All whole numbers of the line, by name.
    public var values: [String: Int]

    public init(values: [String: Int]) { self.values = values }

    /// The last such line of what the daemon said; nil without one.
    public init?(messages: [UInt8]) {
        var found: [String: Int]?
        messages.withUnsafeBufferPointer { bytes in
            var start = 0
            while start < bytes.count {
                let end = bytes[start...].firstIndex(of: 0x0a) ?? bytes.count
                if let values = Self.read(bytes, start..<end) { found = values }
                start = end + 1
            }
        }
        guard let found else { return nil }
        values = found
    }

    private static func read(_ bytes: UnsafeBufferPointer<UInt8>, _ line: Range<Int>) -> [String: Int]? {
        var values: [String: Int] = [:]
        var isLedger = false
        var scanner = JSONScanner(bytes, range: line)
        let names = scanner
        let readable: Void? = try? scanner.members { member throws(JSONScanner.Malformed) in
            if names.equals(member.key, "message") {
                isLedger = names.equals(member.value, "final ledger")
            } else if let value = names.integer(member) {
                values[String(decoding: bytes[member.key], as: UTF8.self)] = Int(value)
            }
        }
        return readable != nil && isLedger ? values : nil
    }

    public var logsReceived: Int { values["logs_received"] ?? 0 }
    public var logsDelivered: Int { values["logs_delivered"] ?? 0 }
    public var logsWaiting: Int { (values["logs_waiting"] ?? 0) + (values["logs_in_flight"] ?? 0) }
    /// What lay in the spool when the process began, and what it left there.
    public var logsRecovered: Int { values["logs_recovered"] ?? 0 }
    public var logsSpooled: Int { values["logs_spooled"] ?? 0 }
    /// The longest turn of its event loop, in microseconds.
    public var longestTurnMicroseconds: Int? { values["loop_turn_longest_us"] }
    public var batchesReceived: Int? { values["batches_received"] }
    public var clientDroppedChannelFull: Int? { values["client_dropped_channel_full"] }

    /// Logs dropped, by reason: every `logs_dropped_…`.
    public var dropped: [String: Int] {
        let prefix = "logs_dropped_"
        var dropped: [String: Int] = [:]
        for (name, value) in values where name.hasPrefix(prefix) { dropped[String(name.dropFirst(prefix.count))] = value }
        return dropped
    }

    public var balances: Bool { logsReceived + logsRecovered == logsDelivered + droppedSum + logsSpooled + logsWaiting }

    public var droppedSum: Int { dropped.values.reduce(0, +) }
}
