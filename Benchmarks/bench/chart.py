"""docs/performance.png: four panels, drawn by matplotlib."""

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot, ticker  # noqa: E402

from .sections import through  # noqa: E402
from .sections.ingest import TARGET  # noqa: E402
from .tables import growth_points  # noqa: E402

FLOOR, DAEMON, CODER, HTTP = "#8a8a8a", "#1f5fa8", "#b0442d", "#3d8b4e"
# Of the original in Go, and of log forwarders at full speed, as issue 6 gives them: processor seconds per million logs, least and most.
ELSEWHERE = [("the original: ingest, drop", 1.05, 1.3), ("Fluent Bit to HTTP", 0.5, 1.1), ("the original to HTTP", 14, 18), ("the original to coderd", 29, 37)]


def draw(results, path):
    figure, panels = pyplot.subplots(2, 2, figsize=(10, 7.2), layout="constrained")
    cost_bars(panels[0][0], results)
    cost_by_rate(panels[0][1], results)
    growth(panels[1][0], results, "connections", "cpu", "connections, 10 logs a message", "CPU s per million logs")
    growth(panels[1][1], results, "logs", "cpu_message", "logs a message, 8 connections", "CPU s per million messages")
    about = results.about
    figure.suptitle(f"boundary-log-proxy {about['commit'][:12]}, {about['date']}, {about['processor']}, {about['cores']} cores", fontsize=9, color="#555555")
    figure.savefig(path, dpi=90, metadata={"Software": None})
    pyplot.close(figure)


def _plain(axis, *logarithmic):
    for direction in logarithmic:
        getattr(axis, f"set_{direction}scale")("log")
        if direction == "y":
            axis.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
        getattr(axis, f"{direction}axis").set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:,.10g}"))
        getattr(axis, f"{direction}axis").set_minor_formatter(ticker.NullFormatter())
    axis.grid(alpha=0.25, which="major")
    axis.spines[["top", "right"]].set_visible(False)


def cost_bars(axis, results):
    """At full speed, or the highest rate without a loss; ours filled, others from elsewhere hatched, from their least to their most."""
    wanted = [
        ("floor: read, throw away", FLOOR, "target", f"floor {TARGET.case}"), ("ingest, discard", DAEMON, "target", f"daemon {TARGET.case}"),
        ("to HTTP", HTTP, "through", "http highest"), ("to coderd", CODER, "through", "coder highest"),
        ("to HTTP, sync", HTTP, "sync", "http full"), ("to coderd, sync", CODER, "sync", "coder full"),
    ]
    bars = [(name, colour, results.summary(section, case, "cpu")) for name, colour, section, case in wanted]
    bars = [bar for bar in bars if bar[2]]
    names = [name for name, _, _ in bars] + [name for name, _, _ in ELSEWHERE]
    for index, (_, colour, summary) in enumerate(bars):
        axis.barh(index, summary.median, color=colour, xerr=[[summary.median - summary.low], [summary.high - summary.median]], error_kw={"lw": 1})
        axis.text(summary.high * 1.15, index, f"{summary.median:.2f}", va="center", fontsize=8)
    for index, (_, low, high) in enumerate(ELSEWHERE, len(bars)):
        axis.barh(index, high, color="#dddddd", hatch="///", edgecolor="#999999")
        axis.text(high * 1.15, index, f"{low:g} to {high:g}", va="center", fontsize=8)
    axis.set_yticks(range(len(names)), names, fontsize=8)
    axis.invert_yaxis()
    _plain(axis, "x")
    axis.set_xlim(0.05, 300)
    axis.set_title("CPU seconds per million logs, at full speed (hatched: as issue 6 reports them)", fontsize=9)


def cost_by_rate(axis, results):
    for reporter, colour in (("coder", CODER), ("http", HTTP)):
        points = []
        for name in [str(rate) for rate in through.RATES] + ["highest"]:
            cpu, rate = (results.summary("through", f"{reporter} {name}", figure) for figure in ("cpu", "logs_per_second"))
            if cpu:
                points.append((rate.median, cpu))
        if not points:
            continue
        xs, medians = [x for x, _ in points], [summary.median for _, summary in points]
        axis.errorbar(
            xs, medians, yerr=[[s.median - s.low for _, s in points], [s.high - s.median for _, s in points]], marker="o", ms=4, color=colour,
            label=f"to {'coderd' if reporter == 'coder' else 'HTTP'}, at most {xs[-1]:,.0f} logs/s")
    _plain(axis, "x", "y")
    axis.set_xlabel("logs/s", fontsize=8)
    axis.set_title("CPU seconds per million logs, by rate", fontsize=9)
    if axis.has_data():
        axis.legend(fontsize=8, frameon=False)


def growth(axis, results, section, name, label, title):
    for who, colour in (("floor", FLOOR), ("daemon", DAEMON)):
        points = growth_points(results, section, who, name)
        if points:
            axis.plot([x for x, _ in points], [y for _, y in points], marker="o", ms=4, color=colour, label="ingest, discard" if who == "daemon" else "floor")
    _plain(axis, "x", *(["y"] if section == "logs" else []))
    if section == "connections":
        axis.set_ylim(bottom=0)
    axis.set_xlabel(label, fontsize=8)
    axis.set_title(title, fontsize=9)
    if axis.has_data():
        axis.legend(fontsize=8, frameon=False)
