#!/usr/bin/env bash
# Whether the second of two git revisions is better or worse than the first: builds both and compares them, run by
# run, a batch each in turn. Exit code 3 if it is worse. Whatever follows is passed on, as in
#     scripts/compare-builds.sh HEAD~1 HEAD --workload key-sum --pairs 20
# Builds are kept under target/revisions, so the second comparison of a revision builds nothing. A revision must
# have this script, for older programs cannot work in turn.
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/.."

if (($# < 2)) || [[ $1 == -* || $2 == -* ]]; then
    echo "usage: scripts/compare-builds.sh REVISION REVISION [FLAGS OF bench-suite compare]" >&2
    exit 2
fi

# The program of a revision, built from a checkout of its own; its path is all that is printed.
build() {
    local commit folder program
    commit=$(git rev-parse --verify --quiet "$1^{commit}") || {
        echo "compare-builds: there is no revision $1" >&2
        return 2
    }
    folder=$PWD/target/revisions/${commit:0:12}
    program=$folder/bench-suite
    if [[ ! -x $program ]]; then
        if ! git cat-file -e "$commit:scripts/compare-builds.sh" 2>/dev/null; then
            echo "compare-builds: $1 (${commit:0:12}) is older than this script, and cannot work in turn" >&2
            return 2
        fi
        echo "compare-builds: building $1 (${commit:0:12})" >&2
        mkdir -p "$folder/source"
        git archive "$commit" | tar --extract --directory "$folder/source"
        cargo build --release --locked --package bench-suite --manifest-path "$folder/source/Cargo.toml" \
            --target-dir "$folder/target" >&2
        cp "$folder/target/release/bench-suite" "$program"
        rm -r "$folder/source" "$folder/target"
    fi
    echo "$program"
}

a=$(build "$1")
b=$(build "$2")
shift 2
cargo build --release --package bench-suite
exec cargo run --release --quiet --package bench-suite -- compare "$a" "$b" "$@"
