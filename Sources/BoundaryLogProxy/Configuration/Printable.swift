/// Text from outside made fit for one line of a terminal, a log or a comment.
package enum Printable {
    /// What stands where a secret was.
    static let mask = "********"

    /// Control characters (C0, DEL, C1), line and paragraph separators, and the marks that turn writing direction.
    package static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0...0x1F, 0x7F...0x9F, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
        default: false
        }
    }

    /// `text` with unsafe scalars written as escapes, cut after `scalarsMax` scalars.
    package static func text(_ text: String, scalarsMax: Int = 200) -> String {
        var result = ""
        var count = 0
        for scalar in text.unicodeScalars {
            if count == scalarsMax { return result + "…" }
            count += 1
            appendEscaped(scalar, to: &result)
        }
        return result
    }

    /// `text` in double quotes, as `text(_:)` makes it.
    static func quoted(_ text: String) -> String { "\"\(Self.text(text))\"" }

    static func appendEscaped(_ scalar: Unicode.Scalar, to result: inout String) {
        guard isUnsafe(scalar) else { return result.unicodeScalars.append(scalar) }
        switch scalar {
        case "\n": result += "\\n"
        case "\r": result += "\\r"
        case "\t": result += "\\t"
        default: result += "\\u{" + String(scalar.value, radix: 16) + "}"
        }
    }
}
