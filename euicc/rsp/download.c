/*
 * ES10b.AuthenticateServer, ES10b.PrepareDownload, ES10b.CancelSession (SGP.22 5.7.13, 5.7.5, 5.7.14): the
 * part of a download before the Bound Profile Package. Whatever goes wrong in the first two ends the session;
 * the LPA starts again with a new challenge.
 */
#include "euicc/lifecycle/session.h"
#include "euicc/os/credentials.h"
#include "euicc/rsp/es10_common.h"
#include "euicc/rsp/euicc_info.h"
#include "euicc/rsp/one_time_key.h"
#include "euicc/rsp/server_cert.h"
#include "protocol/tags.h"

#include <openssl/crypto.h>
#include <string.h>

#define HASH_CC_SIZE 32

/* AuthenticateErrorCode and DownloadErrorCode; their first four and the last are the same. */
enum session_error {
    INVALID_CERTIFICATE = 1,
    INVALID_SIGNATURE = 2,
    UNSUPPORTED_CURVE = 3,
    NO_SESSION_CONTEXT = 4,
    INVALID_OID = 5,            /* AuthenticateServer */
    INVALID_TRANSACTION_ID = 5, /* PrepareDownload, CancelSession */
    EUICC_CHALLENGE_MISMATCH = 6,
    CI_PK_UNKNOWN = 7,
    UNDEFINED_ERROR = 127,
};

/* AuthenticateResponseError and PrepareDownloadResponseError: A1 { 80 transactionId, 02 code }. Ends the
 * session. */
static uint16_t download_refuse(struct softeuicc *card, uint32_t tag, struct span transaction_id, int error,
                                struct buf *response)
{
    size_t outer = tlv_open(response, tag);
    size_t inner = tlv_open(response, 0xA1);

    tlv_put(response, 0x80, transaction_id);
    tlv_put_unsigned(response, TAG_INTEGER, (uint64_t)error);
    tlv_close(response, inner);
    tlv_close(response, outer);
    rsp_session_end(card);
    return es10_finish(card, response);
}

static uint16_t abandon(struct softeuicc *card, uint16_t status)
{
    rsp_session_end(card);
    return status;
}

static int error_of_certificate(enum cert_status status)
{
    switch (status) {
    case CERT_UNSUPPORTED_CURVE:
        return UNSUPPORTED_CURVE;
    case CERT_NO_MEMORY:
        return UNDEFINED_ERROR;
    default:
        return INVALID_CERTIFICATE;
    }
}

/* Signs what was appended to `out` since `start` (and `also`, if any) and appends 5F37; *signature gets a
 * copy. */
static bool sign_since(const struct card_credentials *credentials, struct buf *out, size_t start,
                       struct span also, uint8_t signature[EC_SIGNATURE_SIZE])
{
    struct span parts[2];

    if (out->failed)
        return false;
    parts[0] = SPAN(out->data + start, out->size - start);
    parts[1] = also;
    if (!ec_sign(credentials->euicc_key, parts, also.data != NULL ? 2 : 1, signature))
        return false;
    tlv_put(out, TAG_SIGNATURE, SPAN(signature, EC_SIGNATURE_SIZE));
    return !out->failed;
}

/* --- AuthenticateServer -------------------------------------------------------------------------- */

struct authenticate_request {
    struct span signed1; /* whole, as signed */
    struct span transaction_id, euicc_challenge, server_address, server_challenge;
    struct span signature;
    struct span ci_key_id;
    struct span certificate; /* whole */
    struct span ctx_params1; /* whole */
};

/* An FQDN, possibly with a port: what a notification can be sent to. Reading: anything but visible ASCII is
 * refused. */
static bool is_address(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] <= ' ' || text.data[i] > '~')
            return false;
    }
    return text.size > 0 && text.size <= RSP_SERVER_ADDRESS_MAX;
}

static bool parse_server_signed1(struct span content, struct authenticate_request *request)
{
    struct tlv_reader reader = tlv_reader(content);

    return tlv_require_sized(&reader, 0x80, 1, RSP_TRANSACTION_ID_MAX, &request->transaction_id) &&
           tlv_require_sized(&reader, 0x81, RSP_CHALLENGE_SIZE, RSP_CHALLENGE_SIZE,
                             &request->euicc_challenge) &&
           tlv_require(&reader, 0x83, &request->server_address) && is_address(request->server_address) &&
           tlv_require_sized(&reader, 0x84, RSP_CHALLENGE_SIZE, RSP_CHALLENGE_SIZE,
                             &request->server_challenge) &&
           tlv_skip_rest(&reader);
}

/* CtxParams1 { A0 { 80 matchingId OPTIONAL, A1 { 80 tac, A1 deviceCapabilities, 82 imei OPTIONAL } } } */
static bool check_ctx_params1(struct span common)
{
    struct tlv_reader reader = tlv_reader(common);
    struct span value;

    tlv_optional(&reader, 0x80, &value);
    if (!tlv_require(&reader, 0xA1, &value) || !tlv_skip_rest(&reader))
        return false;
    reader = tlv_reader(value);
    if (!tlv_require_sized(&reader, 0x80, 4, 4, &value) || !tlv_require(&reader, 0xA1, &value))
        return false;
    if (tlv_peek(&reader) == 0x82 && !tlv_require_sized(&reader, 0x82, 8, 8, &value))
        return false;
    return tlv_skip_rest(&reader);
}

static bool parse_authenticate(struct span content, struct authenticate_request *request)
{
    struct tlv_reader reader = tlv_reader(content);
    struct span signed1;
    struct span common;

    return tlv_require_whole(&reader, TAG_SEQUENCE, &signed1, &request->signed1) &&
           parse_server_signed1(signed1, request) &&
           tlv_require(&reader, TAG_SIGNATURE, &request->signature) &&
           tlv_require(&reader, TAG_OCTET_STRING, &request->ci_key_id) &&
           tlv_require_whole(&reader, TAG_SEQUENCE, NULL, &request->certificate) &&
           tlv_require_whole(&reader, 0xA0, &common, &request->ctx_params1) && check_ctx_params1(common) &&
           tlv_skip_rest(&reader);
}

/* The checks in the order of SGP.22 5.7.13; 0 or the error. On success the session knows the server. */
static int authenticate(struct softeuicc *card, const struct authenticate_request *request)
{
    struct rsp_session *session = card->rsp;
    enum cert_status status;
    struct cert *cert;
    int error = 0;

    if (rsp_session_stage(card) != RSP_CHALLENGED)
        return NO_SESSION_CONTEXT;
    /* Reading: SGP.32 lets euiccCiPKIdToBeUsed be cut short and SGP.22 v3 lets it be empty; several CIs that
     * begin so are one as good as the other. */
    session->signing = credentials_find_beginning(card, request->ci_key_id);
    if (session->signing == NULL)
        return CI_PK_UNKNOWN;
    /* Reading: a server certificate whose issuer is none of the card's CIs is an invalid certificate;
     * ciPKUnknown speaks of euiccCiPKIdToBeUsed only. The server's CI may be another one than the one to sign
     * with. */
    cert = server_cert_check(card, request->certificate, 1u << CERT_ROLE_DP_AUTH | 1u << CERT_ROLE_DS_AUTH,
                             &session->verification, &status);
    if (cert == NULL)
        return error_of_certificate(status);
    session->server_role = cert_role(cert);
    if (!ec_verify(cert_key(cert), &request->signed1, 1, request->signature))
        error = INVALID_SIGNATURE;
    else if (CRYPTO_memcmp(request->euicc_challenge.data, session->challenge, RSP_CHALLENGE_SIZE) != 0)
        error = EUICC_CHALLENGE_MISMATCH;
    else if (!server_oid_is_valid(cert_oid(cert)))
        error = INVALID_OID;
    buf_append(&session->server_oid, cert_oid(cert));
    buf_append(&session->server_address, request->server_address);
    cert_free(cert);
    memcpy(session->transaction_id, request->transaction_id.data, request->transaction_id.size);
    session->transaction_id_size = request->transaction_id.size;
    return error;
}

static bool put_authenticate_ok(struct softeuicc *card, const struct authenticate_request *request,
                                struct buf *response)
{
    struct rsp_session *session = card->rsp;
    const struct card_credentials *own = session->signing;
    size_t outer = tlv_open(response, TAG_AUTHENTICATE_SERVER);
    size_t ok = tlv_open(response, 0xA0);
    size_t start = response->size;
    size_t signed1 = tlv_open(response, TAG_SEQUENCE);

    tlv_put(response, 0x80, request->transaction_id);
    tlv_put(response, 0x83, request->server_address);
    tlv_put(response, 0x84, request->server_challenge);
    es10b_put_signed_euicc_info2(card, response);
    buf_append(response, request->ctx_params1);
    tlv_close(response, signed1);
    if (!sign_since(own, response, start, SPAN_NONE, session->euicc_signature1))
        return false;
    buf_append(response, cert_der(own->euicc_cert));
    buf_append(response, cert_der(own->eum_cert));
    tlv_close(response, ok);
    tlv_close(response, outer);
    return !response->failed && !session->server_oid.failed && !session->server_address.failed;
}

uint16_t es10b_authenticate_server(struct softeuicc *card, struct span request, struct buf *response)
{
    struct authenticate_request authenticate_request;
    int error;

    if (!parse_authenticate(request, &authenticate_request))
        return abandon(card, ES10_BAD_REQUEST);
    error = authenticate(card, &authenticate_request);
    if (error != 0)
        return download_refuse(card, TAG_AUTHENTICATE_SERVER, authenticate_request.transaction_id, error,
                               response);
    if (!put_authenticate_ok(card, &authenticate_request, response))
        return abandon(card, ES10_FAILED);
    card->rsp->stage = RSP_AUTHENTICATED;
    return ES10_OK;
}

/* --- PrepareDownload ----------------------------------------------------------------------------- */

struct prepare_request {
    struct span signed2; /* whole, as signed */
    struct span transaction_id, bpp_otpk;
    struct span signature;
    struct span hash_cc;     /* SPAN_NONE when absent */
    struct span certificate; /* whole */
};

static bool parse_smdp_signed2(struct span content, struct prepare_request *request)
{
    struct tlv_reader reader = tlv_reader(content);
    struct span cc_required;

    request->bpp_otpk = SPAN_NONE;
    /* Reading: a set ccRequiredFlag without hashCc is not refused here: the SM-DP+ has
     * confirmationCodeMissing for it. */
    if (!tlv_require_sized(&reader, 0x80, 1, RSP_TRANSACTION_ID_MAX, &request->transaction_id) ||
        !tlv_require_sized(&reader, TAG_BOOLEAN, 1, 1, &cc_required))
        return false;
    if (tlv_peek(&reader) == TAG_ONE_TIME_KEY &&
        !tlv_require_sized(&reader, TAG_ONE_TIME_KEY, EC_POINT_SIZE, EC_POINT_SIZE, &request->bpp_otpk))
        return false;
    return tlv_skip_rest(&reader);
}

static bool parse_prepare(struct span content, struct prepare_request *request)
{
    struct tlv_reader reader = tlv_reader(content);
    struct span signed2;

    request->hash_cc = SPAN_NONE;
    if (!tlv_require_whole(&reader, TAG_SEQUENCE, &signed2, &request->signed2) ||
        !parse_smdp_signed2(signed2, request) || !tlv_require(&reader, TAG_SIGNATURE, &request->signature))
        return false;
    if (tlv_peek(&reader) == TAG_OCTET_STRING &&
        !tlv_require_sized(&reader, TAG_OCTET_STRING, HASH_CC_SIZE, HASH_CC_SIZE, &request->hash_cc))
        return false;
    return tlv_require_whole(&reader, TAG_SEQUENCE, NULL, &request->certificate) && tlv_skip_rest(&reader);
}

/* smdpSignature2 covers smdpSigned2 and the euiccSignature1 data object of this session (SGP.22 5.7.5). */
static bool verify_signature2(const struct rsp_session *session, const struct prepare_request *request)
{
    static const uint8_t header[] = {0x5F, 0x37, EC_SIGNATURE_SIZE};
    const struct span parts[] = {request->signed2, SPAN_ARRAY(header), SPAN_ARRAY(session->euicc_signature1)};

    return request->signature.size == EC_SIGNATURE_SIZE &&
           ec_verify(cert_key(session->dp_pb), parts, sizeof(parts) / sizeof(parts[0]), request->signature);
}

/* The checks in the order of SGP.22 5.7.5; 0 or the error. */
static int check_prepare(struct softeuicc *card, const struct prepare_request *request)
{
    struct rsp_session *session = card->rsp;
    const struct card_credentials *ci;
    enum cert_status status;

    if (rsp_session_stage(card) != RSP_AUTHENTICATED || session->server_role != CERT_ROLE_DP_AUTH)
        return NO_SESSION_CONTEXT; /* an SM-DS authenticates too, but has nothing to download */
    if (!span_equal(request->transaction_id, rsp_session_transaction_id(session)))
        return INVALID_TRANSACTION_ID;
    session->dp_pb = server_cert_check(card, request->certificate, 1u << CERT_ROLE_DP_PB, &ci, &status);
    if (session->dp_pb == NULL)
        return error_of_certificate(status);
    /* Reading: one entity's two certificates come from one CI. */
    if (ci != session->verification || !span_equal(cert_oid(session->dp_pb), buf_span(&session->server_oid)))
        return INVALID_CERTIFICATE;
    return verify_signature2(session, request) ? 0 : INVALID_SIGNATURE;
}

/* The pair the SM-DP+ has bound a package to already,
 * or a new one on the curve of CERT.DPpb (SGP.22 5.7.5). */
static bool choose_one_time_key(struct softeuicc *card, const struct prepare_request *request)
{
    struct rsp_session *session = card->rsp;
    const struct ec_key *server_key = cert_key(session->dp_pb);
    struct span oid = buf_span(&session->server_oid);

    if (request->bpp_otpk.data != NULL)
        session->otpk = one_time_key_find(card, request->bpp_otpk, ec_key_curve(server_key), oid);
    if (session->otpk == NULL)
        session->otpk = one_time_key_make(card, server_key, oid);
    if (session->otpk == NULL)
        return false;
    ec_key_point(session->otpk, session->otpk_point);
    return true;
}

static bool put_prepare_ok(struct softeuicc *card, const struct prepare_request *request,
                           struct buf *response)
{
    struct rsp_session *session = card->rsp;
    uint8_t signature[EC_SIGNATURE_SIZE];
    uint8_t covered[3 + EC_SIGNATURE_SIZE] = {0x5F, 0x37,
                                              EC_SIGNATURE_SIZE}; /* smdpSignature2 as data object */
    size_t outer = tlv_open(response, TAG_PREPARE_DOWNLOAD);
    size_t ok = tlv_open(response, 0xA0);
    size_t start = response->size;
    size_t signed2 = tlv_open(response, TAG_SEQUENCE);

    tlv_put(response, 0x80, request->transaction_id);
    tlv_put(response, TAG_ONE_TIME_KEY, SPAN_ARRAY(session->otpk_point));
    if (request->hash_cc.data != NULL)
        tlv_put(response, TAG_OCTET_STRING, request->hash_cc);
    tlv_close(response, signed2);
    memcpy(covered + 3, request->signature.data, EC_SIGNATURE_SIZE);
    if (!sign_since(session->signing, response, start, SPAN_ARRAY(covered), signature))
        return false;
    tlv_close(response, ok);
    tlv_close(response, outer);
    return !response->failed;
}

uint16_t es10b_prepare_download(struct softeuicc *card, struct span request, struct buf *response)
{
    struct prepare_request prepare;
    int error;

    if (!parse_prepare(request, &prepare))
        return abandon(card, ES10_BAD_REQUEST);
    error = check_prepare(card, &prepare);
    if (error != 0)
        return download_refuse(card, TAG_PREPARE_DOWNLOAD, prepare.transaction_id, error, response);
    if (!choose_one_time_key(card, &prepare))
        return abandon(card, nvm_failed(card->nvm) ? ES10_MEMORY : ES10_FAILED);
    if (!put_prepare_ok(card, &prepare, response))
        return abandon(card, ES10_FAILED);
    card->rsp->stage = RSP_PREPARED;
    return ES10_OK;
}

/* --- CancelSession ------------------------------------------------------------------------------- */

/* CancelSessionReason, SGP.22 5.7.14 */
static bool is_cancel_reason(uint64_t reason)
{
    return reason <= 5 || reason == 127;
}

/* A0 { 30 { 80 transactionId, 81 smdpOid, 82 reason }, 5F37 } */
static bool put_cancel_ok(const struct rsp_session *session, uint64_t reason, struct buf *response)
{
    uint8_t signature[EC_SIGNATURE_SIZE];
    size_t outer = tlv_open(response, TAG_CANCEL_SESSION);
    size_t ok = tlv_open(response, 0xA0);
    size_t start = response->size;
    size_t cancel_signed = tlv_open(response, TAG_SEQUENCE);

    tlv_put(response, 0x80, rsp_session_transaction_id(session));
    tlv_put(response, 0x81, buf_span(&session->server_oid));
    tlv_put_unsigned(response, 0x82, reason);
    tlv_close(response, cancel_signed);
    if (!sign_since(session->signing, response, start, SPAN_NONE, signature))
        return false;
    tlv_close(response, ok);
    tlv_close(response, outer);
    return !response->failed;
}

uint16_t es10b_cancel_session(struct softeuicc *card, struct span request, struct buf *response)
{
    struct tlv_reader reader = tlv_reader(request);
    struct span transaction_id;
    struct span reason_octets;
    uint64_t reason;
    bool good;

    if (!tlv_require_sized(&reader, 0x80, 1, RSP_TRANSACTION_ID_MAX, &transaction_id) ||
        !tlv_require(&reader, 0x81, &reason_octets) || !tlv_unsigned(reason_octets, &reason) ||
        !tlv_skip_rest(&reader))
        return ES10_BAD_REQUEST;
    /* A wrong guess leaves the session alone: it may be another LPA's request that comes late. */
    if (rsp_session_stage(card) < RSP_AUTHENTICATED ||
        !span_equal(transaction_id, rsp_session_transaction_id(card->rsp)))
        return es10_choice_error(card, response, TAG_CANCEL_SESSION, INVALID_TRANSACTION_ID);
    if (!is_cancel_reason(reason))
        return es10_choice_error(card, response, TAG_CANCEL_SESSION, UNDEFINED_ERROR);
    good = put_cancel_ok(card->rsp, reason, response);
    rsp_session_end(card);
    return good ? ES10_OK : ES10_FAILED;
}
