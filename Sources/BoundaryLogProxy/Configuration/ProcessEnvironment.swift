// `environ` is a global variable of C; nothing in the daemon changes the environment after its start.
@preconcurrency import Glibc

public enum ProcessEnvironment {
    /// The variables of this process. To be read before threads are started that could change them.
    public static var current: [String: String] {
        var result: [String: String] = [:]
        // NULL after clearenv(3), whatever its imported type says.
        guard var next = Optional(environ) else { return result }
        while let entry = next.pointee {
            let text = String(cString: entry)
            if let equals = text.firstIndex(of: "=") { result[String(text[..<equals])] = String(text[text.index(after: equals)...]) }
            next += 1
        }
        return result
    }
}
