"""The highest rate at which nothing is lost: decides, measures nothing itself."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Attempt:
    """`rate`: what was achieved, which may be less than what was asked for. `is_good`: all of it arrived, in time."""

    rate: float
    is_good: bool


@dataclass(frozen=True)
class Found:
    """`rate` is what was achieved. `asked` is what to ask for to have it again; 0 is full speed: then the load is the limit."""

    rate: float
    asked: int


def highest_rate(measure, low, steps, confirmations, tolerance=0.05):
    """`measure(asked)` tries a rate, 0 being full speed, and returns an Attempt.

    When full speed is good, that is it. Otherwise halves the interval (of the logarithm) between `low` and what full speed came to, `steps` times or until
    it is narrower than `tolerance`, and then asks for the best again until it was good `confirmations` times; where it fails twice, for a twentieth less.
    `low` is taken to be good until nothing better is found; it is confirmed, too. None when not even a fifth of `low` is good.
    """

    def try_rate(asked):
        attempt = measure(round(asked))
        # A load that does not come up to what it is asked for has proved nothing.
        return attempt, attempt.is_good and attempt.rate >= asked * 0.97

    full = measure(0)
    if full.is_good and all(measure(0).is_good for _ in range(confirmations - 1)):
        return Found(full.rate, 0)
    best = low
    bad = max(full.rate, low * (1 + tolerance))
    for _ in range(steps):
        if bad / best < 1 + tolerance:
            break
        middle = math.sqrt(best * bad)
        if try_rate(middle)[1]:
            best = middle
        else:
            bad = middle
    asked = best
    while asked >= low / 5:
        good, failures = [], 0
        while len(good) < confirmations and failures < 2:
            attempt, is_good = try_rate(asked)
            if is_good:
                good.append(attempt.rate)
            else:
                failures += 1
        if failures < 2:
            return Found(min(good), round(asked))
        asked *= 0.95
    return None
