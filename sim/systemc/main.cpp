// main.cpp: the program photolane-board-BOARD: options, one board, one front end.
//
//   photolane-board-uart-coherent-4x4x8 --lockstep 3 [options]        by host/link/port_sim.c, for sim:
//   photolane-board-uart-coherent-4x4x8 --usbredir SOCKET [options]   a USB device for QEMU
//   photolane-board-uart-coherent-4x4x8 --chardev SOCKET [options]    the bytes of the UART, for QEMU's own FTDI chip
//   options: --help says them
#include <getopt.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "lockstep.h"
#include "realtime.h"

namespace board {
namespace {

const char kHelp[] =
    "  --lockstep FD          serve host/link/board_wire.h on this descriptor\n"
    "  --usbredir SOCKET      a USB device for QEMU's usb-redir, in real time\n"
    "  --chardev SOCKET       the bytes of the UART for QEMU's usb-serial, in real time\n"
    "  --chip NAME            FTDI chip: ft2232h, ft232h, ft231x\n"
    "  --drop P --corrupt P --duplicate P   chance per byte at the pins, each way\n"
    "  --stalls               TXE#, RXF# and CLKOUT (FT245) or CTS (UART) pause at random\n"
    "  --unplug-after N       the board is unplugged after N bytes\n"
    "  --away MS              and is back after that time (--usbredir, --chardev)\n"
    "  --seed N               of all that is random\n"
    "  --trace FILE.vcd|.fst  waveforms of the pins, or of everything (traced builds)\n"
    "  --trace-from US --trace-to US        of an FST\n"
    "  --clock-khz N          clock of the FPGA; the UART's rate changes with it\n"
    "  --clock-to-out PS      delay of the FPGA's FT245 outputs\n"
    "  --exact                no running ahead of the simulation kernel: slow, the same bits\n";

enum { LOCKSTEP = 256, CHIP, DROP, CORRUPT, DUPLICATE, STALLS, UNPLUG, SEED, TRACE, TRACE_FROM, TRACE_TO, CLOCK, CLOCK_TO_OUT, EXACT, HELP,
       USBREDIR, CHARDEV, AWAY };

const option kOptions[] = {{"lockstep", 1, nullptr, LOCKSTEP},   {"chip", 1, nullptr, CHIP},
                           {"drop", 1, nullptr, DROP},           {"corrupt", 1, nullptr, CORRUPT},
                           {"duplicate", 1, nullptr, DUPLICATE}, {"stalls", 0, nullptr, STALLS},
                           {"unplug-after", 1, nullptr, UNPLUG}, {"seed", 1, nullptr, SEED},
                           {"trace", 1, nullptr, TRACE},         {"trace-from", 1, nullptr, TRACE_FROM},
                           {"trace-to", 1, nullptr, TRACE_TO},   {"clock-khz", 1, nullptr, CLOCK},
                           {"clock-to-out", 1, nullptr, CLOCK_TO_OUT}, {"exact", 0, nullptr, EXACT},
                           {"help", 0, nullptr, HELP},           {"usbredir", 1, nullptr, USBREDIR},
                           {"chardev", 1, nullptr, CHARDEV},     {"away", 1, nullptr, AWAY},
                           {nullptr, 0, nullptr, 0}};

double number(const char *text) {
  char *end;
  const double value = strtod(text, &end);
  if (*end || !*text || value < 0) throw std::runtime_error(std::string("'") + text + "' is not a number from 0 on");
  return value;
}

Options parse(int argc, char **argv) {
  Options o;
  opterr = 0;
  for (int c; (c = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) switch (c) {
      case LOCKSTEP: o.fd = static_cast<int>(number(optarg)); break;
      case CHIP: o.ftdi = optarg; break;
      case DROP: o.drop = number(optarg); break;
      case CORRUPT: o.corrupt = number(optarg); break;
      case DUPLICATE: o.duplicate = number(optarg); break;
      case STALLS: o.stalls = true; break;
      case UNPLUG: o.unplug_after = strtoull(optarg, nullptr, 0); break;
      case SEED: o.seed = strtoull(optarg, nullptr, 0); break;
      case TRACE: o.trace = optarg; break;
      case TRACE_FROM: o.trace_from = static_cast<ps_t>(number(optarg)) * kPsPerUs; break;
      case TRACE_TO: o.trace_to = static_cast<ps_t>(number(optarg)) * kPsPerUs; break;
      case CLOCK: o.clock_khz = static_cast<uint32_t>(number(optarg)); break;
      case CLOCK_TO_OUT: o.clock_to_out_ps = static_cast<ps_t>(number(optarg)); break;
      case USBREDIR: o.usbredir = optarg; break;
      case CHARDEV: o.chardev = optarg; break;
      case AWAY: o.away_us = static_cast<uint64_t>(number(optarg)) * 1000; break;
      case EXACT: o.exact = true; break;
      case HELP: printf("usage: %s --lockstep FD [options]\n%s", argv[0], kHelp); exit(0);
      default: throw std::runtime_error("unknown option; see --help");
    }
  if ((o.fd >= 0) + !o.usbredir.empty() + !o.chardev.empty() != 1)
    throw std::runtime_error("exactly one of --lockstep, --usbredir and --chardev is wanted; see --help");
  return o;
}

int run(int argc, char **argv) {
  Options options;
  try {
    options = parse(argc, argv);
    sc_core::sc_set_time_resolution(1, sc_core::SC_PS);
    Board board(options);
    return options.realtime() ? serve_realtime(board, options) : serve_lockstep(board, options.fd);
  } catch (const std::exception &e) {
    if (options.fd >= 0) send_failure(options.fd, e.what());
    fprintf(stderr, "%s: %s\n", argv[0], e.what());
    return 2;
  }
}

}  // namespace
}  // namespace board

int sc_main(int argc, char **argv) { return board::run(argc, argv); }

int main(int argc, char **argv) {
  setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 1);
  signal(SIGPIPE, SIG_IGN);
  return sc_core::sc_elab_and_sim(argc, argv);
}
