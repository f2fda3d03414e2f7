import Logging
import Pipeline

/// A warning that is to be written now.
public struct Complaint: Sendable, Equatable {
    public var level: Logger.Level
    public var text: String
}

/// Keeps a flood of equal warnings down to one a second, and says how many were held back.
///
/// Sans-IO: it reads no clock and writes nothing. The owner writes what `complain` and `flush` return, and calls `flush` at `flushDue`,
/// which is `nil` while nothing is held back: a quiet daemon is not woken.
public struct ComplaintLimiter: Sendable {
    private struct Entry {
        /// When a complaint was last written.
        var written: Instant
        var heldBack = 0
        var level: Logger.Level
        /// As last written, without its count.
        var text: String
    }

    /// At most one complaint of a key is written in this time.
    public static let interval = Duration.seconds(1)
    private static let othersKey = ""

    private let keysMax: Int
    private var entries: [String: Entry] = [:]

    /// `keysMax`: how many kinds of complaint are told apart, at least 1; those beyond are held to one a second together.
    public init(keysMax: Int = 64) {
        self.keysMax = max(1, keysMax)
        entries.reserveCapacity(self.keysMax + 1)
    }

    /// Says what to write now, if anything. `key` is the kind of complaint; the text is only made when it is written.
    public mutating func complain(
        _ key: String, level: Logger.Level = .warning, now: Instant, _ text: @autoclosure () -> String
    ) -> Complaint? {
        let key = roomFor(key, now: now)
        guard let entry = entries[key] else {
            let text = text()
            entries[key] = Entry(written: now, level: level, text: text)
            return Complaint(level: level, text: text)
        }
        if now.since(entry.written) < Self.interval {
            entries[key]!.heldBack += 1
            return nil
        }
        let text = text()
        entries[key] = Entry(written: now, level: level, text: text)
        return Complaint(level: level, text: text + Self.count(entry.heldBack, since: entry.written, now: now))
    }

    /// When `flush` has something to say; `nil` while nothing is held back.
    public var flushDue: Instant? {
        entries.values.lazy.filter { $0.heldBack > 0 }.map { $0.written.advanced(by: Self.interval) }.min()
    }

    /// The counts of what was held back for a second or longer, each with the complaint that it follows.
    public mutating func flush(_ now: Instant) -> [Complaint] { take(now) { now.since($0.written) >= Self.interval } }

    /// All counts, due or not: for the end of the process.
    public mutating func flushAll(_ now: Instant) -> [Complaint] { take(now) { _ in true } }

    private mutating func take(_ now: Instant, where isDue: (Entry) -> Bool) -> [Complaint] {
        var complaints: [Complaint] = []
        for (key, entry) in entries.sorted(by: { $0.key < $1.key }) where entry.heldBack > 0 && isDue(entry) {
            complaints.append(Complaint(level: entry.level, text: entry.text + Self.count(entry.heldBack, since: entry.written, now: now)))
            entries[key]!.heldBack = 0
            entries[key]!.written = now
        }
        return complaints
    }

    /// The key to count under: `key` while there is room for it, else the one for all others.
    private mutating func roomFor(_ key: String, now: Instant) -> String {
        if entries[key] != nil || key == Self.othersKey { return key }
        if entries.count >= keysMax {
            entries = entries.filter { $0.value.heldBack > 0 || now.since($0.value.written) < Self.interval }
        }
        return entries.count >= keysMax ? Self.othersKey : key
    }

    private static func count(_ heldBack: Int, since: Instant, now: Instant) -> String {
        if heldBack == 0 { return "" }
        let seconds = max(1, Int(now.since(since).components.seconds))
        return " (\(heldBack) more like this in the last \(seconds == 1 ? "second" : "\(seconds) seconds"))"
    }
}
