import Glibc
import Wire

/// The stand-in for coderd (Tests/Interop), obeying commands over its standard input. It ends with this object.
public final class CoderStandIn {
    public static let token = "secret-agent-token"
    private let process: Subprocess
    public let port: Int
    public var url: String { "http://127.0.0.1:\(port)" }

    /// Built by scripts/stand-in, which scripts/test runs before.
    public static var path: String {
        if let path = getenv("CODERD_STAND_IN") { return String(cString: path) }
        // Beside …/.build-tests/<triple>/debug/
        return "/" + Subprocess.product("").split(separator: "/").dropLast(3).joined(separator: "/") + "/.build-interop/coderd-stand-in"
    }

    public init(_ arguments: [String] = []) throws {
        process = try Subprocess(Self.path, ["--token", Self.token] + arguments, takesInput: true, timeLimit: .seconds(300))
        port = Self.answer(process)["port"].integer ?? 0
    }

    deinit { process.send(SIGKILL) }

    /// Gives a command, a JSON object without its braces, and waits for the answer, which needs no turn of a loop of ours.
    @discardableResult
    public func `do`(_ command: String) -> JSONValue {
        process.write("{\(command)}\n")
        let answer = Self.answer(process)
        // Null: it has ended, which what the test waits for will show.
        precondition(answer == .null || answer["ok"].isTrue, "\(command): \(answer)")
        return answer
    }

    /// Kills the sessions, of which at least one is alive: our side may know of it a moment before the stand-in does, while the stand-in may still be
    /// busy with the end of the one before.
    public func kill(_ how: String = "reset", code: Int = 1001) {
        while self.do("\"do\":\"kill\",\"how\":\"\(how)\",\"code\":\(code)")["sessions"].integer == 0 { sched_yield() }
    }

    public var report: JSONValue { self.do(#""do":"report""#) }

    /// The report once it has noticed that all clients have gone, which may be some time after they went: only then is it on the books which calls they
    /// gave up. Null if that does not come in a minute.
    public var reportAfterAllClients: JSONValue {
        self.do(#""do":"wait","what":"clients","most":0,"ms":60000"#)["reached"].isTrue ? report : .null
    }

    /// Waits until a count of the report is at least so much; false after that time, a minute unless told.
    public func wait(_ count: String, _ least: Int, milliseconds: Int = 60_000) -> Bool {
        self.do("\"do\":\"wait\",\"what\":\"\(count)\",\"least\":\(least),\"ms\":\(milliseconds)")["reached"].isTrue
    }

    /// Null when it has ended: one that cannot run will never answer.
    private static func answer(_ process: Subprocess) -> JSONValue {
        process.takeLine().flatMap { JSONReader.read(Array($0.utf8)) } ?? .null
    }
}
