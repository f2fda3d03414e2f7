import EventLoop
import Testing

@Suite(.timeLimit(.minutes(1))) struct TimerTests {
    /// Never early by the real clock, whatever the fraction of a millisecond at which it was started.
    @Test func isNeverEarly() throws {
        try withLoop { loop in
            var due: UInt64 = 0
            var fires = 0
            var timer: Timer?
            let delays: [Duration] = [.zero, .nanoseconds(1), .microseconds(300), .microseconds(999), .milliseconds(1), .microseconds(2500)]
            func arm() {
                let delay = delays[fires % delays.count]
                due = loop.now + UInt64(delay.components.attoseconds / 1_000_000_000)
                timer?.start(after: delay)
            }
            timer = Timer(loop) {
                #expect(loop.now >= due)
                fires += 1
                if fires < 60 { arm() } else { timer?.close() }
            }
            arm()
            loop.run()
            #expect(fires == 60)
        }
    }

    @Test func firesOnceAndCanBeRearmedStoppedAndClosed() throws {
        try withLoop { loop in
            var fires = 0
            let timer = Timer(loop) { fires += 1 }
            #expect(!timer.isActive)
            timer.start(after: .milliseconds(1))
            #expect(timer.isActive)
            loop.run()
            #expect(fires == 1)
            #expect(!timer.isActive)
            timer.start(after: .milliseconds(1))
            timer.start(after: .milliseconds(2))
            loop.run()
            #expect(fires == 2)
            timer.start(after: .milliseconds(1))
            timer.stop()
            loop.run()
            #expect(fires == 2)
            timer.start(after: .seconds(Int64.max))
            #expect(timer.isActive)
            timer.close()
            timer.close()
            timer.start(after: .zero)
            #expect(!timer.isActive)
            loop.run()
            #expect(fires == 2)
        }
    }

    /// Two that re-arm each other without a pause may not keep I/O and `onTurn` waiting.
    @Test func rearmingDoesNotStarveTheLoop() throws {
        try withLoop { loop in
            var timers: [Timer] = []
            func spin() {
                let end = loop.now + 3_000_000
                while loop.now < end {}
            }
            timers = (0..<2).map { index in
                Timer(loop) {
                    spin()
                    timers[index].start(after: .zero)
                }
            }
            timers.forEach { $0.start(after: .zero) }
            var turns = 0
            loop.onTurn = {
                turns += 1
                if turns == 5 { loop.stop() }
            }
            loop.run()
            timers.forEach { $0.close() }
            timers = []
        }
    }

    @Test func tenThousand() throws {
        try withLoop { loop in
            var fired = 0
            let timers = (0..<10_000).map { _ in Timer(loop) { fired += 1 } }
            for (index, timer) in timers.enumerated() { timer.start(after: .microseconds(index * 7)) }
            loop.run()
            #expect(fired == 10_000)
            timers.forEach { $0.close() }
        }
    }

    /// libuv keeps an open timer; `close` lets go of handler and object.
    @Test func lifetime() throws {
        final class Token {}
        weak var token: Token?
        weak var object: Timer?
        try withLoop { loop in
            var fired = false
            do {
                let strong = Token()
                token = strong
                let timer = Timer(loop) { _ = strong; fired = true }
                object = timer
                timer.start(after: .milliseconds(1))
            }
            loop.run()
            #expect(fired)
            #expect(token != nil)
            object?.close()
            #expect(token == nil)
        }
        #expect(object == nil)
    }
}
