/* check.h: so much of the interface of Check, the test library, that a test file of the golden model runs on a machine for
 * which there is only a C library: the first failure ends the program, and tests run one after the other in one process.
 */
#ifndef PHOTOLANE_CROSS_CHECK_H
#define PHOTOLANE_CROSS_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  int tests;
} TCase, Suite, SRunner;
enum { CK_NORMAL };

#define START_TEST(name) static void name(int _i)
#define END_TEST

#define ck_abort_msg(...) (printf("%s:%d: ", __FILE__, __LINE__), printf(__VA_ARGS__), putchar('\n'), exit(1))
#define ck_assert_msg(condition, ...) ((condition) ? (void)0 : ck_abort_msg(__VA_ARGS__))
#define ck_assert(condition) ck_assert_msg(condition, "%s does not hold", #condition)
#define ck_assert_int_eq(x, y) ck_assert((long long)(x) == (long long)(y))
#define ck_assert_int_lt(x, y) ck_assert((long long)(x) < (long long)(y))
#define ck_assert_int_gt(x, y) ck_assert((long long)(x) > (long long)(y))
#define ck_assert_int_ge(x, y) ck_assert((long long)(x) >= (long long)(y))
#define ck_assert_uint_eq(x, y) ck_assert((unsigned long long)(x) == (unsigned long long)(y))
#define ck_assert_str_eq(x, y) ck_assert(!strcmp(x, y))
#define ck_assert_mem_eq(x, y, size) ck_assert(!memcmp(x, y, size))

static inline TCase *cross_case(void) {
  static TCase tests;
  return &tests;
}
#define suite_create(name) (cross_case())
#define tcase_create(name) (cross_case())
#define tcase_set_timeout(tests, seconds) ((void)0)
#define suite_add_tcase(suite, tests) ((void)0)
#define tcase_add_test(cases, name) ((cases)->tests++, name(0))
#define srunner_create(suite) (suite)
#define srunner_run_all(runner, mode) printf("%d tests passed\n", (runner)->tests)
#define srunner_ntests_failed(runner) 0
#define srunner_free(runner) ((void)(runner))

#endif
