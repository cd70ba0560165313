/* What the kinds of link have in common; for link*.c only. */
#ifndef SOFTEUICC_DEVICE_LINK_PRIVATE_H
#define SOFTEUICC_DEVICE_LINK_PRIVATE_H

#include "device/link.h"

struct link_kind {
    bool (*transmit)(struct link *link, struct span capdu, struct buf *response);
    bool (*reset)(struct link *link);
    void (*power_off)(struct link *link);
    void (*close)(struct link *link);
};

struct link {
    const struct link_kind *kind;
    char name[256];
    uint8_t atr[33];
    size_t atr_size;
    bool was_reset;         /* by another program: why the last command failed */
    void *state;            /* of the kind */
    struct softeuicc *card; /* of a card file; NULL: a reader */
};

struct link *link_new(const struct link_kind *kind, const char *name, void *state);

#endif
