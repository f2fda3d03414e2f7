import Testing

@testable import Flood

struct CrashScheduleTests {
    private func lives(_ count: Int, seed: UInt64) -> [UInt64] {
        var schedule = CrashSchedule(CrashConfiguration(every: .milliseconds(100)), seed: seed, now: 0)
        return (0..<count).map { _ in
            let life = schedule.next.at
            schedule.began(now: 0)
            return life
        }
    }

    @Test func livesAreRandomOfTheGivenMeanAndRepeatable() {
        let lives = lives(2000, seed: 3)
        #expect(lives == self.lives(2000, seed: 3))
        #expect(lives != self.lives(2000, seed: 4))
        let mean = Double(lives.reduce(0, +)) / 2000
        #expect((90_000_000.0...110_000_000.0).contains(mean))
        #expect(lives.allSatisfy { $0 <= 400_000_000 })
        #expect(lives.contains { $0 < 5_000_000 })
    }

    @Test func aRunOfSoManyKillsEndsWithALifeAfterTheLast() {
        var schedule = CrashSchedule(CrashConfiguration(every: .milliseconds(100), count: 2), seed: 3, now: 7)
        var events: [CrashSchedule.Event] = []
        for now in [10, 20, 30] as [UInt64] {
            events.append(schedule.next.event)
            schedule.began(now: now)
        }
        #expect(events == [.kill, .kill, .end])
        #expect(schedule.next.at >= 30)
    }
}
