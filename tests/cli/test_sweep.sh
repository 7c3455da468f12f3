#!/bin/sh
# `photolane sweep` and `photolane plot` as a user meets them: the same bytes for any number of workers and under mpirun,
# kill -9 and going on, lockstep samples, exports, figures, one sentence for wrong input.
#   tests/cli/test_sweep.sh [BUILD]       from the project's root; BUILD is the build folder (build)
# Without mpirun or the MPI plug-in that part is skipped by name.
set -u
build=${1:-build}
photolane=$build/photolane
spec=tests/data/small.sweep
temp=$(mktemp -d) || exit 1
trap 'rm -rf "$temp"' EXIT
passed=0
failed=0

ok() { # ok WHAT COMMAND...: the command succeeds
  what=$1
  shift
  if "$@" >"$temp/said" 2>&1; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED: $what: $*"
    sed 's/^/  /' "$temp/said"
  fi
}

wrong() { # wrong EXIT TEXT ARGUMENTS...: EXIT, nothing on stdout, one sentence with TEXT on stderr
  want=$1
  text=$2
  shift 2
  "$photolane" "$@" >"$temp/out" 2>"$temp/err" </dev/null
  code=$?
  if [ "$code" = "$want" ] && [ ! -s "$temp/out" ] && [ "$(wc -l <"$temp/err")" = 1 ] && grep -qF -e "$text" "$temp/err"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED: exit code $code, wanted $want and '$text': photolane $*"
    head -5 "$temp/out" "$temp/err" | sed 's/^/  /'
  fi
}

rows() { sqlite3 "$1" 'SELECT count(*) FROM point' 2>/dev/null || echo 0; }

# ---- The same bytes for one worker, two, and an mpirun

"$photolane" sweep "$spec" -o "$temp/one.sqlite" --workers 1 --csv >"$temp/one.csv" 2>"$temp/one.err"
ok "one worker" grep -qF "10 points, 10 measured now, 0 there before, 0 left" "$temp/one.err"
ok "11 lines of CSV" test "$(wc -l <"$temp/one.csv")" = 11
ok "a sample on the RTL" grep -qE "3 points also ran on rtl:1x2x8: all [0-9]+ products equal" "$temp/one.err"
ok "... is in the results" test "$(grep -c ',equal,' "$temp/one.csv")" = 3
"$photolane" sweep "$spec" -o "$temp/two.sqlite" --workers 2 --csv >"$temp/two.csv" 2>"$temp/two.err"
ok "two workers, the same bytes" cmp "$temp/one.csv" "$temp/two.csv"
if command -v mpirun >/dev/null && [ -e "$build/rtl/libphotolane-mpi.so" ]; then
  mpirun --allow-run-as-root --oversubscribe -n 2 "$photolane" sweep "$spec" -o "$temp/mpi.sqlite" --csv \
    >"$temp/mpi.csv" 2>"$temp/mpi.err"
  ok "mpirun -n 2, the same bytes" cmp "$temp/one.csv" "$temp/mpi.csv"
  mpirun --allow-run-as-root --oversubscribe -n 2 "$photolane" sweep "$temp/none.sweep" >"$temp/out" 2>"$temp/err"
  code=$?
  ok "mpirun passes on the exit code" test "$code" = 2
  ok "... and one message" test "$(grep -c 'photolane: .*none.sweep' "$temp/err")" = 1
  cp -r "$build/rtl/libphotolane-mpi.so" "$temp/mpi.so"
  ok "the plug-in alone is linked with MPI" sh -c "ldd '$temp/mpi.so' | grep -q libmpi && ! ldd '$photolane' | grep -q libmpi"
else
  echo "skipped: mpirun (libphotolane-mpi.so or openmpi-bin is not there)"
fi

# ---- kill -9 and going on

setsid "$photolane" sweep "$spec" -o "$temp/killed.sqlite" --workers 2 >/dev/null 2>&1 &
victim=$!
i=0
while [ "$(rows "$temp/killed.sqlite")" -lt 2 ] && [ $i -lt 600 ]; do
  sleep 0.1
  i=$((i + 1))
done
workers=$(ps -o pid= --ppid "$victim")
kill -9 "$victim"
wait "$victim" 2>/dev/null
had=$(rows "$temp/killed.sqlite")
ok "killed on the way (it had $had points)" test "$had" -ge 2 -a "$had" -lt 10
ok "what it had is sound" test "$(sqlite3 "$temp/killed.sqlite" 'PRAGMA integrity_check')" = ok
sleep 0.5
for worker in $workers; do # a process that nobody has waited for yet is a zombie
  ok "its worker is gone" sh -c "case \$(ps -o stat= -p $worker) in '' | Z*) ;; *) false ;; esac"
done
"$photolane" sweep "$spec" -o "$temp/killed.sqlite" --workers 2 --csv >"$temp/killed.csv" 2>"$temp/killed.err"
ok "it goes on" grep -qF "10 points, $((10 - had)) measured now, $had there before, 0 left" "$temp/killed.err"
ok "... to the same bytes" cmp "$temp/one.csv" "$temp/killed.csv"

setsid "$photolane" sweep "$spec" -o "$temp/hurt.sqlite" --workers 1 --csv >"$temp/hurt.csv" 2>"$temp/hurt.err" &
victim=$!
i=0
while [ "$(rows "$temp/hurt.sqlite")" -lt 1 ] && [ $i -lt 600 ]; do
  sleep 0.1
  i=$((i + 1))
done
worker=$(ps -o pid= --ppid "$victim")
# shellcheck disable=SC2086 # one number with blanks before it
kill -9 $worker
wait "$victim"
ok "a worker that dies is replaced" grep -q "ended (signal 9); the point is measured again" "$temp/hurt.err"
ok "... and nothing is missing" cmp "$temp/one.csv" "$temp/hurt.csv"
"$photolane" sweep "$spec" -o "$temp/limit.sqlite" --limit 3 >/dev/null 2>"$temp/limit.err"
ok "--limit" grep -qF "10 points, 3 measured now, 0 there before, 7 left" "$temp/limit.err"

# ---- Exports

"$photolane" sweep "$spec" -o "$temp/one.sqlite" --json >"$temp/one.json" 2>/dev/null
cat >"$temp/compare.py" <<'END'
import csv, json, sys
points = json.load(open(sys.argv[1]))["points"]
rows = list(csv.DictReader(open(sys.argv[2])))
assert len(points) == len(rows) == 10
for p, r in zip(points, rows):
    assert abs(p["perplexity"] - float(r["perplexity"])) < 1e-6 * p["perplexity"]
    assert len(p["image"]) % 8 == 0 and p["build"] == r["build"] and len(p["products"]) == 46
    assert all(0 <= x["clip_rate"] <= 1 and 0 <= x["error"] for x in p["products"])
    reads = float(r["clip_rate"])
    assert 0 <= reads <= float(r["worst_clip_rate"]) <= 1
assert points[8]["range"] == "mse" and points[9]["range"] == "max"
few, many = points[0], points[3] # 4-bit DACs and 5-bit ADC, 8 bits
assert few["product_error"] > 3 * many["product_error"] and few["kl_divergence"] > many["kl_divergence"]
END
ok "JSON agrees with CSV" python3 "$temp/compare.py" "$temp/one.json" "$temp/one.csv"
ok "needs" sh -c "'$photolane' sweep '$spec' -o '$temp/one.sqlite' --needs 2>/dev/null | grep -q '^adc_bits,.*,converters,bits,dac_bits 8'"

# ---- Energy: what `photolane energy` says of the same run

cat >"$temp/energy.sweep" <<END
model = "$PWD/host/nn/models/kjv.gguf"; text = "$PWD/tests/data/heldout.txt"; tokens = 32; context = 16;
points = ({ core = "lightening"; energy = "lt-base"; adc_bits = [8, 6]; },
  { core = "optical-transformers"; energy = "optical-transformers-b"; photons_per_mac = [32.0, 3.2e4]; }, { core = "ideal8"; });
END
"$photolane" sweep "$temp/energy.sweep" -o "$temp/energy.sqlite" --json >"$temp/energy.json" 2>"$temp/said"
for pair in lightening:lt-base optical-transformers:optical-transformers-b; do
  "$photolane" perplexity -m host/nn/models/kjv.gguf -f tests/data/heldout.txt --tokens 32 --context 16 -c "${pair%:*}" --json \
    >"$temp/run.json" 2>/dev/null
  "$photolane" energy -a "${pair#*:}" -c "${pair%:*}" --from "$temp/run.json" --json >"$temp/${pair%:*}.json" 2>"$temp/said"
done
cat >"$temp/energy.py" <<'END'
import json, sys
got = [p["energy_fj_per_mac"] for p in json.load(open(sys.argv[1]))["points"]]
want = [json.load(open(path))["fj_per_mac"] for path in sys.argv[2:]]
assert len(got) == 5 and got[4] is None
assert abs(got[0] / want[0] - 1) < 1e-9 and abs(got[2] / want[1] - 1) < 1e-9, (got, want)
assert got[1] < got[0] and got[3] > got[2] > 0 # a narrower ADC, more light
END
ok "energy" python3 "$temp/energy.py" "$temp/energy.json" "$temp/lightening.json" "$temp/optical-transformers.json"
sqlite3 "$temp/energy.sqlite" 'PRAGMA user_version = 1'
wrong 2 "made by another version" sweep "$temp/energy.sweep" -o "$temp/energy.sqlite"
wrong 2 "made by another version" plot "$temp/energy.sqlite" adc -o "$temp/x.svg"

# ---- Figures

for figure in adc photons clip error; do
  if command -v gnuplot >/dev/null; then
    ok "plot $figure" "$photolane" plot "$temp/one.sqlite" $figure -o "$temp/$figure.svg"
    ok "$figure is SVG with text" sh -c "grep -q '</svg>' '$temp/$figure.svg' && grep -q 'text' '$temp/$figure.svg'"
  else
    echo "skipped: plot $figure (no gnuplot)"
  fi
done
wrong 2 "there is no figure 'pie'" plot "$temp/one.sqlite" pie -o "$temp/x.svg"
wrong 2 "which figure?" plot "$temp/one.sqlite"
wrong 2 "with -o" plot "$temp/one.sqlite" adc
wrong 2 "cannot read the results" plot "$temp/none.sqlite" adc -o "$temp/x.svg"
wrong 2 "is no result of" plot "$temp/one.csv" adc -o "$temp/x.svg"
wrong 2 "has no point 99" plot "$temp/one.sqlite" clip --point 99 -o "$temp/x.svg"
wrong 2 "cannot write the figure" plot "$temp/one.sqlite" clip -o "$temp/none/x.svg"

# ---- A check device that differs, one that is not there

mini() { # mini DEVICE: a sweep of one point
  cat >"$temp/mini.sweep" <<END
model = "$PWD/host/nn/models/kjv.gguf";
text = "$PWD/tests/data/heldout.txt";
tokens = 8; context = 8; optical = "q,k";
check = { device = "$1"; every = 1; tokens = 2; };
points = ({ core = "ideal8"; });
END
}
mini "null:?flip=*,*,*"
"$photolane" sweep "$temp/mini.sweep" -o "$temp/flip.sqlite" >"$temp/out" 2>"$temp/err"
code=$?
ok "a difference is exit 1" test "$code" = 1
ok "... and says where" grep -q "1 points DIFFER on null:.*row 0, column 0" "$temp/err"
mini "rtl:63x61x4"
"$photolane" sweep "$temp/mini.sweep" -o "$temp/absent.sqlite" >"$temp/out" 2>"$temp/err"
code=$?
ok "a missing array is no failure" test "$code" = 0
ok "... but is said" grep -q "1 sampled points were not checked: .*63x61x4" "$temp/err"
ok "... and stands in the results" grep -q absent "$temp/out"

# ---- Wrong input

wrong 2 "name a file" sweep
wrong 2 "cannot read" sweep "$temp/none.sweep"
wrong 2 "exclude each other" sweep "$spec" --csv --json
wrong 2 "holds results of another sweep" sweep "$temp/mini.sweep" -o "$temp/one.sqlite"
wrong 2 "is no SQLite file" sweep "$temp/mini.sweep" -o "$temp/one.csv"
sed -i 's/core = "ideal8"/core = "ideal8"; adc_bits = [4, 40]/' "$temp/mini.sweep"
wrong 2 "mini.sweep:5: adc_bits is 40 but must be 2 to 16" sweep "$temp/mini.sweep" -o "$temp/new.sqlite"
ok "... before any file is made" test ! -e "$temp/new.sqlite"
mini "rtl:1x2x8"
sed -i 's/tokens = 8; context = 8/tokens = 1000; context = 1000/' "$temp/mini.sweep"
wrong 2 "context is 1000 but" sweep "$temp/mini.sweep" -o "$temp/new.sqlite"
mini "rtl:1x2x8"
sed -i 's/heldout.txt/golden\/make_golden.py/; s/kjv.gguf/README.md/' "$temp/mini.sweep"
wrong 2 "mini.sweep:1: model: " sweep "$temp/mini.sweep" -o "$temp/new2.sqlite"

echo "$passed passed, $failed failed"
[ $failed = 0 ]
