"""From the client's write to coderd's receive, at 100 messages a second, and of a lone message after a quiet time."""

from ..flood import Load

# 3 messages a second lie further apart than a flush interval, 100 ms: each finds the proxy at rest.
CASES = {
    "default": (Load(rate=1_000), ()),
    "flush-interval 0": (Load(rate=1_000), ("--flush-interval", "0")),
    "lone": (Load(connections=1, rate=30), ()),
}


def measure(bench):
    for name, (load, options) in CASES.items():
        said = bench.flood_through("coder", load.but(seconds=bench.plan.latency_seconds), *options)
        figures = said["figures"]
        bench.results.add("latency", name, figures)
        bench.say(
            f"latency, coder, {name}: p50 {figures['p50'] / 1000:.2f} ms, p99 {figures['p99'] / 1000:.2f} ms, p99.9 {figures['p999'] / 1000:.2f} ms")
