"""Through to a destination, in the default configuration: the highest rate without a loss, and what logs cost at several rates."""

from ..bench import keeps_pace
from ..flood import Load
from ..search import Attempt, highest_rate

REPORTERS = ("coder", "http")
RATES = (1_000, 20_000, 200_000)
# A rate that the search need not fall below, in logs/s.
LOW = 100_000
# Of the highest rate that was found, what is then held: one found by trial is at its edge. Where a run falls behind, all begin anew with so much of it.
HELD = 0.95
LESS = 0.92
HOLDS_MAX = 6


def line(figures):
    return (
        f"{figures['cpu']:.3f} s per million logs, {figures['logs_per_second']:,.0f} logs/s, daemon's share of its core {figures['share'] * 100:.0f} %, "
        f"p50 {figures['p50'] / 1000:.2f} ms, p99 {figures['p99'] / 1000:.2f} ms, {figures['dropped']:,} dropped")


def search(bench, reporter):
    load = Load(seconds=bench.plan.search_seconds)

    def attempt(asked):
        tried = load.but(rate=asked)
        # What has fallen behind by then has failed: it need not be waited for.
        said = bench.flood_through(reporter, tried, "--drain-timeout", "2s", is_cut_short=True)
        is_good = keeps_pace(said, tried)
        bench.results.add("through", f"{reporter} search", said["figures"])
        bench.say(f"search, {reporter}, {f'{asked:,} logs/s' if asked else 'full speed'}: {'kept pace' if is_good else 'fell behind'}; {line(said['figures'])}")
        return Attempt(said["figures"]["logs_per_second"], is_good)

    found = highest_rate(attempt, LOW, bench.plan.search_steps, bench.plan.confirmations)
    if found is None:
        bench.complain(f"{reporter}: no rate was found at which nothing is lost")
    else:
        bench.say(f"search, {reporter}: {found.rate:,.0f} logs/s{'' if found.asked else ', which is all that the load can send'}")
    return found


def measure(bench):
    highest = {}
    for reporter in REPORTERS:
        highest[reporter] = search(bench, reporter)
    for _ in range(bench.plan.through_rounds):
        for rate in RATES:
            # As long as makes a thousand messages at 1,000 logs/s enough for its tail.
            seconds = bench.plan.through_seconds * (3 if rate == 1_000 else 1.5 if rate == 20_000 else 1)
            for reporter in REPORTERS:
                measure_one(bench, reporter, str(rate), Load(rate=rate, seconds=seconds))
    for reporter, found in highest.items():
        if found is not None:
            for figures in hold(lambda rate: run(bench, reporter, Load(rate=rate, seconds=bench.plan.through_seconds)), found.asked, bench.plan.through_rounds):
                bench.results.add("through", f"{reporter} highest", figures)


def hold(measure, asked, rounds):
    """`rounds` runs of one rate, none of which falls behind, of `measure(rate)`; where there is none, the last that were tried. 0, full speed, has no less."""
    rate = round(asked * HELD)
    for _ in range(HOLDS_MAX):
        runs = []
        while len(runs) < rounds and all(figures["kept_pace"] for figures in runs):
            runs.append(measure(rate))
        if rate == 0 or all(figures["kept_pace"] for figures in runs):
            break
        rate = round(rate * LESS)
    return runs


def run(bench, reporter, load):
    said = bench.flood_through(reporter, load)
    figures = dict(said["figures"], kept_pace=keeps_pace(said, load), asked=load.rate)
    bench.say(f"through, {reporter}, {load}: {line(figures)}{'' if figures['kept_pace'] else '; fell behind'}")
    return figures


def measure_one(bench, reporter, name, load):
    bench.results.add("through", f"{reporter} {name}", run(bench, reporter, load))
