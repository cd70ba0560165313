/*
 * Notifications (SGP.22 3.5, 5.7.9-5.7.11): one counter for all sequence numbers, never reused, kept through resets; each signed over its
 * metadata as encoded and kept until removed.
 */
#ifndef SOFTEUICC_EUICC_RSP_NOTIFICATION_H
#define SOFTEUICC_EUICC_RSP_NOTIFICATION_H

#include "euicc/rsp/profile_store.h"

/* NotificationEvent bits, SGP.22 5.5.3 */
enum notification_event {
    NOTIFICATION_INSTALL = 1,
    NOTIFICATION_ENABLE = 2,
    NOTIFICATION_DISABLE = 4,
    NOTIFICATION_DELETE = 8,
};

/* Takes the next sequence number. 0 when storage failed. */
uint32_t notification_next_sequence(struct softeuicc *card);

/* Appends NotificationMetadata (BF2F): seqNumber 80, event 81, address 0C, iccid 5A. */
void notification_put_metadata(struct buf *out, uint32_t sequence, enum notification_event event, struct span address,
                               struct span iccid);

/* Signs and stores one OtherSignedNotification per configured address of the profile for this event (SGP.22 3.5). Call it before the
 * profile is deleted. False when storage or signing failed. */
bool notification_for_profile(struct softeuicc *card, const struct profile *profile, enum notification_event event);

/* Stores a ProfileInstallationResult (BF37 whole, signed already) under its sequence number. `metadata` is its BF2F whole. */
bool notification_store_result(struct softeuicc *card, uint32_t sequence, struct span address, struct span iccid,
                               struct span metadata, struct span result);

#endif
