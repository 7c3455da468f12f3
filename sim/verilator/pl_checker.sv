// pl_checker: bound to pl_core; hands every detector read to the golden model (checker.cpp) at three points: the
// sums that leave the array, the detector value (not kind rns), and what goes into the accumulator. The last two
// come group by group of BackLanes lanes. Off unless the plug-in switches it on, which costs one test per clock.
`default_nettype none
module pl_checker #(
  parameter int Lanes = 16,
  parameter int BackLanes = 16,
  localparam int ShiftBits = pl_pkg::ShiftBits
) (
  input logic                           clk_i,
  input logic                           en_i,
  input logic                           read_valid_i,      // y, d, p, l: the sums of a read
  input logic                           detector_valid_i,  // v: detector values of a group
  input logic                           code_valid_i,      // the rest: what is accumulated of a group
  input logic [Lanes*32-1:0]            y_i,
  input logic [Lanes*32-1:0]            d_i,
  input logic [Lanes*32-1:0]            p_i,
  input logic [Lanes*32-1:0]            l_i,
  input logic [BackLanes*32-1:0]        v_i,
  input logic [BackLanes*32-1:0]        code_i,
  input logic [BackLanes*ShiftBits-1:0] shift_i,
  input logic [BackLanes-1:0]           clipped_i,
  input logic [BackLanes-1:0]           detected_i,
  input logic [BackLanes-1:0]           corrected_i
);
  import "DPI-C" function bit pl_checker_on();
  import "DPI-C" function void pl_checker_sums(
    input bit [Lanes*32-1:0] y, input bit [Lanes*32-1:0] d, input bit [Lanes*32-1:0] p, input bit [Lanes*32-1:0] l);
  import "DPI-C" function void pl_checker_detector(input bit [BackLanes*32-1:0] v);
  import "DPI-C" function void pl_checker_code(
    input bit [BackLanes*32-1:0] code, input bit [BackLanes*32-1:0] shift, input bit [BackLanes-1:0] clipped,
    input bit [BackLanes-1:0] detected, input bit [BackLanes-1:0] corrected);

  logic [BackLanes*32-1:0] shift;
  for (genvar g = 0; g < BackLanes; g++) begin : g_lane
    assign shift[g*32 +: 32] = 32'(shift_i[g*ShiftBits +: ShiftBits]);
  end

  // Samples half a clock after the stages have settled.
  always @(negedge clk_i) begin
    if (en_i && pl_checker_on()) begin
      if (read_valid_i) pl_checker_sums(y_i, d_i, p_i, l_i);
      if (detector_valid_i) pl_checker_detector(v_i);
      if (code_valid_i) pl_checker_code(code_i, shift, clipped_i, detected_i, corrected_i);
    end
  end
endmodule

bind pl_core pl_checker #(.Lanes(Lanes), .BackLanes(BackLanes)) u_checker (
  .clk_i(clk_i), .en_i(en), .read_valid_i(item_first),
  .detector_valid_i(!Rns && back_q[BackLatency > DetectedAt ? DetectedAt - 1 : 0]),
  .code_valid_i(code_valid), .y_i(y), .d_i(d), .p_i(p), .l_i(l), .v_i(v), .code_i(code), .shift_i(code_shift),
  .clipped_i(clipped), .detected_i(detected), .corrected_i(corrected)
);
`default_nettype wire
