// ft245_pins.cpp: see ft245_pins.h.
#include "ft245_pins.h"

#include <algorithm>

namespace board {

Ft245Pins::Ft245Pins(sc_core::sc_module_name, Bay &bay, Chip &chip, bool stalls, uint64_t seed)
    : bay_(bay), chip_(chip), rules_(bay), stalls_(stalls), random_(seed, 4) {
  SC_HAS_PROCESS(Ft245Pins);
  SC_METHOD(step);
  sensitive << rd_n << wr_n << oe_n << siwu_n << drives << data_in << bay.poked << wake_;
}

Ft245Sample Ft245Pins::sample() const {
  return {!rd_n.read(), !wr_n.read(), !oe_n.read(), drives.read(), now_.txe};
}

ps_t Ft245Pins::edge_from(ps_t now) const {
  const ps_t from = std::max(now, handled_);
  return base_ + (from - base_ + kPeriod - 1) / kPeriod * kPeriod;
}

// Must every edge be looked at? If not, the FPGA asks for nothing and no pin of this chip is about to change.
bool Ft245Pins::active() const {
  const bool wants = !rd_n.read() || !wr_n.read() || !oe_n.read() || !siwu_n.read() || !siwu_was_high_;
  return running_ && (wants || stalls_ || drive_at_ != kNever || (!offered_ && bay_.waiting()) || now_.rxf != offered_ ||
                      now_.txe != (bay_.space() > 0) || !(rules_.last() == sample()));
}

ps_t Ft245Pins::quiet_until(ps_t now) const {
  ps_t until = std::min({bay_.next_poll(), resume_at_, drive_at_});
  const bool wanted = bay_.line().sync_fifo;
  if (wanted != running_ && resume_at_ == kNever) until = std::min(until, now + kPeriod);
  if (active()) {
    until = std::min(until, edge_from(now) + kClkoutToPin);
    if (stalls_) until = std::min(until, edge_from(now) + 1);  // CLKOUT may stop behind it
    if (!oe_n.read() && !seen_.oe) until = std::min(until, now + kOeToData);
  }
  return until;
}

void Ft245Pins::step() {
  const ps_t now = now_ps();
  if (now >= drive_at_) drive();
  const Ft245Sample s = sample();
  const bool oe_fell = s.oe && !seen_.oe;
  if (s.rd != seen_.rd || s.wr != seen_.wr || s.oe != seen_.oe || s.drives != seen_.drives || data_in.event()) rules_.changed(now, s);
  seen_ = s;
  start_or_stop(now);
  if (running_ && edge_from(now) == now) {
    edge(now);
    handled_ = now + 1;
  }
  if (oe_fell) {
    next_pins();
    drive_at_ = std::min(drive_at_, now + kOeToData);
  }
  ps_t next = std::min(drive_at_, resume_at_);
  if (active()) next = std::min(next, edge_from(now));
  wake_.cancel();
  if (next != kNever) wake_.notify(in_ps(next - now));
}

void Ft245Pins::start_or_stop(ps_t now) {
  const bool wanted = bay_.line().sync_fifo;
  if (now >= resume_at_) resume_at_ = kNever;
  if (wanted && !running_ && resume_at_ == kNever) {
    running_ = true;
    base_ = handled_ = now + kPeriod;
    chip_.clkout(base_, kPeriod);
    rules_.clock_started(now);
  } else if (!wanted && running_) {
    running_ = false;
    chip_.clkout(kNever, kPeriod);
  }
}

void Ft245Pins::edge(ps_t now) {
  rules_.edge(now, seen_);
  if (now_.rxf && seen_.rd) offered_ = false;
  if (now_.txe && seen_.wr) bay_.put(data_in.read());
  const bool siwu_high = siwu_n.read();
  if (siwu_was_high_ && !siwu_high) bay_.send_now();
  siwu_was_high_ = siwu_high;
  if (!offered_) offered_ = bay_.get(&offer_);
  if (stalls_) {
    if (rxf_pause_) rxf_pause_--;
    else if (random_.chance(0.05)) rxf_pause_ = 1 + static_cast<int>(random_.below(random_.chance(0.1) ? 100 : 3));
    if (txe_pause_) txe_pause_--;
    else if (random_.chance(0.05)) txe_pause_ = 1 + static_cast<int>(random_.below(random_.chance(0.1) ? 100 : 3));
    if (random_.chance(0.0005)) {  // the clock stops behind this edge
      running_ = false;
      resume_at_ = now + 1 + random_.below(5 * kPsPerUs);
      chip_.clkout(kNever, kPeriod);
    }
  }
  next_pins();
  if (next_ != now_) drive_at_ = now + kClkoutToPin;
}

void Ft245Pins::next_pins() {
  next_.rxf = offered_ && !rxf_pause_;
  next_.txe = bay_.space() > 0 && !txe_pause_;
  if (!seen_.oe) next_.data = 0xff;  // pulled up
  else if (next_.rxf) next_.data = offer_;
  else if (now_.rxf) next_.data = static_cast<uint8_t>(random_.next());  // rubbish
}

void Ft245Pins::drive() {
  drive_at_ = kNever;
  now_ = next_;
  rxf_n.write(!now_.rxf);
  txe_n.write(!now_.txe);
  data_out.write(now_.data);
}

}  // namespace board
