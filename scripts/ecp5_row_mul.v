// Multipliers of LUTs and carry chains for the ECP5 (a Yosys techmap): $__row_mul, which has the ports and parameters of $mul,
// but each operand its own sign. scripts/synthesis.py makes them of the multipliers that a board's `soft` names.
//
// Two bits of B make a row: a CCU2C adds (a & b0) to (2a & b1) with no LUT before it, since the carry comes from its lower two
// inputs. A tree of adders sums the rows. A product of 10 x 10 bits without signs is 60 CCU2C (120 LUTs) this way, of 13 x 13 with
// signs 105; Yosys itself makes 404 and 1006 LUT4 of them. Proved by tests/netlist/row_mul.py.
(* techmap_celltype = "$__row_mul" *)
module row_mul (A, B, Y);
  parameter A_SIGNED = 0;
  parameter B_SIGNED = 0;
  parameter A_WIDTH = 1;
  parameter B_WIDTH = 1;
  parameter Y_WIDTH = 1;
  (* force_downto *)
  input [A_WIDTH-1:0] A;
  (* force_downto *)
  input [B_WIDTH-1:0] B;
  (* force_downto *)
  output [Y_WIDTH-1:0] Y;

  localparam Signed = A_SIGNED || B_SIGNED;
  localparam Product = A_WIDTH + B_WIDTH < Y_WIDTH ? A_WIDTH + B_WIDTH : Y_WIDTH;  // its bits
  localparam Low = (B_WIDTH + 3) / 4 * 2;                                          // bits of B in the lower half of the tree
  localparam LowProduct = A_WIDTH + Low < Product ? A_WIDTH + Low : Product;
  wire [Product-1:0] product;
  assign Y = {{Y_WIDTH{Signed ? product[Product-1] : 1'b0}}, product};

  genvar i;
  generate
    if (A_WIDTH < B_WIDTH) begin : swapped
      \$__row_mul #(.A_SIGNED(B_SIGNED), .B_SIGNED(A_SIGNED), .A_WIDTH(B_WIDTH), .B_WIDTH(A_WIDTH), .Y_WIDTH(Product)) whole (
        .A(B), .B(A), .Y(product)
      );
    end else if (B_WIDTH > 2 && Product > Low) begin : tree
      wire [LowProduct-1:0] low;
      wire [Product-Low-1:0] high, sum, unused_x, unused_carry;
      \$__row_mul #(.A_SIGNED(A_SIGNED), .B_SIGNED(0), .A_WIDTH(A_WIDTH), .B_WIDTH(Low), .Y_WIDTH(LowProduct)) lower (
        .A(A), .B(B[Low-1:0]), .Y(low)
      );
      \$__row_mul #(.A_SIGNED(A_SIGNED), .B_SIGNED(B_SIGNED), .A_WIDTH(A_WIDTH), .B_WIDTH(B_WIDTH - Low), .Y_WIDTH(Product - Low))
      upper (.A(A), .B(B[B_WIDTH-1:Low]), .Y(high));
      \$alu #(.A_SIGNED(A_SIGNED), .B_SIGNED(A_SIGNED), .A_WIDTH(LowProduct - Low), .B_WIDTH(Product - Low),
              .Y_WIDTH(Product - Low)) add (
        .A(low[LowProduct-1:Low]), .B(high), .Y(sum), .X(unused_x), .CO(unused_carry), .CI(1'b0), .BI(1'b0)
      );
      assign product = {sum, low[Low-1:0]};
    end else if (B_WIDTH > 2) begin : narrow  // no more of B than of Y counts, and its sign does not
      \$__row_mul #(.A_SIGNED(A_SIGNED), .B_SIGNED(0), .A_WIDTH(A_WIDTH), .B_WIDTH(Product), .Y_WIDTH(Product)) part (
        .A(A), .B(B[Product-1:0]), .Y(product)
      );
    end else if (B_WIDTH == 1 && !B_SIGNED) begin : gates
      wire [Product+A_WIDTH-1:0] a = {{Product{A_SIGNED ? A[A_WIDTH-1] : 1'b0}}, A};
      assign product = B[0] ? a[Product-1:0] : {Product{1'b0}};
    end else begin : row
      // One bit more at the low end: there a carry begins if 2a is taken away, as ~2a + 1.
      localparam Bits = (Product + 2) / 2 * 2;
      wire [Bits+A_WIDTH-1:0] a = {{Bits{A_SIGNED ? A[A_WIDTH-1] : 1'b0}}, A};
      wire b0 = B[0], b1 = B[B_WIDTH-1];  // of one bit with a sign: a - 2a
      wire [Bits-1:0] once = {a[Bits-2:0], B_SIGNED ? b1 : 1'b0}, twice = {a[Bits-3:0], 2'b00}, s;
      wire [Bits:0] carry;
      assign carry[0] = 1'b0;
      for (i = 0; i < Bits; i = i + 2) begin : pair
        // (A & B) ^ (C & D), or with C inverted.
        CCU2C #(.INIT0(B_SIGNED ? 16'h8788 : 16'h7888), .INIT1(B_SIGNED ? 16'h8788 : 16'h7888),
                .INJECT1_0("NO"), .INJECT1_1("NO")) cell (
          .CIN(carry[i]), .COUT(carry[i+2]),
          .A0(once[i]), .B0(i == 0 ? 1'b1 : b0), .C0(twice[i]), .D0(b1), .S0(s[i]),
          .A1(once[i+1]), .B1(b0), .C1(twice[i+1]), .D1(b1), .S1(s[i+1])
        );
      end
      assign product = s[Product:1];
    end
  endgenerate
endmodule
