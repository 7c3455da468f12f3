# Sweeps over several machines: libphotolane-mpi.so, the only object that is linked with MPI (host/mpi/). Built where
# mpicc is; without it everything else works, and `mpirun photolane sweep` says what is missing.
MPICC ?= mpicc
MPI_PLUGIN := $(O)/rtl/libphotolane-mpi.so

.PHONY: mpi
mpi: $(MPI_PLUGIN) ## the plug-in for `mpirun photolane sweep` (needs libopenmpi-dev)
$(MPI_PLUGIN): host/mpi/plugin.c host/mpi/mpi_link.h scripts/sweep.mk
	$(call say,MPI,$@)
	@mkdir -p $(@D)
	$(Q)OMPI_CC="$(CC)" $(MPICC) -std=gnu11 -Wall -Wextra -Werror -O2 -fPIC -fvisibility=hidden -shared -Ihost $< -o $@
all: $(if $(shell command -v $(MPICC) 2>/dev/null),mpi)
