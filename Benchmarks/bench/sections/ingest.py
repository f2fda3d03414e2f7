"""The floor, and the daemon with a reporter that discards, in turn, under the same floods at full speed."""

from ..flood import Load

CONNECTIONS = (1, 8, 100)
LOGS = (1, 10, 200)
TAGS = (1, 2)
WRITES = (1, 2)

# The case of the table of targets.
TARGET = Load()

# Clients that are no limit: what the proxy, and the floor, can take with their core full.
CEILING = [Load(connections, writes=1, frames=50) for connections in CONNECTIONS]


def matrix(seconds):
    """All cases; the same for the floor, to which the tag is nothing, once for both tags."""
    for connections in CONNECTIONS:
        for logs in LOGS:
            for writes in WRITES:
                yield [Load(connections, logs, tag, writes, seconds=seconds) for tag in TAGS]


def measure_pair(bench, section, loads, *options):
    """The floor once, the daemon with each of the loads, which differ in their tag. `options` are the daemon's."""
    floor = bench.flood_drain(loads[-1])
    for load in loads:
        figures = bench.flood_discarding(load, *options)
        bench.results.add(section, f"floor {load.case}", floor)
        bench.results.add(section, f"daemon {load.case}", figures)
        bench.say(
            f"{section}: {load}: {figures['cpu']:.3f} s per million logs, floor {floor['cpu']:.3f}, "
            f"ratio {figures['cpu'] / floor['cpu']:.2f}; {figures['logs_per_second']:,.0f} logs/s, {figures['megabytes_per_second']:,.0f} MB/s"
            + (f"; {figures['dropped'] * 100:.0f} % dropped" if figures["dropped"] else ""))


def measure(bench):
    plan = bench.plan
    for _ in range(plan.target_rounds):
        measure_pair(bench, "target", [TARGET.but(seconds=max(plan.seconds, 1.0))])
    for _ in range(plan.rounds):
        for load in CEILING:
            # What is taken must be passed on: who drops has less to do.
            measure_pair(bench, "ceiling", [load.but(seconds=plan.seconds)], "--overflow", "block")
        for loads in matrix(plan.seconds):
            measure_pair(bench, "ingest", loads)
