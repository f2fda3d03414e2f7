/// Bounds what one turn reads, and sees to it that all are served in turn.
///
/// Hundreds of clients can have more in their sockets than the ring holds. Read in one turn, it would be dropped, although the destination, which is
/// served between turns, may well keep up. So a turn ends its reading after `bytesMax`; while there are connections that it left out, those that have
/// been served in this round wait for them.
struct ReadRound {
    /// New bytes of one turn, but for one read more.
    static let bytesMax = 1 << 20

    /// What a connection keeps that was served in this round.
    private(set) var number: UInt64 = 1
    private var bytesLeft = ReadRound.bytesMax
    private(set) var isCrowded = false
    private var hasLeftOut = false

    /// `served`: the number of the last round in which the connection was; 0: none.
    mutating func mayRead(served: UInt64) -> Bool {
        if isCrowded, served == number { return false }
        if bytesLeft <= 0 { hasLeftOut = true }
        return bytesLeft > 0
    }

    mutating func didRead(_ count: Int) { bytesLeft -= count }

    mutating func endTurn() {
        isCrowded = hasLeftOut
        if !hasLeftOut { number += 1 }
        (bytesLeft, hasLeftOut) = (Self.bytesMax, false)
    }
}
