#!/bin/sh
# pl-train from the outside: exit codes and sentences for bad input, and a small training whose file the reader takes.
#   tests/cli/test_train.sh [BUILD]       from the project's root; needs BUILD/pl-train and BUILD/photolane (build)
set -u
build=${1:-build}
temp=$(mktemp -d) || exit 1
trap 'rm -rf "$temp"' EXIT
passed=0
failed=0

check() { # check NAME EXIT TEXT COMMAND...: the command ends with EXIT and says TEXT
  name=$1 want=$2 text=$3
  shift 3
  "$@" >"$temp/said" 2>&1
  got=$?
  if [ "$got" = "$want" ] && { [ -z "$text" ] || grep -qF -- "$text" "$temp/said"; }; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED: $name: exit code $got, not $want with '$text'"
    cat "$temp/said"
  fi
}

head -c 20000 tests/data/heldout.txt >"$temp/a.txt"
tail -c 5000 tests/data/heldout.txt >"$temp/b.txt"
: >"$temp/empty.txt"
small="--vocab 320 --width 64 --layers 2 --heads 4 --kv-heads 2 --ff 96 --context 32 --batch 8 --steps 60 --warmup 10"
train() { # train OPTION...: a small network unless the options say otherwise
  # shellcheck disable=SC2086
  "$build/pl-train" $small --text "$temp/a.txt" --heldout "$temp/b.txt" --out "$temp/m.gguf" "$@"
}

check "help" 0 "usage: pl-train" "$build/pl-train" --help
check "nothing to do" 2 "--text, --heldout and --out are needed" "$build/pl-train"
check "unknown option" 2 "--bogus" train --bogus 1
check "stray argument" 2 "Unexpected argument 'x'" train x
check "not a number" 2 "--steps takes a number" train --steps many
check "not a whole number" 2 "--layers takes a whole number" train --layers 1.5
check "out of range" 2 "--vocab takes a number from" train --vocab 12
check "heads do not fit" 2 "does not split into 5 heads" train --heads 5
check "rows that Q8_0 cannot hold" 2 "multiple of 32" train --ff 100
check "unknown type" 2 "--type is q8_0 or f32" train --type q2
check "absent text" 2 "Cannot open the text" train --text "$temp/none.txt"
check "a folder as text" 2 "Cannot read the text" train --text "$temp"
check "empty text" 2 "is empty" train --heldout "$temp/empty.txt"
check "text too short" 2 "longer text" train --text /proc/self/cmdline
check "batch" 2 "multiple of 4 windows" train --batch 10
check "output that cannot be written" 2 "Cannot write" train --out "$temp/no/such/m.gguf"
check "a small training" 0 "Q8_0 weights: perplexity" train
check "a training cut short" 0 "step 50 of 50:" train --stop 50 --out "$temp/short.gguf"
check "the reader takes the file" 0 "And God" "$build/photolane" run -m "$temp/m.gguf" -p "And God" -n 4 --reference
cp "$temp/m.gguf" "$temp/first.gguf"
check "again, with two threads" 0 "Q8_0 weights: perplexity" train --threads 2
check "the same bytes" 0 "" cmp "$temp/first.gguf" "$temp/m.gguf"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
