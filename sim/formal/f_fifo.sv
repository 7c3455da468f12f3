// f_fifo: the pointers of pl_async_fifo with one clock for both sides: never more bytes than places, never a byte that was not
// written, and w_room_o is true to its word, however long it runs. Together with f_async_fifo, which shows the same and the bytes
// themselves between two clocks for a bounded time. Induction.
`default_nettype none
module f_fifo (
  input wire       clk,
  input wire       w_valid,
  input wire [7:0] w_byte,
  input wire       r_ready
);
  localparam int Log = 3;
  reg rst_n = 1'b0;
  always @(posedge clk) rst_n <= 1'b1;
  wire w_ready, w_room, r_valid;
  wire [7:0] r_byte;
  pl_async_fifo #(.Log(Log), .Margin(4)) dut (
    .w_clk_i(clk), .w_rst_ni(rst_n), .w_valid_i(w_valid), .w_ready_o(w_ready), .w_room_o(w_room), .w_byte_i(w_byte),
    .r_clk_i(clk), .r_rst_ni(rst_n), .r_valid_o(r_valid), .r_ready_i(r_ready), .r_byte_o(r_byte)
  );
  (* hierconn *) wire [Log:0] \dut.w_q ;
  (* hierconn *) wire [Log:0] \dut.r_q ;
  (* hierconn *) wire [Log:0] \dut.w_gray_q ;
  (* hierconn *) wire [Log:0] \dut.r_gray_q ;
  (* hierconn *) wire [Log:0] \dut.w_seen0_q ;
  (* hierconn *) wire [Log:0] \dut.w_seen_q ;
  (* hierconn *) wire [Log:0] \dut.r_seen0_q ;
  (* hierconn *) wire [Log:0] \dut.r_seen_q ;
  function [Log:0] binary;
    input [Log:0] gray;
    integer n;
    begin
      binary[Log] = gray[Log];
      for (n = Log - 1; n >= 0; n = n - 1) binary[n] = binary[n+1] ^ gray[n];
    end
  endfunction
  wire [Log:0] w = \dut.w_q , r = \dut.r_q ;
  wire [Log:0] w0 = binary(\dut.w_seen0_q ), w1 = binary(\dut.w_seen_q ), r0 = binary(\dut.r_seen0_q ), r1 = binary(\dut.r_seen_q );
  // r1 <= r0 <= r <= w1 <= w0 <= w, modulo the width, and all of it within the places.
  wire [Log:0] a = r0 - r1, b = r - r0, c = w1 - r, d = w0 - w1, e = w - w0, held = w - r;
  wire [Log+3:0] all = a + b + c + d + e;
  always @(posedge clk) if (rst_n) begin
    assert (held <= 1 << Log);
    if (r_valid && r_ready) assert (held != 0);
    if (w_valid && w_ready) assert (held < 1 << Log);
    if (w_room) assert (held <= (1 << Log) - 4);
    assert (\dut.w_gray_q == (w ^ (w >> 1)) && \dut.r_gray_q == (r ^ (r >> 1)));
    assert (all <= 1 << Log);
  end
endmodule
`default_nettype wire
