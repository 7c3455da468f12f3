// pl_micro_planes: operand buffers and products of the compact core for devices without multipliers. Same ports and same
// meaning as pl_micro_array; a word has 16 elements.
//
// The elements of A come whole, those of B bit by bit: a pass takes, from the highest bit of B down, all words of the read
// and adds in every lane those elements of A whose partner in B has this bit set; between two bits the sum is doubled. A
// read of n words takes 13 n clocks for fields, 10 n for powers, and only 8 n for fields of B without noise and crosstalk
// (plain_b_i), which are codes times 16: 8 columns then multiply 16 pairs of elements per clock. The highest bit of a field
// counts negative.
//   clock 1 banks read | 2 sums of four elements | 3 of eight | 4 of the word | 5 sum of the lane
// A register behind every adder: without them Yosys makes trees of compressors, twice the cells. Neighbouring elements of A are added once for all lanes of a row; a lane chooses among 0, one, the other and both.
//
// Buffers: both operands lie in planes, a bit of 16 elements in a word of 16 bits, written bit by bit. A row of A has 13
// banks, one for each plane, a word has four places in each of them: field (0), power (1), tail (2: banks 0 to 3), unused (3).
// A column of B has one bank; a word has 32 places: planes of the field (0..12), of the power (13..22), tail (23..26).
// `wr` of B takes a clock per plane.
`default_nettype none
module pl_micro_planes #(
  parameter int Rows = 1,
  parameter int Columns = 8,
  parameter int Elements = 2,
  parameter int AWords = 64,
  parameter int BWords = 8     // columns hold at most 128 elements: sums have 32 bits
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        set_i,
  input  logic [3:0]  set_what_i,
  input  logic [15:0] value_i,
  input  logic        do_i,
  input  logic [3:0]  do_what_i,
  input  logic        operand_i,
  input  logic        write_i,
  input  logic [1:0]  write_what_i,
  input  logic [1:0]  write_part_i,
  input  logic [15:0] data_i,
  input  logic        plain_b_i,
  output logic        write_busy_o,
  output logic        busy_o,
  output logic        first_o,
  output logic        beat_o,
  output logic        odd_o,
  output logic [31:0] mac_o,
  input  logic        mac_next_i,
  input  logic [2:0]  tail_what_i,
  output logic [15:0] tail_o
);
  localparam int Width = 16;
  localparam int FieldBits = pl_pkg::FieldBits;
  localparam int PowerBits = pl_pkg::PowerBits;
  localparam int ABits = $clog2(AWords);
  localparam int BBits = $clog2(BWords);
  localparam int LaneBits = 3;
  localparam int Lanes = Rows * Columns;

  // ---- Addresses: word_q words behind ra and rb. It ends at the last word of a pass.
  logic [ABits-1:0] ra_q, a_word;
  logic [BBits-1:0] rb_q, b_word, rn_q, word_q;
  logic [3:0] element_q, plane_q;
  logic [LaneBits-1:0] lr_q, lc_q;
  logic power_q, issue_q, first_q, last_word, last, short;
  assign a_word = ra_q + ABits'(word_q);
  assign b_word = rb_q + word_q;
  assign last_word = word_q == rn_q;
  assign short = plain_b_i & ~power_q;
  assign last = last_word && plane_q == (short ? 4'd4 : 4'd0);
  assign first_o = element_q == 4'd0;
  assign odd_o = element_q[0];
  if (Elements < Width) begin : g_beats
    assign beat_o = (element_q & 4'(Elements - 1)) == 4'd0;
  end else begin : g_word
    assign beat_o = first_o;
  end
  logic next, step, set_words, go, moved;
  assign next = do_i & (do_what_i == pl_compact_pkg::DoNext);
  assign step = next & (element_q == 4'd15);
  assign go = do_i & (do_what_i == pl_compact_pkg::DoGo);
  assign set_words = set_i & (set_what_i == pl_compact_pkg::SetWords);
  assign moved = set_words | (set_i & (set_what_i == pl_compact_pkg::SetRa));
  always_ff @(posedge clk_i) begin
    if (moved) ra_q <= value_i[ABits-1:0];
    else if (step) ra_q <= ra_q + ABits'(1);
    if (set_words || (set_i && set_what_i == pl_compact_pkg::SetRb)) rb_q <= value_i[BBits-1:0];
    else if (step) rb_q <= rb_q + BBits'(1);
    if (set_i && set_what_i == pl_compact_pkg::SetRn) rn_q <= value_i[BBits-1:0];
    if (moved || (issue_q && last_word && !last)) word_q <= '0;
    else if (issue_q && !last) word_q <= word_q + BBits'(1);
    if (set_i && (set_what_i == pl_compact_pkg::SetLr || set_what_i == pl_compact_pkg::SetLanes))
      lr_q <= value_i[LaneBits-1:0];
    if (set_i && (set_what_i == pl_compact_pkg::SetLc || set_what_i == pl_compact_pkg::SetLanes))
      lc_q <= value_i[LaneBits-1:0];
    if (do_i && do_what_i == pl_compact_pkg::DoClre) element_q <= '0;
    else if (next) element_q <= element_q + 4'd1;
    if (do_i && do_what_i == pl_compact_pkg::DoPassField) power_q <= 1'b0;
    else if (do_i && do_what_i == pl_compact_pkg::DoPassPower) power_q <= 1'b1;
    if (go) plane_q <= power_q ? 4'(PowerBits - 1) : plain_b_i ? 4'd11 : 4'(FieldBits - 1);
    else if (issue_q && last_word) plane_q <= plane_q - 4'd1;
    first_q <= go | (first_q & ~(issue_q & last_word));  // the highest plane
  end

  // What the sum of a lane begins a word with.
  localparam logic [1:0] Nothing = 2'd0, Sum = 2'd1, Doubled = 2'd2, Negated = 2'd3;
  logic [1:0] begin_d, begin1_q, begin2_q, begin3_q, begin4_q;  // of the words in the stages behind the banks
  logic [3:0] valid_q;
  logic second_q;
  assign begin_d = word_q != '0 ? Sum : first_q ? Nothing : second_q && !power_q ? Negated : Doubled;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      issue_q <= 1'b0;
      valid_q <= '0;
    end else begin
      issue_q <= go | (issue_q & ~last);
      valid_q <= {valid_q[2:0], issue_q};
    end
  end
  always_ff @(posedge clk_i) begin
    begin1_q <= begin_d;
    begin2_q <= begin1_q;
    begin3_q <= begin2_q;
    begin4_q <= begin3_q;
    if (issue_q && last_word) second_q <= first_q;  // the plane behind the highest
  end
  assign busy_o = issue_q | (|valid_q);

  // ---- Writes.
  logic [3:0] write_q;  // plane that is written, of B
  logic write_last, tail_written;
  logic [15:0] mask;
  assign tail_written = write_what_i == 2'd2;
  assign write_last = ~operand_i | tail_written |
                      write_q == (write_what_i == 2'd0 ? 4'(FieldBits - 1) : 4'(PowerBits - 1));
  assign write_busy_o = ~write_last;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) write_q <= '0;
    else write_q <= write_i && !write_last ? write_q + 4'd1 : '0;
  end
  assign mask = tail_written ? '1 : 16'd1 << element_q;

  // ---- Buffers.
  logic [1:0] a_place;
  logic [4:0] b_place;
  assign a_place = write_i ? write_what_i : issue_q ? {1'b0, power_q} : 2'd2;
  always_comb begin
    if (write_i) b_place = tail_written ? 5'd23 + 5'(write_part_i) : (write_what_i[0] ? 5'd13 : 5'd0) + 5'(write_q);
    else if (issue_q) b_place = (power_q ? 5'd13 : 5'd0) + 5'(plane_q);
    else b_place = 5'd23 + 5'(tail_what_i[1:0]);
  end
  logic [15:0] b_data;
  assign b_data = tail_written ? data_i : {16{data_i[write_q]}};
  logic [Rows*FieldBits*16-1:0] a_planes;
  logic [Columns*16-1:0] b_planes;
  for (genvar r = 0; r < Rows; r++) begin : g_row
    for (genvar p = 0; p < FieldBits; p++) begin : g_plane
      pl_micro_bits #(.Depth(4*AWords)) u_bank (
        .clk_i(clk_i),
        .we_i(write_i && !operand_i && lr_q == LaneBits'(r) && (!tail_written || (p < 4 && write_part_i == 2'(p)))),
        .mask_i(mask), .addr_i({a_word, a_place}), .wdata_i(tail_written ? data_i : {16{data_i[p]}}),
        .rdata_o(a_planes[(r*FieldBits+p)*16 +: 16])
      );
    end
  end
  for (genvar c = 0; c < Columns; c++) begin : g_column
    pl_micro_bits #(.Depth(32*BWords)) u_bank (
      .clk_i(clk_i), .we_i(write_i && operand_i && lc_q == LaneBits'(c)), .mask_i(mask),
      .addr_i({b_word, b_place}), .wdata_i(b_data), .rdata_o(b_planes[c*16 +: 16])
    );
  end

  // ---- Tails, one clock behind tail_what_i: one half of a lane's term or light.
  logic [15:0] tail_a, tail_b;
  always_comb begin
    tail_a = '0;
    tail_b = '0;
    for (int r = 0; r < Rows; r++)
      for (int p = 0; p < 4; p++)
        if (lr_q == LaneBits'(r) && tail_what_i[1:0] == 2'(p)) tail_a = a_planes[(r*FieldBits+p)*16 +: 16];
    for (int c = 0; c < Columns; c++) if (lc_q == LaneBits'(c)) tail_b = b_planes[c*16 +: 16];
  end
  assign tail_o = tail_what_i[2] ? tail_b : tail_a;

  // ---- Elements of A, and sums of two neighbours, of each row.
  logic signed [FieldBits-1:0] element [0:Rows*Width-1];
  logic signed [FieldBits:0] both [0:Rows*Width/2-1];
  for (genvar r = 0; r < Rows; r++) begin : g_element_row
    for (genvar e = 0; e < Width; e++) begin : g_element
      for (genvar p = 0; p < FieldBits; p++) begin : g_bit
        assign element[r*Width+e][p] = a_planes[(r*FieldBits+p)*16 + e];
      end
    end
    for (genvar e = 0; e < Width/2; e++) begin : g_pair
      assign both[r*Width/2+e] = (FieldBits+1)'(element[r*Width+2*e]) + (FieldBits+1)'(element[r*Width+2*e+1]);
    end
  end

  // ---- Lanes.
  logic [Lanes*32-1:0] sums;
  for (genvar r = 0; r < Rows; r++) begin : g_lane_row
    for (genvar c = 0; c < Columns; c++) begin : g_lane
      logic signed [FieldBits:0] two [0:Width/2-1];
      logic signed [FieldBits+1:0] four_q [0:Width/4-1];
      logic signed [FieldBits+2:0] eight0_q, eight1_q;
      logic signed [FieldBits+3:0] sixteen_q;
      logic signed [31:0] start, sum_q;
      for (genvar e = 0; e < Width/2; e++) begin : g_pair
        logic low, high;  // bits of B; two cells of logic for each bit of the choice
        logic signed [FieldBits:0] with_low;
        assign low = b_planes[c*16 + 2*e];
        assign high = b_planes[c*16 + 2*e + 1];
        assign with_low = high ? both[r*Width/2+e] : (FieldBits+1)'(element[r*Width+2*e]);
        assign two[e] = low ? with_low : (FieldBits+1)'(element[r*Width+2*e+1]) & {(FieldBits+1){high}};
      end
      for (genvar e = 0; e < Width/4; e++) begin : g_four
        always_ff @(posedge clk_i) four_q[e] <= (FieldBits+2)'(two[2*e]) + (FieldBits+2)'(two[2*e+1]);
      end
      always_ff @(posedge clk_i) begin
        eight0_q <= (FieldBits+3)'(four_q[0]) + (FieldBits+3)'(four_q[1]);
        eight1_q <= (FieldBits+3)'(four_q[2]) + (FieldBits+3)'(four_q[3]);
        sixteen_q <= (FieldBits+4)'(eight0_q) + (FieldBits+4)'(eight1_q);
      end
      always_comb begin
        case (begin4_q)
          Nothing: start = '0;
          Sum: start = sum_q;
          Doubled: start = {sum_q[30:0], 1'b0};
          default: start = ~{sum_q[30:0], 1'b0};
        endcase
      end
      always_ff @(posedge clk_i) begin
        if (valid_q[3]) sum_q <= start + 32'(sixteen_q) + $signed({31'd0, begin4_q == Negated});
      end
      assign sums[(r*Columns+c)*32 +: 32] = sum_q;
    end
  end

  // ---- Out, lane by lane.
  logic [LaneBits-1:0] out_q;
  logic [31:0] mac_q;
  always_ff @(posedge clk_i) begin
    if (go) out_q <= '0;
    else if (mac_next_i) out_q <= out_q + LaneBits'(1);
    mac_q <= short ? {sums[out_q*32 +: 28], 4'd0} : sums[out_q*32 +: 32];
  end
  assign mac_o = mac_q;
  logic unused_value;
  assign unused_value = ^value_i;
endmodule
`default_nettype wire
