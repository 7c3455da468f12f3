#!/bin/sh
# Families of models as a user meets them, on tiny ones that ship: GPT-2 and BERT, embed, chat, what perplexity and run
# say beside the float model, calibrated operands, and what is refused.
#   tests/cli/test_models.sh [BUILD]       from the project's root; BUILD is the build folder (build)
set -u
build=${1:-build}
photolane=$build/photolane
gpt=tests/data/tiny-gpt2.gguf
bert=tests/data/tiny-bert
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
    sed 's/^/  out: /' "$temp/out" | head -20
    sed 's/^/  err: /' "$temp/err" | head -20
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

has() { check "no $1 in the result" grep -qF -e "$1" "$temp/out"; }

printf 'The optical cores.\nthe light, a core\n\nA core, a light.\n' >"$temp/sentences"
head -c 200 tests/data/heldout.txt >"$temp/text"

# ---- GPT-2 ----
run run -m "$gpt" -p "the" -n 5 -c lightening --compare --json
check "GPT-2 runs" [ "$code" = 0 ]
for field in top1_agreement kl_divergence tokens_per_s clip_rate; do has "\"$field\""; done
run perplexity -m "$gpt" -f "$temp/text" --context 32 -c ideal8 --json
check "perplexity" [ "$code" = 0 ]
for field in perplexity perplexity_error reference_perplexity top1_agreement kl_divergence tokens_per_s; do has "\"$field\""; done
cp "$temp/out" "$temp/result.json"
run replay "$temp/result.json"
check "replay of perplexity" [ "$code" = 0 ]
run perplexity -m "$gpt" -f "$temp/text" --context 32 --reference
check "float perplexity" [ "$code" = 0 ]
check "no float beside float" sh -c "! grep -q 'KL' '$temp/out'"

# ---- Calibration of operands ----
run calibrate -m "$gpt" -f "$temp/text" -c ideal8 --input mse -o "$temp/ranges.json"
check "calibrate" [ "$code" = 0 ]
for field in adc_gain input_full_scale offset balance head_full_scale clipped; do
  check "no $field in the ranges" grep -q "\"$field\"" "$temp/ranges.json"
done
run perplexity -m "$gpt" -f "$temp/text" --context 32 -c ideal8 --ranges "$temp/ranges.json"
check "with the ranges" [ "$code" = 0 ]
wrong "row, max, mse or a percentile" calibrate -m "$gpt" -f "$temp/text" --input 3
wrong "takes no --input" calibrate -d model: --input max

# ---- BERT ----
run embed -m "$bert" -f "$temp/sentences" -c ideal8 --json
check "embed" [ "$code" = 0 ]
for field in cosine_mean cosine_min order_agreement nearest_agreement embeddings; do has "\"$field\""; done
has '"sentences":	3'
cp "$temp/out" "$temp/result.json"
run replay "$temp/result.json"
check "replay of embed" [ "$code" = 0 ]
run embed -m "$bert" -p "the light" --reference
check "embed in float" [ "$code" = 0 ]

# ---- What is refused ----
wrong "is an encoder and continues no text" run -m "$bert" -p x
wrong "is an encoder and predicts no text" perplexity -m "$bert" -f "$temp/text" --context 8
wrong "is a decoder" embed -m "$gpt" -p x
wrong "embed what?" embed -m "$bert"
wrong "there is no sentence" embed -m "$bert" -p ""
wrong "no chat template" run -m "$gpt" --chat -p x
wrong "nothing to --compare" run -m "$gpt" --compare --reference -n 3 -p x
wrong "config.json" embed -m tests/data/golden -p x
"$photolane" embed -m "$bert" -p "$(printf 'a %.0s' $(seq 60))" >"$temp/out" 2>"$temp/err"
check "a sentence longer than the context" [ $? = 2 ]
check "its sentence" grep -q "62 tokens" "$temp/err"
scripts/fetch-model nonsense >"$temp/out" 2>"$temp/err"
check "fetch-model of nothing" [ $? = 2 ]
check "its sentence" grep -q "there is no model 'nonsense'" "$temp/err"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
