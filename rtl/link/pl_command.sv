// pl_command: runs the commands of the host's stream (docs/protocol.md, "Commands") on a core, one after the other.
//
// get_* is the stream from the host, put_* the one to it, a byte per clock at valid & ready. reg_*, load_* and
// start_o drive pl_core or pl_compact, result_* are single results (pl_unload, pl_compact). idle_i: the core is idle
// and no result is left. held_i: the core has a result that is not taken in this clock. restart_i: a session begins;
// whatever is under way is dropped. run_ and load_cycles_o count the clocks of RUN and LOAD without those in which
// the link keeps the core waiting, so they do not depend on the link.
`default_nettype none
module pl_command #(
  parameter bit Rns = 1'b0,       // a beat of LOAD brings its exponent
  parameter int Elements = 8,     // codes of a beat
  parameter int CycleBits = 48    // of the counters of clocks, 1..48
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,
  input  logic                  restart_i,
  // The streams.
  input  logic                  get_valid_i,
  output logic                  get_ready_o,
  input  logic [7:0]            get_byte_i,
  output logic                  put_valid_o,
  input  logic                  put_ready_i,
  output logic [7:0]            put_byte_o,
  // Words for READ: word_o asks, the answer is there in the same clock.
  output logic [15:0]           word_o,
  input  logic [31:0]           word_i,
  output logic [47:0]           run_cycles_o,
  output logic [47:0]           load_cycles_o,
  // The core.
  input  logic                  idle_i,
  output logic                  reg_we_o,
  output logic [8:0]            reg_addr_o,
  output logic [31:0]           reg_wdata_o,
  output logic                  load_start_o,
  output logic                  load_operand_o,
  output logic                  load_valid_o,
  input  logic                  load_ready_i,
  output logic [Elements*8-1:0] load_codes_o,
  output logic [pl_pkg::ShiftBits-1:0] load_shift_o,
  output logic                  start_o,
  input  logic                  held_i,
  input  logic                  result_valid_i,
  output logic                  result_ready_o,
  input  logic [31:0]           result_i,
  output logic                  clear_counters_o
);
  localparam logic [7:0] Echo = 8'd1, Write = 8'd2, Read = 8'd3, Load = 8'd4, Run = 8'd5, Clear = 8'd6, Error = 8'hee;
  localparam int BeatBytes = Elements + (Rns ? 1 : 0);
  localparam int LeftBits = BeatBytes < 8 ? 3 : $clog2(BeatBytes + 1);

  typedef enum logic [3:0] {
    Command, Arguments, Begin, EchoData, WriteData, ReadData, LoadData, LoadEnd, Results, Fail, FailName, Dead
  } state_e;
  state_e state_q, state_d;
  logic [7:0] command_q;
  logic operand_q, no_operand_q;         // LOAD; no_operand: neither A nor B
  logic [15:0] high_q, high_d, high_next;  // count, or the upper half of beats
  logic [15:0] low_q, low_d, low_next;     // address, or the lower half of beats
  logic more, unused_more;
  logic [31:0] word_q;                   // being written, read, or a result
  logic [LeftBits-1:0] left_q, left_d;   // bytes to come: of the arguments, the word, the beat; or to go: of the word
  logic get, put, ends, fetch, fill, step, loads, none, no_beats;
  assign get = get_valid_i & get_ready_o;
  assign put = put_valid_o & put_ready_i;
  assign ends = get & left_q == LeftBits'(1);  // the byte is the last one of its kind
  assign fetch = left_q == '0 || (left_q == LeftBits'(1) && put_ready_i);  // there is room for a word that is to go
  assign loads = command_q == Load;

  // ---- Arguments: shifted in from the top; step goes one address on and one count or beat down.
  assign {more, low_next} = {1'b0, low_q} + {1'b0, {15{loads}}, 1'b1};  // LOAD: no borrow
  assign {unused_more, high_next} = {1'b0, high_q} + 17'h0ffff + {16'd0, more & loads};
  assign none = high_q == 16'd0;
  assign no_beats = none && low_q == 16'd0;
  assign high_d = step ? high_next : {get_byte_i, high_q[15:8]};
  assign low_d = step ? low_next : {high_q[7:0], low_q[15:8]};
  always_ff @(posedge clk_i) begin
    if (step || (get && state_q == Arguments)) begin
      high_q <= high_d;
      low_q <= low_d;
    end
    if (get && state_q == Command) command_q <= get_byte_i;
    if (get && state_q == Arguments && left_q == LeftBits'(5)) begin
      operand_q <= get_byte_i[0];
      no_operand_q <= get_byte_i[7:1] != 7'd0;
    end
  end

  // ---- The word: bytes go out at the bottom and come in at the top.
  always_ff @(posedge clk_i) begin
    if (fill) word_q <= state_q == Results ? result_i : word_i;
    else if (get || put) word_q <= {get_byte_i, word_q[31:8]};
  end
  logic reg_we_q, reg_we_d, in_registers_q;
  logic [8:0] reg_addr_q;
  always_ff @(posedge clk_i) begin
    if (step) begin
      in_registers_q <= low_q[15:9] == 7'd0;
      reg_addr_q <= low_q[8:0];
    end
  end
  assign reg_we_o = reg_we_q & in_registers_q;
  assign reg_addr_o = reg_addr_q;
  assign reg_wdata_o = word_q;
  assign load_operand_o = operand_q;
  assign word_o = low_q;

  // ---- A beat of LOAD.
  logic beat_valid_q, beat_valid_d;
  logic [BeatBytes*8-1:0] beat_q;  // the next byte comes in at the top
  assign load_valid_o = beat_valid_q;
  assign load_codes_o = beat_q[Elements*8-1:0];
  if (Rns) begin : g_shift
    assign load_shift_o = beat_q[Elements*8 +: pl_pkg::ShiftBits];
    logic unused_shift;
    assign unused_shift = ^beat_q;
  end else begin : g_no_shift
    assign load_shift_o = '0;
  end
  always_ff @(posedge clk_i) begin
    if (get && state_q == LoadData) beat_q <= {get_byte_i, beat_q[BeatBytes*8-1:8]};
  end

  // ---- The command.
  always_comb begin
    unique case (state_q)
      Command: get_ready_o = idle_i;
      Arguments: get_ready_o = 1'b1;
      EchoData: get_ready_o = put_ready_i & ~none;
      WriteData: get_ready_o = ~none;
      LoadData: get_ready_o = ~no_beats & (~beat_valid_q | load_ready_i);
      default: get_ready_o = 1'b0;
    endcase
    unique case (state_q)
      Begin: put_valid_o = command_q[0];  // ECHO, READ, RUN
      EchoData: put_valid_o = get_valid_i & ~none;
      ReadData, Results: put_valid_o = left_q != '0;
      Fail, FailName: put_valid_o = 1'b1;
      default: put_valid_o = 1'b0;
    endcase
    unique case (state_q)
      ReadData, Results: put_byte_o = word_q[7:0];
      EchoData: put_byte_o = get_byte_i;
      Fail: put_byte_o = Error;
      default: put_byte_o = command_q;
    endcase
  end
  assign fill = fetch & ((state_q == ReadData && !none) | (state_q == Results && result_valid_i));
  assign result_ready_o = state_q == Results && fetch;

  always_comb begin
    state_d = state_q;
    left_d = left_q - LeftBits'(1);
    step = 1'b0;
    reg_we_d = 1'b0;
    beat_valid_d = beat_valid_q & ~load_ready_i;
    load_start_o = 1'b0;
    start_o = 1'b0;
    clear_counters_o = 1'b0;
    unique case (state_q)
      Command: begin
        left_d = get_byte_i == Echo ? LeftBits'(2) : get_byte_i == Load ? LeftBits'(5) : LeftBits'(4);
        if (get) begin
          unique case (get_byte_i)
            Echo, Write, Read, Load: state_d = Arguments;
            Run, Clear: state_d = Begin;
            default: state_d = Fail;
          endcase
        end
      end
      Arguments: begin
        if (!get) left_d = left_q;
        if (ends) state_d = Begin;
      end
      Begin: begin
        left_d = command_q == Write ? LeftBits'(4) : loads ? LeftBits'(BeatBytes) : LeftBits'(0);
        if (put || !put_valid_o) begin
          unique case (command_q[2:0])
            Echo[2:0]: state_d = EchoData;
            Write[2:0]: state_d = WriteData;
            Read[2:0]: state_d = ReadData;
            Load[2:0]: begin
              state_d = no_beats || no_operand_q ? Fail : LoadData;
              load_start_o = 1'b1;
            end
            Run[2:0]: begin
              state_d = Results;
              start_o = 1'b1;
            end
            default: begin
              state_d = Command;
              clear_counters_o = 1'b1;
            end
          endcase
        end
      end
      EchoData: begin
        step = get;
        if (none) state_d = Command;
      end
      WriteData: begin
        if (!get) left_d = left_q;
        if (ends) left_d = LeftBits'(4);
        step = ends;
        reg_we_d = ends;
        if (none) state_d = Command;
      end
      ReadData: begin
        if (!put) left_d = left_q;
        if (fill) left_d = LeftBits'(4);
        step = fill;
        if (fetch && none) state_d = Command;
      end
      LoadData: begin
        if (!get) left_d = left_q;
        if (ends) begin
          left_d = LeftBits'(BeatBytes);
          beat_valid_d = 1'b1;
        end
        step = ends;
        if (no_beats && !beat_valid_d) state_d = LoadEnd;
        if (idle_i) state_d = Fail;  // the core has had its last beat before
      end
      LoadEnd: begin
        if (idle_i) state_d = Command;
        if (load_ready_i) state_d = Fail;
      end
      Results: begin
        if (!put) left_d = left_q;
        if (fill) left_d = LeftBits'(4);
        if (fetch && !result_valid_i && idle_i) state_d = Command;
      end
      Fail: if (put) state_d = FailName;
      FailName: if (put) state_d = Dead;
      default: state_d = Dead;
    endcase
    if (restart_i) begin
      state_d = Command;
      reg_we_d = 1'b0;
      beat_valid_d = 1'b0;
      load_start_o = 1'b0;
      start_o = 1'b0;
    end
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q <= Command;
      reg_we_q <= 1'b0;
      beat_valid_q <= 1'b0;
    end else begin
      state_q <= state_d;
      reg_we_q <= reg_we_d;
      beat_valid_q <= beat_valid_d;
    end
  end
  always_ff @(posedge clk_i) begin
    left_q <= left_d;
  end

  // ---- Clocks of the core, without those in which it waits for the link.
  logic run_tick, load_tick;
  logic [CycleBits-1:0] run_q, load_q;
  assign run_tick = start_o | (state_q == Results && !idle_i && !held_i);
  assign load_tick = load_start_o |
                     ((state_q == LoadData || state_q == LoadEnd) && !idle_i && !(load_ready_i && !beat_valid_q));
  always_ff @(posedge clk_i) begin  // a session begins with a restart
    if (clear_counters_o || restart_i) begin
      run_q <= '0;
      load_q <= '0;
    end else begin
      if (run_tick) run_q <= run_q + CycleBits'(1);
      if (load_tick) load_q <= load_q + CycleBits'(1);
    end
  end
  assign run_cycles_o = 48'(run_q);
  assign load_cycles_o = 48'(load_q);
endmodule
`default_nettype wire
