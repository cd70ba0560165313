/* An SM-DP+ and its LPA for tests: see server.h. Binding and protection are in server_bind.c. */
#include "tests/support/server.h"

#include "apdu/tlv.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

static void fault(struct server *server, enum server_point point, struct buf *octets)
{
    if (server->fault != NULL)
        server->fault(server, point, octets);
}

void server_init(struct server *server, struct terminal *terminal, const struct test_ci *ci,
                 struct span package, struct span metadata)
{
    static const uint8_t configuration[] = {0xBF, 0x24, 0x00};
    static uint8_t next; /* transaction identifiers differ */

    *server = (struct server){
        .terminal = terminal,
        .ci = ci,
        .auth = &ci->dp_auth,
        .pb = &ci->dp_pb,
        .ci_key_id = SPAN_ARRAY(ci->key_id),
        .package = package,
        .metadata = metadata,
        .configuration = SPAN_ARRAY(configuration),
        .address = "smdp.example.com",
        .transaction_id_size = 16,
        .hash_cc = SPAN_NONE,
        .bpp_otpk = SPAN_NONE,
    };
    memset(server->transaction_id, 0xA0, sizeof(server->transaction_id));
    server->transaction_id[0] = ++next;
    memset(server->server_challenge, 0xC5, sizeof(server->server_challenge));
}

void server_free(struct server *server)
{
    buf_free(&server->authenticate);
    buf_free(&server->prepare);
    buf_free(&server->ctx_params1);
    cert_free(server->euicc);
    cert_free(server->eum);
    ec_key_free(server->otsk);
    ec_key_free(server->otpk);
    for (size_t i = 0; i < server->segments_count; i++)
        buf_free(&server->segments[i]);
    free(server->segments);
    *server = (struct server){0};
}

void server_outcome_free(struct server_outcome *outcome)
{
    buf_free(&outcome->response);
}

/* Sends a request; true when there is a response object with `tag`, whose content is *content. */
static bool ask(struct server *server, struct span request, uint32_t tag, struct server_outcome *outcome,
                struct span *content)
{
    buf_clear(&outcome->response);
    outcome->code = -1;
    outcome->command = -1;
    outcome->status = terminal_store_data(server->terminal, request, &outcome->response);
    if (outcome->status != 0x9000) {
        ck_assert_uint_eq(outcome->response.size, 0);
        return false;
    }
    ck_assert_int_eq(tlv_single(buf_span(&outcome->response), tag, content), TLV_OK);
    return true;
}

/* A0: true and its content. A1 { 80 transactionId, 02 code }: false, the code in *outcome. */
static bool is_ok(struct span answer, struct server_outcome *outcome, struct span *content)
{
    struct tlv_reader reader = tlv_reader(answer);
    struct span error;
    struct span value;
    uint64_t code;

    if (tlv_optional(&reader, 0xA0, content)) {
        ck_assert(tlv_finish(&reader));
        outcome->code = 0;
        return true;
    }
    ck_assert(tlv_require(&reader, 0xA1, &error) && tlv_finish(&reader));
    reader = tlv_reader(error);
    ck_assert(tlv_require_sized(&reader, 0x80, 1, 16, &value));
    ck_assert(tlv_require(&reader, 0x02, &value) && tlv_unsigned(value, &code) && tlv_finish(&reader));
    outcome->code = (int)code;
    return false;
}

static void sign(const struct ec_key *key, struct span covered, struct buf *signature)
{
    uint8_t octets[64];

    ck_assert(ec_sign(key, &covered, 1, octets));
    buf_append(signature, SPAN_ARRAY(octets));
}

/* --- AuthenticateServer -------------------------------------------------------------------------- */

static void get_challenge(struct server *server)
{
    static const uint8_t request[] = {0xBF, 0x2E, 0x00};
    struct server_outcome outcome = {0};
    struct tlv_reader reader;
    struct span content;
    struct span challenge;

    ck_assert(ask(server, SPAN_ARRAY(request), 0xBF2E, &outcome, &content));
    reader = tlv_reader(content);
    ck_assert(tlv_require_sized(&reader, 0x80, 16, 16, &challenge) && tlv_finish(&reader));
    memcpy(server->euicc_challenge, challenge.data, 16);
    server_outcome_free(&outcome);
}

static void put_signed1(struct server *server, struct buf *out)
{
    size_t mark = tlv_open(out, 0x30);

    tlv_put(out, 0x80, SPAN(server->transaction_id, server->transaction_id_size));
    tlv_put(out, 0x81, SPAN_ARRAY(server->euicc_challenge));
    tlv_put_string(out, 0x83, server->address);
    tlv_put(out, 0x84, SPAN_ARRAY(server->server_challenge));
    tlv_close(out, mark);
    fault(server, SERVER_SIGNED1, out);
}

static void put_ctx_params1(struct server *server)
{
    static const uint8_t tac[] = {0x35, 0x29, 0x06, 0x11};
    static const uint8_t release[] = {0x0F, 0x00, 0x00};
    struct buf *out = &server->ctx_params1;
    size_t mark = tlv_open(out, 0xA0);
    size_t device;
    size_t capabilities;

    tlv_put_string(out, 0x80, "MATCHING-ID");
    device = tlv_open(out, 0xA1);
    tlv_put(out, 0x80, SPAN_ARRAY(tac));
    capabilities = tlv_open(out, 0xA1);
    tlv_put(out, 0x85, SPAN_ARRAY(release));
    tlv_close(out, capabilities);
    tlv_close(out, device);
    tlv_close(out, mark);
    fault(server, SERVER_CTX_PARAMS1, out);
}

static void put_authenticate(struct server *server)
{
    struct buf *out = &server->authenticate;
    struct buf piece = {0};
    size_t mark;

    buf_clear(out);
    mark = tlv_open(out, 0xBF38);
    put_signed1(server, &piece);
    buf_append(out, buf_span(&piece));
    struct buf signature = {0};
    sign(server->auth_key, buf_span(&piece), &signature);
    fault(server, SERVER_SIGNATURE1, &signature);
    tlv_put(out, 0x5F37, buf_span(&signature));
    buf_free(&signature);
    buf_clear(&piece);
    buf_append(&piece, server->ci_key_id);
    fault(server, SERVER_CI_KEY_ID, &piece);
    tlv_put(out, 0x04, buf_span(&piece));
    buf_clear(&piece);
    buf_append(&piece, buf_span(&server->auth->der));
    fault(server, SERVER_AUTH_CERTIFICATE, &piece);
    buf_append(out, buf_span(&piece));
    buf_free(&piece);
    buf_append(out, buf_span(&server->ctx_params1));
    tlv_close(out, mark);
    fault(server, SERVER_AUTHENTICATE, out);
}

/* What a server checks in euiccSigned1 (SGP.22 5.6.3) and more. */
static void check_signed1(struct server *server, struct span signed1)
{
    struct tlv_reader reader = tlv_reader(signed1);
    struct span value;
    struct span whole;

    ck_assert(tlv_require(&reader, 0x80, &value));
    ck_assert_span(value, SPAN(server->transaction_id, server->transaction_id_size));
    ck_assert(tlv_require(&reader, 0x83, &value));
    ck_assert_span(value, span_of_string(server->address));
    ck_assert(tlv_require(&reader, 0x84, &value));
    ck_assert_span(value, SPAN_ARRAY(server->server_challenge));
    ck_assert(tlv_require(&reader, 0xBF22, &value));
    ck_assert(tlv_require_whole(&reader, 0xA0, NULL, &whole));
    ck_assert_span(whole, buf_span(&server->ctx_params1));
    ck_assert(tlv_finish(&reader));
}

/* The chain eUICC, EUM, CI, as the server sees it. */
static void check_chain(struct server *server, struct span euicc, struct span eum)
{
    const struct test_ci *ci = server->ci;
    enum cert_status status;

    cert_free(server->euicc);
    cert_free(server->eum);
    server->euicc = cert_parse(euicc, &status);
    server->eum = cert_parse(eum, &status);
    ck_assert(server->euicc != NULL && server->eum != NULL);
    ck_assert_int_eq(cert_check(server->eum, CERT_ROLE_EUM, ci->ci.key, SPAN_ARRAY(ci->key_id)), CERT_OK);
    ck_assert_int_eq(
        cert_check(server->euicc, CERT_ROLE_EUICC, cert_key(server->eum), cert_subject_key_id(server->eum)),
        CERT_OK);
    ck_assert_str_eq(cert_subject_serial_number(server->euicc), TEST_EID);
}

static void check_authenticate_ok(struct server *server, struct span ok)
{
    struct tlv_reader reader = tlv_reader(ok);
    struct span signed1, signed1_whole, signature, euicc, eum;

    ck_assert(tlv_require_whole(&reader, 0x30, &signed1, &signed1_whole));
    ck_assert(tlv_require_sized(&reader, 0x5F37, 64, 64, &signature));
    ck_assert(tlv_require_whole(&reader, 0x30, NULL, &euicc));
    ck_assert(tlv_require_whole(&reader, 0x30, NULL, &eum) && tlv_finish(&reader));
    check_signed1(server, signed1);
    check_chain(server, euicc, eum);
    ck_assert(ec_verify(cert_key(server->euicc), &signed1_whole, 1, signature));
    memcpy(server->euicc_signature1, signature.data, 64);
}

bool server_send_authenticate(struct server *server, struct server_outcome *outcome)
{
    struct span answer;
    struct span ok;

    outcome->function = SERVER_FUNCTION_AUTHENTICATE;
    if (!ask(server, buf_span(&server->authenticate), 0xBF38, outcome, &answer) ||
        !is_ok(answer, outcome, &ok))
        return false;
    check_authenticate_ok(server, ok);
    return true;
}

bool server_authenticate(struct server *server, struct server_outcome *outcome)
{
    get_challenge(server);
    fault(server, SERVER_START, NULL);
    if (server->auth_key == NULL)
        server->auth_key = server->auth->key;
    if (server->pb_key == NULL)
        server->pb_key = server->pb->key;
    buf_clear(&server->ctx_params1);
    put_ctx_params1(server);
    put_authenticate(server);
    return server_send_authenticate(server, outcome);
}

/* --- PrepareDownload ----------------------------------------------------------------------------- */

static void put_signed2(struct server *server, struct buf *out)
{
    const uint8_t cc_required = server->cc_required ? 0xFF : 0x00;
    size_t mark = tlv_open(out, 0x30);

    tlv_put(out, 0x80, SPAN(server->transaction_id, server->transaction_id_size));
    tlv_put(out, 0x01, SPAN(&cc_required, 1));
    if (server->bpp_otpk.data != NULL)
        tlv_put(out, 0x5F49, server->bpp_otpk);
    tlv_close(out, mark);
    fault(server, SERVER_SIGNED2, out);
}

static void put_prepare(struct server *server)
{
    struct buf *out = &server->prepare;
    struct buf piece = {0};
    struct buf signature = {0};
    size_t mark;

    buf_clear(out);
    mark = tlv_open(out, 0xBF21);
    put_signed2(server, &piece);
    buf_append(out, buf_span(&piece));
    tlv_put(&piece, 0x5F37, SPAN_ARRAY(server->euicc_signature1));
    fault(server, SERVER_SIGNED2_COVERED, &piece);
    sign(server->pb_key, buf_span(&piece), &signature);
    fault(server, SERVER_SIGNATURE2, &signature);
    tlv_put(out, 0x5F37, buf_span(&signature));
    if (signature.size == 64)
        memcpy(server->signature2, signature.data, 64);
    buf_free(&signature);
    if (server->hash_cc.data != NULL)
        tlv_put(out, 0x04, server->hash_cc);
    buf_clear(&piece);
    buf_append(&piece, buf_span(&server->pb->der));
    fault(server, SERVER_PB_CERTIFICATE, &piece);
    buf_append(out, buf_span(&piece));
    buf_free(&piece);
    tlv_close(out, mark);
    fault(server, SERVER_PREPARE, out);
}

static void check_prepare_ok(struct server *server, struct span ok)
{
    struct tlv_reader reader = tlv_reader(ok);
    struct span signed2, signed2_whole, signature, value;
    struct buf covered = {0};

    ck_assert(tlv_require_whole(&reader, 0x30, &signed2, &signed2_whole));
    ck_assert(tlv_require_sized(&reader, 0x5F37, 64, 64, &signature) && tlv_finish(&reader));
    buf_append(&covered, signed2_whole);
    tlv_put(&covered, 0x5F37, SPAN_ARRAY(server->signature2));
    struct span all = buf_span(&covered);
    ck_assert(ec_verify(cert_key(server->euicc), &all, 1, signature));
    buf_free(&covered);
    reader = tlv_reader(signed2);
    ck_assert(tlv_require(&reader, 0x80, &value));
    ck_assert_span(value, SPAN(server->transaction_id, server->transaction_id_size));
    ck_assert(tlv_require_sized(&reader, 0x5F49, 65, 65, &value));
    memcpy(server->euicc_otpk, value.data, 65);
    ck_assert_int_eq(tlv_optional(&reader, 0x04, &value), server->hash_cc.data != NULL);
    if (server->hash_cc.data != NULL)
        ck_assert_span(value, server->hash_cc);
    ck_assert(tlv_finish(&reader));
}

bool server_prepare(struct server *server, struct server_outcome *outcome)
{
    struct span answer;
    struct span ok;

    outcome->function = SERVER_FUNCTION_PREPARE;
    put_prepare(server);
    if (!ask(server, buf_span(&server->prepare), 0xBF21, outcome, &answer) || !is_ok(answer, outcome, &ok))
        return false;
    check_prepare_ok(server, ok);
    return true;
}

/* --- LoadBoundProfilePackage --------------------------------------------------------------------- */

/* A2 { A0 { 4F, 04 } } or A2 { A1 { 80, 81, [82] } } */
static void check_final_result(struct span result, struct server_outcome *outcome)
{
    struct tlv_reader reader = tlv_reader(result);
    struct span content;
    struct span value;
    uint64_t number;

    if (tlv_optional(&reader, 0xA0, &content)) {
        ck_assert(tlv_finish(&reader));
        reader = tlv_reader(content);
        ck_assert(tlv_require_sized(&reader, 0x4F, 16, 16, &value));
        ck_assert(tlv_require(&reader, 0x04, &value) && value.size > 0 && tlv_finish(&reader));
        outcome->code = 0;
        return;
    }
    ck_assert(tlv_require(&reader, 0xA1, &content) && tlv_finish(&reader));
    reader = tlv_reader(content);
    ck_assert(tlv_require(&reader, 0x80, &value) && tlv_unsigned(value, &number));
    outcome->command = (int)number;
    ck_assert(tlv_require(&reader, 0x81, &value) && tlv_unsigned(value, &number));
    outcome->code = (int)number;
    tlv_optional(&reader, 0x82, &value);
    ck_assert(tlv_finish(&reader));
}

static void check_notification(struct server *server, struct span content)
{
    struct tlv_reader reader = tlv_reader(content);
    struct span value;
    uint64_t sequence;

    ck_assert(tlv_require(&reader, 0x80, &value) && tlv_unsigned(value, &sequence) && sequence > 0);
    ck_assert(tlv_require(&reader, 0x81, &value) && tlv_bit(value, 0)); /* notificationInstall */
    ck_assert(tlv_require(&reader, 0x0C, &value));
    ck_assert_span(value, span_of_string(server->address));
    if (tlv_optional(&reader, 0x5A, &value))
        ck_assert_uint_eq(value.size, 10);
    ck_assert(tlv_finish(&reader));
}

/* BF37's content, verified as the server does (SGP.22 5.6.4). */
static void check_result(struct server *server, struct span content, struct server_outcome *outcome)
{
    struct tlv_reader reader = tlv_reader(content);
    struct span data, data_whole, signature, value;

    ck_assert(tlv_require_whole(&reader, 0xBF27, &data, &data_whole));
    ck_assert(tlv_require_sized(&reader, 0x5F37, 64, 64, &signature) && tlv_finish(&reader));
    ck_assert(ec_verify(cert_key(server->euicc), &data_whole, 1, signature));
    reader = tlv_reader(data);
    ck_assert(tlv_require(&reader, 0x80, &value));
    ck_assert_span(value, SPAN(server->transaction_id, server->transaction_id_size));
    ck_assert(tlv_require(&reader, 0xBF2F, &value));
    check_notification(server, value);
    ck_assert(tlv_require(&reader, 0x06, &value));
    ck_assert_span(value, cert_oid(server->pb->cert));
    ck_assert(tlv_require(&reader, 0xA2, &value) && tlv_finish(&reader));
    check_final_result(value, outcome);
}

bool server_load(struct server *server, size_t first, size_t end, struct server_outcome *outcome)
{
    struct span content;

    outcome->function = SERVER_FUNCTION_LOAD;
    for (size_t i = first; i < end && i < server->segments_count; i++) {
        buf_clear(&outcome->response);
        outcome->code = -1;
        outcome->command = -1;
        outcome->status =
            terminal_store_data(server->terminal, buf_span(&server->segments[i]), &outcome->response);
        outcome->segments_sent++;
        if (outcome->status != 0x9000)
            return false;
        if (outcome->response.size == 0)
            continue;
        if (tlv_single(buf_span(&outcome->response), 0xBF37, &content) != TLV_OK) {
            ck_assert(server->has_other_segments);
            continue;
        }
        check_result(server, content, outcome);
        return outcome->code == 0;
    }
    return true;
}

bool server_download(struct server *server, struct server_outcome *outcome)
{
    if (!server_authenticate(server, outcome) || !server_prepare(server, outcome))
        return false;
    server_bind(server);
    return server_load(server, 0, server->segments_count, outcome) && outcome->code == 0;
}

/* --- CancelSession ------------------------------------------------------------------------------- */

int server_cancel(struct server *server, int reason)
{
    struct server_outcome outcome = {0};
    struct buf request = {0};
    size_t mark = tlv_open(&request, 0xBF41);
    struct tlv_reader reader;
    struct span answer, value, whole, signature;
    uint64_t number = 0;

    tlv_put(&request, 0x80, SPAN(server->transaction_id, server->transaction_id_size));
    tlv_put_signed(&request, 0x81, reason);
    tlv_close(&request, mark);
    if (!ask(server, buf_span(&request), 0xBF41, &outcome, &answer)) {
        buf_free(&request);
        return -1;
    }
    buf_free(&request);
    reader = tlv_reader(answer);
    if (tlv_optional(&reader, 0x81, &value)) {
        ck_assert(tlv_unsigned(value, &number) && tlv_finish(&reader));
    } else {
        ck_assert(tlv_require(&reader, 0xA0, &value) && tlv_finish(&reader));
        reader = tlv_reader(value);
        ck_assert(tlv_require_whole(&reader, 0x30, &value, &whole));
        ck_assert(tlv_require_sized(&reader, 0x5F37, 64, 64, &signature) && tlv_finish(&reader));
        ck_assert(ec_verify(cert_key(server->euicc), &whole, 1, signature));
        reader = tlv_reader(value);
        ck_assert(tlv_require(&reader, 0x80, &value));
        ck_assert_span(value, SPAN(server->transaction_id, server->transaction_id_size));
        ck_assert(tlv_require(&reader, 0x81, &value));
        ck_assert_span(value, cert_oid(server->auth->cert));
        ck_assert(tlv_require(&reader, 0x82, &value) && tlv_unsigned(value, &number) && tlv_finish(&reader));
        ck_assert_int_eq((int)number, reason);
        number = 0;
    }
    server_outcome_free(&outcome);
    return (int)number;
}
