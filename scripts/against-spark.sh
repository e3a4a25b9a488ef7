#!/usr/bin/env bash
# Holds the engine against Spark's own DStreams on this machine. docs/against-spark.md says how.
set -euo pipefail

help() {
    cat <<'END'
Holds the engine against Spark's own DStreams: the highest rate that each holds, in batches of a
second, of the same lines, on this machine, in turns

Usage: scripts/against-spark.sh [OPTIONS]

Options:
      --workload NAME  grep, word-count or windowed-word-count-inverse; may be repeated
                       [default: all three]
      --quick          One setting of Spark instead of the best of several, one turn, shorter runs
      --turns N        How often the engines take turns [default: 2, or 1 with --quick]
      --env DIR        Where Spark is put, once [default: target/against-spark]
      --results DIR    Where the results are kept, in a new folder [default: results]
      --port PORT      The load generator's port on loopback; 0 takes a free one [default: 0]
      --seed N         Of the lines [default: 1]
      --json           Print all that was measured as JSON
      --self-test      Climb engines that are made up, and do nothing else
  -h, --help           Print help

It needs Java 17 or newer with its compiler, Python 3.10 or newer, a Rust toolchain, about 1 GB of
disk, and PyPI the first time. All three workloads take about half an hour, with --quick ten minutes.

Exit codes:
  0  done, and every target met    1  failed    2  wrong usage    4  a target was missed
  5  not valid: the machine was too busy for the load generator    130  stopped by Ctrl-C
END
}

fail() {
    printf 'against-spark: %s\n' "$*" >&2
    exit 1
}

# Of the package whose newer versions still have DStreams.
pyspark_version=4.3.0
command="scripts/against-spark.sh${*:+ $*}"
asked_in=$PWD
cd "$(dirname "$0")/.."
env_dir=$PWD/target/against-spark
results=$PWD/results
passed_on=()
while (($#)); do
    case $1 in
        -h | --help) help && exit ;;
        --self-test) exec python3 -B scripts/spark/climb.py --self-test ;;
        --quick | --json) passed_on+=("$1") && shift ;;
        --env | --results | --workload | --turns | --port | --seed)
            if (($# < 2)); then
                printf 'against-spark: %s needs a value; --help has them all\n' "$1" >&2
                exit 2
            fi
            case $1 in
                --env) env_dir=$(cd "$asked_in" && realpath -m -- "$2") ;;
                --results) results=$(cd "$asked_in" && realpath -m -- "$2") ;;
                *) passed_on+=("$1" "$2") ;;
            esac
            shift 2
            ;;
        *)
            printf 'against-spark: there is no option %s; --help has them all\n' "$1" >&2
            exit 2
            ;;
    esac
done

# What is missing is told before anything is built.
install_java='install a JDK of version 17, such as the package openjdk-17-jdk-headless'
for program in java javac jar; do
    command -v "$program" >/dev/null || fail "there is no $program, which Spark needs: $install_java"
done
java_version=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -n 1)
if ((${java_version:-0} < 17)); then
    fail "java is of version ${java_version:-unknown}, and Spark $pyspark_version needs 17: $install_java"
fi
python3 -c 'import sys, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null ||
    fail 'there is no python3 of version 3.10 or newer with venv: install python3 and python3-venv'

cargo build --release --locked --package loadgen --package bench-suite >&2
release=$(cargo metadata --format-version 1 --no-deps --locked |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')/release

venv=$env_dir/venv
installed() {
    "$venv/bin/python" -c "import pyspark; assert pyspark.__version__ == '$pyspark_version'" 2>/dev/null
}
if ! installed; then
    printf 'against-spark: installing pyspark %s into %s\n' "$pyspark_version" "$env_dir" >&2
    mkdir -p "$env_dir"
    python3 -m venv "$venv" >&2 || fail "no Python environment could be made in $venv: install python3-venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-input \
        "pyspark==$pyspark_version" >"$env_dir/pip.log" 2>&1 || {
        tail -n 5 "$env_dir/pip.log" >&2
        fail "pyspark $pyspark_version could not be installed: is PyPI reached from here? $env_dir/pip.log has it all"
    }
    installed || fail "pyspark $pyspark_version was installed, but cannot be imported: remove $venv and try again"
fi
spark_home=$("$venv/bin/python" -c 'import os, pyspark; print(os.path.dirname(pyspark.__file__))')

rm -rf "$env_dir/classes"
mkdir -p "$env_dir/classes"
javac --release 17 -nowarn -proc:none -d "$env_dir/classes" -classpath "$spark_home/jars/*" \
    scripts/spark/DStreams.java >"$env_dir/javac.log" 2>&1 || {
    cat "$env_dir/javac.log" >&2
    fail "scripts/spark/DStreams.java could not be compiled against Spark $pyspark_version"
}
jar --create --file "$env_dir/dstreams.jar" -C "$env_dir/classes" .

exec "$venv/bin/python" -B scripts/spark/compare.py "${passed_on[@]}" --results "$results" \
    --loadgen "$release/loadgen" --bench-suite "$release/bench-suite" --spark-home "$spark_home" \
    --spark-jar "$env_dir/dstreams.jar" --command "$command"
