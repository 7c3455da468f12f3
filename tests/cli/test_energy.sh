#!/bin/sh
# `photolane energy` as a user meets it: the commands of the documents, JSON and CSV, counts of real runs, grids in time,
# figures, one sentence for wrong input.
#   tests/cli/test_energy.sh [BUILD]       from the project's root; BUILD is the build folder (build)
set -u
build=${1:-build}
photolane=$build/photolane
model=host/nn/models/kjv.gguf
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

good() { # good TEXT ARGUMENTS...: exit 0 and TEXT on stdout, which stays in $temp/out
  text=$1
  shift
  "$photolane" energy "$@" >"$temp/out" 2>"$temp/err" </dev/null
  code=$?
  if [ "$code" = 0 ] && grep -qF -e "$text" "$temp/out"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED: exit code $code, wanted 0 and '$text': photolane energy $*"
    head -20 "$temp/out" "$temp/err" | sed 's/^/  /'
  fi
}

wrong() { # wrong EXIT TEXT ARGUMENTS...: EXIT, nothing on stdout, one sentence with TEXT on stderr
  want=$1
  text=$2
  shift 2
  "$photolane" energy "$@" >"$temp/out" 2>"$temp/err" </dev/null
  code=$?
  if [ "$code" = "$want" ] && [ ! -s "$temp/out" ] && [ "$(wc -l <"$temp/err")" = 1 ] && grep -qF -e "$text" "$temp/err"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED: exit code $code, wanted $want and '$text': photolane energy $*"
    head -20 "$temp/out" "$temp/err" | sed 's/^/  /'
  fi
}

# is PATH VALUE TOLERANCE: a number of the JSON in $temp/out, such as .components.dac
is() {
  ok "$1 is $2" python3 - "$temp/out" "$1" "$2" "$3" <<'END'
import json, sys
value = json.load(open(sys.argv[1]))
for part in sys.argv[2].split(".")[1:]:
    value = value[int(part)] if part.isdigit() else value[part]
want, tolerance = float(sys.argv[3]), float(sys.argv[4])
assert abs(value / want - 1) <= tolerance, value
END
}

# ---- The commands of the issue ----
good "energy-delay product" --arch lt-base --model deit-t --bits 4
good '"components"' --arch lt-base --model deit-t --bits 4 --json
is .energy_mj 0.384301 2e-6
is .latency_ms 0.01935323 3e-7
is .edp_mj_ms 0.00743747 1e-5
is .area_mm2 60.300595 1e-7
is .power_w 14.752611 1e-7
is .components.dac 0.060398 1e-5
good "ResNet" --claims
good "67.1" --arch mirage --model resnet18 --train --batch 256
good '"power_is":	"peak"' --arch mirage --model resnet18 --train --batch 256 --json
is .latency_ms 31.3 5e-5
good "RECONSTRUCTION B" --arch optical-transformers-b --model gpt3-175b
good '"area_mm2":	null' --arch optical-transformers-b --model gpt3-175b --json
is .fj_per_mac 5.15 1e-3
good "lt-base,deit-t,energy_mj,dac,0.0603" -a lt-base -m deit-t --csv
ok "CSV has five columns" awk -F, 'NF != 5 {exit 1}' "$temp/out"
good "0 fail" --claims
good '"verdict":	"fitted"' --claims --json
ok "claims as JSON" python3 -m json.tool "$temp/out" /dev/null
good "Optical Transformers,\"more than 100x" --claims --csv
ok "the table of docs/energy.md is what comes out" scripts/claims-table --check "$build"
for name in lt-base lt-large mrr-bank mzi-mesh optical-transformers optical-transformers-a optical-transformers-b mirage \
  digital-300fJ deit-t deit-s deit-b bert-b bert-l gpt2 gpt3-175b mt-nlg-530b future-4q resnet18; do
  good "  $name " --list
done

# ---- Options ----
good "128 tokens, batch 4" -a lt-base -m deit-t --batch 4 --tokens 128 --set tiles=8,clock_ghz=2.5
good "cached keys and values" -a lt-base -m gpt2 --decode
good "left out" -a mzi-mesh -m deit-t --no-quirks
ok "no quirk is named with --no-quirks" sh -c "! grep -q 'as published' '$temp/out'"
good "kjv on lt-base" -a lt-base -m $model --tokens 64
good "deit-t on lt-base, 8 bits" -a lt-base -m deit-t --core lightening
wrong 2 "is of kind rns, which lt-base (crossbar) is no model of" -a lt-base -m deit-t --core mirage
wrong 2 "there is no core 'nosuch'" -a lt-base -m deit-t --core nosuch
good "adc_rated_power_mw" --fields
wrong 2 "which architecture?" -m deit-t
wrong 2 "which model?" -a lt-base
wrong 2 "there is no architecture 'lt-tiny'; there are" -a lt-tiny -m deit-t
wrong 2 "there is no shape 'deit-x'; there are" -a lt-base -m deit-x
wrong 2 "/nonexistent.cfg: No such file" -a /nonexistent.cfg -m deit-t
wrong 2 "cannot open model /nonexistent.gguf" -a lt-base -m /nonexistent.gguf
wrong 2 "has no choice of bits" -a mirage -m resnet18 --bits 4
wrong 2 "--bits wants a whole number from 1 to 16" -a lt-base -m deit-t --bits 17
wrong 2 "is no Transformer: there is nothing to decode" -a lt-base -m resnet18 --decode
wrong 2 "--tokens does not apply" -a lt-base -m resnet18 --tokens 5
wrong 2 "only one of" --ledger --claims
wrong 2 "either --csv or --json" -a lt-base -m deit-t --csv --json
wrong 2 "--set: unknown field 'adc_power_w'" -a lt-base -m deit-t --set adc_power_w=3
wrong 2 "did you mean adc_rated_power_mw?" -a lt-base -m deit-t --set adc_rated_power_w=3
printf 'base = "lt-base";\ntia_power_mw = -3.0;\n' >"$temp/bad.cfg"
wrong 2 "bad.cfg:2: tia_power_mw is -3 but must be 0 to" -a "$temp/bad.cfg" -m deit-t
printf 'base = "lt-base";\nlaser_w = 3.0;\n' >"$temp/bad.cfg"
wrong 2 "bad.cfg:2: unknown field 'laser_w'; did you mean laser_" -a "$temp/bad.cfg" -m deit-t
printf 'kind = "transformer";\nlayers = 12;\n' >"$temp/bad.cfg"
wrong 2 "bad.cfg:1: field width is missing" -a lt-base -m "$temp/bad.cfg"

# ---- Ledger ----
good "the same with weights loaded anew" -a optical-transformers-b -m gpt3-175b --ledger
good '"break_even_width"' -a optical-transformers-b -m gpt3-175b --ledger --json
is ".cases.0.baselines.0.advantage.products alone" 58.25 1e-3
ok "shares add up to 1" python3 - "$temp/out" <<'END'
import json, sys
for case in json.load(open(sys.argv[1]))["cases"]:
    for shares in (case["energy_share"], case["time_share"]):
        assert abs(sum(shares.values()) - 1) < 1e-9, case
END
good '"decode, batch 256",gpu-h100' -a lt-base -m gpt2 --ledger --csv
good "host-digital" -a lt-base -m gpt2 --ledger --system host-digital
wrong 2 "--ledger is about Transformers" -a mirage -m resnet18 --ledger
wrong 2 "there is no system 'nowhere'" -a lt-base -m gpt2 --ledger --system nowhere
wrong 2 "there is no architecture 'abacus'" -a lt-base -m gpt2 --ledger --baseline abacus
wrong 2 "--baseline wants" -a lt-base -m gpt2 --ledger --baseline ,

# ---- Counts of real runs ----
run() { # run CORE DEVICE TOKENS: a result in $temp/run.json
  "$photolane" run -m $model -p "And God said unto" -n "$3" -c "$1" -d "$2" --json >"$temp/run.json" 2>/dev/null
}
run optical-transformers model: 6
good "measured and formula counts agree in every product" -a optical-transformers-b --from "$temp/run.json"
good '"dac_measured"' -a optical-transformers-b --from "$temp/run.json" --json
ok "formula and measured, product by product" python3 - "$temp/out" <<'END'
import json, sys
counts = json.load(open(sys.argv[1]))["counts"]
assert len(counts) == 10
for c in counts:
    assert c["skipped"] == (c["product"] == "head")
    assert c["dac_formula"] == c["dac_measured"] and c["adc_formula"] == c["adc_measured"], c
END
good "q," -a optical-transformers-b --from "$temp/run.json" --csv
wrong 2 "has no converters" -a digital-300fJ --from "$temp/run.json"
wrong 2 "brings its own products" -a lt-base --from "$temp/run.json" --model gpt2
sed 's/\["q", \([0-9][0-9]*\)/["q", -\1/' "$temp/run.json" >"$temp/bad.json"
wrong 2 "bad.json: entry 1 of data.jobs is damaged" -a lt-base --from "$temp/bad.json"
sed 's/"jobs":/"sboj":/' "$temp/run.json" >"$temp/bad.json"
wrong 2 "has no data.jobs: make it anew" -a lt-base --from "$temp/bad.json"
wrong 2 "is no photolane result" -a lt-base --from $model
# Tiles: on a small array a long prompt's rows go through the buffers more than once, and the counters show it.
if "$photolane" info -d rtl:4x4x8 >"$temp/said" 2>&1 && [ -e "$build/rtl/libphotolane-rtl-intensity-4x4x8.so" ]; then
  "$photolane" run -m $model -p "$(yes 'and it came to pass' | head -18 | tr '\n' ' ')" -n 1 -c optical-transformers \
    --optical down -d rtl:4x4x8 --json >"$temp/run.json" 2>/dev/null
  good "the device works in tiles" -a optical-transformers-b --from "$temp/run.json"
fi
# A core that reads other sums than the architecture shows as a factor.
printf 'kind = "coherent";\neffects = [];\nchannels = 16;\n' >"$temp/narrow.cfg"
run "$temp/narrow.cfg" model: 4
good "the emulated core sums 16 channels a read" -a lt-base --from "$temp/run.json"
run lightening model: 4
good "the device keeps what is encoded" -a lt-base --from "$temp/run.json"
ok "ADC conversions agree with the core of the same paper" sh -c "! grep -q 'ADC conversions differ' '$temp/out'"
run mirage model: 4
good "mirage" -a mirage --from "$temp/run.json"
ok "ADC conversions agree with the core of the same paper" sh -c "! grep -q 'ADC conversions differ' '$temp/out'"

# ---- Grids ----
cat >"$temp/grid.cfg" <<'END'
arch = "lt-base";
model = "deit-t";
vary = {
  bits = { from = 3; to = 8; step = 1; };
  core_height = { from = 4; to = 32; step = 4; };
  core_width = { from = 4; to = 32; step = 4; };
  core_wavelengths = [6, 12, 24];
  tiles = { from = 1; to = 16; step = 1; };
  clock_ghz = [1.0, 2.5, 5.0, 7.5, 10.0, 20.0];
};
END
before=$(date +%s)
good "energy_mj" --grid "$temp/grid.cfg" --csv
ok "110592 designs in less than 10 s" [ $(($(date +%s) - before)) -lt 10 ]
ok "all designs were counted" grep -q "110592 designs" "$temp/err"
# shellcheck disable=SC2016 # the fields of awk
ok "the front goes down in time as it goes up in energy, or down in area" awk -F, '
  NR > 1 { for (i = 1; i < n; i++) if (e[i] <= $7 && t[i] <= $8 && a[i] <= $9) exit 1; e[n] = $7; t[n] = $8; a[n] = $9; n++ }
  BEGIN { n = 1 } END { exit n < 50 }' "$temp/out"
good '"front"' --grid "$temp/grid.cfg" --json
printf 'arch = "lt-base";\nmodel = "deit-t";\nvary = { tiles = [0]; };\n' >"$temp/bad.cfg"
wrong 2 "bad.cfg:3: tiles is 0 but must be 1" --grid "$temp/bad.cfg"
wrong 2 "the grid's file says what to compute" --grid "$temp/grid.cfg" -a lt-base

# ---- Figures ----
if command -v gnuplot >/dev/null; then
  good "deit-t" -a lt-base -m deit-t --plot "$temp/it's a bar.svg"
  ok "a figure of bars" grep -q "</svg>" "$temp/it's a bar.svg"
  good "case" -a optical-transformers-b -m gpt3-175b --ledger --csv --plot "$temp/ledger.svg"
  ok "a figure of the ledger" grep -q "Where does the advantage go" "$temp/ledger.svg"
  good "bits" --grid "$temp/grid.cfg" --csv --plot "$temp/grid.svg"
  ok "a figure of the grid" grep -q "110592 designs" "$temp/grid.svg"
fi
PATH=$temp "$photolane" energy -a lt-base -m deit-t --csv --plot "$temp/none.svg" >/dev/null 2>"$temp/err"
code=$?
ok "without gnuplot: exit code $code" [ "$code" = 1 ]
ok "without gnuplot: a sentence" grep -q "gnuplot is missing.*scripts/setup --all" "$temp/err"
ok "without gnuplot: no half figure" [ ! -e "$temp/none.svg" ]

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
