// pl_gather: gathers the beats of a buffer word: Elements numbers of Box bits at a time into Width of them.
//
// A beat comes with valid_i and the channel of its element 0; the word stands at word_o one clock after its last beat.
// Elements that no beat brings are 0: first_i, the word's first beat, clears them.
`default_nettype none
module pl_gather #(
  parameter int Width = 8,
  parameter int Elements = 8,  // divides Width
  parameter int Box = 13
) (
  input  logic                           clk_i,
  input  logic                           valid_i,
  input  logic                           first_i,
  input  logic [pl_pkg::ChannelBits-1:0] channel_i,
  input  logic [Elements*Box-1:0]        beat_i,
  output logic [Width*Box-1:0]           word_o
);
  logic [Width*Box-1:0] word_q;
  assign word_o = word_q;
  for (genvar g = 0; g < Width / Elements; g++) begin : g_part
    logic mine;
    assign mine = (channel_i & pl_pkg::ChannelBits'(Width - 1)) == pl_pkg::ChannelBits'(g * Elements);
    always_ff @(posedge clk_i) begin
      if (valid_i) begin
        if (mine) word_q[g*Elements*Box +: Elements*Box] <= beat_i;
        else if (first_i) word_q[g*Elements*Box +: Elements*Box] <= '0;
      end
    end
  end
  logic unused_channel;
  assign unused_channel = ^channel_i;
endmodule
`default_nettype wire
