// pl_rns_phase: the phase of a residue, in turns of 2^-16, with its noise (signal-chain.md, "The kind `rns`", 4), per
// lane and clock.
//
// The phase of residue_i appears at a_o PhaseLatency enabled clocks later. turn_i belongs to residue_i; the deviates
// gauss_i and sigma_i come one enabled clock after it. Stages: products; rounding; sum.
`default_nettype none
module pl_rns_phase #(
  parameter int Lanes = 2,  // >= 1
  localparam int ResidueBox = pl_pkg::ResidueBox,
  localparam int PhaseBox = pl_pkg::PhaseBox,
  localparam int GaussBox = pl_pkg::GaussBox
) (
  input  logic                              clk_i,
  input  logic                              en_i,
  input  logic                              noise_on_i,
  input  logic [pl_rns_pkg::TurnBits-1:0]   turn_i,
  input  logic [Lanes*ResidueBox-1:0]       residue_i,
  input  logic [15:0]                       sigma_i,
  input  logic [Lanes*GaussBox-1:0]         gauss_i,
  output logic [Lanes*PhaseBox-1:0]         a_o
);
  logic [Lanes*PhaseBox-1:0] a_q;
  assign a_o = a_q;

  logic [31:0] residue [0:Lanes-1];
  logic signed [31:0] g [0:Lanes-1];
  for (genvar l = 0; l < Lanes; l++) begin : g_lane
    assign residue[l] = 32'(residue_i[l*ResidueBox +: ResidueBox]);
    assign g[l] = 32'($signed(gauss_i[l*GaussBox +: GaussBox]));
  end

  logic [31:0] product1 [0:Lanes-1];       // below 2^24 + 2^9
  logic [31:0] a2 [0:Lanes-1];
  logic signed [31:0] noise2 [0:Lanes-1];  // at most 15 + 16 bits before the shift
  logic signed [31:0] a3 [0:Lanes-1];      // within the stage

  // verilator lint_off BLKSEQ
  always_ff @(posedge clk_i) begin  // sole reader and writer of the stage arrays; last stage first
    if (en_i) begin
      for (int l = 0; l < Lanes; l++) begin
        a3[l] = $signed(a2[l]) + (noise_on_i ? noise2[l] : 32'sd0);
        a_q[l*PhaseBox +: PhaseBox] <= PhaseBox'(a3[l][15:0]);
      end
      for (int l = 0; l < Lanes; l++) begin
        a2[l] = (product1[l] + 32'd128) >> 8;
        noise2[l] = (g[l] * $signed({16'd0, sigma_i}) + 32'sd16384) >>> 15;
      end
      for (int l = 0; l < Lanes; l++) begin
        product1[l] = residue[l] * 32'(turn_i);
      end
    end
  end
  // verilator lint_on BLKSEQ
endmodule
`default_nettype wire
