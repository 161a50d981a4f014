// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/host_worker.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_MESSAGES 128U
#define MAX_MESSAGE_BYTES 256U
#define MAX_QUEUE_BYTES 4096U
#define PAINT 0xA7U ///< What is in a stack where nobody was

typedef struct {
  uint32_t n_bytes;
  uint32_t i_run; ///< The run in which it was sent
  uint8_t  bytes[MAX_MESSAGE_BYTES];
} Message;

typedef struct {
  Message  messages[MAX_MESSAGES];
  uint32_t i_first;
  uint32_t n;
  uint32_t n_bytes;
} Queue;

struct HostWorker {
  LV2_Worker_Schedule         schedule;
  const HostBorder*           border;
  LV2_Handle                  handle;
  const LV2_Worker_Interface* interface;
  HostWork                    work;
  uint32_t                    i_run;
  uint32_t                    n_delay;
  uint32_t                    n_to_refuse;

  // The thread's stack, if it is to be a small one
  uint8_t* stack;   ///< With a page below it that nobody may touch
  size_t   n_guard; ///< Bytes of that page
  size_t   n_stack; ///< Bytes, the page not counted

  pthread_t       thread;
  pthread_mutex_t lock; ///< Of everything below
  pthread_cond_t  changed;
  Queue           asked;   ///< For the thread
  Queue           later;   ///< For after the run
  Queue           answers; ///< From the thread
  bool            has_thread;
  bool            is_busy;
  bool            is_over;
  bool            is_held;   ///< The thread begins nothing
  uint32_t        n_to_lose; ///< Answers
  uint32_t        n_at_once; ///< Works under way
  uint32_t        most_at_once;
  uint32_t        n_works;
  uint32_t        n_refused;
};

static _Thread_local bool in_plugin;

bool
host_border_cross(const HostBorder* const border, const bool is_plugin)
{
  const bool before = in_plugin;
  if (before != is_plugin) {
    if (!is_plugin && border->watch) {
      border->watch(border->data, false);
    }
    in_plugin = is_plugin;
    if (is_plugin && border->watch) {
      border->watch(border->data, true);
    }
  }
  return before;
}

bool
host_border_is_plugin(void)
{
  return in_plugin;
}

static bool
queue_push(Queue* const      queue,
           const uint32_t    i_run,
           const uint32_t    n_bytes,
           const void* const bytes)
{
  if (!n_bytes || n_bytes > MAX_MESSAGE_BYTES || queue->n == MAX_MESSAGES ||
      queue->n_bytes + n_bytes + 4U > MAX_QUEUE_BYTES) {
    return false;
  }
  Message* const m =
    &queue->messages[(queue->i_first + queue->n) % MAX_MESSAGES];
  m->n_bytes = n_bytes;
  m->i_run   = i_run;
  memcpy(m->bytes, bytes, n_bytes);
  queue->n_bytes += n_bytes + 4U;
  ++queue->n;
  return true;
}

static bool
queue_pop(Queue* const queue, Message* const message)
{
  if (!queue->n) {
    return false;
  }
  *message       = queue->messages[queue->i_first];
  queue->i_first = (queue->i_first + 1U) % MAX_MESSAGES;
  queue->n_bytes -= message->n_bytes + 4U;
  --queue->n;
  return true;
}

/// Answer on the audio thread
static LV2_Worker_Status
respond_now(const LV2_Worker_Respond_Handle handle,
            const uint32_t                  size,
            const void* const               data)
{
  HostWorker* const self = (HostWorker*)handle;
  if (!size || !self->interface->work_response) {
    return LV2_WORKER_ERR_NO_SPACE;
  }
  const bool before = host_border_cross(self->border, true);
  self->interface->work_response(self->handle, size, data);
  host_border_cross(self->border, before);
  return LV2_WORKER_SUCCESS;
}

/// Answer from the thread
static LV2_Worker_Status
respond_later(const LV2_Worker_Respond_Handle handle,
              const uint32_t                  size,
              const void* const               data)
{
  HostWorker* const self = (HostWorker*)handle;
  pthread_mutex_lock(&self->lock);
  const bool ok =
    !self->n_to_lose && queue_push(&self->answers, 0U, size, data);
  self->n_to_lose -= self->n_to_lose ? 1U : 0U;
  pthread_mutex_unlock(&self->lock);
  return ok ? LV2_WORKER_SUCCESS : LV2_WORKER_ERR_NO_SPACE;
}

/// Count a work that begins or ends; with `lock` held
static void
count_work(HostWorker* const self, const bool begins)
{
  self->n_at_once += begins ? 1U : UINT32_MAX;
  self->n_works += begins ? 0U : 1U;
  if (self->n_at_once > self->most_at_once) {
    self->most_at_once = self->n_at_once;
  }
}

static void*
work_thread(void* const data)
{
  HostWorker* const self = (HostWorker*)data;
  Message           message;

  pthread_mutex_lock(&self->lock);
  while (!self->is_over) {
    if (self->is_held || !queue_pop(&self->asked, &message)) {
      pthread_cond_wait(&self->changed, &self->lock);
      continue;
    }
    self->is_busy = true;
    count_work(self, true);
    pthread_mutex_unlock(&self->lock);
    self->interface->work(
      self->handle, respond_later, self, message.n_bytes, message.bytes);
    pthread_mutex_lock(&self->lock);
    self->is_busy = false;
    count_work(self, false);
    pthread_cond_broadcast(&self->changed);
  }
  pthread_mutex_unlock(&self->lock);
  return NULL;
}

/// Work and answer on this thread
static void
work_now(HostWorker* const self,
         const uint32_t    n_bytes,
         const void* const bytes)
{
  pthread_mutex_lock(&self->lock);
  count_work(self, true);
  pthread_mutex_unlock(&self->lock);
  self->interface->work(self->handle, respond_now, self, n_bytes, bytes);
  pthread_mutex_lock(&self->lock);
  count_work(self, false);
  pthread_mutex_unlock(&self->lock);
}

/// Lay a painted stack out, with a page below it that ends the program when
/// it is touched.  False: there can be none.
static bool
lay_stack(HostWorker* const self)
{
  const size_t n_page = (size_t)sysconf(_SC_PAGESIZE);
  void*        room   = NULL;
  if (posix_memalign(&room, n_page, n_page + self->n_stack)) {
    return false;
  }
  self->n_guard = n_page;
  self->stack   = (uint8_t*)room;
  memset(self->stack + n_page, (int)PAINT, self->n_stack);
  return !mprotect(self->stack, n_page, PROT_NONE);
}

static bool
create_thread(HostWorker* const self)
{
  pthread_attr_t attributes;
  if (!self->n_stack) {
    return !pthread_create(&self->thread, NULL, work_thread, self);
  }
  if (pthread_attr_init(&attributes)) {
    return false;
  }
  const bool is_there =
    lay_stack(self) &&
    !pthread_attr_setstack(
      &attributes, self->stack + self->n_guard, self->n_stack) &&
    !pthread_create(&self->thread, &attributes, work_thread, self);
  pthread_attr_destroy(&attributes);
  return is_there;
}

/// Start the thread when it is first needed; with `lock` held
static bool
start_thread(HostWorker* const self)
{
  self->has_thread = self->has_thread || create_thread(self);
  return self->has_thread;
}

static bool
accept_message(HostWorker* const self,
               const uint32_t    size,
               const void* const data)
{
  pthread_mutex_lock(&self->lock);
  bool ok = false;
  if (self->n_to_refuse) {
    --self->n_to_refuse;
  } else if (self->interface && size) {
    ok = self->work == HOST_WORK_INSIDE ? true
         : self->work == HOST_WORK_AT_END
           ? queue_push(&self->later, self->i_run, size, data)
           : start_thread(self) &&
               queue_push(&self->asked, self->i_run, size, data);
  }
  self->n_refused += !ok;
  pthread_cond_broadcast(&self->changed);
  pthread_mutex_unlock(&self->lock);
  return ok;
}

static LV2_Worker_Status
schedule_work(const LV2_Worker_Schedule_Handle handle,
              const uint32_t                   size,
              const void* const                data)
{
  HostWorker* const self   = (HostWorker*)handle;
  const bool        before = host_border_cross(self->border, false);
  const bool        ok     = accept_message(self, size, data);
  if (ok && self->work == HOST_WORK_INSIDE) {
    work_now(self, size, data);
  }
  host_border_cross(self->border, before);
  return ok ? LV2_WORKER_SUCCESS : LV2_WORKER_ERR_NO_SPACE;
}

HostWorker*
host_worker_new(const HostWork          work,
                const size_t            n_stack,
                const HostBorder* const border)
{
  HostWorker* const self = (HostWorker*)calloc(1U, sizeof(HostWorker));
  if (self) {
    self->schedule.handle        = self;
    self->schedule.schedule_work = schedule_work;
    self->border                 = border;
    self->work                   = work;
    self->n_stack                = n_stack;
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->changed, NULL);
  }
  return self;
}

void
host_worker_free(HostWorker* const self)
{
  if (!self) {
    return;
  }
  pthread_mutex_lock(&self->lock);
  self->is_over = true;
  pthread_cond_broadcast(&self->changed);
  pthread_mutex_unlock(&self->lock);
  if (self->has_thread) {
    pthread_join(self->thread, NULL);
  }
  if (self->stack) {
    (void)mprotect(self->stack, self->n_guard, PROT_READ | PROT_WRITE);
    free(self->stack);
  }
  pthread_cond_destroy(&self->changed);
  pthread_mutex_destroy(&self->lock);
  free(self);
}

LV2_Worker_Schedule*
host_worker_schedule(HostWorker* const self)
{
  return &self->schedule;
}

void
host_worker_connect(HostWorker* const                 self,
                    const LV2_Handle                  handle,
                    const LV2_Worker_Interface* const interface)
{
  self->handle    = handle;
  self->interface = interface;
}

/// Do the work that has waited long enough, as much of it as there is now
static void
do_later_work(HostWorker* const self)
{
  Message message;
  for (uint32_t n = self->later.n; n; --n) {
    pthread_mutex_lock(&self->lock);
    const Queue* const q = &self->later;
    const bool         is_due =
      q->n && q->messages[q->i_first].i_run + self->n_delay <= self->i_run;
    const bool has_work = is_due && queue_pop(&self->later, &message);
    pthread_mutex_unlock(&self->lock);
    if (!has_work) {
      return;
    }
    work_now(self, message.n_bytes, message.bytes);
  }
}

/// Pass on what the thread answered
static void
deliver_answers(HostWorker* const self)
{
  Message message;
  bool    has_answer = true;
  while (has_answer) {
    pthread_mutex_lock(&self->lock);
    has_answer = queue_pop(&self->answers, &message);
    pthread_mutex_unlock(&self->lock);
    if (has_answer) {
      respond_now(self, message.n_bytes, message.bytes);
    }
  }
}

void
host_worker_after_run(HostWorker* const self)
{
  if (!self->interface) {
    return;
  }
  if (self->work == HOST_WORK_PATIENT) {
    pthread_mutex_lock(&self->lock);
    while (self->asked.n || self->is_busy) {
      pthread_cond_wait(&self->changed, &self->lock);
    }
    pthread_mutex_unlock(&self->lock);
  }
  do_later_work(self);
  deliver_answers(self);
  if (self->interface->end_run) {
    const bool before = host_border_cross(self->border, true);
    self->interface->end_run(self->handle);
    host_border_cross(self->border, before);
  }
  ++self->i_run;
}

void
host_worker_set_manner(HostWorker* const self, const HostWork work)
{
  pthread_mutex_lock(&self->lock);
  self->work = work;
  pthread_mutex_unlock(&self->lock);
}

void
host_worker_delay(HostWorker* const self, const uint32_t n_runs)
{
  self->n_delay = n_runs;
}

void
host_worker_refuse(HostWorker* const self, const uint32_t n)
{
  pthread_mutex_lock(&self->lock);
  self->n_to_refuse = n;
  pthread_mutex_unlock(&self->lock);
}

uint32_t
host_worker_n_works(HostWorker* const self)
{
  pthread_mutex_lock(&self->lock);
  const uint32_t n = self->n_works;
  pthread_mutex_unlock(&self->lock);
  return n;
}

uint32_t
host_worker_n_refused(HostWorker* const self)
{
  pthread_mutex_lock(&self->lock);
  const uint32_t n = self->n_refused;
  pthread_mutex_unlock(&self->lock);
  return n;
}

void
host_worker_hold(HostWorker* const self, const bool is_held)
{
  pthread_mutex_lock(&self->lock);
  self->is_held = is_held;
  pthread_cond_broadcast(&self->changed);
  pthread_mutex_unlock(&self->lock);
}

void
host_worker_lose(HostWorker* const self, const uint32_t n)
{
  pthread_mutex_lock(&self->lock);
  self->n_to_lose = n;
  pthread_mutex_unlock(&self->lock);
}

uint32_t
host_worker_most_at_once(HostWorker* const self)
{
  pthread_mutex_lock(&self->lock);
  const uint32_t n = self->most_at_once;
  pthread_mutex_unlock(&self->lock);
  return n;
}

size_t
host_worker_stack_used(HostWorker* const self)
{
  size_t n_free = 0U;
  pthread_mutex_lock(&self->lock);
  while (self->stack && n_free < self->n_stack &&
         self->stack[self->n_guard + n_free] == PAINT) {
    ++n_free;
  }
  const size_t n_used = self->stack ? self->n_stack - n_free : 0U;
  pthread_mutex_unlock(&self->lock);
  return n_used;
}
