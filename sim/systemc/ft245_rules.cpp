// ft245_rules.cpp: see ft245_rules.h.
#include "ft245_rules.h"

#include <cstdio>

namespace board {

void Ft245Rules::broken(ps_t now, const char *rule) {
  char text[200];
  snprintf(text, sizeof text, "FT245 rule broken at %.3f ns: %s", static_cast<double>(now) / 1000, rule);
  bay_.fail(text);
}

void Ft245Rules::changed(ps_t now, const Ft245Sample &s) {
  changed_at_ = now;
  if (!started_ && (s.rd || s.wr || s.oe || s.drives))
    broken(now, "before CLKOUT runs, RD#, WR# and OE# stay high and D is not driven");
  if (s.drives && s.oe) broken(now, "D is driven by both: the FPGA must not drive it while OE# is low");
}

void Ft245Rules::edge(ps_t now, const Ft245Sample &s) {
  if (changed_at_ + kSetup > now && now > started_at_ + kUnsettled) broken(now, "an output changed less than 7.5 ns before the edge of CLKOUT");
  if (s.rd && !s.oe) broken(now, "RD# is low while OE# is high");
  if (s.rd && !last_.rd && !last_.oe) broken(now, "OE# must be low a clock before RD#");
  if (s.wr && s.oe) broken(now, "WR# is low while OE# is low");
  if (s.wr && s.rd) broken(now, "WR# and RD# are low together");
  if (s.wr && !s.drives) broken(now, "WR# is low while nothing drives D");
  if (s.wr && !last_.wr && !last_.txe) broken(now, "WR# went low before TXE# had been low");
  if (s.drives && last_.oe) broken(now, "no idle clock between OE# high and driving D");
  if (s.oe && last_.drives) broken(now, "no idle clock between releasing D and OE# low");
  last_ = s;
}

}  // namespace board
