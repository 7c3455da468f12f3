// Made by scripts/gen_compact.py from rtl/compact/microprogram.txt; do not edit.
//
// Code[24*i +: 24] is instruction i, Image[32*w +: 32] what word w of the memory holds from configuration on.
`default_nettype none
package pl_compact_pkg;
  localparam int Instructions = 512;
  localparam int AddrAt = 0;
  localparam int AddrBits = 9;
  localparam int OpAt = 9;
  localparam int OpBits = 4;
  localparam int WhatAt = 13;
  localparam int WhatBits = 4;
  localparam int FlagAt = 17;
  localparam int FlagBits = 1;
  localparam int WhenAt = 18;
  localparam int WhenBits = 3;
  localparam int XAt = 21;
  localparam int XBits = 2;
  localparam int InvAt = 23;
  localparam int InvBits = 1;
  localparam logic [3:0] OpAlu = 4'd0;
  localparam logic [3:0] OpMul = 4'd1;
  localparam logic [3:0] OpShift = 4'd2;
  localparam logic [3:0] OpNorm = 4'd3;
  localparam logic [3:0] OpSqrt = 4'd4;
  localparam logic [3:0] OpStore = 4'd5;
  localparam logic [3:0] OpSet = 4'd6;
  localparam logic [3:0] OpBranch = 4'd7;
  localparam logic [3:0] OpDo = 4'd8;
  localparam logic [3:0] OpAddX0 = 4'd9;
  localparam logic [3:0] OpAddX1 = 4'd10;
  localparam logic [3:0] OpRounds = 4'd11;
  localparam logic [3:0] OpWrite = 4'd12;
  localparam logic [3:0] OpLimit = 4'd13;
  localparam logic [3:0] OpDrain = 4'd14;
  localparam logic [3:0] FromNone = 4'd0;
  localparam logic [3:0] FromMemory = 4'd1;
  localparam logic [3:0] FromMac = 4'd2;
  localparam logic [3:0] FromCode = 4'd3;
  localparam logic [3:0] FromX0 = 4'd4;
  localparam logic [3:0] FromX1 = 4'd5;
  localparam logic [3:0] FromC0 = 4'd6;
  localparam logic [3:0] FromC1 = 4'd7;
  localparam logic [3:0] FromC2 = 4'd8;
  localparam logic [3:0] FromRoot = 4'd9;
  localparam logic [3:0] FromTail = 4'd10;
  localparam logic [3:0] FromCarry = 4'd11;
  localparam logic [3:0] FromMemoryOne = 4'd12;
  localparam logic [3:0] SetQ = 4'd0;
  localparam logic [3:0] SetQh = 4'd1;
  localparam logic [3:0] SetI = 4'd2;
  localparam logic [3:0] SetRn = 4'd3;
  localparam logic [3:0] SetRa = 4'd4;
  localparam logic [3:0] SetRb = 4'd5;
  localparam logic [3:0] SetWords = 4'd6;
  localparam logic [3:0] SetLr = 4'd7;
  localparam logic [3:0] SetLc = 4'd8;
  localparam logic [3:0] SetLanes = 4'd9;
  localparam logic [3:0] IfNeg = 4'd0;
  localparam logic [3:0] IfDac = 4'd1;
  localparam logic [3:0] IfEnc = 4'd2;
  localparam logic [3:0] IfCrosstalk = 4'd3;
  localparam logic [3:0] IfSquare = 4'd4;
  localparam logic [3:0] IfPhase = 4'd5;
  localparam logic [3:0] IfShot = 4'd6;
  localparam logic [3:0] IfDispersion = 4'd7;
  localparam logic [3:0] IfOutput = 4'd8;
  localparam logic [3:0] IfReceiver = 4'd9;
  localparam logic [3:0] IfThermal = 4'd10;
  localparam logic [3:0] IfAdc = 4'd11;
  localparam logic [3:0] IfOpb = 4'd12;
  localparam logic [3:0] IfOdd = 4'd13;
  localparam logic [3:0] IfFirst = 4'd14;
  localparam logic [3:0] IfAlways = 4'd15;
  localparam logic [3:0] DoIdle = 4'd0;
  localparam logic [3:0] DoInci = 4'd1;
  localparam logic [3:0] DoNext = 4'd2;
  localparam logic [3:0] DoClre = 4'd3;
  localparam logic [3:0] DoCountRead = 4'd4;
  localparam logic [3:0] DoCountClipped = 4'd5;
  localparam logic [3:0] DoSign = 4'd6;
  localparam logic [3:0] DoPassField = 4'd7;
  localparam logic [3:0] DoPassPower = 4'd8;
  localparam logic [3:0] DoGo = 4'd9;
  localparam logic [3:0] DoWait = 4'd10;
  localparam logic [3:0] DoBeat = 4'd11;
  localparam logic [3:0] DoOut = 4'd12;
  localparam logic [3:0] DoTfz = 4'd13;
  localparam logic [3:0] DoRet = 4'd14;
  localparam logic [2:0] WhenAlways = 3'd0;
  localparam logic [2:0] WhenNeg = 3'd1;
  localparam logic [2:0] WhenPos = 3'd2;
  localparam logic [2:0] WhenCarry = 3'd3;
  localparam logic [2:0] WhenG = 3'd4;
  localparam logic [1:0] XZero = 2'd0;
  localparam logic [1:0] XA = 2'd1;
  localparam logic [1:0] XDouble = 2'd2;
  localparam logic [1:0] XNot = 2'd3;
  localparam int AtRows = 238;
  localparam int AtColumns = 239;
  localparam int AtLanes = 240;
  localparam int AtParts = 241;
  localparam int AtClear = 242;
  localparam int AtLogw = 243;
  localparam int AtRowStep = 244;
  localparam int AtColumnStep = 245;
  localparam logic [8191:0] Image = {
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'hfffff001,
    32'h80000000,
    32'h7fffffff,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h1bda1bd1,
    32'h30000000,
    32'h20000000,
    32'h10000000,
    32'h01000000,
    32'h00001000,
    32'h00000100,
    32'hffffffff,
    32'h0000ffff,
    32'h00000fff,
    32'h000003ff,
    32'h00000080,
    32'h0000001c,
    32'h00000008,
    32'h00000003,
    32'h00000002,
    32'h00000001,
    32'h00000001,
    32'h00000001,
    32'h00000001,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000002,
    32'h00000001,
    32'h00000008,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000008,
    32'h00000008,
    32'h0000000c,
    32'h00000040,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000,
    32'h00000000
  };
  localparam logic [12287:0] Code = {
    24'h01d000,  // 511 ret
    24'h200a9b,  // 510 st gm
    24'h200404,  // 509 shr 4
    24'h2020df,  // 508 add eight
    24'h60c000,  // 507 rsb c0
    24'h20040c,  // 506 shr 12
    24'h44229b,  // 505 mul gm 12
    24'h000c98,  // 504 set q t
    24'h200a9b,  // 503 st gm
    24'h60e000,  // 502 rsb c1
    24'h20040c,  // 501 shr 12
    24'h450200,  // 500 mul c2 12
    24'h000c98,  // 499 set q t
    24'h200a98,  // 498 st t
    24'ha00404,  // 497 shl 4
    24'h400600,  // 496 norm
    24'h2020dc,  // 495 add one
    24'h400000,  // 494 dbl
    24'h00d000,  // 493 sign
    24'h022098,  // 492 ld t.s
    24'h200a98,  // 491 st t
    24'h01d000,  // 490 ret
    24'h023604,  // 489 round 17
    24'h0014de,  // 488 tfb three
    24'h001403,  // 487 tfb job
    24'h001202,  // 486 tfa seed
    24'h001604,  // 485 rounds 13
    24'h0014dd,  // 484 tfb two
    24'h001402,  // 483 tfb seed
    24'h001290,  // 482 tfa k2
    24'h003604,  // 481 rounds 17
    24'h0014dc,  // 480 tfb one
    24'h001490,  // 479 tfb k2
    24'h001203,  // 478 tfa job
    24'h001604,  // 477 rounds 13
    24'h001403,  // 476 tfb job
    24'h001202,  // 475 tfa seed
    24'h001496,  // 474 tfb c1v
    24'h001295,  // 473 tfa c0v
    24'h01b000,  // 472 tfz
    24'h01d000,  // 471 ret
    24'h202a94,  // 470 addst s1
    24'h0020e8,  // 469 ld k24
    24'h000fd7,  // 468 br neg next_sum_end
    24'ha020e5,  // 467 sub cmax
    24'h202a93,  // 466 addst s0
    24'h0020e8,  // 465 ld k24
    24'h01d000,  // 464 ret
    24'h002098,  // 463 ld t
    24'h200aa7,  // 462 st dleft
    24'ha020dc,  // 461 sub one
    24'h6020a7,  // 460 rsb dleft
    24'h200a98,  // 459 st t
    24'ha03a97,  // 458 min chm1
    24'h0020a7,  // 457 ld dleft
    24'h01d000,  // 456 ret
    24'h200a94,  // 455 st s1
    24'h002092,  // 454 ld s1i
    24'h200a93,  // 453 st s0
    24'h002091,  // 452 ld s0i
    24'h200aa7,  // 451 st dleft
    24'ha020dc,  // 450 sub one
    24'h00201b,  // 449 ld depth
    24'h01d000,  // 448 ret
    24'h015000,  // 447 wait
    24'h200a9a,  // 446 st n
    24'h8020f0,  // 445 ldn lanes_
    24'h004cf6,  // 444 set i zero
    24'h013000,  // 443 go
    24'h006cbb,  // 442 set rn rn
    24'h00acba,  // 441 set rb baddr
    24'h008cb9,  // 440 set ra aaddr
    24'h01d000,  // 439 ret
    24'h200a92,  // 438 st s1i
    24'ha00418,  // 437 shl 24
    24'h200408,  // 436 shr 8
    24'h002018,  // 435 ld sum0
    24'h200a91,  // 434 st s0i
    24'ha00418,  // 433 shl 24
    24'h002018,  // 432 ld sum0
    24'h200a97,  // 431 st chm1
    24'ha020dc,  // 430 sub one
    24'h002004,  // 429 ld channels
    24'h200a90,  // 428 st k2
    24'h00a000,  // 427 ld x1
    24'h023602,  // 426 round 16
    24'h0014ec,  // 425 tfb parity16
    24'h001299,  // 424 tfa u
    24'h01b000,  // 423 tfz
    24'h200a99,  // 422 st u
    24'ha020ec,  // 421 sub parity16
    24'h00a000,  // 420 ld x1
    24'h023602,  // 419 round 16
    24'h001498,  // 418 tfb t
    24'h001299,  // 417 tfa u
    24'h01b000,  // 416 tfz
    24'h200a99,  // 415 st u
    24'ha02098,  // 414 sub t
    24'h002003,  // 413 ld job
    24'h200a98,  // 412 st t
    24'h202098,  // 411 add t
    24'h200410,  // 410 shr 16
    24'h002002,  // 409 ld seed
    24'h200a98,  // 408 st t
    24'ha00410,  // 407 shl 16
    24'h002002,  // 406 ld seed
    24'h01ee0b,  // 405 br always idle
    24'h000ec1,  // 404 br neg run_rows
    24'h222ab3,  // 403 addst rleft.s
    24'h0020ee,  // 402 ld rows_
    24'h202aaf,  // 401 addst rowh
    24'h0020f4,  // 400 ld row_step_
    24'h200ab8,  // 399 st abase
    24'h0020b9,  // 398 ld aaddr
    24'h000ec8,  // 397 br neg run_columns
    24'h222a9c,  // 396 addst left.s
    24'h0020ef,  // 395 ld columns_
    24'h202ab0,  // 394 addst colh
    24'h0020f5,  // 393 ld column_step_
    24'h01eecb,  // 392 br always run_read
    24'h81efd1,  // 391 call next_sum
    24'h000f89,  // 390 br neg run_next
    24'h0220a7,  // 389 ld dleft.s
    24'h000eeb,  // 388 br neg run_row
    24'ha020ee,  // 387 sub rows_
    24'h018ab6,  // 386 inc lr
    24'h038ab4,  // 385 inc rr.s
    24'h202ab1,  // 384 addst rh
    24'h0020e6,  // 383 ld k8
    24'h000ef2,  // 382 br neg run_lane
    24'ha020ef,  // 381 sub columns_
    24'h018ab7,  // 380 inc lc
    24'h038ab5,  // 379 inc cc.s
    24'h202ab2,  // 378 addst ch
    24'h0020e7,  // 377 ld k12
    24'h003000,  // 376 inci
    24'h200b4f,  // 375 st acc[i]
    24'h000000,  // 374 clr
    24'h019000,  // 373 out
    24'h00214f,  // 372 ld acc[i]
    24'h020f78,  // 371 br !neg run_skip
    24'h0220a7,  // 370 ld dleft.s
    24'h202b4f,  // 369 addst acc[i]
    24'h009000,  // 368 count_read
    24'h8020bd,  // 367 ldn hi1
    24'h00b000,  // 366 count_clipped
    24'h01ef70,  // 365 br always accumulate
    24'ha020bd,  // 364 sub hi1
    24'h000f6e,  // 363 br neg convert_3
    24'h2020bd,  // 362 add hi1
    24'h2020bd,  // 361 add hi1
    24'h01ef70,  // 360 br always accumulate
    24'ha020dc,  // 359 sub one
    24'h0020bd,  // 358 ld hi1
    24'h00b000,  // 357 count_clipped
    24'h000f69,  // 356 br neg convert_2
    24'ha020bd,  // 355 sub hi1
    24'h236414,  // 354 shr adc_shift r
    24'h2c2013,  // 353 add adc_gain
    24'h400000,  // 352 dbl
    24'h422298,  // 351 mul t.s 16
    24'h002c13,  // 350 set qh adc_gain
    24'h200a98,  // 349 st t
    24'h200401,  // 348 shr 1
    24'h222015,  // 347 add adc_offset.s
    24'h01ef70,  // 346 br always accumulate
    24'h216402,  // 345 shr 2 r
    24'h016f5b,  // 344 br adc convert_1
    24'h0220be,  // 343 ld v.s
    24'h200abe,  // 342 st v
    24'h223af8,  // 341 max cmin31.s
    24'ha03af7,  // 340 min cmax31
    24'h2220be,  // 339 add v.s
    24'h21640b,  // 338 shr 11 r
    24'h700000,  // 337 neg
    24'ha20411,  // 336 shl sigma_exp
    24'h4022ac,  // 335 mul mag 16
    24'h002c9b,  // 334 set qh gm
    24'h81efeb,  // 333 call gauss
    24'h00a000,  // 332 ld x1
    24'h200aac,  // 331 st mag
    24'h200402,  // 330 shr 2
    24'h012000,  // 329 ld root
    24'h01ef4b,  // 328 br always detect_8
    24'ha03ae4,  // 327 min c65535
    24'h2020dc,  // 326 add one
    24'h200402,  // 325 shr 2
    24'h012000,  // 324 ld root
    24'h000f49,  // 323 br neg detect_7
    24'ha12000,  // 322 sub root
    24'ha00402,  // 321 shl 2
    24'h012800,  // 320 sqrt
    24'h000cbf,  // 319 set q var
    24'h200abf,  // 318 st var
    24'ha03ae5,  // 317 min cmax
    24'h2020bf,  // 316 add var
    24'h22040f,  // 315 shr shot_shift
    24'h402298,  // 314 mul t 16
    24'h002c0e,  // 313 set qh shot_gain
    24'h200a98,  // 312 st t
    24'h214007,  // 311 add tail_b3
    24'h214006,  // 310 add tail_b2
    24'h214003,  // 309 add tail_a3
    24'h014002,  // 308 ld tail_a2
    24'h02cf3f,  // 307 br !shot detect_6
    24'h200abf,  // 306 st var
    24'ha03ae5,  // 305 min cmax
    24'h2020bf,  // 304 add var
    24'h22040c,  // 303 shr phase_shift
    24'h402388,  // 302 mul p[i] 16
    24'h002c0b,  // 301 set qh phase_gain
    24'h02af33,  // 300 br !phase detect_5
    24'h200abf,  // 299 st var
    24'h002010,  // 298 ld thermal_var
    24'h034f2b,  // 297 br !thermal detect_4
    24'h000000,  // 296 clr
    24'h032f57,  // 295 br !receiver convert
    24'h200abe,  // 294 st v
    24'h223af8,  // 293 max cmin31.s
    24'ha03af7,  // 292 min cmax31
    24'h2220be,  // 291 add v.s
    24'h21640b,  // 290 shr 11 r
    24'h700000,  // 289 neg
    24'h4022ac,  // 288 mul mag 16
    24'h002c9b,  // 287 set qh gm
    24'h200aac,  // 286 st mag
    24'h200410,  // 285 shr 16
    24'h4022ac,  // 284 mul mag 16
    24'h002c0d,  // 283 set qh output_sigma
    24'h200aac,  // 282 st mag
    24'h640000,  // 281 neg
    24'h0220be,  // 280 ld v.s
    24'h81efeb,  // 279 call gauss
    24'h008000,  // 278 ld x0
    24'h030f28,  // 277 br !output detect_3
    24'h81efd8,  // 276 call block
    24'h200a96,  // 275 st c1v
    24'h2020eb,  // 274 add effect3
    24'h202098,  // 273 add t
    24'h200404,  // 272 shr 4
    24'h002094,  // 271 ld s1
    24'h200a98,  // 270 st t
    24'h20040c,  // 269 shr 12
    24'h0020b2,  // 268 ld ch
    24'h200a95,  // 267 st c0v
    24'h202093,  // 266 add s0
    24'h200408,  // 265 shr 8
    24'h0020b1,  // 264 ld rh
    24'h032f57,  // 263 br !receiver convert
    24'h010f08,  // 262 br output detect_noise
    24'h200abe,  // 261 st v
    24'h2220be,  // 260 add v.s
    24'h216406,  // 259 shr 6 r
    24'ha34005,  // 258 sub tail_b1.s
    24'ha14004,  // 257 sub tail_b0
    24'h234001,  // 256 add tail_a1.s
    24'h014000,  // 255 ld tail_a0
    24'h200abe,  // 254 st v
    24'h02ef05,  // 253 br !dispersion detect_2
    24'h622180,  // 252 rsb y[i].s
    24'h216418,  // 251 shr 24 r
    24'h4a2380,  // 250 mul y[i].s 20
    24'h000cbc,  // 249 set q plq
    24'h02aefd,  // 248 br !phase detect_1
    24'h022180,  // 247 ld y[i].s
    24'h020f78,  // 246 br !neg run_skip
    24'h0220b5,  // 245 ld cc.s
    24'h020f78,  // 244 br !neg run_skip
    24'h0220b4,  // 243 ld rr.s
    24'h010cb7,  // 242 set lc lc
    24'h200ab7,  // 241 st lc
    24'h000000,  // 240 clr
    24'h200ab5,  // 239 st cc
    24'h00209c,  // 238 ld left
    24'h200ab2,  // 237 st ch
    24'h0020b0,  // 236 ld colh
    24'h00ecb6,  // 235 set lr lr
    24'h200ab6,  // 234 st lr
    24'h000000,  // 233 clr
    24'h200ab4,  // 232 st rr
    24'h0020b3,  // 231 ld rleft
    24'h200ab1,  // 230 st rh
    24'h0020af,  // 229 ld rowh
    24'h004cf6,  // 228 set i zero
    24'h202aba,  // 227 addst baddr
    24'h2020dc,  // 226 add one
    24'h0020bb,  // 225 ld rn
    24'h202ab9,  // 224 addst aaddr
    24'h2020dc,  // 223 add one
    24'h0020bb,  // 222 ld rn
    24'h000ed9,  // 221 br neg run_p
    24'h038a9a,  // 220 inc n.s
    24'h003000,  // 219 inci
    24'h200b88,  // 218 st p[i]
    24'h225cf1,  // 217 drain parts_
    24'h81efb8,  // 216 call pass
    24'h011000,  // 215 pass power
    24'h02aede,  // 214 br !phase run_advance
    24'h000ed0,  // 213 br neg run_y
    24'h038a9a,  // 212 inc n.s
    24'h003000,  // 211 inci
    24'h200b80,  // 210 st y[i]
    24'h216406,  // 209 shr 6 r
    24'h225cf1,  // 208 drain parts_
    24'h81efb8,  // 207 call pass
    24'h00f000,  // 206 pass field
    24'h200abb,  // 205 st rn
    24'h2204f3,  // 204 shr logw_
    24'h81efc9,  // 203 call read_length
    24'h81efc1,  // 202 call output_start
    24'h200ab9,  // 201 st aaddr
    24'h0020b8,  // 200 ld abase
    24'h200aba,  // 199 st baddr
    24'h00202e,  // 198 ld b_base
    24'h200a9c,  // 197 st left
    24'h80201a,  // 196 ldn cols
    24'h200ab0,  // 195 st colh
    24'ha0040c,  // 194 shl 12
    24'h002017,  // 193 ld col0
    24'h200ab8,  // 192 st abase
    24'h00202d,  // 191 ld a_base
    24'h200ab3,  // 190 st rleft
    24'h802019,  // 189 ldn rows
    24'h200aaf,  // 188 st rowh
    24'ha00408,  // 187 shl 8
    24'h002016,  // 186 ld row0
    24'h200abd,  // 185 st hi1
    24'ha20498,  // 184 shl t
    24'h0020dc,  // 183 ld one
    24'h200a98,  // 182 st t
    24'ha020dc,  // 181 sub one
    24'h002012,  // 180 ld adc_bits
    24'h200abc,  // 179 st plq
    24'ha0040c,  // 178 shl 12
    24'h00200a,  // 177 ld phase_loss
    24'h81ef96,  // 176 call keys
    24'h01ee2b,  // 175 br always load_group
    24'h200a9e,  // 174 st base
    24'h00209f,  // 173 ld word
    24'h200aa0,  // 172 st lane
    24'h000000,  // 171 clr
    24'h000e2b,  // 170 br neg load_group
    24'ha020a1,  // 169 sub lanes
    24'h018aa0,  // 168 inc lane
    24'h020e0b,  // 167 br !neg idle
    24'h038a9c,  // 166 inc left.s
    24'h202a9d,  // 165 addst posh
    24'h0020e6,  // 164 ld k8
    24'h01ee30,  // 163 br always load_read
    24'h81efd1,  // 162 call next_sum
    24'h000ea4,  // 161 br neg load_row_end
    24'h0220a7,  // 160 ld dleft.s
    24'h01ee9a,  // 159 br always load_fill
    24'h003800,  // 158 wr power
    24'h001800,  // 157 wr field
    24'h000000,  // 156 clr
    24'h01cea0,  // 155 br first load_filled
    24'h005000,  // 154 next
    24'h005803,  // 153 wr tail 3
    24'h200410,  // 152 shr 16
    24'h005802,  // 151 wr tail 2
    24'h0020ad,  // 150 ld lsum
    24'h005801,  // 149 wr tail 1
    24'h200410,  // 148 shr 16
    24'h005800,  // 147 wr tail 0
    24'h0020ae,  // 146 ld tsum
    24'h01ee48,  // 145 br always load_element
    24'h003000,  // 144 inci
    24'h020e43,  // 143 br !neg load_wave
    24'h038aa9,  // 142 inc wleft.s
    24'h005000,  // 141 next
    24'h020e92,  // 140 br !neg load_tail
    24'h038aa8,  // 139 inc cleft.s
    24'h222aae,  // 138 addst tsum.s
    24'h216410,  // 137 shr 16 r
    24'h700000,  // 136 neg
    24'h402299,  // 135 mul u 16
    24'h002c98,  // 134 set qh t
    24'h200a98,  // 133 st t
    24'h640000,  // 132 neg
    24'h00d000,  // 131 sign
    24'h02212f,  // 130 ld dispersion[i].s
    24'h02ee8b,  // 129 br !dispersion load_next
    24'h202aad,  // 128 addst lsum
    24'h200408,  // 127 shr 8
    24'h002099,  // 126 ld u
    24'h02ce81,  // 125 br !shot encode_5
    24'h003800,  // 124 wr power
    24'ha03ae2,  // 123 min c1023
    24'h21640c,  // 122 shr 12 r
    24'h02ae7d,  // 121 br !phase encode_4
    24'h200a99,  // 120 st u
    24'h4022ac,  // 119 mul mag 16
    24'h002cac,  // 118 set qh mag
    24'h200aac,  // 117 st mag
    24'h640000,  // 116 neg
    24'h028e8b,  // 115 br !square load_next
    24'h001800,  // 114 wr field
    24'h022098,  // 113 ld t.s
    24'h200aaa,  // 112 st prev
    24'h0220ab,  // 111 ld xq.s
    24'h200a98,  // 110 st t
    24'h223af9,  // 109 max cm4095.s
    24'ha03ae3,  // 108 min c4095
    24'h2220ab,  // 107 add xq.s
    24'h21640f,  // 106 shr 15 r
    24'h4222aa,  // 105 mul prev.s 16
    24'h002c1c,  // 104 set qh crosstalk
    24'h026e72,  // 103 br !crosstalk encode_3
    24'h200aab,  // 102 st xq
    24'h223af9,  // 101 max cm4095.s
    24'ha03ae3,  // 100 min c4095
    24'h2220ab,  //  99 add xq.s
    24'h216411,  //  98 shr 17 r
    24'h700000,  //  97 neg
    24'h4022ac,  //  96 mul mag 16
    24'h002c9b,  //  95 set qh gm
    24'h81efeb,  //  94 call gauss
    24'h00a000,  //  93 ld x1
    24'h01ee5e,  //  92 br always encode_word
    24'h008000,  //  91 ld x0
    24'h018a96,  //  90 inc c1v
    24'h81efd8,  //  89 call block
    24'h01ae5d,  //  88 br odd encode_odd
    24'h200aac,  //  87 st mag
    24'h21640c,  //  86 shr 12 r
    24'h4022ac,  //  85 mul mag 16
    24'h002ca3,  //  84 set qh encs
    24'h200aac,  //  83 st mag
    24'h640000,  //  82 neg
    24'h024e67,  //  81 br !enc encode_2
    24'h200aab,  //  80 st xq
    24'ha00404,  //  79 shl 4
    24'ha204a4,  //  78 shl drop
    24'ha03aa6,  //  77 min dtop
    24'h2204a4,  //  76 shr drop
    24'h2020a5,  //  75 add dhalf
    24'h022e4f,  //  74 br !dac encode_1
    24'h026000,  //  73 ld code.s
    24'h017000,  //  72 beat
    24'h004cf6,  //  71 set i zero
    24'h200aa9,  //  70 st wleft
    24'h802005,  //  69 ldn wavelengths
    24'h200aaa,  //  68 st prev
    24'h000000,  //  67 clr
    24'h007000,  //  66 clre
    24'h200aae,  //  65 st tsum
    24'h200aad,  //  64 st lsum
    24'h000000,  //  63 clr
    24'h200a95,  //  62 st c0v
    24'h202093,  //  61 add s0
    24'h200408,  //  60 shr 8
    24'h00209d,  //  59 ld posh
    24'h200a96,  //  58 st c1v
    24'h2020a2,  //  57 add seff
    24'h200404,  //  56 shr 4
    24'h002094,  //  55 ld s1
    24'h200aa8,  //  54 st cleft
    24'ha020dc,  //  53 sub one
    24'h802098,  //  52 ldn t
    24'h202a9f,  //  51 addst word
    24'h2020dc,  //  50 add one
    24'h2204f3,  //  49 shr logw_
    24'h81efc9,  //  48 call read_length
    24'h81efc1,  //  47 call output_start
    24'h00cc9f,  //  46 set words word
    24'h012ca0,  //  45 set lanes lane
    24'h200a9f,  //  44 st word
    24'h00209e,  //  43 ld base
    24'h200aa6,  //  42 st dtop
    24'ha020dc,  //  41 sub one
    24'h2204a4,  //  40 shr drop
    24'h0020e1,  //  39 ld c128
    24'h200aa5,  //  38 st dhalf
    24'h200401,  //  37 shr 1
    24'ha204a4,  //  36 shl drop
    24'h0020dc,  //  35 ld one
    24'h200aa4,  //  34 st drop
    24'h6020df,  //  33 rsb eight
    24'h002106,  //  32 ld dac_bits_a[i]
    24'h200aa3,  //  31 st encs
    24'h002108,  //  30 ld enc_sigma_a[i]
    24'h200aa2,  //  29 st seff
    24'h0021e9,  //  28 ld effect1[i]
    24'h200aa1,  //  27 st lanes
    24'h0021ee,  //  26 ld rows_[i]
    24'h200a9e,  //  25 st base
    24'h00212d,  //  24 ld a_base[i]
    24'h200a9c,  //  23 st left
    24'h802119,  //  22 ldn rows[i]
    24'h200a9d,  //  21 st posh
    24'ha00408,  //  20 shl 8
    24'h002116,  //  19 ld row0[i]
    24'h003000,  //  18 inci
    24'h038e13,  //  17 br !opb load_which
    24'h004cf6,  //  16 set i zero
    24'h200aa0,  //  15 st lane
    24'h000000,  //  14 clr
    24'h81ef96,  //  13 call keys
    24'h01eeb0,  //  12 br always run
    24'h001000,  //  11 idle
    24'h225cf2,  //  10 drain clear_
    24'h000e03,  //   9 br neg reset_word
    24'h038a9a,  //   8 inc n.s
    24'h003000,  //   7 inci
    24'h200b4f,  //   6 st acc[i]
    24'h000000,  //   5 clr
    24'h200b00,  //   4 st effects[i]
    24'h0021c0,  //   3 ld defaults[i]
    24'h200a9a,  //   2 st n
    24'h8020e0,  //   1 ldn c28
    24'h004cf6  //   0 set i zero
  };
endpackage
`default_nettype wire
