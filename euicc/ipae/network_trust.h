/* What the servers of an IPAe are trusted by (SGP.32 2.11.1, SGP.22 4.5.2.1.0), or a pre-shared key. */
#ifndef SOFTEUICC_EUICC_IPAE_NETWORK_TRUST_H
#define SOFTEUICC_EUICC_IPAE_NETWORK_TRUST_H

#include "euicc/network/tls.h"
#include "euicc/os/card.h"
#include "ipa/ipa.h"

/* The values of a trust, and the octets they point to. All-zero is an empty one. */
struct network_trust {
    struct span values[CARD_CI_MAX];
    struct buf octets[CARD_CI_MAX];
    size_t count;
};

/* An eIM by what its configuration says, over CoAP rather by the setting `psk`; reading: without that, and a
 * server, by the card's CIs. What `trust` is made lives as long as `trusted` and the eIM. False without
 * memory or storage. */
bool network_trust_find(struct softeuicc *card, const struct ipa_eim *eim, const struct ipa_message *message,
                        bool is_over_coap, struct network_trust *trusted, struct tls_client_trust *trust);
void network_trust_free(struct network_trust *trusted);

#endif
