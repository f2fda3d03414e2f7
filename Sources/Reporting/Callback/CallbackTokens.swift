import EventLoop
import Pipeline

/// The tokens of all attempts that are under way in this process, and whom their answers go to. From any thread.
enum CallbackTokens {
    struct Answer: Sendable {
        var token: UInt64
        var outcome: DeliveryOutcome
    }

    private struct Book {
        var last: UInt64 = 0
        var issued: [UInt64: Mailbox<Answer>] = [:]
    }
    private static let book = Lock(Book())

    /// Tokens count up from 1, over all reporters: none comes twice.
    static func issue(answersTo mailbox: Mailbox<Answer>) -> UInt64 {
        book.withLock { book in
            book.last += 1
            book.issued[book.last] = mailbox
            return book.last
        }
    }

    /// False when the token is not, or no longer, under way.
    static func complete(_ token: UInt64, with outcome: DeliveryOutcome) -> Bool {
        // Whoever takes it out of the book is the one who completes it.
        let mailbox = book.withLock { $0.issued.removeValue(forKey: token) }
        return mailbox?.post(Answer(token: token, outcome: outcome)) ?? false
    }

    /// False when the token is not under way: its answer has been posted, or is just being posted.
    @discardableResult static func revoke(_ token: UInt64) -> Bool {
        // Freed outside of the lock.
        book.withLock { $0.issued.removeValue(forKey: token) } != nil
    }
}
