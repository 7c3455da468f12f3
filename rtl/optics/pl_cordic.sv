// pl_cordic: the angle of a point, in turns of 2^-20 (signal-chain.md, `atan20`; CORDIC, Volder 1959), per lane and
// clock.
//
// The angle of (x_i, y_i), whose coordinates are below 2^20 in magnitude, appears at t_o (0..2^20-1) CordicLatency
// enabled clocks later. One stage turns the left half plane over, then one iteration per stage turns the point towards
// the x axis by atan(2^-i), while t counts the turns.
`default_nettype none
module pl_cordic #(
  parameter int Lanes = 2,  // >= 1
  localparam int CordicBox = pl_pkg::CordicBox,
  localparam int AngleBox = pl_pkg::AngleBox
) (
  input  logic                       clk_i,
  input  logic                       en_i,
  input  logic [Lanes*CordicBox-1:0] x_i,
  input  logic [Lanes*CordicBox-1:0] y_i,
  output logic [Lanes*AngleBox-1:0]  t_o
);
  localparam int AngleBits = pl_rns_pkg::AngleBits;

  logic [Lanes*AngleBox-1:0] t_q;
  assign t_o = t_q;

  logic signed [CordicBox-1:0] x_in [0:Lanes-1];
  logic signed [CordicBox-1:0] y_in [0:Lanes-1];
  for (genvar g = 0; g < Lanes; g++) begin : g_lane
    assign x_in[g] = x_i[g*CordicBox +: CordicBox];
    assign y_in[g] = y_i[g*CordicBox +: CordicBox];
  end

  // Before iteration s, lane l at s*Lanes + l. t modulo 2^CordicBox, of which 20 bits come out.
  logic signed [CordicBox-1:0] x [0:16*Lanes-1];
  logic signed [CordicBox-1:0] y [0:16*Lanes-1];
  logic signed [CordicBox-1:0] t [0:16*Lanes-1];
  logic signed [CordicBox-1:0] last [0:Lanes-1];  // within the last stage

  // Widened by hand, not by CordicBox'(..): Yosys 0.23 takes -N'(x) for (-N)'(x), which has the sign of x.
  `define PL_ANGLE(S) $signed({{(CordicBox-AngleBits){1'b0}}, pl_rns_pkg::Angles[(S)*AngleBits +: AngleBits]})
  // Iteration S, into the registers of S + 1.
  `define PL_TURN(S) \
      for (int l = 0; l < Lanes; l++) begin \
        x[(S+1)*Lanes+l] = y[(S)*Lanes+l] < 0 ? x[(S)*Lanes+l] - (y[(S)*Lanes+l] >>> S) \
                                              : x[(S)*Lanes+l] + (y[(S)*Lanes+l] >>> S); \
        y[(S+1)*Lanes+l] = y[(S)*Lanes+l] < 0 ? y[(S)*Lanes+l] + (x[(S)*Lanes+l] >>> S) \
                                              : y[(S)*Lanes+l] - (x[(S)*Lanes+l] >>> S); \
        t[(S+1)*Lanes+l] = t[(S)*Lanes+l] + (y[(S)*Lanes+l] < 0 ? -`PL_ANGLE(S) : `PL_ANGLE(S)); \
      end

  // verilator lint_off BLKSEQ
  always_ff @(posedge clk_i) begin  // sole reader and writer of the stage arrays; last stage first
    if (en_i) begin
      for (int l = 0; l < Lanes; l++) begin  // iteration 15: only the angle is left to find
        last[l] = t[15*Lanes+l] + (y[15*Lanes+l] < 0 ? -`PL_ANGLE(15) : `PL_ANGLE(15));
        t_q[l*AngleBox +: AngleBox] <= AngleBox'(last[l][19:0]);
      end
      `PL_TURN(14)
      `PL_TURN(13)
      `PL_TURN(12)
      `PL_TURN(11)
      `PL_TURN(10)
      `PL_TURN(9)
      `PL_TURN(8)
      `PL_TURN(7)
      `PL_TURN(6)
      `PL_TURN(5)
      `PL_TURN(4)
      `PL_TURN(3)
      `PL_TURN(2)
      `PL_TURN(1)
      `PL_TURN(0)
      for (int l = 0; l < Lanes; l++) begin
        x[l] = x_in[l] < 0 ? -x_in[l] : x_in[l];
        y[l] = x_in[l] < 0 ? -y_in[l] : y_in[l];
        t[l] = x_in[l] < 0 ? CordicBox'(1 << 19) : '0;
      end
    end
  end
  // verilator lint_on BLKSEQ
  `undef PL_TURN
  `undef PL_ANGLE
endmodule
`default_nettype wire
