/* What is on its way through the air, in order: octets or news, each with the time at which it arrives. An
 * alarm is set for the first one. */
#ifndef SOFTEUICC_DEVICE_AIR_PARCELS_H
#define SOFTEUICC_DEVICE_AIR_PARCELS_H

#include "apdu/bytes.h"
#include "device/clock.h"

/* The octets of the last one say why, with a zero behind. */
enum parcel_kind { PARCEL_OPENED, PARCEL_OCTETS, PARCEL_CLOSED };

struct parcel {
    struct parcel *next;
    enum parcel_kind kind;
    int64_t at;
    size_t size;
    uint8_t octets[];
};

struct parcels {
    struct parcel *first, **end;
    struct alarm *alarm; /* made by the owner; what it calls takes the first one */
    size_t size;         /* octets, all added up */
    int64_t last;        /* when the last one arrives: none overtakes another */
};

void parcels_init(struct parcels *parcels, struct alarm *alarm);
/* Forgets them, and the alarm. */
void parcels_drop(struct parcels *parcels);
/* Copies the octets. False without memory. */
bool parcels_put(struct parcels *parcels, enum parcel_kind kind, int64_t at, struct span octets);
/* The first one, which the caller frees; the alarm is set for the next. NULL: there is none. */
struct parcel *parcels_take(struct parcels *parcels);
bool parcels_is_empty(const struct parcels *parcels);

#endif
