#!/usr/bin/env bash
# What a storage level costs: lines counted at their batch's turn, over loopback and as fast as they come, at each
# level that differs for received data, in turn.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
    cat <<'HELP'
usage: scripts/cost-of-levels.sh [TURNS] [DIR]

Counts lines TURNS times (5) at each level, for 8 seconds of which the last 6 count, in batches of 200 ms which do all
their work at their turn, with a budget of 1 GiB, where memory has room for all of them, and one of 128 MiB, where it has not.
What is moved to disk goes to DIR: to memory if left out (/dev/shm), where what is left is the engine's own work; to a disk
otherwise. Prints the medians of lines a second, of CPU time for a million lines, of how long a batch took, and of how much
of what came was moved.

exit codes: 0 done, 1 failed, 2 wrong usage
HELP
}

case "${1:-}" in -h | --help) usage; exit 0 ;; esac
turns=${1:-5}
directory=${2:-/dev/shm}
if ! [[ $turns =~ ^[1-9][0-9]*$ ]] || [ $# -gt 2 ]; then usage >&2; exit 2; fi
if ! [ -d "$directory" ]; then echo "there is no directory $directory" >&2; exit 2; fi

cargo build --release --locked --quiet -p bench-suite -p loadgen
programs=${CARGO_TARGET_DIR:-target}/release
work=$(mktemp -d "$directory/cost-of-levels.XXXXXX")
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT

# A figure of a JSON summary, by its name.
figure() { grep -oE "\"$2\": ?[0-9.]+" "$1" | head -n 1 | grep -oE '[0-9.]+$'; }

# One run at a level and a budget; its figures are added to the files of that pair.
run() {
    local level=$1 budget=$2 address='' of="$work/$1-$2" spilled=()
    if [ "$level" != MEMORY_ONLY ]; then spilled=(--spill-dir "$work/spilled"); fi
    : >"$work/serving"
    "$programs/loadgen" serve --listen 127.0.0.1:0 --rate max --for 9s >"$work/served" 2>"$work/serving" &
    server=$!
    while [ -z "$address" ]; do
        kill -0 $server 2>/dev/null || { cat "$work/serving" >&2; exit 1; }
        address=$(grep -oE '127\.0\.0\.1:[0-9]+' "$work/serving" | head -n 1 || true)
    done
    "$programs/bench-suite" job count --connect "$address" --connections 2 --batch 200ms --for 8s --warm-up 2s \
        --all-at-the-turn --storage-level "$level" --memory "$budget" "${spilled[@]}" --progress ndjson --json \
        >"$work/summary" 2>"$work/batches" || { cat "$work/batches" >&2; exit 1; }
    wait $server
    server=
    figure "$work/summary" lines_per_s >>"$of-lines"
    awk -v s="$(figure "$work/summary" measured_cpu_seconds)" -v n="$(figure "$work/summary" measured_records)" \
        'BEGIN { print s / n * 1e6 }' >>"$of-cpu"
    figure "$work/summary" processing_p50_ms >>"$of-batch"
    grep -oE '"spilled_bytes":[0-9]+' "$work/batches" | awk -F: -v all="$(figure "$work/summary" bytes)" \
        '{ moved += $2 } END { print moved / all }' >>"$of-moved"
}

median() { sort -n | awk '{ a[NR] = $1 } END { print (a[int((NR + 1) / 2)] + a[int(NR / 2) + 1]) / 2 }'; }

pairs='MEMORY_ONLY-1GiB MEMORY_AND_DISK-1GiB DISK_ONLY-1GiB MEMORY_ONLY-128MiB MEMORY_AND_DISK-128MiB DISK_ONLY-128MiB'
for turn in $(seq "$turns"); do
    for pair in $pairs; do
        echo "turn $turn of $turns: ${pair/-/ with }" >&2
        run "${pair%-*}" "${pair#*-}"
    done
done
printf '%-16s %8s %12s %8s %18s %12s %8s\n' level budget lines/s 'of first' 's of CPU/million' 'batch, ms' moved
first=$(median <"$work/${pairs%% *}-lines")
for pair in $pairs; do
    of="$work/$pair"
    lines=$(median <"$of-lines")
    printf '%-16s %8s %12.0f %8.2f %18.4f %12.1f %7.0f%%\n' "${pair%-*}" "${pair#*-}" "$lines" \
        "$(awk -v a="$lines" -v b="$first" 'BEGIN { print a / b }')" "$(median <"$of-cpu")" "$(median <"$of-batch")" \
        "$(awk -v m="$(median <"$of-moved")" 'BEGIN { print m * 100 }')"
done
