/*
 * Certificate revocation lists on the card (SGP.22 4.6, 5.7.12): whole ones, lists that come in parts, and
 * delta lists on top of either. Table `crl`.
 */
#ifndef SOFTEUICC_EUICC_RSP_CRL_STORE_H
#define SOFTEUICC_EUICC_RSP_CRL_STORE_H

#include "euicc/os/card.h"

/* LoadCRLResponseError, SGP.22 5.7.12 */
enum crl_load_error {
    CRL_LOADED = 0,
    CRL_INVALID_SIGNATURE = 1,
    CRL_INVALID_FORMAT = 2,
    CRL_NOT_ENOUGH_MEMORY = 3,
    CRL_KEY_NOT_FOUND = 4,
    CRL_FRESHER_LOADED = 5,
    CRL_BASE_MISSING = 6,
    CRL_LOAD_UNDEFINED = 127,
};

#define CRL_NO_BASE (-1)

/* What was loaded. */
struct crl_load {
    char ci_key_id[2 * 20 + 1]; /* hexadecimal */
    int64_t number;             /* cRLNumber */
    int64_t base;               /* of a delta list the number it builds on, else CRL_NO_BASE */
    int64_t part, parts;        /* 1 of 1 unless the list comes in parts */
};

/* Checks a CertificateList (DER, whole) under the CI it names and keeps it instead of what it replaces. */
enum crl_load_error crl_store_load(struct softeuicc *card, struct span der, struct crl_load *load);

/* Appends missingParts (A0 { 02 part … }) when parts of the list are still missing; nothing otherwise. */
void crl_store_put_missing(struct softeuicc *card, const struct crl_load *load, struct buf *out);

/* True when a list of this CI names the certificate; also when one of them cannot be read any more, or
 * storage failed. */
bool crl_store_revokes(struct softeuicc *card, struct span ci_key_id, const struct cert *cert);

#endif
