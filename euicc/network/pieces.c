/* Octets that wait, in pieces: see pieces.h. */
#include "euicc/network/pieces.h"

#include <string.h>

void pieces_put(struct pieces *pieces, struct span piece)
{
    pieces->last = pieces->octets.size;
    buf_append(&pieces->octets, SPAN((const uint8_t *)&piece.size, sizeof(piece.size)));
    buf_append(&pieces->octets, piece);
}

void pieces_extend(struct pieces *pieces, struct span octets)
{
    size_t size;

    if (pieces->octets.size == 0) {
        pieces_put(pieces, octets);
        return;
    }
    buf_append(&pieces->octets, octets);
    if (pieces->octets.failed)
        return;
    memcpy(&size, pieces->octets.data + pieces->last, sizeof(size));
    size += octets.size;
    memcpy(pieces->octets.data + pieces->last, &size, sizeof(size));
}

bool pieces_first(const struct pieces *pieces, struct span *first)
{
    size_t size;

    if (pieces->taken == pieces->octets.size)
        return false;
    memcpy(&size, pieces->octets.data + pieces->taken, sizeof(size));
    *first = SPAN(pieces->octets.data + pieces->taken + sizeof(size), size);
    return true;
}

/* The size of what is left moves on, over what was taken. */
void pieces_take(struct pieces *pieces, size_t size)
{
    size_t left;

    memcpy(&left, pieces->octets.data + pieces->taken, sizeof(left));
    left -= size;
    if (pieces->last == pieces->taken)
        pieces->last += size;
    pieces->taken += size;
    if (left > 0)
        memcpy(pieces->octets.data + pieces->taken, &left, sizeof(left));
    else
        pieces->taken += sizeof(left);
    if (pieces->taken == pieces->octets.size) {
        buf_clear(&pieces->octets);
        pieces->taken = 0;
    }
}

size_t pieces_size(const struct pieces *pieces)
{
    return pieces->octets.size - pieces->taken;
}

void pieces_free(struct pieces *pieces)
{
    buf_free(&pieces->octets);
    *pieces = (struct pieces){0};
}
