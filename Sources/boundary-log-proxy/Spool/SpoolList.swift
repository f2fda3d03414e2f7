import ArgumentParser
import BoundaryLogProxy
import Spool

struct SpoolList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Shows what waits in the spool, session by session.",
        discussion: """
            'held' are logs of a session that a delivery has claimed: it is under way, or was when the daemon ended.
            """)

    @OptionGroup var location: SpoolLocation

    @Flag(help: "Prints JSON instead of a table.")
    var json = false

    func run() throws {
        try location.withSpool { spool, directory in
            let sessions = try spool.list()
            StandardStream.output.write(json ? Self.json(sessions, directory) : Self.table(sessions, directory))
        }
    }

    static func table(_ sessions: [SpoolInspector.Session], _ directory: String) -> String {
        guard !sessions.isEmpty else { return "The spool in \(Printable.text(directory)) is empty.\n" }
        let rows = [["session", "process", "logs", "batches", "bytes", "held", "oldest"]] + sessions.map { session in
            [
                name(session.session, 64), name(session.process, 16), StatusScreen.grouped(Int(session.tally.logs)),
                StatusScreen.grouped(Int(session.tally.batches)), StatusScreen.grouped(session.bytes), StatusScreen.grouped(Int(session.heldLogs)),
                SpoolInspector.text(ofTime: session.oldest),
            ]
        }
        let (logs, batches) = sessions.reduce((0, 0)) { ($0.0 + Int($1.tally.logs), $0.1 + Int($1.tally.batches)) }
        let lines = rows.map { row in
            StatusScreen.padded(row[0], 38) + StatusScreen.padded(row[1], 18) + row[2..<6].map { StatusScreen.padded($0, -13) }.joined() + "  " + row[6] + "\n"
        }
        return lines.joined() + "\n\(StatusScreen.grouped(logs)) logs in \(StatusScreen.grouped(batches)) batches, of \(StatusScreen.grouped(sessions.count)) sessions\n"
    }

    static func json(_ sessions: [SpoolInspector.Session], _ directory: String) -> String {
        JSONText.object([
            ("directory", .string(directory)),
            (
                "sessions",
                .array(sessions.map { session in
                    .object([
                        ("session", .string(String(decoding: session.session, as: UTF8.self))),
                        ("process", .string(String(decoding: session.process, as: UTF8.self))),
                        ("logs", .int(session.tally.logs)), ("batches", .int(session.tally.batches)), ("bytes", .int(session.bytes)),
                        ("held", .int(session.heldLogs)), ("oldest", .string(SpoolInspector.text(ofTime: session.oldest))),
                    ])
                })
            ),
        ]).rendered() + "\n"
    }

    private static func name(_ bytes: [UInt8], _ scalarsMax: Int) -> String {
        bytes.isEmpty ? "-" : Printable.text(String(decoding: bytes, as: UTF8.self), scalarsMax: scalarsMax)
    }
}
