// pl_isqrt: square root of a 32-bit number, rounded to nearest, per lane and clock (signal-chain.md stage 8).
//
// The root of v_i (0..65535) appears at root_o IsqrtLatency enabled clocks later. Digit recurrence, one bit of the
// root per stage: `rest` is v less the square of the root so far, `root` holds twice the root so far, shifted up to
// where the next decision adds it. After the last decision root is the root, and the last stage rounds it.
`default_nettype none
module pl_isqrt #(
  parameter int Lanes = 2  // >= 1
) (
  input  logic                clk_i,
  input  logic                en_i,
  input  logic [Lanes*32-1:0] v_i,
  output logic [Lanes*32-1:0] root_o
);
  logic [Lanes*32-1:0] root_q;
  assign root_o = root_q;

  logic [31:0] v [0:Lanes-1];
  for (genvar g = 0; g < Lanes; g++) begin : g_lane
    assign v[g] = v_i[g*32 +: 32];
  end

  // After decision s (0..15), lane l at s*Lanes + l.
  logic [31:0] rest [0:16*Lanes-1];
  logic [31:0] root [0:16*Lanes-1];

  // Decision S, of the bit with square ONE = 4^(15-S): taken if (root + bit)^2 - root^2 fits the rest.
  `define PL_DIGIT(S, ONE) \
      for (int l = 0; l < Lanes; l++) begin \
        rest[(S)*Lanes+l] = rest[(S-1)*Lanes+l] >= (root[(S-1)*Lanes+l] | 32'h``ONE) \
                          ? rest[(S-1)*Lanes+l] - (root[(S-1)*Lanes+l] | 32'h``ONE) : rest[(S-1)*Lanes+l]; \
        root[(S)*Lanes+l] = (root[(S-1)*Lanes+l] >> 1) \
                          | (rest[(S-1)*Lanes+l] >= (root[(S-1)*Lanes+l] | 32'h``ONE) ? 32'h``ONE : 32'd0); \
      end

  // verilator lint_off BLKSEQ
  always_ff @(posedge clk_i) begin  // sole reader and writer of the stage arrays; last stage first
    if (en_i) begin
      for (int l = 0; l < Lanes; l++) begin
        root_q[l*32 +: 32] <= root[15*Lanes+l]
            + ((rest[15*Lanes+l] > root[15*Lanes+l] && root[15*Lanes+l] != 32'd65535) ? 32'd1 : 32'd0);
      end
      `PL_DIGIT(15, 1)
      `PL_DIGIT(14, 4)
      `PL_DIGIT(13, 10)
      `PL_DIGIT(12, 40)
      `PL_DIGIT(11, 100)
      `PL_DIGIT(10, 400)
      `PL_DIGIT(9, 1000)
      `PL_DIGIT(8, 4000)
      `PL_DIGIT(7, 10000)
      `PL_DIGIT(6, 40000)
      `PL_DIGIT(5, 100000)
      `PL_DIGIT(4, 400000)
      `PL_DIGIT(3, 1000000)
      `PL_DIGIT(2, 4000000)
      `PL_DIGIT(1, 10000000)
      for (int l = 0; l < Lanes; l++) begin  // decision 0: the root is still 0
        rest[l] = v[l] >= 32'h40000000 ? v[l] - 32'h40000000 : v[l];
        root[l] = v[l] >= 32'h40000000 ? 32'h40000000 : 32'd0;
      end
    end
  end
  // verilator lint_on BLKSEQ
  `undef PL_DIGIT
endmodule
`default_nettype wire
