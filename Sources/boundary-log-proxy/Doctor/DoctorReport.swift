import BoundaryLogProxy

/// What doctor found, for people or for programs.
enum DoctorReport {
    /// One line for each finding, and below those where something is to be done, what.
    static func text(_ findings: [Doctor.Finding], isColoured: Bool) -> String {
        var lines = findings.flatMap { finding in
            let heading = "\(mark(finding.verdict, isColoured))  \(StatusScreen.padded(finding.check, checkWidth))\(finding.text)"
            return finding.advice.isEmpty ? [heading] : [heading, "\(StatusScreen.padded("", 6 + checkWidth))-> \(finding.advice)"]
        }
        func count(_ verdict: Doctor.Verdict) -> Int { findings.count { $0.verdict == verdict } }
        lines.append("\(count(.ok)) ok, \(count(.warn)) to be looked at, \(count(.fail)) failed")
        return lines.map { $0 + "\n" }.joined()
    }

    static func json(_ findings: [Doctor.Finding]) -> String {
        JSONText.object([
            ("ok", .bool(!findings.contains { $0.verdict == .fail })),
            ("findings", .array(findings.map { finding in
                .object([
                    ("check", .string(finding.check)), ("verdict", .string(finding.verdict.rawValue)), ("text", .string(finding.text)),
                    ("advice", .string(finding.advice)),
                ])
            })),
        ]).rendered() + "\n"
    }

    private static let checkWidth = 20

    /// Four characters wide.
    private static func mark(_ verdict: Doctor.Verdict, _ isColoured: Bool) -> String {
        let text = verdict == .ok ? "ok  " : verdict.rawValue
        guard isColoured else { return text }
        let colour =
            switch verdict {
            case .ok: "32"
            case .warn: "33"
            case .fail: "1;31"
            }
        return "\u{1B}[\(colour)m\(text)\u{1B}[0m"
    }
}
