#!/usr/bin/env bash
# Three windowed workloads at every batch interval, window and parallelism of batch-window-parallelism.toml, in
# turn; kept under results/ with a report. Whatever is given is passed on and counts before the file, as in
#     scripts/sweep-batch-window-parallelism.sh --turns 1 --window 1s,5s
# One that was stopped is gone on with by
#     cargo run --release --package bench-suite -- sweep --resume DIR
set -euo pipefail
cd "$(dirname "$0")/.."
exec cargo run --release --package bench-suite -- sweep --plan scripts/batch-window-parallelism.toml "$@"
