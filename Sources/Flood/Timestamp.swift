/// RFC 3339 in UTC, as the daemon's JSON lines carry it.
enum Timestamp {
    /// Nanoseconds since 1970 of `YYYY-MM-DDThh:mm:ss[.fraction]Z`; nil for anything else.
    static func nanoseconds(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> UInt64? {
        func number(_ offset: Int, _ digits: Int) -> Int? {
            var value = 0
            for index in offset..<(offset + digits) {
                let digit = bytes[range.lowerBound + index] &- UInt8(ascii: "0")
                guard digit <= 9 else { return nil }
                value = value * 10 + Int(digit)
            }
            return value
        }
        guard range.count >= 20, bytes[range.upperBound - 1] == UInt8(ascii: "Z"), bytes[range.lowerBound + 10] == UInt8(ascii: "T"),
            let year = number(0, 4), let month = number(5, 2), let day = number(8, 2), (1...12).contains(month), year >= 1970,
            let hour = number(11, 2), let minute = number(14, 2), let second = number(17, 2)
        else { return nil }
        var nanoseconds = 0
        if range.count > 20 {
            let digits = range.count - 21
            guard bytes[range.lowerBound + 19] == UInt8(ascii: "."), (1...9).contains(digits), let fraction = number(20, digits) else { return nil }
            nanoseconds = fraction
            for _ in digits..<9 { nanoseconds *= 10 }
        }
        let seconds = daysSince1970(year, month, day) * 86400 + hour * 3600 + minute * 60 + second
        return UInt64(seconds) * 1_000_000_000 + UInt64(nanoseconds)
    }

    /// The calendar, counted in years that begin in March, so that the leap day comes last.
    private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let marchYear = month <= 2 ? year - 1 : year
        let era = marchYear / 400
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return era * 146097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719468
    }
}
