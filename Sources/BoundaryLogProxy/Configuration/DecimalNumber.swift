/// A decimal number without sign or exponent, kept as its digits so that scaling it by a unit is exact.
struct DecimalNumber {
    private var digits: Int64
    private var fractionDigits: Int

    static func begins(with character: Character) -> Bool { character == "." || digit(character) != nil }

    // `Character.wholeNumberValue` would also take digits of other scripts.
    private static func digit(_ character: Character) -> Int64? {
        character.asciiValue.flatMap { (48...57).contains($0) ? Int64($0) - 48 : nil }
    }

    /// Takes `12` or `1.5` off the front of `text`. `nil` when it begins otherwise, or has more than 18 digits.
    init?(takenFrom text: inout Substring) {
        digits = 0
        fractionDigits = 0
        var count = 0
        var wholeDigits = 0
        var isFraction = false
        while let character = text.first, Self.begins(with: character) {
            text.removeFirst()
            guard let digit = Self.digit(character) else {
                if isFraction || count == 0 { return nil }
                isFraction = true
                continue
            }
            count += 1
            if count > 18 { return nil }
            digits = digits * 10 + digit
            if isFraction { fractionDigits += 1 } else { wholeDigits += 1 }
        }
        if wholeDigits == 0 || (isFraction && fractionDigits == 0) { return nil }
    }

    /// `nil` when the product is not whole or too large.
    func scaled(by unit: Int64) -> Int64? {
        var digits = digits
        var fractionDigits = fractionDigits
        while fractionDigits > 0, digits % 10 == 0 {
            digits /= 10
            fractionDigits -= 1
        }
        var divisor: Int64 = 1
        for _ in 0..<fractionDigits { divisor *= 10 }
        let (high, low) = digits.multipliedFullWidth(by: unit)
        // Both are non-negative; the quotient fits when the high half is below the divisor and the result is below 2^63.
        guard high < divisor else { return nil }
        let (quotient, remainder) = UInt64(divisor).dividingFullWidth((UInt64(high), low))
        return remainder == 0 ? Int64(exactly: quotient) : nil
    }

    /// `value / unit` as a decimal number without trailing zeros. `unit` is a power of ten.
    static func format(_ value: Int64, unit: Int64) -> String {
        var text = "\(value / unit)"
        var rest = value % unit
        var place = unit
        if rest > 0 { text += "." }
        while rest > 0 {
            place /= 10
            text += "\(rest / place)"
            rest %= place
        }
        return text
    }
}
