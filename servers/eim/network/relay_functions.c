/*
 * The functions of an indirect download after its first, from ESipa's (SGP.32 6.3.2.2, 6.3.2.3, 6.3.2.5) to
 * those of ES9+ (SGP.22 5.6) and back: what an eIM adds, leaves out, and restores. See relay_private.h.
 */
#include "servers/eim/network/relay_private.h"

#include "apdu/tlv.h"
#include "crypto/cert.h"
#include "protocol/confirmation_code.h"
#include "protocol/tags.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAC_SIZE 8 /* at the end of every block of a Bound Profile Package, SGP.22 2.5.5 */

/* --- Error numbers, SGP.32 6.3.2 ------------------------------------------------------------------------ */

enum {
    AUTHENTICATE_EUICC_SIGNATURE_INVALID = 5,
    AUTHENTICATE_EID_MISMATCH = 7,
    AUTHENTICATE_INVALID_TRANSACTION_ID = 10,
    AUTHENTICATE_EVENT_ID_UNKNOWN = 56,
    PACKAGE_EUICC_SIGNATURE_INVALID = 1,
    PACKAGE_METADATA_MISMATCH = 50,
    PACKAGE_INVALID_TRANSACTION_ID = 95,
    CANCEL_INVALID_TRANSACTION_ID = 1,
    CANCEL_EUICC_SIGNATURE_INVALID = 2,
};

/* --- Common to the last three --------------------------------------------------------------------------- */

/* transactionId and one object more, which ESipa has as ES9+ in ASN.1. */
static bool read_request(const struct relay_call *call, struct span content, struct es9p_message *request)
{
    const struct es9p_member *missing;

    return es9p_read_asn1(call->function->es9p->in, content, request, &missing) &&
           request->part[ES9P_TRANSACTION_ID].size >= 1 &&
           request->part[ES9P_TRANSACTION_ID].size <= RELAY_TRANSACTION_ID_MAX;
}

static struct relay_session *session_of(struct relay_call *call)
{
    return relay_session_find(call->sessions, buf_span(&call->transaction_id));
}

/* Takes over from its session what the call needs. */
static struct relay_session *continue_session(struct relay_call *call, const struct es9p_message *request)
{
    struct relay_session *session;

    buf_append(&call->transaction_id, buf_span(&request->part[ES9P_TRANSACTION_ID]));
    session = session_of(call);
    if (session == NULL)
        return NULL;
    memcpy(call->address, session->address, sizeof(call->address));
    call->ordered = session->ordered;
    call->is_smds = session->is_smds;
    if (session->ordered)
        call->download = session->download;
    return session;
}

/* Expands the response in the request to its full form. */
static int expand_response(struct relay_call *call, const struct relay_session *session,
                           struct es9p_message *request, const char **detail)
{
    struct buf *response = &request->part[ES9P_RESPONSE];
    struct eim_euicc euicc;
    struct compact_known known;
    struct buf full = {0};
    enum compact_status status;

    eim_euicc_find(call->eim, session->eid, &euicc);
    known = relay_known(session, &euicc);
    status = call->function->expand(&known, buf_span(response), &full);
    buf_free(response);
    *response = full;
    eim_euicc_clear(&euicc);
    if (status == COMPACT_OK)
        return 0;
    *detail = compact_status_name(status);
    return status == COMPACT_BAD_SIGNATURE ? call->function->bad_signature : ESIPA_UNDEFINED_ERROR;
}

/* --- How they begin ------------------------------------------------------------------------------------- */

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

/* The SM-DP+ of the order, which an SM-DS may have named; or that SM-DS. */
static bool is_ordered_address(const struct relay_call *call, const struct relay_session *session)
{
    return eim_address_is_same(call->download.smdp_address, session->address) ||
           (call->download.by_smds && eim_address_is_same(call->download.smds_address, session->address));
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
    if (eim_download_by_eid(call->eim, eid, &call->download) && is_ordered_address(call, session)) {
        relay_session_set_order(session, &call->download);
        call->is_smds = session->is_smds;
        call->ordered = true;
        eim_download_report(call->eim, call->download.order, EIM_STEP_INITIATED,
                            buf_span(&session->transaction_id), NULL);
    }
    return session->ordered || relay_may_call(call, eid, session->address);
}

/* What all three begin with. */
static int relay_functions_resume(struct relay_call *call, struct span content, struct es9p_message *request,
                                  const char **detail)
{
    struct relay_session *session;

    if (!read_request(call, content, request))
        return ESIPA_UNDEFINED_ERROR;
    session = continue_session(call, request);
    *detail = "unknown transactionId";
    if (session == NULL)
        return call->function->unknown_transaction;
    *detail = "the order is for another EID";
    if (call->function->eid_mismatch != 0 &&
        !note_eid(call, session, buf_span(&request->part[ES9P_RESPONSE])))
        return call->function->eid_mismatch;
    return expand_response(call, session, request, detail);
}

/* --- AuthenticateClient --------------------------------------------------------------------------------- */

/* What the session needs of the offer. */
static bool take_offer(const struct es9p_message *in, struct relay_session *session)
{
    struct span content, flag, otpk, metadata, iccid;
    uint8_t hash_cc[CRYPTO_SHA256_SIZE];
    struct tlv_reader reader;

    if (tlv_single(buf_span(&in->part[ES9P_SMDP_SIGNED2]), 0x30, &content) != TLV_OK)
        return false;
    reader = tlv_reader(content);
    if (!tlv_require(&reader, 0x80, NULL) || !tlv_require_sized(&reader, 0x01, 1, 1, &flag))
        return false;
    tlv_optional(&reader, TAG_ONE_TIME_KEY, &otpk);
    if (!tlv_skip_rest(&reader) ||
        tlv_single(buf_span(&in->part[ES9P_METADATA]), TAG_STORE_METADATA, &metadata) != TLV_OK ||
        !tlv_find(metadata, 0x5A, &iccid))
        return false;
    buf_clear(&session->offered_otpk);
    buf_append(&session->offered_otpk, otpk);
    buf_clear(&session->iccid);
    buf_append(&session->iccid, iccid);
    buf_clear(&session->metadata);
    buf_append(&session->metadata, buf_span(&in->part[ES9P_METADATA]));
    buf_clear(&session->smdp_signature2);
    buf_append(&session->smdp_signature2, buf_span(&in->part[ES9P_SMDP_SIGNATURE2]));
    buf_clear(&session->hash_cc);
    if (flag.data[0] == 0 || !session->ordered || session->download.confirmation_code[0] == '\0')
        return true;
    if (!confirmation_code_hash_cc(session->download.confirmation_code, buf_span(&session->transaction_id),
                                   hash_cc))
        return false;
    buf_append(&session->hash_cc, SPAN_ARRAY(hash_cc));
    return true;
}

/* True when this IPA leaves the check of the profile's metadata to the eIM. */
static bool eim_verifies(const struct relay_call *call, const struct relay_session *session)
{
    return eim_ipa_has(call->eim, session->eid, EIM_IPA_EIM_VERIFIES);
}

/* ProfileDownloadTriggerRequest (SGP.32 2.11.1.3) for the event that was found. */
static void put_event_trigger(const struct relay_session *session, struct buf *out)
{
    char code[sizeof("1$$") + EIM_ADDRESS_MAX + EIM_MATCHING_ID_MAX];
    size_t trigger = tlv_open(out, TAG_DOWNLOAD_TRIGGER);
    size_t data = tlv_open(out, 0xA0);

    snprintf(code, sizeof(code), "1$%s$%s", session->event_address, session->event_id);
    tlv_put_string(out, 0x80, code);
    tlv_close(out, data);
    tlv_close(out, trigger);
}

static bool copy_event_text(struct span text, char *out, size_t size)
{
    if (text.size == 0 || text.size >= size || memchr(text.data, '\0', text.size) != NULL ||
        memchr(text.data, '$', text.size) != NULL)
        return false;
    memcpy(out, text.data, text.size);
    out[text.size] = '\0';
    return true;
}

/* Reading (SGP.32 6.3.2.2): an order is for one profile, so of several events the IPA gets the first; the
 * next order finds the others. */
static int discovery_finish(const struct relay_call *call, struct relay_session *session,
                            const struct es9p_message *in, struct buf *out, const char **detail)
{
    struct tlv_reader reader = tlv_reader(buf_span(&in->part[ES9P_EVENT_ENTRIES]));
    struct span id, address;
    struct tlv entry;

    *detail = "the SM-DS has no event for this eUICC";
    if (tlv_next(&reader, &entry) != TLV_OK)
        return AUTHENTICATE_EVENT_ID_UNKNOWN;
    *detail = "the SM-DS's event is malformed";
    if (!tlv_find(entry.value, 0x80, &id) || !tlv_find(entry.value, 0x81, &address) ||
        !copy_event_text(id, session->event_id, sizeof(session->event_id)) ||
        !copy_event_text(address, session->event_address, sizeof(session->event_address))) {
        session->event_address[0] = '\0';
        return ESIPA_UNDEFINED_ERROR;
    }
    eim_download_found(call->eim, session->download.order, session->event_address, session->event_id);
    tlv_put(out, 0x80, buf_span(&session->transaction_id));
    put_event_trigger(session, out);
    return 0;
}

static int authenticate_finish(struct relay_call *call, const struct es9p_message *in, struct buf *out,
                               const char **detail)
{
    struct relay_session *session = session_of(call);

    if (session != NULL && call->is_smds)
        return discovery_finish(call, session, in, out, detail);
    if (session == NULL || !take_offer(in, session))
        return ESIPA_UNDEFINED_ERROR;
    tlv_put(out, 0x80, buf_span(&session->transaction_id));
    for (size_t i = eim_verifies(call, session) ? ES9P_SMDP_SIGNED2 : ES9P_METADATA;
         i <= ES9P_SMDP_CERTIFICATE; i++)
        buf_append(out, buf_span(&in->part[i]));
    if (session->hash_cc.size > 0)
        tlv_put(out, 0x04, buf_span(&session->hash_cc));
    return 0;
}

/* --- GetBoundProfilePackage ----------------------------------------------------------------------------- */

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

static int package_finish(struct relay_call *call, const struct es9p_message *in, struct buf *out,
                          const char **detail)
{
    const struct relay_session *session = session_of(call);
    struct span package = buf_span(&in->part[ES9P_PACKAGE]);

    if (session == NULL)
        return ESIPA_UNDEFINED_ERROR;
    tlv_put(out, 0x80, buf_span(&session->transaction_id));
    buf_append(out, package);
    if (!eim_verifies(call, session) || package_has_metadata(package, buf_span(&session->metadata)))
        return 0;
    *detail = "the package has other metadata than were announced";
    return PACKAGE_METADATA_MISMATCH;
}

/* --- CancelSession -------------------------------------------------------------------------------------- */

static int cancel_finish(struct relay_call *call, const struct es9p_message *in, struct buf *out,
                         const char **detail)
{
    struct relay_session *session = session_of(call);

    (void)in;
    (void)out; /* CancelSessionOk has no members */
    (void)detail;
    if (session != NULL)
        relay_session_end(session);
    return 0;
}

/* --- The table ------------------------------------------------------------------------------------------ */

static const struct relay_function functions[] = {
    {&es9p_functions[ES9P_AUTHENTICATE_CLIENT], 0x82, EIM_STEP_AUTHENTICATED, relay_functions_resume,
     authenticate_finish, compact_expand_authenticate, AUTHENTICATE_INVALID_TRANSACTION_ID,
     AUTHENTICATE_EID_MISMATCH, AUTHENTICATE_EUICC_SIGNATURE_INVALID},
    {&es9p_functions[ES9P_GET_BOUND_PROFILE_PACKAGE], 0x81, EIM_STEP_BOUND, relay_functions_resume,
     package_finish, compact_expand_prepare, PACKAGE_INVALID_TRANSACTION_ID, 0,
     PACKAGE_EUICC_SIGNATURE_INVALID},
    {&es9p_functions[ES9P_CANCEL_SESSION], 0x81, EIM_STEP_CANCELLED, relay_functions_resume, cancel_finish,
     compact_expand_cancel, CANCEL_INVALID_TRANSACTION_ID, 0, CANCEL_EUICC_SIGNATURE_INVALID},
};

const struct relay_function *relay_function_by_tag(uint32_t tag)
{
    if (relay_initiate_authentication.es9p->request == tag)
        return &relay_initiate_authentication;
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        if (functions[i].es9p->request == tag)
            return &functions[i];
    }
    return NULL;
}
