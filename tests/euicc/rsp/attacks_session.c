/* Attacks on AuthenticateServer and PrepareDownload (SGP.22 5.7.13, 5.7.5). */
#include "apdu/tlv.h"
#include "tests/euicc/rsp/attacks.h"
#include "tests/support/test.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A fault that does one thing at one point. */
#define FAULT(name, at, ...)                                                                                 \
    static void name(struct server *server, enum server_point point, struct buf *octets)                     \
    {                                                                                                        \
        (void)server;                                                                                        \
        (void)octets;                                                                                        \
        if (point == (at)) {                                                                                 \
            __VA_ARGS__;                                                                                     \
        }                                                                                                    \
    }

/* The card's own challenge but for its last octet. */
static void change_challenge(const struct server *server, struct buf *octets)
{
    uint8_t other[sizeof(server->euicc_challenge)];

    memcpy(other, server->euicc_challenge, sizeof(other));
    other[sizeof(other) - 1] ^= 0x01;
    edit_value(octets, EDIT_PATH(0x30, 0x81), SPAN_ARRAY(other));
}

/* --- AuthenticateServer -------------------------------------------------------------------------- */

FAULT(ci_unknown, SERVER_CI_KEY_ID, edit_flip(octets, 0))
FAULT(ci_long, SERVER_CI_KEY_ID, buf_append_octet(octets, 0))
FAULT(ci_prefix, SERVER_CI_KEY_ID, (edit_flip(octets, 18), octets->size = 19))
FAULT(auth_altered, SERVER_AUTH_CERTIFICATE, edit_flip(octets, -1))
FAULT(auth_foreign, SERVER_START, server->auth = &field.foreign.dp_auth)
FAULT(auth_posing, SERVER_START, server->auth = &field.posing)
FAULT(auth_below, SERVER_START, server->auth = &field.below)
FAULT(auth_is_pb, SERVER_START, server->auth = &field.ci.dp_pb)
FAULT(auth_is_tls, SERVER_START, server->auth = &field.tls)
FAULT(auth_is_eum, SERVER_START, server->auth = &field.ci.eum)
FAULT(auth_is_ci, SERVER_START, server->auth = &field.ci.ci)
FAULT(auth_empty, SERVER_AUTH_CERTIFICATE, edit_set(octets, hex("3000")))
FAULT(auth_cut, SERVER_AUTH_CERTIFICATE, edit_remove(octets, EDIT_PATH(0x30, 0x03)))
FAULT(auth_bad_oid, SERVER_START, server->auth = &field.bad_oid)
FAULT(auth_no_oid, SERVER_START, server->auth = &field.no_oid)
FAULT(signature1_altered, SERVER_SIGNATURE1, edit_flip(octets, 40))
FAULT(signature1_other_key, SERVER_START, server->auth_key = field.ci.dp2_auth.key)
FAULT(signature1_short, SERVER_SIGNATURE1, octets->size = 63)
FAULT(signature1_long, SERVER_SIGNATURE1, buf_append_octet(octets, 0))
FAULT(signature1_empty, SERVER_SIGNATURE1, buf_clear(octets))
FAULT(signature1_zero, SERVER_SIGNATURE1, memset(octets->data, 0, octets->size))
FAULT(signed1_altered, SERVER_AUTHENTICATE,
      edit_value(octets, EDIT_PATH(0xBF38, 0x30, 0x83), SPAN_STRING("evil.example.com")))
FAULT(challenge_other, SERVER_SIGNED1,
      edit_value(octets, EDIT_PATH(0x30, 0x81), SPAN_STRING("0123456789abcdef")))
FAULT(challenge_almost, SERVER_SIGNED1, change_challenge(server, octets))
FAULT(challenge_short, SERVER_SIGNED1,
      edit_value(octets, EDIT_PATH(0x30, 0x81), SPAN_STRING("0123456789abcde")))
FAULT(transaction_empty, SERVER_SIGNED1, edit_value(octets, EDIT_PATH(0x30, 0x80), SPAN_STRING("")))
FAULT(transaction_long, SERVER_SIGNED1,
      edit_value(octets, EDIT_PATH(0x30, 0x80), SPAN_STRING("0123456789abcdefg")))
FAULT(server_challenge_missing, SERVER_SIGNED1, edit_remove(octets, EDIT_PATH(0x30, 0x84)))
FAULT(address_control, SERVER_SIGNED1,
      edit_value(octets, EDIT_PATH(0x30, 0x83), SPAN_STRING("a\nb.example.com")))
FAULT(address_zero, SERVER_SIGNED1,
      edit_value(octets, EDIT_PATH(0x30, 0x83), SPAN_STRING("smdp\0.example.com")))
FAULT(address_empty, SERVER_SIGNED1, edit_value(octets, EDIT_PATH(0x30, 0x83), SPAN_STRING("")))
FAULT(signed1_retagged, SERVER_AUTHENTICATE, edit_tag(octets, EDIT_PATH(0xBF38, 0x30), 0x31))
FAULT(device_missing, SERVER_CTX_PARAMS1, edit_remove(octets, EDIT_PATH(0xA0, 0xA1)))
FAULT(tac_short, SERVER_CTX_PARAMS1, edit_value(octets, EDIT_PATH(0xA0, 0xA1, 0x80), SPAN_STRING("123")))

/* The last octet of the curve's OID: 1.2.840.10045.3.1.7 becomes one that nobody has. */
static void change_curve(struct buf *certificate)
{
    static const uint8_t prime256v1[] = {0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
    uint8_t *at = memmem(certificate->data, certificate->size, prime256v1, sizeof(prime256v1));

    ck_assert_ptr_nonnull(at);
    at[7] = 0x05;
}

FAULT(auth_curve, SERVER_AUTH_CERTIFICATE, change_curve(octets))

/* A length of 30 in two octets: not DER. */
static void pad_length(struct buf *octets)
{
    struct buf out = {0};

    ck_assert_uint_lt(octets->data[1], 0x80);
    buf_append_octet(&out, octets->data[0]);
    buf_append_octet(&out, 0x81);
    buf_append(&out, SPAN(octets->data + 1, octets->size - 1));
    buf_free(octets);
    *octets = out;
}

FAULT(signed1_not_der, SERVER_SIGNED1, pad_length(octets))

/* The request of a session that is over, after a new challenge. */
static bool run_replay(struct server *server, struct server_outcome *outcome)
{
    struct buf response = {0};

    ck_assert(server_authenticate(server, outcome));
    ck_assert_int_eq(server_cancel(server, 1), 0);
    ck_assert_uint_eq(terminal_store_data(server->terminal, hex("BF2E00"), &response), 0x9000);
    buf_free(&response);
    return server_send_authenticate(server, outcome);
}

/* The same request again in a session that has it already. */
static bool run_authenticate_twice(struct server *server, struct server_outcome *outcome)
{
    ck_assert(server_authenticate(server, outcome));
    return server_send_authenticate(server, outcome);
}

static bool run_authenticate_after_reset(struct server *server, struct server_outcome *outcome)
{
    ck_assert(server_authenticate(server, outcome));
    *server->terminal = terminal_start(server->terminal->card, SOFTEUICC_WARM);
    return server_send_authenticate(server, outcome);
}

/* --- revocation ---------------------------------------------------------------------------------- */

static void load_crl(struct terminal *terminal, const struct cert *revoked)
{
    struct span serial = cert_serial(revoked);
    struct buf crl = {0};
    struct buf request = {0};
    struct buf response = {0};
    size_t mark = tlv_open(&request, 0xBF35);

    ck_assert(crl_issue(field.ci.ci.cert, field.ci.ci.key, &serial, 1, 1, 1577836800, 2524608000, &crl));
    buf_append(&request, buf_span(&crl));
    tlv_close(&request, mark);
    ck_assert_uint_eq(terminal_store_data(terminal, buf_span(&request), &response), 0x9000);
    ck_assert_uint_eq(response.data[3], 0xA0); /* loadCRLResponseOk */
    buf_free(&crl);
    buf_free(&request);
    buf_free(&response);
}

static void revoke_auth(struct terminal *terminal)
{
    load_crl(terminal, field.ci.dp_auth.cert);
}

static void revoke_pb(struct terminal *terminal)
{
    load_crl(terminal, field.ci.dp_pb.cert);
}

/* --- PrepareDownload ----------------------------------------------------------------------------- */

FAULT(prepare_transaction, SERVER_SIGNED2,
      edit_value(octets, EDIT_PATH(0x30, 0x80), SPAN_STRING("another session.")))
FAULT(prepare_transaction_prefix, SERVER_SIGNED2,
      edit_value(octets, EDIT_PATH(0x30, 0x80), SPAN(server->transaction_id, 15)))
FAULT(prepare_transaction_long, SERVER_SIGNED2,
      edit_value(octets, EDIT_PATH(0x30, 0x80), SPAN_STRING("another session. ")))
FAULT(pb_altered, SERVER_PB_CERTIFICATE, edit_flip(octets, -1))
FAULT(pb_foreign, SERVER_START, server->pb = &field.foreign.dp_pb)
FAULT(pb_posing, SERVER_START, server->pb = &field.posing_pb)
FAULT(pb_other_ci, SERVER_START, server->pb = &field.brainpool.dp_pb)
FAULT(pb_is_auth, SERVER_START, server->pb = &field.ci.dp_auth)
FAULT(pb_other_oid, SERVER_START, server->pb = &field.ci.dp2_pb)
FAULT(pb_curve, SERVER_PB_CERTIFICATE, change_curve(octets))
FAULT(pb_empty, SERVER_PB_CERTIFICATE, edit_set(octets, hex("3000")))
FAULT(signature2_altered, SERVER_SIGNATURE2, edit_flip(octets, 3))
FAULT(signature2_auth_key, SERVER_START, server->pb_key = field.ci.dp_auth.key)
FAULT(signature2_short, SERVER_SIGNATURE2, octets->size = 10)
FAULT(signature2_alone, SERVER_SIGNED2_COVERED, octets->size -= 3 + 64)
FAULT(signature2_other_session, SERVER_SIGNED2_COVERED, edit_flip(octets, -1))
FAULT(signed2_altered, SERVER_PREPARE, edit_value(octets, EDIT_PATH(0xBF21, 0x30, 0x01), SPAN_STRING("\xFF")))
FAULT(cc_flag_missing, SERVER_SIGNED2, edit_remove(octets, EDIT_PATH(0x30, 0x01)))
FAULT(cc_flag_long, SERVER_SIGNED2, edit_value(octets, EDIT_PATH(0x30, 0x01), SPAN_STRING("\xFF\xFF")))
FAULT(bpp_otpk_short, SERVER_SIGNED2, edit_append(octets, EDIT_PATH(0x30), hex("5F49 02 0405")))
FAULT(hash_cc_short, SERVER_START, server->hash_cc = SPAN_STRING("0123456789abcdef0123456789abcde"))
FAULT(ds_downloads, SERVER_START, server->auth = &field.ci.ds_auth)

static bool run_prepare_first(struct server *server, struct server_outcome *outcome)
{
    ck_assert(server_authenticate(server, outcome));
    ck_assert_int_eq(server_cancel(server, 1), 0);
    return server_prepare(server, outcome);
}

static bool run_prepare_twice(struct server *server, struct server_outcome *outcome)
{
    ck_assert(server_authenticate(server, outcome) && server_prepare(server, outcome));
    return server_prepare(server, outcome);
}

/* A fresh challenge in between ends the session. */
static bool run_prepare_after_challenge(struct server *server, struct server_outcome *outcome)
{
    struct buf response = {0};

    ck_assert(server_authenticate(server, outcome));
    ck_assert_uint_eq(terminal_store_data(server->terminal, hex("BF2E00"), &response), 0x9000);
    buf_free(&response);
    return server_prepare(server, outcome);
}

static bool run_load_unprepared(struct server *server, struct server_outcome *outcome)
{
    ck_assert(server_authenticate(server, outcome));
    ec_key_point(field.ci.dp2_pb.key, server->euicc_otpk); /* any point */
    server_bind(server);
    return server_load(server, 0, server->segments_count, outcome);
}

#define AUTHENTICATE(what, how, error)                                                                       \
    {                                                                                                        \
        .name = what, .fault = how, .function = SERVER_FUNCTION_AUTHENTICATE, .code = error                  \
    }
#define AUTHENTICATE_STATUS(what, how)                                                                       \
    {                                                                                                        \
        .name = what, .fault = how, .function = SERVER_FUNCTION_AUTHENTICATE, .code = -1, .status = 0x6A80   \
    }
#define PREPARE(what, how, error)                                                                            \
    {                                                                                                        \
        .name = what, .fault = how, .function = SERVER_FUNCTION_PREPARE, .code = error                       \
    }
#define PREPARE_STATUS(what, how)                                                                            \
    {                                                                                                        \
        .name = what, .fault = how, .function = SERVER_FUNCTION_PREPARE, .code = -1, .status = 0x6A80        \
    }

const struct attack attacks_on_session[] = {
    AUTHENTICATE("euiccCiPKIdToBeUsed that the card does not have", ci_unknown, 7),
    AUTHENTICATE("euiccCiPKIdToBeUsed with more behind it", ci_long, 7),
    AUTHENTICATE("euiccCiPKIdToBeUsed cut off, of no CI of the card", ci_prefix, 7),
    AUTHENTICATE("CERT.DPauth altered", auth_altered, 1),
    AUTHENTICATE("CERT.DPauth of a CI that the card does not trust", auth_foreign, 1),
    AUTHENTICATE("CERT.DPauth in a trusted CI's name, signed by another", auth_posing, 1),
    AUTHENTICATE("CERT.DPauth issued by an SM-DP+", auth_below, 1),
    AUTHENTICATE("CERT.DPpb for CERT.DPauth", auth_is_pb, 1),
    AUTHENTICATE("CERT.DPtls for CERT.DPauth", auth_is_tls, 1),
    AUTHENTICATE("CERT.EUM for CERT.DPauth", auth_is_eum, 1),
    AUTHENTICATE("CERT.CI for CERT.DPauth", auth_is_ci, 1),
    {.name = "CERT.DPauth revoked",
     .function = SERVER_FUNCTION_AUTHENTICATE,
     .code = 1,
     .prepare = revoke_auth},
    AUTHENTICATE("CERT.DPauth without content", auth_empty, 1),
    AUTHENTICATE("CERT.DPauth without its signature", auth_cut, 1),
    AUTHENTICATE("CERT.DPauth on a curve that the card does not have", auth_curve, 3),
    AUTHENTICATE("CERT.DPauth without registeredID", auth_no_oid, 1),
    AUTHENTICATE("CERT.DPauth with a registeredID that is none", auth_bad_oid, 5),
    AUTHENTICATE("serverSignature1 altered", signature1_altered, 2),
    AUTHENTICATE("serverSignature1 by another SM-DP+'s key", signature1_other_key, 2),
    AUTHENTICATE("serverSignature1 of 63 octets", signature1_short, 2),
    AUTHENTICATE("serverSignature1 of 65 octets", signature1_long, 2),
    AUTHENTICATE("serverSignature1 without content", signature1_empty, 2),
    AUTHENTICATE("serverSignature1 of zeros", signature1_zero, 2),
    AUTHENTICATE("serverAddress altered after signing", signed1_altered, 2),
    AUTHENTICATE("euiccChallenge of somebody else, signed", challenge_other, 6),
    AUTHENTICATE("euiccChallenge but for its last octet, signed", challenge_almost, 6),
    {.name = "AuthenticateServer of an earlier session",
     .function = SERVER_FUNCTION_AUTHENTICATE,
     .code = 6,
     .run = run_replay},
    {.name = "AuthenticateServer twice",
     .function = SERVER_FUNCTION_AUTHENTICATE,
     .code = 4,
     .run = run_authenticate_twice},
    {.name = "AuthenticateServer after a reset",
     .function = SERVER_FUNCTION_AUTHENTICATE,
     .code = 4,
     .run = run_authenticate_after_reset},
    AUTHENTICATE_STATUS("euiccChallenge of 15 octets", challenge_short),
    AUTHENTICATE_STATUS("transactionId without content", transaction_empty),
    AUTHENTICATE_STATUS("transactionId of 17 octets", transaction_long),
    AUTHENTICATE_STATUS("serverChallenge missing", server_challenge_missing),
    AUTHENTICATE_STATUS("serverAddress with a line feed", address_control),
    AUTHENTICATE_STATUS("serverAddress with a zero octet", address_zero),
    AUTHENTICATE_STATUS("serverAddress without content", address_empty),
    AUTHENTICATE_STATUS("serverSigned1 under another tag", signed1_retagged),
    AUTHENTICATE_STATUS("serverSigned1 with a length that is not DER", signed1_not_der),
    AUTHENTICATE_STATUS("ctxParams1 without deviceInfo", device_missing),
    AUTHENTICATE_STATUS("TAC of three octets", tac_short),

    PREPARE("transactionId of another session, signed", prepare_transaction, 5),
    PREPARE("transactionId cut off, signed", prepare_transaction_prefix, 5),
    PREPARE("CERT.DPpb altered", pb_altered, 1),
    PREPARE("CERT.DPpb of a CI that the card does not trust", pb_foreign, 1),
    PREPARE("CERT.DPpb in a trusted CI's name, signed by another", pb_posing, 1),
    PREPARE("CERT.DPpb of another trusted CI", pb_other_ci, 1),
    PREPARE("CERT.DPauth for CERT.DPpb", pb_is_auth, 1),
    PREPARE("CERT.DPpb of another SM-DP+", pb_other_oid, 1),
    {.name = "CERT.DPpb revoked", .function = SERVER_FUNCTION_PREPARE, .code = 1, .prepare = revoke_pb},
    PREPARE("CERT.DPpb without content", pb_empty, 1),
    PREPARE("CERT.DPpb on a curve that the card does not have", pb_curve, 3),
    PREPARE("smdpSignature2 altered", signature2_altered, 2),
    PREPARE("smdpSignature2 by the key of CERT.DPauth", signature2_auth_key, 2),
    PREPARE("smdpSignature2 of 10 octets", signature2_short, 2),
    PREPARE("smdpSignature2 without euiccSignature1", signature2_alone, 2),
    PREPARE("smdpSignature2 over another euiccSignature1", signature2_other_session, 2),
    PREPARE("ccRequiredFlag altered after signing", signed2_altered, 2),
    PREPARE("PrepareDownload by an SM-DS", ds_downloads, 4),
    {.name = "PrepareDownload after CancelSession",
     .function = SERVER_FUNCTION_PREPARE,
     .code = 4,
     .run = run_prepare_first},
    {.name = "PrepareDownload twice",
     .function = SERVER_FUNCTION_PREPARE,
     .code = 4,
     .run = run_prepare_twice},
    {.name = "PrepareDownload after another challenge",
     .function = SERVER_FUNCTION_PREPARE,
     .code = 4,
     .run = run_prepare_after_challenge},
    PREPARE_STATUS("transactionId of 17 octets in smdpSigned2", prepare_transaction_long),
    PREPARE_STATUS("ccRequiredFlag missing", cc_flag_missing),
    PREPARE_STATUS("ccRequiredFlag of two octets", cc_flag_long),
    PREPARE_STATUS("bppEuiccOtpk of two octets", bpp_otpk_short),
    PREPARE_STATUS("hashCc of 31 octets", hash_cc_short),
    {.name = "a package without PrepareDownload",
     .function = SERVER_FUNCTION_LOAD,
     .code = -1,
     .status = 0x6985,
     .run = run_load_unprepared},
};

const size_t attacks_on_session_count = COUNT(attacks_on_session);
