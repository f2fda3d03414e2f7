"""Floods the daemon and the agent in C in turn, and compares: flood.py BOUNDARY-FLOOD FLOOD-AGENT

The clients wait (--overflow block), so that each run delivers all of the 1,000,000 logs. Machines have moods: the best of three runs counts for each.
"""
import json
import subprocess
import sys

flood, agent = sys.argv[1:]
LEAST = 0.9
kinds = {
    "daemon": [],
    "agent, delivery by the proxy": ["--daemon", agent],
    "agent, delivery by callback": ["--daemon", agent, "--", "--reporter", "callback"],
}
best = dict.fromkeys(kinds, 0.0)
for _ in range(3):
    for name, arguments in kinds.items():
        done = subprocess.run([flood, "--quiet", "--json", "--overflow", "block", *arguments], stdout=subprocess.PIPE, check=True)
        result = json.loads(done.stdout)
        assert result["ok"] and result["lost"] == 0 and result["dropped"] == 0 and result["delivered"] == result["sent"], result
        best[name] = max(best[name], result["delivered_per_second"])
for name, rate in best.items():
    ratio = rate / best["daemon"]
    print(f"{name}: {rate:,.0f} logs/s, {ratio:.2f} of the daemon's")
    if ratio < LEAST:
        sys.exit(f"{name} is slower than {LEAST} of the daemon")
