// pl_intensity_encoder: encodes a beat of operand elements of an intensity core (signal-chain.md, "intensity" stages 1
// to 3): DAC, transfer table, channel gain, rails.
//
// One beat holds Elements codes of consecutive channels of one row (or column) and one detector read; those beyond
// count_i are code 0 and send no light at all. Field and light of both rails of each element follow
// IntensityEncoderLatency enabled clocks later. table_* writes the transfer tables: entry {operand, magnitude}. They
// live in one memory per element, which suits a block RAM, and hold nothing of use before they are written.
//
//   clock 1 DAC | 2 table | 3 channel gain | 4 rails
`default_nettype none
module pl_intensity_encoder #(
  parameter int Elements = 8,  // 2, 4, 8, 16, 32 or 64
  localparam int FieldBox = pl_pkg::FieldBox,
  localparam int RailBox = pl_pkg::RailBox
) (
  input  logic                                clk_i,
  input  logic                                rst_ni,
  input  logic                                en_i,
  input  logic [pl_regs_pkg::RegWords*32-1:0] regs_i,
  input  logic                                table_we_i,
  input  logic [7:0]                          table_addr_i,
  input  logic [11:0]                         table_wdata_i,
  input  logic                                operand_i,  // 0: A, 1: B; constant while beats are on their way
  input  logic [Elements*8-1:0]               codes_i,
  input  logic [5:0]                          wavelength_i,  // of element 0
  input  logic [6:0]                          count_i,       // elements in use, 1..Elements
  output logic [Elements*FieldBox-1:0]        fields_o,
  output logic [Elements*RailBox-1:0]         rails_o
);
  logic dac_on, transfer_on, gain_on;
  logic [3:0] dac_bits;
  logic [5:0] wavelengths;
  assign dac_on = regs_i[pl_regs_pkg::RegEffects*32
                       + (operand_i ? pl_regs_pkg::EffectDacB : pl_regs_pkg::EffectDacA)];
  assign transfer_on = regs_i[pl_regs_pkg::RegEffects*32
                            + (operand_i ? pl_regs_pkg::EffectTransferB : pl_regs_pkg::EffectTransferA)];
  assign gain_on = !operand_i && regs_i[pl_regs_pkg::RegEffects*32 + pl_regs_pkg::EffectGain];
  assign dac_bits = operand_i ? regs_i[pl_regs_pkg::RegDacBitsB*32 +: 4] : regs_i[pl_regs_pkg::RegDacBitsA*32 +: 4];
  assign wavelengths = regs_i[pl_regs_pkg::RegWavelengths*32 +: 6];
  logic unused_regs;
  assign unused_regs = ^regs_i;

  logic [Elements*8-1:0] converted;
  pl_dac #(.Elements(Elements)) u_dac (
    .clk_i(clk_i), .en_i(en_i), .bypass_i(~dac_on), .bits_i(dac_bits), .codes_i(codes_i), .codes_o(converted)
  );

  // Wavelength and use of the elements wait for clock 3.
  logic [5:0] wavelength_late;
  logic [6:0] count_late;
  pl_delay #(.Bits(13), .Clocks(2)) u_wait_wavelength (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_i), .data_i({count_i, wavelength_i}),
    .data_o({count_late, wavelength_late})
  );

  // Gain error of each wavelength.
  logic signed [31:0] gain [0:31];
  for (genvar g = 0; g < 32; g++) begin : g_wave
    assign gain[g] = {{16{regs_i[(pl_regs_pkg::RegDispersion+g)*32+15]}},
                      regs_i[(pl_regs_pkg::RegDispersion+g)*32 +: 16]};
  end

  // ---- Tables: what the lit rail sends, and the floor that the dark one sends.
  logic [Elements*12-1:0] looked_up;
  logic [11:0] floor_a_q, floor_b_q;
  always_ff @(posedge clk_i) begin
    if (table_we_i && table_addr_i == 8'd0) floor_a_q <= table_wdata_i;
    if (table_we_i && table_addr_i == 8'd128) floor_b_q <= table_wdata_i;
  end
  for (genvar g = 0; g < Elements; g++) begin : g_table
    logic signed [7:0] code;
    logic [7:0] magnitude;
    assign code = converted[g*8 +: 8];
    assign magnitude = code < 8'sd0 ? -code : code;
    logic [11:0] mem [0:255];
    logic [11:0] data_q;
    always_ff @(posedge clk_i) begin
      if (en_i) data_q <= mem[{operand_i, magnitude[7] ? 7'd127 : magnitude[6:0]}];
      if (table_we_i) mem[table_addr_i] <= table_wdata_i;
    end
    assign looked_up[g*12 +: 12] = data_q;
  end

  logic signed [31:0] code [0:Elements-1], lit_table [0:Elements-1];
  for (genvar g = 0; g < Elements; g++) begin : g_element
    assign code[g] = {{24{converted[g*8+7]}}, converted[g*8 +: 8]};
    assign lit_table[g] = {20'd0, looked_up[g*12 +: 12]};
  end

  logic [Elements*FieldBox-1:0] fields_q;
  logic [Elements*RailBox-1:0] rails_q;
  assign fields_o = fields_q;
  assign rails_o = rails_q;

  // ---- Stage registers, named by the clock at whose end they are written.
  logic signed [31:0] code2 [0:Elements-1], code3 [0:Elements-1];
  logic signed [31:0] lit3 [0:Elements-1], dark3 [0:Elements-1];
  logic signed [31:0] error [0:Elements-1];  // within a stage
  logic signed [31:0] field4 [0:Elements-1], rail4 [0:Elements-1];  // within the last stage
  logic        [31:0] used3 [0:Elements-1];  // 0 or 1
  logic        [4:0]  wave3 [0:Elements-1];  // within a stage

  // verilator lint_off BLKSEQ
  always_ff @(posedge clk_i) begin : stages  // sole reader and writer of the stage registers; last stage first
    logic [5:0] step;
    logic signed [31:0] floor;
    if (en_i) begin
      for (int n = 0; n < Elements; n++) begin
        field4[n] = code3[n] < 32'sd0 ? dark3[n] - lit3[n] : lit3[n] - dark3[n];  // with code 0 both are dark
        rail4[n] = lit3[n] + dark3[n];
        fields_q[n*FieldBox +: FieldBox] <= FieldBox'(field4[n]);
        rails_q[n*RailBox +: RailBox] <= used3[n][0] ? RailBox'(rail4[n]) : '0;
      end
      step = wavelength_late;
      for (int n = 0; n < Elements; n++) begin
        wave3[n] = step[4:0];
        step = step + 6'd1 == wavelengths ? 6'd0 : step + 6'd1;
      end
      floor = transfer_on ? {20'd0, operand_i ? floor_b_q : floor_a_q} : 32'sd0;
      for (int n = 0; n < Elements; n++) begin
        lit3[n] = code2[n] < 32'sd0 ? -code2[n] <<< 4 : code2[n] <<< 4;
        lit3[n] = transfer_on ? lit_table[n] : lit3[n];
        dark3[n] = floor;
        error[n] = (lit3[n] * gain[wave3[n]] + 32'sd16384) >>> 15;
        lit3[n] = lit3[n] + (gain_on ? error[n] : 32'sd0);
        lit3[n] = lit3[n] > 32'sd4095 ? 32'sd4095 : lit3[n];
        lit3[n] = lit3[n] < 32'sd0 ? 32'sd0 : lit3[n];
        error[n] = (dark3[n] * gain[wave3[n]] + 32'sd16384) >>> 15;
        dark3[n] = dark3[n] + (gain_on ? error[n] : 32'sd0);
        dark3[n] = dark3[n] > 32'sd4095 ? 32'sd4095 : dark3[n];
        dark3[n] = dark3[n] < 32'sd0 ? 32'sd0 : dark3[n];
        used3[n] = 7'(n) < count_late ? 32'd1 : 32'd0;
        code3[n] = code2[n];
      end
      for (int n = 0; n < Elements; n++) code2[n] = code[n];
    end
  end
  // verilator lint_on BLKSEQ
endmodule
`default_nettype wire
