// realtime.cpp: see realtime.h.
//
// Two clocks. The chip's USB side lives in real time, because the guest does: its latency timer fires in time however slow the
// simulation is. The pins live in simulated time, which follows real time as closely as it can: it waits when it is ahead, and what it
// falls behind by more than kLag is forgotten. Take --clock-khz so low that it keeps up (about 1000 for a UART board): then bytes
// take the time that the guest expects, and the protocol's time-outs mean what they should.
#include "realtime.h"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>

extern "C" {
#include "ftdi/front.h"
}

namespace board {
namespace {

constexpr uint64_t kLag = 5000;        // us
constexpr uint64_t kClocksAtOnce = 400;  // of the FPGA, between two looks at the socket

uint64_t wall_us() {
  using namespace std::chrono;
  return static_cast<uint64_t>(duration_cast<microseconds>(steady_clock::now().time_since_epoch()).count());
}

}  // namespace

int serve_realtime(Board &board, const Options &options) {
  Bay &bay = board.bay;
  char why[256] = "out of memory";
  ftdi_front *front = options.chardev.empty()
                          ? ftdi_usbredir_listen(bay.chip(), options.usbredir.c_str(), why, sizeof why)
                          : ftdi_chardev_listen(bay.chip(), options.chardev.c_str(), board.baud(), why, sizeof why);
  if (!front) throw std::runtime_error(why);
  // The FPGA keeps its power, as on a board with a supply of its own.
  if (options.unplug_after) ftdi_front_unplug_after(front, options.unplug_after, options.away_us);
  bay.now_us = wall_us;
  const ps_t slice = kClocksAtOnce * (1000000000 / board.clock_khz());
  uint64_t begin = wall_us();  // real time of simulated time 0
  while (ftdi_front_state(front) != 2 && bay.failure().empty()) {
    const uint64_t now = wall_us(), here = now_ps() / kPsPerUs;
    ftdi_front_step(front, now);
    if (begin + here > now) {  // ahead
      const uint64_t due = std::min(begin + here, ftdi_front_due(front));
      pollfd p = {ftdi_front_fd(front), ftdi_front_events(front), 0};
      poll(&p, 1, due > now ? static_cast<int>((due - now + 999) / 1000) : 0);
      continue;
    }
    if (now - begin - here > kLag) begin = now - here - kLag;
    bay.advance(slice);
  }
  ftdi_front_close(front);
  if (!bay.failure().empty()) throw std::runtime_error(bay.failure());
  return 0;
}

}  // namespace board
