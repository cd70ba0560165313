/* Rows of a database (database.h) as JSON, for who shows what a server keeps. */
#ifndef SOFTEUICC_COMMON_DATABASE_DATABASE_JSON_H
#define SOFTEUICC_COMMON_DATABASE_DATABASE_JSON_H

#include "common/database/database.h"

#include <jansson.h>

/*
 * All rows of a query as an array of objects, with the columns' names ("isdp_aid AS isdpAid") for members.
 * What is NULL, or a blob of no octets, is left out; other blobs are hexadecimal, of their first 64 octets; a
 * text that is not UTF-8, or not the JSON that it should be, is "?". Two endings of a name are no part of it:
 * `_flag` makes true or false of a number (false of NULL), `_json` takes a text for what it is. *failed (may
 * be NULL): not all rows could be read.
 */
json_t *db_json(struct db_rows rows, bool *failed);
/* The only one of them; NULL when there is none. */
json_t *db_json_only(struct db_rows rows);

#endif
