#!/usr/bin/env bash
# Kills a durable job again and again, and counts in the files that it has left what that has cost: nothing may be.
# Builds it first. Whatever is given is passed on, as in
#     scripts/kill-proof.sh --kills 1000 --source tcp
# and --help tells what there is. Exit code 0 only if all counts are zero.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --locked --quiet --package bench-suite
exec target/release/bench-suite kill-proof "$@"
