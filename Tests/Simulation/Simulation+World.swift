import Pipeline

extension Simulation {
    // MARK: Faults

    /// Outages of the destination and the disk begin and end.
    func turnWeather() {
        let setup = world.setup
        if world.random.once(in: setup.stepsPerOutage) {
            let down: World.Destination = world.random.once(in: 2) && has(.stall) ? .stalled : has(.transient) ? .down : .up
            world.destination = world.destination == .up ? down : .up
            // A session is open again.
            if world.destination == .up, world.random.once(in: 2) { process.forwarder.retryNow() }
        }
        if world.random.once(in: setup.stepsPerOutage) {
            let failing: ModelSpool.Health = world.random.once(in: 4) && has(.unreadable) ? .unreadable : has(.diskFull) ? .full : .works
            world.disk = world.disk == .works ? failing : .works
        }
        if world.random.once(in: 10) { world.isDiskSlow = has(.slowDisk) && !world.isDiskSlow }
    }

    /// Crashes, and orderly stops from step to step.
    mutating func turnPhase() throws(Violation) {
        if has(.crash), world.random.once(in: world.setup.stepsPerCrash) { return try crash() }
        switch process.phase {
        case .running:
            guard has(.restart), world.random.once(in: world.setup.stepsPerCrash) else { return }
            process.phase = .draining
            process.forwarder.beginDrain()
        case .draining:
            if world.random.once(in: 3) { try restart() }
        case .storingRest: break
        }
        try settle()
    }

    private mutating func crash() throws(Violation) {
        try settle()
        world.note("crash")
        try recordSome()
        try process.crash(committing: world.random.once(in: 2))
        start()
    }

    /// Nothing is sent any more, what is left is stored as far as it can be, and the process ends.
    mutating func restart() throws(Violation) {
        world.note("store the rest")
        process.phase = .storingRest
        process.forwarder.isStoringRest = true
        for _ in 0..<100 {
            try settle()
            guard process.job != nil else { break }
            try process.finishJob()
        }
        try require(process.job == nil, "the rest is never stored")
        try recordSome()
        try process.stop()
        start()
    }

    private mutating func start() {
        process = world.startProcess()
        clients = clients.map { _ in SimulatedClient() }
        guard world.setup.changesTraits else { return }
        // To the destination that is asked now, old keys say nothing.
        world.truth.letKeyChange(world.spool.logs)
    }

    /// Of what is under way the destination has some, and its answers do not come any more.
    private func recordSome() throws(Violation) {
        for flight in process.flights where world.random.once(in: 2) && accepts(flight) {
            try world.truth.record(flight.content, key: flight.delivery.key)
        }
    }

    // MARK: The destination

    private func accepts(_ flight: Flight) -> Bool {
        flight.delivery.batches.reduce(0) { $0 + $1.request.count } <= world.setup.destinationBytesMax || flight.delivery.logCount == 1
    }

    mutating func answerOne() throws(Violation) {
        guard !process.flights.isEmpty, world.destination != .stalled else { return }
        let index = world.random.below(process.flights.count)
        let flight = process.flights[index]
        let down = DeliveryOutcome.transient(reason: "down", retryAfter: world.random.once(in: 8) ? .seconds(2) : nil)
        if world.destination == .down { return try process.answer(index, down) }
        // What it has recorded it acknowledges, or does not answer.
        let isKnown = world.truth.hasRecorded(flight.delivery.key)
        if has(.tooLarge), !isKnown, !accepts(flight) { return try process.answer(index, .tooLarge(reason: "413")) }
        guard world.random.percent(world.setup.troublePercent) else { return try deliver(index) }
        switch world.random.below(5) {
        case 0 where has(.rejected) && !isKnown: try process.answer(index, .rejected(reason: "400"))
        case 1 where has(.tooLarge) && !isKnown: try process.answer(index, .tooLarge(reason: "413"))
        case 2 where has(.answerLost):
            try world.truth.record(flight.content, key: flight.delivery.key)
            try process.answer(index, down)
        case 3 where has(.transient), 4 where has(.transient): try process.answer(index, down)
        default: try deliver(index)
        }
    }

    mutating func deliver(_ index: Int) throws(Violation) {
        let flight = process.flights[index]
        if world.truth.hasRecorded(flight.delivery.key) { world.met.insert(.resent) }
        try world.truth.record(flight.content, key: flight.delivery.key)
        try process.answer(index, .delivered)
    }

    mutating func finishJob() throws(Violation) {
        try process.finishJob()
    }
}
