import Testing

@testable import Flood

struct SessionRecordTests {
    private var record = SessionRecord(id: SessionID(high: 1, low: 2))

    @Test func tellsFirstDuplicateLateAndImpossible() {
        var record = record
        #expect(record.note(0) == .first)
        #expect(record.note(200) == .first)
        #expect(record.note(63) == .outOfOrder)
        #expect(record.note(63) == .duplicate)
        #expect(record.note(-1) == .impossible)
        #expect(record.note(.max) == .impossible)
        #expect(record.unique == 3)
        #expect(record.highest == 200)
    }

    @Test func agreesWithASetOverRandomArrivals() {
        var record = record
        var model: Set<Int32> = []
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<5000 {
            let sequence = Int32.random(in: 0..<3000, using: &generator)
            let isNew = model.insert(sequence).inserted
            #expect((record.note(sequence) == .duplicate) == !isNew)
        }
        for count in [0, 1, 63, 64, 65, 1000, 2999, 3000, 5000] {
            #expect(record.arrived(below: count) == model.count { $0 < count })
        }
        let holes = record.missing(below: 3000, runsMax: .max).flatMap { Array($0) }
        #expect(holes == (0..<3000).filter { !model.contains(Int32($0)) })
    }
}
