// pins_icebreaker: the netlist of rtl/boards/icebreaker/top.sv behind the pins of pl_chip_uart, for the simulated board.
//
// The reset of the board model presses the button; RTS is not wired, CTS neither.
`default_nettype none
module pins_icebreaker(
  input wire clk_i, rst_ni, rxd_i, cts_ni,
  output wire txd_o, rts_no,
  output wire [3:0] status_o
);
  wire red_n, green_n;
  top u_top(
    .clk12_i(clk_i), .rxd_i(rxd_i), .txd_o(txd_o), .button_ni(rst_ni), .led_red_no(red_n), .led_green_no(green_n)
  );
  assign rts_no = 1'b0;
  assign status_o = {~green_n, 2'b00, ~red_n};
endmodule
`default_nettype wire
