/// Timestamps as text: UTC, always nine fractional digits.
enum RFC3339 {
    /// `google.protobuf.Timestamp` covers 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z.
    static var secondsRange: ClosedRange<Int64> { -62_135_596_800...253_402_300_799 }

    /// Appends the quoted time, or nothing when it is out of range.
    /// - Returns: whether it was in range.
    @inline(__always)
    static func append(seconds: Int64, nanos: Int32, to output: inout [UInt8]) -> Bool {
        guard secondsRange.contains(seconds), nanos >= 0, nanos < 1_000_000_000 else { return false }
        // Counted from 0000-03-01, so that a leap day is the last day of its year and nothing below is negative.
        let sinceMarch = Int(seconds) + 719_468 * 86_400
        let date = civil(daysSinceMarch0000: sinceMarch / 86_400)
        let second = sinceMarch % 86_400
        let start = output.count
        output.append(#""0000-00-00T00:00:00.000000000Z""#)
        var text = output.mutableSpan
        write(date.year, digits: 4, at: start + 1, in: &text)
        write(date.month, digits: 2, at: start + 6, in: &text)
        write(date.day, digits: 2, at: start + 9, in: &text)
        write(second / 3600, digits: 2, at: start + 12, in: &text)
        write(second / 60 % 60, digits: 2, at: start + 15, in: &text)
        write(second % 60, digits: 2, at: start + 18, in: &text)
        write(Int(nanos), digits: 9, at: start + 21, in: &text)
        return true
    }

    /// Howard Hinnant's `civil_from_days` (https://howardhinnant.github.io/date_algorithms.html).
    private static func civil(daysSinceMarch0000 days: Int) -> (year: Int, month: Int, day: Int) {
        let era = days / 146_097
        let dayOfEra = days % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }

    @inline(__always)
    private static func write(_ value: Int, digits: Int, at position: Int, in text: inout MutableSpan<UInt8>) {
        var rest = value
        for index in stride(from: position + digits - 1, through: position, by: -1) {
            text[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }
}
