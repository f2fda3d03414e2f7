/// What a durability mode lets `kill -9` take and repeat.
public struct CrashPromise: Equatable, Sendable {
    public let mode: DurabilityConfiguration.Mode
    /// A log may be lost that became readable for the daemon at most this long before a kill, in nanoseconds; nil: any that was undelivered.
    public let lossWindow: UInt64?

    /// `sync` commits a group at the latest 100 ms after the daemon had its first batch; the transaction itself, and a machine with other things to do, may take
    /// this long besides.
    static let groupInterval = Duration.milliseconds(100)
    static let slack = Duration.milliseconds(250)
    /// A request counts as in flight at a kill when it was answered at most `answerSlack` before it (then the daemon had perhaps not seen the answer, or not
    /// committed it), or came in at most `kernelSlack` after it (then it lay in the kernel; longer, and it may be the next process's).
    static let answerSlack = (groupInterval + slack).nanoseconds
    static let kernelSlack: UInt64 = 50_000_000

    public init(_ durability: DurabilityConfiguration) {
        mode = durability.modeInEffect
        lossWindow = switch mode {
        case .memory: nil
        case .spill: ((durability.spoolAfter ?? DurabilityConfiguration.spoolAfterDefault) + Self.slack).nanoseconds
        case .sync: (Self.groupInterval + Self.slack).nanoseconds
        }
    }

    /// Whether `resend` repeats what was in flight at one of `kills` (monotonic nanoseconds, ascending).
    func allows(_ resend: Resend, kills: [UInt64]) -> Bool {
        guard mode != .memory, resend.isSameContent else { return false }
        let earliest = resend.formerReceivedAt - min(resend.formerReceivedAt, Self.kernelSlack)
        let latest = min(resend.formerAnsweredAt + Self.answerSlack, resend.receivedAt)
        return kills.contains { $0 >= earliest && $0 <= latest }
    }
}
