// pl_micro_array: operand buffers and multipliers of the compact core, told by pl_micro what to do (its ports of the same
// names): Width products of every lane per clock.
//
// Buffers: a bank of 16 bits for each element of a word of each row of A and column of B. A word has four places in each
// of its banks: field (0), power (1), tail (2: its banks 0 to 3 hold the dispersion term of the read, low half first, and
// the light; in the last word of a read), unused (3).
// A pass (`go`) takes rn + 1 words of all lanes through the multipliers, fields or powers, one word per clock; ra and rb
// end at its last word. busy_o is low again when the sums are complete. They leave through the multipliers, which are a
// shift register: mac_o is the first sum, mac_next_i moves the next one up, lane by lane, Width sums for each.
// The sums are exact: reads of at most 128 words, of which operands of 4096 make 2^31 - 2^18.
`default_nettype none
module pl_micro_array #(
  parameter int Rows = 1,
  parameter int Columns = 1,
  parameter int Width = 8,     // 4 or more
  parameter int Elements = 2,
  parameter int AWords = 64,   // words of a row's buffer, and of a column's
  parameter int BWords = 64
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
  localparam int ABits = $clog2(AWords);
  localparam int BBits = $clog2(BWords);
  localparam int WidthLog = $clog2(Width);
  localparam int LaneBits = 3;
  localparam int Macs = Rows * Columns * Width;

  // ---- Addresses.
  logic [ABits-1:0] ra_q;
  logic [BBits-1:0] rb_q;
  logic [9:0] rn_q;
  logic [WidthLog-1:0] element_q;
  logic [LaneBits-1:0] lr_q, lc_q;
  logic power_q, issue_q, mac_q, wrap, last;
  assign last = rn_q == '0;
  assign wrap = element_q == '1;
  assign first_o = element_q == '0;
  assign odd_o = element_q[0];
  if (Elements < Width) begin : g_beats
    assign beat_o = (element_q & WidthLog'(Elements - 1)) == '0;
  end else begin : g_word
    assign beat_o = first_o;
  end
  logic next, set_a, set_b;
  assign next = do_i & (do_what_i == pl_compact_pkg::DoNext);
  assign set_a = set_i & (set_what_i == pl_compact_pkg::SetRa || set_what_i == pl_compact_pkg::SetWords);
  assign set_b = set_i & (set_what_i == pl_compact_pkg::SetRb || set_what_i == pl_compact_pkg::SetWords);
  always_ff @(posedge clk_i) begin
    if (set_a) ra_q <= value_i[ABits-1:0];
    else if ((issue_q && !last) || (next && wrap)) ra_q <= ra_q + ABits'(1);
    if (set_b) rb_q <= value_i[BBits-1:0];
    else if ((issue_q && !last) || (next && wrap)) rb_q <= rb_q + BBits'(1);
    if (set_i && set_what_i == pl_compact_pkg::SetRn) rn_q <= value_i[9:0];
    else if (issue_q && !last) rn_q <= rn_q - 10'd1;
    if (set_i && (set_what_i == pl_compact_pkg::SetLr || set_what_i == pl_compact_pkg::SetLanes))
      lr_q <= value_i[LaneBits-1:0];
    if (set_i && (set_what_i == pl_compact_pkg::SetLc || set_what_i == pl_compact_pkg::SetLanes))
      lc_q <= value_i[LaneBits-1:0];
    if (do_i && do_what_i == pl_compact_pkg::DoClre) element_q <= '0;
    else if (next) element_q <= element_q + WidthLog'(1);
    if (do_i && do_what_i == pl_compact_pkg::DoPassField) power_q <= 1'b0;
    else if (do_i && do_what_i == pl_compact_pkg::DoPassPower) power_q <= 1'b1;
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      issue_q <= 1'b0;
      mac_q <= 1'b0;
    end else begin
      issue_q <= do_i && do_what_i == pl_compact_pkg::DoGo ? 1'b1 : issue_q & ~last;
      mac_q <= issue_q;
    end
  end
  assign busy_o = issue_q | mac_q;
  assign write_busy_o = 1'b0;

  // ---- Buffers.
  logic [1:0] place;
  logic [WidthLog-1:0] bank;
  assign place = write_i ? write_what_i : issue_q ? {1'b0, power_q} : 2'd2;
  assign bank = write_what_i == 2'd2 ? WidthLog'(write_part_i) : element_q;
  logic [Rows*Width*16-1:0] a_words;
  logic [Columns*Width*16-1:0] b_words;
  for (genvar r = 0; r < Rows; r++) begin : g_row
    for (genvar e = 0; e < Width; e++) begin : g_bank
      pl_micro_bank #(.Depth(4*AWords)) u_bank (
        .clk_i(clk_i), .we_i(write_i && !operand_i && lr_q == LaneBits'(r) && bank == WidthLog'(e)),
        .addr_i({ra_q, place}), .wdata_i(data_i), .rdata_o(a_words[(r*Width+e)*16 +: 16])
      );
    end
  end
  for (genvar c = 0; c < Columns; c++) begin : g_column
    for (genvar e = 0; e < Width; e++) begin : g_bank
      pl_micro_bank #(.Depth(4*BWords)) u_bank (
        .clk_i(clk_i), .we_i(write_i && operand_i && lc_q == LaneBits'(c) && bank == WidthLog'(e)),
        .addr_i({rb_q, place}), .wdata_i(data_i), .rdata_o(b_words[(c*Width+e)*16 +: 16])
      );
    end
  end

  // ---- Tails: one half of a lane's term or light.
  logic [15:0] tail_a, tail_b;
  always_comb begin
    tail_a = '0;
    tail_b = '0;
    for (int r = 0; r < Rows; r++)
      for (int e = 0; e < 4; e++)
        if (lr_q == LaneBits'(r) && tail_what_i[1:0] == 2'(e)) tail_a = a_words[(r*Width+e)*16 +: 16];
    for (int c = 0; c < Columns; c++)
      for (int e = 0; e < 4; e++)
        if (lc_q == LaneBits'(c) && tail_what_i[1:0] == 2'(e)) tail_b = b_words[(c*Width+e)*16 +: 16];
  end
  assign tail_o = tail_what_i[2] ? tail_b : tail_a;

  // ---- Multipliers: lane r * Columns + c, its element e.
  logic [(Macs+1)*32-1:0] sums;
  assign sums[Macs*32 +: 32] = '0;
  assign mac_o = sums[31:0];
  for (genvar r = 0; r < Rows; r++) begin : g_mac_row
    for (genvar c = 0; c < Columns; c++) begin : g_mac_column
      for (genvar e = 0; e < Width; e++) begin : g_mac
        localparam int At = (r*Columns + c)*Width + e;
        pl_mac u_mac (
          .clk_i(clk_i), .mac_i(mac_q), .shift_i(mac_next_i), .a_i(a_words[(r*Width+e)*16 +: 16]),
          .b_i(b_words[(c*Width+e)*16 +: 16]), .prev_i(sums[(At+1)*32 +: 32]), .acc_o(sums[At*32 +: 32])
        );
      end
    end
  end
  logic unused_value;
  assign unused_value = ^value_i;
endmodule
`default_nettype wire
