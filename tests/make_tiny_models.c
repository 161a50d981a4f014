// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// make_tiny_models FOLDER [SEED]: random models of the right shapes, for tests

#include "tests/tiny_models.h"

#include <stdio.h>
#include <stdlib.h>

int
main(const int argc, char** const argv)
{
  if (argc != 2 && argc != 3) {
    fprintf(stderr, "make_tiny_models FOLDER [SEED]\n");
    return 2;
  }

  Trouble        trouble = {""};
  const uint64_t seed    = argc > 2 ? strtoull(argv[2], NULL, 10) : 1U;
  const Status   st      = tiny_models_write(argv[1], seed, &trouble);
  if (st) {
    fprintf(stderr, "%s\n", trouble.text[0] ? trouble.text : status_text(st));
  }
  return st ? 1 : 0;
}
