// pl_uart_rx: receiver of an 8N1 UART. Step / 2^24 is the bit rate in bits per clock, at most 1/4.
//
// valid_o holds a byte until ready_i; overrun_o is high for one clock if the next byte needs its place before that,
// framing_o if a stop bit is 0 (the byte is dropped, and the line must be 1 before another begins). rxd_i is asynchronous.
// A bit is sampled once, in its middle: at 4 clocks per bit between 1/2 and 3/4 of it, wherever the edge fell in its clock.
`default_nettype none
module pl_uart_rx #(
  parameter logic [23:0] Step = 24'h400000
) (
  input  logic       clk_i,
  input  logic       rst_ni,
  input  logic       rxd_i,
  output logic       valid_o,
  input  logic       ready_i,
  output logic [7:0] byte_o,
  output logic       framing_o,
  output logic       overrun_o
);
  localparam logic [23:0] Begin = 24'h800000 + Step / 2;  // half a bit from the middle, and half a clock

  if (Step == 24'd0 || Step > 24'h400000) begin : g_bad_step
    $error("pl_uart_rx: Step must be 1 to 2^22: at least 4 clocks per bit");
  end

  logic [1:0] line_q;  // synchroniser
  logic line, tick, first, last;
  logic busy_q, busy_d, broken_q, broken_d, valid_q, valid_d;
  logic [3:0] bit_q, bit_d;  // 0 start, 1..8 data, 9 stop
  logic [7:0] byte_q, byte_d;
  logic [23:0] phase_q, phase_d, phase_next;

  assign line = line_q[1];
  assign {tick, phase_next} = {1'b0, phase_q} + {1'b0, Step};
  assign first = bit_q == 4'd0;
  assign last = bit_q == 4'd9;
  assign framing_o = busy_q & tick & last & ~line;
  assign overrun_o = busy_q & tick & bit_q == 4'd1 & valid_q & ~ready_i;

  always_comb begin
    busy_d = busy_q;
    broken_d = broken_q & ~line;
    bit_d = bit_q;
    byte_d = byte_q;
    phase_d = phase_next;
    valid_d = valid_q & ~ready_i;
    if (!busy_q) begin
      phase_d = Begin;
      bit_d = 4'd0;
      busy_d = ~line & ~broken_q;
    end else if (tick) begin
      bit_d = bit_q + 4'd1;
      if (first) begin
        busy_d = ~line;  // 1: it was no start bit
      end else if (last) begin
        busy_d = 1'b0;
        valid_d = line;
        broken_d = ~line;
      end else begin
        byte_d = {line, byte_q[7:1]};
        valid_d = 1'b0;
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      line_q <= 2'b11;
      busy_q <= 1'b0;
      broken_q <= 1'b0;
      valid_q <= 1'b0;
    end else begin
      line_q <= {line_q[0], rxd_i};
      busy_q <= busy_d;
      broken_q <= broken_d;
      valid_q <= valid_d;
    end
  end
  always_ff @(posedge clk_i) begin
    bit_q <= bit_d;
    byte_q <= byte_d;
    phase_q <= phase_d;
  end
  assign valid_o = valid_q;
  assign byte_o = byte_q;
endmodule
`default_nettype wire
