import EventLoop
import Logging
import Wire

/// One client: its pipe, and what of its stream must be remembered between reads.
final class ClientConnection: FrameSource, PipeConnectionDelegate {
    let pipe: PipeConnection
    private unowned let intake: Intake
    /// Its place in the intake's list.
    var index: Int
    var decoder = FrameDecoder()
    /// When it last sent something, in the loop's nanoseconds.
    var lastActive: UInt64 = 0
    /// When it last completed a frame, likewise.
    var lastFrame: UInt64 = 0
    /// Its place in the group that rests (`ReadModeration`); -1: it is read as bytes come.
    var groupIndex = -1
    var quietRests: UInt8 = 0
    /// The last round of reading that it had a part in (`ReadRound`).
    var round: UInt64 = 0
    /// Its end was asked for (idle).
    var isEnding = false

    init(pipe: PipeConnection, intake: Intake, number: UInt64, index: Int) {
        self.pipe = pipe
        self.intake = intake
        self.index = index
        super.init(number: number)
        pipe.delegate = self
    }

    override var peerProcessID: Int32? { pipe.peer?.processID }

    override func metadata(_ more: Logger.Metadata = [:]) -> Logger.Metadata {
        var metadata = more
        metadata["connection"] = "\(number)"
        if let peer = pipe.peer { metadata["peer_pid"] = "\(peer.processID)" }
        return metadata
    }

    func connectionWillRead(_ connection: PipeConnection) -> UnsafeMutableRawBufferPointer {
        intake.room(for: self)
    }

    func connection(_ connection: PipeConnection, didRead count: Int) {
        intake.didRead(count, from: self)
    }

    func connectionDidEnd(_ connection: PipeConnection, error: LoopError?) {
        intake.didEnd(self, error: error)
    }
}
