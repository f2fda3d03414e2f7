"""Measures, in one run, what the proxy costs beside a program that only reads, and writes docs/performance.md. Started by scripts/bench, which builds."""

import argparse
import os
import signal
import sys

from . import document, machine, tables
from .bench import Bench, Plan
from .processes import BenchError
from .results import Results
from .sections import ALL

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DOCUMENT = os.path.join(ROOT, "docs", "performance.md")
RAW = os.environ.get("BENCH_RAW") or os.path.join(ROOT, ".build", "bench", "results.json")


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer and shorter runs, for development; writes beside the raw results, not into docs")
    parser.add_argument("--only", action="append", choices=ALL, metavar="SECTION", help=f"only this section, repeatable: {', '.join(ALL)}; does not write into docs")
    parser.add_argument("--write-from", metavar="FILE", help="measures nothing: writes docs/performance.md and its chart anew from the raw results of a run")
    parser.add_argument("--bin", help=argparse.SUPPRESS)
    parser.add_argument("--drain", help=argparse.SUPPRESS)
    parser.add_argument("--stand-in", help=argparse.SUPPRESS)
    return parser.parse_args()


def command(options):
    words = ["scripts/bench"] + (["--quick"] if options.quick else [])
    for section in options.only or []:
        words += ["--only", section]
    return " ".join(words)


def write(results, directory):
    """The document, filled, and its chart. Where there is none, its words come from docs/performance.md."""
    from . import chart

    with open(DOCUMENT) as file:
        text = file.read()
    text = document.fill(text, {name: make(results) for name, make in tables.PLACES.items()})
    os.makedirs(directory, exist_ok=True)
    path = os.path.join(directory, "performance.md")
    with open(path + ".new", "w") as file:
        file.write(text)
    os.replace(path + ".new", path)
    chart.draw(results, os.path.join(directory, "performance.png"))
    print(f"wrote {os.path.relpath(path, ROOT)} and performance.png beside it")


def measure(options):
    bench = Bench(options.bin, options.drain, options.stand_in, Plan.quick() if options.quick else Plan())
    try:
        bench.results.about = machine.describe(ROOT, bench.directory)
        bench.results.about["command"] = command(options)
        if bench.server_core is None:
            bench.complain("there is one core only: the load competes with what is measured")
        for name, section in ALL.items():
            if options.only and name not in options.only:
                continue
            bench.say(f"== {name}: {section.__doc__.strip()}")
            section.measure(bench)
            bench.results.about["minutes"] = bench.minutes()
            bench.results.save(RAW)
    finally:
        bench.close()
    return bench.results


def interrupted(number, _frame):
    # The end of what was started is waited for, once.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt(number)


def main():
    options = arguments()
    if options.write_from:
        write(Results.load(options.write_from), os.path.dirname(DOCUMENT))
        return 0
    signal.signal(signal.SIGINT, interrupted)
    signal.signal(signal.SIGTERM, interrupted)
    try:
        results = measure(options)
    except BenchError as error:
        print(f"scripts/bench: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("scripts/bench: interrupted; nothing was written into docs", file=sys.stderr)
        return 130
    print()
    print(tables.run(results))
    print()
    print(tables.target_table(results))
    print()
    write(results, os.path.dirname(RAW) if options.quick or options.only else os.path.dirname(DOCUMENT))
    print(f"the raw results: {os.path.relpath(RAW, ROOT)}")
    return 1 if results.complaints else 0


sys.exit(main())
