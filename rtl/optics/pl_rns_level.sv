// pl_rns_level: the residue that stands nearest to an angle (signal-chain.md, "The kind `rns`", 6), per lane and clock.
//
// The residue of t_i (turns of 2^-20) and modulus m_i appears at residue_o LevelLatency enabled clocks later. With
// bypass_i it is the residue sent, which comes at sent_i one enabled clock after t_i.
`default_nettype none
module pl_rns_level #(
  parameter int Lanes = 2,  // >= 1
  localparam int ResidueBox = pl_pkg::ResidueBox,
  localparam int AngleBox = pl_pkg::AngleBox
) (
  input  logic                               clk_i,
  input  logic                               en_i,
  input  logic                               bypass_i,
  input  logic [pl_rns_pkg::ModulusBits-1:0] m_i,
  input  logic [Lanes*AngleBox-1:0]          t_i,
  input  logic [Lanes*ResidueBox-1:0]        sent_i,
  output logic [Lanes*ResidueBox-1:0]        residue_o
);
  logic [Lanes*ResidueBox-1:0] residue_q;
  assign residue_o = residue_q;

  logic [31:0] t [0:Lanes-1];
  logic [31:0] sent [0:Lanes-1];
  for (genvar g = 0; g < Lanes; g++) begin : g_lane
    assign t[g] = 32'(t_i[g*AngleBox +: AngleBox]);
    assign sent[g] = 32'(sent_i[g*ResidueBox +: ResidueBox]);
  end

  logic [31:0] level1 [0:Lanes-1];  // 0..m
  logic [8:0]  m1;

  // verilator lint_off BLKSEQ
  always_ff @(posedge clk_i) begin  // sole reader and writer of the stage arrays; last stage first
    if (en_i) begin
      for (int l = 0; l < Lanes; l++) begin
        residue_q[l*ResidueBox +: ResidueBox] <=
            ResidueBox'(bypass_i ? sent[l] : level1[l] == 32'(m1) ? 32'd0 : level1[l]);
      end
      for (int l = 0; l < Lanes; l++) begin
        level1[l] = (t[l] * 32'(m_i) + 32'd524288) >> 20;
      end
      m1 = m_i;
    end
  end
  // verilator lint_on BLKSEQ
endmodule
`default_nettype wire
