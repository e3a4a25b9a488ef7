#!/usr/bin/env bash
# The benchmark of a few minutes. Whatever is given is passed on, as in `scripts/quick.sh --for 20s`.
set -euo pipefail
cd "$(dirname "$0")/.."
exec cargo run --release --package bench-suite -- quick "$@"
