import Glibc

extension Configuration {
    /// The socket is one that was passed: it has its path and rights from whoever made it. An option that names another path contradicts that.
    mutating func adopt(_ passed: PassedSocket) throws(StartFailure) {
        if source(of: "socket").isGiven, let path = socketPath, !Self.isSame(path, passed.path) {
            throw StartFailure(
                "socket: \(Printable.quoted(path)) contradicts the socket that was passed (LISTEN_FDS), which is at \(Printable.quoted(passed.path)); leave one of them out"
                    + " (\(source(of: "socket")))")
        }
        socketPath = passed.path
        sources["socket"] = .serviceManager
        let standard = Configuration()
        for name in ["socket-mode", "socket-group"] where source(of: name).isGiven {
            warnings.append("\(name): has no effect on a socket that was passed (LISTEN_FDS): it has the rights that its unit gives it")
            Options.named(name)?.copy(&self, standard)
            sources[name] = nil
        }
    }

    private static func isSame(_ path: String, _ other: String) -> Bool {
        if path == other { return true }
        var (a, b) = (stat(), stat())
        return stat(path, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino
    }
}
