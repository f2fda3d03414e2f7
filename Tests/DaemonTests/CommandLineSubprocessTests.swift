import Glibc
import TestSupport
import Testing

/// The helper that the other tests lean on.
@Suite struct CommandLineSubprocessTests {
    @Test func outputStatusAndEnvironment() async throws {
        let outcome = try await Subprocess.run("/bin/sh", ["-c", "echo out $A; echo err >&2; exit 7"], environment: ["A": "b c"])
        #expect(outcome.status == 7)
        #expect(outcome.output == "out b c\n")
        #expect(outcome.errors == "err\n")
        #expect(!outcome.timedOut)
        #expect(try await Subprocess.run("/usr/bin/env", environment: [:]).output == "")
    }

    @Test func signals() async throws {
        let process = try Subprocess("/bin/sh", ["-c", "trap 'echo caught; exit 5' TERM; echo ready; while :; do read x < /dev/zero; done"])
        #expect(await process.waitFor("ready\n", on: .standardOutput))
        process.send(SIGKILL)
        #expect(await process.outcome().end == .signalled(SIGKILL))
        process.send(SIGKILL)
        #expect(await !process.waitFor("never", on: .standardOutput))
    }

    @Test func aProgramThatHangsIsKilled() async throws {
        let outcome = try await Subprocess.run("/bin/cat", ["/dev/fd/0"], timeLimit: .seconds(20))
        #expect(outcome.status == 0)
        let hanging = try await Subprocess.run("/bin/sh", ["-c", "kill -STOP $$"], timeLimit: .milliseconds(200))
        #expect(hanging.timedOut)
        #expect(hanging.end == .signalled(SIGKILL))
    }

    @Test func muchOutputAndAGrandchildThatHoldsThePipes() async throws {
        let outcome = try await Subprocess.run("/bin/sh", ["-c", "head -c 3000000 /dev/zero; head -c 1000000 /dev/zero >&2"])
        #expect(outcome.standardOutput.count == 3_000_000)
        #expect(outcome.standardError.count == 1_000_000)
    }

    @Test func manyAtOnce() async throws {
        try await withThrowingTaskGroup { group in
            for i in 0..<20 { group.addTask { try await Subprocess.run("/bin/echo", ["\(i)"]).output == "\(i)\n" } }
            for try await isRight in group { #expect(isRight) }
        }
    }

    @Test func whatCannotBeStarted() {
        #expect(throws: Subprocess.Failure.self) { try Subprocess("/nonexistent") }
    }
}
