// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// URIs and their numbers, for urid:map and urid:unmap.  Thread: any.
#ifndef PERPETUO_TOOLS_URI_TABLE_H
#define PERPETUO_TOOLS_URI_TABLE_H

#include <stdint.h>

typedef struct UriTable UriTable;

/// An empty table; null when memory is out
UriTable*
uri_table_new(void);

/// Null is allowed
void
uri_table_free(UriTable* self);

/// The number of a URI, made if it is new; 0 when memory is out
uint32_t
uri_table_map(UriTable* self, const char* uri);

/// The URI of a number, borrowed from the table; null for an unknown one
const char*
uri_table_unmap(UriTable* self, uint32_t urid);

#endif // PERPETUO_TOOLS_URI_TABLE_H
