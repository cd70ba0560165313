/* Parsing of EimPackageResult. See result_parse.h. Tags are the ones AUTOMATIC TAGS gives: the alternatives
 * of a CHOICE without any written tag are A0, A1, …; as soon as one is written, the others keep their own. */
#include "servers/eim/model/result_parse.h"
#include "protocol/tags.h"

#define TAG_COUNTER         0x81
#define TAG_TRANSACTION     0x82
#define TAG_SEQUENCE_NUMBER 0x83
#define TAG_UNSIGNED_CODE   0x8F
#define TAG_NOTIFICATIONS   0xA0
#define SIGNATURE_SIZE      64
#define EIM_ID_MAX          128

/* Passes `ok` on; the place of the innermost failure is kept. */
static bool parsed(const struct tlv_reader *reader, bool ok, const uint8_t **fault)
{
    if (!ok && *fault == NULL && reader->in.data != NULL)
        *fault = reader->in.data + (tlv_good(reader) ? reader->offset : reader->error_offset);
    return ok;
}

/* --- EuiccPackageResult --------------------------------------------------------------------------------- */

static bool take_transaction(struct tlv_reader *reader, uint32_t tag, struct span *id)
{
    if (tlv_peek(reader) != tag) {
        *id = SPAN_NONE;
        return true;
    }
    return tlv_require_sized(reader, tag, 1, RESULT_TRANSACTION_MAX, id);
}

static bool take_unsigned(struct tlv_reader *reader, uint32_t tag, uint64_t *number)
{
    struct span value;

    return tlv_require(reader, tag, &value) &&
           (tlv_unsigned(value, number) || tlv_fail(reader, TLV_BAD_VALUE));
}

static bool take_signed(struct tlv_reader *reader, uint32_t tag, int64_t *number)
{
    struct span value;

    return tlv_require(reader, tag, &value) && (tlv_signed(value, number) || tlv_fail(reader, TLV_BAD_VALUE));
}

/* EuiccPackageResultDataSigned, EuiccPackageErrorDataSigned. */
static bool parse_signed_data(struct span content, struct package_result *out)
{
    struct tlv_reader reader = tlv_reader(content);
    bool ok = tlv_require_sized(&reader, TAG_EIM_ID, 1, EIM_ID_MAX, &out->eim_id) &&
              take_unsigned(&reader, TAG_COUNTER, &out->counter) &&
              take_transaction(&reader, TAG_TRANSACTION, &out->transaction_id);

    out->has_error = out->kind == PACKAGE_ERROR_SIGNED;
    if (out->has_error)
        ok = ok && take_signed(&reader, 0x02, &out->error);
    else
        ok = ok && take_unsigned(&reader, TAG_SEQUENCE_NUMBER, &out->sequence) &&
             tlv_require(&reader, 0x30, &out->results);
    return parsed(&reader, ok && tlv_skip_rest(&reader), &out->fault);
}

static bool parse_signed(struct span content, struct package_result *out)
{
    struct tlv_reader reader = tlv_reader(content);
    struct span data;
    bool ok = tlv_require_whole(&reader, 0x30, &data, &out->signed_data) && parse_signed_data(data, out) &&
              tlv_require_sized(&reader, TAG_SIGNATURE, SIGNATURE_SIZE, SIGNATURE_SIZE, &out->signature) &&
              tlv_skip_rest(&reader);

    return parsed(&reader, ok, &out->fault);
}

static bool parse_unsigned(struct span content, struct package_result *out)
{
    struct tlv_reader reader = tlv_reader(content);
    bool ok = tlv_require_sized(&reader, TAG_EIM_ID, 1, EIM_ID_MAX, &out->eim_id) &&
              take_transaction(&reader, TAG_TRANSACTION, &out->transaction_id);

    out->has_token = ok && tlv_peek(&reader) == TAG_TOKEN;
    if (out->has_token)
        ok = take_signed(&reader, TAG_TOKEN, &out->token);
    out->has_error = ok && tlv_peek(&reader) == TAG_UNSIGNED_CODE;
    if (out->has_error)
        ok = take_signed(&reader, TAG_UNSIGNED_CODE, &out->error);
    return parsed(&reader, ok && tlv_skip_rest(&reader), &out->fault);
}

bool package_result_parse(struct span whole, struct package_result *out)
{
    struct tlv_reader reader = tlv_reader(whole);
    struct span content, inner;

    *out = (struct package_result){.whole = whole};
    if (!parsed(&reader, tlv_require(&reader, TAG_EUICC_PACKAGE, &content) && tlv_finish(&reader),
                &out->fault))
        return false;
    if (tlv_single(content, 0xA0, &inner) == TLV_OK)
        out->kind = PACKAGE_RESULT_SIGNED;
    else if (tlv_single(content, 0xA1, &inner) == TLV_OK)
        out->kind = PACKAGE_ERROR_SIGNED;
    else if (tlv_single(content, 0xA2, &inner) == TLV_OK)
        out->kind = PACKAGE_ERROR_UNSIGNED;
    else
        return parsed(&(const struct tlv_reader){.in = content}, false, &out->fault);
    return out->kind == PACKAGE_ERROR_UNSIGNED ? parse_unsigned(inner, out) : parse_signed(inner, out);
}

/* --- IpaEuiccData --------------------------------------------------------------------------------------- */

/* The content of v1.0's BF2B: A0 notifications or A2 package results. */
static bool take_version1_list(struct span content, struct euicc_data *data)
{
    if (tlv_single(content, 0xA0, &data->notifications) == TLV_OK ||
        tlv_single(content, 0xA2, &data->package_results) == TLV_OK)
        return true;
    return tlv_single(content, 0x81, &content) == TLV_OK; /* an error: nothing to take */
}

static bool take_data_member(const struct tlv *member, struct eim_result *out)
{
    struct euicc_data *data = &out->data;
    const struct {
        uint32_t tag;
        struct span *value, *whole;
    } places[] = {
        {0xA0, &data->notifications, NULL},    {0x80, &data->default_smdp, NULL}, /* v1.0 */
        {0x81, &data->default_smdp, NULL},     {0xA2, &data->package_results, NULL},
        {TAG_EUICC_INFO1, NULL, &data->info1}, {TAG_EUICC_INFO2, NULL, &data->info2},
        {0x83, &data->root_smds, NULL},        {0xA5, &data->eum_cert, NULL},
        {0xA6, &data->euicc_cert, NULL},       {0x87, &out->transaction_id, NULL},
        {0xA8, &data->ipa_capabilities, NULL}, {0xA9, &data->device_info, NULL},
    };

    if (member->tag == TAG_TOKEN) {
        data->has_token = true;
        return tlv_signed(member->value, &data->token);
    }
    if (member->tag == TAG_RETRIEVE_NOTIFICATIONS)
        return take_version1_list(member->value, data);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (places[i].tag != member->tag)
            continue;
        if (places[i].value != NULL)
            *places[i].value = member->value;
        else
            *places[i].whole = member->whole;
    }
    return true;
}

static bool fault_at(const struct tlv *member, struct eim_result *out)
{
    if (out->fault == NULL)
        out->fault = member->whole.data;
    return false;
}

static bool parse_data(struct span content, struct eim_result *out)
{
    struct tlv_reader reader = tlv_reader(content);
    enum tlv_status status;
    struct tlv member;
    uint32_t before[16];
    size_t count = 0;

    out->kind = EIM_RESULT_DATA;
    while ((status = tlv_next(&reader, &member)) == TLV_OK) {
        for (size_t i = 0; i < count; i++) {
            if (before[i] == member.tag) /* twice the same member: which one would count? */
                return fault_at(&member, out);
        }
        if (count < sizeof(before) / sizeof(before[0]))
            before[count++] = member.tag;
        if (!take_data_member(&member, out))
            return fault_at(&member, out);
    }
    return parsed(&reader, status == TLV_END && out->transaction_id.size <= RESULT_TRANSACTION_MAX,
                  &out->fault);
}

/* A SEQUENCE of [0] eimTransactionId OPTIONAL and an untagged code. */
static bool parse_code(struct span content, struct eim_result *out)
{
    struct tlv_reader reader = tlv_reader(content);
    bool ok = take_transaction(&reader, 0x80, &out->transaction_id) &&
              take_signed(&reader, 0x02, &out->error) && tlv_skip_rest(&reader);

    out->has_error = true;
    return parsed(&reader, ok, &out->fault);
}

static bool parse_data_response(const struct tlv *object, struct eim_result *out)
{
    struct span inner;

    if (tlv_single(object->value, 0xA0, &inner) == TLV_OK)
        return parse_data(inner, out);
    out->kind = EIM_RESULT_DATA_ERROR;
    if (tlv_single(object->value, 0xA1, &inner) == TLV_OK)
        return parse_code(inner, out);
    out->has_error = true; /* v1.0: the code alone */
    return tlv_single(object->value, 0x81, &inner) == TLV_OK && tlv_signed(inner, &out->error);
}

/* --- ProfileDownloadTriggerResult ----------------------------------------------------------------------- */

static bool parse_download_error(struct span content, struct eim_result *out)
{
    struct tlv_reader reader = tlv_reader(content);
    bool ok = true;

    out->has_error = tlv_peek(&reader) == 0x80; /* v1.0 has no reason */
    if (out->has_error)
        ok = take_signed(&reader, 0x80, &out->error);
    tlv_optional(&reader, 0x04, &out->error_response);
    return parsed(&reader, ok && tlv_skip_rest(&reader), &out->fault);
}

static bool parse_trigger_result(const struct tlv *object, struct eim_result *out)
{
    struct tlv_reader reader = tlv_reader(object->value);
    bool ok = take_transaction(&reader, TAG_TRANSACTION, &out->transaction_id);
    struct span error;

    if (ok && tlv_peek(&reader) == TAG_INSTALLATION_RESULT) {
        out->kind = EIM_RESULT_INSTALLED;
        ok = tlv_require_whole(&reader, TAG_INSTALLATION_RESULT, NULL, &out->installation);
    } else {
        out->kind = EIM_RESULT_NO_DOWNLOAD;
        ok = ok && tlv_require(&reader, 0x30, &error) && parse_download_error(error, out);
    }
    return parsed(&reader, ok && tlv_skip_rest(&reader), &out->fault);
}

/* --- EimPackageResult ----------------------------------------------------------------------------------- */

static bool take_package(struct span whole, struct eim_result *out)
{
    bool ok = package_result_parse(whole, &out->package);

    out->kind = EIM_RESULT_PACKAGE;
    out->transaction_id = out->package.transaction_id;
    out->fault = out->package.fault;
    return ok;
}

static bool parse_package(const struct tlv *object, struct eim_result *out)
{
    return take_package(object->whole, out);
}

/* ePRAndNotifications. */
static bool parse_with_notifications(const struct tlv *object, struct eim_result *out)
{
    struct tlv_reader reader = tlv_reader(object->value);
    struct span package, list;
    bool ok = tlv_require_whole(&reader, TAG_EUICC_PACKAGE, NULL, &package) && take_package(package, out);

    if (ok && tlv_optional(&reader, TAG_RETRIEVE_NOTIFICATIONS, &list))
        ok = take_version1_list(list, &out->data) || tlv_fail(&reader, TLV_BAD_VALUE);
    else
        ok = ok && tlv_require(&reader, TAG_NOTIFICATIONS, &out->data.notifications);
    return parsed(&reader, ok && tlv_skip_rest(&reader), &out->fault);
}

static bool parse_refusal(const struct tlv *object, struct eim_result *out)
{
    out->kind = EIM_RESULT_REFUSED;
    out->has_error = true;
    return object->tag == 0x02 ? tlv_signed(object->value, &out->error) : parse_code(object->value, out);
}

static const struct {
    uint32_t tag;
    bool (*parse)(const struct tlv *object, struct eim_result *out);
    const char *malformed;
} results[] = {
    {TAG_EUICC_PACKAGE, parse_package, "malformed EuiccPackageResult"},
    {0x30, parse_with_notifications, "malformed ePRAndNotifications"},
    {TAG_IPA_EUICC_DATA, parse_data_response, "malformed IpaEuiccDataResponse"},
    {TAG_DOWNLOAD_TRIGGER, parse_trigger_result, "malformed ProfileDownloadTriggerResult"},
    {0xA0, parse_refusal, "malformed eimPackageResultResponseError"},
    {0x02, parse_refusal, "malformed eimPackageError"}, /* v1.0 */
};

static bool parse_any(struct span whole, struct eim_result *out, const char **why)
{
    struct tlv_reader reader = tlv_reader(whole);
    struct tlv object;

    *why = "not one data object";
    if (!parsed(&reader, tlv_next(&reader, &object) == TLV_OK && tlv_finish(&reader), &out->fault))
        return false;
    *why = "no EimPackageResult";
    for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
        if (results[i].tag != object.tag)
            continue;
        *why = results[i].malformed;
        return results[i].parse(&object, out);
    }
    return false;
}

bool eim_result_parse(struct span whole, struct eim_result *out, const char **why, size_t *offset)
{
    bool ok;

    *out = (struct eim_result){0};
    ok = parse_any(whole, out, why);
    *offset = out->fault != NULL ? (size_t)(out->fault - whole.data) : 0;
    return ok;
}
