// pl_regs: the register file (docs/registers.md). Words are written one per clock while the core is idle; all of
// them are visible at once on regs_o, word w at regs_o[w*32 +: 32]. Writes beyond the last word are ignored.
`default_nettype none
module pl_regs (
  input  logic                                clk_i,
  input  logic                                rst_ni,
  input  logic                                we_i,
  input  logic [8:0]                          addr_i,
  input  logic [31:0]                         wdata_i,
  output logic [pl_regs_pkg::RegWords*32-1:0] regs_o
);
  localparam int RegWords = pl_regs_pkg::RegWords;

  logic [RegWords*32-1:0] reset_image, words_q;
  for (genvar g = 0; g < RegWords; g++) begin : g_reset
    localparam logic [31:0] Reset = pl_regs_pkg::reset_value(g);
    assign reset_image[g*32 +: 32] = Reset;
  end

  // Blocking: the simulator would copy all words at every clock to hold back the one that changes. Nothing reads a word
  // at the edge that writes it, because the core is idle then.
  // verilator lint_off BLKSEQ
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) words_q = reset_image;
    else if (we_i) begin
      // A comparison per word; an index would make synthesis shift all the words.
      for (int w = 0; w < RegWords; w++) if (addr_i == 9'(w)) words_q[w*32 +: 32] = wdata_i;
    end
  end
  // verilator lint_on BLKSEQ
  assign regs_o = words_q;
endmodule
`default_nettype wire
