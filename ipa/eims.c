/* EimConfigurationData as the card shows it (SGP.32 2.11.1.1, 5.9.18), and AddInitialEim. See ipa.h. */
#include "ipa/ipa_internal.h"
#include "protocol/tags.h"

#include <stdio.h>
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

static bool take_text(struct span value, size_t min, char *out, size_t max)
{
    if (value.size < min || value.size > max || memchr(value.data, 0, value.size) != NULL)
        return false;
    memcpy(out, value.data, value.size);
    out[value.size] = '\0';
    return true;
}

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

    if (!tlv_find(content, TAG_EIM_ID, &value) || !take_text(value, 1, eim->id, IPA_ID_MAX))
        return false;
    if (tlv_find(content, TAG_EIM_FQDN, &value) && !take_text(value, 0, eim->fqdn, IPA_ADDRESS_MAX))
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
    while (ipa->eim_count < IPA_EIMS_MAX && tlv_next(&reader, &entry) == TLV_OK) {
        if (entry.tag != TAG_SEQUENCE || !read_eim(entry.value, &ipa->eims[ipa->eim_count++])) {
            snprintf(ipa->why, sizeof(ipa->why),
                     "GetEimConfigurationData: the card's configuration of eIM %zu is malformed",
                     ipa->eim_count);
            return false;
        }
    }
    if (!tlv_good(&reader)) {
        snprintf(ipa->why, sizeof(ipa->why), "GetEimConfigurationData: the card's answer is malformed: %s",
                 tlv_status_name(reader.status));
        return false;
    }
    *count = ipa->eim_count;
    return true;
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
    struct buf request = {0};
    struct span content;
    struct span value;
    uint64_t number;
    bool ok;

    if (tlv_single(configuration, TAG_ADD_INITIAL_EIM, &content) == TLV_OK) {
        buf_append(&request, configuration);
    } else {
        size_t outer = tlv_open(&request, TAG_ADD_INITIAL_EIM);

        tlv_put(&request, 0xA0, configuration);
        tlv_close(&request, outer);
    }
    ok = !request.failed &&
         card_call(ipa, "AddInitialEim", buf_span(&request), TAG_ADD_INITIAL_EIM, &content, NULL);
    buf_free(&request);
    if (!ok)
        return false;
    *code = 0;
    if (tlv_find(content, 0xA0, &value)) {
        buf_append(answers, value);
        return !answers->failed;
    }
    if (!tlv_find(content, 0x81, &value) || !tlv_unsigned(value, &number) || number > 127) {
        snprintf(ipa->why, sizeof(ipa->why), "AddInitialEim: the card's answer is malformed");
        return false;
    }
    *code = (int)number;
    return true;
}
