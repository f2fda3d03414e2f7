import Testing
import Wire

@testable import Pipeline

@Suite struct SequenceAuditTests {
    @Test func inOrderNothingIsMissing() {
        let audit = SequenceAudit()
        var hint = SequenceHint()
        for start in stride(from: Int32(0), to: 1000, by: 10) { audit.take("a", Array(start..<start + 10), hint: &hint) }
        #expect(audit.statistics.counters == SequenceCounters() && audit.statistics.missing == 0 && audit.statistics.lateStarts == 0)
        let report = audit.report("a")
        #expect(report?.logs == 1000 && report?.first == 0 && report?.last == 999 && report?.process == "agent" && report?.holes == [])
    }

    @Test func aHoleIsMissingUntilItIsFilled() {
        let audit = SequenceAudit()
        audit.take("a", 0...9)
        audit.take("a", 20...29)
        #expect(audit.statistics.missing == 10 && audit.holes("a") == "10..19")
        audit.take("a", 30...39)
        audit.take("a", [12])
        #expect(audit.statistics.missing == 9 && audit.holes("a") == "10..11, 13..19")
        audit.take("a", 10...19)
        #expect(audit.statistics.missing == 0 && audit.holes("a") == "")
        #expect(audit.statistics.counters.outOfOrder == 10 && audit.statistics.counters.duplicated == 1)
        #expect(audit.report("a")?.logs == 41 && audit.report("a")?.last == 39)
    }

    @Test func holesWithinOneFrame() {
        let audit = SequenceAudit()
        audit.take("a", [0, 1, 4, 3, 3, 9])
        #expect(audit.holes("a") == "2, 5..8" && audit.statistics.missing == 5)
        #expect(audit.statistics.counters.outOfOrder == 1 && audit.statistics.counters.duplicated == 1)
    }

    /// An int32 counts on with its lowest value.
    @Test func wrapAround() {
        let audit = SequenceAudit()
        audit.take("a", (2_147_483_640...2_147_483_647).map { $0 })
        audit.take("a", (Int32.min...(.min + 4)).map { $0 })
        audit.take("b", [.max - 1, .max, .min, .min + 1])
        #expect(audit.statistics.missing == 0 && audit.statistics.counters == SequenceCounters())
        audit.take("a", [.min + 10])
        #expect(audit.holes("a") == "-2147483643..-2147483639" && audit.report("a")?.last == .min + 10)
        audit.take("c", [.max - 1])
        audit.take("c", [.min + 1])
        #expect(audit.holes("c") == "2147483647..-2147483648" && audit.report("c")?.missing == 2)
        // And from -1 to 0 again, after four milliards; once with losses.
        audit.take("d", [-2, -1, 0, 1, 2])
        audit.take("e", [-3, -2])
        audit.take("e", [0, 1])
        #expect(audit.holes("d") == "" && audit.holes("e") == "-1" && audit.statistics.counters.restarts == 0)
        #expect(audit.statistics.counters.duplicated == 0 && audit.statistics.counters.outOfOrder == 0)
    }

    @Test func aRestartIsNeitherLossNorDuplicates() {
        let audit = SequenceAudit()
        audit.take("a", 0...9)
        audit.take("a", 15...29)
        audit.take("a", 0...9)
        audit.take("a", 10...19)
        #expect(audit.statistics.missing == 5, "of the first count; it may still turn out to be a resend")
        audit.take("a", 20...29)
        audit.take("a", 30...39)
        #expect(audit.statistics.counters.restarts == 1 && audit.statistics.counters.duplicated == 0)
        #expect(audit.statistics.missing == 0 && audit.statistics.counters.missingFinal == 5)
        audit.take("a", 41...49)
        #expect(audit.holes("a") == "40" && audit.report("a")?.missing == 6 && audit.report("a")?.restarts == 1 && audit.report("a")?.logs == 74)
    }

    @Test func aRestartAfterLongIsSettledLongBeforeItCatchesUp() {
        let audit = SequenceAudit()
        for start in stride(from: Int32(0), to: 100_000, by: 1000) { audit.take("a", start...start + 999) }
        for start in stride(from: Int32(0), to: 200, by: 10) { audit.take("a", start...start + 9) }
        #expect(audit.statistics.counters.restarts == 1 && audit.report("a")?.last == 199)
        // A count that is at the other end of the numbers.
        audit.take("b", [-1_000_000_000])
        audit.take("b", 0...9)
        audit.take("b", 10...19)
        #expect(audit.report("b")?.last == 19 && audit.statistics.missing == 0 && audit.statistics.counters.duplicated == 0)
    }

    @Test func clientsThatRestartAgainAndAgain() {
        let audit = SequenceAudit()
        for _ in 0..<5 {
            for start in stride(from: Int32(0), to: 50, by: 10) { audit.take("a", start...start + 9) }
        }
        audit.take("b", 0...9)
        for _ in 0..<5 { audit.take("b", 0...3) }
        #expect(audit.statistics.missing == 0 && audit.statistics.counters.missingFinal == 0)
        // The fifth is not settled yet; at 50 both counts have the same due.
        #expect(audit.statistics.counters.restarts == 3 && audit.report("a")?.duplicated == 0)
        #expect(audit.report("b")?.duplicated == 16, "frames of which nothing follows are resends; the last may still be another start")
    }

    @Test(arguments: [0, 1, 5, 9]) func aFrameSentAgainIsDuplicates(resent: Int32) {
        let audit = SequenceAudit()
        for start in stride(from: Int32(0), to: 100, by: 10) { audit.take("a", start...start + 9) }
        audit.take("a", resent * 10...resent * 10 + 9)
        #expect(audit.report("a")?.last == 99)
        audit.take("a", 100...109)
        #expect(audit.statistics.missing == 0 && audit.statistics.counters.duplicated == 10 && audit.statistics.counters.restarts == 0)
        #expect(audit.report("a")?.last == 109 && audit.report("a")?.logs == 120)
    }

    @Test func theFirstFrameSentAgainAtOnceOrWithTheNextOrBeforeALoss() {
        let audit = SequenceAudit()
        audit.take("at once", 0...9)
        audit.take("at once", 0...9)
        audit.take("at once", 10...19)
        audit.take("with the next", 0...29)
        audit.take("with the next", 0...9)
        audit.take("with the next", 10...19)
        audit.take("with the next", 30...39)
        audit.take("before a loss", 0...99)
        audit.take("before a loss", 0...9)
        audit.take("before a loss", 110...119)
        #expect(audit.holes("at once") == "" && audit.holes("with the next") == "" && audit.holes("before a loss") == "100..109")
        #expect(["at once", "with the next", "before a loss"].map { audit.report($0)?.duplicated } == [10, 20, 10])
        #expect(audit.statistics.counters.restarts == 0 && audit.statistics.missing == 10)
    }

    @Test func whatCameBeforeTheFirstIsUnknown() {
        let audit = SequenceAudit()
        audit.take("a", 500...509)
        #expect(audit.statistics.missing == 0 && audit.statistics.lateStarts == 1 && audit.report("a")?.first == 500)
        audit.take("a", 480...489)
        #expect(audit.holes("a") == "490..499" && audit.report("a")?.first == 480 && audit.statistics.counters.outOfOrder == 10)
        // A late first frame.
        audit.take("b", 10...19)
        audit.take("b", 0...9)
        #expect(audit.statistics.counters.outOfOrder == 20, "at once, not only when something follows")
        audit.take("b", 20...29)
        #expect(audit.holes("b") == "" && audit.report("b")?.first == 0 && audit.report("b")?.restarts == 0)
        // A restart of one that was not seen from its start.
        audit.take("c", 5000...5009)
        audit.take("c", 0...9)
        audit.take("c", 10...19)
        #expect(audit.holes("c") == "" && audit.report("c")?.missing == 0)
    }

    @Test func clientsWithoutSessionsOrNumbersAreNotAudited() {
        let audit = SequenceAudit()
        for _ in 0..<10 {
            audit.take("", [0, 0, 0])
            audit.take("", [7, 900])
            audit.take("with a session", [0, 0, 0, 0])
            audit.take(String(repeating: "s", count: 65), 0...9)
        }
        let statistics = audit.statistics
        #expect(statistics.sessions == 0 && statistics.missing == 0 && statistics.counters == SequenceCounters())
        #expect(statistics.logsWithoutSession == 50 && statistics.logsUnnumbered == 40 && statistics.logsWithLongSession == 100)
        for _ in 0..<10 { audit.take("one by one", [0]) }
        #expect(audit.statistics.missing == 0 && audit.statistics.counters.restarts == 0)
    }

    @Test func sessionIDsOfAllLengthsAreToldApart() {
        let audit = SequenceAudit()
        let id = String((0..<64).map { Character(Unicode.Scalar(UInt8(33 + $0))) })
        for round in Int32(0)..<3 {
            var hint = SequenceHint()
            for length in 1...64 { audit.take(String(id.prefix(length)), [round * 2, round * 2 + 1], hint: &hint) }
            for length in 1...64 { audit.take(String(id.prefix(length - 1)) + "\0", [round], hint: &hint) }
        }
        #expect(audit.statistics.sessions == 128 && audit.statistics.missing == 0 && audit.statistics.counters == SequenceCounters())
        #expect(Set(audit.recent(.max).map(\.session)).count == 128)
    }

    @Test func aRequestInSeveralPiecesAndNamesThatAreCut() {
        let audit = SequenceAudit()
        let pieces = [SequenceFrame.bytes("", [0, 1], process: ""), SequenceFrame.bytes("a", [2, 3], process: String(repeating: "é", count: 40) + "x")]
        var payload: [UInt8] = []
        for piece in pieces { payload += [0x0a] + SequenceFrame.varint(UInt64(piece.count)) + piece }
        guard case .logs(let request) = BoundaryScan.scan(.message, payload.span.bytes) else { Issue.record("not logs"); return }
        #expect(request.piece == nil && request.isSequenceContiguous && request.firstSequenceNumber == 0)
        var hint = SequenceHint()
        audit.record(request, of: payload.span.bytes, connection: 1, hint: &hint)
        audit.take("a", 4...5)
        #expect(audit.report("a")?.logs == 6 && audit.holes("a") == "" && audit.report("a")?.process == String(repeating: "é", count: 32))
        audit.take("b", [0], process: "x" + String(repeating: "é", count: 40))
        #expect(audit.report("b")?.process == "x" + String(repeating: "é", count: 31))
    }

    @Test func theSessionsAndHolesRememberedAreBounded() {
        let audit = SequenceAudit(sessionsMax: 2, holesMax: 3)
        for start in stride(from: Int32(0), to: 50, by: 10) { audit.take("a", start...start + 7) }
        #expect(audit.holes("a") == "18..19, 28..29, 38..39" && audit.report("a")?.missing == 8 && audit.statistics.missing == 6)
        #expect(audit.statistics.counters.holesForgotten == 1 && audit.statistics.counters.missingFinal == 2 && audit.statistics.holesLargest == 3)
        audit.take("b", 0...1)
        audit.take("a", 50...51)
        audit.take("c", 0...1)
        #expect(audit.report("b") == nil && audit.report("a") != nil && audit.statistics.sessionsEvicted == 1)
        audit.take("b", 2...3)
        #expect(audit.report("a") == nil && audit.statistics.missing == 0 && audit.statistics.counters.missingFinal == 10)
        #expect(audit.statistics.holes == 0 && audit.statistics.lateStarts == 1 && audit.statistics.sessions == 2)
    }

    @Test func whatAConnectionLeavesMissingIsToldOnce() {
        let audit = SequenceAudit()
        var first = SequenceHint()
        audit.take("a", [0, 1, 5], connection: 1, hint: &first)
        #expect(audit.connectionEnded(1, first).map(\.session) == ["a"])
        var second = SequenceHint()
        audit.take("a", [6], connection: 2, hint: &second)
        #expect(audit.connectionEnded(2, second).isEmpty)
        var third = SequenceHint()
        audit.take("a", [8], connection: 3, hint: &third)
        #expect(audit.connectionEnded(3, third).map { $0.holesText(max: 1) } == ["2..4 and 1 more"])
        #expect(audit.connectionEnded(4, SequenceHint()).isEmpty)
        // One that carries several, one of which another takes over.
        var mixed = SequenceHint()
        for session in ["x", "y", "z"] { audit.take(session, [0, 2], connection: 5, hint: &mixed) }
        var other = SequenceHint()
        audit.take("y", [4], connection: 6, hint: &other)
        #expect(audit.connectionEnded(5, mixed).map(\.session).sorted() == ["x", "z"])
        #expect(audit.connectionEnded(6, other).map(\.session) == ["y"])
        // One whose session was forgotten meanwhile, and has come back in the same place by another connection.
        let small = SequenceAudit(sessionsMax: 1)
        var old = SequenceHint()
        var new = SequenceHint()
        small.take("a", [0], connection: 1, hint: &old)
        small.take("b", [0], connection: 2, hint: &new)
        #expect(small.connectionEnded(1, old).isEmpty)
        small.take("a", [5, 7], connection: 2, hint: &new)
        small.take("a", [8], connection: 1, hint: &old)
        #expect(small.connectionEnded(1, old).map { $0.holesText(max: 1) } == ["6"])
    }

    @Test func numbersThatLeapDoNotTrap() {
        let audit = SequenceAudit(holesMax: 5000)
        var number: Int32 = 1
        for _ in 0..<2000 {
            audit.take("a", [number])
            number &+= .max
        }
        #expect(audit.statistics.missing + audit.statistics.counters.missingFinal == 1999 * UInt64(Int32.max - 1))
        #expect(audit.statistics.missing <= UInt64(SequenceSession.spanMax) && audit.statistics.holes < 5000)
        for number in [Int32.min, .max, -1, 0, 1, .min, 0, .max, 0, 0, -1, 1] { audit.take("b", [number]) }
    }
}
