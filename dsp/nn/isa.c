// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "nn/isa.h"

#include <stdatomic.h>

/// N_ISAS until somebody asks
static _Atomic(int) in_use = N_ISAS;

const char*
isa_name(const Isa isa)
{
  static const char* const names[N_ISAS] = {"plain", "avx2", "avx512"};
  return names[isa];
}

bool
isa_is_able(const Isa isa)
{
#if ISA_HAS_X86
  switch (isa) {
  case ISA_AVX512:
    return __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
  case ISA_AVX2:
    return __builtin_cpu_supports("avx2");
  default:
    return isa == ISA_PLAIN;
  }
#else
  return isa == ISA_PLAIN;
#endif
}

Isa
isa_in_use(void)
{
  int isa = atomic_load_explicit(&in_use, memory_order_relaxed);
  if (isa == N_ISAS) {
    // Several threads may come here at once, and all find the same
    isa = ISA_AVX512;
    while (!isa_is_able((Isa)isa)) {
      --isa;
    }
    atomic_store_explicit(&in_use, isa, memory_order_relaxed);
  }
  return (Isa)isa;
}

bool
isa_use(const Isa isa)
{
  if (!isa_is_able(isa)) {
    return false;
  }

  atomic_store_explicit(&in_use, (int)isa, memory_order_relaxed);
  return true;
}
