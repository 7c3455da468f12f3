// f_adc: one lane of pl_adc. Whatever comes, a code is floor(scaled / 2^shift) brought into the range of the converter, exactly:
// it never wraps, and `clipped` says when it was brought in; in bypass it is v / 4, rounded. `scaled` is (v + offset) * gain
// + half a step; the multiplier itself is cut out of the proof, its product being free within the bounds of its factors. Induction.
`default_nettype none
module f_adc (
  input wire        clk,
  input wire [31:0] v
);
  localparam int Words = pl_regs_pkg::RegWords;
  (* anyconst *) wire [Words*32-1:0] regs;
  wire on = regs[pl_regs_pkg::RegEffects*32 + pl_regs_pkg::EffectAdc];
  wire [4:0] bits = regs[pl_regs_pkg::RegAdcBits*32 +: 5];
  wire [5:0] shift = regs[pl_regs_pkg::RegAdcShift*32 +: 6];
  always @* begin
    assume (bits >= 5'd2 && bits <= 5'd16);
    assume (shift >= 6'd1 && shift <= 6'd47);
  end
  wire [31:0] code;
  wire clipped;
  pl_adc #(.Lanes(1)) dut (.clk_i(clk), .en_i(1'b1), .regs_i(regs), .v_i(v), .code_o(code), .clipped_o(clipped));

  // 33 bits times 16 bits, and half a step of at most 2^46.
  (* hierconn *) wire signed [63:0] \dut.scaled2[0] ;
  wire signed [63:0] scaled = \dut.scaled2[0] ;
  always @* assume (scaled > -64'sd1125899906842624 && scaled < 64'sd1125899906842624);

  reg signed [63:0] scaled_before;
  reg [31:0] v1, v2, v3;
  reg [1:0] clocks = 2'd0;
  always @(posedge clk) begin
    scaled_before <= scaled;
    v1 <= v;
    v2 <= v1;
    v3 <= v2;
    if (clocks != 2'd3) clocks <= clocks + 2'd1;
  end
  wire signed [31:0] result = code, value = v3;
  wire signed [71:0] s = scaled_before, r = result, one = 72'sd1, w = value;
  wire signed [71:0] high = (one <<< (bits - 5'd1)) - one, low = -(one <<< (bits - 5'd1));
  always @(posedge clk) if (clocks == 2'd3) begin
    if (on) begin
      assert (r <= high && r >= low);
      assert (clipped == (s >= ((high + one) <<< shift) || s < (low <<< shift)));
      if (s >= ((high + one) <<< shift)) assert (r == high);
      else if (s < (low <<< shift)) assert (r == low);
      else assert ((r <<< shift) <= s && s < ((r + one) <<< shift));
    end else begin
      assert (!clipped);
      assert ((r <<< 2) - 72'sd2 <= w && w < (r <<< 2) + 72'sd2);
    end
  end
endmodule
`default_nettype wire
