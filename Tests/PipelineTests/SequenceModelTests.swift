import TestSupport
import Testing
import Wire

@testable import Pipeline

/// The audit against sets of numbers, on random streams. A failure names its seed.
@Suite struct SequenceModelTests {
    /// One run: every number on its own, in a set.
    @Test(arguments: [2, 8, 1000]) func oneRunIsASet(holesMax: Int) {
        for seed in UInt64(0)..<60 {
            var random = TestRandom(seed: seed &* 31 &+ UInt64(holesMax))
            let base = Int64(random.below(3)) << 32 - 100
            var run = SequenceRun(base..<base + 5)
            var seen = Set(base..<base + 5)
            var forgotten = 0
            for step in 0..<200 {
                let lower = base + Int64(random.below(400)) - 100
                let numbers = lower..<lower + 1 + Int64(random.below(12))
                let highest = seen.max()!
                let new = numbers.filter { !seen.contains($0) }
                seen.formUnion(numbers)
                var expected = SequenceRun.Change(
                    duplicated: UInt64(numbers.count - new.count), outOfOrder: UInt64(new.filter { $0 < highest }.count))
                var holes = Self.holes(seen)
                while holes.count > holesMax {
                    seen.formUnion(holes[0])
                    expected.forgotten += UInt64(holes[0].count)
                    expected.holesForgotten += 1
                    holes.removeFirst()
                }
                forgotten += Int(expected.forgotten)
                let change = run.insert(numbers, holesMax: holesMax)
                guard change == expected, run.holes == holes, run.missing == UInt64(holes.reduce(0) { $0 + $1.count }),
                    run.first == seen.min()!, run.next == seen.max()! + 1, run.seen.reduce(0, { $0 + $1.count }) == seen.count,
                    (base - 120...base + 420).allSatisfy({ run.contains($0) == seen.contains($0) })
                else {
                    Issue.record("seed \(seed), step \(step): \(numbers): \(run), \(change); expected \(holes), \(expected)")
                    return
                }
            }
            if holesMax == 2 { #expect(forgotten > 0, "seed \(seed)") }
        }
    }

    private static func holes(_ seen: Set<Int64>) -> [Range<Int64>] {
        let sorted = seen.sorted()
        return zip(sorted, sorted.dropFirst()).filter { $0 + 1 < $1 }.map { $0 + 1..<$1 }
    }

    /// Sessions from anywhere on, over the wrap, in any order, with losses and duplicates, in frames with holes, on connections that carry
    /// several: after every frame the audit has what the sets have. Counts do not begin at 0, whose meaning has tests of its own.
    @Test func anyOrder() {
        for seed in UInt64(0)..<40 {
            var random = TestRandom(seed: seed)
            let audit = SequenceAudit(holesMax: 1000)
            var model = Model()
            let starts: [Int32] = [1, 5, 2_147_483_500, -200, .min, 1_000_000]
            var streams = starts.enumerated().map { index, start in
                Stream(session: "session-\(index)", frames: Self.frames(from: start, count: 40, &random))
            }
            var hints = (0..<3).map { _ in SequenceHint() }
            while let index = streams.indices.filter({ !streams[$0].frames.isEmpty }).randomElement(using: &random) {
                // One of the next six, so that order is lost; sometimes it stays and comes again, sometimes it is lost.
                let place = random.below(min(6, streams[index].frames.count))
                let numbers = random.once(in: 8) ? streams[index].frames[place] : streams[index].frames.remove(at: place)
                if random.once(in: 10) { continue }
                let connection = random.below(hints.count)
                audit.take(streams[index].session, numbers, connection: UInt64(connection), hint: &hints[connection])
                model.take(streams[index].session, numbers)
                guard model.agrees(audit) else {
                    Issue.record("seed \(seed): \(streams[index].session) \(numbers): \(audit.statistics), model \(model)")
                    return
                }
            }
            #expect(model.duplicated > 0 && model.outOfOrder > 0 && audit.statistics.missing > 0, "seed \(seed)")
        }
    }

    /// Clients that begin at 0, lose frames, send single frames again and restart: in the end nothing is missing but what was lost, and
    /// duplicates are what was sent again.
    @Test func losesResendsAndRestarts() {
        for seed in UInt64(0)..<200 {
            var random = TestRandom(seed: seed)
            let audit = SequenceAudit(holesMax: 1000)
            var hint = SequenceHint()
            var (lost, resent, logs, restarts) = (0, 0, 0, 0)
            for life in 0..<1 + random.below(4) {
                var next: Int32 = 0
                var sent: [[Int32]] = []
                // Each life has another length, so that none ends where the one before did, and more frames than stay on trial.
                for frame in 0..<40 + 5 * life + random.below(5) {
                    let count = 1 + Int32(random.below(10))
                    let numbers = Array(next..<next + count)
                    next += count
                    // A loss shows when something follows; the start of a life has to arrive for it to be known as one.
                    if frame > SequenceSession.trialFramesMax, frame < 38, random.once(in: 7) {
                        lost += numbers.count
                        continue
                    }
                    audit.take("a", numbers, hint: &hint)
                    sent.append(numbers)
                    logs += numbers.count
                    if frame > SequenceSession.trialFramesMax, frame < 38, random.once(in: 5) {
                        let again = sent[random.below(sent.count)]
                        audit.take("a", again, hint: &hint)
                        logs += again.count
                        resent += again.count
                        // What follows a frame sent again tells that it was one; here that is not lost.
                        let due = Array(next..<next + 3)
                        next += 3
                        audit.take("a", due, hint: &hint)
                        logs += 3
                    }
                }
                if life > 0 { restarts += 1 }
            }
            let statistics = audit.statistics
            #expect(statistics.missing + statistics.counters.missingFinal == UInt64(lost), "seed \(seed)")
            #expect(statistics.counters.duplicated == UInt64(resent) && statistics.counters.outOfOrder == 0, "seed \(seed)")
            #expect(statistics.counters.restarts == UInt64(restarts) && audit.report("a")?.logs == UInt64(logs), "seed \(seed)")
        }
    }

    /// More sessions than are remembered: the one that was silent longest goes, its holes become final, and it comes back as a late start.
    @Test func evictions() {
        for seed in UInt64(0)..<40 {
            var random = TestRandom(seed: seed)
            let sessionsMax = 1 + random.below(8)
            let audit = SequenceAudit(sessionsMax: sessionsMax, holesMax: 1000)
            var model = Model(sessionsMax: sessionsMax)
            var next = [Int32](repeating: 0, count: 12)
            var hints = (0..<4).map { _ in SequenceHint() }
            for _ in 0..<400 {
                let session = random.below(next.count)
                next[session] += Int32(random.once(in: 4) ? random.below(5) : 0)
                let numbers = Array(next[session]..<next[session] + 1 + Int32(random.below(4)))
                next[session] = numbers.last! + 1
                let connection = random.below(hints.count)
                audit.take("\(session)", numbers, connection: UInt64(connection), hint: &hints[connection])
                model.take("\(session)", numbers)
                guard model.agrees(audit) else {
                    Issue.record("seed \(seed): \(audit.statistics), model \(model)")
                    return
                }
            }
            #expect(audit.statistics.sessionsEvicted > 0 && audit.statistics.counters.missingFinal > 0, "seed \(seed)")
        }
    }

    private struct Stream {
        var session: String
        var frames: [[Int32]]
    }

    /// In order, some with holes in them.
    private static func frames(from start: Int32, count: Int, _ random: inout TestRandom) -> [[Int32]] {
        var next = start
        return (0..<count).map { _ in
            var numbers: [Int32] = []
            for _ in 0...random.below(10) {
                if random.once(in: 30) { next &+= 1 }
                // 0 means more than a number.
                if next == 0 { next = 1 }
                numbers.append(next)
                next &+= 1
            }
            return numbers
        }
    }

    /// What the audit should know, in the plainest form.
    private struct Model {
        struct Session {
            var seen: Set<Int64> = []
            var highest: Int64
            var missing: Int { Int(highest - seen.min()! + 1) - seen.count }
        }

        var sessionsMax = Int.max
        var sessions: [String: Session] = [:]
        /// The longest silent first.
        var order: [String] = []
        var duplicated = 0
        var outOfOrder = 0
        var missingFinal = 0
        var lateStarts = 0
        var evicted = 0

        mutating func take(_ name: String, _ numbers: [Int32]) {
            order.removeAll { $0 == name }
            order.append(name)
            if sessions[name] == nil {
                if sessions.count == sessionsMax {
                    missingFinal += sessions.removeValue(forKey: order.removeFirst())!.missing
                    evicted += 1
                }
                if numbers[0] != 0 { lateStarts += 1 }
                sessions[name] = Session(highest: Int64(numbers[0]) - 1)
            }
            var session = sessions[name]!
            for number in numbers {
                // The nearest with the same 32 bits.
                var unwrapped = Int64(number)
                while unwrapped < session.highest - 1 << 31 { unwrapped += 1 << 32 }
                if session.seen.contains(unwrapped) {
                    duplicated += 1
                } else if unwrapped < session.highest {
                    outOfOrder += 1
                }
                session.seen.insert(unwrapped)
                session.highest = max(session.highest, unwrapped)
            }
            sessions[name] = session
        }

        func agrees(_ audit: SequenceAudit) -> Bool {
            let s = audit.statistics
            return s.missing == UInt64(sessions.values.reduce(0) { $0 + $1.missing }) && s.counters.missingFinal == UInt64(missingFinal)
                && s.counters.duplicated == UInt64(duplicated) && s.counters.outOfOrder == UInt64(outOfOrder) && s.counters.restarts == 0
                && s.lateStarts == UInt64(lateStarts) && s.sessionsEvicted == UInt64(evicted) && s.sessions == sessions.count
                && audit.recent(.max).map(\.session) == order.reversed()
                && audit.recent(.max).allSatisfy { report in
                    let session = sessions[report.session]!
                    return report.missing == UInt64(session.missing) && report.last == Int32(truncatingIfNeeded: session.highest)
                        && report.first == Int32(truncatingIfNeeded: session.seen.min()!)
                }
        }
    }
}
