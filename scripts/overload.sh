#!/usr/bin/env bash
# Sends a job ten times what it can do, for ten minutes, in a control group whose memory is limited; nothing may
# grow or be lost. Builds it first. Whatever is given is passed on, as in
#     scripts/overload.sh --for 1m
# and --help tells what there is. Exit code 0 only if all of it held.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --locked --quiet --package bench-suite
exec target/release/bench-suite overload "$@"
