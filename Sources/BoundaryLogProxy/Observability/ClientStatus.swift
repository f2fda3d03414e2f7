/// The clients on the `/status` page.
enum ClientStatus {
    /// Clients that the page lists, the busiest first.
    static let clientsMax = 50

    static func json(_ clients: [ClientReport]) -> JSONText {
        .array(
            clients.map { client in
                let credentials = client.peer.credentials
                return .object([
                    ("connection", .int(client.connection)),
                    ("pid", credentials?.processID.map { .int($0) } ?? .null),
                    ("uid", credentials.map { .int($0.userID) } ?? .null), ("gid", credentials.map { .int($0.groupID) } ?? .null),
                    ("process", .text(client.peer.process)),
                    ("connected_seconds", .seconds(client.connectedSeconds)), ("idle_seconds", .seconds(client.idleSeconds)),
                    ("frames", .int(client.frames)), ("logs", .int(client.logs)), ("bytes", .int(client.bytes)),
                    ("reading_paused", .bool(client.isReadingPaused)),
                ])
            })
    }
}
