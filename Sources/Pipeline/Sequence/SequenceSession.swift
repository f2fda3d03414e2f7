/// What the audit knows of one session.
///
/// **Restart or resend?** A client that counts from 0 again under the same session id has restarted; a client that writes a frame again after a
/// write error has not. Both begin with numbers that were seen. So, when 0 comes again, a new run is begun on trial beside the old one:
/// - It was a *resend* if what follows is what the old run had due. After only one frame on trial also if it is anything beyond the old run (and no nearer to the end of
///   the one on trial), or another 0. Then its numbers are counted against the old run: as duplicates, or as late where they were missing.
/// - It was a *restart* when the new run passes the end of the old one, has `trialFramesMax` frames, or meets another 0 after its first frame.
///   Then it replaces the old run, whose holes are final.
///
/// Numbers other than 0 that were seen are duplicates. So a restart is told from nothing but its number 0: one whose first frame was lost looks like resends.
struct SequenceSession {
    var key: SessionKey
    /// As in the session's first request; for people.
    let process: String
    /// Tells sessions apart that used the same slot one after the other.
    let ordinal: UInt64
    /// The connection that brought it when it was last looked up.
    var connection: UInt64
    /// Neighbours in the order of activity, -1 at the ends.
    var older: Int32 = -1
    var newer: Int32 = -1

    private(set) var logs: UInt64 = 0
    private(set) var run: SequenceRun
    /// The run before, while `run` is on trial.
    private(set) var previous: SequenceRun?
    /// Frames of the run on trial.
    private var trialFrames = 0
    private(set) var counters = SequenceCounters()
    /// What was missing when that was last complained of.
    var missingComplained: UInt64 = 0

    /// Frames after which a run on trial is a restart.
    static let trialFramesMax = 16
    /// How far a frame with number 0 may lie from the rest and still be a late first frame (before it) or the first after a wrap with losses
    /// (after it); further away it is a restart.
    static let zeroDistanceMax: Int64 = 1024
    /// Numbers that one run may span. A client that leaps on and on, two milliards at a time, starts a new run then.
    static let spanMax: Int64 = 1 << 40

    init(key: SessionKey, process: String, ordinal: UInt64, connection: UInt64, first: UInt32, count: Int) {
        self.key = key
        self.process = process
        self.ordinal = ordinal
        self.connection = connection
        run = SequenceRun(Self.range(Int64(first), count))
        logs = UInt64(count)
    }

    private static func range(_ first: Int64, _ count: Int) -> Range<Int64> { first..<first &+ Int64(count) }

    /// Numbers below the highest seen that have not arrived and may still.
    var missing: UInt64 { run.missing &+ (previous?.missing ?? 0) }
    var holeCount: Int { run.holes.count + (previous?.holes.count ?? 0) }
    /// The run to show: not one that is more likely a frame sent again.
    var shown: SequenceRun { trialFrames == 1 ? previous ?? run : run }

    /// Takes `count` numbers from `first` on if that is what was due, as in a client's life it nearly always is.
    @inline(__always)
    mutating func advance(_ first: UInt32, _ count: Int) -> Bool {
        guard run.isDue(first), trialFrames == 0 else { return false }
        run.advance(count)
        logs &+= UInt64(truncatingIfNeeded: count)
        return true
    }

    /// Takes `count` numbers, at least one, from `first` on.
    mutating func take(_ first: UInt32, _ count: Int, holesMax: Int) {
        logs &+= UInt64(count)
        if let old = previous { judgeTrial(old, first, holesMax) }
        let numbers = Self.range(run.unwrapped(first), count)
        if first == 0, previous == nil, isAnotherStart(numbers) {
            previous = run
            run = SequenceRun(Self.range(0, count))
            trialFrames = 1
        } else {
            insert(numbers, holesMax)
            if previous != nil { trialFrames += 1 }
        }
        if let old = previous, trialFrames >= Self.trialFramesMax || run.next > Int64(UInt32(truncatingIfNeeded: old.next)) { endTrial(old) }
        if run.next &- run.first > Self.spanMax { forgetRun(from: run.unwrapped(first), count) }
    }

    /// Settles what is open, and makes what is missing final: the session is forgotten.
    mutating func close(holesMax: Int) {
        if let old = previous {
            if trialFrames == 1 { takeBack(old, holesMax) } else { endTrial(old) }
        }
        counters.missingFinal &+= run.missing
    }

    // MARK: Restarts

    private func isAnotherStart(_ numbers: Range<Int64>) -> Bool {
        if numbers.lowerBound >= run.next { return numbers.lowerBound - run.next > Self.zeroDistanceMax }
        if numbers.lowerBound < run.first { return run.first - numbers.upperBound > Self.zeroDistanceMax }
        return run.contains(numbers.lowerBound)
    }

    private mutating func judgeTrial(_ old: SequenceRun, _ first: UInt32, _ holesMax: Int) {
        if trialFrames == 1 {
            // Lost between the old run and this frame, or between the one on trial and this frame: the less the likelier.
            let lost = (old: first &- UInt32(truncatingIfNeeded: old.next), trial: first &- UInt32(truncatingIfNeeded: run.next))
            if first == 0 || lost.old <= min(lost.trial, UInt32(Int32.max)) { takeBack(old, holesMax) }
        } else if first == 0, !run.isDue(0) {
            endTrial(old)
        } else if old.isDue(first), !run.isDue(first) {
            takeBack(old, holesMax)
        }
    }

    /// It was a resend.
    private mutating func takeBack(_ old: SequenceRun, _ holesMax: Int) {
        let trial = run
        run = old
        previous = nil
        trialFrames = 0
        // Nearly always a frame or two that follow each other; `seen` allocates.
        guard !trial.holes.isEmpty else { return insertAgain(trial.first..<trial.next, holesMax) }
        for numbers in trial.seen { insertAgain(numbers, holesMax) }
    }

    private mutating func insertAgain(_ numbers: Range<Int64>, _ holesMax: Int) {
        insert(Self.range(run.unwrapped(UInt32(truncatingIfNeeded: numbers.lowerBound)), numbers.count), holesMax)
    }

    /// It was a restart.
    private mutating func endTrial(_ old: SequenceRun) {
        counters.restarts += 1
        counters.missingFinal &+= old.missing
        previous = nil
        trialFrames = 0
    }

    // MARK: Numbers

    private mutating func insert(_ numbers: Range<Int64>, _ holesMax: Int) {
        let change = run.insert(numbers, holesMax: holesMax)
        counters.duplicated &+= change.duplicated
        counters.outOfOrder &+= change.outOfOrder
        counters.missingFinal &+= change.forgotten
        counters.holesForgotten &+= change.holesForgotten
    }

    private mutating func forgetRun(from first: Int64, _ count: Int) {
        counters.missingFinal &+= run.missing
        run = SequenceRun(Self.range(Int64(UInt32(truncatingIfNeeded: first)), count))
    }
}
