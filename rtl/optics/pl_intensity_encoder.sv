// pl_intensity_encoder: encodes a beat of operand elements of an intensity core (signal-chain.md, "intensity" stages 1
// to 3): DAC, transfer table, channel gain, rails.
//
// One beat holds Elements codes of consecutive channels of one row (or column) and one detector read; those beyond
// count_i are code 0 and send no light at all. Field and light of both rails of each element follow
// IntensityEncoderLatency enabled clocks later. table_* writes the transfer tables: entry {operand, magnitude}. They
// live in one memory per element, which suits a block RAM, and hold nothing of use before they are written.
//
//   clock 1 DAC | 2 table, and the gain error of each element's wavelength | 3 their product | 4 sum, rails
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

  // Use of the elements waits for clock 3.
  logic [6:0] count_late;
  pl_delay #(.Bits(7), .Clocks(2)) u_wait_count (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_i), .data_i(count_i), .data_o(count_late)
  );

  // Gain error of each wavelength.
  logic signed [15:0] gain [0:31];
  for (genvar g = 0; g < 32; g++) begin : g_wave
    assign gain[g] = regs_i[(pl_regs_pkg::RegDispersion+g)*32 +: 16];
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

  logic [Elements*FieldBox-1:0] fields_q;
  logic [Elements*RailBox-1:0] rails_q;
  assign fields_o = fields_q;
  assign rails_o = rails_q;

  // ---- Stage registers, named by the clock at whose end they are written. Narrow, so that a product is one DSP block.
  logic        [5:0]  wavelength1;
  logic signed [7:0]  code2 [0:Elements-1], code3 [0:Elements-1];
  logic signed [15:0] gain2 [0:Elements-1];
  logic signed [12:0] scaled [0:Elements-1];                        // within a stage
  logic signed [12:0] lit3 [0:Elements-1], dark3 [0:Elements-1];    // without the gain error
  logic signed [28:0] product [0:Elements-1];                       // within a stage
  logic signed [13:0] lit_error3 [0:Elements-1], dark_error3 [0:Elements-1];
  logic               used3 [0:Elements-1];
  logic signed [14:0] lit4 [0:Elements-1], dark4 [0:Elements-1];    // within the last stage: light of a rail, 0..4095
  logic signed [14:0] field4 [0:Elements-1], rail4 [0:Elements-1];  // within the last stage

  // verilator lint_off BLKSEQ
  always_ff @(posedge clk_i) begin : stages  // sole reader and writer of the stage registers; last stage first
    logic [5:0] step;
    if (en_i) begin
      for (int n = 0; n < Elements; n++) begin
        lit4[n] = 15'(lit3[n]) + (gain_on ? 15'(lit_error3[n]) : 15'sd0);
        lit4[n] = lit4[n] > 15'sd4095 ? 15'sd4095 : lit4[n];
        lit4[n] = lit4[n] < 15'sd0 ? 15'sd0 : lit4[n];
        dark4[n] = 15'(dark3[n]) + (gain_on ? 15'(dark_error3[n]) : 15'sd0);
        dark4[n] = dark4[n] > 15'sd4095 ? 15'sd4095 : dark4[n];
        dark4[n] = dark4[n] < 15'sd0 ? 15'sd0 : dark4[n];
        field4[n] = code3[n] < 8'sd0 ? dark4[n] - lit4[n] : lit4[n] - dark4[n];  // with code 0 both are dark
        rail4[n] = lit4[n] + dark4[n];
        fields_q[n*FieldBox +: FieldBox] <= FieldBox'(field4[n]);
        rails_q[n*RailBox +: RailBox] <= used3[n] ? RailBox'(rail4[n]) : '0;
      end
      for (int n = 0; n < Elements; n++) begin
        scaled[n] = {code2[n][7], code2[n], 4'd0};
        scaled[n] = code2[n] < 8'sd0 ? -scaled[n] : scaled[n];
        lit3[n] = transfer_on ? {1'b0, looked_up[n*12 +: 12]} : scaled[n];
        product[n] = lit3[n] * gain2[n];
        product[n] = product[n] + 29'sd16384;
        lit_error3[n] = product[n][28:15];
        dark3[n] = transfer_on ? {1'b0, operand_i ? floor_b_q : floor_a_q} : 13'sd0;
        product[n] = dark3[n] * gain2[n];
        product[n] = product[n] + 29'sd16384;
        dark_error3[n] = product[n][28:15];
        used3[n] = 7'(n) < count_late;
        code3[n] = code2[n];
      end
      step = wavelength1;
      for (int n = 0; n < Elements; n++) begin
        code2[n] = converted[n*8 +: 8];
        gain2[n] = gain[step[4:0]];
        step = step + 6'd1 == wavelengths ? 6'd0 : step + 6'd1;
      end
      wavelength1 = wavelength_i;
    end
  end
  // verilator lint_on BLKSEQ
endmodule
`default_nettype wire
