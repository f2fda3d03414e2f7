import Glibc
import Sandbox

// sandbox-probe [--without PART]... DIRECTORY ATTEMPT...    enters the daemon's sandbox, in which it may write to DIRECTORY, and attempts what it forbids
// sandbox-probe refuse ERRNO CALL,CALL... PROGRAM ARGUMENT...    runs PROGRAM where those system calls fail with ERRNO, as in a container or on an old kernel
@main
enum Main {
    static func main() {
        var arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.first == "refuse" { refuse(Array(arguments.dropFirst())) }
        var parts = Set(Sandbox.Part.allCases)
        while arguments.first == "--without" {
            parts.remove(Sandbox.Part(rawValue: arguments[1])!)
            arguments.removeFirst(2)
        }
        let attempts = Attempts(directory: arguments.removeFirst())
        let early = EarlyThread()
        let report = Sandbox(parts: parts, writable: [WritablePath(attempts.directory, .files)]).enter()
        say("in force: \(report.inForce.joined(separator: ", "))")
        for shortcoming in report.shortcomings { say("shortcoming: \(shortcoming)") }
        for name in arguments {
            say("\(name)?")
            let code = name == "packet-socket-on-earlier-thread" ? early.run { attempts.run("packet-socket") } : attempts.run(name)
            say("\(name): \(code == 0 ? "done" : Self.name(of: code))")
        }
    }

    /// At once: what follows may end the process.
    static func say(_ text: String) {
        let line = Array((text + "\n").utf8)
        _ = write(STDOUT_FILENO, line, line.count)
    }

    static func refuse(_ arguments: [String]) -> Never {
        var filter = SystemCallFilter(standard: .allow)
        filter.add(.refuse(Int32(arguments[0])!), arguments[1].split(separator: ",").map(String.init))
        filter.load()
        var program = arguments[2...].map { strdup($0) } + [nil]
        execv(program[0]!, &program)
        fatalError("cannot run \(arguments[2]): errno \(errno)")
    }

    static func name(of code: Int32) -> String {
        switch code {
        case EPERM: "EPERM"
        case EACCES: "EACCES"
        case ENOSYS: "ENOSYS"
        default: "errno \(code)"
        }
    }
}

/// A thread that is there before the sandbox.
final class EarlyThread: @unchecked Sendable {
    private var work: (() -> Int32)?
    private var result: Int32 = 0
    private var thread = pthread_t()
    private let begin = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() {
        sem_init(begin, 0, 0)
        pthread_create(
            &thread, nil,
            {
                let own = Unmanaged<EarlyThread>.fromOpaque($0!).takeRetainedValue()
                sem_wait(own.begin)
                own.result = own.work?() ?? 0
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
    }

    func run(_ work: @escaping () -> Int32) -> Int32 {
        self.work = work
        sem_post(begin)
        pthread_join(thread, nil)
        return result
    }
}
