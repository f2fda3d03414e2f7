extension Forwarder {
    /// Takes effect with the next decision; what is under way goes on, and what waits stays. `durability` cannot be changed.
    public func change(_ new: Settings, bufferBytes: Int, spool newSpool: SpoolSettings?) {
        for index in active.indices { active[index].givesUpAt = givesUpAt(active[index], new.giveUpAfter) }
        settings = new
        ring.bytesMax = bufferBytes
        guard let newSpool, spool != nil else { return }
        assert(newSpool.durability == spool?.settings.durability)
        spool?.settings = newSpool
        spool?.cannotMakeRoom = false
    }

    private func givesUpAt(_ entry: Active, _ giveUpAfter: Duration?) -> Instant? {
        guard let giveUpAfter else { return nil }
        guard let old = entry.givesUpAt, let oldGiveUpAfter = settings.giveUpAfter else { return entry.oldest.advanced(by: giveUpAfter) }
        return old.advanced(by: giveUpAfter - oldGiveUpAfter)
    }

    /// Deliveries go to `new` from now on; those under way are still settled by what the old one says. It must treat sessions as the old one does.
    public func replaceReporter(_ new: any Reporter) {
        precondition(new.traits.mixesSessions == reporter.traits.mixesSessions, "deliveries were made for another kind of reporter")
        reporter = new
        // What the old one found too large, and that it fails, says nothing of this one.
        learnedBytesMax = .max
        retryNow()
    }
}
