// uart_pins.cpp: see uart_pins.h.
#include "uart_pins.h"

#include <algorithm>

namespace board {

UartPins::UartPins(sc_core::sc_module_name, Bay &bay, bool stalls, uint64_t seed)
    : bay_(bay), stalls_(stalls), random_(seed, 3) {
  SC_HAS_PROCESS(UartPins);
  SC_METHOD(step);
  sensitive << rxd << cts_n << bay.poked << wake_;
  if (stalls_) next_stall_ = 1000000;
}

ps_t UartPins::bits(int halves) const {
  return static_cast<ps_t>(static_cast<unsigned __int128>(500000000000u) * static_cast<unsigned>(halves) * baud_den_ / baud_num_);
}

// A frame begins a nanosecond after it could: so whoever asks at that time gets the same answer, whether or not this module has run.
static constexpr ps_t kTurn = 1000;

ps_t UartPins::quiet_until(ps_t now) const {
  ps_t until = bay_.next_poll();
  if (bit_ < kFrameBits || next_edge_ != kNever) until = std::min(until, next_edge_);
  else if (may_send()) until = std::min(until, now + kTurn);
  if (receiving_ && bay_.space() < 2 * kRtsMargin) until = std::min(until, next_sample_);
  return std::min(until, next_stall_);
}

void UartPins::step() {
  const ps_t now = now_ps();
  const ftdi_chip_line line = bay_.line();
  if (bit_ == kFrameBits && (baud_num_ != line.baud_num || baud_den_ != line.baud_den)) {
    baud_num_ = line.baud_num, baud_den_ = line.baud_den;
    receiving_ = false, next_sample_ = kNever;
  }
  rts_cts_ = line.rts_cts;
  receive(now);
  send(now);
  flow_control(now);
  const ps_t next = std::min({next_edge_, next_sample_, next_stall_});
  wake_.cancel();
  if (next != kNever) wake_.notify(in_ps(next - now));
}

void UartPins::send(ps_t now) {
  if (bit_ == kFrameBits && next_edge_ == kNever) {  // at rest
    if (may_send()) next_edge_ = now + kTurn;
    return;
  }
  if (now < next_edge_) return;
  if (bit_ == kFrameBits) {  // the next frame, if it still may
    uint8_t byte;
    next_edge_ = kNever;
    if (!may_send() || !bay_.get(&byte)) return;
    frame_ = static_cast<uint32_t>(byte) << 1 | 0x200;
    bit_ = 0;
    start_ = now;
  }
  const uint32_t level = frame_ >> bit_ & 1;
  txd.write(level);
  do bit_++;
  while (bit_ < kFrameBits && (frame_ >> bit_ & 1) == level);
  next_edge_ = start_ + bits(2 * bit_);
}

void UartPins::receive(ps_t now) {
  const bool level = rxd.read();
  if (!receiving_) {
    const bool starts = was_high_ && !level;
    was_high_ = level;
    if (!starts) return;
    receiving_ = true;
    began_ = now, sample_ = 0, received_ = 0;
    next_sample_ = began_ + bits(1);
    return;
  }
  if (now < next_sample_) return;
  received_ |= static_cast<uint32_t>(level) << sample_;
  sample_++;
  next_sample_ = began_ + bits(1 + 2 * sample_);
  const bool glitch = sample_ == 1 && level;
  if (sample_ < kFrameBits && !glitch) return;
  receiving_ = false;
  was_high_ = level;
  next_sample_ = kNever;
  if (glitch) return;
  if (level) bay_.put(static_cast<uint8_t>(received_ >> 1));
  else bay_.line_error(FTDI_LINE_FRAMING);
}

void UartPins::flow_control(ps_t now) {
  if (now >= next_stall_) {
    stalled_ = !stalled_;
    const ps_t byte = bits(2 * kFrameBits);
    next_stall_ = now + (stalled_ ? random_.below(8 * byte) : random_.below(64 * byte)) + 1;
  }
  const bool full = bay_.space() < kRtsMargin;
  const bool high = bay_.rts_cts() && (rts_cts_ ? full || stalled_ : !bay_.line().rts);
  if (high != rts_high_) rts_n.write(high);
  rts_high_ = high;
}

}  // namespace board
