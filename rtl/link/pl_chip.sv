// pl_chip: everything behind the wire: streams, commands and one optical core.
//
// rx_* are the bytes of the wire that come, tx_* those that leave, both valid/ready; rx_fault_i counts a byte that the
// physical layer lost. Compact: 1: pl_compact in place of pl_core, 2: that with pl_micro_planes.
// The core is reset by each new session, so a HELLO ends any job.
// status_o: 0 a session is open, 1 and 2 change with every good frame received and every frame sent, 3 the core computes.
`default_nettype none
module pl_chip #(
  parameter int Kind = pl_regs_pkg::KindCoherent,
  parameter int Rows = 4,
  parameter int Columns = 4,
  parameter int Width = 8,
  parameter int Elements = 8,
  parameter int AWords = 256,
  parameter int BWords = 256,
  parameter int BackLanes = Rows * Columns,
  parameter int Compact = 0,
  parameter int RxLog = 12,
  parameter int TxLog = 12,
  parameter bit Ft245 = 1'b0,     // what the wire is; a UART never gives a byte in less than 40 clocks
  parameter int ClockKhz = 48000,
  parameter logic [31:0] BuildId = 32'd0
) (
  input  logic       clk_i,
  input  logic       rst_ni,
  input  logic       rx_valid_i,
  output logic       rx_ready_o,
  input  logic [7:0] rx_byte_i,
  input  logic       rx_fault_i,
  output logic       tx_valid_o,
  input  logic       tx_ready_i,
  output logic [7:0] tx_byte_o,
  output logic [3:0] status_o
);
  localparam bit Small = RxLog < 11;  // a small device: shorter counters
  localparam bit Rns = Kind == pl_regs_pkg::KindRns;

  // ---- Streams and commands.
  logic open, restart, received, sending;
  logic [31:0] session;
  logic get_valid, get_ready, put_valid, put_ready;
  logic [7:0] get_byte, put_byte;
  logic [15:0] good_frames, bad_frames, disorders, wire_faults;
  pl_stream #(.RxLog(RxLog), .TxLog(TxLog), .CountBits(Small ? 8 : 16), .SerialCrc(!Ft245)) u_stream (
    .clk_i(clk_i), .rst_ni(rst_ni), .wire_valid_i(rx_valid_i), .wire_ready_o(rx_ready_o), .wire_byte_i(rx_byte_i),
    .wire_valid_o(tx_valid_o), .wire_ready_i(tx_ready_i), .wire_byte_o(tx_byte_o), .wire_fault_i(rx_fault_i),
    .open_o(open), .session_o(session), .restart_o(restart), .get_valid_o(get_valid), .get_ready_i(get_ready),
    .get_byte_o(get_byte), .put_valid_i(put_valid), .put_ready_o(put_ready), .put_byte_i(put_byte),
    .received_o(received), .sending_o(sending), .good_frames_o(good_frames), .bad_frames_o(bad_frames),
    .disorders_o(disorders), .wire_faults_o(wire_faults)
  );

  logic idle, core_idle, unload_idle, core_valid, core_ready;
  logic reg_we, load_start, load_operand, load_valid, load_ready, start, result_valid, result_ready, clear_counters;
  logic [8:0] reg_addr;
  logic [31:0] reg_wdata, result, word;
  logic [15:0] word_address;
  logic [Elements*8-1:0] load_codes;
  logic [pl_pkg::ShiftBits-1:0] load_shift;
  logic [47:0] run_cycles, load_cycles, reads, clipped, detected, corrected;
  pl_command #(.Rns(Rns), .Elements(Elements), .CycleBits(Small ? 40 : 48)) u_command (
    .clk_i(clk_i), .rst_ni(rst_ni), .restart_i(restart), .get_valid_i(get_valid), .get_ready_o(get_ready),
    .get_byte_i(get_byte), .put_valid_o(put_valid), .put_ready_i(put_ready), .put_byte_o(put_byte),
    .word_o(word_address), .word_i(word), .run_cycles_o(run_cycles), .load_cycles_o(load_cycles), .idle_i(idle),
    .reg_we_o(reg_we), .reg_addr_o(reg_addr), .reg_wdata_o(reg_wdata), .load_start_o(load_start),
    .load_operand_o(load_operand), .load_valid_o(load_valid), .load_ready_i(load_ready), .load_codes_o(load_codes),
    .load_shift_o(load_shift), .start_o(start), .held_i(core_valid & ~core_ready), .result_valid_i(result_valid),
    .result_ready_o(result_ready), .result_i(result), .clear_counters_o(clear_counters)
  );
  pl_words #(.Kind(Kind), .Rows(Rows), .Columns(Columns), .Width(Width), .Elements(Elements), .AWords(AWords),
             .BWords(BWords), .RxLog(RxLog), .TxLog(TxLog), .Ft245(Ft245), .ClockKhz(ClockKhz), .BuildId(BuildId)) u_words (
    .address_i(word_address), .session_i(session), .run_cycles_i(run_cycles), .load_cycles_i(load_cycles),
    .reads_i(reads), .clipped_i(clipped), .detected_i(detected), .corrected_i(corrected),
    .frames_i({bad_frames, good_frames}), .faults_i({wire_faults, disorders}), .word_o(word)
  );

  // ---- The core. Its reset is a register: asserted with rst_ni at once, by a session for two clocks.
  logic restart_q, core_ready_q, core_rst_nq;  // ready: the same as its reset, for the logic
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      restart_q <= 1'b0;
      core_ready_q <= 1'b0;
      core_rst_nq <= 1'b0;
    end else begin
      restart_q <= restart;
      core_ready_q <= ~(restart | restart_q);
      core_rst_nq <= ~(restart | restart_q);
    end
  end
  assign idle = core_ready_q & core_idle & unload_idle;

  if (Compact != 0) begin : g_compact
    pl_compact #(.Rows(Rows), .Columns(Columns), .Planes(Compact == 2 ? 1 : 0), .Width(Width), .Elements(Elements),
                 .AWords(AWords), .BWords(BWords)) u_core (
      .clk_i(clk_i), .rst_ni(core_rst_nq), .idle_o(core_idle), .reg_we_i(reg_we), .reg_addr_i(reg_addr),
      .reg_wdata_i(reg_wdata), .load_start_i(load_start), .load_operand_i(load_operand), .load_valid_i(load_valid),
      .load_ready_o(load_ready), .load_codes_i(load_codes), .load_shift_i(load_shift), .start_i(start),
      .result_valid_o(core_valid), .result_ready_i(core_ready), .result_o(result), .clear_counters_i(clear_counters),
      .reads_o(reads), .clipped_o(clipped), .detected_o(detected), .corrected_o(corrected)
    );
    assign result_valid = core_valid;
    assign core_ready = result_ready;
    assign unload_idle = 1'b1;
  end else begin : g_core
    logic [Rows*Columns*32-1:0] results;
    pl_core #(.Kind(Kind), .Rows(Rows), .Columns(Columns), .Width(Width), .Elements(Elements), .AWords(AWords),
              .BWords(BWords), .BackLanes(BackLanes)) u_core (
      .clk_i(clk_i), .rst_ni(core_rst_nq), .idle_o(core_idle), .reg_we_i(reg_we), .reg_addr_i(reg_addr),
      .reg_wdata_i(reg_wdata), .load_start_i(load_start), .load_operand_i(load_operand), .load_valid_i(load_valid),
      .load_ready_o(load_ready), .load_codes_i(load_codes), .load_shift_i(load_shift), .start_i(start),
      .result_valid_o(core_valid), .result_ready_i(core_ready), .result_o(results), .clear_counters_i(clear_counters),
      .reads_o(reads), .clipped_o(clipped), .detected_o(detected), .corrected_o(corrected)
    );
    pl_unload #(.Rows(Rows), .Columns(Columns)) u_unload (
      .clk_i(clk_i), .rst_ni(core_rst_nq), .reg_we_i(reg_we), .reg_addr_i(reg_addr), .reg_wdata_i(reg_wdata),
      .start_i(start), .word_valid_i(core_valid), .word_ready_o(core_ready), .word_i(results), .idle_o(unload_idle),
      .result_valid_o(result_valid), .result_ready_i(result_ready), .result_o(result)
    );
  end

  logic [3:0] status_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) status_q <= 4'd0;
    else status_q <= {core_ready_q & ~core_idle, status_q[2] ^ sending, status_q[1] ^ received, open};
  end
  assign status_o = status_q;
endmodule
`default_nettype wire
