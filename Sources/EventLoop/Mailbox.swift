/// The only Sendable door into a loop: any thread posts, the handler runs on the loop's thread, once per message and in the order
/// of posting. An open mailbox keeps the loop running, as a message may come at any time.
///
/// https://docs.libuv.org/en/v1.x/async.html
public final class Mailbox<Message: Sendable>: @unchecked Sendable {
    /// How many messages may wait; one more is refused.
    public let capacity: Int

    // Unchecked: `wakeUp` is used under the lock, or on the loop's thread.
    private struct State: @unchecked Sendable {
        var waiting: [Message] = []
        var wakeUp: WakeUp?
    }
    private let state: Lock<State>
    private var handler: ((Message) -> Void)?

    /// On the loop's thread, like `close`.
    public init(_ loop: EventLoop, capacity: Int = 65_536, _ handler: @escaping (Message) -> Void) throws(LoopError) {
        precondition(capacity > 0)
        let wakeUp = try WakeUp(loop)
        self.capacity = capacity
        self.handler = handler
        self.state = Lock(State(wakeUp: wakeUp))
        // The cycle is cut by `close`, which takes the closure away.
        wakeUp.setHandler { self.deliver() }
    }

    /// From any thread; false when the mailbox is closed or `capacity` messages wait in it.
    @discardableResult public func post(_ message: Message) -> Bool {
        state.withLock { state in
            // Under the lock, so that `close` cannot come between the look at the handle and its use.
            guard let wakeUp = state.wakeUp, state.waiting.count < capacity else { return false }
            state.waiting.append(message)
            if state.waiting.count == 1 { wakeUp.send() }
            return true
        }
    }

    /// Discards all messages that the handler has not been called with. Idempotent.
    public func close() {
        let (wakeUp, discarded) = state.withLock { state in
            defer {
                state.wakeUp = nil
                state.waiting = []
            }
            return (state.wakeUp, state.waiting)
        }
        handler = nil
        wakeUp?.close()
        // Their deinitialisers may post: not under the lock.
        _ = discarded
    }

    private func deliver() {
        let messages = state.withLock { state in
            var taken: [Message] = []
            swap(&taken, &state.waiting)
            return taken
        }
        for message in messages {
            handler?(message)
        }
    }
}
