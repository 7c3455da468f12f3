// pl_buffer: operand buffer, one bank per lane (row of A or column of B of the array).
//
// A word holds Width encoded elements of one lane (field and power of each) and the word's summed light
// and dispersion terms, packed as {dispersion, light, powers, fields}. Writing selects one lane; reading gives the
// same address of every lane at once, one clock later, and holds it while en_i is low.
`default_nettype none
module pl_buffer #(
  parameter int Lanes = 4,      // >= 1
  parameter int WordBits = 64,  // bits of one lane's word
  parameter int Depth = 64      // words, 2..65536
) (
  input  logic                          clk_i,
  // Write port.
  input  logic                          we_i,
  input  logic [7:0]                    lane_i,
  input  logic [pl_pkg::AddrBits-1:0]   waddr_i,
  input  logic [WordBits-1:0]           wdata_i,
  // Read port.
  input  logic                          en_i,
  input  logic [pl_pkg::AddrBits-1:0]   raddr_i,
  output logic [Lanes*WordBits-1:0]     rdata_o
);
  localparam int Addr = $clog2(Depth);

  logic unused_addr;
  assign unused_addr = ^{waddr_i, raddr_i};  // upper bits, where Depth is smaller

  for (genvar g = 0; g < Lanes; g++) begin : g_lane
    logic [WordBits-1:0] mem [0:Depth-1];
    logic [WordBits-1:0] rdata_q;
    // verilator lint_off BLKSEQ
    always_ff @(posedge clk_i) begin  // sole reader and writer of mem: a blocking write saves the simulator a copy
      if (en_i) rdata_q <= mem[raddr_i[Addr-1:0]];
      if (we_i && lane_i == 8'(g)) mem[waddr_i[Addr-1:0]] = wdata_i;
    end
    // verilator lint_on BLKSEQ
    assign rdata_o[g*WordBits +: WordBits] = rdata_q;
  end
endmodule
`default_nettype wire
