#!/bin/sh
# `photolane calibrate` as a user meets it: its two forms and wrong mixtures of them, the description it writes, JSON
# and replay,
# and the same figures from the RTL as from the golden model, for each kind of core.
#   tests/cli/test_calibrate.sh [BUILD]       from the project's root; BUILD is the build folder (build)
set -u
build=${1:-build}
photolane=$build/photolane
reads=16384
temp=$(mktemp -d) || exit 1
trap 'rm -rf "$temp"' EXIT
passed=0
failed=0

check() { # check WHAT COMMAND...: passes if the command does
  what=$1
  shift
  if "$@"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED: $what"
    sed 's/^/  out: /' "$temp/out" | head -40
    sed 's/^/  err: /' "$temp/err"
  fi
}

run() {
  "$photolane" "$@" >"$temp/out" 2>"$temp/err" </dev/null
  code=$?
}

wrong() { # wrong TEXT ARGUMENTS...: exit code 2, nothing on stdout, one line with TEXT on stderr
  text=$1
  shift
  run "$@"
  check "$*: exit code $code" [ "$code" = 2 ]
  check "$*: data on stdout" [ ! -s "$temp/out" ]
  check "$*: not one sentence" [ "$(wc -l <"$temp/err")" = 1 ]
  check "$*: no '$text'" grep -qF -e "$text" "$temp/err"
}

# ---- Which form is meant ----
wrong "calibrate what?" calibrate
wrong "calibrate what?" calibrate -c lightening
wrong "takes no --model" calibrate -d model: -m x.gguf
wrong "takes no --file" calibrate -d model: -f x.txt
wrong "takes no --rule" calibrate -d model: --rule max
wrong "takes no --tokens" calibrate -d model: --tokens 5
wrong "takes no --unrotated" calibrate -d model: --unrotated
wrong "takes no --optical" calibrate -d model: --optical q
wrong "--reads is for measuring a device" calibrate --reads 20000
wrong "--seed is for measuring a device" calibrate -m x.gguf -f x.txt --seed 1
wrong "--json is for measuring a device" calibrate -m x.gguf -f x.txt --json
wrong "on which text?" calibrate -m x.gguf
wrong "from 16384 to" calibrate -d model: --reads 16383
wrong "ends in .cfg" calibrate -d model: -o "$temp/fit"
wrong "ends in .cfg" calibrate -d model: -o .cfg
wrong "there is no core 'nonsense'" calibrate -d model: -c nonsense
wrong "No such file" calibrate -d model: -c ideal --reads $reads -o "$temp/no/such/fit.cfg"
run calibrate -d 'null:?fail=open'
check "no device: exit code $code" [ "$code" = 3 ]
run calibrate -d 'null:?fail=lost&after=30' --reads $reads -o "$temp/lost.cfg"
check "lost device: exit code $code" [ "$code" = 1 ]
check "lost device: one sentence" [ "$(wc -l <"$temp/err")" = 1 ]
check "lost device: no description" [ ! -e "$temp/lost.cfg" ]

# ---- What it writes ----
run calibrate -d model: -c lightening --reads $reads -o "$temp/one.cfg"
check "table: exit code $code" [ "$code" = 0 ]
check "table: messages" [ ! -s "$temp/err" ]
check "table" grep -q '^encoding_noise_rms_a  *0\.01[0-9]*  *0\.01.* \.\. 0\.01.* on$' "$temp/out"
run calibrate -d 'model:?threads=2' -c lightening --reads $reads -o "$temp/two.cfg"
check "the same bytes again" cmp "$temp/one.cfg" "$temp/two.cfg"
run calibrate -d model: -c "$temp/one.cfg" --reads $reads -o "$temp/three.cfg"
check "a device of what was written: exit code $code" [ "$code" = 0 ]
run verify -d model: --cases 3
run bench -d model: -c "$temp/one.cfg" -m 4 -n 4 -k 72 --repeat 1
check "a core of what was written: exit code $code" [ "$code" = 0 ]
run calibrate -d model: -c lightening --reads $reads --seed 2 -o "$temp/three.cfg"
check "another seed is another measurement" sh -c "! cmp -s '$temp/one.cfg' '$temp/three.cfg'"

# ---- JSON, replay, and the RTL ----
data() { # data FILE: what must be the same wherever it was computed
  python3 -c 'import json, sys; print(json.dumps(json.load(open(sys.argv[1]))["data"], sort_keys=True))' "$1"
}
for core in lightening optical-transformers mirage; do
  run calibrate -d model: -c $core --reads $reads --json
  check "$core: exit code $code" [ "$code" = 0 ]
  cp "$temp/out" "$temp/model.json"
  check "$core: JSON" sh -c "python3 -m json.tool '$temp/model.json' >/dev/null"
  run replay "$temp/model.json"
  check "$core: replay: exit code $code" [ "$code" = 0 ]
  run calibrate -d rtl:4x4x8 -c $core --reads $reads --json
  if [ "$code" = 3 ]; then
    echo "no array rtl:4x4x8 for $core: not compared with the RTL"
    continue
  fi
  cp "$temp/out" "$temp/rtl.json"
  check "$core: rtl: exit code $code" [ "$code" = 0 ]
  check "$core: rtl: and model: measure the same" [ "$(data "$temp/model.json")" = "$(data "$temp/rtl.json")" ]
done

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
