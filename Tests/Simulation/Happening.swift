/// What runs are meant to meet, in one seed of a hundred at least.
public enum Happening: String, CaseIterable, Sendable {
    case ringFull
    case droppedOldest
    /// Another destination of the ring had no room left, this one had.
    case neighbourDropped
    case readingStopped
    case spoolFull
    case madeRoom
    case expired
    case givenUp
    case jobFailed
    case unreadable
    /// Loaded although it could not be claimed for good.
    case loadedUnclaimed
    /// What a process before had claimed came back.
    case reclaimed
    case partStored
    /// A crash while a job was under way.
    case crashedInJob
    /// The destination got what it had.
    case resent
    case severalUnderWay
    /// With `sync`, from where it lies, once it was stored.
    case sentFromRing
    case restStored
    case restLost
    case framingBroken
    case sessionMoved
}
