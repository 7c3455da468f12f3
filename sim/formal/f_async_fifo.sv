// f_async_fifo: pl_async_fifo between two clocks that have nothing to do with each other, a solver step being less than half a
// period of either: it never holds more bytes than it has places, and every byte comes out once, in order (the byte of any
// one number is followed from end to end). Both clocks may stop for ever. Bounded.
`default_nettype none
module f_async_fifo (
  input wire       w_clk,
  input wire       r_clk,
  input wire       w_valid,
  input wire [7:0] w_byte,
  input wire       r_ready
);
  wire w_ready, w_room, r_valid;
  wire [7:0] r_byte;
  reg started = 1'b0;
  (* gclk *) wire step;
  always @(posedge step) started <= 1'b1;
  pl_async_fifo #(.Log(1), .Margin(1)) dut (
    .w_clk_i(w_clk), .w_rst_ni(started), .w_valid_i(w_valid), .w_ready_o(w_ready), .w_room_o(w_room), .w_byte_i(w_byte),
    .r_clk_i(r_clk), .r_rst_ni(started), .r_valid_o(r_valid), .r_ready_i(r_ready), .r_byte_o(r_byte)
  );

  // Numbers of bytes in and out, and the byte that is followed.
  (* anyconst *) wire [3:0] number;
  reg [3:0] in = 4'd0, out = 4'd0;
  reg [7:0] followed = 8'd0;
  reg room_before = 1'b0;
  wire [3:0] held = in - out;
  always @(posedge w_clk) if (started && w_valid && w_ready) begin
    in <= in + 4'd1;
    if (in == number) followed <= w_byte;
  end
  always @(posedge r_clk) if (started && r_valid && r_ready) out <= out + 4'd1;
  always @(posedge step) begin
    if (started) begin
      assert (held <= 4'd2);
      if (r_valid) assert (held != 4'd0);
      if (r_valid && out == number) assert (r_byte == followed);
      if (w_room) assert (held <= 4'd1);
    end
  end
endmodule
`default_nettype wire
