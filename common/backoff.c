/* Longer and longer pauses. See backoff.h. */
#include "common/backoff.h"

int64_t backoff_seconds(int64_t failures, int64_t first, int64_t max)
{
    int64_t pause = first;

    while (failures-- > 1 && pause < max)
        pause = pause <= max / 2 ? 2 * pause : max;
    return pause < max ? pause : max;
}
