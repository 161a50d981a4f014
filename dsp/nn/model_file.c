// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "nn/model_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/// Largest JSON header that is read, in bytes
#define MAX_HEADER (1U << 22U)

/// Most tensors, and most texts, that are read
#define MAX_ENTRIES 1024U

/// The whole numbers that JSON readers agree on
#define MAX_NUMBER (UINT64_C(1) << 53U)

/// Data is padded to begin at a multiple of this in the file
#define FILE_ALIGNMENT 8U

static const struct {
  const char* dtype;
  size_t      size;
} types[N_TENSOR_TYPES] = {
  [TENSOR_I8]  = {"I8", 1U},
  [TENSOR_F32] = {"F32", 4U},
  [TENSOR_U64] = {"U64", 8U},
};

/* Reading: a header, as it was found */

/// Where a tensor says that its data is
typedef struct {
  uint64_t begin;
  uint64_t end;
} Span;

/// A JSON text that is being read, and what it said so far
typedef struct {
  const uint8_t* json;
  size_t         n_json;
  size_t         at;    ///< Next byte to read
  char*          texts; ///< Room for all decoded strings
  size_t         n_texts;
  Trouble*       trouble;

  TensorSpec* tensors;
  Span*       spans;
  uint32_t    n_tensors;
  ModelText*  entries;
  uint32_t    n_entries;
  bool        has_metadata;
} Header;

#define SAY_BAD(trouble, ...) trouble_say(trouble, STATUS_BAD_FILE, __VA_ARGS__)

static Status
bad_json(const Header* const h, const char* const what)
{
  return SAY_BAD(h->trouble,
                 "The header is damaged: %s expected at byte %zu of it; take a"
                 " fresh copy of the file",
                 what,
                 h->at);
}

static void
skip_blanks(Header* const h)
{
  while (h->at < h->n_json &&
         (h->json[h->at] == ' ' || h->json[h->at] == '\t' ||
          h->json[h->at] == '\n' || h->json[h->at] == '\r')) {
    ++h->at;
  }
}

/// Read `c` if it is next
static bool
accept(Header* const h, const char c)
{
  skip_blanks(h);
  if (h->at < h->n_json && h->json[h->at] == (uint8_t)c) {
    ++h->at;
    return true;
  }
  return false;
}

static Status
expect(Header* const h, const char c)
{
  const char what[] = {'\'', c, '\'', '\0'};
  return accept(h, c) ? STATUS_SUCCESS : bad_json(h, what);
}

/* Strings */

/// Append the UTF-8 bytes of a code point
static void
put_code(Header* const h, const uint32_t code)
{
  static const struct {
    uint32_t below;
    uint8_t  lead;
  } lengths[] = {{0x80U, 0U}, {0x800U, 0xC0U}, {0x10000U, 0xE0U}};

  uint32_t n    = 0U; // Bytes that follow the first
  uint8_t  lead = 0xF0U;
  while (n < 3U && code >= lengths[n].below) {
    ++n;
  }
  if (n < 3U) {
    lead = lengths[n].lead;
  }

  h->texts[h->n_texts++] = (char)(lead | (code >> (6U * n)));
  while (n--) {
    h->texts[h->n_texts++] = (char)(0x80U | ((code >> (6U * n)) & 0x3FU));
  }
}

/// Read four hexadecimal digits; UINT32_MAX when they are not
static uint32_t
read_hex(Header* const h)
{
  uint32_t code = 0U;
  for (uint32_t i = 0U; i < 4U; ++i) {
    const uint8_t c = h->at < h->n_json ? h->json[h->at] : 0U;
    const uint8_t l = c | 0x20U; // Lower case of a letter

    if (c >= '0' && c <= '9') {
      code = code * 16U + c - '0';
    } else if (l >= 'a' && l <= 'f') {
      code = code * 16U + 10U + l - 'a';
    } else {
      return UINT32_MAX;
    }
    ++h->at;
  }
  return code;
}

/// Read what follows "\u"; 0 when it is no character that a text can have
static uint32_t
read_code(Header* const h)
{
  const uint32_t code = read_hex(h);
  if (code > 0xFFFFU || (code >= 0xDC00U && code <= 0xDFFFU)) {
    return 0U;
  }
  if (code < 0xD800U || code > 0xDBFFU) {
    return code;
  }

  // The second half of a surrogate pair must follow
  if (h->n_json - h->at < 2U || h->json[h->at] != '\\' ||
      h->json[h->at + 1U] != 'u') {
    return 0U;
  }
  h->at += 2U;
  const uint32_t low = read_hex(h);
  return low >= 0xDC00U && low <= 0xDFFFU
           ? 0x10000U + ((code - 0xD800U) << 10U) + (low - 0xDC00U)
           : 0U;
}

/// Read what follows a backslash
static Status
read_escape(Header* const h)
{
  static const char from[] = "\"\\/bfnrt";
  static const char to[]   = "\"\\/\b\f\n\r\t";

  const char        c = h->at < h->n_json ? (char)h->json[h->at++] : '\0';
  const char* const i = c ? strchr(from, c) : NULL;
  if (i) {
    h->texts[h->n_texts++] = to[i - from];
    return STATUS_SUCCESS;
  }

  const uint32_t code = c == 'u' ? read_code(h) : 0U;
  if (!code) {
    return bad_json(h, "an escaped character");
  }
  put_code(h, code);
  return STATUS_SUCCESS;
}

/// Copy one character of several bytes, if it is well-formed UTF-8
static Status
read_wide(Header* const h)
{
  const uint8_t* const s    = h->json + h->at;
  const size_t         left = h->n_json - h->at;
  const size_t         n    = s[0] >= 0xF0U ? 4U : s[0] >= 0xE0U ? 3U : 2U;

  // The first byte and the least and greatest second byte
  const uint8_t least = s[0] == 0xE0U ? 0xA0U : s[0] == 0xF0U ? 0x90U : 0x80U;
  const uint8_t most  = s[0] == 0xEDU ? 0x9FU : s[0] == 0xF4U ? 0x8FU : 0xBFU;

  bool is_good = s[0] >= 0xC2U && s[0] <= 0xF4U && left >= n && s[1] >= least &&
                 s[1] <= most;
  for (size_t i = 2U; is_good && i < n; ++i) {
    is_good = (s[i] & 0xC0U) == 0x80U;
  }
  if (!is_good) {
    return bad_json(h, "a character in UTF-8");
  }

  memcpy(h->texts + h->n_texts, s, n);
  h->n_texts += n;
  h->at += n;
  return STATUS_SUCCESS;
}

static Status
read_string(Header* const h, const char** const string)
{
  const size_t begin = h->n_texts;
  Status       st    = expect(h, '"');
  while (!st) {
    if (h->at >= h->n_json || h->json[h->at] < 0x20U) {
      return bad_json(h, "the end of a text");
    }

    const uint8_t c = h->json[h->at];
    if (c >= 0x80U) {
      st = read_wide(h);
      continue;
    }

    ++h->at;
    if (c == '"') {
      h->texts[h->n_texts++] = '\0';
      *string                = h->texts + begin;
      break;
    }
    if (c == '\\') {
      st = read_escape(h);
    } else {
      h->texts[h->n_texts++] = (char)c;
    }
  }
  return st;
}

/// Read a whole number: no sign, no fraction, no exponent, no leading zeros
static Status
read_number(Header* const h, uint64_t* const number)
{
  skip_blanks(h);

  uint64_t     n     = 0U;
  const size_t begin = h->at;
  while (h->at < h->n_json && h->json[h->at] >= '0' && h->json[h->at] <= '9') {
    n = n * 10U + (uint64_t)(h->json[h->at] - '0');
    if (n > MAX_NUMBER || (h->at > begin && h->json[begin] == '0')) {
      return bad_json(h, "a whole number of moderate size");
    }
    ++h->at;
  }
  if (h->at == begin) {
    return bad_json(h, "a whole number");
  }

  *number = n;
  return STATUS_SUCCESS;
}

/* The three things that are said of a tensor */

typedef Status (*ReadField)(Header* h, TensorSpec* spec, Span* span);

static Status
read_dtype(Header* const h, TensorSpec* const spec, Span* const span)
{
  (void)span;

  const char*  dtype = NULL;
  const Status st    = read_string(h, &dtype);
  if (st) {
    return st;
  }

  for (unsigned i = 0U; i < N_TENSOR_TYPES; ++i) {
    if (!strcmp(types[i].dtype, dtype)) {
      spec->type = (TensorType)i;
      return STATUS_SUCCESS;
    }
  }
  return SAY_BAD(h->trouble,
                 "Tensor \"%.60s\" is of type \"%.16s\", but only I8, F32 and"
                 " U64 are read; it is a model of another program",
                 spec->name,
                 dtype);
}

static Status
read_shape(Header* const h, TensorSpec* const spec, Span* const span)
{
  (void)span;

  Status st = expect(h, '[');
  if (st || accept(h, ']')) {
    return st;
  }

  do {
    uint64_t size = 0U;
    if (spec->rank >= MODEL_MAX_RANK) {
      return SAY_BAD(h->trouble,
                     "Tensor \"%.60s\" has more than %u dimensions; it is a"
                     " model of another program",
                     spec->name,
                     MODEL_MAX_RANK);
    }
    if ((st = read_number(h, &size))) {
      return st;
    }
    if (!size || size > MODEL_FILE_MAX) {
      return SAY_BAD(h->trouble,
                     "Tensor \"%.60s\" has a dimension of %llu, which cannot"
                     " be; take a fresh copy of the file",
                     spec->name,
                     (unsigned long long)size);
    }
    spec->shape[spec->rank++] = (uint32_t)size;
  } while (accept(h, ','));

  return expect(h, ']');
}

static Status
read_offsets(Header* const h, TensorSpec* const spec, Span* const span)
{
  (void)spec;

  Status st = expect(h, '[');
  st        = st ? st : read_number(h, &span->begin);
  st        = st ? st : expect(h, ',');
  st        = st ? st : read_number(h, &span->end);
  return st ? st : expect(h, ']');
}

static const struct {
  const char* name;
  ReadField   read;
} fields[] = {
  {"dtype", read_dtype},
  {"shape", read_shape},
  {"data_offsets", read_offsets},
};

#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

/// The index of a field's name, or N_FIELDS
static size_t
field_index(const char* const name)
{
  size_t f = 0U;
  while (f < N_FIELDS && strcmp(fields[f].name, name)) {
    ++f;
  }
  return f;
}

static Status
read_tensor(Header* const h, const char* const name)
{
  for (uint32_t i = 0U; i < h->n_tensors; ++i) {
    if (!strcmp(h->tensors[i].name, name)) {
      return SAY_BAD(h->trouble,
                     "Tensor \"%.60s\" is there twice; take a fresh copy of"
                     " the file",
                     name);
    }
  }
  if (h->n_tensors >= MAX_ENTRIES) {
    return SAY_BAD(h->trouble,
                   "There are more than %u tensors; it is a model of another"
                   " program",
                   MAX_ENTRIES);
  }

  TensorSpec* const spec = &h->tensors[h->n_tensors];
  Span* const       span = &h->spans[h->n_tensors++];
  unsigned          seen = 0U;

  spec->name = name;
  Status st  = expect(h, '{');
  while (!st) {
    const char* field = NULL;
    if ((st = read_string(h, &field)) || (st = expect(h, ':'))) {
      return st;
    }

    const size_t f = field_index(field);
    if (f >= N_FIELDS || (seen & (1U << f))) {
      return SAY_BAD(h->trouble,
                     "Tensor \"%.60s\" says \"%.40s\" %s; take a fresh copy of"
                     " the file",
                     name,
                     field,
                     f < N_FIELDS ? "twice" : "of itself, which means nothing");
    }

    seen |= 1U << f;
    if (!(st = fields[f].read(h, spec, span)) && !accept(h, ',')) {
      st = expect(h, '}');
      break;
    }
  }

  if (!st && seen != (1U << N_FIELDS) - 1U) {
    return SAY_BAD(h->trouble,
                   "Tensor \"%.60s\" lacks its dtype, shape or data_offsets;"
                   " take a fresh copy of the file",
                   name);
  }
  return st;
}

static Status
read_metadata(Header* const h)
{
  if (h->has_metadata) {
    return SAY_BAD(h->trouble,
                   "\"__metadata__\" is there twice; take a fresh copy of the"
                   " file");
  }
  h->has_metadata = true;

  Status st = expect(h, '{');
  if (st || accept(h, '}')) {
    return st;
  }

  do {
    ModelText entry = {NULL, NULL};
    if ((st = read_string(h, &entry.key)) || (st = expect(h, ':')) ||
        (st = read_string(h, &entry.text))) {
      return st;
    }

    for (uint32_t i = 0U; i < h->n_entries; ++i) {
      if (!strcmp(h->entries[i].key, entry.key)) {
        return SAY_BAD(h->trouble,
                       "The metadata says \"%.60s\" twice; take a fresh copy"
                       " of the file",
                       entry.key);
      }
    }
    if (h->n_entries >= MAX_ENTRIES) {
      return SAY_BAD(h->trouble,
                     "There are more than %u metadata entries; it is a model"
                     " of another program",
                     MAX_ENTRIES);
    }
    h->entries[h->n_entries++] = entry;
  } while (accept(h, ','));

  return expect(h, '}');
}

static Status
read_header(Header* const h)
{
  Status st = expect(h, '{');
  if (st) {
    return st;
  }

  if (!accept(h, '}')) {
    do {
      const char* name = NULL;
      if ((st = read_string(h, &name)) || (st = expect(h, ':'))) {
        return st;
      }
      st =
        strcmp(name, "__metadata__") ? read_tensor(h, name) : read_metadata(h);
      if (st) {
        return st;
      }
    } while (accept(h, ','));

    if ((st = expect(h, '}'))) {
      return st;
    }
  }

  skip_blanks(h);
  return h->at == h->n_json ? STATUS_SUCCESS : bad_json(h, "the end");
}

/* Data */

/// Check that a tensor's span is as long as its shape says
static Status
check_span(const Header* const h, const uint32_t i, const uint64_t n_data)
{
  const TensorSpec* const spec = &h->tensors[i];
  const Span* const       span = &h->spans[i];

  if (!spec->rank) {
    return SAY_BAD(h->trouble,
                   "Tensor \"%.60s\" has no dimensions; it is a model of"
                   " another program",
                   spec->name);
  }
  if (span->begin > span->end || span->end > n_data) {
    return SAY_BAD(h->trouble,
                   "The data of tensor \"%.60s\" goes from byte %llu to %llu,"
                   " but there are %llu; the file is cut short or damaged",
                   spec->name,
                   (unsigned long long)span->begin,
                   (unsigned long long)span->end,
                   (unsigned long long)n_data);
  }

  // Every dimension is below 2^29, and so is what it is compared with
  uint64_t size = types[spec->type].size;
  for (uint32_t d = 0U; d < spec->rank; ++d) {
    size = size <= n_data ? size * spec->shape[d] : size;
  }
  if (size != span->end - span->begin) {
    return SAY_BAD(h->trouble,
                   "Tensor \"%.60s\" has %llu bytes of data, which is not what"
                   " its shape needs; take a fresh copy of the file",
                   spec->name,
                   (unsigned long long)(span->end - span->begin));
  }
  return STATUS_SUCCESS;
}

/// Check that the spans cover the data: no gap, no overlap, nothing left over
static Status
check_cover(const Header* const h, const uint64_t n_data)
{
  uint64_t at = 0U;
  for (uint32_t n = 0U; n < h->n_tensors; ++n) {
    uint32_t i = 0U;
    while (i < h->n_tensors && h->spans[i].begin != at) {
      ++i;
    }
    if (i == h->n_tensors) {
      return SAY_BAD(h->trouble,
                     "The tensors' data overlaps or leaves a gap at byte %llu;"
                     " take a fresh copy of the file",
                     (unsigned long long)at);
    }
    at = h->spans[i].end;
  }
  return at == n_data
           ? STATUS_SUCCESS
           : SAY_BAD(h->trouble,
                     "There are %llu bytes after the last tensor's data; take"
                     " a fresh copy of the file",
                     (unsigned long long)(n_data - at));
}

static void
read_data(const Tensor* const tensor, const uint8_t* const from)
{
  const size_t n = tensor_size(tensor) / types[tensor->type].size;
  if (tensor->type == TENSOR_I8) {
    memcpy(tensor->data, from, n);
    return;
  }

  // Bytes are put together by value, so this machine's order does not matter
  for (size_t i = 0U; i < n; ++i) {
    const size_t size = types[tensor->type].size;
    uint64_t     wide = 0U;
    for (size_t b = size; b--;) {
      wide = (wide << 8U) | from[i * size + b];
    }

    const uint32_t narrow = (uint32_t)wide;
    memcpy((char*)tensor->data + i * size,
           size == sizeof(narrow) ? (const void*)&narrow : (const void*)&wide,
           size);
  }
}

static Status
check_finite(const Tensor* const tensor, Trouble* const trouble)
{
  const float* const f = (const float*)tensor->data;
  const size_t       n = tensor_size(tensor) / sizeof(float);
  for (size_t i = 0U; i < n; ++i) {
    // Infinities and what is not a number differ from themselves by it
    if (!(f[i] - f[i] == 0.0f)) {
      return SAY_BAD(trouble,
                     "Number %zu of tensor \"%.60s\" is not finite; the model"
                     " was trained badly or is damaged",
                     i,
                     tensor->name);
    }
  }
  return STATUS_SUCCESS;
}

/// Make a model of a checked header and the data after it
static Status
make_model(const Header* const  h,
           const uint8_t* const data,
           Model** const        model)
{
  Model* fresh = NULL;
  Status st =
    model_new(h->tensors, h->n_tensors, h->entries, h->n_entries, &fresh);
  if (st) {
    return trouble_say(h->trouble, st, "%s", status_text(st));
  }

  for (uint32_t i = 0U; !st && i < h->n_tensors; ++i) {
    const Tensor* const tensor = model_tensor(fresh, i);

    read_data(tensor, data + h->spans[i].begin);
    if (tensor->type == TENSOR_F32) {
      st = check_finite(tensor, h->trouble);
    }
  }
  if (st) {
    model_free(fresh);
    return st;
  }

  *model = fresh;
  return STATUS_SUCCESS;
}

/// Find the header's length and check it; 0 when it is wrong
static Status
measure_header(const uint8_t* const bytes,
               const size_t         n_bytes,
               Trouble* const       trouble,
               size_t* const        n_json)
{
  if (n_bytes < 8U) {
    return SAY_BAD(trouble,
                   "There are only %zu bytes, which is too short for a model;"
                   " take a fresh copy of the file",
                   n_bytes);
  }
  if (n_bytes > MODEL_FILE_MAX) {
    return SAY_BAD(trouble,
                   "There are more than %u bytes, which is too much for a"
                   " model; take another file",
                   MODEL_FILE_MAX);
  }

  uint64_t n = 0U;
  for (size_t i = 8U; i--;) {
    n = (n << 8U) | bytes[i];
  }
  if (n > MAX_HEADER) {
    return SAY_BAD(trouble,
                   "It does not begin as a safetensors file does; take a model"
                   " file");
  }
  if (n > n_bytes - 8U) {
    return SAY_BAD(trouble,
                   "The header should have %llu bytes, but %zu are there; the"
                   " file is cut short, take a fresh copy",
                   (unsigned long long)n,
                   n_bytes - 8U);
  }

  *n_json = (size_t)n;
  return STATUS_SUCCESS;
}

Status
model_parse(const uint8_t* const bytes,
            const size_t         n_bytes,
            Model** const        model,
            Trouble* const       trouble)
{
  Header h  = {.trouble = trouble};
  Status st = measure_header(bytes, n_bytes, trouble, &h.n_json);
  if (st) {
    return st;
  }

  // Decoded strings are never longer than what they are decoded from
  h.json    = bytes + 8U;
  h.texts   = (char*)calloc(1U, h.n_json + 1U);
  h.tensors = (TensorSpec*)calloc(MAX_ENTRIES, sizeof(TensorSpec));
  h.spans   = (Span*)calloc(MAX_ENTRIES, sizeof(Span));
  h.entries = (ModelText*)calloc(MAX_ENTRIES, sizeof(ModelText));
  if (!h.texts || !h.tensors || !h.spans || !h.entries) {
    st = trouble_say(trouble, STATUS_NO_MEM, "%s", status_text(STATUS_NO_MEM));
  }

  const size_t n_data = n_bytes - 8U - h.n_json;
  st                  = st ? st : read_header(&h);
  for (uint32_t i = 0U; !st && i < h.n_tensors; ++i) {
    st = check_span(&h, i, n_data);
  }
  st = st ? st : check_cover(&h, n_data);
  st = st ? st : make_model(&h, h.json + h.n_json, model);

  free(h.entries);
  free(h.spans);
  free(h.tensors);
  free(h.texts);
  return st;
}

/* Files */

/// The end of a path, as much of it as a sentence has room for
static const char*
path_end(const char* const path)
{
  const size_t room   = 120U;
  const size_t length = strlen(path);
  return length > room ? path + length - room : path;
}

/// Put the path before what `reason` says
static Status
say_path(Trouble* const trouble,
         const Status   status,
         const char*    path,
         const char*    reason)
{
  return trouble_say(trouble, status, "%s: %.190s", path_end(path), reason);
}

static Status
read_all(const int fd, uint8_t* const bytes, const size_t n_bytes)
{
  for (size_t at = 0U; at < n_bytes;) {
    const ssize_t n = read(fd, bytes + at, n_bytes - at);
    if (n > 0) {
      at += (size_t)n;
    } else if (!n || errno != EINTR) {
      return STATUS_NO_FILE;
    }
  }
  return STATUS_SUCCESS;
}

static Status
load(const int fd, Model** const model, Trouble* const trouble)
{
  struct stat about;
  if (fstat(fd, &about)) {
    return trouble_say(trouble, STATUS_NO_FILE, "%s", strerror(errno));
  }
  if (!S_ISREG(about.st_mode)) {
    return trouble_say(
      trouble, STATUS_NO_FILE, "It is not a file; name a model file");
  }
  if (about.st_size < 0 || about.st_size > (off_t)MODEL_FILE_MAX) {
    return SAY_BAD(trouble,
                   "There are more than %u bytes, which is too much for a"
                   " model; take another file",
                   MODEL_FILE_MAX);
  }

  const size_t   n_bytes = (size_t)about.st_size;
  uint8_t* const bytes   = (uint8_t*)malloc(n_bytes + 1U);
  if (!bytes) {
    return trouble_say(
      trouble, STATUS_NO_MEM, "%s", status_text(STATUS_NO_MEM));
  }

  errno     = 0;
  Status st = read_all(fd, bytes, n_bytes);
  st        = st ? trouble_say(trouble,
                        st,
                        "It cannot be read: %s",
                        errno ? strerror(errno) : "it is becoming shorter")
                 : model_parse(bytes, n_bytes, model, trouble);
  free(bytes);
  return st;
}

Status
model_load(const char* const path, Model** const model, Trouble* const trouble)
{
  Trouble reason = {""};

  // Not waiting, in case that somebody names a pipe
  const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    return say_path(trouble, STATUS_NO_FILE, path, strerror(errno));
  }

  const Status st = load(fd, model, &reason);
  (void)close(fd);
  return st ? say_path(trouble, st, path, reason.text) : st;
}

/* Writing */

/// Bytes that grow; `is_full` once there was no memory for some
typedef struct {
  char*  bytes;
  size_t n;
  size_t room;
  bool   is_full;
} Text;

static void
put(Text* const text, const char* const bytes, const size_t n)
{
  if (n > text->room - text->n) {
    const size_t room  = 2U * text->room + n + 1024U;
    char* const  grown = (char*)realloc(text->bytes, room);
    if (!grown) {
      text->is_full = true;
      return;
    }
    text->bytes = grown;
    text->room  = room;
  }
  memcpy(text->bytes + text->n, bytes, n);
  text->n += n;
}

static void
put_format(Text* text, const char* format, ...) PRINTF_LIKE(2, 3);

static void
put_format(Text* const text, const char* const format, ...)
{
  char    short_text[128];
  va_list args;
  va_start(args, format);
  const int n = vsnprintf(short_text, sizeof(short_text), format, args);
  va_end(args);

  put(text, short_text, n > 0 ? (size_t)n : 0U);
}

static void
put_string(Text* const text, const char* const string)
{
  put(text, "\"", 1U);
  for (const char* c = string; *c; ++c) {
    if (*c == '"' || *c == '\\') {
      put(text, "\\", 1U);
      put(text, c, 1U);
    } else if ((unsigned char)*c < 0x20U) {
      put_format(text, "\\u%04x", (unsigned)*c);
    } else {
      put(text, c, 1U);
    }
  }
  put(text, "\"", 1U);
}

static void
put_metadata(Text* const text, const Model* const model)
{
  put_format(text, "\"__metadata__\":{");
  for (uint32_t i = 0U; i < model_n_texts(model); ++i) {
    const ModelText entry = model_text_at(model, i);

    put(text, ",", i ? 1U : 0U);
    put_string(text, entry.key);
    put(text, ":", 1U);
    put_string(text, entry.text);
  }
  put(text, "}", 1U);
}

/// Append a tensor's entry; its data begins at `begin`.  Returns where it ends.
static size_t
put_entry(Text* const text, const Tensor* const tensor, const size_t begin)
{
  const size_t end = begin + tensor_size(tensor);

  put(text, ",", 1U);
  put_string(text, tensor->name);
  put_format(text, ":{\"dtype\":\"%s\",\"shape\":[", types[tensor->type].dtype);
  for (uint32_t d = 0U; d < tensor->rank; ++d) {
    put_format(text, "%s%u", d ? "," : "", tensor->shape[d]);
  }
  put_format(text, "],\"data_offsets\":[%zu,%zu]}", begin, end);
  return end;
}

static void
put_data(Text* const text, const Tensor* const tensor)
{
  const size_t size = types[tensor->type].size;
  const size_t n    = tensor_size(tensor) / size;
  if (size == 1U) {
    put(text, (const char*)tensor->data, n);
    return;
  }

  for (size_t i = 0U; i < n; ++i) {
    uint32_t narrow = 0U;
    uint64_t wide   = 0U;
    char     bytes[8];
    if (size == sizeof(narrow)) {
      memcpy(&narrow, (const char*)tensor->data + i * size, size);
      wide = narrow;
    } else {
      memcpy(&wide, (const char*)tensor->data + i * size, size);
    }
    for (size_t b = 0U; b < size; ++b) {
      bytes[b] = (char)(uint8_t)(wide >> (8U * b));
    }
    put(text, bytes, size);
  }
}

/// The types in the order of their data, the widest first: all of it is aligned
static const TensorType file_order[] = {TENSOR_U64, TENSOR_F32, TENSOR_I8};

/// A whole file
static void
compose(Text* const file, const Model* const model)
{
  const uint32_t n  = model_n_tensors(model);
  size_t         at = 0U;

  put(file, "\0\0\0\0\0\0\0\0{", 9U);
  put_metadata(file, model);
  for (size_t o = 0U; o < N_TENSOR_TYPES; ++o) {
    for (uint32_t i = 0U; i < n; ++i) {
      const Tensor* const tensor = model_tensor(model, i);
      if (tensor->type == file_order[o]) {
        at = put_entry(file, tensor, at);
      }
    }
  }
  put(file, "}", 1U);
  while (!file->is_full && file->n % FILE_ALIGNMENT) {
    put(file, " ", 1U);
  }

  const uint64_t n_json = file->n - 8U;
  for (size_t b = 0U; !file->is_full && b < 8U; ++b) {
    file->bytes[b] = (char)(uint8_t)(n_json >> (8U * b));
  }

  for (size_t o = 0U; o < N_TENSOR_TYPES; ++o) {
    for (uint32_t i = 0U; i < n; ++i) {
      const Tensor* const tensor = model_tensor(model, i);
      if (tensor->type == file_order[o]) {
        put_data(file, tensor);
      }
    }
  }
}

static bool
write_all(const int fd, const char* const bytes, const size_t n_bytes)
{
  for (size_t at = 0U; at < n_bytes;) {
    const ssize_t n = write(fd, bytes + at, n_bytes - at);
    if (n > 0) {
      at += (size_t)n;
    } else if (!n || errno != EINTR) {
      return false;
    }
  }
  return true;
}

/// Make the new name of a file outlive a loss of power; a file system that
/// cannot do so has still renamed it
static void
sync_folder(const char* const path, char* const scratch)
{
  const char* const slash  = strrchr(path, '/');
  const size_t      length = slash ? (size_t)(slash - path) + 1U : 0U;
  memcpy(scratch, path, length);
  memcpy(scratch + length, ".", 2U);

  const int fd = open(scratch, O_RDONLY | O_CLOEXEC);
  if (fd >= 0) {
    (void)fsync(fd);
    (void)close(fd);
  }
}

/// Write `file` to `temporary` and give that the name `path`
static Status
replace(const char* const path, char* const temporary, const Text* const file)
{
  const int fd =
    open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) {
    return STATUS_NO_WRITE;
  }

  bool is_good = write_all(fd, file->bytes, file->n) && !fsync(fd);
  int  error   = errno;
  is_good      = !close(fd) && is_good;
  if (is_good && !rename(temporary, path)) {
    sync_folder(path, temporary);
    return STATUS_SUCCESS;
  }

  error = is_good ? errno : error;
  (void)unlink(temporary);
  errno = error;
  return STATUS_NO_WRITE;
}

Status
model_save(const char* const  path,
           const Model* const model,
           Trouble* const     trouble)
{
  Text file = {NULL, 0U, 0U, false};
  compose(&file, model);

  const size_t n_name = strlen(path) + 32U;
  char* const  name   = (char*)malloc(n_name);
  Status       st     = STATUS_NO_MEM;
  if (file.is_full || !name) {
    (void)say_path(trouble, st, path, status_text(st));
  } else {
    (void)snprintf(name, n_name, "%s.new", path);
    if ((st = replace(path, name, &file))) {
      (void)say_path(trouble, st, path, strerror(errno));
    }
  }

  free(name);
  free(file.bytes);
  return st;
}
