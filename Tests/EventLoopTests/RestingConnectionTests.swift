import EventLoop
import TestSupport
import Testing

/// Connections whose reading rests.
@Suite(.timeLimit(.minutes(1))) struct RestingConnectionTests {
    /// Neither bytes nor the end of a connection that rests wake the loop, and nothing of them is lost.
    @Test func whoRestsWakesNobody() throws {
        try withLoop { loop in
            let server = try PipeConnectionTests.Server(loop)
            let (client, end) = try server.pair(loop)
            let recorder = Recorder()
            end.delegate = recorder
            end.startReading()
            try client.writeAll([1])
            loop.run { recorder.received == [1] }
            end.restReading()
            end.restReading()
            try client.writeAll([2, 3])
            client.close()
            // Our own close is an event too.
            loop.runOnce(waiting: false)
            // The next thing that happens is the timer.
            var hasExpired = false
            let timer = Timer(loop) { hasExpired = true }
            timer.start(after: .milliseconds(5))
            while !hasExpired {
                loop.runOnce()
                #expect(hasExpired)
            }
            timer.close()
            #expect(recorder.received == [1] && recorder.ends.isEmpty)
            end.startReading()
            loop.run { !recorder.ends.isEmpty }
            #expect(recorder.received == [1, 2, 3])
            end.restReading()
            server.close()
        }
    }

    /// What rests is read when that is asked for, once a turn, up to its end.
    @Test func whoRestsIsReadNow() throws {
        try withLoop { loop in
            let server = try PipeConnectionTests.Server(loop)
            let (client, end) = try server.pair(loop)
            let recorder = Recorder(bufferBytes: 2)
            end.delegate = recorder
            end.startReading()
            try client.writeAll([1])
            loop.run { recorder.received == [1] }
            end.restReading()
            func turn() { loop.runOnce(waiting: false) }
            turn()
            #expect(end.readNow())
            #expect(recorder.received == [1], "nothing has come")
            try client.writeAll([2, 3, 4])
            turn()
            #expect(recorder.received == [1])
            #expect(end.readNow())
            #expect(recorder.received == [1, 2, 3])
            #expect(!end.readNow(), "twice in one turn")
            turn()
            client.close()
            #expect(end.readNow())
            #expect(recorder.received == [1, 2, 3, 4])
            turn()
            #expect(recorder.ends.isEmpty)
            #expect(end.readNow())
            #expect(recorder.ends == [nil])
            turn()
            #expect(!end.readNow())
            #expect(recorder.ends == [nil])
            server.close()
        }
    }
}
