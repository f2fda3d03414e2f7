/// Sizes in bytes as people write them: `16MiB`, `512KiB`, `1GB`, `4096`. Exact.
public enum SizeText {
    static let forms = "written like 16MiB, 512KiB, 1GB or 4096"

    private static let units: [(name: String, bytes: Int64)] = [
        ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10),
        ("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000), ("KB", 1000), ("B", 1), ("", 1),
    ]

    /// `nil` for anything but a number with one of the units B, kB, MB, GB, TB (thousands), KiB, MiB, GiB, TiB (1024s) or none,
    /// for parts of a byte, and past `Int.max`.
    public static func parse(_ text: String) -> Int? {
        var rest = Substring(text)
        guard let number = DecimalNumber(takenFrom: &rest), let unit = units.first(where: { $0.name == rest }) else { return nil }
        return number.scaled(by: unit.bytes).flatMap { Int(exactly: $0) }
    }

    /// In the largest unit that divides it, powers of 1024 before those of 1000. `parse` reads it back to the same value.
    public static func format(_ bytes: Int) -> String {
        let value = Int64(bytes)
        guard value > 0, let unit = units.first(where: { value % $0.bytes == 0 && $0.bytes > 1 }) else { return "\(bytes)" }
        return "\(value / unit.bytes)\(unit.name)"
    }

    /// For people: to a tenth of the largest unit of thousands that fits.
    public static func approximate(_ bytes: Int) -> String {
        var tenths = bytes.magnitude
        var unit = 0
        let units = ["bytes", "kB", "MB", "GB", "TB", "PB", "EB"]
        if tenths < 1000 { return "\(tenths) bytes" }
        tenths = bytes.magnitude / 100
        unit = 1
        while tenths >= 10_000, unit < units.count - 1 {
            tenths /= 1000
            unit += 1
        }
        return "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }
}
