# Published models: tests that are skipped by name in `make check` where a model is not there, and a target that fetches all.
# TEXT=FILE is what perplexity is measured on besides; it is no part of the project.
TEXT ?= $(wildcard ../shared/data/wikitext-2-test.txt)
MODEL_TESTS := $(filter $(O)/tests/models/%,$(TESTS))
TEXT_TEST := $(if $(TEXT),$(O)/photolane perplexity -m models/smollm2.gguf -f $(TEXT) --tokens 512 -c ideal8,echo "skipped: no text (TEXT=FILE)"; exit 77)

.PHONY: check-models
check-models: $(MODEL_TESTS) $(O)/photolane $(O)/rtl/libphotolane-rtl-8x8x64.so ## fetch the published models and test them: tokens, logits, golden model against RTL on 64 tokens, perplexity
	$(Q)scripts/fetch-model
	$(Q)RTL_TOKENS=64 scripts/run-tests $(call as_tests,$(MODEL_TESTS)) 'perplexity of SmolLM2=$(TEXT_TEST)'
