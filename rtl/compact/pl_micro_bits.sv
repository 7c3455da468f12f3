// pl_micro_bits: one bank of an operand buffer that is written bit by bit: a memory of 16 bits with one port.
//
// The bits of wdata_i that mask_i names are written. The word at addr_i appears at rdata_o one clock later; in a clock that
// writes nothing is read.
`default_nettype none
module pl_micro_bits #(
  parameter int Depth = 256,  // a power of two
  localparam int Bits = $clog2(Depth)
) (
  input  logic            clk_i,
  input  logic            we_i,
  input  logic [15:0]     mask_i,
  input  logic [Bits-1:0] addr_i,
  input  logic [15:0]     wdata_i,
  output logic [15:0]     rdata_o
);
  logic [15:0] mem [0:Depth-1];
  logic [15:0] rdata_q;
  // verilator lint_off BLKSEQ
  always_ff @(posedge clk_i) begin  // sole reader and writer of mem
    if (!we_i) rdata_q <= mem[addr_i];
    for (int n = 0; n < 16; n++) if (we_i && mask_i[n]) mem[addr_i][n] = wdata_i[n];
  end
  // verilator lint_on BLKSEQ
  assign rdata_o = rdata_q;
endmodule
`default_nettype wire
