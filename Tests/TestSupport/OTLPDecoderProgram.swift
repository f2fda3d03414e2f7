import Glibc

/// The program that the flood's OTLP sink reads bodies with (Tests/Interop/otlp).
public enum OTLPDecoderProgram {
    /// Made by scripts/otlp-python, which scripts/test runs before.
    public static var path: String {
        if let path = getenv("OTLP_DECODER") { return String(cString: path) }
        // Beside …/.build-tests/<triple>/debug/
        return "/" + Subprocess.product("").split(separator: "/").dropLast(3).joined(separator: "/") + "/.build-interop/otlp-decoder"
    }
}
