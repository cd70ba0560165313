/* The host's randomness and time: see host.h. */
#include "euicc/os/host.h"

#include <openssl/rand.h>
#include <time.h>

bool card_random(struct softeuicc *card, uint8_t *out, size_t size)
{
    if (card->hooks.random != NULL)
        return card->hooks.random(card->hooks.context, out, size);
    return RAND_bytes(out, (int)size) == 1;
}

static bool fill_random(void *context, uint8_t *out, size_t size)
{
    return card_random(context, out, size);
}

struct ec_random card_ec_random(struct softeuicc *card)
{
    return (struct ec_random){fill_random, card};
}

int64_t card_now(const struct softeuicc *card)
{
    struct timespec now;

    if (card->hooks.now != NULL)
        return card->hooks.now(card->hooks.context);
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

char *card_time_text(int64_t milliseconds, char text[CARD_TIME_SIZE])
{
    time_t seconds = (time_t)(milliseconds / 1000);
    struct tm utc;

    text[0] = '\0';
    if (gmtime_r(&seconds, &utc) != NULL)
        strftime(text, CARD_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return text;
}

char *card_time(const struct softeuicc *card, char text[CARD_TIME_SIZE])
{
    return card_time_text(card_now(card), text);
}
