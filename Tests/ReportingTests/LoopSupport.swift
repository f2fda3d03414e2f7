import EventLoop
import Testing

/// Runs `body` with a loop that ends with no handle left: `EventLoop.close` traps otherwise.
func withLoop(_ body: (EventLoop) throws -> Void) throws {
    let loop = try EventLoop()
    defer { loop.close() }
    try body(loop)
}

extension EventLoop {
    /// Turns until `condition` holds; what hangs is a failure after a generous time.
    func run(until condition: () -> Bool, _ location: SourceLocation = #_sourceLocation) {
        var isOver = false
        let watchdog = Timer(self) { isOver = true }
        watchdog.start(after: .seconds(40))
        while !condition(), !isOver { runOnce() }
        if isOver { Issue.record("nothing happened in time", sourceLocation: location) }
        watchdog.close()
    }
}
