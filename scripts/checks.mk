# Tests, lint, sanitizers. Each test program is tests/<group>/test_<name>.c, linked to the library and Check.
CHECK_LIBS := $(shell pkg-config --libs check 2>/dev/null)

$(O)/tests/%: $(O)/obj/tests/%.o $(O)/libphotolane.a
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(CHECK_LIBS) $(LDLIBS) -lgsl -lgslcblas

.PHONY: tests
tests: $(TESTS) ## build the test programs
