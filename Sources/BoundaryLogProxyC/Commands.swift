import EventLoop

/// What threads of the host want of a proxy at work. These are wishes, not messages: one that is there already stands for another like it, so that none is ever
/// refused for lack of room, above all no stop. From any thread, but for what says otherwise.
///
/// Unchecked: `fulfil` is used on the loop's thread only.
final class Commands: @unchecked Sendable {
    struct Wishes: Sendable {
        var reopen = false
        var stop = false
        var stopNow = false
        /// One for each thread that waits for its answer: the text of the metrics.
        var questions: [Question<String>] = []
    }
    /// nil: closed.
    private let wishes = Lock<Wishes?>(Wishes())
    /// Its messages say nothing but that there are wishes.
    private var wakeUp: Mailbox<Void>!
    private var fulfil: ((Wishes) -> Void)?

    /// On the loop's thread, like `begin` and `close`. An open one keeps the loop running. Fails when the process has no descriptor left.
    init(_ loop: EventLoop) throws(LoopError) {
        // The cycle is cut by `close`.
        wakeUp = try Mailbox(loop, capacity: 1) { self.deliver() }
    }

    /// From now on `fulfil` is called on the loop's thread, never inside of `want`.
    func begin(_ fulfil: @escaping (Wishes) -> Void) { self.fulfil = fulfil }

    /// No effect when closed.
    func want(_ change: (inout Wishes) -> Void) {
        wishes.withLock { wishes in
            guard var changed = wishes else { return }
            change(&changed)
            wishes = changed
        }
        // Refused when the loop is to wake up anyway.
        wakeUp.post(())
    }

    /// Asks for the text of the metrics. The question belongs to the wishes alone, so that it is lost, and who waits is told, when they are thrown away.
    func ask() -> Question<String>.Reply {
        let question = Question<String>()
        want { $0.questions.append(question) }
        return question.reply
    }

    /// Throws away what is not fulfilled. Idempotent.
    func close() {
        let left = wishes.withLock { wishes in
            defer { wishes = nil }
            return wishes
        }
        fulfil = nil
        wakeUp.close()
        // Answers questions: not under the lock.
        _ = left
    }

    private func deliver() {
        let taken = wishes.withLock { wishes -> Wishes? in
            defer { if wishes != nil { wishes = Wishes() } }
            return wishes
        }
        if let taken { fulfil?(taken) }
    }
}
