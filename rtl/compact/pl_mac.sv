// pl_mac: one multiplier and accumulator of the compact core; the place where a DSP block goes in.
//
// mac_i: acc_o += a_i * b_i, both signed. shift_i: acc_o takes prev_i, so that a row of them is a shift register. Both off:
// it stands still. There is no reset: shifting zeros in clears a row.
// This file is the description for simulation and for devices whose tools find DSP blocks by themselves; on the iCE40
// UltraPlus rtl/compact/ice40/pl_mac.sv stands in its place (docs/compact.md).
`default_nettype none
module pl_mac (
  input  logic        clk_i,
  input  logic        mac_i,
  input  logic        shift_i,
  input  logic [15:0] a_i,
  input  logic [15:0] b_i,
  input  logic [31:0] prev_i,
  output logic [31:0] acc_o
);
  logic signed [31:0] acc_q, product;
  assign product = 32'($signed(a_i)) * 32'($signed(b_i));
  always_ff @(posedge clk_i) begin
    if (shift_i) acc_q <= prev_i;
    else if (mac_i) acc_q <= acc_q + product;
  end
  assign acc_o = acc_q;
endmodule
`default_nettype wire
