// pl_checker: bound to pl_core; hands every detector read to the golden model (checker.cpp) at three points:
// the sums that leave the array, the detector value, the ADC code. Off unless the plug-in switches it on, which
// costs one test per clock.
`default_nettype none
module pl_checker #(
  parameter int Rows = 4,
  parameter int Columns = 4,
  localparam int Lanes = Rows * Columns
) (
  input logic                clk_i,
  input logic                en_i,
  input logic                read_valid_i,      // y, d, p, l: the sums of a read
  input logic                detector_valid_i,  // v: its detector value
  input logic                code_valid_i,      // code, clipped: its ADC code
  input logic [Lanes*32-1:0] y_i,
  input logic [Lanes*32-1:0] d_i,
  input logic [Lanes*32-1:0] p_i,
  input logic [Lanes*32-1:0] l_i,
  input logic [Lanes*32-1:0] v_i,
  input logic [Lanes*32-1:0] code_i,
  input logic [Lanes-1:0]    clipped_i
);
  import "DPI-C" function bit pl_checker_on();
  import "DPI-C" function void pl_checker_sums(
    input bit [Lanes*32-1:0] y, input bit [Lanes*32-1:0] d, input bit [Lanes*32-1:0] p, input bit [Lanes*32-1:0] l);
  import "DPI-C" function void pl_checker_detector(input bit [Lanes*32-1:0] v);
  import "DPI-C" function void pl_checker_code(input bit [Lanes*32-1:0] code, input bit [Lanes-1:0] clipped);

  // Samples half a clock after the stages have settled.
  always @(negedge clk_i) begin
    if (en_i && pl_checker_on()) begin
      if (read_valid_i) pl_checker_sums(y_i, d_i, p_i, l_i);
      if (detector_valid_i) pl_checker_detector(v_i);
      if (code_valid_i) pl_checker_code(code_i, clipped_i);
    end
  end
endmodule

bind pl_core pl_checker #(.Rows(Rows), .Columns(Columns)) u_checker (
  .clk_i(clk_i), .en_i(en), .read_valid_i(read_valid),
  .detector_valid_i(back_q[pl_pkg::DetectorLatency-1]), .code_valid_i(code_valid),
  .y_i(y), .d_i(d), .p_i(p), .l_i(l), .v_i(v), .code_i(code), .clipped_i(clipped)
);
`default_nettype wire
