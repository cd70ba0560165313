/* What a card's memory holds, so that two moments can be compared. For tests only: looks inside the card. */
#ifndef SOFTEUICC_TESTS_SUPPORT_SNAPSHOT_H
#define SOFTEUICC_TESTS_SUPPORT_SNAPSHOT_H

#include "apdu/bytes.h"
#include "euicc/softeuicc.h"

struct snapshot {
    struct buf rows; /* every row of every table but what is counted below, as text */
    int64_t notifications, last_notification, one_time_keys, profiles;
};

void snapshot_take(struct snapshot *snapshot, struct softeuicc *card);
void snapshot_free(struct snapshot *snapshot);

/* Fails the test, showing the first row that differs, unless `rows` are the same. */
void snapshot_assert_same(const struct snapshot *before, const struct snapshot *after, const char *what);

#endif
