import Logging
import Pipeline

/// Says what a job of the spool led to, where that is worth a word.
enum SpoolComplaints {
    static func say(_ report: Forwarder.SpoolReport, _ result: SpoolResult, _ complaints: Complaints) {
        if let failure = report.failed {
            complaints.warn(.spoolFailed, "the spool does not work, what waits stays in memory: \(failure.text)")
        }
        if let after = report.worksAgainAfter {
            complaints.say(.notice, .spoolWorksAgain, "the spool works again", ["after": "\(DurationText.format(after))"])
        }
        if let path = result.movedAside {
            complaints.warn(
                .spoolDamaged, "the spool was damaged: its file was moved aside, what could be read of it was kept",
                ["moved_to": "\(path)", "logs_lost": "\(report.damaged.logs)"])
        } else if report.damaged != Tally() {
            complaints.warn(.spoolDamaged, "logs in the spool were damaged, they are dropped", ["logs": "\(report.damaged.logs)"])
        }
        if report.recovered != Tally() {
            complaints.say(
                .notice, .spoolRecovered, "logs of an earlier run wait in the spool, they go first", ["logs": "\(report.recovered.logs)"])
        }
        for (tally, cause) in [
            (report.expired, "given up, as old as --give-up-after"), (report.madeRoom, "the spool is full, the oldest go for newer ones"),
            (report.purged, "someone has purged the spool"),
        ] where tally != Tally() {
            complaints.warn(.spoolDropped, "dropped from the spool: \(cause)", ["logs": "\(tally.logs)"])
        }
    }
}
