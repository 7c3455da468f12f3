// pl_loader: takes the codes of an operand beat by beat, encodes them and writes the words of its buffer.
//
// start_i (while idle_o) begins a load of operand_i (0: A, 1: B) for the tile in the registers. Then beats of up to
// Elements codes are accepted at load_valid_i & load_ready_o, in the order of pl_load_walk: row by row, every
// detector read and every word beginning a beat. Kind rns: each beat comes with load_shift_i, the exponent that its
// row (or column) has in this read. Kind intensity: table_* writes the transfer tables while idle_o is high. idle_o
// is high again when the last word is written.
`default_nettype none
module pl_loader #(
  parameter int Kind = pl_regs_pkg::KindCoherent,
  parameter int Rows = 4,
  parameter int Columns = 4,
  parameter int Width = 8,
  parameter int Elements = 8,  // 2 or more, divides Width
  localparam int WordBits = pl_pkg::word_bits(Kind, Width)
) (
  input  logic                                clk_i,
  input  logic                                rst_ni,
  input  logic [pl_regs_pkg::RegWords*32-1:0] regs_i,
  input  logic                                start_i,
  input  logic                                operand_i,
  output logic                                idle_o,
  input  logic                                load_valid_i,
  output logic                                load_ready_o,
  input  logic [Elements*8-1:0]               load_codes_i,
  input  logic [pl_pkg::ShiftBits-1:0]        load_shift_i,
  input  logic                                table_we_i,
  input  logic [7:0]                          table_addr_i,   // operand, magnitude
  input  logic [11:0]                         table_wdata_i,
  // Buffer write port; operand_o says of which buffer.
  output logic                                we_o,
  output logic                                operand_o,
  output logic [7:0]                          lane_o,
  output logic [pl_pkg::AddrBits-1:0]         addr_o,
  output logic [WordBits-1:0]                 word_o
);
  localparam int Latency = pl_pkg::encoder_latency(Kind);

  // ---- Control: accepting from start to the last beat in; busy until the last word is written.
  logic operand_q, operand_d, accepting_q, accepting_d, busy_q, busy_d;
  logic accept, in_last, out_valid, out_last;
  assign idle_o = ~busy_q;
  assign load_ready_o = accepting_q;
  assign accept = load_valid_i & accepting_q;
  always_comb begin
    operand_d = start_i ? operand_i : operand_q;
    accepting_d = accepting_q;
    busy_d = busy_q;
    if (start_i) begin
      accepting_d = 1'b1;
      busy_d = 1'b1;
    end else begin
      if (accept && in_last) accepting_d = 1'b0;
      if (out_valid && out_last) busy_d = 1'b0;
    end
  end
  logic [Latency:0] valid_q, valid_d;  // beats on their way through input register and encoder
  assign valid_d = {valid_q[Latency-1:0], accept};
  assign out_valid = valid_q[Latency];
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      operand_q <= 1'b0;
      accepting_q <= 1'b0;
      busy_q <= 1'b0;
      valid_q <= '0;
    end else begin
      operand_q <= operand_d;
      accepting_q <= accepting_d;
      busy_q <= busy_d;
      valid_q <= valid_d;
    end
  end

  // ---- Beats in.
  logic [23:0] position;
  logic [pl_pkg::SumBits-1:0] sum;
  logic [pl_pkg::ChannelBits-1:0] channel;
  logic [5:0] wavelength;
  logic [6:0] count;
  logic [7:0] unused_lane;
  logic [pl_pkg::AddrBits-1:0] unused_addr;
  logic unused_first, unused_last;
  pl_load_walk #(.Rows(Rows), .Columns(Columns), .Width(Width), .Elements(Elements)) u_walk_in (
    .clk_i(clk_i), .rst_ni(rst_ni), .regs_i(regs_i), .operand_i(operand_d), .start_i(start_i), .advance_i(accept),
    .position_o(position), .sum_o(sum), .channel_o(channel), .wavelength_o(wavelength), .count_o(count),
    .lane_o(unused_lane), .addr_o(unused_addr), .first_beat_o(unused_first), .last_beat_o(unused_last),
    .last_o(in_last)
  );
  // The beat as it goes into the encoder, where it stays until the next one comes; elements beyond the read are 0.
  logic [Elements*8-1:0] codes_q;
  logic [pl_pkg::ShiftBits-1:0] shift_q;
  logic [23:0] position_q;
  logic [pl_pkg::SumBits-1:0] sum_q;
  logic [pl_pkg::ChannelBits-1:0] channel_q;
  logic [5:0] wavelength_q;
  logic [6:0] count_q;
  for (genvar g = 0; g < Elements; g++) begin : g_mask
    always_ff @(posedge clk_i) begin
      if (accept) codes_q[g*8 +: 8] <= 7'(g) < count ? load_codes_i[g*8 +: 8] : 8'd0;
    end
  end
  always_ff @(posedge clk_i) begin
    if (accept) begin
      position_q <= position;
      sum_q <= sum;
      channel_q <= channel;
      wavelength_q <= wavelength;
      count_q <= count;
      shift_q <= load_shift_i;
    end
  end

  // ---- Beats out: gathered into a word.
  logic [23:0] unused_position;
  logic [pl_pkg::SumBits-1:0] unused_sum;
  logic [pl_pkg::ChannelBits-1:0] channel_out;
  logic [5:0] unused_wavelength;
  logic [6:0] unused_count;
  logic [7:0] lane;
  logic [pl_pkg::AddrBits-1:0] addr;
  logic first_beat, last_beat;
  pl_load_walk #(.Rows(Rows), .Columns(Columns), .Width(Width), .Elements(Elements)) u_walk_out (
    .clk_i(clk_i), .rst_ni(rst_ni), .regs_i(regs_i), .operand_i(operand_d), .start_i(start_i), .advance_i(out_valid),
    .position_o(unused_position), .sum_o(unused_sum), .channel_o(channel_out), .wavelength_o(unused_wavelength),
    .count_o(unused_count), .lane_o(lane), .addr_o(addr), .first_beat_o(first_beat), .last_beat_o(last_beat),
    .last_o(out_last)
  );

  logic we_q;
  logic [7:0] lane_q;
  logic [pl_pkg::AddrBits-1:0] addr_q;
  always_ff @(posedge clk_i) begin
    if (out_valid) begin
      lane_q <= lane;
      addr_q <= addr;
    end
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) we_q <= 1'b0;
    else we_q <= out_valid & last_beat;
  end

  // ---- Encoder and word, by kind.
  if (Kind == pl_regs_pkg::KindCoherent) begin : g_coherent
    localparam int WordLightBox = pl_pkg::WordLightBox;
    localparam int WordTermBox = pl_pkg::WordTermBox;
    logic [Elements*pl_pkg::FieldBox-1:0] fields;
    logic [Elements*pl_pkg::PowerBox-1:0] powers;
    logic [Width*pl_pkg::FieldBox-1:0] word_fields;
    logic [Width*pl_pkg::PowerBox-1:0] word_powers;
    logic [WordLightBox-1:0] light, light_q;
    logic signed [WordTermBox-1:0] term, term_q;
    pl_encoder #(.Elements(Elements)) u_encoder (
      .clk_i(clk_i), .rst_ni(rst_ni), .en_i(busy_q), .regs_i(regs_i), .operand_i(operand_q), .codes_i(codes_q),
      .position_i(position_q), .sum_i(sum_q), .channel_i(channel_q), .wavelength_i(wavelength_q), .count_i(count_q),
      .fields_o(fields), .powers_o(powers), .light_o(light), .term_o(term)
    );
    pl_gather #(.Width(Width), .Elements(Elements), .Box(pl_pkg::FieldBox)) u_fields (
      .clk_i(clk_i), .valid_i(out_valid), .first_i(first_beat), .channel_i(channel_out), .beat_i(fields),
      .word_o(word_fields)
    );
    pl_gather #(.Width(Width), .Elements(Elements), .Box(pl_pkg::PowerBox)) u_powers (
      .clk_i(clk_i), .valid_i(out_valid), .first_i(first_beat), .channel_i(channel_out), .beat_i(powers),
      .word_o(word_powers)
    );
    always_ff @(posedge clk_i) begin
      if (out_valid) begin
        light_q <= (first_beat ? '0 : light_q) + light;
        term_q <= (first_beat ? $signed(WordTermBox'(0)) : term_q) + term;
      end
    end
    assign word_o = {term_q, light_q, word_powers, word_fields};
    logic unused_inputs;
    assign unused_inputs = ^{shift_q, table_we_i, table_addr_i, table_wdata_i};
  end else if (Kind == pl_regs_pkg::KindIntensity) begin : g_intensity
    logic [Elements*pl_pkg::FieldBox-1:0] fields;
    logic [Elements*pl_pkg::RailBox-1:0] rails;
    logic [Width*pl_pkg::FieldBox-1:0] word_fields;
    logic [Width*pl_pkg::RailBox-1:0] word_rails;
    pl_intensity_encoder #(.Elements(Elements)) u_encoder (
      .clk_i(clk_i), .rst_ni(rst_ni), .en_i(busy_q), .regs_i(regs_i), .table_we_i(table_we_i),
      .table_addr_i(table_addr_i), .table_wdata_i(table_wdata_i), .operand_i(operand_q), .codes_i(codes_q),
      .wavelength_i(wavelength_q), .count_i(count_q), .fields_o(fields), .rails_o(rails)
    );
    pl_gather #(.Width(Width), .Elements(Elements), .Box(pl_pkg::FieldBox)) u_fields (
      .clk_i(clk_i), .valid_i(out_valid), .first_i(first_beat), .channel_i(channel_out), .beat_i(fields),
      .word_o(word_fields)
    );
    pl_gather #(.Width(Width), .Elements(Elements), .Box(pl_pkg::RailBox)) u_rails (
      .clk_i(clk_i), .valid_i(out_valid), .first_i(first_beat), .channel_i(channel_out), .beat_i(rails),
      .word_o(word_rails)
    );
    assign word_o = {word_rails, word_fields};
    logic unused_inputs;  // no noise, so no coordinates
    assign unused_inputs = ^{shift_q, position_q, sum_q, channel_q};
  end else begin : g_rns
    logic [Elements*pl_pkg::CodeBox-1:0] mantissas;
    logic [Width*pl_pkg::CodeBox-1:0] word_mantissas;
    logic [pl_pkg::ShiftBits-1:0] shift, word_shift_q;
    pl_mantissa #(.Elements(Elements)) u_encoder (
      .clk_i(clk_i), .en_i(busy_q), .codes_i(codes_q), .shift_i(shift_q), .mantissas_o(mantissas), .shift_o(shift)
    );
    pl_gather #(.Width(Width), .Elements(Elements), .Box(pl_pkg::CodeBox)) u_mantissas (
      .clk_i(clk_i), .valid_i(out_valid), .first_i(first_beat), .channel_i(channel_out), .beat_i(mantissas),
      .word_o(word_mantissas)
    );
    always_ff @(posedge clk_i) begin
      if (out_valid) word_shift_q <= shift;
    end
    assign word_o = {word_shift_q, word_mantissas};
    logic unused_inputs;
    assign unused_inputs = ^{position_q, sum_q, channel_q, count_q, wavelength_q, table_we_i, table_addr_i,
                             table_wdata_i};
  end

  assign we_o = we_q;
  assign operand_o = operand_q;
  assign lane_o = lane_q;
  assign addr_o = addr_q;

  logic unused_outputs;
  assign unused_outputs = ^{unused_lane, unused_addr, unused_first, unused_last, unused_position, unused_sum,
                            unused_wavelength, unused_count, channel_out};
endmodule
`default_nettype wire
