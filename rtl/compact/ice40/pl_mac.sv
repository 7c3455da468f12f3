// pl_mac of the iCE40 UltraPlus: one SB_MAC16, multiplier and accumulator. See rtl/compact/pl_mac.sv for the ports.
//
// Named by hand, because `synth_ice40 -dsp` loses registered products (docs/compact.md). Settings: 16 x 16 bits, signed;
// both halves of the adder add the product to their own output register, the carry of the lower one goes into the upper
// one; OLOAD takes prev_i by way of C and D instead; OHOLD stands still.
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
  logic hold, unused_co, unused_accumco, unused_signextout;
  assign hold = ~(mac_i | shift_i);
  SB_MAC16 #(
    .NEG_TRIGGER(1'b0), .C_REG(1'b0), .A_REG(1'b0), .B_REG(1'b0), .D_REG(1'b0),
    .TOP_8x8_MULT_REG(1'b0), .BOT_8x8_MULT_REG(1'b0), .PIPELINE_16x16_MULT_REG1(1'b0),
    .PIPELINE_16x16_MULT_REG2(1'b0),
    .TOPOUTPUT_SELECT(2'b01), .TOPADDSUB_LOWERINPUT(2'b10), .TOPADDSUB_UPPERINPUT(1'b0),
    .TOPADDSUB_CARRYSELECT(2'b10),
    .BOTOUTPUT_SELECT(2'b01), .BOTADDSUB_LOWERINPUT(2'b10), .BOTADDSUB_UPPERINPUT(1'b0),
    .BOTADDSUB_CARRYSELECT(2'b00),
    .MODE_8x8(1'b0), .A_SIGNED(1'b1), .B_SIGNED(1'b1)
  ) u_mac (
    .CLK(clk_i), .CE(1'b1), .A(a_i), .B(b_i), .C(prev_i[31:16]), .D(prev_i[15:0]),
    .AHOLD(1'b0), .BHOLD(1'b0), .CHOLD(1'b0), .DHOLD(1'b0),
    .IRSTTOP(1'b0), .IRSTBOT(1'b0), .ORSTTOP(1'b0), .ORSTBOT(1'b0),
    .OLOADTOP(shift_i), .OLOADBOT(shift_i), .ADDSUBTOP(1'b0), .ADDSUBBOT(1'b0),
    .OHOLDTOP(hold), .OHOLDBOT(hold), .CI(1'b0), .ACCUMCI(1'b0), .SIGNEXTIN(1'b0),
    .O(acc_o), .CO(unused_co), .ACCUMCO(unused_accumco), .SIGNEXTOUT(unused_signextout)
  );
endmodule
`default_nettype wire
