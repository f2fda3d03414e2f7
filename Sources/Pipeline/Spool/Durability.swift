/// What keeps logs that are not delivered yet over the end of the process.
public enum Durability: String, Sendable, CaseIterable {
    /// Nothing: they are in memory only.
    case memory
    /// The spool takes what waits for long, what memory has no room for, and what is left at the end of a drain.
    case spill
    /// The spool has a log for good, synced to the disk, before it is offered to the destination.
    case sync
}
