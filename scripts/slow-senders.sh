#!/usr/bin/env bash
# What a thousand very slow senders do to the batches of everybody: one job counts words at a steady rate; slow senders
# come and go, and the time that a batch takes beside them is held against that without them. The job has a core, and all
# who send have another one, as if they were other machines: what sending costs is not the job's.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
    cat <<'HELP'
usage: scripts/slow-senders.sh [TURNS] [SENDERS] [RATE]

Counts words of RATE lines a second (300k), 200,000 different ones, over loopback, in batches of half a second. TURNS times
(8) there are 20 seconds of nothing else, and 20 seconds beside SENDERS (1000) connections that send a byte a second each; the
first 3 seconds of each do not count. It is one job from the first to the last, so that both have the same memory and tables;
it has the first core, and whoever sends the second one. Needs taskset. Prints the median and the 95th percentile of a batch's processing time for each turn, and the median of the turns' ratios. Every whole line
of every sender must be counted, or it fails.

exit codes: 0 done, 1 failed, 2 wrong usage, 4 the median grows by 5 % or more
HELP
}

case "${1:-}" in -h | --help) usage; exit 0 ;; esac
turns=${1:-8}
senders=${2:-1000}
rate=${3:-300k}
if ! [[ $turns =~ ^[1-9][0-9]*$ && $senders =~ ^[1-9][0-9]*$ ]] || [ $# -gt 3 ]; then usage >&2; exit 2; fi

cargo build --release --locked --quiet -p bench-suite -p loadgen
programs=${CARGO_TARGET_DIR:-target}/release
work=$(mktemp -d)
job=
sending=
trap 'for left in $job $sending; do kill "$left"; done; rm -rf "$work"' EXIT

# A figure of a JSON summary, by its name.
figure() { grep -oE "\"$2\": ?[0-9.]+" "$1" | head -n 1 | grep -oE '[0-9.]+$'; }
now_ms() { date +%s%3N; }

all_s=$((turns * 40 + 5))
taskset -c 0 "$programs/bench-suite" job word-count --listen 127.0.0.1:0 --batch 500ms --parallelism 1 --for "$((all_s + 5))s" \
    --progress ndjson --json >"$work/counted" 2>"$work/batches" &
job=$!
address=
while [ -z "$address" ]; do
    kill -0 $job 2>/dev/null || { cat "$work/batches" >&2; exit 1; }
    address=$(grep -oE '127\.0\.0\.1:[1-9][0-9]*' "$work/batches" | head -n 1 || true)
done
taskset -c 1 "$programs/loadgen" send --connect "$address" --rate "$rate" --vocabulary 200000 --for "${all_s}s" --quiet --json \
    >"$work/fast" &
sending=$!
sleep 5

# Which part of a batch's interval was beside whom: from, until (milliseconds), name, turn.
slow=0
for turn in $(seq "$turns"); do
    from=$(now_ms)
    sleep 20
    echo "$from $(now_ms) alone $turn" >>"$work/phases"
    from=$(now_ms)
    taskset -c 1 "$programs/loadgen" send --connect "$address" --connections "$senders" --bytes-per-s 1 --for 20s --quiet --json \
        >"$work/slow"
    echo "$from $(now_ms) beside $turn" >>"$work/phases"
    slow=$((slow + $(figure "$work/slow" records)))
    echo "turn $turn of $turns" >&2
done
wait $sending
sending=
wait $job
job=
sent=$(($(figure "$work/fast" records) + slow))
counted=$(figure "$work/counted" records)
if [ "$sent" != "$counted" ]; then
    echo "$sent lines were sent, and $counted counted" >&2
    exit 1
fi

grep -oE '"(batch_time_ms|processing_ms)":[0-9.]+' "$work/batches" | sed 's/.*://' | paste - - >"$work/took"
awk '
    function at(share, a, n) { return a[int((n - 1) * share) + 1] }
    function of_phase(from, until, took,    n, i, j, t, a) {
        n = 0
        for (i = 1; i <= batches; i++) if (time[i] - 500 >= from + 3000 && time[i] <= until) a[++n] = ms[i]
        for (i = 2; i <= n; i++) { t = a[i]; for (j = i - 1; j > 0 && a[j] > t; j--) a[j + 1] = a[j]; a[j + 1] = t }
        took["p50"] = at(0.5, a, n); took["p95"] = at(0.95, a, n)
    }
    function middle(list, n,    i, j, t) {
        for (i = 2; i <= n; i++) { t = list[i]; for (j = i - 1; j > 0 && list[j] > t; j--) list[j + 1] = list[j]; list[j + 1] = t }
        return (list[int((n + 1) / 2)] + list[int(n / 2) + 1]) / 2
    }
    FNR == NR { time[++batches] = $1; ms[batches] = $2; next }
    FNR == 1 { printf "%6s %14s %10s %18s %10s\n", "turn", "alone, p50 ms", "p95 ms", "beside them, p50", "p95 ms" }
    { of_phase($1, $2, took) }
    $3 == "alone" { p50 = took["p50"]; p95 = took["p95"] }
    $3 == "beside" {
        printf "%6d %14.3f %10.3f %18.3f %10.3f\n", $4, p50, p95, took["p50"], took["p95"]
        r50[++n] = took["p50"] / p50; r95[n] = took["p95"] / p95
    }
    END {
        printf "beside '"$senders"' slow senders a batch takes %.3f of what it takes alone in the median, %.3f at p95\n", middle(r50, n), middle(r95, n)
        exit middle(r50, n) - 1 < 0.05 ? 0 : 4
    }
' "$work/took" "$work/phases"
