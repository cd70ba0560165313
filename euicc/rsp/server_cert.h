/* The certificates of RSP servers as the card checks them (SGP.22 v2 4.5.2.2): straight under a CI that the
 * card trusts. */
#ifndef SOFTEUICC_EUICC_RSP_SERVER_CERT_H
#define SOFTEUICC_EUICC_RSP_SERVER_CERT_H

#include "euicc/os/card.h"

/*
 * Parses `der`, finds the CI among those the card trusts and checks signature, curve, role (a bit set of 1 <<
 * CERT_ROLE_…) and revocation. On success the certificate (the caller frees it) and *ci, which lives as long
 * as the card is open. On failure NULL and *status: CERT_WRONG_ISSUER when the card does not trust the
 * issuer.
 */
struct cert *server_cert_check(struct softeuicc *card, struct span der, unsigned roles,
                               const struct card_credentials **ci, enum cert_status *status);

/* True when `oid` are the content octets of a well-formed OBJECT IDENTIFIER (X.690 8.19). */
bool server_oid_is_valid(struct span oid);

#endif
