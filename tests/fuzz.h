// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   For targets of libFuzzer, which `./waf fuzz` builds and runs.

   Without -DFUZZING they are tests: programs that read files once, those named
   or else what was found before, and seeds, in tests/data/fuzz/NAME.
*/
#ifndef PERPETUO_TESTS_FUZZ_H
#define PERPETUO_TESTS_FUZZ_H

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t n_bytes);

#ifndef FUZZING

/// Read a file into memory of just its size, so that a checker sees what is
/// read past it
static void
fuzz_file(const char* const path)
{
  static uint8_t all[1U << 24U];
  FILE* const    file = fopen(path, "rb");
  if (!file) {
    printf("not ok %s: it cannot be read\n", path);
    exit(1);
  }
  const size_t n = fread(all, 1U, sizeof(all), file);
  fclose(file);

  uint8_t* const bytes = (uint8_t*)malloc(n ? n : 1U);
  if (n) {
    memcpy(bytes, all, n);
  }
  fprintf(stderr, "%s\n", path); // The last line, should it end here
  LLVMFuzzerTestOneInput(bytes, n);
  free(bytes);
}

/// Read every file of a folder; how many
static int
fuzz_folder(const char* const folder)
{
  int        n   = 0;
  DIR* const dir = opendir(folder);
  for (const struct dirent* entry = NULL; dir && (entry = readdir(dir));) {
    if (entry->d_name[0] != '.') {
      char path[1024];
      snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
      fuzz_file(path);
      ++n;
    }
  }
  if (dir) {
    closedir(dir);
  }
  return n;
}

int
main(const int argc, char** const argv)
{
  const char* const slash = strrchr(argv[0], '/');
  const char* const name  = slash ? slash + 1 : argv[0];
  char              folder[512];
  int               n = 0;
  for (int i = 1; i < argc; ++i, ++n) {
    fuzz_file(argv[i]);
  }
  snprintf(folder, sizeof(folder), "tests/data/fuzz/%s", name);
  n = argc > 1 ? n : fuzz_folder(folder);
  printf("%s %s: %d files\n", n ? "ok" : "not ok", name, n);
  return n ? 0 : 1;
}

#endif

#endif // PERPETUO_TESTS_FUZZ_H
