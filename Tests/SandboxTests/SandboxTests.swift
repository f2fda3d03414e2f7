import Glibc
import TestSupport
import Testing

/// The daemon's sandbox, by a process that enters it and then attempts what it forbids.
@Suite struct SandboxTests {
    let directory = TemporaryDirectory()

    /// Landlock's ABI on this kernel; 0 without it. The tests of what it forbids hold the answer against this, so that none passes unseen.
    private func probe(_ options: [String] = [], _ attempts: [String]) async throws -> (report: String, answers: [String: String], end: Subprocess.End) {
        mkdir(directory.path("in"), 0o700)
        mkdir(directory.path("away"), 0o700)
        close(open(directory.path("outside"), O_WRONLY | O_CREAT, 0o600))
        let outcome = try await Subprocess.run(Subprocess.product("sandbox-probe"), options + [directory.path("in")] + attempts)
        let lines = outcome.output.split(separator: "\n")
        var answers: [String: String] = [:]
        for line in lines {
            guard let colon = line.firstIndex(of: ":") else { continue }
            answers[String(line[..<colon])] = String(line[colon...].dropFirst(2))
        }
        return (outcome.output, answers, outcome.end)
    }

    private func landlockVersion() async throws -> Int {
        let inForce = try await probe([], []).answers["in force"] ?? ""
        return inForce.firstRange(of: "ABI ").flatMap { Int(inForce[$0.upperBound...].prefix(while: \.isNumber)) } ?? 0
    }

    @Test(arguments: ["execve", "ptrace", "mount", "bpf", "unshare", "process_vm_readv", "keyctl"])
    func whatOnlyAnIntruderCallsEndsTheProcess(attempt: String) async throws {
        let (report, answers, end) = try await probe([], [attempt])
        #expect(report.contains("\(attempt)?") && answers[attempt] == nil && end == .signalled(SIGSYS), "\(report)")
        // Without the filter it is an ordinary call.
        let free = try await probe(["--without", "seccomp"], [attempt])
        #expect(free.answers[attempt] != nil && free.end == .exited(0), "\(free.report)")
    }

    @Test func whatLibrariesMayTryFailsAndTheProcessGoesOn() async throws {
        let refused = [
            "packet-socket": "EPERM", "raw-socket": "EPERM", "audit-socket": "ENOSYS", "packet-socket-on-earlier-thread": "EPERM", "fork": "EPERM", "clone3": "ENOSYS",
            "io_uring_setup": "ENOSYS", "memfd_create": "ENOSYS", "no-such-call": "ENOSYS", "setuid": "EPERM", "kill-parent": "EPERM", "write-and-execute": "EPERM",
            "make-executable": "EPERM", "listen": "EPERM", "push-terminal-input": "ENOSYS",
        ]
        let (report, answers, end) = try await probe(["--without", "landlock"], refused.keys.sorted())
        for (attempt, expected) in refused { #expect(answers[attempt] == expected, "\(attempt)") }
        #expect(end == .exited(0), "\(report)")
    }

    @Test func whatTheDaemonDoesIsAllowed() async throws {
        let needed = ["write-inside", "rename-inside", "remove-inside", "read-outside", "tcp-socket", "thread", "kill-self", "look-up-localhost"]
        let (report, answers, end) = try await probe([], needed)
        for attempt in needed { #expect(answers[attempt] == "done", "\(attempt)") }
        #expect(end == .exited(0), "\(report)")
        #expect(answers["in force"]?.hasPrefix("no-new-privs, ") == true && answers["in force"]?.hasSuffix("seccomp") == true, "\(report)")
    }

    /// By Landlock alone, so that the filter does not answer for it.
    @Test func nothingIsWrittenElsewhere() async throws {
        let version = try await landlockVersion()
        let attempts = [
            ("write-outside", 1), ("append-outside", 1), ("remove-outside", 1), ("make-directory-outside", 1), ("remove-directory-outside", 1),
            ("truncate-outside", 3), ("bind-tcp", 4), ("kill-parent", 6),
        ]
        let (report, answers, end) = try await probe(["--without", "seccomp"], attempts.map(\.0))
        for (attempt, least) in attempts {
            if version >= least { #expect(answers[attempt] == (attempt == "kill-parent" ? "EPERM" : "EACCES"), "\(attempt)") }
        }
        #expect(end == .exited(0), "\(report)")
        // The kernel of a test run may be without Landlock; then the daemon's own tests see it say so.
        if version == 0 { #expect(report.contains("shortcoming: no landlock"), "\(report)") }
    }

    @Test func aFileIsNotMovedInFromElsewhere() async throws {
        let version = try await landlockVersion()
        let (report, answers, _) = try await probe([], ["rename-outside"])
        // EXDEV, as between file systems, where the missing right is that to move.
        if version > 0 { #expect(["EACCES", "errno \(EXDEV)"].contains(answers["rename-outside"] ?? ""), "\(report)") }
        #expect(access(directory.path("outside"), F_OK) == 0 || version == 0)
    }

    @Test func withoutItEverythingIsPossible() async throws {
        let (report, answers, end) = try await probe(
            ["--without", "seccomp", "--without", "landlock", "--without", "no-new-privs"], ["write-outside", "write-and-execute", "listen", "kill-parent", "memfd_create"])
        #expect(answers["in force"] == "" && end == .exited(0), "\(report)")
        for attempt in ["write-outside", "write-and-execute", "kill-parent"] { #expect(answers[attempt] == "done", "\(attempt)") }
    }

    @Test func aThreadThatWasThereBeforeIsNamedWhereThePartDoesNotHoldForIt() async throws {
        let version = try await landlockVersion()
        let report = try await probe([], []).report
        if version > 0 { #expect(report.contains("landlock does not hold for 1 threads that were there before"), "\(report)") }
    }
}
