/* EUICCInfo1 and EUICCInfo2 (SGP.22 5.7.8, SGP.32 5.9.2): see euicc_info.h. */
#include "euicc/rsp/euicc_info.h"

#include "euicc/os/spec_version.h"
#include "euicc/profile/policy.h"
#include "euicc/profile/profile_store.h"
#include "euicc/rsp/es10_common.h"
#include "euicc/rsp/ipa_mode.h"
#include "profiles/saip/saip.h"
#include "protocol/tags.h"

#include <stdio.h>

/* --- what this card is: versions and capabilities ------------------------------------------------ */

static const uint8_t global_platform_version[3] = {2, 3, 0};
static const uint8_t protection_profile_version[3] = {1, 0, 0};
static const char sas_accreditation_number[] = "SOFTEUICC-TEST";
static const char dloa_platform_label[] = "softeuicc";
static const char dloa_registrar[] =
    "https://dloa.softeuicc.invalid"; /* there is none: this is test software */

#define EUICC_CATEGORY_OTHER 0 /* not one of TS 102 225's: softeuicc has no fixed resources */

/*
 * Whose EUICCInfo2 it is: SGP.22's, or the one that SGP.32 has of its own. What is in it depends on the
 * version of that specification that the card is made to, since whoever decodes and encodes it again on its
 * way loses what he does not know, and the signature with it.
 */
enum form { FORM_SGP22, FORM_SGP32 };

/* The minor version of SGP.22 v2 and of SGP.32 v1 that something came with. */
struct since {
    unsigned sgp22, sgp32;
};
enum { EVER = 0, NEVER = 99 };

static bool is_in_form(const struct softeuicc *card, enum form form, struct since since)
{
    return form == FORM_SGP32 ? card_speaks_sgp32(card, 1, since.sgp32)
                              : card_speaks_sgp22(card, 2, since.sgp22);
}

/* Bits of RspCapability. SGP.32 takes the type from SGP.22. */
enum { RSP_ADDITIONAL_PROFILE = 0, RSP_CAPABILITY_BITS = 27 };
static const struct {
    unsigned bit;
    struct since since;
} rsp_capabilities[] = {
    {1, {EVER, NEVER}}, /* crlSupport */
    {3, {EVER, NEVER}}, /* testProfileSupport */
    {4, {2, NEVER}},    /* deviceInfoExtensibilitySupport */
    {5, {4, NEVER}},    /* serviceSpecificDataSupport */
    /* iotSpecificMetadataSupport. Reading: SGP.22 has it since v2.7, together with SGP.32 v1.3. */
    {26, {NEVER, 3}},
};

/* What SGP.32's IoTSpecificInfo says of its options. */
static const struct {
    uint32_t tag;
    struct since since;
} iot_options[] = {
    {0x81, {NEVER, EVER}}, /* ecallSupported */
    {0x82, {NEVER, EVER}}, /* fallbackSupported */
    {0x83, {NEVER, 3}},    /* fallbackAllowedUpdateSupported, by ES6.UpdateMetadata */
};

/* Reading: additionalEuiccProfilePackageVersions is in SGP.22 v2.5's EUICCInfo2 and in SGP.32 v1.2's; that an
 * earlier v2 had it is not known. */
#define SINCE_ADDITIONAL_VERSIONS                                                                            \
    {                                                                                                        \
        5, EVER                                                                                              \
    }
static const struct since additional_versions = SINCE_ADDITIONAL_VERSIONS;

/* --- the members --------------------------------------------------------------------------------- */

static void set_bit(uint8_t *bits, unsigned bit)
{
    bits[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
}

/* profileVersion is the base version, which servers of every age compare with. Named leniency: packages of a
 * later version are taken even where there is no place to announce it, since servers that do not compare send
 * them. */
static void put_profile_version(struct softeuicc *card, enum form form, struct buf *out, uint32_t tag)
{
    (void)card;
    (void)form;
    tlv_put(out, tag, SPAN(saip_version_at(0), SAIP_VERSION_SIZE));
}

static void put_additional_versions(struct softeuicc *card, enum form form, struct buf *out, uint32_t tag)
{
    size_t at = tlv_open(out, tag);

    (void)card;
    (void)form;
    for (size_t i = 1; saip_version_at(i) != NULL; i++)
        tlv_put(out, 0x04, SPAN(saip_version_at(i), SAIP_VERSION_SIZE));
    tlv_close(out, at);
}

/* UICCCapability of the last version of the package format that is announced. */
static void put_uicc_capability(struct softeuicc *card, enum form form, struct buf *out, uint32_t tag)
{
    size_t last = 0;

    while (is_in_form(card, form, additional_versions) && saip_version_at(last + 1) != NULL)
        last++;
    saip_put_uicc_capability(out, tag, saip_version_at(last)[0]);
}

static void put_svn(struct softeuicc *card, enum form form, struct buf *out, uint32_t tag)
{
    (void)form;
    tlv_put(out, tag, SPAN_ARRAY(card->sgp22));
}

/* "1.2.3" as VersionType. */
static void put_firmware_version(struct softeuicc *card, enum form form, struct buf *out, uint32_t tag)
{
    unsigned parts[3] = {0, 0, 0};
    uint8_t version[3];

    (void)card;
    (void)form;
    (void)sscanf(softeuicc_version(), "%3u.%3u.%3u", &parts[0], &parts[1], &parts[2]);
    for (size_t i = 0; i < 3; i++)
        version[i] = (uint8_t)parts[i];
    tlv_put(out, tag, SPAN_ARRAY(version));
}

/* Reading: the applications that the ISD-R has installed are the profiles. */
static void put_ext_card_resource(struct softeuicc *card, enum form form, struct buf *out, uint32_t tag)
{
    (void)form;
    card_resources_put(out, tag, profile_count(card), profile_resources(card));
}

static void put_global_platform_version(struct softeuicc *card, enum form form, struct buf *out, uint32_t tag)
{
    (void)card;
    (void)form;
    tlv_put(out, tag, SPAN_ARRAY(global_platform_version));
}

static void put_rsp_capability(struct softeuicc *card, enum form form, struct buf *out, uint32_t tag)
{
    uint8_t bits[(RSP_CAPABILITY_BITS + 7) / 8] = {0};

    for (size_t i = 0; i < sizeof(rsp_capabilities) / sizeof(rsp_capabilities[0]); i++)
        if (is_in_form(card, FORM_SGP22, rsp_capabilities[i].since) ||
            is_in_form(card, form, rsp_capabilities[i].since))
            set_bit(bits, rsp_capabilities[i].bit);
    if (profile_free_nvm(card) > 0)
        set_bit(bits, RSP_ADDITIONAL_PROFILE);
    tlv_put_bits(out, tag, bits, RSP_CAPABILITY_BITS);
}

/* For verification and for signing: the card has credentials under every CI it trusts. */
static void put_ci_key_ids(struct softeuicc *card, enum form form, struct buf *out, uint32_t tag)
{
    size_t at = tlv_open(out, tag);

    (void)form;
    for (size_t i = 0; i < card->credentials_count; i++)
        tlv_put(out, 0x04, SPAN_ARRAY(card->credentials[i].ci_key_id));
    tlv_close(out, at);
}

static void put_category(struct softeuicc *card, enum form form, struct buf *out, uint32_t tag)
{
    (void)card;
    (void)form;
    tlv_put_unsigned(out, tag, EUICC_CATEGORY_OTHER);
}

static void put_forbidden_rules(struct softeuicc *card, enum form form, struct buf *out, uint32_t tag)
{
    (void)form;
    policy_put_forbidden(card, out, tag);
}

static void put_protection_profile_version(struct softeuicc *card, enum form form, struct buf *out,
                                           uint32_t tag)
{
    (void)card;
    (void)form;
    tlv_put(out, tag, SPAN_ARRAY(protection_profile_version));
}

static void put_sas_number(struct softeuicc *card, enum form form, struct buf *out, uint32_t tag)
{
    (void)card;
    (void)form;
    tlv_put_string(out, tag, sas_accreditation_number);
}

static void put_certification_data(struct softeuicc *card, enum form form, struct buf *out, uint32_t tag)
{
    size_t at = tlv_open(out, tag);

    (void)card;
    (void)form;
    tlv_put_string(out, 0x80, dloa_platform_label);
    tlv_put_string(out, 0x81, dloa_registrar);
    tlv_close(out, at);
}

/* IpaMode: ipad(0), ipae(1). */
static void put_ipa_mode(struct softeuicc *card, enum form form, struct buf *out, uint32_t tag)
{
    (void)form;
    tlv_put_unsigned(out, tag, ipa_mode_is_ipae(card));
}

/* IoTSpecificInfo. Reading: the version the card is made to is the only one it names, though an IPA of an
 * earlier one finds what it knows. */
static void put_iot_specific_info(struct softeuicc *card, enum form form, struct buf *out, uint32_t tag)
{
    size_t at = tlv_open(out, tag);
    size_t versions = tlv_open(out, 0xA0);

    tlv_put(out, 0x04, SPAN_ARRAY(card->sgp32));
    tlv_close(out, versions);
    for (size_t i = 0; i < sizeof(iot_options) / sizeof(iot_options[0]); i++)
        if (is_in_form(card, form, iot_options[i].since))
            tlv_put(out, iot_options[i].tag, SPAN_STRING(""));
    tlv_close(out, at);
}

/* --- EUICCInfo1 and EUICCInfo2 ------------------------------------------------------------------- */

struct info_member {
    uint32_t tag;
    struct since since;
    void (*put)(struct softeuicc *card, enum form form, struct buf *out, uint32_t tag);
};

static const struct info_member info1[] = {
    {0x82, {EVER, EVER}, put_svn},
    {0xA9, {EVER, EVER}, put_ci_key_ids},
    {0xAA, {EVER, EVER}, put_ci_key_ids},
};

/*
 * In the order of the type. Left out of what is optional: ts102241Version (86), since no Java Card runs here;
 * treProperties (8D) and treProductReference (8E) of SGP.22 v2.5, since there is no tamper-resistant element;
 * and what SGP.32 says it does not use, or that would claim a certified security level (91, 92, 93, 95).
 */
static const struct info_member info2[] = {
    {0x81, {EVER, EVER}, put_profile_version},
    {0x82, {EVER, EVER}, put_svn},
    {0x83, {EVER, EVER}, put_firmware_version},
    {0x84, {EVER, EVER}, put_ext_card_resource},
    {0x85, {EVER, EVER}, put_uicc_capability},
    {0x87, {EVER, EVER}, put_global_platform_version},
    {0x88, {EVER, EVER}, put_rsp_capability},
    {0xA9, {EVER, EVER}, put_ci_key_ids},
    {0xAA, {EVER, EVER}, put_ci_key_ids},
    {0x8B, {EVER, EVER}, put_category},
    {0x99, {EVER, EVER}, put_forbidden_rules},
    {0x04, {EVER, EVER}, put_protection_profile_version},
    {0x0C, {EVER, EVER}, put_sas_number},
    {0xAC, {EVER, EVER}, put_certification_data},
    {0xAF, SINCE_ADDITIONAL_VERSIONS, put_additional_versions},
    {0x90, {NEVER, EVER}, put_ipa_mode},
    {0xB4, {NEVER, EVER}, put_iot_specific_info},
};

static void put_members(struct softeuicc *card, enum form form, const struct info_member *members,
                        size_t count, struct buf *out)
{
    for (size_t i = 0; i < count; i++)
        if (is_in_form(card, form, members[i].since))
            members[i].put(card, form, out, members[i].tag);
}

static void put_euicc_info2(struct softeuicc *card, enum form form, struct buf *out)
{
    size_t outer = tlv_open(out, TAG_EUICC_INFO2);

    put_members(card, form, info2, sizeof(info2) / sizeof(info2[0]), out);
    tlv_close(out, outer);
}

/*
 * Reading: SGP.32 v1.0 takes EuiccSigned1 from SGP.22, v1.2 has one of its own with its own EUICCInfo2. A
 * hybrid card, which serves LPAs too, signs SGP.22's.
 */
void es10b_put_signed_euicc_info2(struct softeuicc *card, struct buf *out)
{
    put_euicc_info2(card, (card->personality_bit & FOR_IOT) != 0 ? FORM_SGP32 : FORM_SGP22, out);
}

uint16_t es10b_get_euicc_info1(struct softeuicc *card, struct span request, struct buf *response)
{
    size_t outer;

    if (!tlv_is_sequence(request))
        return ES10_BAD_REQUEST;
    outer = tlv_open(response, TAG_EUICC_INFO1);
    put_members(card, FORM_SGP22, info1, sizeof(info1) / sizeof(info1[0]), response);
    tlv_close(response, outer);
    return es10_finish(card, response);
}

uint16_t es10b_get_euicc_info2(struct softeuicc *card, struct span request, struct buf *response)
{
    bool iot = (card->personality_bit & (FOR_IOT | FOR_HYBRID)) != 0;

    if (!tlv_is_sequence(request))
        return ES10_BAD_REQUEST;
    put_euicc_info2(card, iot ? FORM_SGP32 : FORM_SGP22, response);
    return es10_finish(card, response);
}
