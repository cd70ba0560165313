/* How long to wait for somebody who could not be reached. */
#ifndef SOFTEUICC_COMMON_BACKOFF_H
#define SOFTEUICC_COMMON_BACKOFF_H

#include <stdint.h>

/* Seconds after so many failures in a row (1 or more): `first`, then twice as long each time, `max` at most.
 */
int64_t backoff_seconds(int64_t failures, int64_t first, int64_t max);

#endif
