"""What scripts/instructions counts, where it is there: instructions of single steps."""

import json
import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
PROGRAM = os.path.join(ROOT, "scripts", "instructions")


def measure(bench):
    if not os.access(PROGRAM, os.X_OK):
        bench.say("micro: there is no scripts/instructions")
        return
    output = subprocess.run([PROGRAM, "--json"], stdout=subprocess.PIPE, check=False)
    try:
        figures = json.loads(output.stdout)["figures"]
    except (ValueError, KeyError):
        bench.complain(f"scripts/instructions --json ended with status {output.returncode} and gave no figures")
        return
    for figure in figures:
        # A step has a figure for each of its units.
        bench.results.add("micro", f"{figure['name']}, {figure['unit']}", figure)
        bench.say(f"micro: {figure['name']}: {figure['value']:,} {figure['unit']} (limit {figure['threshold']})")
