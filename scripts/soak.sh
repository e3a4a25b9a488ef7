#!/usr/bin/env bash
# Lets a durable job run for two hours, with keys that come and go and restarts; at the end it must be as it was
# at first. Builds it first. Whatever is given is passed on, as in
#     scripts/soak.sh --for 10m --restart-every 1m
# and --help tells what there is. Exit code 0 only if all of it held.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --locked --quiet --package bench-suite
exec target/release/bench-suite soak "$@"
