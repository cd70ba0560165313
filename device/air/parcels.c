/* A queue in time. See parcels.h. */
#include "device/air/parcels.h"

#include <stdlib.h>
#include <string.h>

void parcels_init(struct parcels *parcels, struct alarm *alarm)
{
    *parcels = (struct parcels){.alarm = alarm};
    parcels->end = &parcels->first;
}

void parcels_drop(struct parcels *parcels)
{
    while (parcels->first != NULL) {
        struct parcel *next = parcels->first->next;

        free(parcels->first);
        parcels->first = next;
    }
    parcels->end = &parcels->first;
    parcels->size = 0;
    parcels->last = 0;
    alarm_set(parcels->alarm, ALARM_NEVER);
}

bool parcels_put(struct parcels *parcels, enum parcel_kind kind, int64_t at, struct span octets)
{
    struct parcel *parcel = malloc(sizeof(*parcel) + octets.size);

    if (parcel == NULL)
        return false;
    parcel->next = NULL;
    parcel->kind = kind;
    if (at > parcels->last)
        parcels->last = at;
    parcel->at = parcels->last;
    parcel->size = octets.size;
    if (octets.size > 0)
        memcpy(parcel->octets, octets.data, octets.size);
    parcels->size += octets.size;
    *parcels->end = parcel;
    parcels->end = &parcel->next;
    if (parcels->first == parcel)
        alarm_set(parcels->alarm, parcel->at);
    return true;
}

struct parcel *parcels_take(struct parcels *parcels)
{
    struct parcel *parcel = parcels->first;

    if (parcel == NULL)
        return NULL;
    parcels->first = parcel->next;
    if (parcels->first == NULL)
        parcels->end = &parcels->first;
    else
        alarm_set(parcels->alarm, parcels->first->at);
    parcels->size -= parcel->size;
    return parcel;
}

bool parcels_is_empty(const struct parcels *parcels)
{
    return parcels->first == NULL;
}
