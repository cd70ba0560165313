/*
 * ProfileDownloadTriggerRequest (SGP.32 2.11.1.3): where the profile is, and by which way: from the SM-DP+
 * directly, or through the eIM (3.2.3).
 */
#include "ipa/download_internal.h"
#include "protocol/activation_code.h"
#include "protocol/tags.h"

#include <stdio.h>
#include <string.h>

#define TAG_ACTIVATION_CODE 0x80
#define TAG_DEFAULT_SMDP    0x81
#define TAG_SMDS            0xA2

/* Reading (SGP.32 2.11.2.3, 6.3.2.7): what is no ProfileDownloadTriggerRequest is a package of an invalid
 * format; one whose texts lead nowhere is a download that failed. */
static bool misshapen(struct ipa_download *download, const char *why)
{
    download->is_misshapen = true;
    return download_note(download, "%s", why);
}

static bool take_address(struct ipa_download *download, struct span address)
{
    return ipa_take_text(address, 1, IPA_ADDRESS_MAX, download->address) ||
           download_note(download, "the server's address has no form that a server's address can have");
}

static bool read_code(struct ipa_download *download, struct span text)
{
    struct activation_code code;
    char copy[IPA_ADDRESS_MAX + 1];
    const char *why;

    /* What it is made of, the parser looks at. */
    if (text.size > IPA_ADDRESS_MAX)
        return misshapen(download, "the activation code is too long");
    if (memchr(text.data, '\0', text.size) != NULL)
        return download_note(download, "the activation code is malformed");
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    if (!activation_code_parse(copy, &code, &why))
        return download_note(download, "the activation code is malformed: %s", why);
    download->has_matching_id = true;
    snprintf(download->address, sizeof(download->address), "%s", code.address);
    snprintf(download->matching_id, sizeof(download->matching_id), "%s", code.matching_id);
    snprintf(download->oid, sizeof(download->oid), "%s", code.oid);
    return true;
}

/* GetEuiccConfiguredAddresses: 80 default SM-DP+, 81 root SM-DS. */
static bool read_configured(struct ipa *ipa, struct ipa_download *download, uint32_t tag)
{
    struct span content;
    struct span address;

    if (!card_get(ipa, "GetEuiccConfiguredAddresses", TAG_CONFIGURED_ADDRESSES, &content))
        return download_note(download, "%s", ipa->why);
    if (!tlv_find(content, tag, &address) || address.size == 0)
        return download_note(download, "the card has no %s address",
                             tag == 0x80 ? "default SM-DP+" : "root SM-DS");
    return take_address(download, address);
}

static bool read_data(struct ipa *ipa, struct ipa_download *download, struct span choice)
{
    struct tlv tlv;
    struct span address;

    if (tlv_only(choice, &tlv) != TLV_OK)
        return misshapen(download, "profileDownloadData is malformed");
    switch (tlv.tag) {
    case TAG_ACTIVATION_CODE:
        return read_code(download, tlv.value);
    case TAG_DEFAULT_SMDP:
        return read_configured(ipa, download, 0x80);
    case TAG_SMDS:
        download->is_sm_ds = true;
        download->has_matching_id = true; /* empty: all events, SGP.22 3.6.2 */
        return tlv_find(tlv.value, 0x80, &address) ? take_address(download, address)
                                                   : read_configured(ipa, download, 0x81);
    default:
        return misshapen(download, "profileDownloadData is of a kind that is not known");
    }
}

bool trigger_read(struct ipa *ipa, struct ipa_download *download, struct span content)
{
    struct tlv_reader reader = tlv_reader(content);
    struct span data;
    bool has_data = tlv_optional(&reader, 0xA0, &data);

    download->direct = !ipa_through_eim(ipa);
    if (tlv_peek(&reader) == 0x82 &&
        !tlv_require_sized(&reader, 0x82, 1, TRANSACTION_ID_SIZE, &download->eim_transaction_id))
        return misshapen(download, "the trigger's eimTransactionId is malformed");
    if (!tlv_skip_rest(&reader))
        return misshapen(download, "the trigger is malformed");
    if (download->direct && !ipa->settings.direct)
        return download_note(
            download, "%s",
            ipa->eim.indirect ? "this IPA can reach no SM-DP+"
                              : "the eIM has no indirect profile download, and this IPA can reach no SM-DP+");
    if (has_data)
        return read_data(ipa, download, data);
    if (download->direct)
        return download_note(download,
                             "the trigger names no SM-DP+, and the eIM has no indirect profile download");
    return true; /* eimDownloadDataHandling: the eIM knows where the profile is */
}
