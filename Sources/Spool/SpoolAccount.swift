import Pipeline

/// What the store knows of the database's content without looking. A value: a job that fails puts back the one from before.
struct SpoolAccount {
    var rows = 0
    /// `SpoolRun.footprint` of all rows.
    var bytes = 0
    /// Rows that no delivery of this process holds.
    var waiting = Tally()
    /// Request bytes of those.
    var waitingBytes = 0
    /// The id of the next new row.
    var nextID: Int64 = 1
    /// `SpoolHolds.Place.claim` of the next claim.
    var nextClaim: Int64 = 1
    /// No row before this one is free.
    var freeFrom: Int64 = 0
    /// No row that arrived before then waits. Nanoseconds since 1970.
    var oldestFrom = Int64.min
    /// Of the claims of earlier processes, so many have been taken up.
    var adopted = 0
    var dataVersion: Int64 = 0

    mutating func addWaiting(_ header: SpoolRow.Header) {
        waiting += header
        waitingBytes += header.requestBytes
    }

    /// Held at 0, whatever a damaged row says of itself.
    mutating func removeWaiting(_ tally: Tally, requestBytes: Int) {
        waiting.logs -= min(waiting.logs, tally.logs)
        waiting.batches -= min(waiting.batches, tally.batches)
        waitingBytes -= min(waitingBytes, requestBytes)
    }
}

/// What a process before this one had claimed under one key.
struct SpoolOrphan {
    var key: String
    /// In order.
    var rows: [(id: Int64, place: SpoolHolds.Place)]
}

extension Tally {
    static func += (tally: inout Tally, header: SpoolRow.Header) {
        tally.logs &+= header.tally.logs
        tally.batches &+= header.tally.batches
    }
}

extension SpoolRow.Header {
    var tally: Tally { Tally(logs: UInt64(clamping: logs), batches: UInt64(clamping: batches)) }
    /// Held within bounds, whatever a damaged row says of itself.
    var requestBytes: Int { Int(clamping: min(max(bytes, 0), 1 << 40)) }
    var footprint: Int { SpoolRun.footprint(ofBytes: requestBytes) }
}
