import Pipeline
import TestSupport
import Testing
import Wire

@testable import Reporting

@Suite struct DialScheduleTests {
    func make(_ seed: UInt64 = 1) -> DialSchedule { DialSchedule(refusalDelay: .seconds(60), seed: seed) }

    @Test func aCleanEndOfAProvenSessionIsFollowedAtOnce() {
        var schedule = make()
        #expect(schedule.delay(after: .closed(reason: ""), proven: true) == .zero)
        #expect(schedule.delay(after: .closed(reason: ""), proven: true) == .zero)
    }

    @Test func aSessionThatOnlyOpensAndClosesIsNotDialledInACircle() {
        for seed in UInt64(0)..<50 {
            var schedule = make(seed)
            for failures in 1...12 {
                let delay = schedule.delay(after: .closed(reason: ""), proven: false)
                #expect(delay >= .milliseconds(1) && delay <= min(.seconds(30), .milliseconds(250 << (failures - 1))))
            }
        }
    }

    @Test func backoffGrowsAndASoundSessionEndsIt() {
        var longest = Duration.zero
        for seed in UInt64(0)..<50 {
            var schedule = make(seed)
            for _ in 0..<20 { longest = max(longest, schedule.delay(after: .notReached(reason: ""), proven: false)) }
            #expect(schedule.failures == 20)
            #expect(schedule.delay(after: .lost(reason: ""), proven: true) <= .milliseconds(250))
            #expect(schedule.failures == 1)
        }
        #expect(longest > .seconds(20) && longest <= .seconds(30))
    }

    @Test(arguments: [301, 400, 401, 403, 426])
    func aRefusalIsTriedAgainSlowly(status: Int) {
        var schedule = make()
        let end = SessionEnd.refused(status: status, message: "no", retryAfter: nil)
        #expect(end.isRefusal && schedule.delay(after: end, proven: false) == .seconds(60))
        #expect(end.reason == "coderd refuses the session: HTTP \(status): no")
    }

    @Test(arguments: [404, 408, 425, 429, 500, 502, 503])
    func anAnswerThatMayHealIsBackedOffFrom(status: Int) {
        var schedule = make()
        #expect(schedule.delay(after: .refused(status: status, message: "", retryAfter: nil), proven: false) <= .milliseconds(250))
        #expect(schedule.delay(after: .refused(status: status, message: "", retryAfter: .seconds(99)), proven: false) == .seconds(99))
        #expect(schedule.delay(after: .refused(status: status, message: "", retryAfter: .seconds(9999)), proven: false) == .seconds(300))
    }
}

@Suite struct CallOutcomeTests {
    func outcome(_ failure: CallFailure, bytes: Int = 100, attempt: Int = 1) -> DeliveryOutcome {
        var redaction = Redaction()
        redaction.hide("the-token")
        return CallOutcome.of(failure, bodyBytes: bytes, attempt: attempt, callTimeout: .seconds(30), refusalDelay: .seconds(60), redaction: redaction)
    }

    @Test func onlyARequestThatCannotBeReadIsGivenUp() {
        // Go's protobuf begins its errors with a space or a non-breaking space, at random.
        for text in ["proto: cannot parse invalid wire-format data", "proto:\u{A0}cannot parse invalid wire-format data"] {
            #expect(outcome(.rpc(code: 0, text: text)).isRejected)
        }
        for text in ["database is down", "unmarshal config: no", "protocol error: unknown rpc: \"/x\"", ""] {
            #expect(outcome(.rpc(code: 0, text: text)).isTransient)
        }
        #expect(outcome(.rpc(code: 0, text: "protocol error: unknown rpc: \"/x\"")).retryAfter == .seconds(60))
        #expect(outcome(.rpc(code: 7, text: "down\nwith the-token")).reason == "coderd answers: down with *** (code 7)")
    }

    @Test func whatIsInDoubtIsTriedAgain() {
        for failure in [CallFailure.timedOut, .cancelled, .streamReset, .streamClosed, .sessionEnded] { #expect(outcome(failure).isTransient) }
        #expect(outcome(.streamClosed, bytes: 2 << 20).isTransient)
        #expect(outcome(.streamClosed, bytes: 2 << 20, attempt: 2).isTooLarge)
    }
}

@Suite struct CallBodiesTests {
    /// Any cut of any pieces gives the bytes of all of them, laid end to end; also again from the start.
    @Test func rangesAreCutAcrossPieces() {
        var random = TestRandom(seed: 5)
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        bytes.withUnsafeBytes { all in
            var cuts = [0, 1000]
            for _ in 0..<20 { cuts.append(Int.random(in: 0...1000, using: &random)) }
            cuts.sort()
            let pieces = zip(cuts, cuts.dropFirst()).filter { $0 < $1 }.map { UnsafeRawBufferPointer(rebasing: all[$0..<$1]) }
            let bodies = CallBodies()
            bodies.add(pieces, for: CallID(1))
            for _ in 0..<3 {
                var position = 0
                while position < 1000 {
                    let end = min(1000, position + Int.random(in: 1...150, using: &random))
                    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: end - position, alignment: 1)
                    defer { room.deallocate() }
                    var output = OutputRawSpan(buffer: room, initializedCount: 0)
                    bodies.append(position..<end, of: CallID(1), to: &output)
                    #expect(output.finalize(for: room) == end - position)
                    #expect(room.elementsEqual(all[position..<end]))
                    position = end
                }
            }
        }
    }
}
