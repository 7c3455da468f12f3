# The Verilated arrays: one plug-in per shape, build/rtl/libphotolane-rtl-RxCxW.so, loaded by `rtl:RxCxW`.
.PHONY: rtl
rtl: ## the Verilated arrays (SHAPES="1x2x8 ...")
