"""Counts the instructions and heap allocations of the cases of boundary-bench, and holds them against Benchmarks/thresholds.json.

Each case runs twice, with different numbers of rounds: the difference is what the rounds cost, without what starting and ending the process costs.
Called by scripts/instructions with the release binary. Exits 1 when a figure is more than 10 % over its threshold, or over its limit.
"""

import argparse
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile

THRESHOLDS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "thresholds.json")
SLACK = 0.10
# Below this figures are noise of what grows now and then, not a cost.
ALLOCATIONS_NOISE = 1.0
# Hash tables are seeded per process otherwise, and lay their keys out anew each time. The C library chooses its memcpy and the like by the CPU, which
# valgrind copies from the machine: here it chooses what every CPU has.
ENVIRONMENT = {
    "PATH": os.environ["PATH"], "SWIFT_DETERMINISTIC_HASHING": "1", "SWIFT_BACKTRACE": "enable=no",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2_Usable,-AVX2,-AVX_Fast_Unaligned_Load,-ERMS,-FSRM",
}


def callgrind(bench, name, rounds, out):
    """Instructions of a whole run."""
    run = subprocess.run(
        ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", bench, "--run", name, str(rounds)],
        env=ENVIRONMENT, capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"{name} failed under valgrind (exit status {run.returncode}):\n{run.stderr[-4000:]}")
    with open(out) as lines:
        for line in lines:
            if line.startswith(("summary:", "totals:")):
                return int(line.split()[1])
    sys.exit(f"{name}: callgrind wrote no summary")


def allocations(bench, counter, name, rounds, out):
    """Heap allocations of a whole run."""
    subprocess.run(
        [bench, "--run", name, str(rounds)], env={**ENVIRONMENT, "LD_PRELOAD": counter, "MALLOC_COUNT_FILE": out}, check=True)
    with open(out) as count:
        return int(count.read())


def measure(bench, counter, case, directory):
    name, operation, per_round, rounds = case
    few, many = max(rounds // 5, 1), max(rounds // 5, 1) + rounds
    out = os.path.join(directory, name)
    operations = (many - few) * per_round
    plural = operation + ("es" if operation.endswith("h") else "s")
    instructions = callgrind(bench, name, many, f"{out}.many") - callgrind(bench, name, few, f"{out}.few")
    heap = allocations(bench, counter, name, many, f"{out}.count") - allocations(bench, counter, name, few, f"{out}.count")
    return [
        {"name": name, "unit": f"instructions/{operation}", "value": round(instructions / operations, 1)},
        {"name": name, "unit": f"allocations/1,000 {plural}", "value": round(heap * 1000 / operations, 1)},
    ]


def key(figure):
    return figure["name"], figure["unit"]


def judge(figures, committed):
    """Adds threshold, limit and verdict to each figure. Returns what is wrong, in words."""
    problems = []
    for figure in figures:
        known = committed.get(key(figure), {})
        threshold, limit = known.get("threshold"), known.get("limit")
        noise = ALLOCATIONS_NOISE if figure["unit"].startswith("allocations") else 0
        figure["threshold"] = threshold
        if limit is not None:
            figure["limit"] = limit
        what = f"{figure['name']}: {figure['value']:,} {figure['unit']}"
        if threshold is None:
            figure["verdict"] = "new"
            problems.append(f"{what} has no threshold: scripts/instructions --accept writes it")
        elif limit is not None and figure["value"] > limit:
            figure["verdict"] = "OVER"
            problems.append(f"{what}, the limit is {limit:,}")
        elif figure["value"] > max(threshold * (1 + SLACK), noise):
            figure["verdict"] = "OVER"
            more = f"{(figure['value'] / threshold - 1) * 100:.0f} % more than" if threshold else "more than"
            problems.append(f"{what}, {more} the {threshold:,} of Benchmarks/thresholds.json")
        elif figure["value"] < threshold * (1 - SLACK) - noise:
            figure["verdict"] = "better"
        else:
            figure["verdict"] = "ok"
    return problems


def accept(figures, committed):
    lines = []
    for figure in figures:
        known = {name: figure[name] for name in ("name", "unit")} | {"threshold": figure["value"]}
        if "limit" in committed.get(key(figure), {}):
            known["limit"] = committed[key(figure)]["limit"]
        lines.append("  " + json.dumps(known))
    with open(THRESHOLDS, "w") as file:
        file.write('{"figures": [\n' + ",\n".join(lines) + "\n]}\n")


def show(figures):
    print(f"{'':14}{'':28}{'value':>10}{'threshold':>11}{'limit':>8}")
    for figure in sorted(figures, key=lambda figure: figure["unit"].startswith("allocations")):
        threshold = "" if figure["threshold"] is None else f"{figure['threshold']:,}"
        limit = f"{figure['limit']:,}" if "limit" in figure else ""
        print(f"{figure['name']:14}{figure['unit']:28}{figure['value']:>10,}{threshold:>11}{limit:>8}  {figure['verdict']}")


def profile(bench, case):
    with tempfile.TemporaryDirectory(prefix="blp") as directory:
        out = os.path.join(directory, "out")
        callgrind(bench, case[0], case[3], out)
        annotated = subprocess.run(["callgrind_annotate", "--auto=no", "--threshold=97", out], capture_output=True, text=True, check=True).stdout
        text = subprocess.run(["swift", "demangle", "--compact"], input=annotated, capture_output=True, text=True, check=True).stdout
    print(f"{case[0]}, {case[3]} rounds of {case[2]} operations, with what starting the process costs:")
    for line in text.splitlines():
        if "PROGRAM TOTALS" in line or "%) " in line:
            print(line.replace("???:", "").replace(f"[{bench}]", "")[:200])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bench")
    parser.add_argument("--counter", required=True, help="the built malloc_count library")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--accept", action="store_true")
    parser.add_argument("--profile", metavar="NAME")
    options = parser.parse_args()

    listed = subprocess.run([options.bench, "--list"], capture_output=True, text=True, check=True).stdout
    cases = [(name, operation, int(per_round), int(rounds)) for name, operation, per_round, rounds in map(str.split, listed.splitlines())]
    if options.profile:
        chosen = [case for case in cases if case[0] == options.profile]
        if not chosen:
            sys.exit(f"there is no case {options.profile}; there are {', '.join(case[0] for case in cases)}")
        return profile(options.bench, chosen[0])

    committed = {}
    if os.path.exists(THRESHOLDS):
        with open(THRESHOLDS) as file:
            committed = {key(figure): figure for figure in json.load(file)["figures"]}
    with tempfile.TemporaryDirectory(prefix="blp") as directory, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(measure, options.bench, options.counter, case, directory) for case in cases]
        figures = [figure for job in jobs for figure in job.result()]
    if options.accept:
        accept(figures, committed)
        committed = {key(figure): {**committed.get(key(figure), {}), "threshold": figure["value"]} for figure in figures}
    problems = judge(figures, committed)
    if options.json:
        print(json.dumps({"figures": figures}, indent=1))
    else:
        show(figures)
    if problems:
        print("", *problems, "Where it goes: scripts/instructions --profile NAME", sep="\n", file=sys.stderr)
        sys.exit(1)


main()
