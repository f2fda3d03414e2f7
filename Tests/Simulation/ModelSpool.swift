import Pipeline
import Wire

/// The spool as SpoolJob and SpoolResult describe it, in memory. It outlives the simulated processes.
final class ModelSpool {
    enum Health { case works, full, unreadable }

    private(set) var rows: [ModelRow] = []
    private var nextID = 0
    private var claims = 0
    /// What the last job took away: of deliveries that had ended, and of rows that nobody held.
    private(set) var removed: [LogRange] = []
    private(set) var expired: [LogRange] = []
    private(set) var madeRoom: [LogRange] = []

    var logs: [LogRange] { rows.flatMap(\.logs) }

    private(set) var content = SpoolContent()
    /// Rows that stand where a delivery stood that they are a part of.
    private(set) var partCount = 0

    private func count() {
        (content, partCount) = (SpoolContent(), 0)
        for row in rows {
            content.bytes += row.footprint
            if row.isPart { partCount += 1 }
            guard row.holder == nil else { continue }
            content.waiting.logs += row.tally.logs
            content.waiting.batches += row.tally.batches
            content.waitingBytes += row.bytes.count
            content.oldestArrived = min(content.oldestArrived ?? row.oldest, row.oldest)
        }
    }

    /// Claims stay, who holds what is forgotten.
    func endProcess() {
        for row in rows { row.holder = nil }
        count()
    }

    func run(_ job: SpoolJob, health: Health, now: Instant) throws(Violation) -> SpoolResult {
        var result = SpoolResult()
        (removed, expired, madeRoom) = ([], [], [])
        switch health {
        case .works:
            // What was loaded while writing failed.
            for row in rows where row.holder != nil { row.claim = row.holder }
            for run in job.runs where run.place != nil { try add(run) }
            let settled = Set(job.settled)
            _ = drop(&removed) { row in row.holder.map(settled.contains) ?? false }
            if let limit = job.expireBefore { result.expired = drop(&expired) { $0.isFree && $0.oldest < limit } }
            var room = job.makeRoom
            result.madeRoom = drop(&madeRoom) { row in
                guard row.isFree, room > 0 else { return false }
                room -= row.footprint
                return true
            }
            for run in job.runs where run.place == nil { try add(run) }
            if let load = job.load { result.loaded = take(load, isWriting: true, now) }
        case .full:
            result.failure = .diskFull("no space")
            if let load = job.load { result.loaded = take(load, isWriting: false, now) }
        case .unreadable:
            result.failure = .unusable("I/O error")
            return result
        }
        count()
        result.content = content
        return result
    }

    // MARK: In

    private func add(_ run: SpoolRun) throws(Violation) {
        let row = try ModelRow(run, id: nextID)
        nextID += 1
        if let place = run.place {
            guard let replaced = rows.first(where: { $0.holder == place.key }) else { throw Violation("no row is held by \(place.key)") }
            row.place = (replaced.place.claim, replaced.place.logsBefore + place.logsBefore)
            row.isPart = true
        } else if let key = run.key {
            row.place.claim = rows.first { $0.holder == key }?.place.claim ?? takeClaimNumber()
        }
        rows.append(row)
    }

    private func takeClaimNumber() -> Int {
        claims += 1
        return claims
    }

    private func drop(_ dropped: inout [LogRange], _ isDue: (ModelRow) -> Bool) -> Tally {
        var tally = Tally()
        rows.removeAll { row in
            guard isDue(row) else { return false }
            tally = Tally(logs: tally.logs + row.tally.logs, batches: tally.batches + row.tally.batches)
            dropped += row.logs
            return true
        }
        return tally
    }

    // MARK: Out

    private func take(_ load: SpoolLoad, isWriting: Bool, _ now: Instant) -> [LoadedDelivery] {
        var loaded: [LoadedDelivery] = []
        var bytes = 0
        while loaded.count < load.keys.count, let (indices, claim) = next(load) {
            let delivery = LoadedDelivery(
                rows: indices.map { rows[$0] }, key: claim ?? load.keys[loaded.count], wasClaimed: claim != nil, now: now)
            guard loaded.isEmpty || bytes + delivery.byteCount <= load.totalBytesMax else { break }
            bytes += delivery.byteCount
            let number = takeClaimNumber()
            for index in indices {
                if claim == nil { rows[index].place = (number, 0) }
                rows[index].holder = delivery.key
                if isWriting { rows[index].claim = delivery.key }
            }
            loaded.append(delivery)
        }
        return loaded
    }

    /// The rows of the next delivery, and their claim if a process before this one has made one.
    private func next(_ load: SpoolLoad) -> (indices: [Int], claim: String?)? {
        let orphans = rows.indices.filter { rows[$0].holder == nil && rows[$0].claim != nil }
            .sorted { (rows[$0].place.claim, rows[$0].place.logsBefore, $0) < (rows[$1].place.claim, rows[$1].place.logsBefore, $1) }
        if let first = orphans.first { return (orphans.filter { rows[$0].claim == rows[first].claim }, rows[first].claim) }
        guard let first = rows.firstIndex(where: { $0.holder == nil }) else { return nil }
        var (indices, bytes) = ([first], rows[first].bytes.count)
        for index in rows.indices[(first + 1)...] where rows[index].holder == nil && (load.mixesSessions || rows[index].session == rows[first].session) {
            bytes += rows[index].bytes.count
            guard bytes <= load.bytesMax else { break }
            indices.append(index)
        }
        return (indices, nil)
    }
}

extension LoadedDelivery {
    fileprivate init(rows: [ModelRow], key: String, wasClaimed: Bool, now: Instant) {
        let tally = rows.reduce(Tally()) { Tally(logs: $0.logs + $1.tally.logs, batches: $0.batches + $1.tally.batches) }
        self.init(
            key: key, wasClaimed: wasClaimed, rows: rows.map { Row(bytes: $0.bytes, batchBytes: $0.batchBytes) }, tally: tally,
            age: rows.reduce(Duration.zero) { max($0, now.since($1.oldest)) })
    }
}
