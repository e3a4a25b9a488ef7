#!/usr/bin/env bash
# Holds the kernels to the instructions a record that scripts/instructions.txt says they take,
# within 2 %, as callgrind counts them.
#
#     scripts/instructions.sh                 all kernels
#     scripts/instructions.sh words lines     some of them
#     scripts/instructions.sh --update        all of them, and the table is written anew
#
# An instruction is not a nanosecond: what waits for memory counts as little as what does not. But
# the count is the same on a busy machine, so it finds a change of a few percent that no clock
# finds.
#
# A count is what two runs differ by, one of which goes on for some rounds: start-up, making the
# data and warming up are no part of it. Both hash with one seed. Runs differ by up to half a
# percent, from threads that wait for each other.
#
# valgrind shows programs a processor of its own, one with AVX2 where the machine has it and never
# one with AVX-512. So what chooses its instructions at run time is counted in its AVX2 form, and a
# form for AVX-512 is not seen here.
#
# Exit codes: 0 as the table has it, or nothing that it could be held against; 1 failed; 2 wrong
# usage; 3 a kernel has changed by more than 2 %, for worse or for better: a table that is too kind
# would hide the next regression.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."

table=scripts/instructions.txt
most_percent=2
rounds=4
update=false
chosen=()

say() { printf 'instructions: %s\n' "$*" >&2; }

for argument in "$@"; do
    case "$argument" in
        --update) update=true ;;
        -*)
            say "there is no $argument: give --update, or names of kernels"
            exit 2
            ;;
        *) chosen+=("$argument") ;;
    esac
done
if "$update" && [ ${#chosen[@]} -gt 0 ]; then
    say "--update writes the whole table: give it no kernels"
    exit 2
fi

if ! command -v valgrind >/dev/null; then
    say "valgrind is not here, so nothing is counted; where there is apt: apt-get install valgrind"
    exit 0
fi

# All that the counts depend on, beside the sources.
toolchain() {
    local host libc simd='no AVX2'
    host=$(rustc -vV | sed -n 's/^host: //p')
    libc=$(getconf GNU_LIBC_VERSION 2>/dev/null || echo 'another libc')
    if grep -qw avx2 /proc/cpuinfo 2>/dev/null; then simd=AVX2; fi
    echo "$(rustc -V), $host, $libc, $(valgrind --version), $simd"
}

here=$(toolchain)
there=$(sed -n 's/^# for: //p' "$table" 2>/dev/null || true)
if ! "$update" && [ "$here" != "$there" ]; then
    say "the table is for another toolchain, so nothing is counted"
    say "  the table's: ${there:-there is no table}"
    say "  this one:    $here"
    say "scripts/instructions.sh --update writes it for this one"
    exit 0
fi

cargo build --release --locked --package bench-suite --example kernel
folder=${CARGO_TARGET_DIR:-target}
kernel=$folder/release/examples/kernel
out=$folder/instructions
mkdir -p "$out"

# Runs a kernel for so many rounds under callgrind.
run() {
    local name=$1 counted_rounds=$2 files=$out/$1.$2
    if ! valgrind --tool=callgrind --callgrind-out-file="$files.callgrind" --log-file="$files.log" \
        "$kernel" "$name" "$counted_rounds" --of "$rounds"; then
        cat "$files.log" >&2
        say "the kernel $name failed under valgrind"
        return 1
    fi
}

# All that a run took.
total() { sed -n 's/^\(summary\|totals\): *//p' "$out/$1.$2.callgrind" | tail -n 1; }

# Lines `kernel instructions-per-record record`.
count() {
    local name records record first
    while read -r name records record; do
        if [ ${#chosen[@]} -gt 0 ] && [[ " ${chosen[*]} " != *" $name "* ]]; then continue; fi
        say "$name"
        run "$name" 0 &
        first=$!
        run "$name" "$rounds"
        wait "$first"
        awk -v name="$name" -v record="$record" -v all="$((records * rounds))" \
            -v more="$(total "$name" "$rounds")" -v less="$(total "$name" 0)" \
            'BEGIN { printf "%-16s %10.2f  a %s\n", name, (more - less) / all, record }'
    done <<<"$kernels"
}

kernels=$("$kernel")
names=$(cut -d ' ' -f 1 <<<"$kernels" | paste -sd ' ')
for name in "${chosen[@]}"; do
    if [[ " $names " != *" $name "* ]]; then
        say "there is no kernel $name; there are: $names"
        exit 2
    fi
done

counted=$out/counted.txt
count >"$counted"

if "$update"; then
    {
        echo "# Instructions a record that callgrind counts; written by scripts/instructions.sh --update"
        echo "# for: $here"
        cat "$counted"
    } >"$table"
    cat "$table"
    exit 0
fi

# A kernel that only one of the two has is a change as well.
awk -v most="$most_percent" -v some="${#chosen[@]}" '
    /^#/ { next }
    NR == FNR { before[$1] = $2; next }
    { now[$1] = $2; names[++n] = $1 }
    END {
        printf "%-16s %10s %10s %9s\n", "kernel", "before", "now", "change"
        for (i = 1; i <= n; i++) {
            name = names[i]
            if (!(name in before)) {
                printf "%-16s %10s %10.2f %9s  new\n", name, "-", now[name], "-"
                changed = 1
                continue
            }
            percent = (now[name] / before[name] - 1) * 100
            verdict = percent > most ? "  WORSE" : percent < -most ? "  better" : ""
            if (verdict != "") changed = 1
            printf "%-16s %10.2f %10.2f %+8.2f%%%s\n", name, before[name], now[name], percent, verdict
        }
        for (name in before) if (!some && !(name in now)) {
            printf "%-16s %10.2f %10s %9s  gone\n", name, before[name], "-", "-"
            changed = 1
        }
        exit changed ? 3 : 0
    }' "$table" "$counted" || {
    code=$?
    if [ "$code" = 3 ]; then
        say "instructions a record have changed by more than $most_percent %, or the kernels have."
        say "If that is meant, write the table anew with scripts/instructions.sh --update, and say why"
        say "in the commit; also where it got better, or the next regression hides behind it."
    fi
    exit "$code"
}
