// pl_regs: the register file (docs/registers.md). Words are written one per clock while the core is idle; all of
// them are visible at once on regs_o, word w at regs_o[w*32 +: 32]. Writes beyond the last word are ignored.
`default_nettype none
module pl_regs (
  input  logic                                clk_i,
  input  logic                                rst_ni,
  input  logic                                we_i,
  input  logic [7:0]                          addr_i,
  input  logic [31:0]                         wdata_i,
  output logic [pl_regs_pkg::RegWords*32-1:0] regs_o
);
  for (genvar g = 0; g < pl_regs_pkg::RegWords; g++) begin : g_word
    localparam logic [31:0] Reset = pl_regs_pkg::reset_value(g);
    logic [31:0] word_q;
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) word_q <= Reset;
      else if (we_i && addr_i == 8'(g)) word_q <= wdata_i;
    end
    assign regs_o[g*32 +: 32] = word_q;
  end
endmodule
`default_nettype wire
