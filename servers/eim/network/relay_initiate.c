/*
 * InitiateAuthentication, from ESipa's (SGP.32 6.3.2.1) to that of ES9+ (SGP.22 5.6.1) and back: which SM-DP+
 * it goes to, and the session that begins with it. See relay_private.h.
 */
#include "servers/eim/network/relay_private.h"

#include "apdu/tlv.h"
#include "common/log.h"
#include "crypto/cert.h"
#include "protocol/tags.h"

#include <openssl/objects.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define CHALLENGE_SIZE 16

/* SGP.32 6.3.2.1 */
enum {
    INITIATE_INVALID_DP_ADDRESS = 1,
    INITIATE_SMDP_ADDRESS_MISMATCH = 50,
    INITIATE_SMDP_OID_MISMATCH = 51,
    INITIATE_INVALID_EIM_TRANSACTION_ID = 52,
};

/* --- The request -------------------------------------------------------------------------------------- */

/* Text out of a message: no zero octet, and it fits. */
static bool copy_text(struct span text, char *out, size_t size)
{
    if (text.size >= size || memchr(text.data, 0, text.size) != NULL)
        return false;
    memcpy(out, text.data, text.size);
    out[text.size] = '\0';
    return true;
}

struct initiate_request {
    struct span challenge;
    struct span address;            /* SPAN_NONE: left to the eIM */
    struct span info1;              /* whole; SPAN_NONE: left to the eIM */
    struct span eim_transaction_id; /* SPAN_NONE: none */
};

static bool parse_initiate(struct span content, struct initiate_request *out)
{
    struct tlv_reader reader = tlv_reader(content);

    *out = (struct initiate_request){0};
    if (!tlv_require_sized(&reader, 0x81, CHALLENGE_SIZE, CHALLENGE_SIZE, &out->challenge))
        return false;
    tlv_optional(&reader, 0x83, &out->address);
    if (tlv_peek(&reader) == TAG_EUICC_INFO1 &&
        !tlv_require_whole(&reader, TAG_EUICC_INFO1, NULL, &out->info1))
        return false;
    if (tlv_optional(&reader, 0x82, &out->eim_transaction_id) &&
        (out->eim_transaction_id.size < 1 || out->eim_transaction_id.size > RELAY_TRANSACTION_ID_MAX))
        return false;
    return tlv_skip_rest(&reader);
}

/* The SM-DS at first, then the SM-DP+ of the event that it found; the SM-DS again when the IPA asks it. */
static void choose_by_smds(struct relay_call *call)
{
    struct eim_download *download = &call->download;

    if (call->address[0] == '\0' && download->smdp_address[0] == '\0')
        snprintf(call->address, sizeof(call->address), "%s", download->smds_address);
    if (call->address[0] == '\0' || strcasecmp(call->address, download->smds_address) != 0)
        return;
    download->smdp_address[0] = '\0';
    download->matching_id[0] = '\0'; /* all events, SGP.22 3.6.2 */
    download->has_matching_id = true;
}

/* Where it goes. Reading (5.14.1): what the order says goes first, an IPA that names another SM-DP+ gets
 * smdpAddressMismatch; without an eimTransactionId (v1.0) only the IPA knows the address. */
static int choose_address(struct relay_call *call, const struct initiate_request *in, const char **detail)
{
    const char *ordered;

    if (in->eim_transaction_id.data != NULL) {
        call->ordered = eim_download_by_transaction(call->eim, in->eim_transaction_id, &call->download);
        *detail = "unknown eimTransactionId";
        if (!call->ordered)
            return INITIATE_INVALID_EIM_TRANSACTION_ID;
    }
    *detail = "no SM-DP+ address";
    if (in->address.data != NULL && !copy_text(in->address, call->address, sizeof(call->address)))
        return INITIATE_INVALID_DP_ADDRESS;
    if (call->ordered && call->download.by_smds)
        choose_by_smds(call);
    ordered = call->ordered ? call->download.smdp_address : "";
    if (call->address[0] == '\0')
        snprintf(call->address, sizeof(call->address), "%s", ordered);
    *detail = "the order is for another SM-DP+";
    if (ordered[0] != '\0' && strcasecmp(ordered, call->address) != 0)
        return INITIATE_SMDP_ADDRESS_MISMATCH;
    *detail = "no SM-DP+ address";
    if (call->address[0] == '\0')
        return INITIATE_INVALID_DP_ADDRESS;
    *detail = "no order is for this server (--relay-to)";
    if (ordered[0] != '\0' || relay_may_call(call, call->ordered ? call->download.eid : NULL, call->address))
        return 0;
    log_line(LOG_LEVEL_INFO, "a device wants to be relayed to %s", call->address);
    return INITIATE_INVALID_DP_ADDRESS;
}

static bool put_info1(const struct relay_call *call, struct span info1, struct buf *out)
{
    struct eim_euicc euicc;

    if (info1.data != NULL) {
        buf_append(out, info1);
    } else if (call->ordered && eim_euicc_find(call->eim, call->download.eid, &euicc)) {
        buf_append(out, buf_span(&euicc.info1));
        eim_euicc_clear(&euicc);
    }
    return out->size > 0;
}

static int initiate_begin(struct relay_call *call, struct span content, struct es9p_message *request,
                          const char **detail)
{
    struct initiate_request in;
    int number;

    if (!parse_initiate(content, &in))
        return ESIPA_UNDEFINED_ERROR;
    number = choose_address(call, &in, detail);
    if (number != 0)
        return number;
    call->fill_in = in.address.data == NULL;
    buf_append(&request->part[ES9P_CHALLENGE], in.challenge);
    buf_append(&request->part[ES9P_ADDRESS], span_of_string(call->address));
    *detail = "no euiccInfo1, neither in the message nor known";
    return put_info1(call, in.info1, &request->part[ES9P_INFO1]) ? 0 : ESIPA_UNDEFINED_ERROR;
}

/* What the session needs of ServerSigned1. Zero or an error number. */
static int take_server_signed1(const struct relay_call *call, const struct es9p_message *in,
                               struct relay_session *session)
{
    struct span content, id, address, challenge;
    struct tlv_reader reader;

    if (tlv_single(buf_span(&in->part[ES9P_SERVER_SIGNED1]), 0x30, &content) != TLV_OK)
        return ESIPA_UNDEFINED_ERROR;
    reader = tlv_reader(content);
    if (!tlv_require(&reader, 0x80, &id) || !tlv_require(&reader, 0x81, NULL) ||
        !tlv_require(&reader, 0x83, &address) ||
        !tlv_require_sized(&reader, 0x84, CHALLENGE_SIZE, CHALLENGE_SIZE, &challenge) ||
        !span_equal(id, buf_span(&in->part[ES9P_TRANSACTION_ID])))
        return ESIPA_UNDEFINED_ERROR;
    if (address.size != strlen(call->address) ||
        strncasecmp((const char *)address.data, call->address, address.size) != 0)
        return INITIATE_SMDP_ADDRESS_MISMATCH;
    buf_append(&session->server_address, address);
    buf_append(&session->server_challenge, challenge);
    return 0;
}

static void take_server_oid(const struct es9p_message *in, struct relay_session *session)
{
    struct cert *cert = cert_parse(buf_span(&in->part[ES9P_SERVER_CERTIFICATE]), NULL);

    if (cert != NULL && cert_oid(cert).data != NULL)
        buf_append(&session->server_oid, cert_oid(cert));
    cert_free(cert);
}

/* The activation code may name the SM-DP+'s OID (SGP.22 4.1): then its certificate must have it. */
static bool is_ordered_oid(const struct relay_call *call, const struct relay_session *session)
{
    ASN1_OBJECT *object;
    bool same;

    if (!call->ordered || call->download.smdp_oid[0] == '\0')
        return true;
    object = OBJ_txt2obj(call->download.smdp_oid, 1);
    same = object != NULL &&
           span_equal(SPAN(OBJ_get0_data(object), OBJ_length(object)), buf_span(&session->server_oid));
    ASN1_OBJECT_free(object);
    return same;
}

static struct relay_session *open_session(struct relay_call *call, const struct es9p_message *in, int *number)
{
    struct relay_session *session =
        relay_session_add(call->sessions, buf_span(&in->part[ES9P_TRANSACTION_ID]), call->address);

    *number = session != NULL ? take_server_signed1(call, in, session) : ESIPA_UNDEFINED_ERROR;
    if (*number == 0) {
        take_server_oid(in, session);
        *number = is_ordered_oid(call, session) ? 0 : INITIATE_SMDP_OID_MISMATCH;
    }
    if (*number != 0) {
        if (session != NULL)
            relay_session_end(session);
        return NULL;
    }
    if (call->ordered)
        relay_session_set_order(session, &call->download);
    buf_append(&call->transaction_id, buf_span(&in->part[ES9P_TRANSACTION_ID]));
    return session;
}

/* ctxParams1 for an IPA that has the eIM make it (eimCtxParams1Generation): the matchingId of the order and
 * the device as the IPA has described it. */
static void make_ctx_params1(const struct relay_call *call, struct relay_session *session)
{
    struct eim_euicc euicc = {0};
    size_t at;

    if (!call->ordered || !eim_euicc_find(call->eim, call->download.eid, &euicc))
        return;
    if (euicc.ipa[EIM_IPA_NEEDS_CTX] && euicc.device_info.size > 0) {
        at = tlv_open(&session->ctx_params1, 0xA0);
        if (call->download.has_matching_id)
            tlv_put_string(&session->ctx_params1, 0x80, call->download.matching_id);
        tlv_put(&session->ctx_params1, 0xA1, buf_span(&euicc.device_info));
        tlv_close(&session->ctx_params1, at);
    }
    eim_euicc_clear(&euicc);
}

static int initiate_finish(struct relay_call *call, const struct es9p_message *in, struct buf *out,
                           const char **detail)
{
    struct span id = buf_span(&in->part[ES9P_TRANSACTION_ID]);
    struct relay_session *session = NULL;
    int number = ESIPA_UNDEFINED_ERROR;

    if (id.size >= 1 && id.size <= RELAY_TRANSACTION_ID_MAX)
        session = open_session(call, in, &number);
    if (number == INITIATE_SMDP_ADDRESS_MISMATCH)
        *detail = "the SM-DP+ calls itself something else";
    if (number == INITIATE_SMDP_OID_MISMATCH)
        *detail = "the SM-DP+ has another OID than the activation code names";
    if (session != NULL) {
        make_ctx_params1(call, session);
        tlv_put(out, 0x80, id);
        for (size_t i = ES9P_SERVER_SIGNED1; i <= ES9P_SERVER_CERTIFICATE; i++)
            buf_append(out, buf_span(&in->part[i]));
        /* Reading (5.14.1): an IPA that does not name the SM-DP+ has no matchingId either. */
        if (call->fill_in && call->ordered && call->download.has_matching_id)
            tlv_put_string(out, 0x0C, call->download.matching_id);
        if (session->ctx_params1.size > 0)
            tlv_put(out, 0xA2, buf_span(&session->ctx_params1));
    }
    return number;
}

const struct relay_function relay_initiate_authentication = {
    .es9p = &es9p_functions[ES9P_INITIATE_AUTHENTICATION],
    .error_tag = 0x81,
    .step = EIM_STEP_INITIATED,
    .begin = initiate_begin,
    .finish = initiate_finish,
};
