@testable import Pipeline

extension SimulatedProcess {
    func send(_ delivery: Delivery) throws(Violation) {
        try require(phase != .storingRest, "a delivery is sent while the rest is stored")
        let flight = try Flight(delivery)
        world.note("send \(delivery.number) as \(delivery.key), attempt \(delivery.attempt): \(flight.content)")
        let traits = forwarder.reporter.traits
        try require(
            flights.count < min(forwarder.settings.inFlightMax, traits.inFlightMax), "\(flights.count + 1) deliveries are under way")
        let bytes = delivery.batches.reduce(0) { $0 + forwarder.reporter.bodyBytes(of: $1) }
        let bodyBytes = delivery.logs.map { bytes / delivery.batches[0].logCount * $0.count } ?? bytes
        try require(
            bodyBytes <= min(forwarder.settings.requestBytesMax, traits.requestBytesMax) || delivery.logCount == 1,
            "\(flight.content) makes a request of \(bodyBytes) bytes")
        if !traits.mixesSessions {
            try require(Set(flight.content.map(\.session)).count == 1, "a delivery for one session holds \(flight.content)")
        }
        for other in flights {
            let shared = Set(other.content.map(\.session)).intersection(flight.content.map(\.session))
            try require(shared.isEmpty, "sessions \(shared) are under way twice at once")
        }
        try checkClaim(of: flight)
        try world.truth.check(sending: flight.content, key: delivery.key)
        if delivery.attempt == 1 { try waiting.take(flight.content) }
        flights.append(flight)
        if flights.count > 1 { world.met.insert(.severalUnderWay) }
        if world.setup.durability == .sync, forwarder.active.contains(where: { $0.delivery.number == delivery.number && $0.origin == .ring && $0.isStored }) {
            world.met.insert(.sentFromRing)
        }
    }

    /// What the spool has of a delivery is claimed by its key, unless that could not be; with `sync` it has all of it.
    private func checkClaim(of flight: Flight) throws(Violation) {
        var inSpool: [LogRange] = []
        for row in world.spool.rows {
            for logs in row.logs {
                for sent in flight.content where sent.session == logs.session && sent.numbers.overlaps(logs.numbers) {
                    let common = LogRange(session: sent.session, numbers: sent.numbers.clamped(to: logs.numbers))
                    inSpool.append(common)
                    try require(row.holder != nil, "\(common) is sent while its row is free")
                    guard row.claim != flight.delivery.key else { continue }
                    let isExcused = isSpoolFailing || common.numbers.allSatisfy { world.truth[sent.session, $0].keyMayChange }
                    try require(isExcused, "\(common) is sent as \(flight.delivery.key) and claimed as \(row.claim ?? "nothing")")
                    world.truth.letKeyChange([common])
                }
            }
        }
        guard world.setup.durability == .sync, !isSpoolFailing, inSpool.logCount < flight.content.logCount else { return }
        let wasOffered = flight.content.allSatisfy { range in range.numbers.allSatisfy { world.truth[range.session, $0].wasOffered } }
        try require(wasOffered, "\(flight.content) is sent before it is committed")
    }

    /// How the destination treats a delivery.
    func answer(_ index: Int, _ outcome: DeliveryOutcome) throws(Violation) {
        let flight = flights.remove(at: index)
        try flight.checkBytes()
        let key = flight.delivery.key
        let isHeld = world.spool.rows.contains { $0.holder == key } || job?.job.runs.contains { $0.key == key } ?? false
        let isFromRing = forwarder.active.contains { $0.delivery.number == flight.delivery.number && $0.origin == .ring }
        let settlement = forwarder.settle(flight.delivery.number, outcome, now: world.now)
        world.note("delivery \(flight.delivery.number): \(outcome), \(settlement)")
        switch (outcome, settlement) {
        case (.delivered, .delivered(let logs)):
            try require(logs == flight.content.logCount, "\(logs) logs of \(flight.content) are said to be delivered")
            for range in flight.content { try world.truth.end(range, .acknowledged) }
            deliveredLogs += UInt64(logs)
        case (.rejected, .dropped(let logs, _)), (.tooLarge, .dropped(let logs, _)):
            try require(logs == flight.content.logCount, "\(logs) logs of \(flight.content) are said to be dropped")
            for range in flight.content { try drop(range, .forwardFailed) }
        case (.transient, .dropped(let logs, _)): try giveUp(flight, logs, isFromRing: isFromRing)
        case (.transient, .willRetry), (.tooLarge, .split): return
        default: throw Violation("\(outcome) led to \(settlement)")
        }
        if isHeld { ended.insert(key) }
    }

    private func giveUp(_ flight: Flight, _ logs: Int, isFromRing: Bool) throws(Violation) {
        world.met.insert(.givenUp)
        guard let after = forwarder.settings.giveUpAfter else { throw Violation("a delivery was given up against the settings") }
        let limit = world.now.advanced(by: .zero - after)
        let isOld = flight.content.contains { range in range.numbers.contains { world.truth[range.session, $0].arrived <= limit } }
        // A row of the spool is as old as its oldest batch, also when it has been halved.
        try require(isOld || !isFromRing, "\(flight.content) is given up too early")
        for range in flight.content { try drop(range, .forwardFailed) }
        try dropOldest(logs - flight.content.logCount, .forwardFailed, arrivedBy: limit)
    }
}
