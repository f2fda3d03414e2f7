import Pipeline
import Spool
import TestSupport
import Testing

/// The store against the model, over random jobs, restarts and crashes.
@Suite struct SpoolModelTests {
    @Test(arguments: [false, true])
    func theStoreDoesWhatTheModelDoes(mixesSessions: Bool) throws {
        let seed = TestSeed.current
        print("SpoolModelTests: seed \(seed)")
        var run = try Run(seed: seed &+ (mixesSessions ? 1 : 0), mixesSessions: mixesSessions)
        while run.operations < 50_000 {
            guard try run.step() else { break }
        }
        run.store.close()
    }

    private struct Run {
        var random: TestRandom
        let mixesSessions: Bool
        var bench = SpoolBench(name: "0")
        var store: SpoolStore
        var model = SpoolModel()
        var operations = 0
        var jobs = 0
        var restarts = 0
        var nextKey = 0
        var sequences: [Int32]

        init(seed: UInt64, mixesSessions: Bool) throws {
            random = TestRandom(seed: seed)
            self.mixesSessions = mixesSessions
            store = try bench.open()
            sequences = Array(repeating: 0, count: 1 + random.below(12))
        }

        /// One job, and what the model says to it; false when they differ.
        mutating func step() throws -> Bool {
            if random.once(in: 100) { try restart() }
            bench.clock.advance(.milliseconds(Int64(random.below(50))))
            jobs += 1
            var job = bench.job()
            var expected = SpoolResult()
            // Long runs in which nothing is settled, and such in which the spool runs empty.
            let isFilling = jobs / 300 % 2 == 0
            for key in model.heldKeys where random.once(in: isFilling ? 6 : 2) {
                job.settled.append(key)
                // A delivery that is split: its halves are stored in its place.
                guard random.once(in: 4) else { continue }
                for logsBefore in [0, 1 + random.below(3)] { addRun(to: &job, place: SpoolRun.Place(of: key, logsBefore: logsBefore)) }
            }
            if random.once(in: 20) { job.settled.append("nobody's") }
            model.settle(job.settled)
            if random.once(in: 40) {
                job.expireBefore = bench.clock.now.advanced(by: .milliseconds(-Int64(random.below(20_000))))
                expected.expired = model.expire(before: bench.clock.wall - bench.clock.now.since(job.expireBefore!).wholeNanoseconds)
            }
            if random.once(in: 40) {
                job.makeRoom = 1 + random.below(20_000)
                expected.madeRoom = model.makeRoom(job.makeRoom)
            }
            for _ in 0..<random.below(isFilling ? 9 : 4) { addRun(to: &job) }
            var expectedLoads: [SpoolModel.Loaded] = []
            if !random.once(in: 3) {
                let load = SpoolLoad(
                    bytesMax: 1 + random.below(6_000), totalBytesMax: random.below(20_000), mixesSessions: mixesSessions,
                    keys: (0..<random.below(5)).map { "k\(nextKey + $0)" })
                nextKey += load.keys.count
                job.load = load
                expectedLoads = model.load(load, wall: bench.clock.wall)
            }
            operations += 1 + job.settled.count + job.runs.count + expectedLoads.count
            return compare(store.run(job), expected, expectedLoads)
        }

        private mutating func addRun(to job: inout SpoolJob, place: SpoolRun.Place? = nil) {
            let number = random.below(sequences.count)
            let session = number == 0 ? "" : "session-\(number)"
            var batches: [Batch] = []
            let first = sequences[number]
            for _ in 0..<1 + random.below(4) {
                let count = Int32(1 + random.below(5))
                let urlBytes = random.once(in: 50) ? random.below(20_000) : random.below(200)
                batches.append(bench.batch(session, sequences[number]..<sequences[number] + count, urlBytes: urlBytes))
                sequences[number] += count
            }
            let key: String? = place != nil || random.once(in: 8) ? "k\(nextKey)" : nil
            if key != nil { nextKey += 1 }
            var run = SpoolRun(key: key, batches: batches, logs: nil, logCount: batches.reduce(0) { $0 + $1.logCount }, place: place)
            var logs = (first..<sequences[number]).map { SpoolRequest.Log(session: session, sequence: $0) }
            var sizes = batches.map(\.request.count)
            if batches.count == 1, batches[0].logCount > 1, random.once(in: 3) {
                run.logs = 1..<batches[0].logCount
                run.logCount = batches[0].logCount - 1
                logs.removeFirst()
                sizes = [SpoolRequest.bytesWithoutFirstLog(of: batches[0])]
            }
            job.runs.append(run)
            model.add(run, session: session, logs: logs, batches: sizes, arrived: bench.clock.wall)
        }

        private func compare(_ result: SpoolResult, _ expected: SpoolResult, _ loads: [SpoolModel.Loaded]) -> Bool {
            let found = result.loaded.map {
                SpoolModel.Loaded(
                    key: $0.key, wasClaimed: $0.wasClaimed, logs: SpoolRequest.logs(in: $0), batchBytes: $0.rows.flatMap(\.batchBytes), tally: $0.tally, age: $0.age)
            }
            let content = model.content(bench.clock)
            let isEqual =
                result.failure == nil && result.damaged == Tally() && result.movedAside == nil && found == loads && result.expired == expected.expired
                && result.madeRoom == expected.madeRoom && result.content == content
            if !isEqual {
                Issue.record(
                    """
                    job \(jobs), restarts \(restarts): failure \(String(describing: result.failure)), damaged \(result.damaged),
                    loaded \(found.map { ($0.key, $0.wasClaimed, $0.logs.count) }), expected \(loads.map { ($0.key, $0.wasClaimed, $0.logs.count) }),
                    expired \(result.expired) \(expected.expired), made room \(result.madeRoom) \(expected.madeRoom),
                    content \(String(describing: result.content)) expected \(content)
                    """)
            }
            return isEqual
        }

        /// The process ends, in order or by a crash, and another one goes on.
        private mutating func restart() throws {
            restarts += 1
            if random.once(in: 2) {
                store.close()
            } else {
                let next = try bench.crash(to: "\(restarts)")
                store.close()
                bench = next
            }
            bench.clock.restart(at: UInt64(random.below(1 << 40)) + 1 << 45)
            store = try bench.open()
            model.restart()
        }
    }
}
