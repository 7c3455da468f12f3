// pl_array: the physical array. Multiplies one word of every row with one word of every column per clock and
// sums the words of a detector read (signal-chain.md, "Optical sum" of each kind, rounded to detector LSB).
//
// Lane l = row * Columns + column. first_i marks the first word of a read, last_i the last one. Three enabled clocks
// after the last word, valid_o is high for one enabled clock; from then on the read's sums of every lane stand still
// until the next read ends, which ending_o says one enabled clock ahead:
//               coherent                            intensity                    rns
//   y_o         optical sum in detector LSB         the same                     exact sum of mantissas
//   d_o         dispersion in detector LSB          rounded bits, see below      0
//   p_o         summed power products               0                            0
//   l_o         summed light of both operands       light in detector LSB        0
//   shift_o     0                                   0                            exponents of row and column, added
// Rounded bits: the six lowest of the exact light (11:6) and of the exact optical sum (5:0), which photon counters need.
// en_i low freezes everything.
`default_nettype none
module pl_array #(
  parameter int Kind = pl_regs_pkg::KindCoherent,
  parameter int Rows = 4,     // 1..64
  parameter int Columns = 4,  // 1..64
  parameter int Width = 8,    // 4, 8, 16, 32 or 64
  localparam int Lanes = Rows * Columns,
  localparam int WordBits = pl_pkg::word_bits(Kind, Width)
) (
  input  logic                               clk_i,
  input  logic                               rst_ni,
  input  logic                               en_i,
  input  logic                               valid_i,
  input  logic                               first_i,
  input  logic                               last_i,
  input  logic [Rows*WordBits-1:0]           a_i,
  input  logic [Columns*WordBits-1:0]        b_i,
  output logic                               ending_o,
  output logic                               valid_o,
  output logic [Lanes*32-1:0]                y_o,
  output logic [Lanes*32-1:0]                d_o,
  output logic [Lanes*32-1:0]                p_o,
  output logic [Lanes*32-1:0]                l_o,
  output logic [Lanes*pl_pkg::ShiftBits-1:0] shift_o
);
  localparam int PairAt = Width * pl_pkg::field_box(Kind);
  localparam int TailAt = pl_pkg::tail_at(Kind, Width);

  // ---- Time: words at each of the three stages.
  logic valid1_q, valid2_q, valid3_q, first1_q, first2_q, last1_q, last2_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid1_q <= 1'b0;
      valid2_q <= 1'b0;
      valid3_q <= 1'b0;
    end else if (en_i) begin
      valid1_q <= valid_i;
      valid2_q <= valid1_q;
      valid3_q <= ending_o;
    end
  end
  always_ff @(posedge clk_i) begin
    if (en_i) begin
      first1_q <= first_i;
      first2_q <= first1_q;
      last1_q <= last_i;
      last2_q <= last1_q;
    end
  end
  assign ending_o = valid2_q & last2_q;
  assign valid_o = valid3_q;
  logic [2:0] step;
  assign step = {valid2_q, valid1_q, valid_i};

  // ---- Products.
  if (Kind == pl_regs_pkg::KindCoherent) begin : g_coherent
    logic [Lanes*6-1:0] unused_low, unused_low_power;
    pl_dot #(.Rows(Rows), .Columns(Columns), .Width(Width), .WordBits(WordBits), .At(0), .Box(pl_pkg::FieldBox),
             .SumBox(pl_pkg::FieldSumBox), .AccBox(pl_pkg::FieldAccBox), .Round(6)) u_field (
      .clk_i(clk_i), .en_i(en_i), .step_i(step), .first_i(first2_q), .last_i(last2_q), .a_i(a_i), .b_i(b_i), .sum_o(y_o),
      .low_o(unused_low)
    );
    pl_dot #(.Rows(Rows), .Columns(Columns), .Width(Width), .WordBits(WordBits), .At(PairAt), .Box(pl_pkg::PowerBox),
             .Signed(1'b0), .SumBox(pl_pkg::PowerSumBox), .AccBox(pl_pkg::PowerAccBox)) u_power (
      .clk_i(clk_i), .en_i(en_i), .step_i(step), .first_i(first2_q), .last_i(last2_q), .a_i(a_i), .b_i(b_i), .sum_o(p_o),
      .low_o(unused_low_power)
    );
    pl_tails #(.Rows(Rows), .Columns(Columns), .WordBits(WordBits), .At(TailAt)) u_tails (
      .clk_i(clk_i), .en_i(en_i), .step_i(step), .first_i(first2_q), .last_i(last2_q), .a_i(a_i), .b_i(b_i),
      .d_o(d_o), .l_o(l_o)
    );
    assign shift_o = '0;
  end else if (Kind == pl_regs_pkg::KindIntensity) begin : g_intensity
    logic [Lanes*6-1:0] field_low, rails_low;
    pl_dot #(.Rows(Rows), .Columns(Columns), .Width(Width), .WordBits(WordBits), .At(0), .Box(pl_pkg::FieldBox),
             .SumBox(pl_pkg::FieldSumBox), .AccBox(pl_pkg::FieldAccBox), .Round(6)) u_field (
      .clk_i(clk_i), .en_i(en_i), .step_i(step), .first_i(first2_q), .last_i(last2_q), .a_i(a_i), .b_i(b_i),
      .sum_o(y_o), .low_o(field_low)
    );
    pl_dot #(.Rows(Rows), .Columns(Columns), .Width(Width), .WordBits(WordBits), .At(PairAt), .Box(pl_pkg::RailBox),
             .Signed(1'b0), .SumBox(pl_pkg::RailSumBox), .AccBox(pl_pkg::RailAccBox), .Round(6)) u_rails (
      .clk_i(clk_i), .en_i(en_i), .step_i(step), .first_i(first2_q), .last_i(last2_q), .a_i(a_i), .b_i(b_i),
      .sum_o(l_o), .low_o(rails_low)
    );
    for (genvar g = 0; g < Lanes; g++) begin : g_low
      assign d_o[g*32 +: 32] = {20'd0, rails_low[g*6 +: 6], field_low[g*6 +: 6]};
    end
    assign p_o = '0;
    assign shift_o = '0;
  end else begin : g_rns
    logic [Lanes*6-1:0] unused_low;
    pl_dot #(.Rows(Rows), .Columns(Columns), .Width(Width), .WordBits(WordBits), .At(0), .Box(pl_pkg::CodeBox),
             .SumBox(pl_pkg::CodeSumBox), .AccBox(pl_pkg::CodeAccBox)) u_mantissa (
      .clk_i(clk_i), .en_i(en_i), .step_i(step), .first_i(first2_q), .last_i(last2_q), .a_i(a_i), .b_i(b_i), .sum_o(y_o),
      .low_o(unused_low)
    );
    pl_exponents #(.Rows(Rows), .Columns(Columns), .WordBits(WordBits), .At(TailAt)) u_exponents (
      .clk_i(clk_i), .en_i(en_i), .step_i(step), .last_i(last2_q), .a_i(a_i), .b_i(b_i), .shift_o(shift_o)
    );
    assign d_o = '0;
    assign p_o = '0;
    assign l_o = '0;
  end
endmodule
`default_nettype wire
