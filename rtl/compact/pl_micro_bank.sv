// pl_micro_bank: one bank of an operand buffer of the compact core: a memory of 16 bits with one port.
//
// The word at addr_i appears at rdata_o one clock later; in a clock that writes nothing is read.
`default_nettype none
module pl_micro_bank #(
  parameter int Depth = 256,  // a power of two
  localparam int Bits = $clog2(Depth)
) (
  input  logic            clk_i,
  input  logic            we_i,
  input  logic [Bits-1:0] addr_i,
  input  logic [15:0]     wdata_i,
  output logic [15:0]     rdata_o
);
  logic [15:0] mem [0:Depth-1];
  logic [15:0] rdata_q;
  // verilator lint_off BLKSEQ
  always_ff @(posedge clk_i) begin  // sole reader and writer of mem
    if (!we_i) rdata_q <= mem[addr_i];
    if (we_i) mem[addr_i] = wdata_i;
  end
  // verilator lint_on BLKSEQ
  assign rdata_o = rdata_q;
endmodule
`default_nettype wire
