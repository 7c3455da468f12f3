// pins_ulx3s: the netlist of rtl/boards/ulx3s/top.sv behind the pins of pl_chip_uart, for the simulated board.
//
// The reset of the board model presses FIRE1; neither RTS nor CTS is used.
`default_nettype none
module pins_ulx3s(
  input wire clk_i, rst_ni, rxd_i, cts_ni,
  output wire txd_o, rts_no,
  output wire [3:0] status_o
);
  wire [7:0] led;
  wire gpio0;
  top u_top(.clk_25mhz(clk_i), .ftdi_txd(rxd_i), .ftdi_rxd(txd_o), .btn_fire1(~rst_ni), .led(led), .wifi_gpio0(gpio0));
  assign rts_no = 1'b0;
  assign status_o = led[3:0];
endmodule
`default_nettype wire
