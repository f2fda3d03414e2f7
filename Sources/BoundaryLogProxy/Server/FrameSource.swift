import Logging
import Pipeline

/// Where frames come from, and what must be remembered between them: a client's connection, or the program that embeds the proxy.
class FrameSource {
    final let number: UInt64
    // Lent to a call that knows neither the source nor who has it: run-time checks of that are dear.
    @exclusivity(unchecked) final var lane = LaneHint()
    @exclusivity(unchecked) final var sequence = SequenceHint()

    /// 0 is the program; connections count from 1.
    init(number: UInt64) { self.number = number }

    /// Of the client, if the kernel knows it.
    var peerProcessID: Int32? { nil }

    /// What a message about it says of it.
    func metadata(_ more: Logger.Metadata = [:]) -> Logger.Metadata { more }
}
