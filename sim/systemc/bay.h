// bay.h: where the FTDI chip sits: the chip model of sim/ftdi, the faults of the bytes at its pins, and simulated time.
//
// The front end (lockstep.cpp, ...) talks to the USB side of `chip` between two calls of `advance`; the pin modules (uart_pins.h,
// ft245_pins.h) take and give bytes while time passes inside it. So between two `advance`s nothing can come to the pins from the host:
// `next_poll` is what lets the chip run ahead of the kernel (chip.h).
#ifndef PHOTOLANE_BOARD_BAY_H
#define PHOTOLANE_BOARD_BAY_H

#include <functional>
#include <string>
#include <systemc>

#include "ftdi/ftdi_chip.h"
#include "options.h"

namespace board {

// splitmix64: one per use, so that one kind of fault does not change another.
class Random {
 public:
  Random(uint64_t seed, uint64_t stream) : state_(seed * 0x9e3779b97f4a7c15u + stream * 0xd1342543de82ef95u) {}
  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  bool chance(double p) { return p > 0 && static_cast<double>(next() >> 11) * 0x1p-53 < p; }
  uint64_t below(uint64_t n) { return next() % n; }

 private:
  uint64_t state_;
};

inline ps_t now_ps() { return sc_core::sc_time_stamp().value(); }
inline sc_core::sc_time in_ps(ps_t t) { return sc_core::sc_time::from_value(t); }

class Bay {
 public:
  Bay(const Options &options, bool fifo);
  ~Bay();
  Bay(const Bay &) = delete;
  Bay &operator=(const Bay &) = delete;

  // ---- For the front end.
  ftdi_chip *chip() { return chip_; }
  int channel() const { return channel_; }  // that is wired to the FPGA
  bool rts_cts() const { return rts_cts_; }
  int endpoint_in() const { return channel_ ? 0x83 : 0x81; }
  int endpoint_out() const { return channel_ ? 0x04 : 0x02; }
  // Lets time pass: `ps` of it, or less if something failed or the board was unplugged.
  void advance(ps_t ps);
  // What the chip takes for time, microseconds: simulated time, unless a front end says otherwise.
  std::function<uint64_t()> now_us = [] { return now_ps() / kPsPerUs; };
  bool unplugged() const { return unplugged_; }
  const std::string &failure() const { return failure_; }  // empty: none

  // ---- For the pins.
  ftdi_chip_line line() const { return ftdi_chip_line_of(chip_, channel_); }
  bool waiting() const { return repeat_ || ftdi_chip_pin_waiting(chip_, channel_) > 0; }
  bool get(uint8_t *byte);  // the next byte for the FPGA, after faults; false: none
  void put(uint8_t byte);   // a byte of the FPGA, before faults
  int space() const { return ftdi_chip_pin_space(chip_, channel_); }
  void send_now() { ftdi_chip_pin_send_now(chip_, channel_); }
  void line_error(int errors) { ftdi_chip_line_error(chip_, channel_, errors); }
  void fail(const std::string &why);       // ends the simulation
  sc_core::sc_event poked;                 // something may have come from the host
  ps_t next_poll() const { return next_poll_; }  // before this time nothing can

 private:
  void count();

  const Options &options_;
  ftdi_chip *chip_;
  int channel_;
  bool rts_cts_;
  Random to_board_, to_host_;
  bool repeat_ = false;
  uint8_t repeated_ = 0;
  uint64_t bytes_ = 0;
  bool unplugged_ = false;
  std::string failure_;
  ps_t next_poll_ = 0;
};

// What may change the input pins of the chip says until when it will not. A module answers for all that follows from the present pins.
class Quiet {
 public:
  virtual ~Quiet() = default;
  virtual ps_t quiet_until(ps_t now) const = 0;
};

}  // namespace board
#endif
