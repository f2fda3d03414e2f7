extension FloodResult {
    /// Name, figures, whether something is wrong with them.
    func crashLines(_ crash: CrashVerdict, _ crashes: CrashEvidence, _ verdict: Verdict, _ evidence: Evidence) -> [(name: String, text: String, isBad: Bool)] {
        let promise = switch crashes.promise.mode {
        case .memory: "a kill may take all that was not delivered, nothing may come twice"
        case .spill, .sync: "a kill may take what was written in the \(Figures.microseconds((crashes.promise.lossWindow ?? 0) / 1000)) before it, what was in flight may come twice under its key"
        }
        let beyond = evidence.record.duplicatesOfOtherKeys + crash.unexplainedResends + crash.changedResends
        let failed = evidence.totals.failedMessages
        return [
            ("kills", "\(Figures.grouped(crashes.kills.count)); \(Figures.grouped(failed)) messages could not be written then: lost by their clients, not sent", false),
            ("promise", "--durability \(crashes.promise.mode.rawValue): \(promise)", false),
            (
                "lost", "\(Figures.grouped(crash.lostWithin)) within the promise (up to \(Figures.microseconds(crash.oldestLost / 1000)) old at a kill; \(Figures.grouped(crash.lostUnread)) perhaps unread), \(Figures.grouped(verdict.lostBeyondPromise)) beyond it",
                verdict.lostBeyondPromise > 0
            ),
            (
                "duplicated", "\(Figures.grouped(crash.resentLogs)) within the promise (in \(Figures.grouped(crash.resends)) requests, at most \(crash.resendsOfOneKillMax) of a kill, answered up to \(Figures.microseconds(crash.oldestAnswer / 1000)) before it), \(Figures.grouped(evidence.record.duplicatesOfOtherKeys)) beyond it",
                beyond > 0
            ),
        ]
    }

    func catchUpText(_ catchUp: CatchUp) -> String {
        let backlog = catchUp.backlogSeconds.map { "all that was sent before the sink worked again arrived \(Figures.fixed($0, 2)) s after that" } ?? "nothing was left when the sink worked again"
        guard let usual = catchUp.usualLatencyMax else { return backlog }
        let latency = catchUp.usualSeconds.map { "after \(Figures.fixed($0, 2)) s" } ?? "not within the run"
        return "\(backlog); latency below \(Figures.microseconds(usual)) (twice its p99 before) \(latency)"
    }
}
