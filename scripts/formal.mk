# Proofs of the link, the sequencer and the converter (sim/formal/), each with its planted faults, by yosys-smtbmc and z3.
.PHONY: formal
formal: ## the proofs of sim/formal, and that each fails when its fault is planted
	$(Q)scripts/check-formal $(PROOFS)
