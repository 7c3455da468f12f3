# The trainer build/pl-train (host/train/). Only it, and its tests, use OpenBLAS.
$(O)/pl-train: LDLIBS += -lopenblas

# Its tests link the trainer's objects too; the gradient test takes them in double precision (see host/train/real.h).
TRAIN_TEST_OBJ := $(filter-out %/main.o,$(call obj,$(TRAIN_SRC)))
$(O)/obj/train-double/%.o: host/train/%.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -DPL_TRAIN_DOUBLE -MMD -MP -c $< -o $@
$(O)/obj/tests/unit/test_train_grad.o: EXTRA_CFLAGS = -DPL_TRAIN_DOUBLE

$(O)/tests/unit/test_train_grad: $(O)/obj/tests/unit/test_train_grad.o $(O)/obj/train-double/net.o \
                                 $(O)/obj/train-double/ops.o $(O)/libphotolane.a
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(CHECK_LIBS) -lopenblas $(LDLIBS)
$(O)/tests/unit/test_train_%: $(O)/obj/tests/unit/test_train_%.o $(TRAIN_TEST_OBJ) $(O)/libphotolane.a
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(CHECK_LIBS) -lopenblas $(LDLIBS)
