// options.h: what a board is told on its command line (main.cpp).
#ifndef PHOTOLANE_BOARD_OPTIONS_H
#define PHOTOLANE_BOARD_OPTIONS_H

#include <cstdint>
#include <string>

#include "chip.h"

namespace board {

struct Options {
  // Which FTDI chip is on the board: "ft2232h", "ft232h", "ft231x"; empty: ft2232h.
  std::string ftdi;

  // Faults at the pins between the FTDI chip and the FPGA, reproducible by the seed. Chances are per byte, each way.
  double drop = 0, corrupt = 0, duplicate = 0;
  bool stalls = false;        // TXE#, RXF# and CLKOUT, or CTS, pause at random
  uint64_t unplug_after = 0;  // bytes, both ways, then the board is gone; 0: never
  uint64_t away_us = 1000000; // for how long; in lock-step it is for good, the host starts another
  uint64_t seed = 1;

  // Waveforms: FILE.fst of everything in the chip (a traced build), or FILE.vcd of the pins.
  std::string trace;
  ps_t trace_from = 0, trace_to = kNever - 1;

  uint32_t clock_khz = 0;         // of the FPGA; 0: what it was built for. The UART's rate changes with it.
  ps_t clock_to_out_ps = 5000;    // of the FPGA's FT245 outputs, after CLKOUT
  bool exact = false;             // the simulation kernel sees every clock: slow, the same to the picosecond

  // Front ends: exactly one.
  int fd = -1;  // lock-step with port_sim.c
  std::string usbredir, chardev;  // sockets to listen on, in real time
  bool realtime() const { return fd < 0; }
};

}  // namespace board
#endif
