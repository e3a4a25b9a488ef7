#!/usr/bin/env bash
# What the write-ahead log costs, and a replica beside it: words counted over loopback as fast as they come, without
# the log, with it, and with a second copy, in turn, and the ratios of what they keep up with.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
    cat <<'HELP'
usage: scripts/cost-of-the-log.sh [TURNS] [DIR]

Counts words without the log, with it, and with it and a replica on this machine, TURNS times each (5), for 8 seconds of
which the last 6 count, with the checkpoint directory and its copy in DIR: in memory if left out (/dev/shm), where a
sync costs nothing and what is left is the log's own work, and the link's; on a disk otherwise. Prints lines a second of
each turn, and the medians with their ratios. Beside them stands how many MB a second went into the log, and how many a
plain write of as much puts there, with nothing else to do: on a virtual machine, memory that was not used lately can cost several
times what its copying costs, and the log can be no faster than that.

exit codes: 0 done, 1 failed, 2 wrong usage
HELP
}

case "${1:-}" in -h | --help) usage; exit 0 ;; esac
turns=${1:-5}
directory=${2:-/dev/shm}
if ! [[ $turns =~ ^[1-9][0-9]*$ ]] || [ $# -gt 2 ]; then usage >&2; exit 2; fi
if ! [ -d "$directory" ]; then echo "there is no directory $directory" >&2; exit 2; fi

cargo build --release --locked --quiet -p bench-suite -p loadgen -p millstream-replica
programs=${CARGO_TARGET_DIR:-target}/release
work=$(mktemp -d "$directory/cost-of-the-log.XXXXXX")
replica=
trap '[ -z "$replica" ] || kill "$replica"; rm -rf "$work"' EXIT

# A replica that has the second copies; where it listens is in $replicated_at.
(umask 077 && echo "known-to-both-of-them" >"$work/token")
"$programs/millstream-replica" --listen 0 --dir "$work/copies" --token-file "$work/token" 2>"$work/replica" &
replica=$!
replicated_at=
while [ -z "$replicated_at" ]; do
    kill -0 $replica 2>/dev/null || { cat "$work/replica" >&2; exit 1; }
    replicated_at=$(grep -oE '127\.0\.0\.1:[0-9]+' "$work/replica" | head -n 1 || true)
done

# MB a second of a plain write of as much as a job has in its directory, in pieces of a mebibyte, beside that.
plain() {
    local mib from
    mib=$(du -sm "$work/job" | cut -f 1)
    from=$(date +%s%3N)
    dd if=/dev/zero of="$work/plain" bs=1M count="$mib" conv=fdatasync status=none
    echo $((mib * 1049 / ($(date +%s%3N) - from + 1)))
    rm "$work/plain"
}

# Lines and MB a second of one run; what is asked for besides is given.
run() {
    : >"$work/serving"
    "$programs/loadgen" serve --listen 127.0.0.1:0 --rate max --for 9s >"$work/served" 2>"$work/serving" &
    local server=$! address=
    while [ -z "$address" ]; do
        kill -0 $server 2>/dev/null || { cat "$work/serving" >&2; exit 1; }
        address=$(grep -oE '127\.0\.0\.1:[0-9]+' "$work/serving" | head -n 1 || true)
    done
    "$programs/bench-suite" job word-count --connect "$address" --connections 2 --batch 1s --for 8s --warm-up 2s \
        --progress none "$@" >"$work/summary"
    wait $server
    awk '$1 == "lines/s" { lines = $2 } $1 == "MB/s" { print lines, $2 }' "$work/summary"
}

median() { sort -n | awk '{ a[NR] = $1 } END { print (a[int((NR + 1) / 2)] + a[int(NR / 2) + 1]) / 2 }'; }

row='%6s %16.0f %16.0f %16.0f %10.0f %12.0f\n'
printf '%6s %16s %16s %16s %10s %12s\n' turn 'without, lines/s' 'log, lines/s' 'twice, lines/s' 'log, MB/s' 'plain, MB/s'
for turn in $(seq "$turns"); do
    read -r without _ < <(run)
    read -r with logged < <(run --checkpoint "$work/job" --write-ahead-log)
    written=$(plain)
    rm -rf "$work/job"
    read -r twice _ < <(run --checkpoint "$work/job" --write-ahead-log --replica "$replicated_at" \
        --replica-token-file "$work/token")
    rm -rf "$work/job" "$work/copies/word-count"
    for figure in without with twice logged written; do echo "${!figure}" >>"$work/all-$figure"; done
    # shellcheck disable=SC2059
    printf "$row" "$turn" "$without" "$with" "$twice" "$logged" "$written"
done
for figure in without with twice logged written; do
    printf -v "$figure" '%s' "$(median <"$work/all-$figure")"
done
# shellcheck disable=SC2059
printf "$row" median "$without" "$with" "$twice" "$logged" "$written"
awk -v a="$with" -v b="$without" -v c="$twice" 'BEGIN {
    printf "with the log, %.2f of what is kept up with without it\n", a / b
    printf "with a second copy, %.2f of what is kept up with with the log alone\n", c / a
}'
