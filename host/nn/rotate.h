/* rotate.h: an orthogonal rotation of the inputs of a product, the same for both operands: no result changes, but every
 * element becomes a mixture of all channels, so that outliers of a few channels are spread evenly before they are
 * coded.
 *
 *   R = (Q (x) H) D     on n = m p elements, element (a, i) at a p + i
 *
 * D: signs, fixed, as good as random; H: the Walsh-Hadamard matrix of p, the largest power of two that divides n; Q:
 * the Hartley matrix of m = n / p, cos + sin of 2 pi a b / m over sqrt(m). Where m is larger than
 * PL_ROTATION_MOST_ODD, Q is the identity: each p elements are rotated among themselves. An element goes into all
 * others with at most 2 / n of its energy. It takes n (log2 p + m) additions, and a row's result depends on nothing
 * beside it. */
#ifndef PHOTOLANE_NN_ROTATE_H
#define PHOTOLANE_NN_ROTATE_H

enum { PL_ROTATION_MOST_ODD = 64 };

typedef struct pl_rotation pl_rotation;

/* For rows of n >= 1 elements; free() it. NULL: no memory. */
pl_rotation *pl_rotation_new(int n);

int pl_rotation_size(const pl_rotation *r);

/* x = R x, n elements. scratch: room for n. */
void pl_rotate(const pl_rotation *r, float *x, float *scratch);

/* x = R' x, which is the inverse. */
void pl_rotate_back(const pl_rotation *r, float *x, float *scratch);

#endif
