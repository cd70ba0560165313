/*
 * IpaEuiccDataRequest (SGP.32 2.11.1.2, 2.11.2.2): what the eIM wants to know about the eUICC and the IPA,
 * exactly what its tag list names, in the order of the ASN.1.
 */
#include "ipa/ipa_internal.h"
#include "protocol/device_info.h"

#include "apdu/iccid.h"
#include "protocol/tags.h"

#include <string.h>

/* IpaEuiccDataErrorCode */
enum { INCORRECT_TAG_LIST = 1, CI_KEY_ID_NOT_FOUND = 5, ECALL_ACTIVE = 104 };

/* ipaFeatures, by bit */
enum {
    FEATURE_DIRECT = 0x80,
    FEATURE_INDIRECT = 0x40,
    FEATURE_DATA_HANDLING = 0x20,
    FEATURE_MINIMIZE = 0x04
};
#define FEATURE_BITS 6

#define PROTOCOL_BITS 5

#define TAG_CAPABILITIES    0xA8
#define TAG_CAPABILITIES_V1 0x88

struct request {
    struct span tags;
    struct span ci_key_id;           /* SPAN_NONE: the card's choice */
    struct span notification_search; /* content of searchCriteriaNotification; SPAN_NONE: all */
    struct span result_search;       /* content of searchCriteriaEuiccPackageResult */
    struct span transaction_id;
    bool no_such_ci; /* found on the way */
};

static bool put_notifications(struct ipa *ipa, struct request *request)
{
    struct span found;
    size_t outer;
    bool ok;

    if (!card_retrieve(ipa, request->notification_search, &found))
        return false;
    outer = tlv_open(&ipa->out, 0xA0);
    ok = package_put_notifications(ipa, found);
    tlv_close(&ipa->out, outer);
    return ok;
}

/* Reading: results that were made for another eIM are not this one's to see. */
static bool put_results(struct ipa *ipa, struct request *request)
{
    static const uint8_t all[] = {0x82, 0x00};
    struct span criteria = request->result_search.size > 0 ? request->result_search : SPAN_ARRAY(all);
    struct span found;
    struct tlv_reader reader;
    struct tlv tlv;
    size_t outer;

    if (!card_retrieve(ipa, criteria, &found))
        return false;
    outer = tlv_open(&ipa->out, 0xA2);
    reader = tlv_reader(found);
    while (tlv_next(&reader, &tlv) == TLV_OK) {
        struct package_result result;

        if (!package_result_read(tlv.whole, &result) || strcmp(result.eim_id, ipa->eim.id) != 0)
            continue;
        buf_append(&ipa->out, tlv.whole);
        package_offer(ipa, result.sequence);
    }
    tlv_close(&ipa->out, outer);
    return tlv_good(&reader);
}

static bool put_address(struct ipa *ipa, uint32_t from, uint32_t to)
{
    struct span content;
    struct span address;

    if (!card_get(ipa, "GetEuiccConfiguredAddresses", TAG_CONFIGURED_ADDRESSES, &content))
        return false;
    if (tlv_find(content, from, &address))
        tlv_put(&ipa->out, to, address);
    return true;
}

static bool put_default_smdp(struct ipa *ipa, struct request *request)
{
    (void)request;
    return put_address(ipa, 0x80, 0x81);
}

static bool put_default_smdp_v1(struct ipa *ipa, struct request *request)
{
    (void)request;
    return put_address(ipa, 0x80, 0x80);
}

static bool put_root_smds(struct ipa *ipa, struct request *request)
{
    (void)request;
    return put_address(ipa, 0x81, 0x83);
}

static bool put_answer(struct ipa *ipa, const char *function, uint32_t tag)
{
    struct span content;

    if (!card_get(ipa, function, tag, &content))
        return false;
    buf_append(&ipa->out, buf_span(&ipa->response));
    return true;
}

static bool put_info1(struct ipa *ipa, struct request *request)
{
    (void)request;
    return put_answer(ipa, "GetEUICCInfo1", TAG_EUICC_INFO1);
}

static bool put_info2(struct ipa *ipa, struct request *request)
{
    (void)request;
    return put_answer(ipa, "GetEUICCInfo2", TAG_EUICC_INFO2);
}

static bool put_token(struct ipa *ipa, struct request *request)
{
    (void)request;
    if (ipa->eim.has_token)
        tlv_put_signed(&ipa->out, 0x84, ipa->eim.token);
    return true;
}

/*
 * An eIM may cut euiccCiPKIdentifierToBeUsed short (2.11.1.2), GetCerts wants it whole (5.9.10). Reading: as
 * for AuthenticateServer, it is the first of euiccCiPKIdListForSigning that begins so. SPAN_NONE in *whole:
 * there is none. False with ipa_why when the card failed.
 */
static bool find_ci(struct ipa *ipa, struct span beginning, struct span *whole)
{
    struct tlv_reader reader;
    struct span content;
    struct span list;
    struct tlv id;

    *whole = SPAN_NONE;
    if (!card_get(ipa, "GetEUICCInfo1", TAG_EUICC_INFO1, &content))
        return false;
    if (!tlv_find(content, 0xAA, &list))
        return ipa_fail(ipa, "GetEUICCInfo1: the card's answer has no euiccCiPKIdListForSigning");
    reader = tlv_reader(list);
    while (whole->data == NULL && tlv_next(&reader, &id) == TLV_OK)
        if (id.tag == TAG_OCTET_STRING && span_begins_with(id.value, beginning))
            *whole = id.value;
    return true;
}

/* The request for the certificates. False: the card failed, or request->no_such_ci. */
static bool begin_get_certs(struct ipa *ipa, struct request *request)
{
    struct span whole = SPAN_NONE;

    if (request->ci_key_id.data != NULL && !find_ci(ipa, request->ci_key_id, &whole))
        return false;
    request->no_such_ci = request->ci_key_id.data != NULL && whole.data == NULL;
    if (request->no_such_ci)
        return false;
    card_begin(ipa, TAG_GET_CERTS);
    if (whole.data != NULL)
        tlv_put(&ipa->request, 0x80, whole);
    return true;
}

/* GetCerts answers both; each is asked for by its own tag. */
static bool put_cert(struct ipa *ipa, struct request *request, uint32_t tag)
{
    struct span content;
    struct span certs;
    struct span cert;

    if (!begin_get_certs(ipa, request) || !card_ask(ipa, "GetCerts", &content))
        return false;
    if (!tlv_find(content, 0xA0, &certs) || !tlv_find(certs, tag, &cert)) {
        request->no_such_ci = true;
        return false;
    }
    tlv_put(&ipa->out, tag, cert);
    return true;
}

static bool put_eum_cert(struct ipa *ipa, struct request *request)
{
    return put_cert(ipa, request, 0xA5);
}

static bool put_euicc_cert(struct ipa *ipa, struct request *request)
{
    return put_cert(ipa, request, 0xA6);
}

static bool put_transaction_id(struct ipa *ipa, struct request *request)
{
    if (request->transaction_id.size > 0)
        tlv_put(&ipa->out, 0x87, request->transaction_id);
    return true;
}

static bool put_capabilities(struct ipa *ipa, struct request *request)
{
    const struct ipa_settings *settings = &ipa->settings;
    const uint8_t protocols =
        (uint8_t)(0x80 >> IPA_RETRIEVE_HTTPS | (settings->coaps ? 0x80 >> IPA_RETRIEVE_COAPS : 0));
    uint8_t features = 0;
    size_t outer = tlv_open(&ipa->out, TAG_CAPABILITIES);

    (void)request;
    features |= settings->direct ? FEATURE_DIRECT : 0;
    features |= settings->indirect ? FEATURE_INDIRECT | FEATURE_DATA_HANDLING : 0;
    features |= settings->compact ? FEATURE_MINIMIZE : 0;
    tlv_put_bits(&ipa->out, 0x80, &features, FEATURE_BITS);
    tlv_put_bits(&ipa->out, 0x81, &protocols, PROTOCOL_BITS);
    tlv_close(&ipa->out, outer);
    return true;
}

/* v1.0: RetrieveNotificationsListResponse, with the criteria of its own that the request has. */
static bool put_list_v1(struct ipa *ipa, struct request *request)
{
    size_t outer = tlv_open(&ipa->out, TAG_RETRIEVE_NOTIFICATIONS);
    bool wants_results =
        request->notification_search.size > 0 && request->notification_search.data[0] == 0x82;
    bool ok = wants_results ? put_results(ipa, request) : put_notifications(ipa, request);

    tlv_close(&ipa->out, outer);
    return ok;
}

static bool put_device_info(struct ipa *ipa, struct request *request)
{
    (void)request;
    device_info_put(&ipa->out, 0xA9, ipa->settings.imei);
    return true;
}

/* All that an IpaEuiccData can hold, in its order. eimTransactionId is in it whether asked for or not. */
static const struct datum {
    uint32_t tag;
    bool (*put)(struct ipa *ipa, struct request *request);
    bool v1; /* is asked for so in v1.0 only */
} data[] = {
    {0x80, put_default_smdp_v1, true},   {0xA0, put_notifications, false},
    {0x81, put_default_smdp, false},     {0xA2, put_results, false},
    {TAG_EUICC_INFO1, put_info1, false}, {TAG_EUICC_INFO2, put_info2, false},
    {0x83, put_root_smds, false},        {0x84, put_token, false},
    {0xA5, put_eum_cert, false},         {0xA6, put_euicc_cert, false},
    {0x87, put_transaction_id, false},   {TAG_CAPABILITIES, put_capabilities, false},
    {0xA9, put_device_info, false},      {TAG_RETRIEVE_NOTIFICATIONS, put_list_v1, true},
};

#define DATA_COUNT (sizeof(data) / sizeof(data[0]))

/* Which of them the tag list names; false for a tag that is none of them. v1.0 names a constructed object
 * like a primitive one. */
static bool read_tags(struct span tags, bool v1, bool wanted[DATA_COUNT])
{
    size_t at = 0;

    memset(wanted, 0, DATA_COUNT * sizeof(wanted[0]));
    while (at < tags.size) {
        uint32_t tag = tags.data[at++];
        size_t i = 0;

        if ((tag & 0x1F) == 0x1F && at < tags.size)
            tag = tag << 8 | tags.data[at++];
        if (v1 && tag == TAG_CAPABILITIES_V1)
            tag = TAG_CAPABILITIES;
        while (i < DATA_COUNT && (data[i].tag != tag || (data[i].v1 && !v1)))
            i++;
        if (i == DATA_COUNT)
            return false;
        wanted[i] = true;
    }
    return tags.size > 0;
}

static bool read_request(struct span content, bool v1, struct request *request)
{
    struct tlv_reader reader = tlv_reader(content);

    *request = (struct request){.tags = SPAN_NONE};
    if (!tlv_require(&reader, 0x5C, &request->tags))
        return false;
    if (tlv_optional(&reader, TAG_OCTET_STRING, &request->ci_key_id))
        request->ci_key_id = ipa_ci_key_id(v1, request->ci_key_id);
    tlv_optional(&reader, 0xA1, &request->notification_search);
    tlv_optional(&reader, 0xA2, &request->result_search);
    tlv_optional(&reader, 0x83, &request->transaction_id);
    return request->transaction_id.size <= TRANSACTION_ID_SIZE && tlv_skip_rest(&reader);
}

static void put_error(struct ipa *ipa, struct request *request, int code)
{
    size_t outer = package_result_begin(ipa);
    size_t response = tlv_open(&ipa->out, TAG_IPA_EUICC_DATA);
    size_t error;

    if (ipa->settings.v1) {
        tlv_put_unsigned(&ipa->out, 0x81, (uint64_t)code);
    } else {
        error = tlv_open(&ipa->out, 0xA1);
        if (request->transaction_id.size > 0)
            tlv_put(&ipa->out, 0x80, request->transaction_id);
        tlv_put_unsigned(&ipa->out, TAG_INTEGER, (uint64_t)code);
        tlv_close(&ipa->out, error);
    }
    tlv_close(&ipa->out, response);
    ipa_tell(ipa, IPA_EVENT_DATA, request->tags, 0, code, NULL);
    package_result_end(ipa, outer, false, WORTH_NEXT_POLL);
}

/* A certificate in the data with its own tag again. */
static bool find_cert(struct span in, uint32_t tag, struct buf *cert)
{
    struct span content;

    if (!tlv_find(in, tag, &content))
        return false;
    tlv_put(cert, TAG_SEQUENCE, content);
    return !cert->failed;
}

/* What the eIM has once it took this, so that compact forms may leave it out. */
static void note_given(struct ipa *ipa, struct span given)
{
    struct buf euicc = {0};
    struct buf eum = {0};
    struct buf info2 = {0};
    struct span content;

    ipa->gives.has_certs = find_cert(given, 0xA6, &euicc) && find_cert(given, 0xA5, &eum) &&
                           compact_digest_certs(buf_span(&euicc), buf_span(&eum), ipa->gives.certs);
    if (tlv_find(given, TAG_EUICC_INFO2, &content)) {
        tlv_put(&info2, TAG_EUICC_INFO2, content);
        ipa->gives.has_info2 = compact_digest_info2(buf_span(&info2), ipa->gives.info2);
    }
    buf_free(&euicc);
    buf_free(&eum);
    buf_free(&info2);
}

/* All that is wanted into ipa->out. False: the card failed, or request->no_such_ci. */
static bool put_data(struct ipa *ipa, struct request *request, const bool wanted[DATA_COUNT])
{
    size_t inner = tlv_open(&ipa->out, 0xA0);
    size_t start = ipa->out.size;

    for (size_t i = 0; i < DATA_COUNT; i++) {
        if (!wanted[i] && data[i].tag != 0x87)
            continue;
        if (!data[i].put(ipa, request))
            return false;
    }
    if (ipa->out.failed)
        return false;
    note_given(ipa, SPAN(ipa->out.data + start, ipa->out.size - start));
    tlv_close(&ipa->out, inner);
    return true;
}

void data_answer(struct ipa *ipa, struct span content)
{
    struct request request;
    struct ipa_enabled enabled;
    bool wanted[DATA_COUNT];
    size_t outer;
    size_t response;

    if (!read_request(content, ipa->settings.v1, &request) ||
        !read_tags(request.tags, ipa->settings.v1, wanted)) {
        put_error(ipa, &request, INCORRECT_TAG_LIST);
        return;
    }
    if (!ipa_read_enabled(ipa, &enabled)) {
        ipa_end(ipa, IPA_CARD, "%s", ipa->why);
        return;
    }
    if (enabled.emergency) {
        put_error(ipa, &request, ECALL_ACTIVE);
        return;
    }
    outer = package_result_begin(ipa);
    response = tlv_open(&ipa->out, TAG_IPA_EUICC_DATA);
    if (put_data(ipa, &request, wanted)) {
        tlv_close(&ipa->out, response);
        ipa_tell(ipa, IPA_EVENT_DATA, request.tags, 0, 0, NULL);
        package_result_end(ipa, outer, false, WORTH_NEXT_POLL);
    } else if (request.no_such_ci) {
        put_error(ipa, &request, CI_KEY_ID_NOT_FOUND);
    } else {
        ipa_end(ipa, IPA_CARD, "%s", ipa->why);
    }
}
