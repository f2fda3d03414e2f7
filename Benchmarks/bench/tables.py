"""The tables of docs/performance.md, as markdown, one function for each place in it."""

from . import targets
from .figures import mebibytes, milliseconds, number, overall_slope, spread, steepest_slope
from .flood import Load
from .sections import growth, ingest, otlp, through


def table(heads, rows):
    """Columns of numbers are aligned by the renderer: all but the first are on the right."""
    lines = ["| " + " | ".join(heads) + " |", "|---|" + "---:|" * (len(heads) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def _cell(results, section, case, name, write=spread):
    summary = results.summary(section, case, name)
    return write(summary) if summary else ""


def _median(results, section, case, name, write=number):
    summary = results.summary(section, case, name)
    return write(summary.median) if summary else ""


def run(results):
    about = results.about
    rows = [
        ("date", about["date"]),
        ("commit", about["commit"]),
        ("machine", f"{about['processor']}, {about['cores']} cores, {about['memory_gib']} GiB"),
        ("system", f"{about['system']}, Linux {about['kernel']}, spool on {about['spool_file_system']}"),
        ("command", f"`{about['command']}`, {about['minutes']:.0f} minutes"),
    ]
    text = "| | |\n|---|---|\n" + "\n".join(f"| {name} | {value} |" for name, value in rows)
    if results.complaints:
        text += "\n\n**What went wrong in this run:**\n\n" + "\n".join(f"- {complaint}" for complaint in results.complaints)
    return text


def target_table(results):
    lines = ["| | must reach | figure | | × floor |", "|---|---|---|---|---:|"]
    lines += [f"| {row.what} | {row.must} | {row.figure} | {row.verdict} | {row.floor} |" for row in targets.rows(results)]
    return "\n".join(lines)


def ingest_table(results):
    heads = ["connections, logs a message", "tag", "writes", "s per million logs", "floor", "× floor", "logs/s", "MB/s", "core", "dropped"]
    rows = []
    for loads in ingest.matrix(0):
        for load in loads:
            daemon, floor = f"daemon {load.case}", f"floor {load.case}"
            ratio = results.ratio("ingest", daemon, floor, "cpu")
            rows.append([
                f"{load.connections}, {load.logs}", str(load.tag), str(load.writes), _cell(results, "ingest", daemon, "cpu"),
                _median(results, "ingest", floor, "cpu"), spread(ratio) if ratio else "", _median(results, "ingest", daemon, "logs_per_second"),
                _median(results, "ingest", daemon, "megabytes_per_second"), _median(results, "ingest", daemon, "share", _percent),
                _most_dropped(results, "ingest", daemon),
            ])
    return table(heads, rows)


def ceiling_table(results):
    heads = ["connections", "s per million logs", "logs/s", "MB/s", "core", "floor: s per million logs", "logs/s", "core"]
    rows = []
    for load in ingest.CEILING:
        daemon, floor = f"daemon {load.case}", f"floor {load.case}"
        rows.append([
            str(load.connections), _cell(results, "ceiling", daemon, "cpu"), _cell(results, "ceiling", daemon, "logs_per_second"),
            _median(results, "ceiling", daemon, "megabytes_per_second"), _median(results, "ceiling", daemon, "share", _percent),
            _cell(results, "ceiling", floor, "cpu"), _median(results, "ceiling", floor, "logs_per_second"), _median(results, "ceiling", floor, "share", _percent),
        ])
    return table(heads, rows)


def _most_dropped(results, section, case):
    """In the worst of its runs; what was dropped costs less than what was passed on, so that the figures beside it flatter."""
    most = max(results.values(section, case, "dropped"), default=0)
    return f"{most * 100:.2g} %" if most else ""


def _percent(share):
    return f"{share * 100:.0f} %"


def through_table(results):
    heads = ["destination, logs/s", "s per million logs", "p50", "p99", "p99.9", "private, most", "daemon's core", "load's core", "lost"]
    rows = []
    for reporter in through.REPORTERS:
        for name in [str(rate) for rate in through.RATES] + ["highest"]:
            case = f"{reporter} {name}"
            if not results.runs("through", case):
                continue
            rate = f"{int(name):,}" if name.isdigit() else f"highest: {_cell(results, 'through', case, 'logs_per_second')}"
            rows.append(
                [f"{reporter}, {rate}", _cell(results, "through", case, "cpu")]
                + [_median(results, "through", case, name, milliseconds) for name in ("p50", "p99", "p999")]
                + [_median(results, "through", case, "private", mebibytes)]
                + [_median(results, "through", case, share, _percent) for share in ("share", "load_share")]
                + [f"{sum(results.values('through', case, 'dropped')):,}"])
    return table(heads, rows)


def sync_table(results):
    heads = ["destination, load", "s per million logs", "logs/s delivered", "p50", "p99", "bytes to disk per log", "private, most"]
    rows = []
    for case in results.cases("sync"):
        reporter, name = case.split(" ")
        rows.append([
            f"{reporter}, {'full speed' if name == 'full' else '20,000 logs/s'}", _cell(results, "sync", case, "cpu"),
            _cell(results, "sync", case, "delivered_per_second"), _median(results, "sync", case, "p50", milliseconds),
            _median(results, "sync", case, "p99", milliseconds), _median(results, "sync", case, "written_per_log"),
            _median(results, "sync", case, "private", mebibytes)])
    return table(heads, rows)


def otlp_table(results):
    rows = []
    for rate in otlp.RATES:
        ratio = results.ratio("otlp", f"otlp {rate}", f"http {rate}", "cpu")
        rows.append(
            [f"{rate:,}", _cell(results, "otlp", f"otlp {rate}", "cpu"), _cell(results, "otlp", f"http {rate}", "cpu"), spread(ratio) if ratio else ""])
    return table(["logs/s", "OTLP, s per million logs", "protobuf over HTTP", "ratio"], rows)


def latency_table(results):
    names = {
        "default": "100 messages/s, default", "flush-interval 0": "100 messages/s, `--flush-interval 0`",
        "lone": "3 messages/s on one connection, default",
    }
    rows = [
        [names.get(case, case)] + [_median(results, "latency", case, name, milliseconds) for name in ("p50", "p99", "p999")]
        for case in results.cases("latency")
    ]
    return table(["to coderd", "p50", "p99", "p99.9"], rows)


def memory_table(results):
    rows = [
        [case, _median(results, "memory", case, "idle", mebibytes), _median(results, "memory", case, "private", mebibytes),
         _median(results, "memory", case, "resident", mebibytes)]
        for case in results.cases("memory")
    ]
    return table(["flood at full speed, sink of 50,000 logs/s", "private before", "private, most", "resident, most"], rows)


def idle_table(results):
    rows = [
        [case, _median(results, "idle", case, "private", mebibytes),
         f"{_median(results, 'idle', case, 'wake_ups')} in {results.runs('idle', case)[0]['seconds']} s"]
        for case in results.cases("idle")
    ]
    return table(["at rest", "private", "wake-ups"], rows)


def growth_points(results, section, who, name="cpu"):
    """(x, median) of a curve, as far as it was measured."""
    xs, load = (growth.CONNECTIONS, lambda x: Load(connections=x)) if section == "connections" else (growth.LOGS, lambda x: Load(logs=x))
    found = [(x, results.summary(section, f"{who} {load(x).case}", name)) for x in xs]
    return [(x, summary.median) for x, summary in found if summary]


def growth_tables(results):
    parts = []
    for section, head in (("connections", "connections (10 logs a message)"), ("logs", "logs a message (8 connections)")):
        load = (lambda x: Load(connections=x)) if section == "connections" else (lambda x: Load(logs=x))
        rows = []
        for x, cpu in growth_points(results, section, "daemon"):
            daemon, floor = f"daemon {load(x).case}", f"floor {load(x).case}"
            ratio = results.ratio(section, daemon, floor, "cpu")
            rows.append([
                f"{x:,}", _cell(results, section, daemon, "cpu"), _cell(results, section, floor, "cpu"), number(ratio.median),
                _median(results, section, daemon, "cpu_message", number), _median(results, section, daemon, "logs_per_second"), _most_dropped(results, section, daemon)])
        parts.append(table([head, "s per million logs", "floor", "× floor", "s per million messages", "logs/s", "dropped"], rows))
    parts.append(growth_words(results))
    return "\n\n".join(parts)


def growth_words(results):
    """How steep the curves are, where 1 is growth in proportion."""
    connections = growth_points(results, "connections", "daemon")
    messages = growth_points(results, "logs", "daemon", "cpu_message")
    if len(connections) < 2 or len(messages) < 2:
        return ""
    return (
        f"As a power of the number of connections, the cost of a log grows with {overall_slope(connections):+.2f} overall, {steepest_slope(connections):+.2f} where it is "
        f"steepest (0: a connection more costs nothing; 1: in proportion). As a power of its logs, the cost of a message grows with {overall_slope(messages):+.2f} "
        f"overall, {steepest_slope(messages):+.2f} where it is steepest.")


def micro_table(results):
    rows = []
    for case in results.cases("micro"):
        figure = results.runs("micro", case)[-1]
        limit = figure["threshold"]
        rows.append([f"{figure['name']}, {figure['unit']}", number(figure["value"], 4), number(limit, 4) if limit is not None else ""])
    return table(["step", "figure", "as committed; the tests allow 10 % more"], rows) if rows else "Not measured: there is no scripts/instructions."


def profile_tables(results):
    parts = []
    runs = [results.runs("profile", case)[-1] for case in results.cases("profile")]
    for load in dict.fromkeys(run["load"] for run in runs):
        rows = [[f"`{run['function'].replace('|', chr(92) + '|')}`", _percent(run["share"])] for run in runs if run["load"] == load]
        parts.append(table([f"{load}, at full speed", "share"], rows))
    return "\n\n".join(parts) or "Not measured."


# The places of the document, by the names in its markers.
PLACES = {
    "run": run,
    "targets": target_table,
    "ingest": ingest_table,
    "ceiling": ceiling_table,
    "through": through_table,
    "otlp": otlp_table,
    "sync": sync_table,
    "latency": latency_table,
    "memory": memory_table,
    "idle": idle_table,
    "growth": growth_tables,
    "micro": micro_table,
    "profile": profile_tables,
}
