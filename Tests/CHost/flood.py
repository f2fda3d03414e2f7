"""Floods the daemon and the agent in C in turn, and compares: flood.py BOUNDARY-FLOOD FLOOD-AGENT

A machine has moods: so a round floods each of them once, in an order that changes, and what is compared are the medians of 9 rounds. Processor time per log is
compared likewise, and only said.

The daemon tells malloc to give memory back soon (Daemon.swift), which costs it some of its speed under load. That is for no library to do in a host:
so the agents run with the same settings, given from outside. The clients wait (--overflow block), so that each run delivers all of its logs.
"""
import json
import os
import statistics
import subprocess
import sys

flood, agent = sys.argv[1:]
LEAST = 0.9
ROUNDS = 9
MESSAGES = 40_000
MALLOC = "glibc.malloc.mmap_threshold=131072:glibc.malloc.trim_threshold=524288:glibc.malloc.arena_max=1"
kinds = {
    "daemon": [],
    "agent, delivery by the proxy": ["--daemon", agent],
    "agent, delivery by callback": ["--daemon", agent, "--", "--reporter", "callback"],
}


def run(arguments):
    """Logs per second, and seconds of processor time for a million logs."""
    command = [flood, "--quiet", "--json", "--overflow", "block", "--messages", str(MESSAGES), *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=os.environ | {"GLIBC_TUNABLES": MALLOC})
    result = json.loads(done.stdout)
    assert result["ok"] and result["lost"] == 0 and result["dropped"] == 0 and result["delivered"] == result["sent"], result
    return result["delivered_per_second"], result["daemon_cpu_seconds_per_million"]


def ratios(name):
    """Of the medians to the daemon's: speed and processor time."""
    return [statistics.median(r[i] for r in runs[name]) / statistics.median(r[i] for r in runs["daemon"]) for i in (0, 1)]


runs = {name: [] for name in kinds}
others = [name for name in kinds if name != "daemon"]
run([])
for number in range(ROUNDS):
    order = list(kinds)
    for name in order[number % 3 :] + order[: number % 3]:
        runs[name].append(run(kinds[name]))
for name in kinds:
    speed, cost = ratios(name)
    rates = sorted(rate for rate, _ in runs[name])
    print(
        f"{name}: {statistics.median(rates):,.0f} logs/s ({rates[0]:,.0f} to {rates[-1]:,.0f} in {len(rates)} runs), {speed:.2f} of the daemon's, "
        f"with {cost:.2f} of its processor time")
for name in others:
    if ratios(name)[0] < LEAST:
        rates = [rate for rate, _ in runs["daemon"]]
        if max(rates) > 1.5 * min(rates):
            sys.exit(f"{name}: nothing can be said, the daemon's own runs differ by a factor of {max(rates) / min(rates):.1f}; try again on a quiet machine")
        sys.exit(f"{name} is slower than {LEAST} of the daemon")
