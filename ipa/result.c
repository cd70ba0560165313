/* eUICC Packages and their results, as an IPA reads them. See result.h. */
#include "ipa/result.h"

#include "apdu/tlv.h"
#include "protocol/tags.h"

#include <string.h>

/* EuiccResultData, SGP.32 2.11.2.1 */
enum {
    RESULT_ENABLE = 0x83,
    RESULT_DISABLE = 0x84,
    RESULT_DELETE = 0x85,
    RESULT_ROLLBACK = 0x8C,
    RESULT_SET_FALLBACK = 0x8D,
    RESULT_UNSET_FALLBACK = 0x8E
};

static void read_results(struct package_result *out)
{
    struct tlv_reader reader = tlv_reader(out->results);
    struct tlv tlv;

    while (tlv_next(&reader, &tlv) == TLV_OK) {
        uint64_t code;

        if (!tlv_unsigned(tlv.value, &code) || code != 0)
            continue;
        switch (tlv.tag) {
        case RESULT_ENABLE:
        case RESULT_ROLLBACK:
            out->enabled = out->enabled || tlv.tag == RESULT_ENABLE;
            out->changes_profile = true;
            out->changes_state = true;
            break;
        case RESULT_DISABLE:
            out->changes_profile = true;
            out->changes_state = true;
            break;
        case RESULT_DELETE:
        case RESULT_SET_FALLBACK:
        case RESULT_UNSET_FALLBACK:
            out->changes_state = true;
            break;
        default:
            break;
        }
    }
}

bool package_result_read(struct span result, struct package_result *out)
{
    struct span choice;
    struct span data;
    struct span value;
    struct tlv_reader reader;
    struct tlv tlv;
    bool is_signed;

    memset(out, 0, sizeof(*out));
    if (tlv_single(result, TAG_EUICC_PACKAGE, &choice) != TLV_OK)
        return false;
    reader = tlv_reader(choice);
    if (tlv_next(&reader, &tlv) != TLV_OK || tlv.tag < 0xA0 || tlv.tag > 0xA2)
        return false;
    is_signed = tlv.tag != 0xA2; /* euiccPackageErrorUnsigned has its members directly */
    data = tlv.value;
    if (is_signed && !tlv_find(tlv.value, 0x30, &data))
        return false;
    if (!tlv_find(data, 0x80, &value) || value.size == 0 || value.size > IPA_ID_MAX)
        return false;
    memcpy(out->eim_id, value.data, value.size);
    if (tlv.tag != 0xA0)
        return true;
    if (!tlv_find(data, 0x83, &value) || !tlv_unsigned(value, &out->sequence) ||
        !tlv_find(data, 0x30, &out->results))
        return false;
    out->has_sequence = true;
    read_results(out);
    return true;
}

bool package_grants_rollback(struct span package)
{
    static const uint32_t list_path[] = {TAG_EUICC_PACKAGE, 0x30, 0xA0, 0};
    struct span list;
    struct span flag;
    struct tlv_reader reader;
    struct tlv psmo;

    if (!tlv_find_path(package, list_path, &list))
        return false;
    reader = tlv_reader(list);
    while (tlv_next(&reader, &psmo) == TLV_OK) {
        if (psmo.tag == 0xA3 && tlv_find(psmo.value, 0x05, &flag))
            return true;
    }
    return false;
}

bool package_deletes_eim(struct span package, const char *eim_id)
{
    static const uint32_t list_path[] = {TAG_EUICC_PACKAGE, 0x30, 0xA1, 0};
    struct span list;
    struct span id;
    struct tlv_reader reader;
    struct tlv eco;

    if (!tlv_find_path(package, list_path, &list))
        return false;
    reader = tlv_reader(list);
    while (tlv_next(&reader, &eco) == TLV_OK) {
        if (eco.tag == 0xA9 && tlv_find(eco.value, 0x80, &id) && span_equal(id, span_of_string(eim_id)))
            return true;
    }
    return false;
}

struct span package_transaction_id(struct span package)
{
    static const uint32_t path[] = {TAG_EUICC_PACKAGE, 0x30, 0x82, 0};
    struct span value;

    return tlv_find_path(package, path, &value) && value.size <= 16 ? value : SPAN_NONE;
}

bool package_eim_id(struct span package, char eim_id[IPA_ID_MAX + 1])
{
    static const uint32_t path[] = {TAG_EUICC_PACKAGE, 0x30, 0x80, 0};
    struct span value;

    return tlv_find_path(package, path, &value) && ipa_take_text(value, 1, IPA_ID_MAX, eim_id);
}

/* --- Values ------------------------------------------------------------------------------------------- */

bool ipa_take_text(struct span value, size_t min, size_t max, char *out)
{
    if (value.size < min || value.size > max || memchr(value.data, 0, value.size) != NULL)
        return false;
    memcpy(out, value.data, value.size);
    out[value.size] = '\0';
    return true;
}

bool ipa_find_code(struct span content, uint32_t tag, int *code)
{
    struct span value;
    uint64_t number;

    if (!tlv_find(content, tag, &value) || !tlv_unsigned(value, &number) || number > 127)
        return false;
    *code = (int)number;
    return true;
}

bool notification_metadata(struct span pending, uint64_t *sequence, struct span *address, struct span *iccid)
{
    struct span content;
    struct span data;
    struct span metadata;
    struct span value;

    *iccid = SPAN_NONE;
    if (tlv_single(pending, TAG_INSTALLATION_RESULT, &content) == TLV_OK) {
        if (!tlv_find(content, TAG_INSTALLATION_RESULT_DATA, &data) ||
            !tlv_find(data, TAG_NOTIFICATION_METADATA, &metadata))
            return false;
    } else if (tlv_single(pending, TAG_SEQUENCE, &content) != TLV_OK ||
               !tlv_find(content, TAG_NOTIFICATION_METADATA, &metadata)) {
        return false;
    }
    tlv_find(metadata, TAG_ICCID, iccid);
    return tlv_find(metadata, 0x80, &value) && tlv_unsigned(value, sequence) &&
           tlv_find(metadata, TAG_UTF8_STRING, address) && address->size <= IPA_ADDRESS_MAX;
}
