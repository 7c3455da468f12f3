// pins_hx8k: the netlist of rtl/boards/hx8k/top.sv behind the pins of pl_chip_uart, for the simulated board.
//
// The board has no reset: the flip-flops start as the configuration sets them, and rst_ni is not used.
`default_nettype none
module pins_hx8k(
  input wire clk_i, rst_ni, rxd_i, cts_ni,
  output wire txd_o, rts_no,
  output wire [3:0] status_o
);
  wire [7:0] led;
  top u_top(.clk12_i(clk_i), .rxd_i(rxd_i), .txd_o(txd_o), .rts_ni(cts_ni), .cts_no(rts_no), .led_o(led));
  assign status_o = led[3:0];
endmodule
`default_nettype wire
