/*
 * Under whom a server believes what an eUICC signs (SGP.22 4.5.2): the CIs, and the chain from one of them
 * down to the eUICC. Unlike a card, a server knows the date.
 */
#ifndef SOFTEUICC_PROTOCOL_EUICC_TRUST_H
#define SOFTEUICC_PROTOCOL_EUICC_TRUST_H

#include "crypto/cert.h"
#include "protocol/refusal.h"

#define EUICC_TRUST_MAX 8

/* All-zero trusts nobody. */
struct euicc_trust {
    struct cert *ci[EUICC_TRUST_MAX];
    size_t ci_count;
    bool ignore_expiry; /* take expired EUM and eUICC certificates */
};

/* Adds a CI certificate, which is the list's from now on (and freed at once on a failure). False and a line
 * in *why (static text) when it is not one. */
bool euicc_trust_add(struct euicc_trust *trust, struct cert *ci, const char **why);
/* Frees what the list holds, not the structure. */
void euicc_trust_clear(struct euicc_trust *trust);

/* The trusted CI with this key identifier, or NULL. */
const struct cert *euicc_trust_find(const struct euicc_trust *trust, struct span key_id);

/* Checks an eUICC's chain: EUM by `ci`, eUICC by EUM, nameConstraints, dates unless told otherwise. On
 * success *euicc is the caller's to free. */
bool euicc_trust_check(const struct euicc_trust *trust, const struct cert *ci, struct span euicc_der,
                       struct span eum_der, struct cert **euicc, struct refusal_status *status);

#endif
