// pl_core: one optical core of kind Kind: registers, operand buffers, array, detectors, converters, accumulators.
//
// A tile in three steps, each while idle_o is high:
//   1. write the registers, and the tables behind them that kind intensity has (reg_*);
//   2. fill the buffers: load_start_i with load_operand_i (0: A, 1: B), then the codes beat by beat (load_*), in kind
//      rns each beat with the exponent of its row (column) in its read;
//   3. start_i. Results come as words of Rows x Columns int32 sums, one word per row group and column group
//      (result_*), row groups outside, column groups inside; lanes beyond the tile hold nothing of use.
// At most one of reg_we_i, load_start_i and start_i per clock; all three are ignored while idle_o is low.
// Everything that streams is valid/ready. Holding a result back stalls the whole pipeline and changes no bit.
//
//   buffers -> pl_array (3 clocks) -> pl_serial -> pl_detector (27) -> pl_adc (3) -> pl_accumulator (1)
//                                     rns:         pl_rns (RnsLatency)
//                                     intensity:   pl_photons (34) before pl_detector
// The part before pl_serial stands still while a back end of few lanes is busy with the read before.
`default_nettype none
module pl_core #(
  parameter int Kind = pl_regs_pkg::KindCoherent,
  parameter int Rows = 4,      // 1..64
  parameter int Columns = 4,   // 1..64
  parameter int Width = 8,     // 4, 8, 16, 32 or 64: products of a lane per clock
  parameter int Elements = 8,  // elements encoded per clock: 2 or more, divides Width
  parameter int AWords = 256,  // words of the buffer of A, 2..65536
  parameter int BWords = 256,  // and of B
  parameter int BackLanes = Rows * Columns,  // lanes of the back end: divides Rows * Columns; divides Columns or is a
                                             // multiple of it
  localparam int Lanes = Rows * Columns
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,
  output logic                  idle_o,
  // Registers.
  input  logic                  reg_we_i,
  input  logic [8:0]            reg_addr_i,
  input  logic [31:0]           reg_wdata_i,
  // Operands.
  input  logic                  load_start_i,
  input  logic                  load_operand_i,
  input  logic                  load_valid_i,
  output logic                  load_ready_o,
  input  logic [Elements*8-1:0] load_codes_i,
  input  logic [pl_pkg::ShiftBits-1:0] load_shift_i,
  // Run and results.
  input  logic                  start_i,
  output logic                  result_valid_o,
  input  logic                  result_ready_i,
  output logic [Lanes*32-1:0]   result_o,
  // Counters of the tiles since reset or clear.
  input  logic                  clear_counters_i,
  output logic [47:0]           reads_o,
  output logic [47:0]           clipped_o,
  output logic [47:0]           detected_o,
  output logic [47:0]           corrected_o
);
  localparam int WordBits = pl_pkg::word_bits(Kind, Width);
  localparam int ShiftBits = pl_pkg::ShiftBits;
  localparam bit Rns = Kind == pl_regs_pkg::KindRns;
  localparam bit Intensity = Kind == pl_regs_pkg::KindIntensity;
  localparam int DetectedAt = pl_pkg::DetectorLatency + (Intensity ? pl_pkg::PhotonsLatency : 0);
  localparam int BackLatency = Rns ? pl_pkg::RnsLatency : DetectedAt + pl_pkg::AdcLatency;
  localparam int GroupRows = BackLanes > Columns ? BackLanes / Columns : 1;  // a group of lanes: part of a row, or rows
  localparam int GroupColumns = BackLanes > Columns ? Columns : BackLanes;

  if (Kind < 0 || Kind > 2) begin : g_bad_kind
    $error("pl_core: Kind must be one of pl_regs_pkg");
  end
  if (BackLanes < 1 || Lanes % BackLanes != 0 || (Columns % BackLanes != 0 && BackLanes % Columns != 0))
  begin : g_bad_back
    $error("pl_core: BackLanes must divide Rows * Columns, and divide Columns or be a multiple of it");
  end

  if (Rows < 1 || Rows > 64) begin : g_bad_rows
    $error("pl_core: Rows must be 1 to 64");
  end
  if (Columns < 1 || Columns > 64) begin : g_bad_columns
    $error("pl_core: Columns must be 1 to 64");
  end
  if (Width != 4 && Width != 8 && Width != 16 && Width != 32 && Width != 64) begin : g_bad_width
    $error("pl_core: Width must be 4, 8, 16, 32 or 64");
  end
  if (Elements < 2 || Width % Elements != 0) begin : g_bad_elements
    $error("pl_core: Elements must be 2 or more and divide Width");
  end
  if (AWords < 2 || AWords > 65536 || BWords < 2 || BWords > 65536) begin : g_bad_words
    $error("pl_core: AWords and BWords must be 2 to 65536");
  end

  logic [pl_regs_pkg::RegWords*32-1:0] regs;
  pl_regs u_regs (
    .clk_i(clk_i), .rst_ni(rst_ni), .we_i(reg_we_i & idle_o), .addr_i(reg_addr_i), .wdata_i(reg_wdata_i),
    .regs_o(regs)
  );

  // ---- Control: one enable stalls everything behind the buffers; the front, up to the array, has one of its own.
  logic running_q, running_d, loader_idle, start, en, en_front, stall, hold, ending;
  assign start = start_i & idle_o;
  assign idle_o = loader_idle & ~running_q;
  assign stall = result_valid_o & ~result_ready_i;
  assign en = running_q & ~stall;
  assign en_front = en & ~(hold & ending);

  // ---- Operands in.
  logic we, we_operand;
  logic [7:0] we_lane;
  logic [pl_pkg::AddrBits-1:0] we_addr;
  logic [WordBits-1:0] we_word;
  pl_loader #(.Kind(Kind), .Rows(Rows), .Columns(Columns), .Width(Width), .Elements(Elements)) u_loader (
    .clk_i(clk_i), .rst_ni(rst_ni), .regs_i(regs), .start_i(load_start_i & idle_o), .operand_i(load_operand_i),
    .idle_o(loader_idle), .load_valid_i(load_valid_i), .load_ready_o(load_ready_o), .load_codes_i(load_codes_i),
    .load_shift_i(load_shift_i), .table_we_i(reg_we_i & idle_o & (reg_addr_i >= 9'(pl_regs_pkg::RegTables))),
    .table_addr_i(8'(reg_addr_i - 9'(pl_regs_pkg::RegTables))), .table_wdata_i(reg_wdata_i[11:0]),
    .we_o(we), .operand_o(we_operand), .lane_o(we_lane), .addr_o(we_addr), .word_o(we_word)
  );

  // ---- Words to the array.
  logic issue, issue_first, issue_last;
  logic [pl_pkg::AddrBits-1:0] a_addr, b_addr;
  pl_sequencer #(.Rows(Rows), .Columns(Columns), .Width(Width)) u_sequencer (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_front), .regs_i(regs), .start_i(start), .issue_o(issue),
    .first_o(issue_first), .last_o(issue_last), .a_addr_o(a_addr), .b_addr_o(b_addr)
  );
  logic [Rows*WordBits-1:0] a_words;
  logic [Columns*WordBits-1:0] b_words;
  pl_buffer #(.Lanes(Rows), .WordBits(WordBits), .Depth(AWords)) u_buffer_a (
    .clk_i(clk_i), .we_i(we & ~we_operand), .lane_i(we_lane), .waddr_i(we_addr), .wdata_i(we_word),
    .en_i(en_front), .raddr_i(a_addr), .rdata_o(a_words)
  );
  pl_buffer #(.Lanes(Columns), .WordBits(WordBits), .Depth(BWords)) u_buffer_b (
    .clk_i(clk_i), .we_i(we & we_operand), .lane_i(we_lane), .waddr_i(we_addr), .wdata_i(we_word),
    .en_i(en_front), .raddr_i(b_addr), .rdata_o(b_words)
  );

  logic word_valid_q, word_first_q, word_last_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) word_valid_q <= 1'b0;
    else if (en_front) word_valid_q <= issue;
  end
  always_ff @(posedge clk_i) begin
    if (en_front) begin
      word_first_q <= issue_first;
      word_last_q <= issue_last;
    end
  end

  logic read_valid;
  logic [Lanes*32-1:0] y, d, p, l;
  logic [Lanes*ShiftBits-1:0] shift;
  pl_array #(.Kind(Kind), .Rows(Rows), .Columns(Columns), .Width(Width)) u_array (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en_front), .valid_i(word_valid_q), .first_i(word_first_q),
    .last_i(word_last_q), .a_i(a_words), .b_i(b_words), .ending_o(ending), .valid_o(read_valid), .y_o(y), .d_o(d),
    .p_o(p), .l_o(l),
    .shift_o(shift)
  );

  // ---- Reads to the back end, group by group; rns: each group once per modulus.
  logic item, item_first, item_last_slot, item_last;
  logic [2:0] slot;
  logic [5:0] item_row, item_column;
  logic [BackLanes*32-1:0] item_y, item_d, item_p, item_l;
  logic [BackLanes*ShiftBits-1:0] item_shift;
  pl_serial #(.Rows(Rows), .Columns(Columns), .BackLanes(BackLanes), .Slotted(Rns)) u_serial (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en),
    .slots_i(3'd3 + (regs[pl_regs_pkg::RegEffects*32 + pl_regs_pkg::EffectRedundancy]
                     ? 3'(regs[pl_regs_pkg::RegRedundant*32 +: 2]) : 3'd0)),
    .read_i(read_valid), .hold_o(hold), .y_i(y), .d_i(d), .p_i(p), .l_i(l), .shift_i(shift), .valid_o(item),
    .first_o(item_first), .last_slot_o(item_last_slot), .last_o(item_last), .slot_o(slot), .row_o(item_row),
    .column_o(item_column), .y_o(item_y), .d_o(item_d), .p_o(item_p), .l_o(item_l), .shift_o(item_shift)
  );
  logic [pl_pkg::RowBits-1:0] row, rows_left, unused_rows_left, code_row;
  logic [pl_pkg::ColBits-1:0] col, cols_left, unused_cols_left, code_col;
  logic [pl_pkg::SumBits-1:0] sum, code_sum;
  logic [pl_pkg::ChannelBits-1:0] unused_length, unused_length_out;
  logic unused_first, unused_last_read, unused_last_cols, unused_last_cols_out, unused_last;
  pl_walk #(.Rows(Rows), .Columns(Columns)) u_walk_read (
    .clk_i(clk_i), .rst_ni(rst_ni), .regs_i(regs), .start_i(start), .advance_i(en & item & item_last),
    .row_o(row), .col_o(col), .sum_o(sum), .rows_left_o(unused_rows_left), .cols_left_o(unused_cols_left),
    .length_o(unused_length), .first_read_o(unused_first), .last_read_o(unused_last_read),
    .last_cols_o(unused_last_cols), .last_o(unused_last)
  );
  logic [BackLanes*32-1:0] v, code;
  logic [BackLanes-1:0] clipped, detected, corrected;
  logic [BackLanes*ShiftBits-1:0] code_shift;
  if (Rns) begin : g_rns
    pl_rns #(.Rows(GroupRows), .Columns(GroupColumns)) u_rns (
      .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en), .regs_i(regs), .valid_i(item), .slot_i(slot),
      .last_slot_i(item_last_slot), .row_i(row + pl_pkg::RowBits'(item_row)),
      .col_i(col + pl_pkg::ColBits'(item_column)), .sum_i(sum), .y_i(item_y), .x_o(code), .clipped_o(clipped),
      .detected_o(detected), .corrected_o(corrected)
    );
    pl_delay #(.Bits(BackLanes*ShiftBits), .Clocks(BackLatency)) u_wait_shift (
      .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en), .data_i(item_shift), .data_o(code_shift)
    );
    assign v = '0;
    logic unused_items;
    assign unused_items = ^{item_first, item_d, item_p, item_l, v};
  end else begin : g_detector
    logic [pl_pkg::RowBits-1:0] read_row;
    logic [pl_pkg::ColBits-1:0] read_col;
    logic [pl_pkg::SumBits-1:0] read_sum;
    logic [BackLanes*32-1:0] read_y, read_l;
    if (Intensity) begin : g_photons
      logic [BackLanes*12-1:0] low;
      for (genvar g = 0; g < BackLanes; g++) begin : g_lane
        assign low[g*12 +: 12] = item_d[g*32 +: 12];
      end
      pl_photons #(.Rows(GroupRows), .Columns(GroupColumns)) u_photons (
        .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en), .regs_i(regs), .row_i(row + pl_pkg::RowBits'(item_row)),
        .col_i(col + pl_pkg::ColBits'(item_column)), .sum_i(sum), .y_i(item_y), .l_i(item_l), .low_i(low),
        .row_o(read_row), .col_o(read_col), .sum_o(read_sum), .v_o(read_y), .l_o(read_l)
      );
    end else begin : g_no_photons
      assign read_row = row + pl_pkg::RowBits'(item_row);
      assign read_col = col + pl_pkg::ColBits'(item_column);
      assign read_sum = sum;
      assign read_y = item_y;
      assign read_l = item_l;
    end
    pl_detector #(.Kind(Kind), .Rows(GroupRows), .Columns(GroupColumns)) u_detector (
      .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en), .regs_i(regs), .row_i(read_row), .col_i(read_col), .sum_i(read_sum),
      .y_i(read_y), .d_i(item_d), .p_i(item_p), .l_i(read_l), .v_o(v)
    );
    pl_adc #(.Lanes(BackLanes)) u_adc (
      .clk_i(clk_i), .en_i(en), .regs_i(regs), .v_i(v), .code_o(code), .clipped_o(clipped)
    );
    assign detected = '0;
    assign corrected = '0;
    assign code_shift = '0;
    logic unused_items;
    assign unused_items = ^{item_first, slot, item_shift};
  end

  // ---- Codes to results.
  logic [BackLatency-1:0] back_q;  // groups between array and accumulator
  logic code_valid, first_read, last_read, last_of_tile, last_group;
  logic [11:0] code_group;
  logic [5:0] code_group_row, code_group_column;
  assign code_valid = back_q[BackLatency-1];
  pl_groups #(.Rows(Rows), .Columns(Columns), .BackLanes(BackLanes)) u_groups_code (
    .clk_i(clk_i), .rst_ni(rst_ni), .advance_i(en & code_valid), .group_o(code_group), .row_o(code_group_row),
    .column_o(code_group_column), .last_o(last_group)
  );
  pl_walk #(.Rows(Rows), .Columns(Columns)) u_walk_code (
    .clk_i(clk_i), .rst_ni(rst_ni), .regs_i(regs), .start_i(start), .advance_i(en & code_valid & last_group),
    .row_o(code_row), .col_o(code_col), .sum_o(code_sum), .rows_left_o(rows_left), .cols_left_o(cols_left),
    .length_o(unused_length_out), .first_read_o(first_read), .last_read_o(last_read),
    .last_cols_o(unused_last_cols_out), .last_o(last_of_tile)
  );
  logic [GroupRows-1:0] row_valid;
  logic [GroupColumns-1:0] col_valid;
  for (genvar g = 0; g < GroupRows; g++) begin : g_row_valid
    assign row_valid[g] = rows_left > pl_pkg::RowBits'(code_group_row) + pl_pkg::RowBits'(g);
  end
  for (genvar g = 0; g < GroupColumns; g++) begin : g_col_valid
    assign col_valid[g] = cols_left > pl_pkg::ColBits'(code_group_column) + pl_pkg::ColBits'(g);
  end
  pl_accumulator #(.Rows(GroupRows), .Columns(GroupColumns), .Groups(Lanes / BackLanes), .Shifted(Rns)) u_accumulator (
    .clk_i(clk_i), .rst_ni(rst_ni), .en_i(en), .clear_counters_i(clear_counters_i), .valid_i(code_valid),
    .group_i(code_group), .first_i(first_read), .last_i(last_read & last_group), .row_valid_i(row_valid),
    .col_valid_i(col_valid), .code_i(code), .shift_i(code_shift), .clipped_i(clipped), .detected_i(detected),
    .corrected_i(corrected), .result_valid_o(result_valid_o), .result_ready_i(result_ready_i), .result_o(result_o),
    .reads_o(reads_o), .clipped_o(clipped_o), .detected_o(detected_o), .corrected_o(corrected_o)
  );

  // The tile ends when its last result has been taken.
  logic ending_q, ending_d;  // the last codes are in the accumulator
  always_comb begin
    running_d = running_q;
    ending_d = ending_q;
    if (start) begin
      running_d = 1'b1;
      ending_d = 1'b0;
    end else begin
      if (en && code_valid && last_group && last_of_tile) ending_d = 1'b1;
      if (ending_q && result_valid_o && result_ready_i) running_d = 1'b0;
    end
  end
  logic [BackLatency-1:0] back_d;
  assign back_d = en ? {back_q[BackLatency-2:0], item & item_last_slot} : back_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      running_q <= 1'b0;
      ending_q <= 1'b0;
      back_q <= '0;
    end else begin
      running_q <= running_d;
      ending_q <= ending_d;
      back_q <= back_d;
    end
  end

  logic unused_walks;
  assign unused_walks = ^{unused_rows_left, code_row, unused_cols_left, code_col, code_sum, unused_length,
                          unused_length_out, unused_first, unused_last_read, unused_last_cols, unused_last_cols_out,
                          unused_last};
endmodule
`default_nettype wire
