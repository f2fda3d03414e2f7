import Pipeline

/// What a seed draws for a whole run.
struct Setup: CustomStringConvertible {
    var steps = 0
    var durability = Durability.memory
    var after = Duration.zero
    var spoolBytesMax = 0
    var ringBytesMax = 1 << 20
    var settings = Forwarder.Settings()
    var traits = ReporterTraits(mixesSessions: false, inFlightMax: 1)
    /// What a log takes in a request besides its batch's bytes, as with JSON lines.
    var bodyBytesPerLog = 0
    /// Larger requests are refused as too large.
    var destinationBytesMax = Int.max
    var sessions = 1
    var connections = 1
    var batchLogsMax = 1
    var urlBytesMax = 1
    var framesPerStep = 1
    /// Of a hundred answers so many are no acknowledgement.
    var troublePercent = 0
    /// A crash, or a restart, once in so many steps.
    var stepsPerCrash = 0
    var stepsPerOutage = 0
    /// The destination changes between one session per delivery and several when a process starts.
    var changesTraits = false

    /// Another destination takes the same logs; its place in the ring. nil: there is none.
    var neighbourIndex: Int?
    var neighbourTraits = ReporterTraits(mixesSessions: false, inFlightMax: 1)

    /// Whether the spool has room for all that a run can bring.
    var isSpoolRoomy: Bool { spoolBytesMax >= Self.roomyBytes }
    static let roomyBytes = 256 << 20

    init(seed: UInt64) {
        var random = SeededRandom(seed: seed ^ 0x5E7_0B0B)
        steps = random.once(in: 16) ? random.between(120, 300) : random.between(10, 60)
        durability = random.pick([.spill, .spill, .spill, .sync, .sync, .memory])
        after = .milliseconds(random.pick([0, 20, 200, 1000]))
        spoolBytesMax = random.once(in: 3) ? random.pick([64 << 10, 256 << 10, 1 << 20]) : Self.roomyBytes
        drawForwarder(&random)
        sessions = random.pick([1, 2, 3, 8, 30])
        connections = random.between(1, min(sessions + 1, 6))
        drawSizes(&random)
        troublePercent = random.pick([0, 5, 20, 50])
        stepsPerCrash = random.pick([8, 20, 60])
        stepsPerOutage = random.pick([6, 15, 40])
        if random.once(in: 3) {
            neighbourIndex = random.below(2)
            neighbourTraits = ReporterTraits(mixesSessions: random.once(in: 3), inFlightMax: random.pick([1, 4]))
        }
    }

    private mutating func drawForwarder(_ random: inout SeededRandom) {
        settings.flushInterval = .milliseconds(random.pick([0, 1, 100, 1000]))
        settings.requestBytesMax = random.pick([64 << 10, 64 << 10, 256 << 10, 1 << 20])
        settings.inFlightMax = random.pick([1, 1, 2, 4])
        settings.overflow = random.pick(OverflowPolicy.allCases)
        if random.once(in: 5) { settings.giveUpAfter = .milliseconds(random.pick([50, 500, 5000])) }
        traits = ReporterTraits(mixesSessions: random.once(in: 3), inFlightMax: random.pick([1, 4, 64]))
        changesTraits = random.once(in: 10)
        if random.once(in: 4) { ringBytesMax = 2 << 20 }
        if traits.mixesSessions { bodyBytesPerLog = random.pick([0, 100, 20 << 10]) }
        if random.once(in: 3) { destinationBytesMax = random.pick([8 << 10, 40 << 10]) }
    }

    /// Mostly small, so that a run takes little time; large ones fill the ring.
    private mutating func drawSizes(_ random: inout SeededRandom) {
        if random.once(in: 6) {
            (batchLogsMax, urlBytesMax, framesPerStep) = (random.pick([1, 4]), 7000, random.pick([8, 30]))
        } else {
            (batchLogsMax, urlBytesMax, framesPerStep) = (random.pick([1, 3, 9]), random.pick([10, 300, 2500]), random.pick([1, 4, 10]))
        }
    }

    var description: String {
        """
        \(steps) steps, \(durability) after \(after), spool \(spoolBytesMax), ring \(ringBytesMax), \(settings.overflow.rawValue), flush \(settings.flushInterval), \
        requests \(settings.requestBytesMax), in flight \(min(settings.inFlightMax, traits.inFlightMax)), give up \(settings.giveUpAfter.map { "\($0)" } ?? "never"), \
        \(traits.mixesSessions ? "mixing" : "one session each")\(changesTraits ? " changing" : ""), \(bodyBytesPerLog) per log, destination takes \(destinationBytesMax), \
        \(sessions) sessions, \(connections) connections, batches of \(batchLogsMax) logs of \(urlBytesMax), \(framesPerStep) frames a step, \
        \(neighbourIndex.map { "neighbour at \($0), " } ?? "")trouble \(troublePercent) %, a crash in \(stepsPerCrash), an outage in \(stepsPerOutage)
        """
    }
}
