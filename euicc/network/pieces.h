/* Octets that wait, in pieces that keep their ends: datagrams, or what came of a stream at once. */
#ifndef SOFTEUICC_EUICC_NETWORK_PIECES_H
#define SOFTEUICC_EUICC_NETWORK_PIECES_H

#include "apdu/bytes.h"

/* All-zero is empty. When memory runs out `octets.failed` is true: nothing of it can be relied on any more.
 */
struct pieces {
    struct buf octets; /* pieces, each with its size in front */
    size_t taken;      /* octets of them */
    size_t last;       /* where the last one begins */
};

void pieces_put(struct pieces *pieces, struct span piece);
/* To the end of the last one; a new one when there is none. */
void pieces_extend(struct pieces *pieces, struct span octets);
/* What is left of the first one. False: there is none. */
bool pieces_first(const struct pieces *pieces, struct span *first);
/* `size` octets of what is left of the first one are done with. */
void pieces_take(struct pieces *pieces, size_t size);
/* Octets that wait, of all pieces, with what it takes to tell them apart. */
size_t pieces_size(const struct pieces *pieces);
void pieces_free(struct pieces *pieces); /* makes it empty */

#endif
