/*
 * Notifications (SGP.22 3.5, 5.7.9-5.7.11): one counter for all sequence numbers, never reused, kept through
 * resets; each signed over its metadata as encoded and kept until removed.
 */
#ifndef SOFTEUICC_EUICC_LIFECYCLE_NOTIFICATION_H
#define SOFTEUICC_EUICC_LIFECYCLE_NOTIFICATION_H

#include "euicc/profile/profile_store.h"

/* NotificationEvent bits, SGP.22 5.5.3 */
enum notification_event {
    NOTIFICATION_INSTALL = 1,
    NOTIFICATION_ENABLE = 2,
    NOTIFICATION_DISABLE = 4,
    NOTIFICATION_DELETE = 8,
};
#define NOTIFICATION_ALL_EVENTS 15u
#define NOTIFICATION_EVENT_BITS 4

/* Takes the next sequence number. 0 when storage failed. */
uint32_t notification_next_sequence(struct softeuicc *card);

/* Appends NotificationMetadata (BF2F): seqNumber 80, event 81, address 0C, iccid 5A. */
void notification_put_metadata(struct buf *out, uint32_t sequence, enum notification_event event,
                               struct span address, struct span iccid);

/* Signs and stores one OtherSignedNotification per configured address of the profile for this event
 * (SGP.22 3.5). Call it before the profile is deleted. False when storage or signing failed. */
bool notification_for_profile(struct softeuicc *card, const struct profile *profile,
                              enum notification_event event);

/* Stores a ProfileInstallationResult (BF37 whole, signed already) under its sequence number. `metadata` is
 * its BF2F whole. */
bool notification_store_result(struct softeuicc *card, uint32_t sequence, struct span address,
                               struct span iccid, struct span metadata, struct span result);

/* Which notifications: those of the events in the mask, and only the one with this number if there is one (0:
 * any). */
struct notification_filter {
    unsigned events;
    uint64_t sequence;
};

/* Calls `visit` for what is pending, oldest first, until it returns false. The spans live as long as the
 * call. */
void notification_each(struct softeuicc *card, const struct notification_filter *filter,
                       bool (*visit)(void *context, struct span metadata, struct span signed_object),
                       void *context);

/* Forgets one. False when there is none with this number (or storage failed: nvm_failed); then nothing is
 * written. */
bool notification_remove(struct softeuicc *card, uint64_t sequence);

#endif
