"""The load generator and the two engines, each in a process of its own."""

import json
import shutil
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from children import Child, Died

# Spark comes up, compiles and connects within this, also on a busy machine.
TO_START_S = 300
# A batch takes a second; an engine that has told of none for this long is given up.
SILENCE_S = 120


@dataclass(frozen=True)
class Setting:
    """What Spark is given."""

    threads: int = 4
    receivers: int = 2
    block_ms: int = 200
    serializer: str = "Java"
    collector: str = "G1"

    def __str__(self):
        receivers = "receiver" if self.receivers == 1 else "receivers"
        return (
            f"local[{self.threads}], {self.receivers} {receivers}, blocks of {self.block_ms} ms, "
            f"{self.serializer} serializer, {self.collector}"
        )

    def submit_flags(self):
        """As spark-submit takes them."""
        serializer = {"Java": "JavaSerializer", "Kryo": "KryoSerializer"}[self.serializer]
        conf = {
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.extraJavaOptions": f"-XX:+Use{self.collector}GC",
            "spark.serializer": f"org.apache.spark.serializer.{serializer}",
            "spark.streaming.blockInterval": f"{self.block_ms}ms",
            "spark.ui.enabled": "false",
        }
        flags = ["--master", f"local[{self.threads}]", "--driver-memory", "4g"]
        return flags + [word for item in conf.items() for word in ("--conf", "=".join(item))]


def alternatives(cores):
    """Groups of changes to a setting, of which the best of each group is kept."""
    threads = [dict(threads=2, receivers=1), dict(threads=3, receivers=1)]
    if cores > 4:
        threads.append(dict(threads=cores, receivers=2))
    return [
        threads,
        [dict(block_ms=100), dict(block_ms=500)],
        [dict(serializer="Kryo")],
        [dict(collector="Parallel")],
    ]


def changed(setting, change):
    """The setting with a change."""
    return replace(setting, **change)


class Engines:
    """Where everything is, and the folder for what the processes write."""

    def __init__(self, loadgen, bench_suite, spark_home, spark_jar, port, seed):
        self.loadgen = loadgen
        self.bench_suite = bench_suite
        self.spark_home = Path(spark_home)
        self.spark_jar = spark_jar
        self.port = port
        self.seed = seed
        self.scratch = Path(tempfile.mkdtemp(prefix="against-spark-"))

    def clean_up(self):
        """Removes what the processes wrote."""
        shutil.rmtree(self.scratch, ignore_errors=True)

    def load(self, connections, *flags):
        """A server of lines, once it listens, and its address."""
        command = [
            self.loadgen, "serve", "--listen", f"127.0.0.1:{self.port}", "--seed", self.seed,
            "--connections", connections, "--json", *flags,
        ]
        child = Child("loadgen", command, self.scratch / "loadgen.stderr")
        deadline = time.monotonic() + TO_START_S
        while time.monotonic() < deadline:
            for line in child.stderr_lines():
                if "waiting for clients on " in line and line.endswith("\n"):
                    return child, line.rsplit(" ", 1)[1].strip()
            child.check_alive()
            time.sleep(0.05)
        raise Died(f"loadgen did not listen within {TO_START_S} s{child.last_words()}")

    def spark(self, workload, address, setting):
        """Spark, at work on a load. It checkpoints to, and spills into, a folder of its own."""
        host, port = address.rsplit(":", 1)
        for folder in ("spark", "conf"):
            shutil.rmtree(self.scratch / folder, ignore_errors=True)
            (self.scratch / folder).mkdir()
        command = [
            self.spark_home / "bin/spark-submit", "--class", "DStreams", *setting.submit_flags(),
            self.spark_jar, workload, host, port, setting.receivers,
            self.scratch / "spark/checkpoint",
        ]
        env = {
            "SPARK_HOME": str(self.spark_home),
            "SPARK_CONF_DIR": str(self.scratch / "conf"),
            "SPARK_LOCAL_DIRS": str(self.scratch / "spark"),
            "SPARK_LOCAL_IP": "127.0.0.1",
        }
        return Child("Spark", command, self.scratch / "spark.stderr", env)

    def millstream(self, workload, address, connections, run_for_s):
        """Our engine's summary, and its batches, after a run."""
        progress = self.scratch / "millstream.stderr"
        command = [
            self.bench_suite, "job", workload, "--connect", address, "--connections", connections,
            "--batch", "1s", "--for", f"{run_for_s}s", "--json", "--progress", "ndjson",
        ]
        if workload.startswith("windowed"):
            command += ["--window", "10s", "--slide", "1s"]
        child = Child("bench-suite", command, progress)
        summary = child.rest(run_for_s + SILENCE_S)
        child.end()
        if child.process.returncode != 0:
            code = child.process.returncode
            raise Died(f"bench-suite ended with exit code {code}{child.last_words()}")
        lines = [line for line in child.stderr_lines() if line.startswith("{")]
        told = [json.loads(line) for line in lines]
        return json.loads(summary), [batch for batch in told if "batch_time_ms" in batch]


def sent(load):
    """Ends a load, and gives its summary: in it, whether the generator kept to its schedule."""
    load.end()
    return json.loads(load.rest(SILENCE_S))


def spark_says(spark):
    """What Spark tells, of batches and of their results, as they are done."""
    return spark.json_lines(TO_START_S, SILENCE_S)


def spark_batches(spark):
    """What the scheduler says of each batch, as it is done."""
    return (told for told in spark_says(spark) if "records" in told)


def as_json(setting):
    """A setting as it is kept."""
    return asdict(setting)
