// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/train/corpus_map.h"

#include "music/style.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_FIELDS 3U ///< That are read; the licence is for people

/// "0.3/0.2" or "0.25"
static bool
parse_shares(const char* const text, float* const share)
{
  char*  end    = NULL;
  double one    = strtod(text, &end);
  double other  = one;
  bool   is_fit = end != text;
  if (is_fit && *end == '/') {
    const char* const second = end + 1;

    other  = strtod(second, &end);
    is_fit = end != second;
  }
  share[PART_MELODY] = (float)one;
  share[PART_DRUMS]  = (float)other;
  return is_fit && !*end && isfinite(share[PART_MELODY]) &&
         isfinite(share[PART_DRUMS]) && one >= 0.0 && other >= 0.0;
}

/// Cut a line at its tabs.  @return number of fields, at most N_FIELDS.
static uint32_t
cut_fields(char* const line, char** const field)
{
  uint32_t n    = 0U;
  char*    next = line;
  while (next && n < N_FIELDS) {
    field[n++] = next;
    next       = strchr(next, '\t');
    if (next) {
      *next++ = '\0';
    }
  }
  return n;
}

static Status
parse_row(char* const    line,
          const uint32_t i_line,
          MapRow* const  row,
          Trouble*       trouble)
{
  char* field[N_FIELDS] = {NULL};
  if (cut_fields(line, field) < N_FIELDS) {
    return trouble_say(trouble,
                       STATUS_BAD_FILE,
                       "Line %u of the map has fewer than three fields with "
                       "tabs between: prefix, style or -, shares",
                       i_line);
  }
  if (strlen(field[0]) >= MAP_PREFIX_ROOM) {
    return trouble_say(trouble,
                       STATUS_BAD_FILE,
                       "Line %u of the map: the prefix is longer than %u",
                       i_line,
                       MAP_PREFIX_ROOM - 1U);
  }

  memset(row, 0, sizeof(*row));
  memcpy(row->prefix, field[0], strlen(field[0]));
  row->style = strcmp(field[1], "-") ? style_find(field[1]) : -1;
  if (row->style < 0 && strcmp(field[1], "-")) {
    return trouble_say(trouble,
                       STATUS_BAD_FILE,
                       "Line %u of the map: there is no style \"%s\"",
                       i_line,
                       field[1]);
  }
  if (!parse_shares(field[2], row->share)) {
    return trouble_say(trouble,
                       STATUS_BAD_FILE,
                       "Line %u of the map: \"%s\" is no share such as 0.5 or "
                       "0.5/0.2",
                       i_line,
                       field[2]);
  }
  return STATUS_SUCCESS;
}

static Status
add_row(CorpusMap* const map, const MapRow* const row)
{
  MapRow* const rows =
    (MapRow*)realloc(map->rows, (map->n_rows + 1U) * sizeof(MapRow));
  if (!rows) {
    return STATUS_NO_MEM;
  }
  map->rows                = rows;
  map->rows[map->n_rows++] = *row;
  return STATUS_SUCCESS;
}

Status
corpus_map_load(const char* const path,
                CorpusMap* const  map,
                Trouble* const    trouble)
{
  FILE* const file = fopen(path, "r");
  if (!file) {
    return trouble_say(
      trouble, STATUS_NO_FILE, "The map \"%s\" cannot be read", path);
  }

  CorpusMap fresh  = {0U, NULL};
  Status    st     = STATUS_SUCCESS;
  uint32_t  i_line = 0U;
  char      line[1024];
  while (!st && fgets(line, sizeof(line), file)) {
    ++i_line;
    if (strlen(line) + 1U == sizeof(line) && !strchr(line, '\n')) {
      st = trouble_say(trouble,
                       STATUS_BAD_FILE,
                       "Line %u of the map is longer than %zu characters",
                       i_line,
                       sizeof(line) - 2U);
      break;
    }
    line[strcspn(line, "\r\n")] = '\0';
    if (line[0] && line[0] != '#') {
      MapRow row;
      st = parse_row(line, i_line, &row, trouble);
      st = st ? st : add_row(&fresh, &row);
    }
  }
  if (!st && ferror(file)) {
    st = trouble_say(
      trouble, STATUS_NO_FILE, "The map \"%s\" cannot be read", path);
  }
  fclose(file);
  if (st) {
    corpus_map_clear(&fresh);
  } else {
    *map = fresh;
  }
  return st;
}

void
corpus_map_clear(CorpusMap* const map)
{
  free(map->rows);
  map->rows   = NULL;
  map->n_rows = 0U;
}

const MapRow*
corpus_map_find(const CorpusMap* const map, const char* const path)
{
  const MapRow* best = NULL;
  size_t        most = 0U;
  for (uint32_t i = 0U; i < map->n_rows; ++i) {
    const size_t n = strlen(map->rows[i].prefix);
    if (!strncmp(path, map->rows[i].prefix, n) && (!best || n > most)) {
      best = &map->rows[i];
      most = n;
    }
  }
  return best;
}

int
corpus_map_style(const char* const path)
{
  int style = -1;
  for (const char* begin = path; *begin;) {
    const size_t n = strcspn(begin, "/");
    for (int i = 0; begin[n] && i < (int)N_STYLES; ++i) {
      const char* const symbol = style_row((Style)i)->symbol;
      if (strlen(symbol) == n && !strncmp(begin, symbol, n)) {
        style = i;
      }
    }
    begin += n + (begin[n] ? 1U : 0U);
  }
  return style;
}
