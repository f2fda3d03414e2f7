import Wire

/// Which logs a follower wants.
struct TapFilter {
    var deniedOnly = false
    /// What the session id begins with; empty: any session.
    var session: [UInt8] = []

    /// `range`: where the session id lies in `request`.
    func takesSession(_ request: RawSpan, _ range: Range<Int>) -> Bool {
        guard range.count >= session.count else { return false }
        for (offset, byte) in session.enumerated()
        where request.unsafeLoad(fromByteOffset: range.lowerBound + offset, as: UInt8.self) != byte { return false }
        return true
    }
}
