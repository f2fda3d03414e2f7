import Pipeline
import Testing

@testable import BoundaryLogProxy

@Suite struct ComplaintLimiterTests {
    private func at(_ milliseconds: UInt64) -> Instant { Instant(nanoseconds: 5_000_000_000 + milliseconds * 1_000_000) }

    @Test func oncePerSecondWithACount() {
        var limiter = ComplaintLimiter()
        #expect(limiter.complain("tag", now: at(0), "bad tag")?.text == "bad tag")
        #expect(limiter.flushDue == nil)
        for i in 1...37 { #expect(limiter.complain("tag", now: at(UInt64(i)), "bad tag") == nil) }
        #expect(limiter.flushDue == at(1000))
        #expect(limiter.complain("tag", now: at(999), "bad tag") == nil)
        #expect(limiter.complain("tag", now: at(1000), "bad tag 2")?.text == "bad tag 2 (38 more like this in the last second)")
        #expect(limiter.flushDue == nil)
        #expect(limiter.complain("other", now: at(1000), "x")?.text == "x")
    }

    @Test func whatWasHeldBackIsToldWhenNothingFollows() {
        var limiter = ComplaintLimiter()
        _ = limiter.complain("tag", level: .error, now: at(0), "bad tag")
        _ = limiter.complain("tag", level: .error, now: at(10), "bad tag")
        #expect(limiter.flush(at(999)) == [])
        #expect(limiter.flush(at(1000)) == [Complaint(level: .error, text: "bad tag (1 more like this in the last second)")])
        #expect(limiter.flushDue == nil)
        #expect(limiter.flush(at(5000)) == [])
        // What flush said counts as said: the next comes a second later.
        #expect(limiter.complain("tag", now: at(1500), "bad tag") == nil)
        #expect(limiter.complain("tag", now: at(4200), "bad tag")?.text == "bad tag (1 more like this in the last 3 seconds)")
    }

    @Test func textIsMadeOnlyWhenWritten() {
        var limiter = ComplaintLimiter()
        var made = 0
        func text() -> String {
            made += 1
            return "x"
        }
        for i in 0..<1000 { _ = limiter.complain("k", now: at(UInt64(i)), text()) }
        #expect(made == 1)
    }

    @Test func keysAreBoundedAndNothingIsLost() {
        var limiter = ComplaintLimiter(keysMax: 4)
        var written = 0
        var told = 0
        func take(_ complaint: Complaint?) {
            guard let complaint else { return }
            if let open = complaint.text.lastIndex(of: "(") {
                told += Int(complaint.text[complaint.text.index(after: open)...].prefix { $0.isNumber })!
                if complaint.text.hasPrefix("flushed") { return }
            }
        }
        var random = SeededGenerator(seed: 9)
        var complained = 0
        var flushes = 0
        for step in 0..<20_000 {
            let now = at(UInt64(step))
            complained += 1
            if let complaint = limiter.complain("key \(Int.random(in: 0..<12, using: &random))", now: now, "m") {
                written += 1
                take(complaint)
            }
            if let due = limiter.flushDue, due <= now {
                for complaint in limiter.flush(now) { flushes += 1; take(complaint) }
            }
        }
        for complaint in limiter.flushAll(at(20_000)) { take(complaint) }
        #expect(written + told == complained)
        // Four keys and the one for all others, at most one line each a second.
        #expect(written + flushes <= 5 * 21)
    }
}
