#!/usr/bin/env bash
# Kills a durable job of twenty batches at every write, sync, rename and unlink, one run for each, kills what then
# recovers too, and counts what that has cost: nothing may be. Builds it first. It needs strace, and installs nothing.
# Whatever is given is passed on: --dir DIR, --json, --seed N; the rest does not go with it.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v strace >/dev/null; then
    echo "kill-at-every-call: strace is not there; install it, for instance with apt-get install strace" >&2
    exit 1
fi
cargo build --release --locked --quiet --package bench-suite
exec target/release/bench-suite kill-proof --every-call "$@"
