// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// The chaos host's half of the worker extension: at once, late, or not at all
#ifndef PERPETUO_TESTS_CHAOS_WORKER_H
#define PERPETUO_TESTS_CHAOS_WORKER_H

#include "tests/chaos_session.h"

#include <lv2/worker/worker.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define WORKER_MAX_WORKS 64U
#define WORKER_MAX_BYTES 128U

typedef struct ChaosWorker ChaosWorker;

/// A work that is under way
typedef struct {
  ChaosWorker* worker;
  bool         is_used;
  bool         is_done;
  bool         has_thread;
  bool         is_never_done;
  bool         is_unanswered;
  uint64_t     due;     ///< The block after which it is done
  uint32_t     n_delay; ///< And so many blocks later, it is answered
  uint32_t     n_bytes;
  uint32_t     n_answers;
  uint32_t     n_answer_bytes;
  uint8_t      bytes[WORKER_MAX_BYTES];
  uint8_t      answer[WORKER_MAX_BYTES];
  pthread_t    thread;
} ChaosWork;

struct ChaosWorker {
  LV2_Worker_Schedule         schedule;
  LV2_Handle                  handle;
  const LV2_Worker_Interface* interface;
  uint64_t                    i_block;

  // Manner
  Work     work;
  uint32_t n_delay;
  uint32_t n_answer_delay;
  uint32_t n_to_lose;
  bool     is_lost_undone;
  uint32_t n_to_refuse;
  uint32_t n_to_overlap; ///< Blocks for which the next work has a thread

  ChaosWork works[WORKER_MAX_WORKS];

  // What happened
  uint64_t n_works;
  uint64_t n_inside;
  uint64_t n_late;
  uint64_t n_lost;
  uint64_t n_refused;
  uint64_t n_overlaps;
  uint64_t n_loads; ///< Answers to works that were no phrase
  uint32_t n_loads_out;
  char     fault[128]; ///< Empty when all was well
};

/// Whether this thread is in run() or work_response()
extern _Thread_local bool chaos_in_run;

void
chaos_worker_init(ChaosWorker* worker);

void
chaos_worker_connect(ChaosWorker*                worker,
                     LV2_Handle                  handle,
                     const LV2_Worker_Interface* interface);

/// After a run: do and answer what is due
void
chaos_worker_after_run(ChaosWorker* worker);

/// Wait for threads; nothing is answered any more
void
chaos_worker_end(ChaosWorker* worker);

#endif // PERPETUO_TESTS_CHAOS_WORKER_H
