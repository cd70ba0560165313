/*
 * What the card remembers to find its way back (SGP.32 3.3.2, 3.4.6, 3.4.7, emergency profile): the rows of
 * table `iot` that lifecycle.c reads and writes. Profiles are named by their id, 0 for none.
 */
#ifndef SOFTEUICC_EUICC_LIFECYCLE_RECOVERY_H
#define SOFTEUICC_EUICC_LIFECYCLE_RECOVERY_H

#include "euicc/os/card.h"

/* A granted rollback: what ProfileRollback goes back to, and the package that granted it. */
struct rollback_grant {
    int64_t profile; /* 0: none is granted */
    char eim_id[129];
    uint32_t counter;
    uint8_t transaction[16]; /* eimTransactionId */
    size_t transaction_size; /* 0: none */
    uint32_t result;         /* sequence number of the package's result */
};

bool recovery_rollback(struct softeuicc *card, struct rollback_grant *grant); /* false: none granted */
bool recovery_grant_rollback(struct softeuicc *card, const struct rollback_grant *grant);
/* Writes nothing when none is granted. False when storage failed. */
bool recovery_withdraw_rollback(struct softeuicc *card);

int64_t recovery_fallback_profile(struct softeuicc *card); /* the one with the Fallback Attribute */
bool recovery_set_fallback_profile(struct softeuicc *card, int64_t id);
int64_t recovery_before_fallback(struct softeuicc *card);
bool recovery_set_before_fallback(struct softeuicc *card, int64_t id);

/* Reading: of several profiles with ecallIndication the enabled one, or else the oldest, is the Emergency
 * Profile. */
int64_t recovery_emergency_profile(struct softeuicc *card);
bool recovery_emergency_active(struct softeuicc *card);
int64_t recovery_before_emergency(struct softeuicc *card);
bool recovery_set_emergency(struct softeuicc *card, bool active, int64_t before);

#endif
