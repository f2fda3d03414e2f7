import EventLoop
import Pipeline
import Reporting
import Testing

@Suite(.timeLimit(.minutes(1))) struct CallbackReporterTests {
    /// A reporter that is closed at the end; `answer` is called with each report.
    private func withReporter(
        timeout: Duration = .seconds(30), answer: @escaping (CallbackReport) -> Void, _ body: (EventLoop, CallbackReporter) throws -> Void
    ) throws {
        try withLoop { loop in
            let reporter = try CallbackReporter(loop, timeout: timeout, answer)
            try body(loop, reporter)
            var isClosed = false
            reporter.close { isClosed = true }
            #expect(!isClosed, "closed inside close")
            loop.run(until: { isClosed })
        }
    }

    private func send(_ delivery: Delivery, _ reporter: CallbackReporter, _ loop: EventLoop) -> DeliveryOutcome? {
        var outcome: DeliveryOutcome?
        reporter.send(delivery) { outcome = $0 }
        #expect(outcome == nil, "completed inside send")
        loop.run(until: { outcome != nil })
        return outcome
    }

    @Test func theProgramGetsWhatAnHTTPServerWouldGet() throws {
        let fixture = DeliveryFixture()
        let delivery = fixture.delivery(batches: [2, 3], session: "session")
        var reports: [(session: [UInt8], logs: Int, key: String, request: [UInt8])] = []
        try withReporter { report in
            reports.append((Array(report.session), report.logCount, report.key, Array(report.request)))
            #expect(CallbackReporter.complete(report.token, with: .delivered))
        } _: { loop, reporter in
            #expect(send(delivery, reporter, loop)?.isDelivered == true)
            #expect(reporter.statistics.attempts == 1 && reporter.statistics.bodyBytes == UInt64(reports[0].request.count))
        }
        #expect(reports.count == 1 && reports[0].logs == 5 && reports[0].key == delivery.key && reports[0].session == Array("session".utf8))
        #expect(reports[0].request == delivery.batches.flatMap { Array($0.request) })
    }

    @Test func anAnswerCountsOnce() throws {
        var answers: [Bool] = []
        try withReporter { report in
            answers.append(CallbackReporter.complete(report.token, with: .transient(reason: "later", retryAfter: .seconds(7))))
            answers.append(CallbackReporter.complete(report.token, with: .delivered))
        } _: { loop, reporter in
            let outcome = send(DeliveryFixture().delivery(), reporter, loop)
            #expect(outcome?.reason == "later" && outcome?.retryAfter == .seconds(7))
        }
        #expect(answers == [true, false])
    }

    @Test func whoDoesNotAnswerInTimeIsTooLate() throws {
        var tokens: [UInt64] = []
        try withReporter(timeout: .milliseconds(1)) { tokens.append($0.token) } _: { loop, reporter in
            let outcome = send(DeliveryFixture().delivery(), reporter, loop)
            #expect(outcome?.isTransient == true && outcome?.reason.contains("call timeout") == true)
            #expect(!CallbackReporter.complete(tokens[0], with: .delivered))
        }
    }

    /// The program was told that its answer was taken, so it counts, though the timer expires before the loop gets to its message.
    @Test func anAnswerThatWasTakenIsNotTooLate() throws {
        let fixture = DeliveryFixture()
        try withLoop { loop in
            let reporter = try CallbackReporter(loop, timeout: .milliseconds(1)) { report in
                let expired = loop.now + 5_000_000
                while loop.now < expired {}
                #expect(CallbackReporter.complete(report.token, with: .delivered))
            }
            #expect(send(fixture.delivery(), reporter, loop)?.isDelivered == true)
            var isClosed = false
            reporter.close { isClosed = true }
            loop.run(until: { isClosed })
        }
    }

    @Test func closingGivesUpWhatIsUnderWay() throws {
        var token: UInt64 = 0
        var outcome: DeliveryOutcome?
        let fixture = DeliveryFixture()
        try withReporter { token = $0.token } _: { _, reporter in reporter.send(fixture.delivery()) { outcome = $0 } }
        #expect(outcome?.isTransient == true)
        #expect(token != 0 && !CallbackReporter.complete(token, with: .delivered))
    }

    @Test func answersComeFromAnyThread() throws {
        let fixture = DeliveryFixture()
        var delivered = 0
        let count = 64
        var tokens: [UInt64] = []
        try withReporter { tokens.append($0.token) } _: { loop, reporter in
            for _ in 0..<count { reporter.send(fixture.delivery()) { if $0.isDelivered { delivered += 1 } } }
            var isDone = false
            BackgroundWork.run(loop) { [tokens] in
                tokens.reversed().allSatisfy { CallbackReporter.complete($0, with: .delivered) }
            } completion: { wereTaken in
                #expect(wereTaken)
                isDone = true
            }
            loop.run(until: { isDone && delivered == count })
        }
        #expect(Set(tokens).count == count)
    }
}
