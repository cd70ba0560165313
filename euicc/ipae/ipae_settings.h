/*
 * The settings of the IPAe: how often it polls, what it does without a network, how it speaks. One table says
 * which there are, what values they take, and what they are unless set (softeuicc_setting_at); what was set
 * is kept in table `ipae_setting`, for all eIMs or for one.
 */
#ifndef SOFTEUICC_EUICC_IPAE_IPAE_SETTINGS_H
#define SOFTEUICC_EUICC_IPAE_IPAE_SETTINGS_H

#include "euicc/network/host.h"
#include "euicc/os/card.h"

enum ipae_setting {
    IPAE_POLL_INTERVAL,
    IPAE_POLL_JITTER,
    IPAE_RETRY_AFTER,
    IPAE_RETRY_LIMIT,
    IPAE_QUIET_HOURS,
    IPAE_POLL_ON_MESSAGE,
    IPAE_POLL_ON_NETWORK,
    IPAE_REPORT_WITHIN,
    IPAE_FALLBACK_AFTER,
    IPAE_RETURN_AFTER,
    IPAE_DNS_SERVER,
    IPAE_COMPACT,
    IPAE_PREFER_DIRECT,
    IPAE_V1,
    IPAE_JSON,
    IPAE_KEEP_ASSOCIATION,
    IPAE_PSK,
    IPAE_SETTINGS
};

/* Their values for all eIMs, as they are kept. */
struct ipae_settings {
    int64_t number[IPAE_SETTINGS]; /* seconds, percent, or 0 and 1 */
    bool has_quiet_hours;
    unsigned quiet_from, quiet_to; /* minutes of the day, UTC; over midnight when the second is less */
    bool has_dns_server;
    struct ip_address dns_server;
    bool has_own; /* some eIM has a value of its own */
};

/* False when storage failed, and they are what they were. */
bool ipae_settings_read(struct softeuicc *card, struct ipae_settings *settings);
/* The number that holds for this eIM. */
int64_t ipae_setting_of(struct softeuicc *card, const struct ipae_settings *settings, enum ipae_setting which,
                        const char *eim);

/* Appends the pre-shared key that holds for this eIM, as it is written; nothing: it has none. False without
 * memory or storage. */
bool ipae_setting_psk(struct softeuicc *card, const char *eim, struct buf *psk);

/* See softeuicc_setting_at; ipae_each_setting; and softeuicc_set, but that nothing is stored by itself: what
 * was set before the value that is refused stands in the transaction that is open. What is listed is for
 * anybody's eyes: of a pre-shared key the identity only. */
const struct softeuicc_setting *ipae_settings_at(size_t index);
void ipae_settings_each(struct softeuicc *card,
                        void (*each)(void *context, const struct softeuicc_set_value *value), void *context);
enum softeuicc_status ipae_settings_set(struct softeuicc *card, const struct softeuicc_set_value *values,
                                        size_t count, struct softeuicc_error *error);

#endif
