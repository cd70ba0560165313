/*
 * From an authenticated eUICC to a Bound Profile Package: the offer (smdpSigned2), PrepareDownload's answer,
 * the binding (SGP.22 2.5.4, 5.5, 5.6.2), and CancelSession (5.6.5). See dp.h.
 */
#include "crypto/scp03t.h"
#include "protocol/confirmation_code.h"
#include "protocol/tags.h"
#include "servers/smdpp/model/dp.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>

/* --- AuthenticateClient, the server's half -------------------------------------------------------------- */

bool dp_offer(struct dp_session *session, struct span metadata, bool code_required, struct span otpk,
              struct es9p_message *answer, struct refusal_status *status)
{
    struct buf *signed2 = &answer->part[ES9P_SMDP_SIGNED2];
    size_t at = tlv_open(signed2, 0x30);
    struct span signed_parts[2];
    const uint8_t code_flag = code_required ? 0xFF : 0x00;

    tlv_put(signed2, 0x80, SPAN_ARRAY(session->rsp.transaction_id));
    tlv_put(signed2, 0x01, SPAN(&code_flag, 1));
    if (otpk.data != NULL)
        tlv_put(signed2, TAG_ONE_TIME_KEY, otpk);
    tlv_close(signed2, at);
    signed_parts[0] = buf_span(signed2);
    signed_parts[1] = buf_span(&session->rsp.euicc_signature1);
    buf_append(&answer->part[ES9P_TRANSACTION_ID], SPAN_ARRAY(session->rsp.transaction_id));
    buf_append(&answer->part[ES9P_METADATA], metadata);
    buf_clear(&session->smdp_signature2);
    if (signed2->failed || !rsp_put_signature(session->pb->key, signed_parts, 2, &session->smdp_signature2))
        return refusal_note(status, REFUSAL_INTERNAL, "could not sign");
    buf_append(&answer->part[ES9P_SMDP_SIGNATURE2], buf_span(&session->smdp_signature2));
    buf_append(&answer->part[ES9P_SMDP_CERTIFICATE], cert_der(session->pb->cert));
    if (session->smdp_signature2.failed)
        return refusal_note(status, REFUSAL_INTERNAL, "out of memory");
    session->stage = DP_STAGE_OFFERED;
    return true;
}

/* --- GetBoundProfilePackage, the eUICC's half ----------------------------------------------------------- */

static bool parse_prepared(struct span whole, struct span *signed2, struct span *signed2_whole,
                           struct span *signature, struct refusal_status *status)
{
    static const struct rsp_response response = {TAG_PREPARE_DOWNLOAD, "prepareDownloadResponse",
                                                 "downloadErrorCode", NAMES_PREPARE};
    struct tlv_reader reader;

    if (!rsp_open_response(&response, whole, &reader, status))
        return false;
    return (tlv_require_whole(&reader, 0x30, signed2, signed2_whole) &&
            tlv_require(&reader, TAG_SIGNATURE, signature) && tlv_skip_rest(&reader)) ||
           rsp_refuse_form(status, response.name, reader.status);
}

bool dp_prepare(struct dp_session *session, struct span response, struct refusal_status *status)
{
    struct span signed2, signature, transaction_id, otpk, hash_cc;
    struct span signed_parts[2];
    struct tlv_reader reader;

    if (session->stage < DP_STAGE_OFFERED)
        return refusal_note(status, REFUSAL_TRANSACTION_UNKNOWN, "the eUICC is not authenticated yet");
    if (!parse_prepared(response, &signed2, &signed_parts[0], &signature, status))
        return false;
    signed_parts[1] = buf_span(&session->smdp_signature2);
    if (!ec_verify(cert_key(session->rsp.euicc_cert), signed_parts, 2, signature))
        return refusal_note(status, REFUSAL_EUICC_VERIFICATION, "euiccSignature2");
    reader = tlv_reader(signed2);
    if (!tlv_require(&reader, 0x80, &transaction_id) ||
        !tlv_require_sized(&reader, TAG_ONE_TIME_KEY, EC_POINT_SIZE, EC_POINT_SIZE, &otpk))
        return rsp_refuse_form(status, "euiccSigned2", reader.status);
    session->has_hash_cc = tlv_optional(&reader, 0x04, &hash_cc);
    if ((session->has_hash_cc && hash_cc.size != sizeof(session->hash_cc)) || !tlv_skip_rest(&reader))
        return refusal_note(status, REFUSAL_INPUT_INVALID, "euiccSigned2: malformed hashCc");
    if (!rsp_same_transaction(&session->rsp, transaction_id, status))
        return false;
    if (session->has_hash_cc)
        memcpy(session->hash_cc, hash_cc.data, hash_cc.size);
    memcpy(session->euicc_otpk, otpk.data, otpk.size);
    session->stage = DP_STAGE_PREPARED;
    return true;
}

bool dp_code_matches(const struct dp_session *session, const uint8_t code_hash[32])
{
    uint8_t expected[CRYPTO_SHA256_SIZE];

    return session->has_hash_cc &&
           confirmation_code_bind(code_hash, SPAN_ARRAY(session->rsp.transaction_id), expected) &&
           CRYPTO_memcmp(expected, session->hash_cc, sizeof(expected)) == 0;
}

/* --- GetBoundProfilePackage, the server's half ---------------------------------------------------------- */

#define REMOTE_OPERATION_INSTALL 1    /* RemoteOpId installBoundProfilePackage */
#define KEY_TYPE_AES             0x88 /* GlobalPlatform card specification table 11-16 */
#define HOST_ID_MAX              16   /* octets, ControlRefTemplate */

/* Reading (5.5.1): any hostId will do; the SM-DP+ OID says who it was. */
static struct span host_id(const struct dp_session *session)
{
    struct span oid = cert_oid(session->pb->cert);

    return SPAN(oid.data, oid.size < HOST_ID_MAX ? oid.size : HOST_ID_MAX);
}

/* BF23: the signature covers the data objects without their wrapper, and the eUICC's key, which is not sent
 * back. */
static bool put_initialise_channel(const struct dp_session *session, const uint8_t otpk[EC_POINT_SIZE],
                                   struct buf *out)
{
    struct buf objects = {0};
    struct buf euicc_key = {0};
    const uint8_t key_type = KEY_TYPE_AES;
    const uint8_t key_length = SCP03T_KEY_SIZE;
    struct span parts[2];
    size_t at;
    bool ok;

    tlv_put_unsigned(&objects, 0x82, REMOTE_OPERATION_INSTALL);
    tlv_put(&objects, 0x80, SPAN_ARRAY(session->rsp.transaction_id));
    at = tlv_open(&objects, 0xA6);
    tlv_put(&objects, 0x80, SPAN(&key_type, 1));
    tlv_put(&objects, 0x81, SPAN(&key_length, 1));
    tlv_put(&objects, 0x84, host_id(session));
    tlv_close(&objects, at);
    tlv_put(&objects, TAG_ONE_TIME_KEY, SPAN(otpk, EC_POINT_SIZE));
    tlv_put(&euicc_key, TAG_ONE_TIME_KEY, SPAN_ARRAY(session->euicc_otpk));
    parts[0] = buf_span(&objects);
    parts[1] = buf_span(&euicc_key);

    at = tlv_open(out, TAG_INITIALISE_SECURE_CHANNEL);
    buf_append(out, parts[0]);
    ok = !objects.failed && !euicc_key.failed && rsp_put_signature(session->pb->key, parts, 2, out);
    tlv_close(out, at);
    buf_free(&objects);
    buf_free(&euicc_key);
    return ok;
}

static bool eid_octets(const char eid[33], uint8_t octets[16])
{
    struct buf buf = {0};
    bool ok = buf_append_hex(&buf, eid, NULL) && buf.size == 16;

    if (ok)
        memcpy(octets, buf.data, 16);
    buf_free(&buf);
    return ok;
}

/* The one-time key pair, made unless it is known. NULL when there is none. */
static struct ec_key *one_time_key(enum ec_curve curve, struct dp_keys *keys)
{
    struct ec_key *own =
        keys->known ? ec_key_from_scalar(curve, SPAN_ARRAY(keys->otsk)) : ec_key_generate(curve, NULL);

    if (own == NULL || ec_key_scalar(own, keys->otsk))
        return own;
    ec_key_free(own);
    return NULL;
}

/* The one-time public key on the eUICC's curve, and the session keys that it gives with the eUICC's point. */
static bool agree_on_keys(const struct dp_session *session, struct dp_keys *kept, uint8_t otpk[EC_POINT_SIZE],
                          struct scp03t_keys *keys, struct refusal_status *status)
{
    enum ec_curve curve = ec_key_curve(session->pb->key);
    struct ec_key *euicc = ec_key_from_point(curve, SPAN_ARRAY(session->euicc_otpk));
    struct ec_key *own = one_time_key(curve, kept);
    uint8_t secret[EC_SCALAR_SIZE];
    uint8_t eid[16];
    bool ok = false;

    if (euicc == NULL)
        refusal_note(status, REFUSAL_INPUT_INVALID, "euiccOtpk is not a point on %s", ec_curve_name(curve));
    else if (own != NULL && eid_octets(session->rsp.eid, eid) && ec_shared_secret(own, euicc, secret))
        ok = scp03t_derive(SPAN_ARRAY(secret), KEY_TYPE_AES, SCP03T_KEY_SIZE, host_id(session),
                           SPAN_ARRAY(eid), keys);
    if (ok)
        ec_key_point(own, otpk);
    else
        refusal_note(status, REFUSAL_INTERNAL, "key agreement failed");
    OPENSSL_cleanse(secret, sizeof(secret));
    ec_key_free(own);
    ec_key_free(euicc);
    return ok;
}

/* `sequence` holding `plain` in as many blocks of `tag` as it takes. */
static bool put_sealed(struct scp03t *channel, uint32_t sequence, uint8_t tag, struct span plain,
                       struct buf *out)
{
    size_t at = tlv_open(out, sequence);
    size_t step = scp03t_plain_max(tag);

    for (size_t offset = 0; offset < plain.size; offset += step) {
        size_t size = plain.size - offset < step ? plain.size - offset : step;

        if (scp03t_seal(channel, tag, SPAN(plain.data + offset, size), out) != SCP03T_OK)
            return false;
    }
    tlv_close(out, at);
    return true;
}

/* ConfigureISDP: DpProprietaryData with the SM-DP+ OID, its only defined member. */
static bool put_configure_isdp(const struct dp_session *session, struct scp03t *channel, struct buf *out)
{
    struct buf request = {0};
    size_t whole = tlv_open(&request, TAG_CONFIGURE_ISDP);
    size_t data = tlv_open(&request, 0xB8);
    bool ok;

    tlv_put(&request, 0x80, cert_oid(session->pb->cert));
    tlv_close(&request, data);
    tlv_close(&request, whole);
    ok = !request.failed && put_sealed(channel, 0xA0, 0x87, buf_span(&request), out);
    buf_free(&request);
    return ok;
}

/* ReplaceSessionKeys with profile protection keys, random unless known; the channel then goes on with
 * those. */
static bool put_replace_session_keys(struct scp03t *channel, struct dp_keys *keys, struct buf *out)
{
    struct scp03t_keys ppk;
    struct buf request = {0};
    size_t at = tlv_open(&request, TAG_REPLACE_SESSION_KEYS);
    bool ok = keys->known || RAND_priv_bytes(keys->ppk, sizeof(keys->ppk)) == 1;

    _Static_assert(sizeof(keys->ppk) == sizeof(ppk.chain) + sizeof(ppk.enc) + sizeof(ppk.mac),
                   "the three keys");
    memcpy(ppk.chain, keys->ppk, sizeof(ppk.chain));
    memcpy(ppk.enc, keys->ppk + sizeof(ppk.chain), sizeof(ppk.enc));
    memcpy(ppk.mac, keys->ppk + sizeof(ppk.chain) + sizeof(ppk.enc), sizeof(ppk.mac));
    tlv_put(&request, 0x80, SPAN_ARRAY(ppk.chain));
    tlv_put(&request, 0x81, SPAN_ARRAY(ppk.enc));
    tlv_put(&request, 0x82, SPAN_ARRAY(ppk.mac));
    tlv_close(&request, at);
    ok = ok && !request.failed && put_sealed(channel, 0xA2, 0x87, buf_span(&request), out) &&
         scp03t_replace_keys(channel, &ppk);
    OPENSSL_cleanse(&ppk, sizeof(ppk));
    buf_free(&request);
    return ok;
}

bool dp_bind(struct dp_session *session, struct span metadata, struct span package, bool ppk,
             struct dp_keys *kept, struct buf *bpp, struct refusal_status *status)
{
    struct scp03t_keys keys;
    uint8_t otpk[EC_POINT_SIZE];
    struct scp03t *channel;
    size_t at;
    bool ok;

    if (session->stage != DP_STAGE_PREPARED)
        return refusal_note(status, REFUSAL_TRANSACTION_UNKNOWN, "the download is not prepared");
    if (!agree_on_keys(session, kept, otpk, &keys, status))
        return false;
    channel = scp03t_new(&keys);
    OPENSSL_cleanse(&keys, sizeof(keys));
    at = tlv_open(bpp, TAG_BOUND_PROFILE_PACKAGE);
    ok = channel != NULL && put_initialise_channel(session, otpk, bpp) &&
         put_configure_isdp(session, channel, bpp) && put_sealed(channel, 0xA1, 0x88, metadata, bpp) &&
         (!ppk || put_replace_session_keys(channel, kept, bpp)) &&
         put_sealed(channel, 0xA3, 0x86, package, bpp);
    tlv_close(bpp, at);
    scp03t_free(channel);
    if (!ok || bpp->failed)
        return refusal_note(status, REFUSAL_INTERNAL, "could not bind the profile package");
    session->stage = DP_STAGE_BOUND;
    return true;
}

/* --- CancelSession -------------------------------------------------------------------------------------- */

bool dp_cancel(const struct dp_session *session, struct span response, uint64_t *reason,
               struct refusal_status *status)
{
    struct span content, ok, signed_content, signed_whole, signature, transaction_id, oid, reason_value,
        error;
    struct tlv_reader reader;

    if (session->stage < DP_STAGE_AUTHENTICATED)
        return refusal_note(status, REFUSAL_TRANSACTION_UNKNOWN, "the eUICC is not authenticated yet");
    if (tlv_single(response, TAG_CANCEL_SESSION, &content) != TLV_OK)
        return rsp_refuse_form(status, "cancelSessionResponse", TLV_UNEXPECTED);
    if (tlv_single(content, 0x81, &error) == TLV_OK)
        return refusal_note(status, REFUSAL_EUICC_ERROR, "cancelSessionResponseError");
    if (tlv_single(content, 0xA0, &ok) != TLV_OK)
        return rsp_refuse_form(status, "cancelSessionResponse", TLV_UNEXPECTED);
    reader = tlv_reader(ok);
    if (!tlv_require_whole(&reader, 0x30, &signed_content, &signed_whole) ||
        !tlv_require(&reader, TAG_SIGNATURE, &signature) || !tlv_skip_rest(&reader))
        return rsp_refuse_form(status, "cancelSessionResponse", reader.status);
    if (!ec_verify(cert_key(session->rsp.euicc_cert), &signed_whole, 1, signature))
        return refusal_note(status, REFUSAL_EUICC_VERIFICATION, "euiccCancelSessionSignature");
    reader = tlv_reader(signed_content);
    if (!tlv_require(&reader, 0x80, &transaction_id) || !tlv_require(&reader, 0x81, &oid) ||
        !tlv_require(&reader, 0x82, &reason_value) || !tlv_unsigned(reason_value, reason) ||
        !tlv_skip_rest(&reader))
        return rsp_refuse_form(status, "cancelSessionResponse",
                               reader.status == TLV_OK ? TLV_BAD_VALUE : reader.status);
    if (!rsp_same_transaction(&session->rsp, transaction_id, status))
        return false;
    if (!span_equal(oid, cert_oid(session->rsp.credentials->cert)))
        return refusal_note(status, REFUSAL_OID_INVALID, NULL);
    return true;
}
