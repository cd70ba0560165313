/*
 * eUICC Package Results on the card (SGP.32 2.11.2.1, 5.9.1): table `package_result`. They are numbered from
 * the notifications' counter and kept until they are acknowledged by ES10b.RemoveNotificationFromList; what
 * stands in them is euicc/iot/'s.
 */
#ifndef SOFTEUICC_EUICC_LIFECYCLE_PACKAGE_RESULT_H
#define SOFTEUICC_EUICC_LIFECYCLE_PACKAGE_RESULT_H

#include "euicc/os/card.h"

#define PACKAGE_RESULTS_MAX 32 /* kept on the card; the next one drops the oldest */

/* Keeps EuiccPackageResult (BF51 whole) under `sequence`, a number of notification_next_sequence. False when
 * storage failed. */
bool package_result_store(struct softeuicc *card, const char *eim_id, uint32_t counter, uint32_t sequence,
                          struct span result);

/* Calls `visit` for what is stored, oldest first, until it returns false; only the one with this number if
 * `sequence` is not 0. The span (BF51 whole) lives as long as the call. */
void package_result_each(struct softeuicc *card, uint64_t sequence,
                         bool (*visit)(void *context, struct span result), void *context);

/* Forgets one. False when there is none with this number (or storage failed: nvm_failed); then nothing is
 * written. */
bool package_result_remove(struct softeuicc *card, uint64_t sequence);

#endif
