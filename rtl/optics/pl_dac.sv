// pl_dac: DACs of a beat of operand elements (signal-chain.md stage 1), one clock.
//
// Keeps the upper bits_i (2..8) bits of each int8 code, rounded half up and saturated; bypass_i passes it through.
`default_nettype none
module pl_dac #(
  parameter int Elements = 8
) (
  input  logic                  clk_i,
  input  logic                  en_i,
  input  logic                  bypass_i,
  input  logic [3:0]            bits_i,
  input  logic [Elements*8-1:0] codes_i,
  output logic [Elements*8-1:0] codes_o
);
  logic        [3:0] drop;     // bits that the DAC does not have, 0..6
  logic signed [9:0] half;     // half a step
  logic signed [9:0] highest;  // largest step
  assign drop = 4'd8 - bits_i;
  assign half = (10'sd1 <<< drop) >>> 1;
  assign highest = (10'sd128 >>> drop) - 10'sd1;

  logic [Elements*8-1:0] codes_q;
  assign codes_o = codes_q;
  for (genvar g = 0; g < Elements; g++) begin : g_element
    logic signed [7:0] code;
    logic signed [9:0] steps, limited;
    assign code = codes_i[g*8 +: 8];
    assign steps = (10'(code) + half) >>> drop;
    assign limited = steps > highest ? highest : steps;  // rounding up never passes the lower end
    always_ff @(posedge clk_i) begin
      if (en_i) codes_q[g*8 +: 8] <= bypass_i ? code : 8'(limited << drop);
    end
  end
endmodule
`default_nettype wire
