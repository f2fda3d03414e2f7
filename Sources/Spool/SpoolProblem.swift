import Pipeline
internal import Glibc

/// What can go wrong inside a job.
enum SpoolProblem: Error {
    /// The file is to be moved aside.
    case damage(String)
    case failure(SpoolFailure)
    case error(SpoolError)

    init(_ error: SQLiteError, attempt: String) {
        switch error.kind {
        case .damage: self = .damage(error.text)
        case .diskFull: self = .failure(.diskFull("cannot \(attempt): \(error.text)"))
        case .unusable: self = .failure(.unusable("cannot \(attempt): \(error.text)"))
        }
    }

    /// From an `errno`.
    init(errno code: Int32, attempt: String) {
        let text = "cannot \(attempt): \(String(cString: strerror(code)))"
        self = .failure(code == ENOSPC || code == EDQUOT ? .diskFull(text) : .unusable(text))
    }

    /// Runs `body`; what SQLite says against it becomes a problem with `attempt`, to be read after "cannot".
    static func mapping<Result: ~Copyable>(
        _ attempt: @autoclosure () -> String, _ body: () throws(SQLiteError) -> Result
    ) throws(SpoolProblem) -> Result {
        do { return try body() } catch { throw SpoolProblem(error, attempt: attempt()) }
    }

    var failure: SpoolFailure {
        switch self {
        case .damage(let reason): .unusable(reason)
        case .failure(let failure): failure
        case .error(let error): .unusable(error.description)
        }
    }
}
