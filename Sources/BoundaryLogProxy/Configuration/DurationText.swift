import Pipeline

/// Durations as people write them: `250ms`, `1.5s`, `2m`, `1h30m`, `0`. Exact, in whole nanoseconds.
public enum DurationText {
    static let forms = "written like 250ms, 1.5s, 2m, 1h30m or 0"

    // Largest first: parts of one duration come in this order, each unit at most once.
    private static let units: [(name: String, nanoseconds: Int64)] = [
        ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1000), ("ns", 1),
    ]

    /// `nil` for anything but `0` or numbers with the units h, m, s, ms, us (or µs) and ns, for parts of a nanosecond, and past 292 years.
    public static func parse(_ text: String) -> Duration? {
        if text == "0" { return .zero }
        var rest = Substring(text)
        var total: Int64 = 0
        var unitsLeft = units[...]
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            guard let number = DecimalNumber(takenFrom: &rest) else { return nil }
            let name = rest.prefix { !DecimalNumber.begins(with: $0) }
            rest.removeFirst(name.count)
            let plainName = name == "µs" || name == "μs" ? "us" : String(name)
            guard let index = unitsLeft.firstIndex(where: { $0.name == plainName }),
                let nanoseconds = number.scaled(by: unitsLeft[index].nanoseconds)
            else { return nil }
            unitsLeft = unitsLeft[(index + 1)...]
            let (sum, overflow) = total.addingReportingOverflow(nanoseconds)
            if overflow { return nil }
            total = sum
        }
        return .nanoseconds(total)
    }

    /// The shortest of the forms that `parse` reads back to the same value. `duration` is held to zero and 292 years.
    public static func format(_ duration: Duration) -> String {
        var rest = max(0, duration.wholeNanoseconds)
        if rest == 0 { return "0" }
        var text = ""
        for (name, size) in units {
            // Hours and minutes are written whole; what is under a minute becomes one decimal number.
            if size >= 60_000_000_000 {
                if rest >= size { text += "\(rest / size)\(name)" }
                rest %= size
            } else if rest >= size {
                return text + DecimalNumber.format(rest, unit: size) + name
            }
        }
        return text
    }
}
