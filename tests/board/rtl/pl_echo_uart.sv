// pl_echo_uart: the pins of pl_chip_uart, and behind them only an echo: every byte that comes goes back. For tests of the board.
//
// 8N1 at Divisor clocks a bit; a queue of Depth bytes; rts_no goes high when it is nearly full; cts_ni is heeded.
`default_nettype none
module pl_echo_uart #(
  parameter int Divisor = 4,
  parameter int Depth = 64
) (
  input  logic       clk_i,
  input  logic       rst_ni,
  input  logic       rxd_i,
  input  logic       cts_ni,
  output logic       txd_o,
  output logic       rts_no,
  output logic [3:0] status_o
);
  localparam int AddrBits = $clog2(Depth);
  logic [1:0] rxd_q, cts_q;
  logic [7:0] queue [Depth];
  logic [AddrBits:0] head_q, tail_q;
  logic [AddrBits:0] count;
  assign count = tail_q - head_q;
  assign rts_no = count > (AddrBits+1)'(Depth - 8);

  // Receiver: a counter to the middle of each bit.
  logic receiving_q;
  logic [3:0] rx_bit_q;
  logic [$clog2(2*Divisor)-1:0] rx_wait_q;
  logic [7:0] rx_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      rxd_q <= 2'b11;
      cts_q <= 2'b11;
      receiving_q <= 1'b0;
      tail_q <= '0;
    end else begin
      rxd_q <= {rxd_q[0], rxd_i};
      cts_q <= {cts_q[0], cts_ni};
      if (!receiving_q) begin
        if (!rxd_q[1]) begin
          receiving_q <= 1'b1;
          rx_bit_q <= 4'd0;
          rx_wait_q <= ($clog2(2*Divisor))'(Divisor + Divisor / 2 - 2);
        end
      end else if (rx_wait_q != '0) begin
        rx_wait_q <= rx_wait_q - 1'b1;
      end else if (rx_bit_q == 4'd8) begin
        receiving_q <= 1'b0;
        if (rxd_q[1]) begin
          queue[tail_q[AddrBits-1:0]] <= rx_q;
          tail_q <= tail_q + 1'b1;
        end
      end else begin
        rx_q <= {rxd_q[1], rx_q[7:1]};
        rx_bit_q <= rx_bit_q + 4'd1;
        rx_wait_q <= ($clog2(2*Divisor))'(Divisor - 1);
      end
    end
  end

  logic [9:0] tx_q;
  logic [3:0] tx_left_q;
  logic [$clog2(Divisor)-1:0] tx_wait_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      tx_q <= '1;
      tx_left_q <= 4'd0;
      head_q <= '0;
      tx_wait_q <= '0;
    end else if (tx_wait_q != '0) begin
      tx_wait_q <= tx_wait_q - 1'b1;
    end else if (tx_left_q > 4'd1) begin
      tx_q <= {1'b1, tx_q[9:1]};
      tx_left_q <= tx_left_q - 4'd1;
      tx_wait_q <= ($clog2(Divisor))'(Divisor - 1);
    end else if (count != '0 && !cts_q[1]) begin
      tx_q <= {1'b1, queue[head_q[AddrBits-1:0]], 1'b0};
      head_q <= head_q + 1'b1;
      tx_left_q <= 4'd10;
      tx_wait_q <= ($clog2(Divisor))'(Divisor - 1);
    end
  end
  assign txd_o = tx_q[0];
  assign status_o = 4'(count);
endmodule
`default_nettype wire
