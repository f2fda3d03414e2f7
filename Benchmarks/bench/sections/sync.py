"""`--durability sync`: every batch synced to the disk before it is sent. At full speed the clients wait (`--overflow block`): what is sustained is what counts."""

from ..flood import Load
from .through import REPORTERS

OPTIONS = ("--durability", "sync", "--overflow", "block")


def measure(bench):
    for _ in range(bench.plan.through_rounds):
        for reporter in REPORTERS:
            for name, load in (
                ("full", Load(seconds=bench.plan.through_seconds * 1.5)),
                ("20000", Load(rate=20_000, seconds=bench.plan.through_seconds)),
            ):
                said = bench.flood_through(reporter, load, *OPTIONS)
                figures = dict(said["figures"], written_per_log=said["daemon_written_bytes_sending"] / max(1, said["sent"]))
                bench.results.add("sync", f"{reporter} {name}", figures)
                bench.say(
                    f"sync, {reporter}, {'full speed' if name == 'full' else '20,000 logs/s'}: {figures['cpu']:.3f} s per million logs, "
                    f"{figures['delivered_per_second']:,.0f} logs/s delivered, p50 {figures['p50'] / 1000:.1f} ms, {figures['dropped']:,} dropped")
