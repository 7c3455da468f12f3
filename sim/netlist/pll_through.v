// pll_through: stands in for the PLL of a netlist in simulation: the clock that comes in goes out, locked from the start.
//
// scripts/bitstream gives the PLL cells of every family this type in the netlist that it writes for simulation. The
// simulated board clocks its pins at what the PLL would make. Parameters of the real cells are accepted and not used.
`default_nettype none
module pll_through(
  input wire PACKAGEPIN, REFERENCECLK, RESETB, BYPASS,                        // iCE40
  output wire PLLOUTGLOBAL, PLLOUTCORE,
  input wire RST, STDBY, CLKI, CLKFB,                                         // ECP5
  input wire PHASESEL0, PHASESEL1, PHASEDIR, PHASESTEP, PHASELOADREG, PLLWAKESYNC, ENCLKOP,
  output wire CLKOP, CLKINTFB,
  output wire LOCK
);
  parameter FEEDBACK_PATH = "", PLLOUT_SELECT = "";
  parameter DIVR = 0, DIVF = 0, DIVQ = 0, FILTER_RANGE = 0;
  parameter PLLRST_ENA = "", INTFB_WAKE = "", STDBY_ENABLE = "", DPHASE_SOURCE = "", OUTDIVIDER_MUXA = "";
  parameter OUTDIVIDER_MUXB = "", OUTDIVIDER_MUXC = "", OUTDIVIDER_MUXD = "", CLKOP_ENABLE = "", FEEDBK_PATH = "";
  parameter CLKI_DIV = 0, CLKOP_DIV = 0, CLKOP_CPHASE = 0, CLKOP_FPHASE = 0, CLKFB_DIV = 0;
  assign PLLOUTGLOBAL = PACKAGEPIN | REFERENCECLK;  // one of the two is connected
  assign PLLOUTCORE = PLLOUTGLOBAL;
  assign CLKOP = CLKI;
  assign CLKINTFB = CLKI;
  assign LOCK = 1'b1;
endmodule
`default_nettype wire
