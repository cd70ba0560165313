/* Changing data objects in place of somebody who lies: replace, remove or insert one object, lengths around
 * it follow. For tests only. */
#ifndef SOFTEUICC_TESTS_SUPPORT_EDIT_H
#define SOFTEUICC_TESTS_SUPPORT_EDIT_H

#include "apdu/bytes.h"

/* A path of tags, each the first with that tag inside the one before: EDIT_PATH(0x30, 0x80). */
#define EDIT_PATH(...) ((const uint32_t[]){__VA_ARGS__, 0})

/* Each fails the test when the path leads nowhere. */
void edit_value(struct buf *octets, const uint32_t *path, struct span value); /* the content octets */
void edit_tag(struct buf *octets, const uint32_t *path, uint32_t tag);        /* the tag only */
void edit_remove(struct buf *octets, const uint32_t *path);                   /* the whole object */
void edit_append(struct buf *octets, const uint32_t *path,
                 struct span whole); /* after what the object holds */
/* Inverts one bit of the octet at `offset`, counted from the end when negative. */
void edit_flip(struct buf *octets, long offset);
void edit_set(struct buf *octets, struct span content);

#endif
