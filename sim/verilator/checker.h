// checker.h: the C++ side of pl_checker.sv. Keeps the operands in the buffers in their encoded form, walks through
// the detector reads in the order of the hardware, and compares each of them with the golden model, lane by lane:
// the sums, the detector value, what is accumulated. The last two come in groups of lanes, as wide as the back end.
// Knows nothing of Verilator.
#ifndef PHOTOLANE_CHECKER_H
#define PHOTOLANE_CHECKER_H

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

extern "C" {
#include "model/model.h"
}

class Checker {
 public:
  Checker(int rows, int columns, int back_lanes) : rows_(rows), columns_(columns), back_lanes_(back_lanes) {}

  void configure(const pl_image &image) { pl_model_unpack(&image, &regs_); }
  // Encodes with the golden model what goes into words base .. base+words-1 of the operand's buffer.
  void load(int operand, int base, int words, const int8_t *codes, int64_t ld, int rows, int depth);
  void start(int a_base, int b_base);  // a tile begins, with the operands that lie there

  // One read of every lane. Words in lane order, as the RTL packs them.
  void sums(const uint32_t *y, const uint32_t *d, const uint32_t *p, const uint32_t *l);
  // One group of lanes. The flags have a bit per lane.
  void detector(const uint32_t *v);
  void code(const uint32_t *code, const uint32_t *shift, const uint32_t *clipped, const uint32_t *detected,
            const uint32_t *corrected);

  bool failed() const { return !sentence_.empty(); }
  const std::string &sentence() const { return sentence_; }  // of the first difference
  uint64_t checked = 0;                                      // detector reads compared

 private:
  struct Operand {
    int words = 0, rows = 0, depth = 0, reads = 0;
    std::vector<pl_encoded> elements;  // (rows, depth); kind rns: the mantissa in `field`
    std::vector<int> shift;            // (rows, reads), kind rns
  };
  struct Place {  // a read: group of array rows and columns, and index of the read; and the group of lanes in it
    int row = 0, col = 0, read = 0, lane = 0;
    void next(const pl_model_regs &regs, int rows, int columns);
  };
  struct Expected {  // of one read and lane; kind rns: detector is not used, code is without the shift
    int32_t detector, code;
    int shift, clipped, detected, corrected;
  };
  void differ(const Place &place, int lane, const char *stage, int64_t expected, int64_t got);
  void compare(const Place &place, int lane, const char *stage, int64_t expected, int64_t got) {
    if (expected != got) differ(place, lane, stage, expected, got);
  }
  bool inside(const Place &place, int lane) const;
  pl_sums sum_up(int m, int n, int read) const;
  Expected expect(const pl_sums &sums, int m, int n, int read) const;

  int rows_, columns_, back_lanes_;
  pl_model_regs regs_{};
  std::map<int, Operand> resident_[2];             // by the first word
  const Operand *operand_[2] = {nullptr, nullptr};  // of the tile
  Place at_sums_, at_detector_, at_code_;
  std::deque<std::vector<Expected>> waiting_;  // reads between array and accumulator
  size_t detected_ = 0;                        // of waiting_, how many have passed the detector
  std::string sentence_;
};

#endif
