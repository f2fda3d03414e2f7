import EventLoop
import Glibc
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct MailboxTests {
    @Test func eightThreadsExactCountInOrder() throws {
        try withLoop { loop in
            let perThread = 5000
            var next = [Int](repeating: 0, count: 8)
            var outOfOrder = 0
            var total = 0
            let mailbox = try Mailbox<(thread: Int, number: Int)>(loop, capacity: 1000) { message in
                if next[message.thread] != message.number { outOfOrder += 1 }
                next[message.thread] = message.number + 1
                total += 1
                if total == 8 * perThread { loop.stop() }
            }
            let threads = onThreads(8) { thread in
                for number in 0..<perThread {
                    while !mailbox.post((thread, number)) { sched_yield() }
                }
            }
            loop.run()
            join(threads)
            #expect(total == 8 * perThread)
            #expect(outOfOrder == 0)
            mailbox.close()
        }
    }

    @Test func isBounded() throws {
        try withLoop { loop in
            var messages: [Int] = []
            let mailbox = try Mailbox<Int>(loop, capacity: 3) { messages.append($0) }
            #expect((0..<5).map { mailbox.post($0) } == [true, true, true, false, false])
            loop.runOnce()
            #expect(messages == [0, 1, 2])
            #expect(mailbox.post(9))
            mailbox.close()
        }
    }

    @Test func closeDiscardsWhatWaitsAndRefusesWhatComes() throws {
        var messages: [Int] = []
        var mailbox: Mailbox<Int>?
        try withLoop { loop in
            mailbox = try Mailbox<Int>(loop) {
                messages.append($0)
                if $0 == 1 { mailbox?.close() }
            }
            for number in 0..<4 { mailbox?.post(number) }
            loop.run()
        }
        #expect(messages == [0, 1])
        #expect(mailbox?.post(7) == false)
        mailbox?.close()
    }

    /// Posting without pause while the loop's thread closes: never into a closed handle.
    @Test func postingRacesWithClose() throws {
        for _ in 0..<50 {
            try withLoop { loop in
                let mailbox = try Mailbox<Int>(loop, capacity: 10) { _ in }
                let threads = onThreads(2) { _ in
                    var refused = 0
                    while refused < 100 { if !mailbox.post(1) { refused += 1 } }
                }
                loop.runOnce()
                mailbox.close()
                join(threads)
            }
        }
    }
}
