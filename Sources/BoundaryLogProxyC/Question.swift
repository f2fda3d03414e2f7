import EventLoop

/// Something that one thread asks another. If it goes away unanswered, whoever waits is told so.
final class Question<Answer: Sendable>: Sendable {
    /// What the asking thread keeps; the question itself belongs to the message, so that it goes with it.
    final class Reply: Sendable {
        fileprivate enum State: Sendable {
            case open
            case answered(Answer)
            case lost
        }
        fileprivate let state = Lock(State.open)

        /// Waits; nil when nobody will answer.
        func wait() -> Answer? {
            state.wait { state -> Answer?? in
                switch state {
                case .open: nil
                case .answered(let answer): .some(answer)
                case .lost: .some(nil)
                }
            }
        }
    }

    let reply = Reply()

    func answer(_ answer: Answer) {
        reply.state.signal { $0 = .answered(answer) }
    }

    deinit {
        reply.state.signal { state in
            if case .open = state { state = .lost }
        }
    }
}
