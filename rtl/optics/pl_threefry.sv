// pl_threefry: Threefry-2x32 with 13 rounds (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as
// 1, 2, 3", SC'11), one block per lane and clock.
//
// The block of (key_i, c0_i, c1_i) appears at x0_o, x1_o ThreefryLatency enabled clocks later. A pure function of its
// inputs: stalls (en_i low) cannot change what comes out. The key may only change while the pipeline is empty.
// One round per stage; the key is added in stages of its own after rounds 4, 8 and 12.
`default_nettype none
module pl_threefry #(
  parameter int Lanes = 2  // blocks per clock, >= 1
) (
  input  logic                clk_i,
  input  logic                en_i,
  input  logic [31:0]         key0_i,
  input  logic [31:0]         key1_i,
  input  logic [Lanes*32-1:0] c0_i,
  input  logic [Lanes*32-1:0] c1_i,
  output logic [Lanes*32-1:0] x0_o,
  output logic [Lanes*32-1:0] x1_o
);
  localparam logic [31:0] Parity = 32'h1BD11BDA;

  logic [31:0] key2;
  assign key2 = Parity ^ key0_i ^ key1_i;

  localparam int Stages = pl_pkg::ThreefryLatency - 1;

  logic [31:0] c0 [0:Lanes-1];
  logic [31:0] c1 [0:Lanes-1];
  logic [Lanes*32-1:0] x0_q, x1_q;
  for (genvar g = 0; g < Lanes; g++) begin : g_lane
    assign c0[g] = c0_i[g*32 +: 32];
    assign c1[g] = c1_i[g*32 +: 32];
  end

  assign x0_o = x0_q;
  assign x1_o = x1_q;

  // Stage s of lane l at s*Lanes + l.
  logic [31:0] x0 [0:Stages*Lanes-1];
  logic [31:0] x1 [0:Stages*Lanes-1];

  // One round: x0 += x1; x1 = rotate_left(x1, R) ^ x0.
  `define PL_ROUND(S, R) \
      for (int l = 0; l < Lanes; l++) begin \
        x0[(S)*Lanes+l] = x0[(S-1)*Lanes+l] + x1[(S-1)*Lanes+l]; \
        x1[(S)*Lanes+l] = {x1[(S-1)*Lanes+l][31-R:0], x1[(S-1)*Lanes+l][31:32-R]} ^ \
                          (x0[(S-1)*Lanes+l] + x1[(S-1)*Lanes+l]); \
      end
  // Key injection number I.
  `define PL_INJECT(S, K0, K1, I) \
      for (int l = 0; l < Lanes; l++) begin \
        x0[(S)*Lanes+l] = x0[(S-1)*Lanes+l] + K0; \
        x1[(S)*Lanes+l] = x1[(S-1)*Lanes+l] + K1 + 32'd``I; \
      end

  // verilator lint_off BLKSEQ
  always_ff @(posedge clk_i) begin  // sole reader and writer of x0, x1; last stage first
    if (en_i) begin
      for (int l = 0; l < Lanes; l++) begin  // round 13, into the output registers
        x0_q[l*32 +: 32] <= x0[15*Lanes+l] + x1[15*Lanes+l];
        x1_q[l*32 +: 32] <= {x1[15*Lanes+l][14:0], x1[15*Lanes+l][31:15]} ^ (x0[15*Lanes+l] + x1[15*Lanes+l]);
      end
      `PL_INJECT(15, key0_i, key1_i, 3)
      `PL_ROUND(14, 6)
      `PL_ROUND(13, 26)
      `PL_ROUND(12, 15)
      `PL_ROUND(11, 13)
      `PL_INJECT(10, key2, key0_i, 2)
      `PL_ROUND(9, 24)
      `PL_ROUND(8, 16)
      `PL_ROUND(7, 29)
      `PL_ROUND(6, 17)
      `PL_INJECT(5, key1_i, key2, 1)
      `PL_ROUND(4, 6)
      `PL_ROUND(3, 26)
      `PL_ROUND(2, 15)
      `PL_ROUND(1, 13)
      for (int l = 0; l < Lanes; l++) begin
        x0[l] = c0[l] + key0_i;
        x1[l] = c1[l] + key1_i;
      end
    end
  end
  // verilator lint_on BLKSEQ
  `undef PL_ROUND
  `undef PL_INJECT
endmodule
`default_nettype wire
