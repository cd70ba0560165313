/* EimConfigurationData as the card shows it (SGP.32 2.11.1.1, 5.9.18), and AddInitialEim. See ipa.h. */
#include "ipa/ipa_internal.h"
#include "protocol/tags.h"

#include <string.h>

/* EimConfigurationData */
#define TAG_EIM_FQDN      0x81
#define TAG_EIM_TOKEN     0x84
#define TAG_EIM_TLS       0xA6
#define TAG_EIM_PROTOCOLS 0x87
#define TAG_EIM_INDIRECT  0x89
/* the CHOICE in eimPublicKeyData and trustedPublicKeyDataTls */
#define TAG_CHOICE_KEY         0xA0
#define TAG_CHOICE_CERTIFICATE 0xA1

/* The CHOICE is untagged and its members have automatic tags, but both are SEQUENCEs under an implicit tag:
 * what is trusted is the member with its own tag 30 again. */
static bool take_trust(struct span choice, struct ipa_eim *eim)
{
    struct span value;

    if (tlv_single(choice, TAG_CHOICE_KEY, &value) == TLV_OK)
        eim->trust = IPA_TRUST_KEY;
    else if (tlv_single(choice, TAG_CHOICE_CERTIFICATE, &value) == TLV_OK)
        eim->trust = IPA_TRUST_CERTIFICATE;
    else
        return false;
    tlv_put(&eim->trusted, TAG_SEQUENCE, value);
    return !eim->trusted.failed;
}

static bool read_eim(struct span content, struct ipa_eim *eim)
{
    struct span value;

    if (!tlv_find(content, TAG_EIM_ID, &value) || !ipa_take_text(value, 1, IPA_ID_MAX, eim->id))
        return false;
    if (tlv_find(content, TAG_EIM_FQDN, &value) && !ipa_take_text(value, 0, IPA_ADDRESS_MAX, eim->fqdn))
        return false;
    if (tlv_find(content, TAG_EIM_TOKEN, &value)) {
        eim->has_token = tlv_signed(value, &eim->token);
        if (!eim->has_token)
            return false;
    }
    if (tlv_find(content, TAG_EIM_TLS, &value) && !take_trust(value, eim))
        return false;
    if (tlv_find(content, TAG_EIM_PROTOCOLS, &value)) {
        eim->has_protocols = true;
        for (unsigned bit = 0; bit < 8; bit++)
            eim->protocols |= (uint8_t)(tlv_bit(value, bit) << bit);
    }
    eim->indirect = tlv_find(content, TAG_EIM_INDIRECT, &value);
    return true;
}

void card_clear_eims(struct ipa *ipa)
{
    for (size_t i = 0; i < ipa->eim_count; i++)
        buf_free(&ipa->eims[i].trusted);
    memset(ipa->eims, 0, sizeof(ipa->eims));
    ipa->eim_count = 0;
}

bool ipa_read_eims(struct ipa *ipa, const struct ipa_eim **eims, size_t *count)
{
    struct span content;
    struct span list;
    struct tlv_reader reader;
    struct tlv entry;

    card_clear_eims(ipa);
    *eims = ipa->eims;
    *count = 0;
    if (!card_know(ipa) || !card_get(ipa, "GetEimConfigurationData", TAG_EIM_CONFIGURATION_DATA, &content))
        return false;
    if (!tlv_find(content, 0xA0, &list))
        list = SPAN_NONE;
    reader = tlv_reader(list);
    while (ipa->eim_count < IPA_EIMS_MAX && tlv_next(&reader, &entry) == TLV_OK)
        if (entry.tag != TAG_SEQUENCE || !read_eim(entry.value, &ipa->eims[ipa->eim_count++]))
            return ipa_fail(ipa, "GetEimConfigurationData: the card's configuration of eIM %zu is malformed",
                            ipa->eim_count);
    if (!tlv_good(&reader))
        return ipa_fail(ipa, "GetEimConfigurationData: the card's answer is malformed: %s",
                        tlv_status_name(reader.status));
    *count = ipa->eim_count;
    return true;
}

bool ipa_is_associated(struct ipa *ipa, const char *eim_id)
{
    const struct ipa_eim *eims;
    size_t count;

    if (!ipa_read_eims(ipa, &eims, &count))
        return true;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(eims[i].id, eim_id) == 0)
            return true;
    }
    return false;
}

bool card_mark_eims(struct ipa *ipa, const char *except, int cause)
{
    const struct ipa_eim *eims;
    size_t count;
    struct known_eim *known;

    if (!ipa_read_eims(ipa, &eims, &count))
        return false;
    /* Reading (SGP.32 6.3.2.6): there is room for one cause; of several that an eIM was not told,
     * the last. */
    for (size_t i = 0; i < count; i++) {
        if (except != NULL && strcmp(eims[i].id, except) == 0)
            continue;
        known = state_eim(&ipa->state, eims[i].id);
        if (known != NULL)
            known->cause = cause;
    }
    return true;
}

bool ipa_add_eim(struct ipa *ipa, struct span configuration, int *code, struct buf *answers)
{
    struct span content;
    struct span value;

    card_begin(ipa, TAG_ADD_INITIAL_EIM);
    if (tlv_single(configuration, TAG_ADD_INITIAL_EIM, &content) == TLV_OK)
        buf_append(&ipa->request, content);
    else
        tlv_put(&ipa->request, 0xA0, configuration);
    if (!card_ask(ipa, "AddInitialEim", &content))
        return false;
    *code = 0;
    if (tlv_find(content, 0xA0, &value)) {
        buf_append(answers, value);
        return !answers->failed;
    }
    return ipa_find_code(content, 0x81, code) ||
           ipa_fail(ipa, "AddInitialEim: the card's answer is malformed");
}
