/// How long reading may rest: as long as the kernel's socket buffers surely do not fill meanwhile.
struct RestLength {
    /// The loop's timers count milliseconds.
    static let shortest: UInt64 = 1_000_000
    static let longest: UInt64 = 10_000_000

    /// Of a socket's buffer, 208 KiB by default and as the kernel counts: one that took in so much during a rest halves the next, or lets it double; or, of the
    /// shortest, ends rests.
    private static let fillHigh = 96 << 10
    private static let fillLow = 44 << 10
    private static let fillFull = 160 << 10
    /// Reads of a flood are long; so many turns without a long one, and it is over.
    private static let calmTurnsMax = 16

    /// 0 while clients flood.
    private(set) var nanoseconds = RestLength.shortest
    private var calmTurns = 0

    /// At the end of a turn. `fillMost`: the most that one connection had in its socket, as the kernel counts.
    mutating func adapt(fillMost: Int, hasRested: Bool) {
        if nanoseconds == 0 {
            calmTurns = fillMost < Self.fillLow ? calmTurns + 1 : 0
            if calmTurns >= Self.calmTurnsMax { nanoseconds = Self.shortest }
        } else if fillMost >= Self.fillHigh {
            if nanoseconds > Self.shortest {
                nanoseconds = max(nanoseconds / 2, Self.shortest)
            } else if fillMost >= Self.fillFull {
                nanoseconds = 0
            }
            calmTurns = 0
        } else if hasRested, fillMost < Self.fillLow {
            nanoseconds = min(nanoseconds * 2, Self.longest)
        }
    }
}
