// pl_encoder: encodes a beat of operand elements of a coherent core (signal-chain.md stages 1 to 3): DAC, encoding
// noise, crosstalk, square.
//
// One beat holds Elements codes of consecutive channels of one row (or column) and one detector read; those beyond
// count_i are code 0, which encodes to nothing, and get no crosstalk. EncoderLatency enabled clocks later: field and
// power of each element, and the beat's summed light and dispersion terms. Crosstalk reaches from beat to beat: in
// the enabled clock before a beat the caller gives the beat before it, or that one again and again while there is no
// next one.
//
//   clock 1 DAC | 1..17 Threefry, 18..22 Gauss | 22 sigma | 23 deviate x sigma | 24 field | 25 crosstalk | 26 square
//   27 light, power, dispersion term | 28 sums over the beat
`default_nettype none
module pl_encoder #(
  parameter int Elements = 8  // 2, 4, 8, 16, 32 or 64
) (
  input  logic                                clk_i,
  input  logic                                rst_ni,
  input  logic                                en_i,
  input  logic [pl_regs_pkg::RegWords*32-1:0] regs_i,
  input  logic                                operand_i,  // 0: A, 1: B; constant while beats are on their way
  input  logic [Elements*8-1:0]               codes_i,
  input  logic [23:0]                         position_i, // absolute row (A) or column (B)
  input  logic [pl_pkg::SumBits-1:0]          sum_i,
  input  logic [pl_pkg::ChannelBits-1:0]      channel_i,  // of element 0; even
  input  logic [5:0]                          wavelength_i,  // of element 0
  input  logic [6:0]                          count_i,       // elements in use, 1..Elements
  output logic [Elements*pl_pkg::FieldBox-1:0] fields_o,
  output logic [Elements*pl_pkg::PowerBox-1:0] powers_o,
  output logic [pl_pkg::WordLightBox-1:0]      light_o,
  output logic signed [pl_pkg::WordTermBox-1:0] term_o
);
  localparam int Pairs = Elements / 2;
  localparam int FieldBox = pl_pkg::FieldBox;
  localparam int PowerBox = pl_pkg::PowerBox;
  localparam int GaussBox = pl_pkg::GaussBox;
  localparam int WordLightBox = pl_pkg::WordLightBox;
  localparam int WordTermBox = pl_pkg::WordTermBox;

  logic noise_on, dac_on, crosstalk_on;
  logic [3:0]  dac_bits;
  logic [15:0] sigma;
  logic [14:0] crosstalk;
  logic [3:0]  effect;
  logic [5:0]  wavelengths;
  assign noise_on = regs_i[pl_regs_pkg::RegEffects*32
                         + (operand_i ? pl_regs_pkg::EffectEncB : pl_regs_pkg::EffectEncA)];
  assign dac_on = regs_i[pl_regs_pkg::RegEffects*32
                       + (operand_i ? pl_regs_pkg::EffectDacB : pl_regs_pkg::EffectDacA)];
  assign crosstalk_on = regs_i[pl_regs_pkg::RegEffects*32 + pl_regs_pkg::EffectCrosstalk];
  assign crosstalk = regs_i[pl_regs_pkg::RegCrosstalk*32 +: 15];
  assign dac_bits = operand_i ? regs_i[pl_regs_pkg::RegDacBitsB*32 +: 4] : regs_i[pl_regs_pkg::RegDacBitsA*32 +: 4];
  assign sigma = operand_i ? regs_i[pl_regs_pkg::RegEncSigmaB*32 +: 16] : regs_i[pl_regs_pkg::RegEncSigmaA*32 +: 16];
  assign effect = operand_i ? pl_pkg::NoiseEncB : pl_pkg::NoiseEncA;
  assign wavelengths = regs_i[pl_regs_pkg::RegWavelengths*32 +: 6];
  logic unused_regs;
  assign unused_regs = ^regs_i;

  // ---- Noise: one Threefry block for two neighbouring channels.
  logic [Pairs*32-1:0] counter0, counter1, word0, word1;
  logic [Elements*32-1:0] words;
  logic [Elements*GaussBox-1:0] deviates;
  for (genvar g = 0; g < Pairs; g++) begin : g_pair
    assign counter0[g*32 +: 32] = {sum_i[7:0], position_i};
    assign counter1[g*32 +: 32] = {effect, sum_i[15:8], 20'(channel_i[pl_pkg::ChannelBits-1:1]) + 20'(g)};
    assign words[(2*g)*32 +: 32] = word0[g*32 +: 32];
    assign words[(2*g+1)*32 +: 32] = word1[g*32 +: 32];
  end
  pl_threefry #(.Lanes(Pairs)) u_threefry (
    .clk_i(clk_i), .en_i(en_i), .key0_i(regs_i[pl_regs_pkg::RegSeed*32 +: 32]),
    .key1_i(regs_i[pl_regs_pkg::RegJob*32 +: 32]), .c0_i(counter0), .c1_i(counter1), .x0_o(word0), .x1_o(word1)
  );
  pl_gauss #(.Lanes(Elements)) u_gauss (.clk_i(clk_i), .en_i(en_i), .word_i(words), .gauss_o(deviates));
  logic unused_channel;
  assign unused_channel = channel_i[0];

  // ---- Outputs.
  logic [Elements*pl_pkg::FieldBox-1:0] fields_q;
  logic [Elements*pl_pkg::PowerBox-1:0] powers_q;
  logic        [WordLightBox-1:0] light_q;
  logic signed [WordTermBox-1:0]  term_q;
  assign fields_o = fields_q;
  assign powers_o = powers_q;
  assign light_o = light_q;
  assign term_o = term_q;

  // ---- Converters, and elements unpacked.
  logic [Elements*8-1:0] converted, converted_late;
  logic [5:0] wavelength_late;
  logic [6:0] count_late;
  logic signed [31:0] code [0:Elements-1];
  logic signed [31:0] gauss [0:Elements-1];
  for (genvar g = 0; g < Elements; g++) begin : g_element
    assign code[g] = {{24{converted_late[g*8+7]}}, converted_late[g*8 +: 8]};
    assign gauss[g] = 32'($signed(deviates[g*GaussBox +: GaussBox]));
  end

  pl_dac #(.Elements(Elements)) u_dac (
    .clk_i(clk_i), .en_i(en_i), .bypass_i(~dac_on), .bits_i(dac_bits), .codes_i(codes_i), .codes_o(converted)
  );

  // The code waits for its noise until clock 21, its wavelength and length until clock 24.
  pl_delay #(.Bits(Elements*8), .Clocks(pl_pkg::DeviateLatency - 2)) u_wait_code (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_i), .data_i(converted), .data_o(converted_late)
  );
  pl_delay #(.Bits(13), .Clocks(pl_pkg::DeviateLatency + 2)) u_wait_wavelength (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_i), .data_i({count_i, wavelength_i}),
    .data_o({count_late, wavelength_late})
  );

  // Dispersion register of each wavelength.
  logic signed [31:0] dispersion [0:31];
  for (genvar g = 0; g < 32; g++) begin : g_wave
    assign dispersion[g] = {{16{regs_i[(pl_regs_pkg::RegDispersion+g)*32+15]}},
                            regs_i[(pl_regs_pkg::RegDispersion+g)*32 +: 16]};
  end

  // ---- Stage registers, named by the clock at whose end they are written.
  logic signed [31:0] magnitude [0:Elements-1];  // within a stage
  logic signed [31:0] field22 [0:Elements-1], field23 [0:Elements-1];
  logic signed [31:0] limited [0:Elements-1];    // within a stage
  logic signed [31:0] leak [0:Elements-1];       // within a stage
  logic signed [FieldBox-1:0] field24 [0:Elements-1], field25 [0:Elements-1], field26 [0:Elements-1];
  logic signed [FieldBox-1:0] field27 [0:Elements-1];
  logic signed [FieldBox-1:0] leaking [0:Elements-1];  // within a stage: field of the channel before
  logic signed [FieldBox-1:0] last25;                 // before crosstalk
  logic signed [31:0] sigma22 [0:Elements-1];
  logic signed [31:0] noise23 [0:Elements-1];
  logic        [31:0] square26 [0:Elements-1];
  logic        [31:0] light27 [0:Elements-1];
  logic        [31:0] power27 [0:Elements-1];
  logic signed [31:0] term27 [0:Elements-1];
  logic signed [63:0] scaled [0:Elements-1];     // within a stage
  logic        [4:0]  wave25 [0:Elements-1], wave26 [0:Elements-1];
  logic        [WordLightBox-1:0] light28;  // within the last stage
  logic signed [WordTermBox-1:0] term28;

  // verilator lint_off BLKSEQ
  always_ff @(posedge clk_i) begin : stages  // sole reader and writer of the stage registers; last stage first
    logic [5:0] step;
    if (en_i) begin
      light28 = '0;
      term28 = '0;
      for (int n = 0; n < Elements; n++) begin
        light28 = light28 + WordLightBox'(light27[n]);
        term28 = term28 + WordTermBox'(term27[n]);
        fields_q[n*FieldBox +: FieldBox] <= field27[n];
        powers_q[n*PowerBox +: PowerBox] <= PowerBox'(power27[n]);
      end
      light_q <= light28;
      term_q <= term28;
      for (int n = 0; n < Elements; n++) begin
        light27[n] = square26[n] >> 8;
        power27[n] = (square26[n] + 32'd2048) >> 12;
        power27[n] = power27[n] > 32'd1023 ? 32'd1023 : power27[n];
        scaled[n] = ($signed({32'd0, square26[n]}) * 64'(dispersion[wave26[n]]) + 64'sd32768) >>> 16;
        term27[n] = scaled[n][31:0];
        field27[n] = field26[n];
      end
      for (int n = 0; n < Elements; n++) begin
        square26[n] = 32'(field25[n]) * 32'(field25[n]);
        field26[n] = field25[n];
        wave26[n] = wave25[n];
      end
      step = wavelength_late;
      for (int n = 0; n < Elements; n++) begin
        wave25[n] = step[4:0];
        step = step + 6'd1 == wavelengths ? 6'd0 : step + 6'd1;
      end
      leaking[0] = last25;
      for (int n = 1; n < Elements; n++) leaking[n] = field24[n-1];
      for (int n = 0; n < Elements; n++) begin
        leak[n] = (32'(leaking[n]) * $signed({17'd0, crosstalk}) + 32'sd16384) >>> 15;
        limited[n] = 32'(field24[n]) + (crosstalk_on && wave25[n] != 5'd0 && 7'(n) < count_late ? leak[n] : 32'sd0);
        limited[n] = limited[n] > 32'sd4095 ? 32'sd4095 : limited[n];
        limited[n] = limited[n] < -32'sd4095 ? -32'sd4095 : limited[n];
        field25[n] = FieldBox'(limited[n]);
      end
      last25 = field24[Elements-1];
      for (int n = 0; n < Elements; n++) begin
        limited[n] = field23[n] + (noise_on ? noise23[n] : 32'sd0);
        limited[n] = limited[n] > 32'sd4095 ? 32'sd4095 : limited[n];
        limited[n] = limited[n] < -32'sd4095 ? -32'sd4095 : limited[n];
        field24[n] = FieldBox'(limited[n]);
      end
      for (int n = 0; n < Elements; n++) begin
        noise23[n] = (gauss[n] * sigma22[n] + 32'sd65536) >>> 17;
        field23[n] = field22[n];
      end
      for (int n = 0; n < Elements; n++) begin
        field22[n] = code[n] <<< 4;
        magnitude[n] = field22[n] < 32'sd0 ? -field22[n] : field22[n];
        sigma22[n] = (magnitude[n] * $signed({16'd0, sigma}) + 32'sd2048) >>> 12;
      end
    end
  end
  // verilator lint_on BLKSEQ
endmodule
`default_nettype wire
