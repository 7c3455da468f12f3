// pl_micro: the sequential unit of the compact core. Runs the micro-program (rtl/compact/microprogram.txt, assembled into
// pl_compact_pkg): loads, encoding, noise, detector, converter, accumulation and all counting.
//
// Two stages, decode (the operand is read from memory) and execute: an instruction takes one clock, those with a count
// (products, shifts, sums of the array) one per step, and `idle`, `wait`, `beat`, `out`, `wr` as long as the outside needs. A
// jump costs one clock more, and so does an instruction that reads what the one before it wrote (a word of memory, the
// index), or that takes its operand not from memory or array but from a slower source (x0, x1, c0..c2, code, tails).
// Memory: 256 words of 32 bits in block RAM; the host writes the registers, its first words, while idle_o is high.
// In front of it the operand codes come (load_*), behind it results leave (result_*), both valid/ready; beside it the
// array (pl_micro_array) is told what to do:
//   set_o, set_what_o, value_o     the register SetXX takes value_o
//   do_o, do_what_o                the action DoXX
//   write_o, write_what_o, write_part_o, data_o   write field, power or a part of the tail of the operand operand_o
//   mac_next_o                     the sum mac_i has been taken, show the next one
// All strobes last one clock. counted_*_o: one read, one clipped read.
`default_nettype none
module pl_micro #(
  parameter int Rows = 1,
  parameter int Columns = 1,
  parameter int Width = 8,
  parameter int Elements = 2,  // codes of a beat
  parameter int Parts = 8,     // sums of the array that make the sum of a lane
  localparam int Lanes = Rows * Columns
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,
  output logic                  idle_o,
  input  logic                  reg_we_i,
  input  logic [8:0]            reg_addr_i,
  input  logic [31:0]           reg_wdata_i,
  input  logic                  load_start_i,
  input  logic                  load_operand_i,
  input  logic                  load_valid_i,
  output logic                  load_ready_o,
  input  logic [Elements*8-1:0] load_codes_i,
  input  logic                  start_i,
  output logic                  result_valid_o,
  input  logic                  result_ready_i,
  output logic [31:0]           result_o,
  output logic                  counted_read_o,
  output logic                  counted_clipped_o,
  // The array.
  output logic                  set_o,
  output logic [3:0]            set_what_o,
  output logic [15:0]           value_o,
  output logic                  do_o,
  output logic [3:0]            do_what_o,
  output logic                  operand_o,
  output logic                  write_o,
  output logic [1:0]            write_what_o,
  output logic [1:0]            write_part_o,
  output logic [15:0]           data_o,
  output logic                  plain_b_o,     // no noise and no crosstalk on B: its fields are codes times 16
  input  logic                  write_busy_i,  // not yet: the strobe stays
  input  logic                  busy_i,
  input  logic                  first_i,  // element 0 of a word, first element of a beat, odd element
  input  logic                  beat_i,
  input  logic                  odd_i,
  input  logic [31:0]           mac_i,
  output logic                  mac_next_o,
  output logic [2:0]            tail_what_o,
  input  logic [15:0]           tail_i
);
  localparam int ABits = 52;

  // ---- Instructions: ir_q, of the address pc_q, is decoded; behind it the one before is executed.
  logic [23:0] code [0:511];
  initial begin
    for (int n = 0; n < 512; n++) code[n] = '0;
    for (int n = 0; n < pl_compact_pkg::Instructions; n++) code[n] = pl_compact_pkg::Code[n*24 +: 24];
  end
  logic boot_q, started_q, done, fetch, hazard, jump, advance;
  logic [8:0] pc_q, pc_d, back_q, target;
  logic [23:0] ir_q;
  logic [3:0] next_op, next_what;
  assign next_op = ir_q[pl_compact_pkg::OpAt +: 4];
  assign next_what = ir_q[pl_compact_pkg::WhatAt +: 4];
  assign fetch = boot_q | (done & (jump | ~hazard));
  assign advance = done & ~jump & ~hazard & ~boot_q;
  assign pc_d = boot_q ? 9'd0 : jump ? target : pc_q + 9'd1;
  always_ff @(posedge clk_i) begin
    if (fetch) ir_q <= code[pc_d];
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      boot_q <= 1'b1;
      started_q <= 1'b0;
      pc_q <= '0;
    end else begin
      boot_q <= 1'b0;
      started_q <= ~done;
      if (fetch) pc_q <= pc_d;
    end
  end

  // What is executed, decoded; op_q is 0 with nothing to execute.
  logic is_alu, is_mul, is_shift, is_norm, is_sqrt, is_store, is_set, is_branch, is_do, is_add0, is_add1, is_rounds,
        is_write, is_limit, is_drain;
  logic [14:0] op_q;
  logic [3:0] what_q;
  logic [2:0] when_q;
  logic [8:0] arg_q;
  logic flag_q, inv_q;
  assign {is_drain, is_limit, is_write, is_rounds, is_add1, is_add0, is_do, is_branch, is_set, is_store, is_sqrt, is_norm,
          is_shift, is_mul, is_alu} = op_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) op_q <= '0;
    else if (done) begin
      for (int n = 0; n < 15; n++) op_q[n] <= advance && next_op == 4'(n);
    end
  end
  always_ff @(posedge clk_i) begin
    if (done) begin
      what_q <= next_what;
      when_q <= ir_q[pl_compact_pkg::WhenAt +: 3];
      flag_q <= ir_q[pl_compact_pkg::FlagAt];
      inv_q <= ir_q[pl_compact_pkg::InvAt];
      arg_q <= ir_q[8:0];
    end
  end

  // ---- Memory.
  logic [31:0] memory [0:255];
  initial begin
    for (int n = 0; n < 256; n++) memory[n] = pl_compact_pkg::Image[n*32 +: 32];
    memory[pl_compact_pkg::AtRows] = 32'(Rows);
    memory[pl_compact_pkg::AtColumns] = 32'(Columns);
    memory[pl_compact_pkg::AtLanes] = 32'(Lanes);
    memory[pl_compact_pkg::AtParts] = 32'(Parts);
    memory[pl_compact_pkg::AtClear] = 32'(Lanes * Parts);
    memory[pl_compact_pkg::AtLogw] = 32'($clog2(Width));
    memory[pl_compact_pkg::AtRowStep] = 32'(Rows << 8);
    memory[pl_compact_pkg::AtColumnStep] = 32'(Columns << 12);
  end
  logic [31:0] word_q, sum_low;
  logic [7:0] addr, addr_q, i_q;
  logic we, host_we, index_changes;
  assign addr = ir_q[7:0] + (ir_q[8] ? i_q : 8'd0);
  assign host_we = reg_we_i & idle_o & (reg_addr_i < 9'(pl_regs_pkg::RegWords));
  assign we = host_we | is_store;
  // verilator lint_off BLKSEQ
  always_ff @(posedge clk_i) begin  // sole reader and writer of memory
    if (done) word_q <= memory[addr];
    if (we) memory[host_we ? reg_addr_i[7:0] : addr_q] = host_we ? reg_wdata_i : sum_low;
  end
  // verilator lint_on BLKSEQ
  always_ff @(posedge clk_i) begin
    if (done) addr_q <= addr;
  end
  assign index_changes = (is_set && what_q == pl_compact_pkg::SetI) || (is_do && what_q == pl_compact_pkg::DoInci);
  logic slow;  // the next instruction has a slow operand
  assign slow = (next_op == pl_compact_pkg::OpAlu || next_op == pl_compact_pkg::OpMul) &&
                (next_what == pl_compact_pkg::FromX0 || next_what == pl_compact_pkg::FromX1 ||
                 next_what == pl_compact_pkg::FromCode || next_what == pl_compact_pkg::FromC0 ||
                 next_what == pl_compact_pkg::FromC1 || next_what == pl_compact_pkg::FromC2 ||
                 next_what == pl_compact_pkg::FromTail);
  assign hazard = (is_store && addr == addr_q) || (index_changes && ir_q[8]) || (slow && |op_q);

  // ---- Effects, for branches.
  localparam int EffectBits = pl_regs_pkg::EffectCrosstalk + 1;
  logic [EffectBits-1:0] effects_q;
  logic operand_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) effects_q <= '0;
    else if (host_we && reg_addr_i[6:0] == 7'(pl_regs_pkg::RegEffects)) effects_q <= reg_wdata_i[EffectBits-1:0];
  end
  always_ff @(posedge clk_i) begin
    if (idle_o) operand_q <= load_operand_i;
  end
  assign operand_o = operand_q;

  // ---- The accumulator and its operands.
  logic signed [ABits-1:0] a_q, a_d, left, right, sum;
  logic [31:0] q_q, y, x0, x1;
  logic [15:0] root_q;
  logic [Elements*8-1:0] codes_q;
  logic [5:0] k_q, k_d;
  logic less_q;
  logic carry_q, g_q, neg, k_zero_q, k_one_q, when_met;
  logic [pl_gauss_pkg::EntryBits-1:0] entry_q;
  assign neg = a_q[ABits-1];

  always_comb begin
    case (when_q)
      pl_compact_pkg::WhenNeg: when_met = neg;
      pl_compact_pkg::WhenPos: when_met = ~neg;
      pl_compact_pkg::WhenCarry: when_met = carry_q;
      pl_compact_pkg::WhenG: when_met = g_q;
      default: when_met = 1'b1;
    endcase
  end

  // Sources of the right operand, one-hot; nothing selected is 0. The slow ones go by aux_q: their instruction is executed
  // only behind a clock in which nothing was, so they stand still.
  logic from_memory_q, from_mac_q, from_root_q;
  logic [31:0] aux_q, aux_d;
  always_comb begin
    case (next_what)
      pl_compact_pkg::FromX0: aux_d = x0;
      pl_compact_pkg::FromX1: aux_d = x1;
      pl_compact_pkg::FromCode: aux_d = {{24{codes_q[7]}}, codes_q[7:0]};
      pl_compact_pkg::FromC0: aux_d = 32'(entry_q[pl_gauss_pkg::C0Low +: pl_gauss_pkg::C0Bits]);
      pl_compact_pkg::FromC1: aux_d = 32'(entry_q[pl_gauss_pkg::C1Low +: pl_gauss_pkg::C1Bits]);
      pl_compact_pkg::FromC2: aux_d = 32'(entry_q[pl_gauss_pkg::C2Low +: pl_gauss_pkg::C2Bits]);
      pl_compact_pkg::FromTail: aux_d = ir_q[0] ? {tail_i, 16'd0} : {16'd0, tail_i};
      default: aux_d = '0;
    endcase
  end
  always_ff @(posedge clk_i) begin
    if (done) begin
      aux_q <= aux_d;
      from_memory_q <= next_what == pl_compact_pkg::FromMemory || next_what == pl_compact_pkg::FromMemoryOne;
      from_mac_q <= next_what == pl_compact_pkg::FromMac;
      from_root_q <= next_what == pl_compact_pkg::FromRoot;
    end
  end
  assign y = (word_q & {32{from_memory_q}}) | (mac_i & {32{from_mac_q}})
           | ({14'd0, root_q, 2'b01} & {32{from_root_q}}) | aux_q;
  assign tail_what_o = ir_q[2:0];

  // What the adder does in this clock: left is one of 0, A, 2 A, ~A; right is y or nothing, inverted to subtract. Most of it
  // is decided a clock ahead. step_q counts the clocks of an instruction, modulo 4. A digit of the root takes four: shift
  // in, shift in, compare, subtract; a limit three: subtract, clear if beyond, add.
  logic [1:0] step_q, step_d, left_d, left_q;
  logic right_on, carry_in, a_en, shift_right, root_digit;
  logic off_q, off_d, inverted_q, inverted_d, one_q, one_d, round_q, round_d, in_q, in_d, k_ends;
  assign step_d = done ? 2'd0 : step_q + 2'd1;
  assign k_ends = k_d == 6'd0;
  always_comb begin
    left_d = ir_q[pl_compact_pkg::XAt +: 2];
    off_d = 1'b0;       // nothing on the right
    inverted_d = 1'b0;
    one_d = 1'b0;       // add one
    round_d = 1'b0;     // add the carry
    in_d = 1'b0;        // add the highest bit of Q
    if (done) begin
      case (next_op)
        pl_compact_pkg::OpAlu: begin
          inverted_d = ir_q[pl_compact_pkg::InvAt];
          one_d = ir_q[pl_compact_pkg::InvAt] | (left_d == pl_compact_pkg::XNot);
        end
        pl_compact_pkg::OpStore: one_d = next_what == pl_compact_pkg::FromMemoryOne;
        pl_compact_pkg::OpMul: left_d = pl_compact_pkg::XZero;
        pl_compact_pkg::OpShift, pl_compact_pkg::OpNorm: left_d = pl_compact_pkg::XDouble;
        pl_compact_pkg::OpSqrt: begin
          left_d = pl_compact_pkg::XZero;
          off_d = 1'b1;
          in_d = 1'b1;
        end
        pl_compact_pkg::OpLimit: begin
          inverted_d = 1'b1;
          one_d = 1'b1;
        end
        pl_compact_pkg::OpDrain: begin
          left_d = pl_compact_pkg::XZero;
          off_d = 1'b1;
        end
        default: ;
      endcase
    end else begin
      left_d = pl_compact_pkg::XDouble;  // products, normalisation
      if (is_shift && k_ends) begin
        left_d = pl_compact_pkg::XA;
        round_d = what_q == pl_compact_pkg::FromCarry;
      end
      if (is_sqrt) begin
        if (step_d[1]) left_d = pl_compact_pkg::XA;
        off_d = ~step_d[1];
        inverted_d = step_d[1];
        one_d = step_d[1];
        in_d = ~step_d[1];
      end
      if (is_limit) begin
        left_d = step_d[1] ? pl_compact_pkg::XA : pl_compact_pkg::XZero;
        off_d = ~step_d[1];
      end
      if (is_drain) left_d = pl_compact_pkg::XA;
    end
  end
  always_ff @(posedge clk_i) begin
    step_q <= step_d;
    left_q <= left_d;
    off_q <= off_d;
    inverted_q <= inverted_d;
    one_q <= one_d;
    round_q <= round_d;
    in_q <= in_d;
  end
  assign root_digit = step_q == 2'd3;
  assign right_on = ~off_q & (~is_mul | q_q[31]);
  assign carry_in = one_q | (round_q & carry_q) | (in_q & q_q[31]);
  assign shift_right = is_shift & ~inv_q & ~k_zero_q;
  assign a_en = (is_alu & when_met) | is_store | is_mul | (is_shift & (started_q | ~flag_q)) | (is_norm & ~a_q[31])
              | (is_sqrt & (~step_q[1] | (root_digit & ~less_q))) | (is_limit & (step_q != 2'd1 | neg != inv_q))
              | is_drain;
  always_comb begin
    case (left_q)
      pl_compact_pkg::XZero: left = '0;
      pl_compact_pkg::XA: left = a_q;
      pl_compact_pkg::XDouble: left = {a_q[ABits-2:0], 1'b0};
      default: left = ~a_q;
    endcase
  end
  assign right = ({{(ABits-32){flag_q & y[31]}}, y} & {ABits{right_on}}) ^ {ABits{inverted_q}};
  assign sum = left + right + $signed({{(ABits-1){1'b0}}, carry_in});
  assign sum_low = sum[31:0];
  logic by_eight;
  assign by_eight = |k_q[5:3];
  assign a_d = !shift_right ? sum : by_eight ? a_q >>> 8 : a_q >>> 1;
  always_ff @(posedge clk_i) begin
    if (a_en) a_q <= a_d;
    if (a_en && shift_right) carry_q <= by_eight ? a_q[7] : a_q[0];
    if (is_do && what_q == pl_compact_pkg::DoSign) g_q <= neg;
  end

  // ---- Multiplier, root, index, codes.
  always_ff @(posedge clk_i) begin
    if (is_set && what_q == pl_compact_pkg::SetQ) q_q <= word_q;
    else if (is_set && what_q == pl_compact_pkg::SetQh) q_q <= {word_q[15:0], 16'd0};
    else if (is_mul || (is_sqrt && !step_q[1])) q_q <= {q_q[30:0], 1'b0};
    if (is_sqrt && !started_q) root_q <= '0;
    else if (is_sqrt && root_digit) root_q <= {root_q[14:0], ~less_q};
    less_q <= sum[ABits-1];
    if (is_set && what_q == pl_compact_pkg::SetI) i_q <= word_q[7:0];
    else if (is_do && what_q == pl_compact_pkg::DoInci) i_q <= i_q + 8'd1;
  end
  logic beat, accept;
  assign beat = is_do & (what_q == pl_compact_pkg::DoBeat);
  assign load_ready_o = beat & beat_i;
  assign accept = load_ready_o & load_valid_i;
  always_ff @(posedge clk_i) begin
    if (accept) codes_q <= load_codes_i;
    else if (beat && !beat_i) codes_q <= codes_q >> 8;
  end

  // ---- The count.
  always_comb begin
    if (done) begin  // of the next instruction
      k_d = ir_q[5:0];  // shifts, rounds
      if (next_op == pl_compact_pkg::OpMul)
        k_d = ir_q[pl_compact_pkg::WhenAt] ? 6'd12 : ir_q[pl_compact_pkg::WhenAt+1] ? 6'd20 : 6'd16;
      if (next_op == pl_compact_pkg::OpNorm) k_d = 6'd0;
      if (next_op == pl_compact_pkg::OpSqrt) k_d = 6'd16;
    end else if (!started_q && ((is_shift && flag_q) || is_drain)) begin
      k_d = word_q[5:0];
    end else if (is_norm) begin
      k_d = k_q + 6'd1;
    end else if (is_shift && !inv_q && by_eight) begin
      k_d = k_q - 6'd8;
    end else if (is_sqrt && !root_digit) begin
      k_d = k_q;
    end else begin
      k_d = k_q - 6'd1;
    end
  end
  always_ff @(posedge clk_i) begin
    k_q <= k_d;
    k_zero_q <= k_ends;
    k_one_q <= k_d == 6'd1;
  end

  // ---- The Gaussian's table: the segment that `norm` found.
  logic [pl_gauss_pkg::EntryBits-1:0] gauss [0:255];
  initial begin
    for (int n = 0; n < 256; n++) gauss[n] = pl_gauss_pkg::Table[n*pl_gauss_pkg::EntryBits +: pl_gauss_pkg::EntryBits];
  end
  always_ff @(posedge clk_i) begin
    if (is_norm) entry_q <= gauss[{k_q[4:0], a_q[30:28]}];
  end

  pl_micro_threefry u_threefry (
    .clk_i(clk_i), .zero_i(is_do && what_q == pl_compact_pkg::DoTfz), .add0_i(is_add0), .add1_i(is_add1),
    .round_i(is_rounds), .step_i({what_q[0], k_q[1:0]}), .word_i(word_q), .x0_o(x0), .x1_o(x1)
  );

  // ---- End of an instruction, and the next one.
  always_comb begin
    done = 1'b1;
    if (is_mul) done = k_one_q;
    else if (is_shift) done = k_zero_q & (started_q | ~flag_q);
    else if (is_norm) done = a_q[31];
    else if (is_sqrt) done = k_one_q & root_digit;
    else if (is_rounds) done = k_one_q | flag_q;
    else if (is_limit) done = step_q[1];
    else if (is_drain) done = k_one_q & started_q;
    else if (is_write) done = ~write_busy_i;
    else if (is_do) begin
      case (what_q)
        pl_compact_pkg::DoIdle: done = start_i | load_start_i;
        pl_compact_pkg::DoWait: done = ~busy_i;
        pl_compact_pkg::DoBeat: done = ~beat_i | load_valid_i;
        pl_compact_pkg::DoOut: done = result_ready_i;
        default: done = 1'b1;
      endcase
    end
  end

  logic dac, enc, noisy, chosen, taken;
  assign dac = effects_q[operand_q ? pl_regs_pkg::EffectDacB : pl_regs_pkg::EffectDacA];
  assign enc = effects_q[operand_q ? pl_regs_pkg::EffectEncB : pl_regs_pkg::EffectEncA];
  assign noisy = effects_q[pl_regs_pkg::EffectPhase] | effects_q[pl_regs_pkg::EffectShot];
  always_comb begin
    case (what_q)
      pl_compact_pkg::IfNeg: chosen = neg;
      pl_compact_pkg::IfDac: chosen = dac;
      pl_compact_pkg::IfEnc: chosen = enc;
      pl_compact_pkg::IfCrosstalk: chosen = effects_q[pl_regs_pkg::EffectCrosstalk];
      pl_compact_pkg::IfSquare: chosen = noisy | effects_q[pl_regs_pkg::EffectDispersion];
      pl_compact_pkg::IfPhase: chosen = effects_q[pl_regs_pkg::EffectPhase];
      pl_compact_pkg::IfShot: chosen = effects_q[pl_regs_pkg::EffectShot];
      pl_compact_pkg::IfDispersion: chosen = effects_q[pl_regs_pkg::EffectDispersion];
      pl_compact_pkg::IfOutput: chosen = effects_q[pl_regs_pkg::EffectOutput];
      pl_compact_pkg::IfReceiver: chosen = noisy | effects_q[pl_regs_pkg::EffectThermal];
      pl_compact_pkg::IfThermal: chosen = effects_q[pl_regs_pkg::EffectThermal];
      pl_compact_pkg::IfAdc: chosen = effects_q[pl_regs_pkg::EffectAdc];
      pl_compact_pkg::IfOpb: chosen = operand_q;
      pl_compact_pkg::IfOdd: chosen = odd_i;
      pl_compact_pkg::IfFirst: chosen = first_i;
      default: chosen = 1'b1;
    endcase
  end
  assign taken = is_branch & (chosen ^ flag_q);
  logic returns, loads;
  assign returns = is_do & (what_q == pl_compact_pkg::DoRet);
  assign loads = is_do & (what_q == pl_compact_pkg::DoIdle) & load_start_i;
  assign jump = taken | returns | loads;
  assign target = returns ? back_q : loads ? pc_q + 9'd1 : arg_q;
  always_ff @(posedge clk_i) begin
    if (taken && inv_q) back_q <= pc_q;  // the instruction behind the call is being decoded
  end

  // ---- Outside.
  assign idle_o = is_do & (what_q == pl_compact_pkg::DoIdle);
  assign result_valid_o = is_do & (what_q == pl_compact_pkg::DoOut);
  assign result_o = a_q[31:0];
  assign counted_read_o = is_do & (what_q == pl_compact_pkg::DoCountRead);
  assign counted_clipped_o = is_do & (what_q == pl_compact_pkg::DoCountClipped);
  assign set_o = is_set;
  assign set_what_o = what_q;
  assign value_o = word_q[15:0];
  assign do_o = is_do;
  assign do_what_o = what_q;
  assign write_o = is_write;
  assign write_what_o = what_q[1:0];
  assign write_part_o = arg_q[1:0];
  assign data_o = a_q[15:0];
  assign plain_b_o = ~(effects_q[pl_regs_pkg::EffectEncB] | effects_q[pl_regs_pkg::EffectCrosstalk]);
  assign mac_next_o = is_drain & started_q;
endmodule
`default_nettype wire
