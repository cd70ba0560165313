/*
 * A device with a card that has an IPAe, a hostile network, and an eIM on it whose order waits: to enable
 * another profile, with a rollback. The terminal of the card sends no TERMINAL PROFILE. For tests only.
 */
#ifndef SOFTEUICC_TESTS_EUICC_IPAE_HOSTILE_DEVICE_H
#define SOFTEUICC_TESTS_EUICC_IPAE_HOSTILE_DEVICE_H

#include "tests/euicc/ipae/hostile_network.h"
#include "tests/support/ipa.h"

#define INTERVAL (15 * MINUTE) /* between two polls */

/* Where a fault shows: with the message that asks for an order, or the one that tells of it. */
enum stage { AT_POLL, AT_RESULT };

struct device {
    struct ipa_bench ipa;
    struct hostile_network network;
    struct softeuicc_hooks hooks;
    const char *file;                  /* of the cards that are inserted; NULL: in memory */
    const struct network_fault *fault; /* NULL: none, any more */
    enum stage stage;
    int64_t busy_since; /* 0: it rests */
};

void device_open(struct device *device);
void device_end(struct device *device);
/* Another card, on a good network, for which the order waits. */
void device_insert(struct device *device);
/* The same in two steps, for who has another way to its network: a device that lends its card none; another
 * card, which nobody has reset. */
void device_open_empty(struct device *device);
void device_insert_off(struct device *device);
/* A reset, and the time in which a terminal would have sent TERMINAL PROFILE. */
void device_start(struct device *device);
struct softeuicc *device_card(struct device *device);

/* Wakes the card until nothing is to be done now; fails if that does not end. */
void device_settle(struct device *device);
/* What happens in so many milliseconds; fails if the card wants nothing any more, or a poll does not end. */
void device_pass(struct device *device, int64_t time);
/* Tells and wakes so often. */
void device_go(struct device *device, unsigned steps);
/* All is well from now on. */
void device_heal(struct device *device);

bool device_polls(struct device *device);
/* The results that the card keeps, as the eIM has not acknowledged them. */
int64_t device_results(struct device *device);
/* Holds that the order was carried out once, and that the eIM has the one result of that. */
void device_carried_out(struct device *device, const char *name);
/* Holds that the next poll brings nothing more. */
void device_stays(struct device *device, const char *name);

#endif
