// bay.cpp: the FTDI chip and the faults at its pins. See bay.h.
#include "bay.h"

#include <stdexcept>

namespace board {
namespace {

struct FtdiType {
  const char *name;
  ftdi_chip_type type;
  int uart_channel;
  bool rts_cts;
};
// As on real boards: the UART of an FT2232H is channel B with RTS and CTS wired (iCE40-HX8K breakout), an FT231X's has neither (ULX3S).
const FtdiType kTypes[] = {
    {"ft2232h", FTDI_CHIP_2232H, 1, true}, {"ft232h", FTDI_CHIP_232H, 0, true}, {"ft231x", FTDI_CHIP_231X, 0, false}};

const FtdiType &type_of(const std::string &name, bool fifo) {
  for (const FtdiType &t : kTypes)
    if (name.empty() || name == t.name) {
      if (fifo && t.type == FTDI_CHIP_231X) throw std::runtime_error("an FT231X has no FT245 FIFO: take ft2232h or ft232h");
      return t;
    }
  throw std::runtime_error("no FTDI chip '" + name + "': there are ft2232h, ft232h and ft231x");
}

}  // namespace

Bay::Bay(const Options &options, bool fifo)
    : options_(options), to_board_(options.seed, 1), to_host_(options.seed, 2) {
  // QEMU's usb-serial has one channel and no flow control.
  const bool bare = !options.chardev.empty();
  if (bare && fifo) throw std::runtime_error("--chardev carries the bytes of a UART, not of an FT245");
  const FtdiType &type = type_of(bare ? "ft232h" : options.ftdi, fifo);
  channel_ = fifo ? 0 : type.uart_channel;
  rts_cts_ = !fifo && type.rts_cts && !bare;
  chip_ = ftdi_chip_new(type.type, "PLSIM", fifo);
  if (!chip_) throw std::runtime_error("out of memory");
}

Bay::~Bay() { ftdi_chip_free(chip_); }

void Bay::advance(ps_t ps) {
  if (!failure_.empty() || unplugged_) return;
  next_poll_ = now_ps() + ps;
  poked.notify(sc_core::SC_ZERO_TIME);
  sc_core::sc_start(in_ps(ps), sc_core::SC_RUN_TO_TIME);
}

void Bay::count() {
  if (++bytes_ != options_.unplug_after || options_.realtime()) return;
  unplugged_ = true;
  sc_core::sc_pause();
}

static uint8_t damage(Random &random, uint8_t byte) { return static_cast<uint8_t>(byte ^ (1 + random.below(255))); }

bool Bay::get(uint8_t *byte) {
  if (repeat_) {
    repeat_ = false;
    *byte = repeated_;
    return true;
  }
  while (ftdi_chip_pin_read(chip_, channel_, byte, now_us())) {
    count();
    if (to_board_.chance(options_.drop)) continue;
    if (to_board_.chance(options_.corrupt)) *byte = damage(to_board_, *byte);
    if (to_board_.chance(options_.duplicate)) repeat_ = true, repeated_ = *byte;
    return true;
  }
  return false;
}

void Bay::put(uint8_t byte) {
  count();
  if (to_host_.chance(options_.drop)) return;
  if (to_host_.chance(options_.corrupt)) byte = damage(to_host_, byte);
  ftdi_chip_pin_write(chip_, channel_, byte, now_us());
  if (to_host_.chance(options_.duplicate) && space() > 0) ftdi_chip_pin_write(chip_, channel_, byte, now_us());
}

void Bay::fail(const std::string &why) {
  if (failure_.empty()) failure_ = why;
  sc_core::sc_pause();
}

}  // namespace board
