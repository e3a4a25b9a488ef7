#!/usr/bin/env bash
# What a thousand very slow senders do to the batches of everybody: words counted at a steady rate without them and
# with them, in turn, and the ratio of what a batch takes.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
    cat <<'HELP'
usage: scripts/slow-senders.sh [TURNS] [SENDERS] [RATE]

Counts words of RATE lines a second (300k), 200,000 different ones, over loopback, TURNS times (5) alone and TURNS times beside SENDERS (1000)
connections that send a byte a second each, for 18 seconds of which the first 3 do not count, in batches of a second. Prints
the median and the 99th percentile of a batch's processing time for each turn, and the medians with their ratios. Every whole
line of every sender must be counted, or it fails.

exit codes: 0 done, 1 failed, 2 wrong usage, 4 the median changes by 5 % or more
HELP
}

case "${1:-}" in -h | --help) usage; exit 0 ;; esac
turns=${1:-5}
senders=${2:-1000}
rate=${3:-300k}
if ! [[ $turns =~ ^[1-9][0-9]*$ && $senders =~ ^[1-9][0-9]*$ ]] || [ $# -gt 3 ]; then usage >&2; exit 2; fi

cargo build --release --locked --quiet -p bench-suite -p loadgen
programs=${CARGO_TARGET_DIR:-target}/release
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A figure of a JSON summary, by its name.
figure() { grep -oE "\"$2\": ?[0-9.]+" "$1" | head -n 1 | grep -oE '[0-9.]+$'; }

# Median and p99 of what a batch takes, in milliseconds, beside so many slow senders.
run() {
    local slow=$1 address='' job sending=0
    : >"$work/listening"
    "$programs/bench-suite" job word-count --listen 127.0.0.1:0 --batch 1s --for 23s --warm-up 3s \
        --json >"$work/counted" 2>"$work/listening" &
    job=$!
    while [ -z "$address" ]; do
        kill -0 $job 2>/dev/null || { cat "$work/listening" >&2; exit 1; }
        address=$(grep -oE '127\.0\.0\.1:[0-9]+' "$work/listening" | head -n 1 || true)
    done
    echo '"records": 0,' >"$work/slow"
    if [ "$slow" -gt 0 ]; then
        "$programs/loadgen" send --connect "$address" --connections "$slow" --bytes-per-s 1 --for 17s --quiet \
            --json >"$work/slow" &
        sending=$!
    fi
    "$programs/loadgen" send --connect "$address" --rate "$rate" --vocabulary 200000 --for 18s --quiet --json >"$work/fast"
    if [ $sending -gt 0 ]; then wait $sending; fi
    wait $job
    local sent counted
    sent=$(($(figure "$work/fast" records) + $(figure "$work/slow" records)))
    counted=$(figure "$work/counted" records)
    if [ "$sent" != "$counted" ]; then
        echo "$sent lines were sent, and $counted counted" >&2
        exit 1
    fi
    echo "$(figure "$work/counted" processing_p50_ms) $(figure "$work/counted" processing_p99_ms)"
}

median() { sort -n | awk '{ a[NR] = $1 } END { print (a[int((NR + 1) / 2)] + a[int(NR / 2) + 1]) / 2 }'; }

printf '%6s %17s %17s %17s %17s\n' turn 'alone, p50 ms' 'p99 ms' 'beside them, p50' 'p99 ms'
for turn in $(seq "$turns"); do
    alone=$(run 0)
    beside=$(run "$senders")
    read -r alone_p50 alone_p99 <<<"$alone"
    read -r beside_p50 beside_p99 <<<"$beside"
    for figure in alone_p50 alone_p99 beside_p50 beside_p99; do echo "${!figure}" >>"$work/$figure"; done
    awk -v a="$alone_p50" -v b="$beside_p50" 'BEGIN { print b / a }' >>"$work/ratio_p50"
    awk -v a="$alone_p99" -v b="$beside_p99" 'BEGIN { print b / a }' >>"$work/ratio_p99"
    printf '%6d %17.3f %17.3f %17.3f %17.3f\n' "$turn" "$alone_p50" "$alone_p99" "$beside_p50" "$beside_p99"
done
printf '%6s %17.3f %17.3f %17.3f %17.3f\n' median "$(median <"$work/alone_p50")" "$(median <"$work/alone_p99")" \
    "$(median <"$work/beside_p50")" "$(median <"$work/beside_p99")"
p50=$(median <"$work/ratio_p50")
p99=$(median <"$work/ratio_p99")
awk -v n="$senders" -v p50="$p50" -v p99="$p99" 'BEGIN {
    printf "beside %d slow senders a batch takes %.3f of what it takes alone in the median, %.3f at p99\n", n, p50, p99
    exit p50 - 1 < 0.05 ? 0 : 4
}'
