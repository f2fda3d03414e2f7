"""What the figures must become (issue 6), and whether they have."""

import re
from dataclasses import dataclass

from .figures import mebibytes, milliseconds, number, spread
from .sections.ingest import TARGET
from .sections.otlp import RATES

MIB = 1 << 20
BUFFER_BYTES = 16 * MIB
FLUSH_INTERVAL_MS = 100
# Of its core: a load that uses so much of it cannot send more.
SATURATED = 0.95


@dataclass(frozen=True)
class Row:
    """One line of the table. `is_met` None: not measured. `floor`: the ratio to the floor, where the figure is processor time."""

    what: str
    must: str
    figure: str
    is_met: bool | None
    floor: str = ""

    @property
    def verdict(self):
        return {True: "met", False: "**not met**", None: "not measured"}[self.is_met]


def _row(what, must, summary, is_met, figure=None, floor=""):
    if summary is None:
        return Row(what, must, "", None)
    return Row(what, must, figure if figure is not None else spread(summary), is_met(summary), floor)


def _processor(results, what, section, case, most):
    """Processor seconds per million logs, at most so many."""
    summary = results.summary(section, case, "cpu")
    floor = results.summary("target", f"floor {TARGET.case}", "cpu")
    ratio = f"{number(summary.median / floor.median)}" if summary and floor else ""
    return _row(
        what, f"at most {most} s", summary, lambda s: s.median <= most, summary and spread(summary, "s"), ratio)


def ingest(results):
    daemon = results.summary("target", f"daemon {TARGET.case}", "cpu")
    ratio = results.ratio("target", f"daemon {TARGET.case}", f"floor {TARGET.case}", "cpu")
    floor = results.summary("target", f"floor {TARGET.case}", "cpu")
    return _row(
        "ingest, processor time per million logs (10 a message, 8 connections, two writes, full speed)", "at most 1.5 × the floor",
        ratio, lambda s: s.median <= 1.5,
        ratio and f"{spread(daemon, 's')}; floor {spread(floor, 's')}", ratio and spread(ratio))


def lossless(results, reporter="coder"):
    rate = results.summary("through", f"{reporter} highest", "logs_per_second")
    load = results.summary("through", f"{reporter} highest", "load_share")
    own = results.summary("through", f"{reporter} highest", "share")
    kept_pace = results.values("through", f"{reporter} highest", "kept_pace")
    dropped = sum(results.values("through", f"{reporter} highest", "dropped"))
    kept = dropped == 0 and sum(kept_pace) * 2 > len(kept_pace)
    is_saturated = load is not None and load.median >= SATURATED
    text = None
    if rate is not None:
        text = f"{spread(rate, 'logs/s')}; clients and stand-in use {load.median * 100:.0f} % of their core, the daemon {own.median * 100:.0f} % of its own"
        if not kept:
            text += f"; but {dropped:,} logs dropped, and {sum(kept_pace)} of {len(kept_pace)} runs kept pace"
    return _row(
        "rate without a loss to the coderd stand-in, default configuration", "at least 600,000 logs/s, or the stand-in's core is full", rate,
        lambda s: kept and (s.median >= 600_000 or is_saturated), text)


def sync_rate(results, reporter, name):
    rate = results.summary("sync", f"{reporter} full", "delivered_per_second")
    return _row(f"`--durability sync`, {name}: rate", "at least 300,000 logs/s", rate, lambda s: s.median >= 300_000, rate and spread(rate, "logs/s"))


def otlp(results):
    """Held against the dearest of the rates."""
    ratios = {rate: results.ratio("otlp", f"otlp {rate}", f"http {rate}", "cpu") for rate in RATES}
    ratios = {rate: ratio for rate, ratio in ratios.items() if ratio is not None}
    dearest = max(ratios.values(), key=lambda ratio: ratio.median, default=None)
    return _row(
        "OTLP, processor time beside protobuf over HTTP", "at most 2 × that", dearest, lambda s: s.median <= 2,
        dearest and "; ".join(f"{spread(ratio)} × at {rate:,} logs/s" for rate, ratio in ratios.items()))


def _latency(results, what, case, name, must, most_microseconds):
    summary = results.summary("latency", case, name)
    return _row(what, must, summary, lambda s: s.median <= most_microseconds, summary and f"{name} {milliseconds(summary.median)}")


def memory(results):
    most = [(max(results.values("memory", case, "private")), case) for case in results.cases("memory")]
    must = f"at most {mebibytes(BUFFER_BYTES + 6 * MIB)} private (buffer + 6 MiB)"
    if not most:
        return Row("memory under the heaviest flood", must, "", None)
    most_bytes, case = max(most)
    return Row("memory under the heaviest flood", must, f"{mebibytes(most_bytes)} ({case})", most_bytes <= BUFFER_BYTES + 6 * MIB)


def idle(results):
    private = results.summary("idle", "0 connections", "private")
    wake_ups = results.summary("idle", "0 connections", "wake_ups")
    return _row(
        "idle", "at most 4 MiB private, 0 wake-ups", private, lambda s: s.median <= 4 * MIB and wake_ups.median == 0,
        private and f"{mebibytes(private.median)}, {wake_ups.median:.0f} wake-ups in {results.runs('idle', '0 connections')[0]['seconds']} s")


def scan(results):
    """The one figure of scripts/instructions that is about a scan of 150 bytes."""
    name = next((case for case in results.cases("micro") if re.search(r"scan.*\b150\b.*instructions", case)), None)
    summary = results.summary("micro", name, "value") if name else None
    return _row("scan of a typical log (150 bytes)", "at most 500 instructions", summary, lambda s: s.median <= 500, summary and number(summary.median, 4))


def rows(results):
    return [
        ingest(results),
        lossless(results),
        _processor(results, "to coderd, processor time per million logs at the highest rate without a loss", "through", "coder highest", 0.4),
        _processor(results, "over HTTP, the same", "through", "http highest", 0.3),
        _processor(results, "to coderd, at 20,000 logs/s", "through", "coder 20000", 2),
        _processor(results, "`--durability sync`, to coderd, full speed", "sync", "coder full", 0.8),
        sync_rate(results, "coder", "to coderd"),
        _processor(results, "`--durability sync`, over HTTP, full speed", "sync", "http full", 0.8),
        sync_rate(results, "http", "over HTTP"),
        otlp(results),
        _latency(
            results, "client's write to coderd's receive, 100 messages/s, default", "default", "p99", "p99 at most flush interval + 5 ms",
            (FLUSH_INTERVAL_MS + 5) * 1000),
        _latency(results, "the same, `--flush-interval 0`", "flush-interval 0", "p50", "p50 at most 0.7 ms", 700),
        _latency(results, "a lone message after quiet, default", "lone", "p50", "p50 at most 1 ms", 1000),
        memory(results),
        idle(results),
        scan(results),
    ]
