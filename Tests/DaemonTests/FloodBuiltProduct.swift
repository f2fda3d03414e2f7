import Glibc

/// The programs of this build, which lie beside the test bundle.
enum BuiltProduct {
    static func path(_ name: String) -> String {
        for argument in ["/proc/self/exe"] + CommandLine.arguments {
            guard let resolved = realpath(argument, nil) else { continue }
            defer { free(resolved) }
            let directory = String(cString: resolved).split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
            let candidate = "\(directory)/\(name)"
            if access(candidate, X_OK) == 0 { return candidate }
        }
        return name
    }
}
