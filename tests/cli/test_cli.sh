#!/bin/sh
# The program as a user meets it: exit codes, one sentence for every kind of wrong input, JSON, replay.
#   tests/cli/test_cli.sh [BUILD]       from the project's root; BUILD is the build folder (build)
set -u
build=${1:-build}
photolane=$build/photolane
temp=$(mktemp -d) || exit 1
trap 'rm -rf "$temp"' EXIT
passed=0
failed=0

fail() { # fail WHAT COMMAND...
  failed=$((failed + 1))
  echo "FAILED: $1"
  shift
  echo "  command: photolane $*"
  sed 's/^/  out: /' "$temp/out"
  sed 's/^/  err: /' "$temp/err"
}

run() {
  "$photolane" "$@" >"$temp/out" 2>"$temp/err" </dev/null
  code=$?
}

# wrong EXIT TEXT ARGUMENTS...: EXIT, nothing on stdout, exactly one line "photolane: ... TEXT ..." on stderr
wrong() {
  want=$1
  text=$2
  shift 2
  run "$@"
  if [ "$code" != "$want" ]; then
    fail "exit code $code, not $want" "$@"
  elif [ -s "$temp/out" ]; then
    fail "data on stdout" "$@"
  elif [ "$(wc -l <"$temp/err")" != 1 ] || ! grep -q '^photolane: ' "$temp/err"; then
    fail "not one sentence" "$@"
  elif ! grep -qF -e "$text" "$temp/err"; then
    fail "no '$text'" "$@"
  else
    passed=$((passed + 1))
  fi
}

# good TEXT ARGUMENTS...: exit 0, TEXT on stdout, nothing on stderr
good() {
  text=$1
  shift
  run "$@"
  if [ "$code" != 0 ]; then
    fail "exit code $code" "$@"
  elif [ -s "$temp/err" ]; then
    fail "messages on stderr" "$@"
  elif ! grep -qF -e "$text" "$temp/out"; then
    fail "no '$text'" "$@"
  else
    passed=$((passed + 1))
  fi
}

# differs TEXT ARGUMENTS...: exit 1 and TEXT on stderr
differs() {
  text=$1
  shift
  run "$@"
  if [ "$code" = 1 ] && grep -qF -e "$text" "$temp/err"; then
    passed=$((passed + 1))
  else
    fail "exit code $code, wanted 1 and '$text'" "$@"
  fi
}

# ---- Help and version ----
good "usage: photolane <verb>" --help
good "usage: photolane <verb>" help
good "(build " --version
for verb in info verify run perplexity calibrate bench energy replay; do
  good "usage: photolane $verb" "$verb" --help
  good "usage: photolane $verb" "$verb" -h
  wrong 2 "unknown option '--nonsense'" "$verb" --nonsense
  wrong 2 "unknown option '-%'" "$verb" -%
done
run
if [ "$code" = 2 ] && grep -q '^usage:' "$temp/err" && [ ! -s "$temp/out" ]; then
  passed=$((passed + 1))
else
  fail "no verb"
fi
wrong 2 "unknown verb 'frobnicate'" frobnicate
wrong 2 "unknown option '--frobnicate'" --frobnicate
wrong 2 "unknown verb ''" ""
wrong 2 "unknown verb 'two lines'" "two
lines"

# ---- Options ----
wrong 2 "--cases wants a whole number from 1" verify --cases 0
wrong 2 "not 'many'" verify --cases many
wrong 2 "not '1e3'" verify --cases=1e3
wrong 2 "not ''" verify --cases=
wrong 2 "not ' 3'" verify --cases " 3"
wrong 2 "not '99999999999999999999'" verify --cases 99999999999999999999
wrong 2 "--cases wants a value (N)" verify --cases
wrong 2 "--json takes no value" verify --json=1
wrong 2 "unknown option '--cas'" verify --cas 3
wrong 2 "unknown option '-vx'" verify -vx
wrong 2 "unexpected argument 'extra'" verify extra
wrong 2 "--level is L0, L1 or L2, not 'L3'" verify --level L3
wrong 2 "--kind is coherent, intensity or rns, not 'incoherent'" verify --kind incoherent
wrong 2 "--seed wants" verify --seed -1
wrong 2 "model: has no option 'trace'" verify --trace "$temp/x.fst"
wrong 2 "trace-to must be above trace-from" verify -d rtl: --trace "$temp/x.fst" --trace-from 5 --trace-to 5
wrong 3 "run \`make trace SHAPES=3x3x3\`" verify -d "rtl:3x3x3?check=1" --trace "$temp/x.fst"
wrong 2 "--depth wants a whole number from 1 to 65536" bench -k 65537
wrong 2 "--processes wants" bench --processes 0

# ---- Devices ----
for verb in info verify bench; do
  wrong 2 "unknown device 'cuda:'" "$verb" -d cuda:
  wrong 2 "is no device URI" "$verb" -d model
  wrong 2 "model: has no option 'x'" "$verb" -d "model:?x=1"
  wrong 3 "no build of shape 3x3x3" "$verb" -d rtl:3x3x3
  wrong 3 "there is no device" "$verb" -d "null:?fail=open"
done
wrong 1 "cannot be written" bench -d "null:?fail=configure" -m 2 -n 2 -k 2
wrong 1 "job 0 failed" bench -d "null:?fail=gemm" -m 2 -n 2 -k 2
wrong 1 "was lost after 2 jobs" bench -d "null:?fail=lost&after=2" -m 2 -n 2 -k 2
# A folder may hold arrays of one kind alone. (This one bears the name of a shape of which there is no other.)
mkdir "$temp/only" && ln -s "$(realpath "$build/rtl/libphotolane-rtl-intensity-1x2x8.so")" "$temp/only/libphotolane-rtl-intensity-7x7x7.so"
PHOTOLANE_PLUGINS=$temp/only
export PHOTOLANE_PLUGINS
good "0 differences" verify -d rtl:7x7x7 --kind intensity --cases 3
wrong 3 "no build of shape 7x7x7" bench -d rtl:7x7x7 -m 2 -n 2 -k 2
unset PHOTOLANE_PLUGINS
good "backend   model" info
good '"backend":	"null"' info -d null: --json

# ---- Cores ----
wrong 2 "there is no core 'nosuch'; there are" bench -c nosuch
wrong 2 "/nonexistent.cfg: No such file" bench -c /nonexistent.cfg
printf 'kind = "coherent";\neffects = [];\nchannels = 0;\n' >"$temp/bad.cfg"
wrong 2 "bad.cfg:3: channels is 0 but must be 1 to 4096" bench -c "$temp/bad.cfg"

# ---- Verify ----
for level in L0 L1 L2; do
  good "0 differences" verify --cases 60 --level "$level"
  good "0 differences" verify -d "null:" --cases 20 --level "$level"
  differs "again: photolane verify -d 'null:?flip=*,*,*' --level $level --seed 3 --case 0" \
    verify -d 'null:?flip=*,*,*' --level "$level" --seed 3
done
for kind in coherent intensity rns; do
  good "kind $kind, level L2" verify --cases 60 --kind "$kind"
  good "0 differences" verify --cases 20 --kind "$kind" -d "model:?threads=2"
  good "\"kind\":	\"$kind\"" verify --cases 2 --kind "$kind" --json
done
differs "again: photolane verify -d 'null:?flip=*,*,*' --kind intensity --level L2 --seed 3 --case 0" \
  verify -d 'null:?flip=*,*,*' --kind intensity --seed 3
differs "rails Q8" verify -d 'null:?flip=*,*,*' --kind intensity --seed 3
differs "expected " verify -d 'null:?flip=*,*,*' --seed 3 --case 17
differs "was lost after 5 jobs" verify -d 'null:?fail=lost&after=5' --seed 3
differs "case " verify -d 'null:?fail=gemm&after=4' --seed 3
run verify --seed 3 --case 17 -v
job=$(sed -n 's/.* job \([0-9]*\),.*/\1/p' "$temp/out")
row=$(sed -n 's/.* rows from \([0-9]*\),.*/\1/p' "$temp/out")
column=$(sed -n 's/.* columns from \([0-9]*\).*/\1/p' "$temp/out")
differs "row $row (0 of the job), column $column (0)" verify -d "null:?flip=$job,$row,$column" --seed 3 --case 17
differs "case 17:" verify -d "null:?flip=$job,$row,$column" --seed 3 --cases 40

# ---- Bench, JSON and replay ----
good "GMAC/s best" bench -m 8 -n 8 -k 64 --repeat 2
good "2 processes" bench -m 8 -n 8 -k 64 --repeat 2 --processes 2
for field in gmac_per_s cycles ideal_cycles load_cycles; do
  good "\"$field\":" bench -m 8 -n 8 -k 64 --repeat 1 --json
done
run bench -m 8 -n 9 -k 70 --repeat 2 --json
cp "$temp/out" "$temp/bench.json"
good "replay: the same" replay "$temp/bench.json"
run verify --cases 30 --seed 9 --json
cp "$temp/out" "$temp/verify.json"
good "replay: the same" replay "$temp/verify.json"
sed 's/"outputs":	\([0-9]*\)/"outputs":	1\1/' "$temp/verify.json" >"$temp/changed.json"
differs "outputs: was" replay "$temp/changed.json"
sed 's/"--seed", "9"/"--seed", "8"/' "$temp/verify.json" >"$temp/seed.json"
differs "results_crc32: was" replay "$temp/seed.json"
sed 's/"verb":	"verify"/"verb":	"replay"/' "$temp/verify.json" >"$temp/loop.json"
wrong 2 "the verb 'replay' cannot be replayed" replay "$temp/loop.json"
echo "{}" >"$temp/empty.json"
head -c 200 "$temp/verify.json" >"$temp/short.json"
wrong 2 "is no photolane result" replay "$temp/empty.json"
wrong 2 "is no photolane result" replay "$temp/short.json"
wrong 2 "cannot read the result" replay "$temp/absent.json"
wrong 2 "cannot read the result" replay "$temp"
wrong 2 "File too large" replay /dev/zero
wrong 2 "which result?" replay

# ---- Models ----
wrong 2 "" run -m "$temp/absent.gguf" -p x
echo "no model" >"$temp/bad.gguf"
wrong 2 "" run -m "$temp/bad.gguf" -p x
wrong 2 "" perplexity -m "$temp/bad.gguf" -f "$temp/bad.gguf"
wrong 2 "" calibrate -m "$temp/absent.gguf" -f "$temp/bad.gguf"

model=host/nn/models/kjv.gguf
ok() { # ok WHAT COMMAND...: passes if the command does
  what=$1
  shift
  if "$@"; then passed=$((passed + 1)); else fail "$what"; fi
}

# A message stands behind the text, not in it: both streams in one file, as on a terminal.
"$photolane" run -m $model -p x -n 3 --check-against null: >"$temp/out" 2>&1
ok "message behind the text" [ "$(tail -1 "$temp/out" | cut -c 1-34)" = "photolane: model: and null: agree " ]
"$photolane" run -m $model -p x -n 9 -d 'null:?fail=lost&after=500' >"$temp/out" 2>&1
ok "message behind half a text" [ "$(tail -1 "$temp/out" | cut -c 1-26)" = "photolane: null: the devic" ]

# A mismatch says where, and the command that shows it again does.
differs "differ in job 0x00110000 (layer 1, k) at row 2, column 1, sum 0: ADC codes" \
  run -m $model -p "it's so" -n 3 -d 'null:?flip=1114112,2,1' --check-against model:
again=$(sed -n 's/^  again: photolane //p' "$temp/err")
eval "differs 'layer 1, k) at row 2, column 1' ${again:-info}"
differs "at row 2, column 1, sum 2: ADC codes" \
  run -m $model -p "it's so" -n 3 -d 'null:?flip=1114112,2,1,2' --check-against model:
for flip in 1,2 '1,2,' '1,2,3,' 1,2,3,4,5 1,2,x 1,,3 -1,2,3; do
  wrong 2 "option flip wants JOB,ROW,COL[,SUM]" info -d "null:?flip=$flip"
done
printf 'In the beginning God created the heaven and the earth.' >"$temp/text"
differs "again: photolane perplexity " perplexity -m $model -f "$temp/text" --context 8 -d 'null:?flip=*,*,*' \
  --check-against model:

# JSON is UTF-8 even if the prompt is not, and a replay gets every byte of it.
run run -m $model -p "$(printf 'in\377\376\303\244')" -n 2 --json
cp "$temp/out" "$temp/bytes.json"
ok "JSON of a prompt that is not UTF-8" python3 -m json.tool "$temp/bytes.json" /dev/null
good "replay: the same" replay "$temp/bytes.json"
sed 's/fffe/fff/' "$temp/bytes.json" >"$temp/odd.json"
wrong 2 "the result's arguments are damaged" replay "$temp/odd.json"

# Output that is lost is an error, not silence.
if [ -w /dev/full ]; then
  : >"$temp/out"
  for command in info --help "verify --cases 1" "bench -m 2 -n 2 -k 2 --repeat 1" \
    "bench -m 2 -n 2 -k 2 --repeat 1 --json" "run -m $model -p x -n 1" "calibrate -m $model -f tests/data/heldout.txt"; do
    # shellcheck disable=SC2086 # the words of a command are words
    "$photolane" $command >/dev/full 2>"$temp/err"
    code=$?
    ok "full disk: $command: exit code $code" [ "$code" = 1 ]
    ok "full disk: $command" grep -q "^photolane: cannot write .*stdout" "$temp/err"
  done
fi
"$photolane" info >&- 2>"$temp/err"
code=$?
ok "closed stdout: exit code $code" [ "$code" = 1 ]

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
