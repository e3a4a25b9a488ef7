"""Finds the highest rate that an engine holds: a staircase of rates, each judged by its batches.

Run by itself, with --self-test, it climbs engines that are made up.
"""

import sys
from dataclasses import asdict, dataclass

INTERVAL_MS = 1000
# A stair is as long as the batches that judge it, and the two that it shares with its neighbours.
JUDGED_BATCHES = 10
STAIR_S = JUDGED_BATCHES + 2
# Two stairs below the first one that counts: 24 s, in which compilers warm up, and what was held up
# by that is caught up with.
WARM_UP = (0.3, 0.7)
# Fewer lines than this share of those that were due is a rate that was not read.
READ_SHARE = 0.98
# What the scheduling delay may vary by over a stair without being said to grow.
GROWTH_ALLOWED_MS = 100
# A delay beyond this many intervals will not be caught up within a stair.
HOPELESS_INTERVALS = 3


@dataclass
class Stair:
    """A rate, and what its batches say about it."""

    rate: int
    held: bool
    batches: int
    records_per_s: float
    processing_mean_ms: float
    processing_max_ms: float
    delay_first_ms: float
    delay_last_ms: float
    why: str


def judge(rate, batches):
    """A stair, from the batches that lie wholly in it."""
    first, last = batches[0], batches[-1]
    seconds = len(batches) * INTERVAL_MS / 1e3
    records_per_s = sum(batch["records"] for batch in batches) / seconds
    times = [batch["processing_ms"] for batch in batches]
    mean_ms = sum(times) / len(times)
    grown_ms = last["scheduling_delay_ms"] - first["scheduling_delay_ms"]
    why = ""
    if any(batch["failed"] for batch in batches):
        why = "a batch failed"
    elif last["scheduling_delay_ms"] > HOPELESS_INTERVALS * INTERVAL_MS:
        why = f"batches wait {last['scheduling_delay_ms']:.0f} ms"
    elif mean_ms >= INTERVAL_MS:
        why = f"a batch takes {mean_ms:.0f} ms in the mean"
    elif grown_ms > GROWTH_ALLOWED_MS:
        why = f"the scheduling delay grew by {grown_ms:.0f} ms"
    elif last["scheduling_delay_ms"] >= INTERVAL_MS:
        why = f"batches still wait {last['scheduling_delay_ms']:.0f} ms"
    elif records_per_s < READ_SHARE * rate:
        why = f"{records_per_s:.0f} of {rate} lines/s were read"
    return Stair(
        rate, not why, len(batches), records_per_s, mean_ms, max(times),
        first["scheduling_delay_ms"], last["scheduling_delay_ms"], why,
    )


def stairs(first_rate, factor, count):
    """The rates of a staircase, the warm-up's in front."""
    rates = [int(first_rate * share) for share in WARM_UP]
    return rates + [int(first_rate * factor**n) for n in range(count)]


def climb(rates, batches, tell=lambda stair: None):
    """Judges stair after stair until one is not held; `batches` come as they are done.

    The load begins in the interval of the first batch with lines, so a stair's first and last
    batch may hold lines of its neighbours, and judge none of them.
    """
    judged = []
    begin_ms = None
    of_stair = []
    for batch in batches:
        if begin_ms is None:
            if batch["records"] == 0:
                continue
            begin_ms = batch["batch_time_ms"]
        number = (batch["batch_time_ms"] - begin_ms) // INTERVAL_MS
        stair, within = divmod(number, STAIR_S)
        delay_ms = batch["scheduling_delay_ms"]
        if stair < len(WARM_UP) and delay_ms > len(WARM_UP) * STAIR_S * INTERVAL_MS:
            # What the warm-up cannot catch up with in its own length holds no higher rate.
            judged.append(judge(rates[len(WARM_UP)], [batch]))
            tell(judged[-1])
            return judged
        if stair < len(WARM_UP) or within == 0:
            of_stair = []
            continue
        if within == STAIR_S - 1:
            continue
        of_stair.append(batch)
        is_growing = delay_ms > of_stair[0]["scheduling_delay_ms"]
        hopeless = batch["failed"] or is_growing and delay_ms > HOPELESS_INTERVALS * INTERVAL_MS
        if within == JUDGED_BATCHES or hopeless:
            judged.append(judge(rates[stair], of_stair))
            tell(judged[-1])
            if not judged[-1].held or stair == len(rates) - 1:
                return judged
    return judged


def bracket(judged):
    """The highest rate held, and the lowest above it that was not: of stairs of one setting."""
    held = max((stair.rate for stair in judged if stair.held), default=None)
    above = [stair.rate for stair in judged if not stair.held and stair.rate > (held or 0)]
    return held, min(above, default=None)


def as_json(judged):
    """Stairs as they are kept."""
    return [asdict(stair) for stair in judged]


def made_up(rates, lines_per_s, reads_at_most=float("inf")):
    """The batches of an engine that processes and reads so many lines a second, for the test."""
    delay_ms = 0.0
    for number in range(-2, len(rates) * STAIR_S):
        due = rates[number // STAIR_S] if number >= 0 else 0
        records = min(due, reads_at_most)
        took_ms = records / lines_per_s * 1e3
        yield {
            "batch_time_ms": 1_000_000 + number * INTERVAL_MS,
            "records": records,
            "scheduling_delay_ms": delay_ms,
            "processing_ms": took_ms,
            "failed": False,
        }
        delay_ms = max(0.0, delay_ms + took_ms - INTERVAL_MS)


def self_test():
    """Climbs made-up engines, and raises where a bracket is wrong."""
    rates = stairs(1000, 1.5, 8)
    assert rates[:4] == [300, 700, 1000, 1500], rates

    def found(rates, **engine):
        return bracket(climb(rates, made_up(rates, **engine)))

    for lines_per_s in (1100, 1501, 4000, 9000):
        held, failed = found(rates, lines_per_s=lines_per_s)
        assert held < lines_per_s <= failed, (lines_per_s, held, failed)
    assert found(rates, lines_per_s=900) == (None, 1000)
    assert found(rates, lines_per_s=1e9) == (rates[-1], None)
    assert found(rates, lines_per_s=1e9, reads_at_most=2000) == (1500, 2250)
    for lines_per_s, batches in [(800, JUDGED_BATCHES), (20, 1)]:
        (failed,) = climb(rates, made_up(rates, lines_per_s))
        assert not failed.held and failed.batches == batches, failed
    assert climb(rates, iter(())) == []
    one_slow = [
        {"records": 10, "processing_ms": ms, "scheduling_delay_ms": delay_ms, "failed": False}
        for ms, delay_ms in [(500, 0), (1400, 0), (500, 400), (500, 0)]
    ]
    assert judge(10, one_slow).held, "a batch whose delay is caught up again is allowed"
    assert judge(10, [*one_slow[:3], {**one_slow[3], "failed": True}]).why == "a batch failed"
    print("climb: the self-test passed")


if __name__ == "__main__":
    if sys.argv[1:] != ["--self-test"]:
        sys.exit("usage: climb.py --self-test")
    self_test()
