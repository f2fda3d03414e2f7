import Glibc

/// Plain writes to the standard streams.
public enum TerminalOutput {
    public static func write(_ text: String, to descriptor: Int32 = 1) {
        var text = text
        text.withUTF8 { bytes in
            var written = 0
            while written < bytes.count {
                let count = Glibc.write(descriptor, bytes.baseAddress! + written, bytes.count - written)
                if count < 0, errno != EINTR { return }
                if count > 0 { written += count }
            }
        }
    }

    public static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// Colour only where a person looks (https://no-color.org).
    public static func takesColour(_ descriptor: Int32) -> Bool { isTerminal(descriptor) && getenv("NO_COLOR") == nil }
}
