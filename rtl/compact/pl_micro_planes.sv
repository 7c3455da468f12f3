// pl_micro_planes: operand buffers and products of the compact core for devices without multipliers. Same ports and the
// same meaning as pl_micro_array; a word has 16 elements.
//
// The elements of A come whole, those of B in digits of base 4, the highest first: a pass takes, digit by digit of B,
// all words of the read and adds in every lane the elements of A, each times its partner's digit; between two digits
// the sum is shifted by two bits. A read of n words takes 7 n clocks for fields, 6 n for powers, and only 4 n for
// fields of B without noise and crosstalk (plain_b_i), which are codes times 16: 4 columns then multiply 16 pairs of
// elements per clock.
//
// A digit has two bits and is low - 2 * minus: 0, 1, -2 or -1. So an element times a digit is one cell of logic per
// bit, and the one that makes a negative number of its inverse is the carry of an adder. The bits are those of
// x + 10..1010b, the odd ones inverted. Four such digits reach from -170 to 85, but codes from -128 to 127: the digits
// of a plain field are those of its code - 42, and they are the bits of the code itself, the odd ones inverted but for
// the sign. What is missing, 42 times the sum of the read's elements of A, is added when a sum leaves: the sum of the
// elements is made when A is written, and lies beside the tail.
//   clock 1 banks read | 2 digits times elements, sums of two | 3 of four | 4 of eight | 5 of the word | 6 of the lane
// A register behind every adder: without them Yosys makes trees of compressors, twice the cells.
//
// Buffers: both operands lie in planes, a bit of 16 elements in a word of 16 bits, written bit by bit. A row of A has
// 13 banks, one for each plane; a word has four places in each of them: field (0), power (1), tail (2: banks 0 to 3,
// and the sum of the elements in banks 4 and 5), unused (3). A column of B has two banks, for low and minus; a word has
// 16 places: digits of the field (0..6), of the power (7..12), tail (13, 14). `wr` of B takes a clock per digit.
`default_nettype none
module pl_micro_planes #(
  parameter int Rows = 1,
  parameter int Columns = 4,
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
  localparam int FieldDigits = 7;
  localparam int PowerDigits = 6;
  localparam int PlainHigh = 5;  // digits of a plain field: 2 to 5, of the code in bits 4 to 11
  localparam int PlainLow = 2;
  localparam int PowerPlace = FieldDigits;
  localparam int TailPlace = FieldDigits + PowerDigits;
  localparam int SumBits = FieldBits + 7;  // of 128 elements
  localparam int ABits = $clog2(AWords);
  localparam int BBits = $clog2(BWords);
  localparam int LaneBits = 3;
  localparam int Lanes = Rows * Columns;

  // ---- Addresses: word_q words behind ra and rb. It ends at the last word of a pass.
  logic [ABits-1:0] ra_q, a_word;
  logic [BBits-1:0] rb_q, b_word, rn_q, word_q;
  logic [3:0] element_q;
  logic [2:0] digit_q;
  logic [LaneBits-1:0] lr_q, lc_q;
  logic power_q, issue_q, first_q, last_word, last, short;
  assign a_word = ra_q + ABits'(word_q);
  assign b_word = rb_q + word_q;
  assign last_word = word_q == rn_q;
  assign short = plain_b_i & ~power_q;
  assign last = last_word && digit_q == (short ? 3'(PlainLow) : 3'd0);
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
    if (go) digit_q <= power_q ? 3'(PowerDigits - 1) : plain_b_i ? 3'(PlainHigh) : 3'(FieldDigits - 1);
    else if (issue_q && last_word) digit_q <= digit_q - 3'd1;
    first_q <= go | (first_q & ~(issue_q & last_word));  // the highest digit
  end

  // What the sum of a lane begins a word with: nothing, the sum, or (between two digits) four times the sum; of the
  // words in the stages behind the banks.
  localparam int Stages = 5;
  logic [Stages-1:0] valid_q, keep_q, shift_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      issue_q <= 1'b0;
      valid_q <= '0;
    end else begin
      issue_q <= go | (issue_q & ~last);
      valid_q <= {valid_q[Stages-2:0], issue_q};
    end
  end
  always_ff @(posedge clk_i) begin
    keep_q <= {keep_q[Stages-2:0], ~first_q | word_q != '0};
    shift_q <= {shift_q[Stages-2:0], word_q == '0};
  end
  assign busy_o = issue_q | (|valid_q);

  // ---- Writes.
  logic [2:0] write_q;  // digit that is written, of B
  logic write_last, tail_written, plain_written;
  logic [15:0] mask;
  logic [2*FieldDigits-1:0] digits;
  logic low, minus;
  assign tail_written = write_what_i == 2'd2;
  assign write_last = ~operand_i | tail_written |
                      write_q == (write_what_i == 2'd0 ? 3'(FieldDigits - 1) : 3'(PowerDigits - 1));
  assign write_busy_o = ~write_last;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) write_q <= '0;
    else write_q <= write_i && !write_last ? write_q + 3'd1 : '0;
  end
  assign mask = tail_written ? '1 : 16'd1 << element_q;
  assign plain_written = plain_b_i & write_what_i == 2'd0;
  assign digits = (2*FieldDigits)'($signed(data_i[FieldBits-1:0])) + {FieldDigits{~plain_written, 1'b0}};
  always_comb begin
    low = 1'b0;
    minus = 1'b0;
    for (int d = 0; d < FieldDigits; d++) begin
      if (write_q == 3'(d)) begin
        low = digits[2*d];
        minus = ~digits[2*d+1] ^ (plain_written && d == PlainHigh);
      end
    end
  end

  // Sum of the read's elements of A.
  logic signed [SumBits-1:0] total_q;
  logic signed [FieldBits-1:0] field;
  assign field = data_i[FieldBits-1:0];
  always_ff @(posedge clk_i) begin
    if (do_i && do_what_i == pl_compact_pkg::DoClre) total_q <= '0;
    else if (write_i && !operand_i && write_what_i == 2'd0) total_q <= total_q + SumBits'(field);
  end

  // ---- Buffers.
  logic [1:0] a_place;
  logic [3:0] b_place;
  assign a_place = write_i ? write_what_i : issue_q ? {1'b0, power_q} : 2'd2;
  always_comb begin
    if (write_i) b_place = tail_written ? 4'(TailPlace) + 4'(write_part_i[1]) :
                           (write_what_i[0] ? 4'(PowerPlace) : 4'd0) + 4'(write_q);
    else if (issue_q) b_place = (power_q ? 4'(PowerPlace) : 4'd0) + 4'(digit_q);
    else b_place = 4'(TailPlace) + 4'(tail_what_i[1]);
  end
  logic [Rows*FieldBits*16-1:0] a_planes;
  logic [Columns*16-1:0] b_low, b_minus;
  logic [FieldBits*16-1:0] a_tail;  // what a tail writes into the banks of a row
  assign a_tail = {{(FieldBits-6)*16{1'b0}}, 32'(total_q), {4{data_i}}};
  for (genvar r = 0; r < Rows; r++) begin : g_row
    for (genvar p = 0; p < FieldBits; p++) begin : g_plane
      logic in_tail;
      assign in_tail = (p < 4 && write_part_i == 2'(p)) || p == 4 || p == 5;
      pl_micro_bits #(.Depth(4*AWords)) u_bank (
        .clk_i(clk_i), .we_i(write_i && !operand_i && lr_q == LaneBits'(r) && (!tail_written || in_tail)),
        .mask_i(mask), .addr_i({a_word, a_place}), .wdata_i(tail_written ? a_tail[p*16 +: 16] : {16{data_i[p]}}),
        .rdata_o(a_planes[(r*FieldBits+p)*16 +: 16])
      );
    end
  end
  for (genvar c = 0; c < Columns; c++) begin : g_column
    logic written;
    assign written = write_i && operand_i && lc_q == LaneBits'(c);
    pl_micro_bits #(.Depth(16*BWords)) u_low (
      .clk_i(clk_i), .we_i(written && !(tail_written && write_part_i[0])), .mask_i(mask), .addr_i({b_word, b_place}),
      .wdata_i(tail_written ? data_i : {16{low}}), .rdata_o(b_low[c*16 +: 16])
    );
    pl_micro_bits #(.Depth(16*BWords)) u_minus (
      .clk_i(clk_i), .we_i(written && !(tail_written && !write_part_i[0])), .mask_i(mask), .addr_i({b_word, b_place}),
      .wdata_i(tail_written ? data_i : {16{minus}}), .rdata_o(b_minus[c*16 +: 16])
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
    for (int c = 0; c < Columns; c++)
      if (lc_q == LaneBits'(c)) tail_b = tail_what_i[0] ? b_minus[c*16 +: 16] : b_low[c*16 +: 16];
  end
  assign tail_o = tail_what_i[2] ? tail_b : tail_a;

  // ---- Elements of A.
  logic signed [FieldBits-1:0] element [0:Rows*Width-1];
  for (genvar r = 0; r < Rows; r++) begin : g_element_row
    for (genvar e = 0; e < Width; e++) begin : g_element
      for (genvar p = 0; p < FieldBits; p++) begin : g_bit
        assign element[r*Width+e][p] = a_planes[(r*FieldBits+p)*16 + e];
      end
    end
  end

  // ---- Lanes. Each adder takes the one of a negative digit as its carry, which a place below the lowest makes.
  logic [Lanes*32-1:0] sums;
  for (genvar r = 0; r < Rows; r++) begin : g_lane_row
    for (genvar c = 0; c < Columns; c++) begin : g_lane
      logic [15:0] minus1;
      logic [7:0] minus2_q;  // of the elements 8 to 15, in the stages of their adders
      logic [3:0] minus3_q;
      logic [1:0] minus4_q;
      logic minus5_q;
      logic signed [FieldBits:0] one [0:Width-1];
      logic signed [FieldBits+2:0] two_q [0:Width/2-1];  // each with the place below
      logic signed [FieldBits+3:0] four_q [0:Width/4-1];
      logic signed [FieldBits+4:0] eight_q [0:Width/8-1];
      logic signed [FieldBits+5:0] sixteen_q;
      logic signed [31:0] sum_q;
      logic [32:0] start, sum;
      logic unused_below;
      assign unused_below = sum[0];
      assign minus1 = b_minus[c*16 +: 16];
      for (genvar e = 0; e < Width; e++) begin : g_one
        logic signed [FieldBits:0] size;
        assign size = b_low[c*16+e] ? (FieldBits+1)'(element[r*Width+e]) : minus1[e] ? {element[r*Width+e], 1'b0} : '0;
        assign one[e] = size ^ {(FieldBits+1){minus1[e]}};
      end
      for (genvar e = 0; e < Width/2; e++) begin : g_two
        always_ff @(posedge clk_i) two_q[e] <= $signed({one[2*e], 1'b1}) + $signed({one[2*e+1], minus1[e]});
      end
      for (genvar e = 0; e < Width/4; e++) begin : g_four
        always_ff @(posedge clk_i)
          four_q[e] <= $signed({two_q[2*e][FieldBits+2:1], 1'b1}) + $signed({two_q[2*e+1][FieldBits+2:1], minus2_q[e]});
      end
      for (genvar e = 0; e < Width/8; e++) begin : g_eight
        always_ff @(posedge clk_i)
          eight_q[e] <= $signed({four_q[2*e][FieldBits+3:1], 1'b1}) +
                        $signed({four_q[2*e+1][FieldBits+3:1], minus3_q[e]});
      end
      always_ff @(posedge clk_i) begin
        sixteen_q <= $signed({eight_q[0][FieldBits+4:1], 1'b1}) + $signed({eight_q[1][FieldBits+4:1], minus4_q[0]});
        minus2_q <= minus1[15:8];
        minus3_q <= minus2_q[7:4];
        minus4_q <= minus3_q[3:2];
        minus5_q <= minus4_q[1];
      end
      assign start = {(shift_q[Stages-1] ? {sum_q[29:0], 2'b00} : sum_q) & {32{keep_q[Stages-1]}}, 1'b1};
      assign sum = start + {{(32-FieldBits-5){sixteen_q[FieldBits+5]}}, sixteen_q[FieldBits+5:1], minus5_q};
      always_ff @(posedge clk_i) begin
        if (valid_q[Stages-1]) sum_q <= sum[32:1];
      end
      assign sums[(r*Columns+c)*32 +: 32] = sum_q;
    end
  end

  // ---- Out, lane by lane; with plain codes in B the missing part is added.
  logic [LaneBits-1:0] out_q;
  logic [31:0] mac_q, chosen;
  logic signed [SumBits-1:0] total;
  logic signed [SumBits+4:0] missing;  // 21 times the total
  always_comb begin
    chosen = '0;
    total = '0;
    for (int r = 0; r < Rows; r++)
      for (int c = 0; c < Columns; c++)
        if (out_q == LaneBits'(r*Columns+c)) begin
          chosen = sums[(r*Columns+c)*32 +: 32];
          total = a_planes[(r*FieldBits+4)*16 +: SumBits];
        end
  end
  logic signed [SumBits+2:0] five;
  assign five = (SumBits+3)'(total) + ((SumBits+3)'(total) <<< 2);
  assign missing = (SumBits+5)'(five) + ((SumBits+5)'(total) <<< 4);
  always_ff @(posedge clk_i) begin
    if (go) out_q <= '0;
    else if (mac_next_i) out_q <= out_q + LaneBits'(1);
    mac_q <= short ? {chosen[27:0] + {{(27-SumBits-5){missing[SumBits+4]}}, missing, 1'b0}, 4'd0} : chosen;
  end
  assign mac_o = mac_q;
  logic unused_value;
  assign unused_value = ^value_i;
endmodule
`default_nettype wire
