// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   For targets of libFuzzer: without -DFUZZING they are programs that read the
   files they are given once.
*/
#ifndef PERPETUO_TESTS_FUZZ_H
#define PERPETUO_TESTS_FUZZ_H

#include <stdint.h>
#include <stdio.h>

int
LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t n_bytes);

#ifndef FUZZING

int
main(const int argc, char** const argv)
{
  static uint8_t bytes[1U << 24U];
  for (int i = 1; i < argc; ++i) {
    FILE* const file = fopen(argv[i], "rb");
    if (!file) {
      fprintf(stderr, "%s cannot be read\n", argv[i]);
      return 1;
    }
    const size_t n = fread(bytes, 1U, sizeof(bytes), file);
    fclose(file);
    LLVMFuzzerTestOneInput(bytes, n);
  }
  printf("ok %d files\n", argc - 1);
  return 0;
}

#endif

#endif // PERPETUO_TESTS_FUZZ_H
