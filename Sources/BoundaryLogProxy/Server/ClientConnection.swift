import EventLoop
import Logging
import Wire

/// One client: its pipe, and what of its stream must be remembered between reads.
final class ClientConnection: FrameSource, PipeConnectionDelegate {
    let pipe: PipeConnection
    let peer: ClientPeer
    private unowned let intake: Intake
    /// Its place in the intake's list.
    var index: Int
    @exclusivity(unchecked) var decoder = FrameDecoder()
    /// When it was accepted, in the loop's nanoseconds.
    let accepted: UInt64
    /// When it last sent something, likewise, or its reading last began anew.
    var lastActive: UInt64
    /// When it last completed a frame, likewise.
    var lastFrame: UInt64 = 0
    /// When the frame was begun that it has sent a part of, likewise, or the reading of it last began anew; 0: it has sent whole frames.
    var frameBegan: UInt64 = 0
    /// What it has sent so far, for `/status`.
    var frames: UInt64 = 0
    var logs: UInt64 = 0
    var bytes: UInt64 = 0
    var bucket = RateLimit.Bucket()
    /// Its place among those whose reading is paused (`RateLimiter`); -1: it is none of them.
    var pausedIndex = -1
    var isPaused: Bool { pausedIndex >= 0 }
    /// Its place in the group that rests (`ReadModeration`); -1: it is read as bytes come.
    var groupIndex = -1
    var quietRests: UInt8 = 0
    /// The last round of reading that it had a part in (`ReadRound`).
    var round: UInt64 = 0
    /// Its end was asked for (idle, or too slow).
    var isEnding = false
    /// It took too long over a frame.
    var hasTimedOut = false

    init(pipe: PipeConnection, intake: Intake, number: UInt64, index: Int, now: UInt64) {
        self.pipe = pipe
        peer = ClientPeer(of: pipe)
        (accepted, lastActive) = (now, now)
        self.intake = intake
        self.index = index
        super.init(number: number)
        pipe.delegate = self
    }

    override var peerProcessID: Int32? { pipe.peer?.processID }

    override func metadata(_ more: Logger.Metadata = [:]) -> Logger.Metadata {
        var metadata = more
        metadata["connection"] = "\(number)"
        peer.add(to: &metadata)
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
