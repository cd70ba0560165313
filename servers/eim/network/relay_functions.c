/*
 * The four functions of an indirect download, from ESipa's ASN.1 (SGP.32 6.3.2.1-6.3.2.3, 6.3.2.5) to the
 * JSON binding of ES9+ (SGP.22 6.5.2) and back. See relay_private.h.
 */
#include "servers/eim/network/relay_private.h"

#include "apdu/tlv.h"
#include "crypto/cert.h"
#include "device/es9p.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TAG_GET_BOUND_PROFILE_PACKAGE 0xBF3A
#define TAG_AUTHENTICATE_CLIENT       0xBF3B
#define TAG_CANCEL_SESSION            0xBF41

#define TAG_PREPARE_DOWNLOAD      0xBF21
#define TAG_STORE_METADATA        0xBF25
#define TAG_BOUND_PROFILE_PACKAGE 0xBF36
#define TAG_AUTHENTICATE_SERVER   0xBF38
#define TAG_SIGNATURE             0x5F37
#define TAG_OTPK                  0x5F49

#define MAC_SIZE 8 /* at the end of every block of a Bound Profile Package, SGP.22 2.5.5 */

/* --- Error numbers, SGP.32 6.3.2 ------------------------------------------------------------------------ */

enum {
    AUTHENTICATE_EUICC_SIGNATURE_INVALID = 5,
    AUTHENTICATE_EID_MISMATCH = 7,
    AUTHENTICATE_INVALID_TRANSACTION_ID = 10,
    PACKAGE_EUICC_SIGNATURE_INVALID = 1,
    PACKAGE_METADATA_MISMATCH = 50,
    PACKAGE_INVALID_TRANSACTION_ID = 95,
    CANCEL_INVALID_TRANSACTION_ID = 1,
    CANCEL_EUICC_SIGNATURE_INVALID = 2,
};

/* --- Common -----------------------------------------------------------------------------------------------
 */

static void set_transaction_id(json_t *request, struct span id)
{
    char text[2 * RELAY_TRANSACTION_ID_MAX + 1];

    json_object_set_new(request, "transactionId", json_string(hex_from_span(id, text, sizeof(text))));
}

/* --- Common to the last three --------------------------------------------------------------------------- */

/* Reading (X.680 31.2.7): a member [56] of a type that is a [56] CHOICE itself has that tag once. There are
 * encoders that write it twice; the object that is meant is inside then. */
static struct span object_meant(uint32_t tag, struct span whole)
{
    struct span content, ignored;

    if (tlv_single(whole, tag, &content) == TLV_OK && tlv_single(content, tag, &ignored) == TLV_OK)
        return content;
    return whole;
}

/* transactionId and one object more. */
static bool parse_request(struct span content, uint32_t tag, struct span *transaction_id, struct span *object)
{
    struct tlv_reader reader = tlv_reader(content);

    if (!tlv_require_sized(&reader, 0x80, 1, RELAY_TRANSACTION_ID_MAX, transaction_id) ||
        !tlv_require_whole(&reader, tag, NULL, object) || !tlv_skip_rest(&reader))
        return false;
    *object = object_meant(tag, *object);
    return true;
}

static struct relay_session *session_of(struct relay_call *call)
{
    return relay_session_find(relay_sessions(call->relay), buf_span(&call->transaction_id));
}

/* Takes over from its session what the call needs. */
static struct relay_session *continue_session(struct relay_call *call, struct span transaction_id,
                                              json_t *request)
{
    struct relay_session *session;

    buf_append(&call->transaction_id, transaction_id);
    session = session_of(call);
    if (session == NULL)
        return NULL;
    memcpy(call->address, session->address, sizeof(call->address));
    call->ordered = session->ordered;
    if (session->ordered)
        call->download = session->download;
    set_transaction_id(request, transaction_id);
    return session;
}

typedef enum compact_status expand(const struct compact_known *known, struct span response, struct buf *out);

/* Sets request[name] to the full form. Zero, or undefinedError or `bad_signature`. */
static int set_expanded(struct relay_call *call, const struct relay_session *session, expand *function,
                        struct span response, json_t *request, const char *name, int bad_signature,
                        const char **detail)
{
    struct eim_euicc euicc = {0};
    bool found = session->eid[0] != '\0' && eim_euicc_find(relay_eim(call->relay), session->eid, &euicc);
    struct compact_known known = relay_known(session, found ? &euicc : NULL);
    struct buf full = {0};
    enum compact_status status = function(&known, response, &full);

    if (status == COMPACT_OK)
        es9p_set_octets(request, name, buf_span(&full));
    else
        *detail = compact_status_name(status);
    buf_free(&full);
    if (found)
        eim_euicc_clear(&euicc);
    if (status == COMPACT_OK)
        return 0;
    return status == COMPACT_BAD_SIGNATURE ? bad_signature : ESIPA_UNDEFINED_ERROR;
}

/* --- AuthenticateClient --------------------------------------------------------------------------------- */

/* The EID in the eUICC certificate of an AuthenticateServerResponse, in either form; false when there is
 * none. */
static bool certificate_eid(struct span response, char eid[EIM_EID_DIGITS + 1])
{
    static const uint32_t full[] = {TAG_AUTHENTICATE_SERVER, 0xA0, 0};
    static const uint32_t compact[] = {TAG_AUTHENTICATE_SERVER, 0xA2, 0xA1, 0};
    struct buf der = {0};
    struct span content;
    struct tlv_reader reader;
    struct cert *cert;
    bool ok;

    if (tlv_find_path(response, compact, &content)) {
        tlv_put(&der, 0x30, content);
    } else if (tlv_find_path(response, full, &content)) {
        reader = tlv_reader(content);
        if (tlv_require(&reader, 0x30, NULL) && tlv_require(&reader, TAG_SIGNATURE, NULL) &&
            tlv_require_whole(&reader, 0x30, NULL, &content))
            buf_append(&der, content);
    }
    cert = cert_parse(buf_span(&der), NULL);
    ok = cert != NULL && strlen(cert_subject_serial_number(cert)) == EIM_EID_DIGITS;
    if (ok)
        memcpy(eid, cert_subject_serial_number(cert), EIM_EID_DIGITS + 1);
    cert_free(cert);
    buf_free(&der);
    return ok;
}

/* Whose session it is; with a v1.0 IPA this is the first that is heard of it. */
static bool note_eid(struct relay_call *call, struct relay_session *session, struct span response)
{
    char eid[EIM_EID_DIGITS + 1];

    if (!certificate_eid(response, eid))
        return true; /* left out, or an error; the SM-DP+ will say */
    if (session->eid[0] != '\0')
        return strcmp(session->eid, eid) == 0;
    memcpy(session->eid, eid, sizeof(eid));
    if (eim_download_by_eid(relay_eim(call->relay), eid, &call->download) &&
        strcasecmp(call->download.smdp_address, session->address) == 0) {
        relay_session_set_order(session, &call->download);
        call->ordered = true;
        eim_download_report(relay_eim(call->relay), call->download.order, EIM_STEP_INITIATED,
                            buf_span(&session->transaction_id), NULL);
    }
    return true;
}

static int authenticate_begin(struct relay_call *call, struct span content, json_t *request,
                              const char **detail)
{
    struct relay_session *session;
    struct span id, response;

    if (!parse_request(content, TAG_AUTHENTICATE_SERVER, &id, &response))
        return ESIPA_UNDEFINED_ERROR;
    session = continue_session(call, id, request);
    *detail = "unknown transactionId";
    if (session == NULL)
        return AUTHENTICATE_INVALID_TRANSACTION_ID;
    *detail = "the order is for another EID";
    if (!note_eid(call, session, response))
        return AUTHENTICATE_EID_MISMATCH;
    return set_expanded(call, session, compact_expand_authenticate, response, request,
                        "authenticateServerResponse", AUTHENTICATE_EUICC_SIGNATURE_INVALID, detail);
}

struct authenticate_answer {
    struct buf metadata, signed2, signature2, certificate;
};

static bool take_authenticate(const json_t *json, struct authenticate_answer *out)
{
    return relay_take_object(json, "profileMetadata", TAG_STORE_METADATA, &out->metadata) &&
           relay_take_object(json, "smdpSigned2", 0x30, &out->signed2) &&
           relay_take_object(json, "smdpSignature2", TAG_SIGNATURE, &out->signature2) &&
           relay_take_object(json, "smdpCertificate", 0x30, &out->certificate);
}

/* hashCc = SHA-256(SHA-256(code) || transactionId), SGP.22 4.7. */
static void make_hash_cc(const char *code, struct span transaction_id, struct buf *out)
{
    uint8_t inner[CRYPTO_SHA256_SIZE], outer[CRYPTO_SHA256_SIZE];
    const struct span text = span_of_string(code);
    const struct span parts[] = {SPAN_ARRAY(inner), transaction_id};

    if (crypto_sha256(&text, 1, inner) && crypto_sha256(parts, 2, outer))
        buf_append(out, SPAN_ARRAY(outer));
}

/* What the session needs of the offer. */
static bool take_offer(const struct authenticate_answer *in, struct relay_session *session)
{
    struct span content, flag, otpk, metadata, iccid;
    struct tlv_reader reader;

    if (tlv_single(buf_span(&in->signed2), 0x30, &content) != TLV_OK)
        return false;
    reader = tlv_reader(content);
    if (!tlv_require(&reader, 0x80, NULL) || !tlv_require_sized(&reader, 0x01, 1, 1, &flag))
        return false;
    tlv_optional(&reader, TAG_OTPK, &otpk);
    if (!tlv_skip_rest(&reader) ||
        tlv_single(buf_span(&in->metadata), TAG_STORE_METADATA, &metadata) != TLV_OK ||
        !tlv_find(metadata, 0x5A, &iccid))
        return false;
    buf_clear(&session->offered_otpk);
    buf_append(&session->offered_otpk, otpk);
    buf_clear(&session->iccid);
    buf_append(&session->iccid, iccid);
    buf_clear(&session->metadata);
    buf_append(&session->metadata, buf_span(&in->metadata));
    buf_clear(&session->smdp_signature2);
    buf_append(&session->smdp_signature2, buf_span(&in->signature2));
    buf_clear(&session->hash_cc);
    if (flag.data[0] != 0 && session->ordered && session->download.confirmation_code[0] != '\0')
        make_hash_cc(session->download.confirmation_code, buf_span(&session->transaction_id),
                     &session->hash_cc);
    return true;
}

/* True when this IPA leaves the check of the profile's metadata to the eIM (eimProfileMetadataVerification).
 */
static bool eim_verifies(const struct relay_call *call, const struct relay_session *session)
{
    struct eim_euicc euicc = {0};
    bool verifies;

    if (session->eid[0] == '\0' || !eim_euicc_find(relay_eim(call->relay), session->eid, &euicc))
        return false;
    verifies = euicc.ipa_known && euicc.ipa_eim_verifies;
    eim_euicc_clear(&euicc);
    return verifies;
}

static int authenticate_finish(struct relay_call *call, const json_t *json, struct buf *out,
                               const char **detail)
{
    struct authenticate_answer in = {0};
    struct relay_session *session = session_of(call);
    int number = ESIPA_UNDEFINED_ERROR;

    (void)detail;
    if (session != NULL && take_authenticate(json, &in) && take_offer(&in, session)) {
        number = 0;
        tlv_put(out, 0x80, buf_span(&session->transaction_id));
        if (!eim_verifies(call, session))
            buf_append(out, buf_span(&in.metadata));
        buf_append(out, buf_span(&in.signed2));
        buf_append(out, buf_span(&in.signature2));
        buf_append(out, buf_span(&in.certificate));
        if (session->hash_cc.size > 0)
            tlv_put(out, 0x04, buf_span(&session->hash_cc));
    }
    buf_free(&in.metadata);
    buf_free(&in.signed2);
    buf_free(&in.signature2);
    buf_free(&in.certificate);
    return number;
}

/* --- GetBoundProfilePackage ----------------------------------------------------------------------------- */

static int package_begin(struct relay_call *call, struct span content, json_t *request, const char **detail)
{
    struct relay_session *session;
    struct span id, response;

    if (!parse_request(content, TAG_PREPARE_DOWNLOAD, &id, &response))
        return ESIPA_UNDEFINED_ERROR;
    session = continue_session(call, id, request);
    *detail = "unknown transactionId";
    if (session == NULL)
        return PACKAGE_INVALID_TRANSACTION_ID;
    return set_expanded(call, session, compact_expand_prepare, response, request, "prepareDownloadResponse",
                        PACKAGE_EUICC_SIGNATURE_INVALID, detail);
}

/* StoreMetadata travels in 88 blocks, MACed but readable (SGP.22 2.5.5). */
static bool package_has_metadata(struct span package, struct span metadata)
{
    static const uint32_t path[] = {TAG_BOUND_PROFILE_PACKAGE, 0xA1, 0};
    struct buf joined = {0};
    struct tlv_reader reader;
    struct span blocks;
    struct tlv block;
    bool ok = tlv_find_path(package, path, &blocks);

    reader = tlv_reader(ok ? blocks : SPAN_NONE);
    while (ok && tlv_next(&reader, &block) == TLV_OK) {
        ok = block.tag == 0x88 && block.value.size > MAC_SIZE;
        if (ok)
            buf_append(&joined, SPAN(block.value.data, block.value.size - MAC_SIZE));
    }
    ok = ok && tlv_good(&reader) && span_equal(buf_span(&joined), metadata);
    buf_free(&joined);
    return ok;
}

static int package_finish(struct relay_call *call, const json_t *json, struct buf *out, const char **detail)
{
    const struct relay_session *session = session_of(call);
    struct buf package = {0};
    int number = ESIPA_UNDEFINED_ERROR;

    if (session != NULL &&
        relay_take_object(json, "boundProfilePackage", TAG_BOUND_PROFILE_PACKAGE, &package)) {
        number = 0;
        tlv_put(out, 0x80, buf_span(&session->transaction_id));
        buf_append(out, buf_span(&package));
        if (eim_verifies(call, session) &&
            !package_has_metadata(buf_span(&package), buf_span(&session->metadata))) {
            *detail = "the package has other metadata than were announced";
            number = PACKAGE_METADATA_MISMATCH;
        }
    }
    buf_free(&package);
    return number;
}

/* --- CancelSession -------------------------------------------------------------------------------------- */

/* Reading (X.680 31.2.7): no member of CancelSessionRequestEsipa is written with a tag, so that
 * cancelSessionResponse is [1] in place of its own BF41, which encoders are seen to write, or to keep inside.
 */
static bool parse_cancel(struct span content, struct span *transaction_id, struct buf *response)
{
    struct tlv_reader reader = tlv_reader(content);
    struct span whole, value, ignored;

    if (!tlv_require_sized(&reader, 0x80, 1, RELAY_TRANSACTION_ID_MAX, transaction_id))
        return false;
    if (tlv_peek(&reader) == TAG_CANCEL_SESSION) {
        if (!tlv_require_whole(&reader, TAG_CANCEL_SESSION, NULL, &whole))
            return false;
        buf_append(response, whole);
    } else {
        if (!tlv_require(&reader, 0xA1, &value))
            return false;
        if (tlv_single(value, TAG_CANCEL_SESSION, &ignored) == TLV_OK)
            buf_append(response, value);
        else
            tlv_put(response, TAG_CANCEL_SESSION, value);
    }
    return tlv_skip_rest(&reader) && !response->failed;
}

static int cancel_begin(struct relay_call *call, struct span content, json_t *request, const char **detail)
{
    struct relay_session *session;
    struct buf response = {0};
    struct span id;
    int number = ESIPA_UNDEFINED_ERROR;

    if (parse_cancel(content, &id, &response)) {
        session = continue_session(call, id, request);
        *detail = "unknown transactionId";
        number = session == NULL
                     ? CANCEL_INVALID_TRANSACTION_ID
                     : set_expanded(call, session, compact_expand_cancel, buf_span(&response), request,
                                    "cancelSessionResponse", CANCEL_EUICC_SIGNATURE_INVALID, detail);
    }
    buf_free(&response);
    return number;
}

static int cancel_finish(struct relay_call *call, const json_t *json, struct buf *out, const char **detail)
{
    struct relay_session *session = session_of(call);

    (void)json;
    (void)out; /* CancelSessionOk has no members */
    (void)detail;
    if (session != NULL)
        relay_session_end(relay_sessions(call->relay), session);
    return 0;
}

/* --- The table ------------------------------------------------------------------------------------------ */

static const struct relay_function functions[] = {
    {TAG_AUTHENTICATE_CLIENT, 0x82, "authenticateClient", EIM_STEP_AUTHENTICATED, authenticate_begin,
     authenticate_finish},
    {TAG_GET_BOUND_PROFILE_PACKAGE, 0x81, "getBoundProfilePackage", EIM_STEP_BOUND, package_begin,
     package_finish},
    {TAG_CANCEL_SESSION, 0x81, "cancelSession", EIM_STEP_CANCELLED, cancel_begin, cancel_finish},
};

const struct relay_function *relay_function_by_tag(uint32_t tag)
{
    if (relay_initiate_authentication.tag == tag)
        return &relay_initiate_authentication;
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        if (functions[i].tag == tag)
            return &functions[i];
    }
    return NULL;
}
