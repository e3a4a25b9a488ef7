"""Holds the engine against Spark's own DStreams: the highest rate of each, in turns.

`scripts/against-spark.sh` runs this, once all that it needs is there.
"""

import argparse
import json
import os
import signal
import statistics
import sys
from dataclasses import dataclass

import children
import climb
import engines
import report
from engines import Setting

CONNECTIONS = 2
# So many lines tell whether both engines find the same.
CHECKED_LINES = 200_000
# The first climb goes up by a quarter, the settings' by a tenth, those of the turns by less.
FIRST_FACTOR, SETTINGS_FACTOR, TURNS_FACTOR = 1.25, 1.10, 1.07
# A turn begins this far below what was held before.
TURN_BEGINS_AT = 0.9
STAIRS = 20
# One line in a hundred that the generator itself sends later than this makes a climb worth nothing.
GENERATOR_LAG_MS = 250
# A machine on which the first stair is too high gets lower ones, so often.
LOWER_TRIES = 4


@dataclass(frozen=True)
class Workload:
    """What is asked of both engines."""

    name: str
    # At least so many times Spark's rate.
    target: int
    # Where the first climb begins, in lines per second.
    first_rate: int
    # What both engines call that which they find.
    found: str
    # Whether a batch's answer is about a window, so that answers do not add up over batches.
    windowed: bool = False


WORKLOADS = [
    Workload("grep", 10, 400_000, "matched"),
    Workload("word-count", 40, 80_000, "total"),
    Workload("windowed-word-count-inverse", 40, 80_000, "total", windowed=True),
]


def tell(text):
    """Progress, on stderr."""
    print(text, file=sys.stderr, flush=True)


def tell_stair(stair):
    """How a stair went."""
    what = "held" if stair.held else f"not held: {stair.why}"
    tell(
        f"    {stair.rate / 1e6:6.3f} M lines/s  batches take {stair.processing_mean_ms:4.0f} ms"
        f" ({stair.processing_max_ms:.0f} at most), {what}"
    )


def found(workload, answers):
    """What an engine has found in all batches together."""
    values = [answer[workload.found] for answer in answers]
    return max(values, default=0) if workload.windowed else sum(values)


def check_answers(at, workload):
    """What both engines find in the same lines."""
    tell(f"{workload.name}: both engines over the same {CHECKED_LINES} lines")
    records = ["--records", CHECKED_LINES]
    load, address = at.load(CONNECTIONS, *records)
    spark = at.spark(workload.name, address, Setting())
    answers, lines = [], 0
    for told in engines.spark_says(spark):
        if "result" in told:
            answers.append(told["result"])
        else:
            lines += told["records"]
        if lines >= CHECKED_LINES:
            break
    spark.end()
    load.end()
    load, address = at.load(CONNECTIONS, *records)
    summary, batches = at.millstream(workload.name, address, CONNECTIONS, 5)
    load.end()
    ours = found(workload, [batch["result"] for batch in batches if batch.get("result")])
    theirs = found(workload, answers)
    return {
        "lines": CHECKED_LINES,
        "lines_millstream": summary["records"],
        "lines_spark": lines,
        "found_millstream": ours,
        "found_spark": theirs,
        "right": ours == theirs > 0 and summary["records"] == lines == CHECKED_LINES,
    }


def climb_spark(at, workload, setting, first_rate, factor):
    """One climb of Spark with a setting, from start to end."""
    tell(f"{workload.name}: Spark with {setting}")
    rates = climb.stairs(first_rate, factor, STAIRS)
    schedule = f"steps:{','.join(map(str, rates))}/{climb.STAIR_S}s"
    load_for_s = len(rates) * climb.STAIR_S
    load, address = at.load(setting.receivers, "--rate", schedule, "--for", f"{load_for_s}s")
    spark = at.spark(workload.name, address, setting)
    judged = climb.climb(rates, engines.spark_batches(spark), tell_stair)
    # The load's end comes first: it has readers until then, and none of them hangs up.
    sent = engines.sent(load)
    spark.end()
    return {"setting": setting, "stairs": judged, "sent": sent}


def first_climb(at, workload):
    """The climb that finds where Spark is, from ever lower rates where the first is too high."""
    rate = workload.first_rate
    for _ in range(LOWER_TRIES):
        climbed = climb_spark(at, workload, Setting(), rate, FIRST_FACTOR)
        if climb.bracket(climbed["stairs"])[0]:
            return climbed
        rate //= 2
    raise children.Died(f"Spark holds not even {rate * 2} lines/s of {workload.name} on this machine")


def best(climbs):
    """The setting that held the highest rate, with the bracket of all its climbs."""
    setting = max(climbs, key=lambda c: climb.bracket(c["stairs"])[0] or 0)["setting"]
    stairs = [stair for c in climbs if c["setting"] == setting for stair in c["stairs"]]
    return setting, *climb.bracket(stairs)


def try_settings(at, workload, climbs):
    """Climbs with one change after the other, each from above what the best so far has held."""
    for group in engines.alternatives(os.cpu_count() or 1):
        setting, *_ = best(climbs)
        for change in group:
            _, held, _ = best(climbs)
            first_rate = int(held * SETTINGS_FACTOR)
            changed = engines.changed(setting, change)
            climbs.append(climb_spark(at, workload, changed, first_rate, SETTINGS_FACTOR))


def run_ours(at, workload, run_for_s):
    """One run of ours, with as many lines as it takes."""
    load_for_s = run_for_s + engines.SILENCE_S
    load, address = at.load(CONNECTIONS, "--rate", "max", "--for", f"{load_for_s}s")
    summary, _ = at.millstream(workload.name, address, CONNECTIONS, run_for_s)
    load.end()
    tell(
        f"{workload.name}: ours {summary['lines_per_s'] / 1e6:.2f} M lines/s,"
        f" no batch over {summary['total_delay_max_ms']:.0f} ms"
    )
    return summary


def compare(at, workload, options):
    """All that is measured of one workload."""
    checked = check_answers(at, workload)
    climbs = [first_climb(at, workload)]
    if not options.quick:
        try_settings(at, workload, climbs)
    ours = []
    for _ in range(options.turns):
        ours.append(run_ours(at, workload, options.ours_s))
        setting, held, _ = best(climbs)
        first_rate = int(held * TURN_BEGINS_AT)
        climbs.append(climb_spark(at, workload, setting, first_rate, TURNS_FACTOR))
    setting, held, failed = best(climbs)
    lines_per_s = statistics.median_low(summary["lines_per_s"] for summary in ours)
    longest_ms = max(summary["total_delay_max_ms"] for summary in ours)
    in_time = longest_ms < climb.INTERVAL_MS and all(run["failed"] == 0 for run in ours)
    ratio = lines_per_s / held
    held_up_ms = max(c["sent"]["raw_lag_ms"]["p99"] for c in climbs)
    return {
        "workload": workload.name,
        "checked": checked,
        "spark_held_lines_per_s": held,
        "spark_failed_lines_per_s": failed,
        "spark_setting": engines.as_json(setting),
        "spark_setting_text": str(setting),
        "ours_lines_per_s": lines_per_s,
        "ours_longest_batch_ms": longest_ms,
        "ours_in_time": in_time,
        "ratio": ratio,
        "target": workload.target,
        "generator_lag_p99_ms": held_up_ms,
        "valid": held_up_ms <= GENERATOR_LAG_MS,
        "met": ratio >= workload.target and in_time and checked["right"],
        "ours": ours,
        "spark": [
            {
                "setting": engines.as_json(c["setting"]),
                "stairs": climb.as_json(c["stairs"]),
                "sent": c["sent"],
            }
            for c in climbs
        ],
    }


def read_options():
    """The flags: those of the person, and those with which the script says where things are."""
    parser = argparse.ArgumentParser(
        prog="against-spark",
        usage="scripts/against-spark.sh [OPTIONS]; --help has them all",
        add_help=False,
        allow_abbrev=False,
    )
    names = [workload.name for workload in WORKLOADS]
    parser.add_argument("--workload", action="append", choices=names)
    parser.add_argument("--turns", type=int)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--results", required=True)
    for name in ("loadgen", "bench-suite", "spark-home", "spark-jar", "command"):
        parser.add_argument(f"--{name}", required=True)
    options = parser.parse_args()
    options.workload = options.workload or names
    options.turns = options.turns if options.turns is not None else (1 if options.quick else 2)
    options.ours_s = 12 if options.quick else 20
    if options.turns < 1:
        parser.error(f"--turns is {options.turns}, and must be at least 1")
    if not 0 <= options.port <= 65535:
        parser.error(f"--port is {options.port}, and must be from 0 to 65535; 0 takes a free one")
    return options


def stop(_signal, _frame):
    """A signal ends the comparison as Ctrl-C does."""
    raise KeyboardInterrupt


def main():
    """Measures, prints and keeps; the exit code says what it came to."""
    options = read_options()
    signal.signal(signal.SIGTERM, stop)
    versions = report.versions(options)
    tell("the state of the machine, about 3 s")
    try:
        checkup = report.checkup(options.bench_suite)
    except children.Died as died:
        tell(f"against-spark: {died}")
        return 1
    for warning in report.warnings(checkup):
        tell(f"warning: {warning}")
    at = engines.Engines(
        options.loadgen, options.bench_suite, options.spark_home, options.spark_jar,
        options.port, options.seed,
    )
    rows, code = [], 0
    try:
        for workload in WORKLOADS:
            if workload.name in options.workload:
                rows.append(compare(at, workload, options))
    except children.Died as died:
        tell(f"against-spark: {died}")
        code = 1
    except KeyboardInterrupt:
        tell("against-spark: stopped; what it had started is ended")
        code = 130
    finally:
        children.end_all()
        at.clean_up()
    if rows:
        raw, summary = report.raw(rows, options, versions), report.summary(rows, checkup)
        print(json.dumps(raw, indent=2) if options.json else summary)
        tell(f"kept in {report.keep(options, raw, checkup, summary)}")
        report.refresh_index(options)
    return code or outcome(rows)


def outcome(rows):
    """The exit code, and why it is not 0."""
    if not all(row["checked"]["right"] for row in rows):
        tell("against-spark: the engines did not find the same, so the rates mean nothing")
        return 1
    if not all(row["valid"] for row in rows):
        tell(
            "against-spark: the load generator itself was late, so the machine was too busy for a"
            " valid run; run it again when nothing else runs"
        )
        return 5
    return 0 if all(row["met"] for row in rows) else 4


if __name__ == "__main__":
    sys.exit(main())
