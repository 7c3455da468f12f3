// pl_uart_tx: sender of an 8N1 UART. Step / 2^24 is the bit rate in bits per clock, at most 1/4.
//
// A byte is taken at valid_i & ready_o; bytes that follow each other at once leave without a gap, 10 bits each. No byte
// begins while cts_ni (asynchronous) is 1; tie it to 0 where it is not wired.
`default_nettype none
module pl_uart_tx #(
  parameter logic [23:0] Step = 24'h400000
) (
  input  logic       clk_i,
  input  logic       rst_ni,
  output logic       txd_o,
  input  logic       cts_ni,
  input  logic       valid_i,
  output logic       ready_o,
  input  logic [7:0] byte_i
);
  if (Step == 24'd0 || Step > 24'h400000) begin : g_bad_step
    $error("pl_uart_tx: Step must be 1 to 2^22: at least 4 clocks per bit");
  end

  logic [1:0] cts_q;  // synchroniser
  logic tick, idle;
  logic [3:0] left_q, left_d;  // bits on the line or behind it
  logic [8:0] bits_q, bits_d;
  logic [23:0] phase_q, phase_d, phase_next;

  assign {tick, phase_next} = {1'b0, phase_q} + {1'b0, Step};
  assign idle = left_q == 4'd0;
  assign ready_o = (idle | (tick & left_q == 4'd1)) & ~cts_q[1];
  assign txd_o = bits_q[0];

  always_comb begin
    left_d = left_q;
    bits_d = bits_q;
    phase_d = idle ? 24'd0 : phase_next;  // a byte that follows at once keeps the fraction of a clock
    if (!idle && tick) begin
      left_d = left_q - 4'd1;
      bits_d = {1'b1, bits_q[8:1]};
    end
    if (valid_i && ready_o) begin
      left_d = 4'd10;
      bits_d = {byte_i, 1'b0};
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      cts_q <= 2'b11;
      left_q <= 4'd0;
      bits_q <= 9'h1ff;
      phase_q <= 24'd0;
    end else begin
      cts_q <= {cts_q[0], cts_ni};
      left_q <= left_d;
      bits_q <= bits_d;
      phase_q <= phase_d;
    end
  end
endmodule
`default_nettype wire
