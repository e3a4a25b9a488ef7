"""The table that is printed, and the folder that is kept."""

import json
import os
import re
import subprocess
import time
from itertools import count
from pathlib import Path

import children
import climb

HEAD = [
    "workload", "Spark M/s", "bracket", "ours M/s", "longest batch", "ratio", "target", "met", "same",
    "valid",
]


def millions(lines_per_s):
    """Lines per second in millions, or a dash."""
    return "-" if lines_per_s is None else f"{lines_per_s / 1e6:.3f}"


def cells(row):
    """A row of the table."""
    held, failed = row["spark_held_lines_per_s"], row["spark_failed_lines_per_s"]
    return [
        row["workload"],
        millions(held),
        f"[{millions(held)}, {millions(failed)}]",
        f"{row['ours_lines_per_s'] / 1e6:.2f}",
        f"{row['ours_longest_batch_ms']:.0f} ms",
        f"{row['ratio']:.1f}",
        str(row["target"]),
        "yes" if row["met"] else "NO",
        "yes" if row["checked"]["right"] else "NO",
        "yes" if row["valid"] else "NO",
    ]


def checkup(bench_suite):
    """The state of the machine, as `bench-suite doctor` finds it."""
    done = subprocess.run([bench_suite, "doctor", "--json"], capture_output=True, text=True, check=False)
    # A machine that has something the matter ends with 5, and is told of all the same.
    if done.returncode not in (0, 5):
        raise children.Died(f"bench-suite doctor ended with exit code {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


def warnings(checkup):
    """What of it makes figures untrustworthy, a sentence each."""
    return [found["sentence"] for found in checkup["findings"] if found["weight"] == "warning"]


def summary(rows, checkup):
    """The table, with what its columns mean, and what was the matter with the machine."""
    table = [HEAD, *map(cells, rows)]
    widths = [max(len(line[n]) for line in table) for n in range(len(HEAD))]
    lines = []
    for line in table:
        first, *others = [
            cell.ljust(width) if n == 0 else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        lines.append("  ".join([first, *others]))
    lines.insert(1, "-" * len(lines[0]))
    settings = [f"{row['workload']}: {row['spark_setting_text']}." for row in rows]
    legend = f"""
Spark M/s      the highest rate in million lines per second that Spark's DStreams held, in Java, in
               batches of a second: over {climb.JUDGED_BATCHES} batches the mean processing time
               stayed under the interval, the scheduling delay did not grow, and all lines were read
bracket        that rate, and the next higher one tried, which was not held
ours M/s       what ours took in and processed of an unlimited sender: the median of its turns, or
               the lower of two
longest batch  the longest total delay of any of our batches; under 1000 ms the rate is held
same           both engines found the same in the same lines
valid          the load generator itself was never late; where it was, the machine was too busy
"""
    matter = [f"  ! {warning}" for warning in warnings(checkup)]
    if matter:
        legend += "\nThe machine, before this was measured:\n" + "\n".join(matter) + "\n"
    legend += "\nWhat Spark held most with:\n"
    return "\n".join([*lines, legend.rstrip("\n"), *(f"  {setting}" for setting in settings)])


def machine():
    """What the figures were measured on."""

    def field(path, name):
        text = Path(path).read_text(encoding="utf-8")
        match = re.search(rf"^{name}\s*:\s*(.*)$", text, re.MULTILINE)
        return match.group(1).strip() if match else ""

    uname = os.uname()
    return {
        "processor": field("/proc/cpuinfo", "model name") or uname.machine,
        "cores": len(os.sched_getaffinity(0)),
        "memory_mib": int(field("/proc/meminfo", "MemTotal").removesuffix(" kB") or 0) // 1024,
        "kernel": f"{uname.sysname.lower()} {uname.release}",
    }


def output(command):
    """What a command prints, or nothing where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def versions(options):
    """What was compared, and by what."""
    repository = Path(__file__).parent
    commit = output(["git", "-C", repository, "rev-parse", "--short=12", "HEAD"])
    # The index of results is written by the program, and changes nothing in it.
    changed = output(
        ["git", "-C", repository, "status", "--porcelain", "--untracked-files=no", "--", ":/",
         ":(top,exclude)results"]
    )
    java = output(["java", "--version"]).splitlines()
    jar = next(Path(options.spark_home, "jars").glob("spark-streaming_*.jar"), None)
    return {
        "millstream": f"commit {commit or 'unknown'}{'+' if changed else ''}",
        "spark": jar.stem.rsplit("-", 1)[1] if jar else "unknown",
        "java": java[0] if java else "unknown",
    }


def raw(rows, options, versions):
    """All that was measured."""
    return {
        "schema_version": 1,
        "machine": machine(),
        "versions": versions,
        "command": options.command,
        "batch_interval_ms": climb.INTERVAL_MS,
        "rows": rows,
    }


def short_name(machine):
    """A machine's name as folders have it: letters, digits and dashes."""
    name = re.sub("[^a-z0-9]+", "-", machine["processor"][:24].lower()).strip("-")
    return f"{name}-{machine['cores']}core"


def new_folder(results, name):
    """A folder that was not there: with a number behind its name where one was."""
    for number in count(1):
        folder = Path(results, name if number == 1 else f"{name}-{number}")
        try:
            folder.mkdir(parents=True)
            return folder
        except FileExistsError:
            pass


def escaped(text):
    """A text as a part of a line of Markdown, as `bench-suite` writes its own."""
    return re.sub(r"([\\`*_\[\]<>|~&$])", r"\\\1", " ".join(text.splitlines()))


def headline(rows):
    """What came out, in a line."""
    return "times Spark's rate: " + ", ".join(f"{row['ratio']:.1f} ({row['workload']})" for row in rows)


def keep(options, raw, checkup, summary):
    """Writes a folder of results, a new one always, and gives its path."""
    on, using = raw["machine"], raw["versions"]
    now = time.gmtime()
    name = f"{time.strftime('%Y-%m-%d', now)}-{short_name(on)}-spark"
    folder = new_folder(options.results, name)
    state = " ".join(warnings(checkup)) or "nothing speaks against its figures"
    machine = f"{on['processor']}, {on['cores']} cores, {on['memory_mib']} MiB, {on['kernel']}"
    command = raw["command"].replace("|", "\\|")
    readme = f"""# Against Spark, {time.strftime('%Y-%m-%d %H:%M UTC', now)}

| | |
|---|---|
| headline | {escaped(headline(raw["rows"]))} |
| command | `{command}` |
| machine | {escaped(machine)} |
| state | {escaped(state)} |
| version | {using['millstream']} |
| Spark | {using['spark']}, DStreams in Java; {escaped(using['java'])} |

`summary.txt` is what the command printed, `raw.json` all that it measured: every climb of Spark with
its setting and each stair, and the summary of every run of ours; `doctor.json` is the state of the
machine before. Load generator and engine ran as
processes of their own on the same machine, over loopback; the engines took turns.
"""
    files = {
        "raw.json": json.dumps(raw, indent=2),
        "doctor.json": json.dumps(checkup, indent=2, ensure_ascii=False),
        "summary.txt": summary,
        "README.md": readme.rstrip(),
    }
    for file, content in files.items():
        (folder / file).write_text(content + "\n", encoding="utf-8")
    return folder


def refresh_index(options):
    """Has the page written that lists all results. Where it fails, the result is kept all the same."""
    subprocess.run(
        [options.bench_suite, "index", options.results], stdout=subprocess.DEVNULL, check=False
    )
