/*
 * eUICC Package Results as signed objects (SGP.32 2.11.2.1, 5.9.1). What stands in them is euicc_package.c's;
 * ProfileRollback makes one too (5.9.16).
 */
#ifndef SOFTEUICC_EUICC_IOT_PACKAGE_SIGN_H
#define SOFTEUICC_EUICC_IOT_PACKAGE_SIGN_H

#include "euicc/iot/eim.h"

#define EIM_TRANSACTION_MAX  16    /* octets, TransactionId is OCTET STRING (SIZE(1..16)) */
#define PACKAGE_RESULTS_SIZE 16384 /* octets of EuiccResultData in one result */

/*
 * Appends EuiccPackageResult (BF51 whole) with these EuiccResultData, signed for the eIM, and stores it under
 * `sequence`, which the caller took by notification_next_sequence: for a package before its list runs. False
 * when signing or storage failed.
 */
bool package_sign_and_store(struct softeuicc *card, const struct eim *eim, uint32_t counter,
                            struct span transaction, uint32_t sequence, struct span results, struct buf *out);

/* Appends EuiccPackageResult with a signed EuiccPackageErrorCode; it has no number and is not kept. */
bool package_sign_error(const struct eim *eim, int64_t counter, struct span transaction, unsigned code,
                        struct buf *out);

#endif
