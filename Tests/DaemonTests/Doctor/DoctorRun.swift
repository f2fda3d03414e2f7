import TestSupport
import Testing
import Wire

/// What one run of doctor found.
struct DoctorRun {
    struct Finding: Equatable {
        var check, verdict, text, advice: String
    }

    let status: Int32?
    let findings: [Finding]
    let output: String

    /// `prefix`: a program that runs it, with its arguments.
    init(_ arguments: [String], environment: [String: String] = [:], through prefix: [String] = []) async throws {
        let command = prefix + [Subprocess.product("boundary-log-proxy"), "doctor", "--json"] + arguments
        let outcome = try await Subprocess.run(command[0], Array(command.dropFirst()), environment: environment, timeLimit: .seconds(300))
        status = outcome.status
        output = outcome.output + outcome.errors
        let root = JSONReader.read(outcome.standardOutput) ?? .null
        findings = root["findings"].elements.map { finding in
            Finding(
                check: finding["check"].text ?? "", verdict: finding["verdict"].text ?? "", text: finding["text"].text ?? "", advice: finding["advice"].text ?? "")
        }
        #expect(root["ok"].isTrue == (outcome.status == 0), "\(outcome.output)\(outcome.errors)")
        // What is not well comes with what to do.
        #expect(findings.allSatisfy { ["ok", "warn", "fail"].contains($0.verdict) && $0.advice.isEmpty == ($0.verdict == "ok") && !$0.text.isEmpty }, "\(outcome.output)")
        #expect((outcome.status == 1) == findings.contains { $0.verdict == "fail" }, "\(outcome.output)")
    }

    /// Whether one finding of that check is so, and says so.
    func says(_ check: String, _ verdict: String, _ text: String) -> Bool {
        findings.contains { $0.check == check && $0.verdict == verdict && ($0.text.contains(text) || $0.advice.contains(text)) }
    }

    var failures: [String] { findings.filter { $0.verdict == "fail" }.map(\.check) }
}
