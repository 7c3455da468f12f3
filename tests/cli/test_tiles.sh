#!/bin/sh
# How rtl: cuts jobs into tiles, on an array plug-in without RTL (fake_array.c) and with very small buffers.
#   tests/cli/test_tiles.sh [BUILD]       from the project's root; BUILD is the build folder (build)
set -u
build=${1:-build}
photolane=$build/photolane
temp=$(mktemp -d) || exit 1
trap 'rm -rf "$temp"' EXIT
passed=0
failed=0

check() { # check NAME COMMAND...: passes if the command does
  name=$1
  shift
  if "$@" >"$temp/out" 2>&1; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED: $name"
    cat "$temp/out"
  fi
}

${CC:-cc} -std=gnu11 -O2 -fPIC -shared -Wall -Wextra -Werror -Iinclude -Ihost -o "$temp/libphotolane-rtl-2x3x64.so" \
  tests/cli/fake_array.c host/model/*.c host/device/image.c host/device/error.c || exit 1
PHOTOLANE_PLUGINS=$temp
PHOTOLANE_CORES=host/physics/cores
export PHOTOLANE_PLUGINS PHOTOLANE_CORES

says() { # says EXIT TEXT COMMAND...: the command ends with EXIT and its output holds TEXT
  want=$1
  text=$2
  shift 2
  "$@" >"$temp/said" 2>&1
  got=$?
  cat "$temp/said"
  [ "$got" = "$want" ] && grep -qF -e "$text" "$temp/said"
}

check "random jobs" says 0 "0 differences" "$photolane" verify -d rtl:2x3x64 --cases 2000 --seed 11
check "random jobs, converters only" says 0 "0 differences" "$photolane" verify -d rtl:2x3x64 --cases 300 --level L1
check "a long job" says 0 "GMAC/s" "$photolane" bench -d rtl:2x3x64 -m 50 -n 70 -k 5000 --repeat 1 --channels 9
check "identity" says 0 "2 rows x 3 columns x 64 wide" "$photolane" info -d rtl:2x3x64
check "absent shape" says 3 "run \`make rtl SHAPES=3x3x3\`, or use one of:" "$photolane" info -d rtl:3x3x3
check "absent shape names this one" says 3 " 2x3x64" "$photolane" info -d rtl:3x3x3
check "no traced build" says 3 "make trace SHAPES=2x3x64" "$photolane" info -d "rtl:2x3x64?trace=$temp/x.fst"

check "the checker is off by default" says 0 "0 differences" env FAKE_MISMATCH=1 "$photolane" verify -d rtl:2x3x64
check "the checker ends the run" says 1 "sum 0: wrong" env FAKE_MISMATCH=1 "$photolane" verify -d "rtl:2x3x64?check=1"
check "... and says how to repeat it" says 1 "--seed 1 --case 0" env FAKE_MISMATCH=1 "$photolane" verify \
  -d "rtl:2x3x64?check=1"

set -- run -m host/nn/models/kjv.gguf -p x -n 1 -d "rtl:2x3x64?check=1"
check "the checker ends a text" says 1 "again: photolane run " env FAKE_MISMATCH=1 "$photolane" "$@"
check "a broken array ..." says 1 "rtl:2x3x64?check=1: broken" env FAKE_BROKEN=1 "$photolane" "$@"
check "... is not a mismatch" sh -c "! grep again: '$temp/said'"

${CC:-cc} -std=gnu11 -Wall -Wextra -Werror -Iinclude -o "$temp/tagged" tests/cli/tagged.c "$build/libphotolane.a" \
  -lftdi1 -lusb-1.0 -lconfig -lcjson -lsqlite3 -lz -lm -lpthread -ldl || exit 1
check "tagged operands" says 0 "4 jobs agree" "$temp/tagged" rtl:2x3x64

# B stays in its buffer while rows of A pass: 40 rows need 20 loads of A (one group each), one of B.
"$photolane" bench -d rtl:2x3x64 -m 40 -n 3 -k 4096 --repeat 1 --channels 4096 --json >"$temp/bench.json" 2>&1
check "B is loaded once" says 0 '"load_cycles":	1344' cat "$temp/bench.json"

# Two blocks of columns (3 and 1), 20 of rows: 2 loads of B, 39 of A, of 64 words each.
"$photolane" bench -d rtl:2x3x64 -m 40 -n 4 -k 4096 --repeat 1 --channels 4096 --json >"$temp/bench.json" 2>&1
check "A goes to and fro" says 0 '"load_cycles":	2624' cat "$temp/bench.json"

# Twice the depth and one block of rows: every operand is loaded once, 2 + 2 x 2 loads.
"$photolane" bench -d rtl:2x3x64 -m 2 -n 6 -k 8192 --repeat 1 --channels 4096 --json >"$temp/bench.json" 2>&1
check "A stays for all columns" says 0 '"load_cycles":	384' cat "$temp/bench.json"

echo "not an array" >"$temp/libphotolane-rtl-1x1x1.so"
check "damaged plug-in" says 3 "cannot load the array" "$photolane" info -d rtl:1x1x1

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
