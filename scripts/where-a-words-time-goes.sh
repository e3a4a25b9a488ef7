#!/usr/bin/env bash
# An account of where a word's time goes: the word count from memory, on one thread, by source file
# and by line. Any other kernel that `cargo run --release -p bench-suite --example kernel` lists has
# one as well.
#
#     scripts/where-a-words-time-goes.sh                   the word count
#     scripts/where-a-words-time-goes.sh columns           another kernel
#     scripts/where-a-words-time-goes.sh --svg words.svg   a flame graph of it besides
#
# Instructions are those that callgrind counts in some rounds, less what comes before them; see
# scripts/instructions.sh, also for what it means that there is no AVX-512 there. Time is that of
# perf, sampled by the processor's clock, which needs no hardware counters: of the threads that run
# the stream, or, where the kernel is a plain call, of the whole process, making the data included.
# Without perf the column is empty. The two differ where instructions wait: for memory, or for a
# branch. And under perf the C library has its AVX-512 forms.
#
# Both are brought back to the source by one rule: an inlined line of the standard library counts
# for who uses it, and everything else for the file that it is written in.
#
# Stdout has the account, and stderr the progress. Exit codes: 0 done, 1 failed or no valgrind, 2
# wrong usage.
set -euo pipefail
export LC_ALL=C

say() { printf 'account: %s\n' "$*" >&2; }

name=word-count
svg=
while [ $# -gt 0 ]; do
    case "$1" in
        --svg)
            [ $# -ge 2 ] || { say "--svg wants the name of a file"; exit 2; }
            svg=$(realpath -m "$2")
            shift
            ;;
        -*) say "there is no $1: give --svg FILE, or the name of a kernel"; exit 2 ;;
        *) name=$1 ;;
    esac
    shift
done
cd "$(dirname "$0")/.."

rounds=4
timed_rounds=300
most_files=16
most_lines=16

for tool in valgrind addr2line readelf; do
    if ! command -v "$tool" >/dev/null; then
        say "$tool is not here; where there is apt: apt-get install valgrind binutils"
        exit 1
    fi
done

cargo build --release --locked --package bench-suite --example kernel
folder=${CARGO_TARGET_DIR:-target}
kernel=$(realpath "$folder/release/examples/kernel")
out=$folder/account
mkdir -p "$out"

read -r records record < <("$kernel" | awk -v name="$name" '$1 == name { print $2, $3 }') || {
    say "there is no kernel $name; there are: $("$kernel" | cut -d ' ' -f 1 | paste -sd ' ')"
    exit 2
}

# Instructions by place, `cost place`: an address in the kernel, or else `object:function`.
count() {
    valgrind --tool=callgrind --dump-instr=yes --compress-pos=no --compress-strings=no \
        --callgrind-out-file="$out/callgrind.$1" --log-file="$out/callgrind.$1.log" \
        "$kernel" "$name" "$1" --of "$rounds"
    awk -v kernel="$kernel" '
        /^ob=/ { object = substr($0, 4); next }
        /^fn=/ { fn = substr($0, 4); next }
        /^calls=/ { inclusive = 1; next }
        /^0x/ {
            if (!inclusive) {
                if (object != kernel) sub(".*/", "", object)
                cost[object == kernel ? $1 : object ":" fn] += $3
            }
            inclusive = 0
        }
        END { for (place in cost) printf "%.0f %s\n", cost[place], place }' "$out/callgrind.$1"
}

# Samples by place, in the same form, of the threads that do the work where there are such.
sample() {
    perf record --quiet --event cpu-clock --freq 5000 --output "$out/perf.data" -- \
        "$kernel" "$name" "$timed_rounds" >/dev/null 2>"$out/perf.log" || {
        say "perf could not record, so there are no times: $(tail -n 1 "$out/perf.log")"
        return 0
    }
    local offset address start page
    read -r offset address < <(
        readelf -lW "$kernel" | awk '$1 == "LOAD" && / R E / { print $2, $3 }'
    )
    perf script --input "$out/perf.data" --show-mmap-events --fields comm,ip,sym,dso \
        >"$out/samples" 2>"$out/perf.log"
    read -r start page < <(awk -v kernel="$kernel" '
        / r-xp / && $NF == kernel && match($0, /\[0x[0-9a-f]+\(0x[0-9a-f]+\) @ (0x)?[0-9a-f]+/) {
            split(substr($0, RSTART + 1, RLENGTH - 1), part, /[(]|[)] @ /)
            print part[1], part[3]
        }' "$out/samples")
    local base=$((start - page + offset - address))
    awk -v kernel="$kernel" '
        /PERF_RECORD/ { next }
        match($0, / +[0-9a-f]+ /) {
            working = $0 ~ /^ *(task|driver)-?[0-9]* /
            if (working && !seen) { split("", count); seen = 1 }
            if (working || !seen) count[substr($0, RSTART)]++
        }
        END { for (at in count) print count[at] " " at }' "$out/samples" |
        while read -r samples ip symbol; do
            local place
            case "$symbol" in
                *"($kernel)") place=$(printf '0x%x' $((16#$ip - base))) ;;
                *) place=$(sed 's/^\(.*\) (\(.*\/\)\?\([^/]*\))$/\3:\1/' <<<"$symbol") ;;
            esac
            echo "$samples $place"
        done
}

say "$name, counted"
count 0 >"$out/before"
count "$rounds" >"$out/after"
# What only the rounds have taken.
awk 'NR == FNR { before[substr($0, index($0, " ") + 1)] = $1; next }
    {
        place = substr($0, index($0, " ") + 1)
        cost = $1 - before[place]
        if (cost > 0) printf "%.0f %s\n", cost, place
    }' \
    "$out/before" "$out/after" >"$out/instructions"

: >"$out/time"
if command -v perf >/dev/null; then
    say "$name, timed"
    sample >"$out/time"
else
    say "perf is not here, so there are no times; where there is apt: apt-get install linux-perf"
fi

# Each address with its frames, innermost first: `address<TAB>function<TAB>file:line<TAB>..`.
cat "$out/instructions" "$out/time" | awk '$2 ~ /^0x/ { print $2 }' | sort -u >"$out/addresses"
addr2line --addresses --inlines --functions --demangle --exe "$kernel" <"$out/addresses" | awk '
    /^0x/ { if (frames != "") print frames; sub(/^0x0*/, "0x"); frames = $0; next }
    { frames = frames "\t" $0 }
    END { print frames }' >"$out/frames"

# `instructions samples what` for each file, and for each line: `file` or `line` in front.
awk -F '\t' -v here="$PWD/" '
    # Where it is written, as people would say it.
    function place(at) {
        sub(/ \(discriminator [0-9]+\)$/, "", at)
        if (index(at, here) == 1) return substr(at, length(here) + 1)
        if (match(at, /registry\/src\/[^\/]*\//)) return substr(at, RSTART + RLENGTH)
        return at
    }
    # With the larger of the two shares, by which rows are in order.
    function row(kind, where, instructions, samples, share) {
        share = instructions / all[1]
        if (all[2] && samples / all[2] > share) share = samples / all[2]
        printf "%s\t%.0f\t%.0f\t%s\t%.6f\n", kind, instructions, samples, where, share
    }
    function is_std(at) { return at ~ /\/(rustc\/[0-9a-f]+|rust)\/library\// || at ~ /^\?\?/ }
    FILENAME ~ /frames$/ {
        line[$1] = "(no source) " $2
        for (i = 3; i <= NF; i += 2) if (!is_std($i)) { line[$1] = place($i); break }
        if (i > NF && $3 ~ /library\//) line[$1] = "(standard library) " $(NF - 1)
        next
    }
    {
        cut = index($0, " "); cost = substr($0, 1, cut - 1); at = substr($0, cut + 1)
        where = at in line ? line[at] : at
        kind = FILENAME ~ /time$/ ? 2 : 1
        all[kind] += cost
        by_line[where, kind] += cost; lines[where]
        file = where
        # A library of the system, or the kernel of the system, is one thing.
        if (!(at in line)) sub(/:.*/, "", file)
        if (file !~ /^\(/ && file ~ /:[0-9?]+$/) sub(/:[0-9?]+$/, "", file)
        # A dependency is one thing.
        if (file !~ /^(engine|bench-suite|loadgen)\// && file ~ /^[a-z0-9_.+-]+\/.*\.(rs|c|h|s)$/)
            sub(/\/.*/, "", file)
        by_file[file, kind] += cost; files[file]
    }
    END {
        for (file in files) row("file", file, by_file[file, 1], by_file[file, 2])
        for (l in lines) row("line", l, by_line[l, 1], by_line[l, 2])
        printf "all\t%.0f\t%.0f\t\n", all[1], all[2]
    }' "$out/frames" "$out/instructions" "$out/time" | sort -t $'\t' -k1,1 -k5,5nr >"$out/account"

# The rows of a kind, the largest first, with a note beside each.
rows() {
    awk -F '\t' -v kind="$1" -v most="$2" -v per="$((records * rounds))" '
        $1 == "all" { all = $2; samples = $3 }
        $1 == kind && n < most {
            n++
            time = samples ? sprintf("%5.1f %%", 100 * $3 / samples) : "-"
            printf "%.2f\t%.1f %%\t%s\t%s\n", $2 / per, 100 * $2 / all, time, $4
        }' "$out/account" |
        while IFS=$'\t' read -r instructions share time where; do
            printf '%12s  %12s  %7s' "$instructions" "$share" "$time"
            if [ -n "$where" ]; then printf '  %s%s' "$where" "$(note "$where")"; fi
            echo
        done
}

# What a file is for, in its own words; what a line says.
note() {
    local file=${1%:*} line=${1##*:} said=
    if [ -f "$1" ]; then
        said=$(sed -n '1s/^\/\/! *//p' "$1")
    elif [ -f "$file" ]; then
        said=$(sed -n "${line}s/^ *//p" "$file")
    fi
    if [ -n "$said" ]; then printf '  | %.72s' "$said"; fi
}

# Each function with what is inlined in it on top; which function calls which is not shown.
flame_graph() {
    local tools=$folder/tools
    if [ ! -x "$tools/bin/inferno-flamegraph" ]; then
        say "inferno draws the graph; it is built into $tools"
        cargo install --quiet --locked --root "$tools" inferno@0.12 >&2
    fi
    awk -F '\t' '
        NR == FNR {
            for (i = NF - 1; i >= 2; i -= 2) stack[$1] = stack[$1] (i < NF - 1 ? ";" : "") $i
            next
        }
        {
            cut = index($0, " "); at = substr($0, cut + 1)
            print (at in stack ? stack[at] : at) " " substr($0, 1, cut - 1)
        }' "$out/frames" "$out/instructions" |
        "$tools/bin/inferno-flamegraph" --title "$name" --countname instructions >"$1"
    say "the flame graph is $1"
}
if [ -n "$svg" ]; then flame_graph "$svg"; fi

echo "$name: $records ${record}s a round, $rounds rounds, $(rustc -V)"
echo
printf '%12s  %12s  %7s\n' "instructions" "share" "time"
printf '%12s\n' "a $record"
rows all 1
echo
rows file "$most_files"
echo
rows line "$most_lines"
