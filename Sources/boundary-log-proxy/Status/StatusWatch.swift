import BoundaryLogProxy
import Glibc
import Wire

/// The status screen, drawn anew each second on the terminal's other screen, which leaves everything as it was when it ends.
struct StatusWatch {
    let address: StatusAddress
    let token: String?
    let style: StatusScreen.Style
    static let interval = Duration.seconds(1)

    /// Returns when it is interrupted, or when the terminal has gone.
    func run() {
        Interruption.watch()
        // The alternate screen, without a cursor (xterm's control sequences).
        guard put("\u{1B}[?1049h\u{1B}[?25l") else { return }
        defer { _ = put("\u{1B}[?25h\u{1B}[?1049l") }
        var last: JSONValue?
        while !Interruption.isRequested {
            var trouble: String?
            do {
                let body = try DaemonConnection.fetch("/status", from: address, token: token)
                if let status = JSONReader.read(body), case .object = status { last = status } else { trouble = "the answer is not a status" }
            } catch { trouble = error.text }
            guard put(frame(last, trouble)) else { return }
            // A signal, such as a change of size, ends the wait.
            poll(nil, 0, Int32(Self.interval / .milliseconds(1)))
        }
    }

    /// One picture: each line cut to the terminal's width and wiped to its end, and what is below wiped.
    private func frame(_ status: JSONValue?, _ trouble: String?) -> String {
        let size = Terminal.size ?? (80, 24)
        var lines = status.map { StatusScreen($0, style).lines } ?? []
        if let trouble { lines.insert("NO ANSWER from \(address): \(Printable.text(trouble, scalarsMax: 300))", at: 0) }
        lines = lines.map { StatusScreen.cut($0, size.columns) }
        if lines.count > size.rows {
            let hidden = lines.count - size.rows + 1
            lines = lines.prefix(size.rows - 1) + [StatusScreen.cut("… \(hidden) more lines: a taller terminal shows them", size.columns)]
        }
        // No newline after the last line: it would scroll a full screen.
        return "\u{1B}[H" + lines.map { $0 + "\u{1B}[K" }.joined(separator: "\r\n") + "\u{1B}[J"
    }

    private func put(_ text: String) -> Bool { StandardStream.output.write(Array(text.utf8)) == 0 }
}
