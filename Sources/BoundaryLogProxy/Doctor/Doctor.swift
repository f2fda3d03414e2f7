import EventLoop
import Glibc
import Pipeline
import Reporting

/// Looks at everything that a daemon with a configuration needs, and says what is well and what to do about the rest.
///
/// It looks without touching: no log is sent, no lock is kept, nothing is made or changed. A daemon that runs meanwhile sees, at most, a client come and go.
/// All together takes less than 20 seconds whatever does not answer.
public struct Doctor {
    public enum Verdict: String, Sendable { case ok, warn, fail }

    /// One line of the report.
    public struct Finding: Sendable, Equatable {
        /// What was looked at; a word or two, the same in every run.
        public var check: String
        public var verdict: Verdict
        public var text: String
        /// What to do; empty when nothing is to be done.
        public var advice: String

        public init(_ check: String, _ verdict: Verdict, _ text: String, advice: String = "") {
            self.check = check
            self.verdict = verdict
            self.text = Printable.text(text, scalarsMax: 1000)
            self.advice = advice
        }
    }

    let configuration: Configuration
    let environment: [String: String]
    /// Of whom it is asked whether they could connect; a name or a number.
    let user: String?
    /// The daemon that serves the socket now.
    var daemon: OtherProcess?
    private(set) var findings: [Finding] = []

    private init(_ configuration: Configuration, environment: [String: String], user: String?) {
        self.configuration = configuration
        self.environment = environment
        self.user = user
    }

    /// `environment`: of the process. `user`: of whom to say whether they could connect to the socket.
    public static func examine(_ configuration: Configuration, environment: [String: String], user: String? = nil) -> [Finding] {
        var doctor = Doctor(configuration, environment: environment, user: user)
        doctor.examineConfiguration()
        doctor.examineSocket()
        doctor.examineSpools()
        doctor.examineListeners()
        doctor.examineLimits()
        doctor.examineSurroundings()
        doctor.examineDestinations()
        return doctor.findings
    }

    mutating func ok(_ check: String, _ text: String) { findings.append(Finding(check, .ok, text)) }
    mutating func warn(_ check: String, _ text: String, _ advice: String) { findings.append(Finding(check, .warn, text, advice: advice)) }
    mutating func fail(_ check: String, _ text: String, _ advice: String) { findings.append(Finding(check, .fail, text, advice: advice)) }

    private mutating func examineConfiguration() {
        for warning in configuration.warnings { warn("configuration", warning, "if it is meant, nothing") }
        if configuration.warnings.isEmpty { ok("configuration", "good; 'boundary-log-proxy check-config' prints it") }
    }
}
