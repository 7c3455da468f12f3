// pl_memory for proofs about control: what is read is free. Stands in for rtl/link/pl_memory.sv.
`default_nettype none
module pl_memory #(
  parameter int Log = 9
) (
  input  logic           clk_i,
  input  logic           we_i,
  input  logic [Log-1:0] waddr_i,
  input  logic [7:0]     wdata_i,
  input  logic [Log-1:0] raddr_i,
  output logic [7:0]     rdata_o
);
  (* anyseq *) logic [7:0] free;
  assign rdata_o = free;
endmodule
`default_nettype wire
