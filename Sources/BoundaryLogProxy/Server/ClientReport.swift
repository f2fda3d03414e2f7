import EventLoop

/// What a client has sent so far, for `/status`.
public struct ClientReport: Sendable {
    /// Its number, as in messages.
    public var connection: UInt64
    public var peer: ClientPeer
    public var connectedSeconds: Double
    /// Since it last sent something.
    public var idleSeconds: Double
    /// Whole frames, good and bad.
    public var frames: UInt64
    /// Kept or dropped.
    public var logs: UInt64
    public var bytes: UInt64
    /// It is not read now: it used up its `--client-rate-limit`, or the buffer is full (`--overflow block`).
    public var isReadingPaused: Bool

    init(_ connection: ClientConnection, now: UInt64, isPaused: Bool) {
        func seconds(since begun: UInt64) -> Double { Double(now - min(begun, now)) / 1e9 }
        self.connection = connection.number
        peer = connection.peer
        connectedSeconds = seconds(since: connection.accepted)
        idleSeconds = seconds(since: connection.lastActive)
        (frames, logs, bytes) = (connection.frames, connection.logs, connection.bytes)
        isReadingPaused = isPaused || connection.isPaused
    }
}

extension Intake {
    /// Those that sent most, the busiest first, at most `count`.
    func busiestClients(_ count: Int) -> [ClientReport] {
        var busiest: [ClientConnection] = []
        for connection in connections {
            if busiest.count == count, connection.bytes <= busiest.last?.bytes ?? .max { continue }
            let place = busiest.firstIndex { $0.bytes < connection.bytes } ?? busiest.endIndex
            busiest.insert(connection, at: place)
            if busiest.count > count { busiest.removeLast() }
        }
        let now = self.now.nanoseconds
        return busiest.map { ClientReport($0, now: now, isPaused: isPaused) }
    }
}
