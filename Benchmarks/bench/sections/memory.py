"""Private memory under floods that fill the buffer and keep it full: the sink takes a fraction of what comes."""

from ..flood import Load

CASES = {
    "http, 100 connections, 200 logs a message": ("http", Load(connections=100, logs=200), ()),
    "http, 1,000 connections, 10 logs a message": ("http", Load(connections=1000), ()),
    "coder, 100 connections, 10 logs a message": ("coder", Load(connections=100), ()),
    "coder, 8 connections, 1 log a message": ("coder", Load(logs=1), ()),
    "coder, 100 connections, 10 logs a message, --durability memory": ("coder", Load(connections=100), ("--durability", "memory")),
}


def measure(bench):
    for name, (reporter, load, options) in CASES.items():
        # What is left goes into the spool, or is dropped: the end is not waited for.
        said = bench.flood_through(
            reporter, load.but(seconds=bench.plan.memory_seconds), "--sink-rate", "50000", "--drain-timeout", "100ms", *options, is_cut_short=True)
        figures = dict(said["figures"], idle=said["daemon_private_idle_bytes"], resident=said["daemon_resident_peak_bytes"])
        bench.results.add("memory", name, figures)
        bench.say(f"memory, {name}: {figures['private'] / (1 << 20):.1f} MiB private at most, {figures['dropped']:,} of {said['sent']:,} logs dropped")
