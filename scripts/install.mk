# make install PREFIX=/usr/local DESTDIR=     program, library, header, pkg-config file, cores, arrays, simulated boards, udev rules, man page
#
# An installed tree may be moved: the library looks for its arrays and cores relative to itself first, and only
# then where PREFIX said (host/device/paths.c).
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DATADIR ?= $(PREFIX)/share
MANDIR ?= $(DATADIR)/man
UDEVDIR ?= $(PREFIX)/lib/udev/rules.d
INSTALL ?= install

CORES := $(wildcard host/physics/cores/*.cfg)
ENERGY_FOLDERS := archs shapes systems claims
PUBLIC_HEADERS := include/photolane/photolane.h include/photolane/registers.h include/photolane/version.h
BUILT_PLUGINS = $(wildcard $(O)/rtl/libphotolane-rtl-*.so $(O)/rtl/libphotolane-mpi.so)
BUILT_BOARDS = $(wildcard $(O)/board/photolane-board-uart-* $(O)/board/photolane-board-ft245-*)

# The directories are compiled in: paths.c is compiled anew when they change.
$(O)/dirs.txt: FORCE
	@mkdir -p $(@D)
	@echo '$(LIBDIR) $(DATADIR)' | cmp -s - $@ || echo '$(LIBDIR) $(DATADIR)' > $@
$(O)/obj/host/device/paths.o: EXTRA_CFLAGS = -DPL_LIBDIR='"$(LIBDIR)"' -DPL_DATADIR='"$(DATADIR)"'
$(O)/obj/host/device/paths.o: $(O)/dirs.txt

# Programs in the build folder find the shipped cores there; a link, so that there is one copy.
$(O)/cores:
	@mkdir -p $(@D)
	$(Q)ln -sfn $(CURDIR)/host/physics/cores $@
$(O)/energy:
	@mkdir -p $(@D)
	$(Q)ln -sfn $(CURDIR)/host/energy $@
$(O)/libphotolane.a: | $(O)/cores $(O)/energy

# Made anew each time: it holds PREFIX.
$(O)/photolane.pc: photolane.pc.in FORCE
	@mkdir -p $(@D)
	@sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' \
	  -e 's|@VERSION@|$(VERSION)|' -e 's|@DEPS@|$(DEPS)|' $< > $@

.PHONY: install uninstall
install: $(O)/photolane.pc ## into DESTDIR and PREFIX (/usr/local); `make rtl` first for the arrays
install: $(O)/photolane $(O)/libphotolane.a $(O)/libphotolane.so
	$(call say,INSTALL,$(DESTDIR)$(PREFIX))
	$(Q)$(INSTALL) -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(LIBDIR)/photolane \
	  $(DESTDIR)$(INCLUDEDIR)/photolane $(DESTDIR)$(DATADIR)/photolane/cores $(DESTDIR)$(MANDIR)/man1 \
	  $(DESTDIR)$(UDEVDIR)
	$(Q)$(INSTALL) -m 755 $(O)/photolane $(DESTDIR)$(BINDIR)/photolane
	$(Q)$(INSTALL) -m 644 $(O)/libphotolane.a $(DESTDIR)$(LIBDIR)/
	$(Q)$(INSTALL) -m 755 $(O)/libphotolane.so.$(VERSION) $(DESTDIR)$(LIBDIR)/
	$(Q)ln -sf libphotolane.so.$(VERSION) $(DESTDIR)$(LIBDIR)/libphotolane.so.$(SOVERSION)
	$(Q)ln -sf libphotolane.so.$(SOVERSION) $(DESTDIR)$(LIBDIR)/libphotolane.so
	$(Q)$(INSTALL) -m 644 $(PUBLIC_HEADERS) $(DESTDIR)$(INCLUDEDIR)/photolane/
	$(Q)$(INSTALL) -m 644 $(O)/photolane.pc $(DESTDIR)$(LIBDIR)/pkgconfig/
	$(Q)$(INSTALL) -m 644 $(CORES) $(DESTDIR)$(DATADIR)/photolane/cores/
	$(Q)for folder in $(ENERGY_FOLDERS); do $(INSTALL) -d $(DESTDIR)$(DATADIR)/photolane/energy/$$folder && \
	  $(INSTALL) -m 644 host/energy/$$folder/*.cfg $(DESTDIR)$(DATADIR)/photolane/energy/$$folder/ || exit 1; done
	$(Q)$(if $(BUILT_PLUGINS),$(INSTALL) -m 755 $(BUILT_PLUGINS) $(DESTDIR)$(LIBDIR)/photolane/,:)
	$(Q)$(if $(BUILT_BOARDS),cp -P $(BUILT_BOARDS) $(DESTDIR)$(LIBDIR)/photolane/,:)
	$(Q)$(INSTALL) -m 644 scripts/60-photolane.rules $(DESTDIR)$(UDEVDIR)/
	$(Q)$(INSTALL) -m 644 docs/man/photolane.1 $(DESTDIR)$(MANDIR)/man1/

uninstall: ## takes away what install put there (same PREFIX and DESTDIR)
	$(Q)rm -f $(DESTDIR)$(BINDIR)/photolane $(DESTDIR)$(LIBDIR)/libphotolane.a $(DESTDIR)$(LIBDIR)/libphotolane.so \
	  $(DESTDIR)$(LIBDIR)/libphotolane.so.$(SOVERSION) $(DESTDIR)$(LIBDIR)/libphotolane.so.$(VERSION) \
	  $(DESTDIR)$(LIBDIR)/pkgconfig/photolane.pc $(DESTDIR)$(MANDIR)/man1/photolane.1 \
	  $(DESTDIR)$(UDEVDIR)/60-photolane.rules
	$(Q)rm -rf $(DESTDIR)$(LIBDIR)/photolane $(DESTDIR)$(INCLUDEDIR)/photolane $(DESTDIR)$(DATADIR)/photolane
