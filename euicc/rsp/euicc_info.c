/* EUICCInfo1 and EUICCInfo2 (SGP.22 5.7.8): see euicc_info.h. */
#include "euicc/rsp/euicc_info.h"

#include "euicc/profile/policy.h"
#include "euicc/profile/profile_store.h"
#include "euicc/rsp/es10_common.h"
#include "profiles/saip/saip.h"
#include "protocol/tags.h"

#include <stdio.h>

/* --- what this card is: versions and capabilities ------------------------------------------------ */

static const uint8_t profile_package_version[3] = {2, 3, 1}; /* TCA Interoperable Profile Package */
const uint8_t euicc_svn[3] = {2, 2, 2};                      /* SGP.22 */
static const uint8_t global_platform_version[3] = {2, 3, 0};
static const uint8_t protection_profile_version[3] = {1, 0, 0};
static const char sas_accreditation_number[] = "SOFTEUICC-TEST";
static const char dloa_platform_label[] = "softeuicc";
static const char dloa_registrar[] =
    "https://dloa.softeuicc.invalid"; /* there is none: this is test software */

/* SGP.32. Reading: the version the card was made to is the one it names, though an IPA of an earlier one
 * finds what it knows. */
static const uint8_t iot_version[3] = {1, 2, 0};
const bool euicc_has_ipae = false;

#define EUICC_CATEGORY_OTHER 0 /* not one of TS 102 225's: softeuicc has no fixed resources */

/* RspCapability bits; additionalProfile(0) is a live figure. */
enum { RSP_ADDITIONAL_PROFILE = 0, RSP_CAPABILITY_BITS = 5 };
static const uint8_t rsp_capabilities[] = {
    1, /* crlSupport */
    3, /* testProfileSupport */
    4, /* deviceInfoExtensibilitySupport */
};

/* ---------------------------------------------------------------------------------------------- */

static void set_bit(uint8_t *bits, unsigned bit)
{
    bits[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
}

/* "1.2.3" as VersionType. */
static void put_firmware_version(struct buf *out)
{
    unsigned parts[3] = {0, 0, 0};
    uint8_t version[3];

    (void)sscanf(softeuicc_version(), "%3u.%3u.%3u", &parts[0], &parts[1], &parts[2]);
    for (size_t i = 0; i < 3; i++)
        version[i] = (uint8_t)parts[i];
    tlv_put(out, 0x83, SPAN_ARRAY(version));
}

static void put_ci_key_ids(const struct softeuicc *card, struct buf *out, uint32_t tag)
{
    size_t at = tlv_open(out, tag);

    for (size_t i = 0; i < card->credentials_count; i++)
        tlv_put(out, 0x04, SPAN_ARRAY(card->credentials[i].ci_key_id));
    tlv_close(out, at);
}

/* Free volatile memory: what a request may still take of the room that STORE DATA collects in. */
static uint64_t free_ram(const struct softeuicc *card)
{
    size_t used = store_data_held(card->store_data, APDU_CHANNELS) + card->response.size;

    return used < STORE_DATA_MAX ? STORE_DATA_MAX - used : 0;
}

/* Extended Card Resources Information, TS 102 226 8.2.1.7.2: installed applications, free non-volatile and
 * volatile memory. */
static void put_ext_card_resource(struct softeuicc *card, struct buf *out, uint64_t free_nvm)
{
    size_t at = tlv_open(out, 0x84);

    tlv_put_unsigned(out, 0x81, profile_count(card));
    tlv_put_unsigned(out, 0x82, free_nvm);
    tlv_put_unsigned(out, 0x83, free_ram(card));
    tlv_close(out, at);
}

static void put_rsp_capability(struct buf *out, uint64_t free_nvm)
{
    uint8_t bits[1] = {0};

    for (size_t i = 0; i < sizeof(rsp_capabilities); i++)
        set_bit(bits, rsp_capabilities[i]);
    if (free_nvm > 0)
        set_bit(bits, RSP_ADDITIONAL_PROFILE);
    tlv_put_bits(out, 0x88, bits, RSP_CAPABILITY_BITS);
}

static void put_certification_data(struct buf *out)
{
    size_t at = tlv_open(out, 0xAC);

    tlv_put_string(out, 0x80, dloa_platform_label);
    tlv_put_string(out, 0x81, dloa_registrar);
    tlv_close(out, at);
}

/* IpaMode: ipad(0), ipae(1). */
static void put_ipa_mode(struct softeuicc *card, struct buf *out)
{
    bool ipae = nvm_figure(card->nvm, "SELECT ipae_active FROM iot", NVM_NONE) != 0;

    tlv_put_unsigned(out, 0x90, euicc_has_ipae && ipae);
}

/* IoTSpecificInfo: versions of SGP.32, then what the eUICC supports of its options. */
static void put_iot_specific_info(struct buf *out)
{
    size_t at = tlv_open(out, 0xB4);
    size_t versions = tlv_open(out, 0xA0);

    tlv_put(out, 0x04, SPAN_ARRAY(iot_version));
    tlv_close(out, versions);
    tlv_put(out, 0x81, SPAN_STRING("")); /* ecallSupported */
    tlv_put(out, 0x82, SPAN_STRING("")); /* fallbackSupported */
    tlv_put(out, 0x83, SPAN_STRING("")); /* fallbackAllowedUpdateSupported, by ES6.UpdateMetadata */
    tlv_close(out, at);
}

static void put_euicc_info1(const struct softeuicc *card, struct buf *out)
{
    size_t outer = tlv_open(out, TAG_EUICC_INFO1);

    tlv_put(out, 0x82, SPAN_ARRAY(euicc_svn));
    put_ci_key_ids(card, out, 0xA9); /* for verification … */
    put_ci_key_ids(card, out,
                   0xAA); /* … and for signing: the card has credentials under every CI it trusts */
    tlv_close(out, outer);
}

static void put_euicc_info2(struct softeuicc *card, bool with_iot_members, struct buf *out)
{
    uint64_t free_nvm = profile_free_nvm(card);
    size_t outer = tlv_open(out, TAG_EUICC_INFO2);

    tlv_put(out, 0x81, SPAN_ARRAY(profile_package_version));
    tlv_put(out, 0x82, SPAN_ARRAY(euicc_svn));
    put_firmware_version(out);
    put_ext_card_resource(card, out, free_nvm);
    saip_put_uicc_capability(out, 0x85);
    /* ts102241Version (86) is absent: no Java Card. */
    tlv_put(out, 0x87, SPAN_ARRAY(global_platform_version));
    put_rsp_capability(out, free_nvm);
    put_ci_key_ids(card, out, 0xA9);
    put_ci_key_ids(card, out, 0xAA);
    tlv_put_unsigned(out, 0x8B, EUICC_CATEGORY_OTHER);
    policy_put_forbidden(card, out, 0x99);
    tlv_put(out, 0x04, SPAN_ARRAY(protection_profile_version));
    tlv_put_string(out, 0x0C, sas_accreditation_number);
    put_certification_data(out);
    if (with_iot_members) {
        put_ipa_mode(card, out);
        put_iot_specific_info(out);
    }
    tlv_close(out, outer);
}

/*
 * Reading: SGP.32 v1.0 takes EuiccSigned1 from SGP.22, v1.2 has one of its own with IPA mode and IoT figures
 * in its EUICCInfo2. A hybrid card, which serves LPAs too, signs what SGP.22 knows: an IPA of v1.0 that
 * decodes and encodes the answer again on its way would lose the rest, and the signature with it.
 */
void es10b_put_signed_euicc_info2(struct softeuicc *card, struct buf *out)
{
    put_euicc_info2(card, (card->personality_bit & FOR_IOT) != 0, out);
}

uint16_t es10b_get_euicc_info1(struct softeuicc *card, struct span request, struct buf *response)
{

    if (!tlv_is_sequence(request))
        return ES10_BAD_REQUEST;
    put_euicc_info1(card, response);
    return es10_finish(card, response);
}

uint16_t es10b_get_euicc_info2(struct softeuicc *card, struct span request, struct buf *response)
{

    if (!tlv_is_sequence(request))
        return ES10_BAD_REQUEST;
    put_euicc_info2(card, (card->personality_bit & (FOR_IOT | FOR_HYBRID)) != 0, response);
    return es10_finish(card, response);
}
