// pl_micro: the sequential unit of the compact core. Runs the micro-program (rtl/compact/microprogram.txt, assembled into
// pl_compact_pkg): loads, encoding, noise, detector, converter, accumulation and all counting.
//
// An instruction takes two clocks, decode and execute; those with a count (products, shifts, sums of the array) one more
// per step, and `idle`, `wait`, `beat`, `out` as long as the outside needs. Memory: 256 words of 32 bits in block RAM; the
// host writes the registers, its first words, while idle_o is high. In front of it the operand codes come (load_*), behind
// it results leave (result_*), both valid/ready; beside it the array (pl_micro_array) is told what to do:
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
  localparam int Slopes = pl_gauss_pkg::C1Bits + pl_gauss_pkg::C2Bits;

  // ---- Instructions.
  logic [23:0] code [0:511];
  initial begin
    for (int n = 0; n < 512; n++) code[n] = '0;
    for (int n = 0; n < pl_compact_pkg::Instructions; n++) code[n] = pl_compact_pkg::Code[n*24 +: 24];
  end
  logic boot_q, execute_q, started_q, done, fetch;
  logic [8:0] pc_q, pc_d, pc_next, back_q;
  logic [23:0] ir_q;
  logic [3:0] op, what;
  logic [2:0] when_;
  logic [1:0] x;
  logic flag, inv;
  assign op = ir_q[pl_compact_pkg::OpAt +: 4];
  assign what = ir_q[pl_compact_pkg::WhatAt +: 4];
  assign when_ = ir_q[pl_compact_pkg::WhenAt +: 3];
  assign x = ir_q[pl_compact_pkg::XAt +: 2];
  assign flag = ir_q[pl_compact_pkg::FlagAt];
  assign inv = ir_q[pl_compact_pkg::InvAt];
  assign fetch = boot_q | (execute_q & done);
  always_ff @(posedge clk_i) begin
    if (fetch) ir_q <= code[pc_d];
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      boot_q <= 1'b1;
      execute_q <= 1'b0;
      started_q <= 1'b0;
      pc_q <= '0;
    end else begin
      boot_q <= 1'b0;
      execute_q <= ~fetch & ~boot_q;
      started_q <= execute_q & ~done;
      if (fetch) pc_q <= pc_d;
    end
  end

  logic is_alu, is_mul, is_shift, is_norm, is_sqrt, is_store, is_set, is_branch, is_do, is_rounds, is_limit, is_drain;
  assign is_alu = op == pl_compact_pkg::OpAlu;
  assign is_mul = op == pl_compact_pkg::OpMul;
  assign is_shift = op == pl_compact_pkg::OpShift;
  assign is_norm = op == pl_compact_pkg::OpNorm;
  assign is_sqrt = op == pl_compact_pkg::OpSqrt;
  assign is_store = op == pl_compact_pkg::OpStore;
  assign is_set = op == pl_compact_pkg::OpSet;
  assign is_branch = op == pl_compact_pkg::OpBranch;
  assign is_do = op == pl_compact_pkg::OpDo;
  assign is_rounds = op == pl_compact_pkg::OpRounds;
  assign is_limit = op == pl_compact_pkg::OpLimit;
  assign is_drain = op == pl_compact_pkg::OpDrain;

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
  logic [7:0] addr, i_q;
  logic we, host_we;
  assign addr = ir_q[7:0] + (ir_q[8] ? i_q : 8'd0);
  assign host_we = reg_we_i & idle_o & (reg_addr_i < 9'(pl_regs_pkg::RegWords));
  assign we = host_we | (execute_q & is_store);
  // verilator lint_off BLKSEQ
  always_ff @(posedge clk_i) begin  // sole reader and writer of memory
    word_q <= memory[addr];
    if (we) memory[host_we ? reg_addr_i[7:0] : addr] = host_we ? reg_wdata_i : sum_low;
  end
  // verilator lint_on BLKSEQ

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
  logic [1:0] third_q;  // step of a digit of the root
  logic carry_q, g_q, neg, k_zero, k_one, when_met;
  logic [pl_gauss_pkg::C0Bits-1:0] c0_q;
  logic [Slopes-1:0] slopes_q;
  assign neg = a_q[ABits-1];
  assign k_zero = k_q == 6'd0;
  assign k_one = k_q == 6'd1;

  always_comb begin
    case (when_)
      pl_compact_pkg::WhenNeg: when_met = neg;
      pl_compact_pkg::WhenPos: when_met = ~neg;
      pl_compact_pkg::WhenCarry: when_met = carry_q;
      pl_compact_pkg::WhenG: when_met = g_q;
      default: when_met = 1'b1;
    endcase
  end

  always_comb begin
    case (what)
      pl_compact_pkg::FromMemory, pl_compact_pkg::FromMemoryOne: y = word_q;
      pl_compact_pkg::FromMac: y = mac_i;
      pl_compact_pkg::FromCode: y = {{24{codes_q[7]}}, codes_q[7:0]};
      pl_compact_pkg::FromX0: y = x0;
      pl_compact_pkg::FromX1: y = x1;
      pl_compact_pkg::FromC0: y = 32'(c0_q);
      pl_compact_pkg::FromC1: y = 32'(slopes_q[pl_gauss_pkg::C1Bits-1:0]);
      pl_compact_pkg::FromC2: y = 32'(slopes_q[Slopes-1:pl_gauss_pkg::C1Bits]);
      pl_compact_pkg::FromRoot: y = {14'd0, root_q, 2'b01};
      pl_compact_pkg::FromTail: y = ir_q[0] ? {tail_i, 16'd0} : {16'd0, tail_i};
      default: y = '0;
    endcase
  end
  assign tail_what_o = ir_q[2:0];

  // What the adder does in this clock: left is one of 0, A, 2 A, ~A; right is y or nothing, inverted to subtract.
  logic [1:0] left_what;
  logic right_on, right_inv, carry_in, a_en, shift_right, root_bit;
  assign root_bit = third_q == 2'd2;
  always_comb begin
    left_what = x;
    right_on = 1'b1;
    right_inv = inv & is_alu;
    carry_in = right_inv | (x == pl_compact_pkg::XNot) | (what == pl_compact_pkg::FromMemoryOne)
             | (what == pl_compact_pkg::FromCarry & carry_q);
    a_en = 1'b0;
    shift_right = 1'b0;
    if (!execute_q) begin  // products, roots and drained sums begin with 0
      left_what = pl_compact_pkg::XZero;
      right_on = 1'b0;
      carry_in = 1'b0;
      right_inv = 1'b0;
      a_en = is_mul | is_sqrt | is_drain;
    end else if (is_alu) begin
      a_en = when_met;
    end else if (is_store) begin
      a_en = 1'b1;
    end else if (is_mul) begin
      right_on = q_q[31];
      a_en = 1'b1;
    end else if (is_shift) begin
      a_en = started_q | ~flag;
      right_on = 1'b0;
      if (!k_zero) begin
        shift_right = ~inv;
        left_what = pl_compact_pkg::XDouble;
        carry_in = 1'b0;
      end
    end else if (is_norm) begin
      a_en = ~a_q[31];
      right_on = 1'b0;
    end else if (is_sqrt) begin
      left_what = root_bit ? pl_compact_pkg::XA : pl_compact_pkg::XDouble;
      right_on = root_bit;
      right_inv = root_bit;
      carry_in = root_bit | q_q[31];
      a_en = ~root_bit | ~sum[ABits-1];
    end else if (is_limit) begin
      a_en = 1'b1;
      right_inv = ~started_q;
      carry_in = ~started_q;
      if (started_q) left_what = neg == inv ? pl_compact_pkg::XA : pl_compact_pkg::XZero;
    end else if (is_drain) begin
      a_en = started_q;
    end
  end
  always_comb begin
    case (left_what)
      pl_compact_pkg::XZero: left = '0;
      pl_compact_pkg::XA: left = a_q;
      pl_compact_pkg::XDouble: left = {a_q[ABits-2:0], 1'b0};
      default: left = ~a_q;
    endcase
  end
  assign right = ({{(ABits-32){flag & y[31]}}, y} & {ABits{right_on}}) ^ {ABits{right_inv}};
  assign sum = left + right + $signed({{(ABits-1){1'b0}}, carry_in});
  assign sum_low = sum[31:0];
  logic by_eight;
  assign by_eight = |k_q[5:3];
  assign a_d = !shift_right ? sum : by_eight ? a_q >>> 8 : a_q >>> 1;
  always_ff @(posedge clk_i) begin
    if (a_en) a_q <= a_d;
    if (a_en && shift_right) carry_q <= by_eight ? a_q[7] : a_q[0];
    if (execute_q && is_do && what == pl_compact_pkg::DoSign) g_q <= neg;
  end

  // ---- Multiplier, root, index, codes.
  logic set;
  assign set = execute_q & is_set;
  always_ff @(posedge clk_i) begin
    if (set && what == pl_compact_pkg::SetQ) q_q <= word_q;
    else if (set && what == pl_compact_pkg::SetQh) q_q <= {word_q[15:0], 16'd0};
    else if (execute_q && (is_mul || (is_sqrt && !root_bit))) q_q <= {q_q[30:0], 1'b0};
    if (!execute_q && is_sqrt) root_q <= '0;
    else if (execute_q && is_sqrt && root_bit) root_q <= {root_q[14:0], ~sum[ABits-1]};
    third_q <= execute_q && is_sqrt && !root_bit ? third_q + 2'd1 : 2'd0;
    if (set && what == pl_compact_pkg::SetI) i_q <= word_q[7:0];
    else if (execute_q && is_do && what == pl_compact_pkg::DoInci) i_q <= i_q + 8'd1;
  end
  logic beat, accept;
  assign beat = execute_q & is_do & (what == pl_compact_pkg::DoBeat);
  assign load_ready_o = beat & beat_i;
  assign accept = load_ready_o & load_valid_i;
  always_ff @(posedge clk_i) begin
    if (accept) codes_q <= load_codes_i;
    else if (beat && !beat_i) codes_q <= codes_q >> 8;
  end

  // ---- The count.
  always_comb begin
    k_d = k_q;
    if (!execute_q) begin
      k_d = ir_q[5:0];  // shifts, rounds
      if (is_mul) k_d = when_ == 3'd0 ? 6'd16 : when_ == 3'd1 ? 6'd12 : 6'd20;
      if (is_norm) k_d = 6'd0;
      if (is_sqrt) k_d = 6'd16;
    end else if ((is_shift && flag && !started_q) || (is_drain && !started_q)) begin
      k_d = word_q[5:0];
    end else if (is_norm) begin
      k_d = k_q + 6'd1;
    end else if (is_shift && !inv && by_eight) begin
      k_d = k_q - 6'd8;
    end else if (is_mul || is_shift || is_drain || is_rounds || (is_sqrt && root_bit)) begin
      k_d = k_q - 6'd1;
    end
  end
  always_ff @(posedge clk_i) k_q <= k_d;

  // ---- The Gaussian's table: the segment that `norm` found.
  logic [pl_gauss_pkg::C0Bits-1:0] rom_value [0:255];
  logic [Slopes-1:0] rom_slopes [0:255];
  initial begin
    for (int n = 0; n < 256; n++) begin
      rom_value[n] = pl_gauss_pkg::Table[n*pl_gauss_pkg::EntryBits +: pl_gauss_pkg::C0Bits];
      rom_slopes[n] = pl_gauss_pkg::Table[n*pl_gauss_pkg::EntryBits + pl_gauss_pkg::C0Bits +: Slopes];
    end
  end
  always_ff @(posedge clk_i) begin
    if (execute_q && is_norm) begin
      c0_q <= rom_value[{k_q[4:0], a_q[30:28]}];
      slopes_q <= rom_slopes[{k_q[4:0], a_q[30:28]}];
    end
  end

  pl_micro_threefry u_threefry (
    .clk_i(clk_i), .zero_i(execute_q && is_do && what == pl_compact_pkg::DoTfz),
    .add0_i(execute_q && op == pl_compact_pkg::OpAddX0), .add1_i(execute_q && op == pl_compact_pkg::OpAddX1),
    .round_i(execute_q && is_rounds), .step_i({what[0], k_q[1:0]}), .word_i(word_q), .x0_o(x0), .x1_o(x1)
  );

  // ---- End of an instruction, and the next one.
  always_comb begin
    done = 1'b1;
    if (is_mul) done = k_one;
    else if (is_shift) done = k_zero & (started_q | ~flag);
    else if (is_norm) done = a_q[31];
    else if (is_sqrt) done = k_one & root_bit;
    else if (is_rounds) done = k_one | flag;
    else if (is_limit) done = started_q;
    else if (is_drain) done = k_one & started_q;
    else if (is_do) begin
      case (what)
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
    case (what)
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
  assign taken = is_branch & (chosen ^ flag);
  assign pc_next = pc_q + ((is_do && what == pl_compact_pkg::DoIdle && load_start_i) ? 9'd2 : 9'd1);
  assign pc_d = boot_q ? 9'd0 : taken ? ir_q[8:0] : is_do && what == pl_compact_pkg::DoRet ? back_q : pc_next;
  always_ff @(posedge clk_i) begin
    if (execute_q && taken && inv) back_q <= pc_next;
  end

  // ---- Outside.
  assign idle_o = execute_q & is_do & (what == pl_compact_pkg::DoIdle);
  assign result_valid_o = execute_q & is_do & (what == pl_compact_pkg::DoOut);
  assign result_o = a_q[31:0];
  assign counted_read_o = execute_q & is_do & (what == pl_compact_pkg::DoCountRead);
  assign counted_clipped_o = execute_q & is_do & (what == pl_compact_pkg::DoCountClipped);
  assign set_o = set;
  assign set_what_o = what;
  assign value_o = word_q[15:0];
  assign do_o = execute_q & is_do;
  assign do_what_o = what;
  assign write_o = execute_q & (op == pl_compact_pkg::OpWrite);
  assign write_what_o = what[1:0];
  assign write_part_o = ir_q[1:0];
  assign data_o = a_q[15:0];
  assign mac_next_o = execute_q & is_drain & started_q;
endmodule
`default_nettype wire
