import EventLoop
import Glibc
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct EventLoopTests {
    @Test func errorsSayWhatWasTriedAndWhy() {
        #expect(
            LoopError(errno: EADDRINUSE, attempt: "listen on /run/x.sock").description
                == "cannot listen on /run/x.sock: address already in use (EADDRINUSE)")
        #expect(LoopError(code: -12345, attempt: "x").description.contains("12345"))
    }

    @Test func runEndsWhenNothingIsActive() throws {
        try withLoop { loop in
            loop.run()
            #expect(!loop.runOnce(waiting: false))
        }
    }

    @Test func stopEndsRun() throws {
        try withLoop { loop in
            let far = Timer(loop) { Issue.record("an hour went by") }
            far.start(after: .seconds(3600))
            let near = Timer(loop) { loop.stop() }
            near.start(after: .zero)
            loop.run()
            #expect(far.isActive)
            loop.stop()
            loop.run()
            far.close()
            near.close()
        }
    }

    /// libuv runs timers before it waits for I/O, and check callbacks after: what a timer recorded must not wait for the next I/O.
    @Test func aTimersTurnIsFinishedWithoutWaiting() throws {
        try withLoop { loop in
            var fired = false
            let start = loop.now
            let far = Timer(loop) {}
            far.start(after: .seconds(30))
            let near = Timer(loop) { fired = true }
            near.start(after: .milliseconds(1))
            loop.onTurn = { if fired { loop.stop() } }
            loop.run()
            #expect(fired)
            #expect(loop.now - start < 20_000_000_000, "the turn waited for the other timer")
            far.close()
            near.close()
        }
    }

    @Test func onTurnCostsNoWakeUps() throws {
        try withLoop { loop in
            var turns = 0
            loop.onTurn = { turns += 1 }
            let timer = Timer(loop) { loop.stop() }
            timer.start(after: .milliseconds(200))
            loop.run()
            #expect(turns <= 2)
            timer.close()
        }
    }

    @Test func nextTurnRunsOnceAndLetsIOThrough() throws {
        try withLoop { loop in
            var order: [String] = []
            var next: NextTurn?
            next = NextTurn(loop) {
                order.append("next")
                if order.count < 6 { next?.schedule() }
            }
            loop.onTurn = { order.append("turn") }
            next?.schedule()
            next?.schedule()
            loop.run()
            #expect(order == ["next", "turn", "next", "turn", "next", "turn", "next", "turn"])
            next?.schedule()
            next?.cancel()
            loop.run()
            next?.close()
            next?.close()
            next?.schedule()
        }
    }

    @Test func signalsArrive() throws {
        try withLoop { loop in
            var count = 0
            let watcher = try SignalWatcher(loop, signal: SIGUSR2) {
                count += 1
                loop.stop()
            }
            kill(getpid(), SIGUSR2)
            loop.run()
            #expect(count == 1)
            watcher.close()
            watcher.close()
            #expect(throws: LoopError.self) { try SignalWatcher(loop, signal: SIGKILL) {} }
        }
    }

    @Test func descriptorsAreWatchedUntilStopped() throws {
        let ends = try #require(ClosedOnExec.pipe())
        try withLoop { loop in
            var events: [PollWatcher.Events] = []
            let watcher = try PollWatcher(loop, descriptor: ends.read) { events.append($0) }
            watcher.start(.readable)
            loop.runOnce(waiting: false)
            #expect(events.isEmpty)
            write(ends.write, "x", 1)
            loop.runOnce()
            loop.runOnce()
            #expect(events == [.readable, .readable])
            watcher.stop()
            loop.runOnce(waiting: false)
            #expect(events.count == 2)
            #expect(throws: LoopError.self) { try PollWatcher(loop, descriptor: 1 << 20) { _ in } }
            watcher.close()
            close(ends.read)
            #expect(waitUntilNobodyReads(ends.write))

            // The reader has gone: an error, told again until somebody acts.
            var errors: [PollWatcher.Events] = []
            let writer = try PollWatcher(loop, descriptor: ends.write) { errors.append($0) }
            writer.start([.readable])
            loop.runOnce()
            loop.runOnce()
            #expect(errors == [[.readable, .writable], [.readable, .writable]] || errors == [[.readable], [.readable]])
            writer.close()
            close(ends.write)
        }
    }

    @Test func aLeakedHandleTraps() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let loop = try EventLoop()
            _ = Timer(loop) {}
            _ = try SignalWatcher(loop, signal: SIGUSR1) {}
            loop.close()
        }
        let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(message.contains("open handles: signal, timer") || message.contains("open handles: timer, signal"))
    }
}
