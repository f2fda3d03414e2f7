import Pipeline
import Wire

extension Simulation {
    /// Some frames of some sessions, read in pieces of any size.
    mutating func letClientsWrite() throws(Violation) {
        guard process.phase == .running else { return }
        let setup = world.setup
        var frames = world.random.between(1, setup.framesPerStep)
        if has(.burst), world.random.once(in: 20) { frames *= 10 }
        for _ in 0..<frames {
            let session = world.random.below(setup.sessions)
            try moveIfDue(session)
            write(to: clients[connectionOfSession[session]], session)
        }
        for index in clients.indices {
            try read(index, isPartial: world.random.once(in: 2))
            try endIfDue(index)
        }
    }

    private mutating func write(to client: SimulatedClient, _ session: Int) {
        guard !client.isBroken, !client.hasEnded else { return }
        let setup = world.setup
        if has(.garbage), world.random.once(in: 25) {
            // A field that goes on beyond its frame.
            client.write(.garbage, Message.frame(UInt8(world.random.between(1, 2)), [0x0a, 0x7f, 0x01]))
        }
        if world.random.once(in: 25) { client.write(.status, Message.frame(2, Message.status)) }
        let logs = world.truth.write(session, count: world.random.between(1, setup.batchLogsMax))
        let request = Message.request(logs, urlBytes: world.random.below(setup.urlBytesMax))
        let isEnveloped = world.random.once(in: 2)
        client.write(.logs(logs), Message.frame(isEnveloped ? 2 : 1, isEnveloped ? Message.envelope(request) : request))
    }

    /// A session goes on elsewhere once all that it wrote has been read.
    private mutating func moveIfDue(_ session: Int) throws(Violation) {
        guard has(.move), world.random.once(in: 30), clients[connectionOfSession[session]].isSettled else { return }
        world.met.insert(.sessionMoved)
        connectionOfSession[session] = world.random.below(clients.count)
    }

    mutating func read(_ index: Int, isPartial: Bool) throws(Violation) {
        let client = clients[index]
        var rest = client.unreadCount
        if isPartial, rest > 0 { rest = world.random.below(rest + 1) }
        while rest > 0 || client.decoder.carriedByteCount > 0 {
            let before = (rest, client.decoder.carriedByteCount)
            let count = world.random.once(in: 3) ? min(rest, world.random.between(1, 40)) : rest
            guard try intake.read(client, count, into: process) else { return }
            rest -= count
            if (rest, client.decoder.carriedByteCount) == before { return }
        }
    }

    /// The connection ends, whole, inside a frame, or in bytes that are none; another takes its place.
    private mutating func endIfDue(_ index: Int) throws(Violation) {
        guard world.random.once(in: 40) else { return }
        let client = clients[index]
        guard client.isSettled else { return }
        if has(.badFraming), world.random.once(in: 2) {
            world.met.insert(.framingBroken)
            client.breakFraming(world.random.once(in: 2) ? [9, 0, 0, 1] : [1, 1, 0, 0])
            try read(index, isPartial: false)
        } else if has(.truncated) {
            client.end(Message.frame(1, Array(repeating: 0x0a, count: 40))[..<world.random.between(1, 43)])
            try read(index, isPartial: false)
        }
        clients[index] = SimulatedClient()
    }

    mutating func readAll() throws(Violation) {
        for index in clients.indices { try read(index, isPartial: false) }
    }
}
