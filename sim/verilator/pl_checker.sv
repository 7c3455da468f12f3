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
  input logic                rst_ni,
  input logic                en,
  input logic                read_valid,
  input logic                detector_valid,
  input logic                code_valid,
  input logic [Lanes*32-1:0] y,
  input logic [Lanes*32-1:0] d,
  input logic [Lanes*32-1:0] p,
  input logic [Lanes*32-1:0] l,
  input logic [Lanes*32-1:0] v,
  input logic [Lanes*32-1:0] code,
  input logic [Lanes-1:0]    clipped
);
  import "DPI-C" function bit pl_checker_on();
  import "DPI-C" function void pl_checker_sums(
    input bit [Lanes*32-1:0] y, input bit [Lanes*32-1:0] d, input bit [Lanes*32-1:0] p, input bit [Lanes*32-1:0] l);
  import "DPI-C" function void pl_checker_detector(input bit [Lanes*32-1:0] v);
  import "DPI-C" function void pl_checker_code(input bit [Lanes*32-1:0] code, input bit [Lanes-1:0] clipped);

  // Samples half a clock after the stages have settled.
  always @(negedge clk_i) begin
    if (rst_ni && en && pl_checker_on()) begin
      if (read_valid) pl_checker_sums(y, d, p, l);
      if (detector_valid) pl_checker_detector(v);
      if (code_valid) pl_checker_code(code, clipped);
    end
  end
endmodule

bind pl_core pl_checker #(.Rows(Rows), .Columns(Columns)) u_checker (
  .clk_i(clk_i), .rst_ni(rst_ni), .en(en), .read_valid(read_valid),
  .detector_valid(back_q[pl_pkg::DetectorLatency-1]), .code_valid(code_valid),
  .y(y), .d(d), .p(p), .l(l), .v(v), .code(code), .clipped(clipped)
);
`default_nettype wire
