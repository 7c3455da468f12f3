// pl_dac: DAC of one operand element (signal-chain.md stage 1). Combinational.
//
// Keeps the upper bits_i (2..8) bits of an int8 code, rounded half up and saturated; bypass_i passes the code through.
`default_nettype none
module pl_dac (
  input  logic              bypass_i,
  input  logic        [3:0] bits_i,
  input  logic signed [7:0] code_i,
  output logic signed [7:0] code_o
);
  logic        [3:0] drop;      // bits that the DAC does not have, 0..6
  logic signed [9:0] half;      // half a step
  logic signed [9:0] steps;     // the code in DAC steps, not yet saturated
  logic signed [9:0] highest;   // largest step
  logic signed [9:0] limited;

  assign drop = 4'd8 - bits_i;
  assign half = (10'sd1 <<< drop) >>> 1;
  assign steps = (10'(code_i) + half) >>> drop;
  assign highest = (10'sd128 >>> drop) - 10'sd1;
  assign limited = steps > highest ? highest : steps;  // rounding up never passes the lower end
  assign code_o = bypass_i ? code_i : 8'(limited << drop);
endmodule
`default_nettype wire
