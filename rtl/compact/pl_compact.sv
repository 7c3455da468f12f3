// pl_compact: the coherent core for small FPGAs. Same bits as pl_core of kind coherent (docs/signal-chain.md), a tenth of
// its logic: one micro-programmed unit (pl_micro) does in turn what pl_core does in pipelines; the products of a read
// still come at full rate, from multipliers (pl_micro_array) or, where there are none, digit by digit of B (Planes:
// pl_micro_planes).
// docs/compact.md: how it works, sizes, clocks.
//
// A tile in three steps, each while idle_o is high, as pl_core:
//   1. write the registers (reg_*);
//   2. fill the buffers: load_start_i with load_operand_i (0: A, 1: B), then the codes beat by beat (load_*): every read
//      and every word begins a beat;
//   3. start_i. Results come one by one (result_*, 32 bits): row groups of the array outside, column groups inside, in
//      each group row by row, only those of the tile.
// At most one of reg_we_i, load_start_i and start_i per clock; all three are ignored while idle_o is low. Everything that
// streams is valid/ready. After reset idle_o rises some hundred clocks later; then the effects are off, and rows, cols,
// depth, channels and the other registers up to word 27 have their reset values, while the ones behind keep what they held.
// A word has Width elements; the buffers hold AWords, BWords words of each row, column. A read must fit, which the host
// sees to; with at most 512 channels it then fits the sums as well.
`default_nettype none
module pl_compact #(
  parameter int Rows = 1,      // 1..8
  parameter int Columns = 1,   // 1..8
  parameter int Planes = 0,    // 1: products digit by digit; Width must be 16
  parameter int Width = 8,     // 4, 8, 16
  parameter int Elements = 2,  // codes of a beat: 2 or more, divides Width
  parameter int AWords = 64,   // a power of two
  parameter int BWords = 64
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
  input  logic [pl_pkg::ShiftBits-1:0] load_shift_i,  // not used: kind rns
  // Run and results.
  input  logic                  start_i,
  output logic                  result_valid_o,
  input  logic                  result_ready_i,
  output logic [31:0]           result_o,
  // Counters of the tiles since reset or clear; 32 bits count.
  input  logic                  clear_counters_i,
  output logic [47:0]           reads_o,
  output logic [47:0]           clipped_o,
  output logic [47:0]           detected_o,
  output logic [47:0]           corrected_o
);
  localparam int Least = AWords < BWords ? AWords : BWords;
  if (Rows < 1 || Columns < 1 || Rows * Columns > 8) begin : g_bad_lanes
    $error("pl_compact: Rows * Columns must be 1 to 8");
  end
  if (Width != 4 && Width != 8 && Width != 16) begin : g_bad_width
    $error("pl_compact: Width must be 4, 8 or 16");
  end
  if (Elements < 2 || Width % Elements != 0) begin : g_bad_elements
    $error("pl_compact: Elements must be 2 or more and divide Width");
  end
  if (Least * Width > (Planes != 0 ? 128 : 512)) begin : g_bad_words
    $error("pl_compact: the smaller buffer must hold at most 512 elements, 128 with Planes");
  end
  if (Planes != 0 && (Width != 16 || BWords > AWords)) begin : g_bad_planes
    $error("pl_compact: with Planes the width is 16 and the buffer of B not the larger one");
  end

  logic set, act, operand, plain_b, write, write_busy, busy, first, beat, odd, mac_next, counted_read, counted_clipped;
  logic [3:0] set_what, do_what;
  logic [1:0] write_what, write_part;
  logic [2:0] tail_what;
  logic [15:0] value, data, tail;
  logic [31:0] mac;
  pl_micro #(.Rows(Rows), .Columns(Columns), .Width(Width), .Elements(Elements),
             .Parts(Planes != 0 ? 1 : Width)) u_micro (
    .clk_i(clk_i), .rst_ni(rst_ni), .idle_o(idle_o), .reg_we_i(reg_we_i), .reg_addr_i(reg_addr_i),
    .reg_wdata_i(reg_wdata_i), .load_start_i(load_start_i), .load_operand_i(load_operand_i),
    .load_valid_i(load_valid_i), .load_ready_o(load_ready_o), .load_codes_i(load_codes_i), .start_i(start_i),
    .result_valid_o(result_valid_o), .result_ready_i(result_ready_i), .result_o(result_o),
    .counted_read_o(counted_read), .counted_clipped_o(counted_clipped), .set_o(set), .set_what_o(set_what),
    .value_o(value), .do_o(act), .do_what_o(do_what), .operand_o(operand), .write_o(write),
    .write_what_o(write_what), .write_part_o(write_part), .data_o(data), .plain_b_o(plain_b),
    .write_busy_i(write_busy), .busy_i(busy), .first_i(first), .beat_i(beat), .odd_i(odd), .mac_i(mac),
    .mac_next_o(mac_next), .tail_what_o(tail_what), .tail_i(tail)
  );
  if (Planes != 0) begin : g_planes
    pl_micro_planes #(.Rows(Rows), .Columns(Columns), .Elements(Elements), .AWords(AWords),
                      .BWords(BWords)) u_array (
      .clk_i(clk_i), .rst_ni(rst_ni), .set_i(set), .set_what_i(set_what), .value_i(value), .do_i(act),
      .do_what_i(do_what), .operand_i(operand), .write_i(write), .write_what_i(write_what),
      .write_part_i(write_part), .data_i(data), .plain_b_i(plain_b), .write_busy_o(write_busy),
      .busy_o(busy), .first_o(first), .beat_o(beat), .odd_o(odd),
      .mac_o(mac), .mac_next_i(mac_next), .tail_what_i(tail_what), .tail_o(tail)
    );
  end else begin : g_macs
    logic unused_plain;
    assign unused_plain = plain_b;
    pl_micro_array #(.Rows(Rows), .Columns(Columns), .Width(Width), .Elements(Elements), .AWords(AWords),
                     .BWords(BWords)) u_array (
      .clk_i(clk_i), .rst_ni(rst_ni), .set_i(set), .set_what_i(set_what), .value_i(value), .do_i(act),
      .do_what_i(do_what), .operand_i(operand), .write_i(write), .write_what_i(write_what),
      .write_part_i(write_part), .data_i(data), .write_busy_o(write_busy),
      .busy_o(busy), .first_o(first), .beat_o(beat), .odd_o(odd),
      .mac_o(mac), .mac_next_i(mac_next), .tail_what_i(tail_what), .tail_o(tail)
    );
  end

  logic [31:0] reads_q, clipped_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      reads_q <= '0;
      clipped_q <= '0;
    end else begin
      reads_q <= clear_counters_i ? '0 : reads_q + 32'(counted_read);
      clipped_q <= clear_counters_i ? '0 : clipped_q + 32'(counted_clipped);
    end
  end
  assign reads_o = 48'(reads_q);
  assign clipped_o = 48'(clipped_q);
  assign detected_o = '0;
  assign corrected_o = '0;
  logic unused_shift;
  assign unused_shift = ^load_shift_i;
endmodule
`default_nettype wire
