// pl_echo_ft245: the pins of pl_chip_ft245, and behind them only an echo: every byte that comes goes back. For tests of the board.
//
// Reads bursts into a queue of Depth bytes, then writes it back, all in the domain of CLKOUT. The first byte after reset is not
// echoed: it says which rule of the FIFO to break, so that the board can be seen to notice. 0 none, 1 RD# together with OE#,
// 2 WR# without a look at TXE#, 3 drives D while OE# is low, 4 no idle clock between reading and writing, 5 writes without driving D,
// 6 WR# while OE# is low, 7 takes a byte as written though TXE# was high (no rule: a byte is lost). AtOnce: drives D before
// CLKOUT runs.
`default_nettype none
module pl_echo_ft245 #(
  parameter int AtOnce = 0,
  parameter int Depth = 64
) (
  input  logic       clk_i,
  input  logic       rst_ni,
  input  logic       ftdi_clk_i,
  input  logic [7:0] data_i,
  output logic [7:0] data_o,
  output logic       data_oe_o,
  input  logic       rxf_ni,
  input  logic       txe_ni,
  output logic       rd_no,
  output logic       wr_no,
  output logic       oe_no,
  output logic       siwu_no,
  output logic [3:0] status_o
);
  localparam int AddrBits = $clog2(Depth);
  typedef enum logic [2:0] {Idle, Open, Read, Turn, Write, Send} state_e;
  state_e state_q;
  logic [7:0] queue [Depth];
  logic [AddrBits:0] head_q, tail_q, count, left;
  logic told_q;
  logic [3:0] broken_q;
  logic rd_q, wr_q, oe_q, drive_q, siwu_q, accepted;
  assign count = tail_q - head_q;
  assign accepted = wr_q && (!txe_ni || broken_q == 4'd7);
  assign left = count - (AddrBits+1)'(accepted);

  always_ff @(posedge ftdi_clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q <= Idle;
      told_q <= 1'b0;
      broken_q <= 4'd0;
      head_q <= '0;
      tail_q <= '0;
      rd_q <= 1'b0;
      wr_q <= 1'b0;
      oe_q <= 1'b0;
      drive_q <= 1'b0;
      siwu_q <= 1'b0;
    end else begin
      siwu_q <= 1'b0;
      if (rd_q && !rxf_ni && !told_q) begin
        told_q <= 1'b1;
        broken_q <= data_i[3:0];
      end else if (rd_q && !rxf_ni) begin
        queue[tail_q[AddrBits-1:0]] <= data_i;
        tail_q <= tail_q + 1'b1;
      end
      if (accepted) head_q <= head_q + 1'b1;
      case (state_q)
        Idle:
          if (count != '0 && (!txe_ni || broken_q == 4'd2)) begin
            drive_q <= broken_q != 4'd5;
            wr_q <= broken_q == 4'd2;
            state_q <= Write;
          end else if (!rxf_ni && count == '0) begin
            oe_q <= 1'b1;
            rd_q <= broken_q == 4'd1;
            state_q <= Open;
          end
        Open: begin
          rd_q <= 1'b1;
          if (broken_q == 4'd3) drive_q <= 1'b1;
          if (broken_q == 4'd6) wr_q <= 1'b1;
          state_q <= Read;
        end
        Read: if (rxf_ni || count > (AddrBits+1)'(Depth - 4)) begin
          rd_q <= 1'b0;
          oe_q <= 1'b0;
          drive_q <= broken_q == 4'd4;
          state_q <= Turn;
        end
        Turn: state_q <= Idle;
        Write:
          if (left == '0) begin
            wr_q <= 1'b0;
            drive_q <= 1'b0;
            siwu_q <= 1'b1;
            state_q <= Send;
          end else begin
            wr_q <= !txe_ni || wr_q;
          end
        default: state_q <= Turn;
      endcase
    end
  end
  assign data_o = queue[head_q[AddrBits-1:0]];
  assign data_oe_o = drive_q || AtOnce != 0;
  assign rd_no = ~rd_q;
  assign wr_no = ~wr_q;
  assign oe_no = ~oe_q;
  assign siwu_no = ~siwu_q;
  assign status_o = 4'(count) ^ {3'b0, clk_i};
endmodule
`default_nettype wire
