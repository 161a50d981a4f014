// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   The tests' own words: CHECK for "this must hold", NEAR for "these are near",
   RUN for one test function.

   A test program runs every function even after a failure, prints a line for
   each ("ok NAME" or "not ok NAME"), ends with CHECK_END() and exits 1 when
   anything failed.  SKIP_ALL("reason") prints "skip PROGRAM: reason" and exits
   with 77.
*/
#ifndef PERPETUO_TESTS_CHECK_H
#define PERPETUO_TESTS_CHECK_H

#undef NDEBUG

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned check_n_failed; ///< CHECKs that failed in this function
static unsigned check_n_bad;    ///< Functions that failed

#define CHECK(that)                                              \
  do {                                                           \
    if (!(that)) {                                               \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #that); \
      ++check_n_failed;                                          \
    }                                                            \
  } while (0)

#define NEAR(a, b, tolerance)                              \
  do {                                                     \
    const double near_a = (double)(a);                     \
    const double near_b = (double)(b);                     \
    if (!(fabs(near_a - near_b) <= (double)(tolerance))) { \
      fprintf(stderr,                                      \
              "%s:%d: %s = %.9g, %s = %.9g\n",             \
              __FILE__,                                    \
              __LINE__,                                    \
              #a,                                          \
              near_a,                                      \
              #b,                                          \
              near_b);                                     \
      ++check_n_failed;                                    \
    }                                                      \
  } while (0)

#define RUN(test)                                               \
  do {                                                          \
    check_n_failed = 0U;                                        \
    test();                                                     \
    printf("%s %s\n", check_n_failed ? "not ok" : "ok", #test); \
    fflush(stdout);                                             \
    check_n_bad += check_n_failed ? 1U : 0U;                    \
  } while (0)

#define SKIP_ALL(reason)                       \
  do {                                         \
    printf("skip %s: %s\n", __FILE__, reason); \
    exit(77);                                  \
  } while (0)

#define CHECK_END() return check_n_bad ? 1 : 0

#endif // PERPETUO_TESTS_CHECK_H
