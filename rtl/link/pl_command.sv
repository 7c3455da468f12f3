// pl_command: runs the commands of the host's stream (docs/protocol.md, "Commands") on a core, one after the other.
//
// get_* is the stream from the host, put_* the one to it, a byte per clock at valid & ready. reg_*, load_* and start_o drive
// pl_core or pl_compact, result_* are single results (pl_unload, pl_compact). idle_i: the core is idle and no result is
// left. held_i: the core has a result that is not taken in this clock. restart_i: a session begins; whatever is under way is dropped. run_ and load_cycles_o count the
// clocks of RUN and LOAD without those in which the link keeps the core waiting, so they do not depend on the link.
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
  localparam int BeatBits = $clog2(BeatBytes + 1);

  typedef enum logic [3:0] {
    Command, Arguments, Begin, EchoData, WriteData, ReadData, LoadData, LoadEnd, Results, Fail, FailName, Dead
  } state_e;
  state_e state_q, state_d;
  logic [7:0] command_q, command_d;
  logic [39:0] arguments_q, arguments_d;  // the last one highest: [39:24] count, [23:8] address; LOAD [39:8] beats, [0] operand
  logic [2:0] wanted_q, wanted_d;         // bytes of arguments that are to come
  logic [31:0] word_q, word_d;            // being written, read, or a result
  logic [2:0] bytes_q, bytes_d;           // bytes of it: gathered, or still to be sent
  logic reg_we_q, reg_we_d;
  logic get, put, fetch;
  logic last;                             // the word, byte or beat that is the last one
  logic [15:0] count, address;
  logic [31:0] beats;
  assign count = arguments_q[39:24];
  assign address = arguments_q[23:8];
  assign beats = arguments_q[39:8];
  assign get = get_valid_i & get_ready_o;
  assign put = put_valid_o & put_ready_i;

  // ---- A beat of LOAD.
  logic beat_valid_q, beat_valid_d, beat;
  logic [BeatBytes*8-1:0] beat_q;  // the next byte comes in at the top
  logic [BeatBits-1:0] gathered_q, gathered_d;
  assign beat = beat_valid_q & load_ready_i;
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
      EchoData: get_ready_o = put_ready_i & count != 16'd0;
      WriteData: get_ready_o = count != 16'd0;
      LoadData: get_ready_o = beats != 32'd0 & (~beat_valid_q | load_ready_i);
      default: get_ready_o = 1'b0;
    endcase
    unique case (state_q)
      Begin: put_byte_o = command_q;
      EchoData: put_byte_o = get_byte_i;
      Fail: put_byte_o = Error;
      FailName: put_byte_o = command_q;
      default: put_byte_o = word_q[7:0];
    endcase
    unique case (state_q)
      Begin: put_valid_o = command_q == Echo || command_q == Read || command_q == Run;
      EchoData: put_valid_o = get_valid_i & count != 16'd0;
      ReadData, Results: put_valid_o = bytes_q != 3'd0;
      Fail, FailName: put_valid_o = 1'b1;
      default: put_valid_o = 1'b0;
    endcase
  end
  assign fetch = bytes_q == 3'd0 || (bytes_q == 3'd1 && put_ready_i);  // there is room for another word
  assign result_ready_o = state_q == Results && fetch;
  assign word_o = address;

  always_comb begin
    state_d = state_q;
    command_d = command_q;
    arguments_d = arguments_q;
    wanted_d = wanted_q;
    word_d = word_q;
    bytes_d = bytes_q;
    reg_we_d = 1'b0;
    beat_valid_d = beat_valid_q;
    gathered_d = gathered_q;
    load_start_o = 1'b0;
    start_o = 1'b0;
    clear_counters_o = 1'b0;
    last = 1'b0;
    if (reg_we_q) arguments_d[23:8] = address + 16'd1;
    unique case (state_q)
      Command: begin
        bytes_d = 3'd0;
        gathered_d = '0;
        if (get) begin
          command_d = get_byte_i;
          state_d = Arguments;
          unique case (get_byte_i)
            Echo: wanted_d = 3'd2;
            Write, Read: wanted_d = 3'd4;
            Load: wanted_d = 3'd5;
            Run, Clear: state_d = Begin;
            default: state_d = Fail;
          endcase
        end
      end
      Arguments: if (get) begin
        arguments_d = {get_byte_i, arguments_q[39:8]};
        wanted_d = wanted_q - 3'd1;
        if (wanted_q == 3'd1) state_d = Begin;
      end
      Begin: if (put || !put_valid_o) begin
        unique case (command_q)
          Echo: state_d = EchoData;
          Write: state_d = WriteData;
          Read: state_d = ReadData;
          Load: begin
            state_d = beats == 32'd0 || arguments_q[7:1] != 7'd0 ? Fail : LoadData;
            load_start_o = 1'b1;
          end
          Run: begin
            state_d = Results;
            start_o = 1'b1;
          end
          default: begin
            state_d = Command;
            clear_counters_o = 1'b1;
          end
        endcase
      end
      EchoData: begin
        last = get;
        if (count == 16'd0) state_d = Command;
      end
      WriteData: begin
        if (get) begin
          word_d = {get_byte_i, word_q[31:8]};
          bytes_d = {1'b0, bytes_q[1:0] + 2'd1};
          last = bytes_q == 3'd3;
          reg_we_d = last;
        end
        if (count == 16'd0) state_d = Command;
      end
      ReadData: begin
        if (put) begin
          word_d = {8'd0, word_q[31:8]};
          bytes_d = bytes_q - 3'd1;
        end
        if (fetch) begin
          if (count == 16'd0) state_d = Command;
          else begin
            last = 1'b1;
            word_d = word_i;
            bytes_d = 3'd4;
            arguments_d[23:8] = address + 16'd1;
          end
        end
      end
      LoadData: begin
        if (beat) beat_valid_d = 1'b0;
        if (get) begin
          gathered_d = gathered_q + BeatBits'(1);
          if (gathered_q == BeatBits'(BeatBytes - 1)) begin
            gathered_d = '0;
            beat_valid_d = 1'b1;
            last = 1'b1;
          end
        end
        if (beats == 32'd0 && !beat_valid_d) state_d = LoadEnd;
        if (idle_i) state_d = Fail;  // the core has had its last beat before
      end
      LoadEnd: begin
        if (idle_i) state_d = Command;
        if (load_ready_i) state_d = Fail;
      end
      Results: begin
        if (put) begin
          word_d = {8'd0, word_q[31:8]};
          bytes_d = bytes_q - 3'd1;
        end
        if (fetch) begin
          if (result_valid_i) begin
            word_d = result_i;
            bytes_d = 3'd4;
          end else if (idle_i) state_d = Command;
        end
      end
      Fail: if (put) state_d = FailName;
      FailName: if (put) state_d = Dead;
      default: state_d = Dead;
    endcase
    if (last) begin
      if (command_q == Load) arguments_d[39:8] = beats - 32'd1;
      else arguments_d[39:24] = count - 16'd1;
    end
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
    command_q <= command_d;
    arguments_q <= arguments_d;
    wanted_q <= wanted_d;
    word_q <= word_d;
    bytes_q <= bytes_d;
    gathered_q <= gathered_d;
  end
  assign reg_we_o = reg_we_q & address[15:9] == 7'd0;
  assign reg_addr_o = address[8:0];
  assign reg_wdata_o = word_q;
  assign load_operand_o = arguments_q[0];

  // ---- Clocks of the core, without those in which it waits for the link.
  logic run_tick, load_tick;
  logic [CycleBits-1:0] run_q, run_d, load_q, load_d;
  assign run_tick = start_o | (state_q == Results && !idle_i && !held_i);
  assign load_tick = load_start_o |
                     ((state_q == LoadData || state_q == LoadEnd) && !idle_i && !(load_ready_i && !beat_valid_q));
  always_comb begin
    run_d = run_q + CycleBits'(run_tick);
    load_d = load_q + CycleBits'(load_tick);
    if (clear_counters_o || restart_i) begin
      run_d = '0;
      load_d = '0;
    end
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      run_q <= '0;
      load_q <= '0;
    end else begin
      run_q <= run_d;
      load_q <= load_d;
    end
  end
  assign run_cycles_o = 48'(run_q);
  assign load_cycles_o = 48'(load_q);
endmodule
`default_nettype wire
