"""Numbers: what several runs come down to, and how they are written."""

import math
import statistics
from dataclasses import dataclass


@dataclass(frozen=True)
class Summary:
    """The median of several runs and their extremes, in one unit."""

    median: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, values):
        """Of at least one number."""
        values = list(values)
        if not values:
            raise ValueError("there is nothing to sum up")
        return cls(statistics.median(values), min(values), max(values), len(values))


def ratios(values, bases):
    """Each value by the base of the same round; only rounds that have both, and no base of 0."""
    return [value / base for value, base in zip(values, bases) if base > 0]


def steepest_slope(points):
    """The largest slope between neighbours in a log-log plot of (x, y) points: 1 is growth in proportion, more is worse."""
    points = sorted(points)
    slopes = [
        math.log(y2 / y1) / math.log(x2 / x1)
        for (x1, y1), (x2, y2) in zip(points, points[1:])
        if x2 > x1 > 0 and y1 > 0 and y2 > 0
    ]
    return max(slopes, default=0.0)


def overall_slope(points):
    """The slope of the straight line that fits (x, y) points best in a log-log plot; 0 for fewer than two."""
    logs = [(math.log(x), math.log(y)) for x, y in points if x > 0 and y > 0]
    if len({x for x, _ in logs}) < 2:
        return 0.0
    return statistics.linear_regression([x for x, _ in logs], [y for _, y in logs]).slope


def number(value, digits=3):
    """Three significant digits, thousands grouped: 0.0123, 1.23, 123, 12,300."""
    if value is None or not math.isfinite(value):
        return "-"
    if value == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{decimals}f}" if decimals else f"{float(f'{value:.{digits}g}'):,.0f}"
    return text


def spread(summary, unit=""):
    """`0.31 (0.30 to 0.33) s`; without the extremes where there was one run."""
    tail = f" {unit}" if unit else ""
    if summary.count < 2:
        return number(summary.median) + tail
    return f"{number(summary.median)} ({number(summary.low)} to {number(summary.high)}){tail}"


def mebibytes(count):
    return f"{count / (1 << 20):.1f} MiB"


def milliseconds(microseconds):
    """Of microseconds, as milliseconds with three significant digits."""
    return f"{number(microseconds / 1000)} ms"
