/// How far the flood is: a bar with rates on a terminal, a line every few seconds elsewhere. On standard error, so that standard
/// output is the verdict alone.
struct ProgressDisplay {
    enum Mode: Sendable { case silent, bar, lines }

    private let mode: Mode
    private let interval: UInt64
    private let start: UInt64
    private var last: (time: UInt64, sent: Int, delivered: Int)
    private var hasBar = false

    init(_ mode: Mode, now: UInt64) {
        self.mode = mode
        interval = mode == .bar ? 100_000_000 : 2_000_000_000
        start = now
        last = (now, 0, 0)
    }

    /// `delivered` nil: nobody here can know.
    mutating func update(now: UInt64, fraction: Double, totals: FleetTotals, delivered: Int?, phase: String) {
        guard mode != .silent, now >= last.time + interval else { return }
        let seconds = Double(now - last.time) / 1e9
        let rate = Double(totals.logs - last.sent) / seconds
        let deliveredRate = Double((delivered ?? 0) - last.delivered) / seconds
        last = (now, totals.logs, delivered ?? 0)
        var text = "\(Self.padded(Figures.fixed(fraction * 100, 0), 3)) %  \(phase)  \(Figures.grouped(totals.logs)) sent, \(Figures.grouped(Int(rate)))/s"
        if let delivered { text += "  \(Figures.grouped(delivered)) delivered, \(Figures.grouped(Int(deliveredRate)))/s" }
        switch mode {
        case .silent: break
        case .lines: TerminalOutput.write("flood: \(Figures.fixed(Double(now - start) / 1e9, 0)) s, \(text)\n", to: 2)
        case .bar:
            let filled = Int(fraction * 24)
            let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
            TerminalOutput.write("\r\(bar) \(text)\u{1b}[K", to: 2)
            hasBar = true
        }
    }

    func clear() {
        if hasBar { TerminalOutput.write("\r\u{1b}[K", to: 2) }
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
