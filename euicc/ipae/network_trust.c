/* Who the servers have to be: see network_trust.h. */
#include "euicc/ipae/network_trust.h"

#include "euicc/ipae/ipae_settings.h"

void network_trust_free(struct network_trust *trusted)
{
    for (size_t i = 0; i < CARD_CI_MAX; i++)
        buf_free(&trusted->octets[i]);
}

/* The CIs that the card trusts, under which servers of remote provisioning are (SGP.22 4.5.2.1.0). */
static bool trust_cis(struct softeuicc *card, struct network_trust *trusted)
{
    sqlite3_stmt *stmt = nvm_select(card->nvm, "SELECT ci_cert FROM credentials ORDER BY priority", NVM_NONE);
    bool whole = true;

    while (whole && trusted->count < CARD_CI_MAX && nvm_row(card->nvm, stmt)) {
        buf_append(&trusted->octets[trusted->count], nvm_blob(stmt, 0));
        whole = !trusted->octets[trusted->count].failed;
        trusted->values[trusted->count] = buf_span(&trusted->octets[trusted->count]);
        trusted->count++;
    }
    nvm_done(stmt);
    return whole && trusted->count > 0;
}

bool network_trust_find(struct softeuicc *card, const struct ipa_eim *eim, const struct ipa_message *message,
                        bool is_over_coap, struct network_trust *trusted, struct tls_client_trust *trust)
{
    struct buf *psk = &trusted->octets[0];

    *trust = (struct tls_client_trust){TLS_TRUST_CAS, trusted->values, 0};
    if (is_over_coap && !ipae_setting_psk(card, eim->id, psk))
        return false;
    if (psk->size > 0) {
        trust->kind = TLS_TRUST_PSK;
        trusted->values[0] = buf_span(psk);
        trusted->count = 1;
    } else if (message->peer != IPA_PEER_EIM || eim->trust == IPA_TRUST_SYSTEM) {
        if (!trust_cis(card, trusted))
            return false;
    } else {
        trust->kind = eim->trust == IPA_TRUST_KEY ? TLS_TRUST_KEY : TLS_TRUST_CERTIFICATE;
        trusted->values[0] = buf_span(&eim->trusted);
        trusted->count = 1;
    }
    trust->count = trusted->count;
    return true;
}
