import Logging
import Pipeline

/// Says what a job of the spool led to, where that is worth a word.
enum SpoolComplaints {
    static func say(_ report: Forwarder.SpoolReport, _ result: SpoolResult, _ complaints: Complaints, of destination: String) {
        if let failure = report.failed {
            complaints.warn(.spoolFailed, of: destination, "the spool does not work, what waits stays in memory: \(failure.text)", ["destination": "\(destination)"])
        }
        if let after = report.worksAgainAfter {
            complaints.say(.notice, .spoolWorksAgain, of: destination, "the spool works again", ["destination": "\(destination)", "after": "\(DurationText.format(after))"])
        }
        if let path = result.movedAside {
            complaints.warn(
                .spoolDamaged, of: destination, "the spool was damaged: its file was moved aside, what could be read of it was kept",
                ["destination": "\(destination)", "moved_to": "\(path)", "logs_lost": "\(report.damaged.logs)"])
        } else if report.damaged != Tally() {
            complaints.warn(.spoolDamaged, of: destination, "logs in the spool were damaged, they are dropped", ["destination": "\(destination)", "logs": "\(report.damaged.logs)"])
        }
        if report.recovered != Tally() {
            complaints.say(
                .notice, .spoolRecovered, of: destination, "logs of an earlier run wait in the spool, they go first", ["destination": "\(destination)", "logs": "\(report.recovered.logs)"])
        }
        for (tally, cause) in [
            (report.expired, "given up, as old as --give-up-after"), (report.madeRoom, "the spool is full, the oldest go for newer ones"),
            (report.purged, "someone has purged the spool"),
        ] where tally != Tally() {
            complaints.warn(.spoolDropped, of: destination, "dropped from the spool: \(cause)", ["destination": "\(destination)", "logs": "\(tally.logs)"])
        }
    }
}
