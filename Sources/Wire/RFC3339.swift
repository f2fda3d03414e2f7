/// Timestamps as text: UTC, always nine fractional digits. Remembers the last day's date: logs of one request are mostly of one day.
struct RFC3339 {
    /// `google.protobuf.Timestamp` covers 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z.
    static var secondsRange: ClosedRange<Int64> { -62_135_596_800...253_402_300_799 }

    private struct Date {
        var year: UInt32 = 0
        var month: UInt32 = 3
        var day: UInt32 = 1
    }

    /// Since 0000-03-01.
    private var dayNumber = 0
    private var date = Date()

    /// Appends the quoted time, 32 bytes, or nothing when it is out of range.
    /// - Returns: whether it was in range.
    @inline(__always)
    mutating func append(seconds: Int64, nanos: Int32, to output: inout OutputRawSpan) -> Bool {
        guard Self.secondsRange.contains(seconds), nanos >= 0, nanos < 1_000_000_000 else { return false }
        // Counted from 0000-03-01, so that a leap day is the last day of its year and nothing below is negative.
        let sinceMarch = UInt64(truncatingIfNeeded: seconds &+ 719_468 &* 86_400)
        let day = Int(truncatingIfNeeded: sinceMarch / 86_400)
        if day != dayNumber { setDay(day) }
        let second = UInt32(truncatingIfNeeded: sinceMarch % 86_400)
        let start = output.byteCount
        output.append(#""0000-00-00T00:00:00.000000000Z""#)
        output.overwrite(at: start &+ 1, digits: date.year / 100)
        output.overwrite(at: start &+ 3, digits: date.year % 100)
        output.overwrite(at: start &+ 6, digits: date.month)
        output.overwrite(at: start &+ 9, digits: date.day)
        output.overwrite(at: start &+ 12, digits: second / 3600)
        output.overwrite(at: start &+ 15, digits: second / 60 % 60)
        output.overwrite(at: start &+ 18, digits: second % 60)
        // The last digit by itself would be a pair that begins one place earlier: so it is written first.
        let nano = UInt32(truncatingIfNeeded: nanos)
        output.overwrite(at: start &+ 28, digits: nano % 100)
        output.overwrite(at: start &+ 27, digits: nano / 10 % 100)
        output.overwrite(at: start &+ 25, digits: nano / 1000 % 100)
        output.overwrite(at: start &+ 23, digits: nano / 100_000 % 100)
        output.overwrite(at: start &+ 21, digits: nano / 10_000_000)
        return true
    }

    /// Howard Hinnant's `civil_from_days` (https://howardhinnant.github.io/date_algorithms.html).
    @inline(never)
    private mutating func setDay(_ number: Int) {
        let era = number / 146_097
        let dayOfEra = number % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
        dayNumber = number
        date = Date(
            year: UInt32(truncatingIfNeeded: year), month: UInt32(truncatingIfNeeded: month),
            day: UInt32(truncatingIfNeeded: dayOfYear - (153 * monthFromMarch + 2) / 5 + 1))
    }
}
