// pl_isqrt: square root of a 32-bit number, rounded to nearest, per lane and clock (signal-chain.md stage 8).
//
// The root of v_i (0..65535) appears at root_o IsqrtLatency enabled clocks later. Digit recurrence: each stage
// shifts in two bits of v and decides one bit of the root; the last one rounds, saturating at 65535.
`default_nettype none
module pl_isqrt #(
  parameter int Lanes = 2  // >= 1
) (
  input  logic                clk_i,
  input  logic                en_i,
  input  logic [Lanes*32-1:0] v_i,
  output logic [Lanes*32-1:0] root_o
);
  localparam int RootBox = pl_pkg::RootBox;
  localparam int RemBox = pl_pkg::RemBox;

  logic [Lanes*32-1:0] root_q;
  assign root_o = root_q;

  logic [31:0] v_in [0:Lanes-1];
  for (genvar g = 0; g < Lanes; g++) begin : g_lane
    assign v_in[g] = v_i[g*32 +: 32];
  end

  // After decision s (0..15), lane l at s*Lanes + l.
  logic [31:0]        v [0:16*Lanes-1];     // the bits not yet used, at the top
  logic [RemBox-1:0]  rem [0:16*Lanes-1];   // remainder
  logic [RootBox-1:0] root [0:16*Lanes-1];
  logic [RemBox-1:0]  shifted [0:Lanes-1];  // within a stage: remainder with the next two bits

  // Decision S: the bit is 1 if 4 root + 1 fits the remainder.
  `define PL_DIGIT(S) \
      for (int l = 0; l < Lanes; l++) begin \
        shifted[l] = (rem[(S-1)*Lanes+l] << 2) | RemBox'(v[(S-1)*Lanes+l] >> 30); \
        rem[(S)*Lanes+l] = shifted[l] > (RemBox'(root[(S-1)*Lanes+l]) << 2) \
                         ? shifted[l] - ((RemBox'(root[(S-1)*Lanes+l]) << 2) | RemBox'(1)) : shifted[l]; \
        root[(S)*Lanes+l] = (root[(S-1)*Lanes+l] << 1) \
                          | (shifted[l] > (RemBox'(root[(S-1)*Lanes+l]) << 2) ? RootBox'(1) : RootBox'(0)); \
        v[(S)*Lanes+l] = v[(S-1)*Lanes+l] << 2; \
      end

  // verilator lint_off BLKSEQ
  always_ff @(posedge clk_i) begin  // sole reader and writer of the stage arrays; last stage first
    if (en_i) begin
      for (int l = 0; l < Lanes; l++) begin
        root_q[l*32 +: 32] <= 32'(root[15*Lanes+l])
            + ((rem[15*Lanes+l] > RemBox'(root[15*Lanes+l]) && root[15*Lanes+l] != RootBox'(65535)) ? 32'd1 : 32'd0);
      end
      `PL_DIGIT(15)
      `PL_DIGIT(14)
      `PL_DIGIT(13)
      `PL_DIGIT(12)
      `PL_DIGIT(11)
      `PL_DIGIT(10)
      `PL_DIGIT(9)
      `PL_DIGIT(8)
      `PL_DIGIT(7)
      `PL_DIGIT(6)
      `PL_DIGIT(5)
      `PL_DIGIT(4)
      `PL_DIGIT(3)
      `PL_DIGIT(2)
      `PL_DIGIT(1)
      for (int l = 0; l < Lanes; l++) begin  // decision 0: remainder and root are still 0
        rem[l] = v_in[l][31:30] != 2'd0 ? RemBox'(v_in[l][31:30]) - RemBox'(1) : RemBox'(0);
        root[l] = v_in[l][31:30] != 2'd0 ? RootBox'(1) : RootBox'(0);
        v[l] = v_in[l] << 2;
      end
    end
  end
  // verilator lint_on BLKSEQ
  `undef PL_DIGIT
endmodule
`default_nettype wire
