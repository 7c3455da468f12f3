// pl_memory: block RAM of 2^Log bytes with one write and one read port. rdata_o is the byte that lay at raddr_i at the
// clock edge before; what a byte reads that is written at the same edge is not defined, and no user of it looks.
`default_nettype none
module pl_memory #(
  parameter int Log = 9  // 2^Log bytes
) (
  input  logic           clk_i,
  input  logic           we_i,
  input  logic [Log-1:0] waddr_i,
  input  logic [7:0]     wdata_i,
  input  logic [Log-1:0] raddr_i,
  output logic [7:0]     rdata_o
);
  (* no_rw_check *)
  logic [7:0] mem [0:(1<<Log)-1];
  logic [7:0] rdata_q;
  always_ff @(posedge clk_i) begin
    if (we_i) mem[waddr_i] <= wdata_i;
  end
  always_ff @(posedge clk_i) begin
    rdata_q <= mem[raddr_i];
  end
  assign rdata_o = rdata_q;
endmodule
`default_nettype wire
