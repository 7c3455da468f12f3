/* vectorised.h: one source, several instruction sets, chosen when the program starts. Sanitizers cannot look into the
 * chooser. Only for static functions: gcc gives the others a chooser that the shared library would export. */
#ifndef PHOTOLANE_NN_VECTORISED_H
#define PHOTOLANE_NN_VECTORISED_H

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define PL_VECTORISED __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define PL_VECTORISED
#endif

#endif
