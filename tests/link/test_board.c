/* test_board.c: jobs on a device behind a wire (host/device/board.c) equal the golden model, whatever the wire does.
 *   every kind of core, jobs of any split; the same device twice and after a different job
 *
 * PL_TEST_SEED=N changes the seed; it is printed.
 */
#include "board_support.h"

START_TEST(random_jobs) {
  const uint32_t kind = (uint32_t)_i;
  uint64_t state = test_seed("random_jobs") + kind;
  world *w = world_new(kind, draw64(&state));
  w->any_kind = 1;
  pl_device *dev = board_must_open(w, 0);
  for (int i = 0; i < 60; i++) {
    board_job *j = board_job_draw(&state, kind), *other = board_job_draw(&state, kind);
    board_job_run(dev, j, "first");
    board_job_run(dev, j, "again");
    board_job_run(dev, other, "another");
    board_job_run(dev, j, "after another");
    board_job_free(j), board_job_free(other);
  }
  world_check(w);
  pl_close(dev);
  world_free(w);
}
END_TEST

static void fill(TCase *tests) {
  tcase_add_loop_test(tests, random_jobs, 0, PL_KINDS);
}

int main(void) { return run_suite("board", fill); }
