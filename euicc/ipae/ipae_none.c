/* A build without the IPAe (--without-ipae): no card has one. See ipae.h. */
#include "euicc/ipae/ipae.h"

#include "euicc/os/error.h"

const bool ipae_is_built = false;

bool ipae_insert(struct softeuicc *card, bool strict)
{
    (void)card;
    (void)strict;
    return false;
}

const struct softeuicc_setting *ipae_setting_at(size_t index)
{
    (void)index;
    return NULL;
}

enum softeuicc_status ipae_set(struct softeuicc *card, const struct softeuicc_set_value *values, size_t count,
                               struct softeuicc_error *error)
{
    (void)card;
    (void)values;
    (void)count;
    return error_set(error, SOFTEUICC_INVALID, "this build has no IPAe (configured --without-ipae)");
}

void ipae_unset(struct softeuicc *card)
{
    (void)card;
}

void ipae_each_setting(struct softeuicc *card,
                       void (*each)(void *context, const struct softeuicc_set_value *value), void *context)
{
    (void)card;
    (void)each;
    (void)context;
}

/* A card that was made with one goes on without it, and says so in all that it announces. */
bool ipae_load(struct softeuicc *card)
{
    (void)card;
    return true;
}

void ipae_free(struct softeuicc *card)
{
    (void)card;
}

void ipae_reset(struct softeuicc *card)
{
    (void)card;
}

void ipae_terminal_is_ready(struct softeuicc *card)
{
    (void)card;
}

void ipae_message_came(struct softeuicc *card)
{
    (void)card;
}

void ipae_turn(struct softeuicc *card, bool of_es10)
{
    (void)card;
    (void)of_es10;
}

int64_t ipae_next_wakeup(const struct softeuicc *card)
{
    (void)card;
    return -1;
}

bool ipae_settled(struct softeuicc *card, bool refreshed, bool resets)
{
    (void)card;
    (void)refreshed;
    (void)resets;
    return true;
}

bool ipae_look(const struct softeuicc *card, struct ipae_facts *facts)
{
    (void)card;
    (void)facts;
    return false;
}

bool ipae_look_count(const struct softeuicc *card, size_t index, struct ipae_tally *tally)
{
    (void)card;
    (void)index;
    (void)tally;
    return false;
}

void ipae_set_carrier(struct softeuicc *card, const struct ipae_carrier *carrier)
{
    (void)card;
    (void)carrier;
}

void ipae_bearer_opened(struct softeuicc *card, unsigned channel)
{
    (void)card;
    (void)channel;
}

void ipae_bearer_received(struct softeuicc *card, unsigned channel, struct span octets)
{
    (void)card;
    (void)channel;
    (void)octets;
}

void ipae_bearer_closed(struct softeuicc *card, unsigned channel, const char *why)
{
    (void)card;
    (void)channel;
    (void)why;
}
