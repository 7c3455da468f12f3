// pl_adc: ADC of every lane (signal-chain.md stage 9): offset, gain, rounding, saturation; or bypass.
//
// The code of v_i, sign-extended to 32 bits, appears at code_o AdcLatency enabled clocks later, with clipped_o
// high where it was saturated. Stages: offset; gain and half a step; shift and saturation.
`default_nettype none
module pl_adc #(
  parameter int Lanes = 4  // >= 1
) (
  input  logic                                clk_i,
  input  logic                                en_i,
  input  logic [pl_regs_pkg::RegWords*32-1:0] regs_i,
  input  logic [Lanes*32-1:0]                 v_i,
  output logic [Lanes*32-1:0]                 code_o,
  output logic [Lanes-1:0]                    clipped_o
);
  logic                on;
  logic [4:0]          bits;
  logic signed [17:0]  gain;
  logic [5:0]          shift;
  logic signed [32:0]  offset;
  logic signed [49:0]  half;
  logic signed [31:0]  highest;
  assign on = regs_i[pl_regs_pkg::RegEffects*32 + pl_regs_pkg::EffectAdc];
  assign bits = regs_i[pl_regs_pkg::RegAdcBits*32 +: 5];
  assign gain = {2'b00, regs_i[pl_regs_pkg::RegAdcGain*32 +: 16]};
  assign shift = regs_i[pl_regs_pkg::RegAdcShift*32 +: 6];
  assign offset = {regs_i[pl_regs_pkg::RegAdcOffset*32 + 31], regs_i[pl_regs_pkg::RegAdcOffset*32 +: 32]};
  assign half = 50'sd1 <<< (shift - 6'd1);
  assign highest = (32'sd1 <<< (bits - 5'd1)) - 32'sd1;

  logic unused_regs;
  assign unused_regs = ^regs_i;

  logic [Lanes*32-1:0] code_q;
  logic [Lanes-1:0] clipped_q;
  logic signed [31:0] v [0:Lanes-1];
  for (genvar g = 0; g < Lanes; g++) begin : g_lane
    assign v[g] = v_i[g*32 +: 32];
  end

  assign code_o = code_q;
  assign clipped_o = clipped_q;

  logic signed [63:0] offset1 [0:Lanes-1];   // 33 bits used
  logic signed [31:0] bypass1 [0:Lanes-1], bypass2 [0:Lanes-1];
  logic signed [63:0] scaled2 [0:Lanes-1];   // 51 bits used
  logic signed [63:0] z3 [0:Lanes-1];        // within the stage

  // verilator lint_off BLKSEQ
  always_ff @(posedge clk_i) begin : stages  // sole reader and writer of the stage arrays; last stage first
    logic signed [63:0] high, low;
    high = 64'(highest);
    low = ~(64'(highest));
    if (en_i) begin
      for (int l = 0; l < Lanes; l++) begin
        z3[l] = scaled2[l] >>> shift;
        clipped_q[l] <= on && (z3[l] > high || z3[l] < low);
        z3[l] = z3[l] > high ? high : z3[l];
        z3[l] = z3[l] < low ? low : z3[l];
        code_q[l*32 +: 32] <= on ? z3[l][31:0] : bypass2[l];
      end
      for (int l = 0; l < Lanes; l++) begin
        scaled2[l] = offset1[l] * 64'(gain) + 64'(half);
        bypass2[l] = bypass1[l];
      end
      for (int l = 0; l < Lanes; l++) begin
        offset1[l] = 64'(v[l]) + 64'(offset);
        bypass1[l] = (v[l] >>> 2) + $signed({31'd0, v[l][1]});  // (v + 2) >> 2 without overflow
      end
    end
  end
  // verilator lint_on BLKSEQ
endmodule
`default_nettype wire
