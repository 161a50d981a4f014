// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   The instruction sets that plain loops are compiled for, more than once.

   A loop that an ISA_VARIANTS line names is compiled for each, and the widest
   that the machine has is called.  That changes no bit: each float is computed
   alone, as IEEE says, and nothing is contracted.
*/
#ifndef PERPETUO_NN_ISA_H
#define PERPETUO_NN_ISA_H

#include <stdbool.h>

typedef enum { ISA_PLAIN, ISA_AVX2, ISA_AVX512, N_ISAS } Isa;

#if defined(__GNUC__) && defined(__x86_64__)
#  define ISA_HAS_X86 1
#else
#  define ISA_HAS_X86 0
#endif

/// Must be inlined into a function of the instruction set that is meant
#if defined(__GNUC__)
#  define ISA_INLINE static inline __attribute__((always_inline))
#else
#  define ISA_INLINE static inline
#endif

#if ISA_HAS_X86
#  define ISA_AVX2_CODE __attribute__((target("avx2")))
#  define ISA_AVX512_CODE                                       \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl," \
                          "prefer-vector-width=512")))
#endif

/**
   Define NAME_of[N_ISAS], variants of `static void NAME(const TYPE* job)`,
   which is to be ISA_INLINE.
*/
#if ISA_HAS_X86
#  define ISA_VARIANTS(name, Type)                                   \
    static void name##_plain(const Type* const job)                  \
    {                                                                \
      name(job);                                                     \
    }                                                                \
    ISA_AVX2_CODE static void name##_avx2(const Type* job)           \
    {                                                                \
      name(job);                                                     \
    }                                                                \
    ISA_AVX512_CODE static void name##_avx512(const Type* const job) \
    {                                                                \
      name(job);                                                     \
    }                                                                \
    static void (*const name##_of[N_ISAS])(const Type*) = {          \
      name##_plain, name##_avx2, name##_avx512};
#else
#  define ISA_VARIANTS(name, Type)                          \
    static void name##_plain(const Type* const job)         \
    {                                                       \
      name(job);                                            \
    }                                                       \
    static void (*const name##_of[N_ISAS])(const Type*) = { \
      name##_plain, name##_plain, name##_plain};
#endif

/// Its name, in static memory
const char*
isa_name(Isa isa);

/// Whether this machine can run it
bool
isa_is_able(Isa isa);

/// The one in use: the widest that the machine has, unless isa_use() said else.
/// Thread: any.
Isa
isa_in_use(void);

/// Use that one from now on; false when this machine cannot run it
bool
isa_use(Isa isa);

#endif // PERPETUO_NN_ISA_H
