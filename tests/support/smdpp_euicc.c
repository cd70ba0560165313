/* The eUICC (and its LPA) that can lie to an SM-DP+: see smdpp.h. */
#include "tests/support/smdpp.h"

#include "apdu/tlv.h"
#include "crypto/scp03t.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

static void fault(struct bench *bench, enum bench_point point, struct buf *octets)
{
    if (bench->fault != NULL)
        bench->fault(bench, point, octets);
}

/* --- InitiateAuthentication ----------------------------------------------------------------------------- */

static void put_key_list(struct buf *out, uint32_t tag, const struct bench *bench)
{
    size_t at = tlv_open(out, tag);

    tlv_put(out, 0x04, SPAN_ARRAY(bench->ci.key_id));
    tlv_close(out, at);
}

void bench_put_info1(const struct bench *bench, struct buf *out)
{
    static const uint8_t svn[] = {2, 2, 2};
    size_t at = tlv_open(out, 0xBF20);

    tlv_put(out, 0x82, SPAN_ARRAY(svn));
    put_key_list(out, 0xA9, bench);
    put_key_list(out, 0xAA, bench);
    tlv_close(out, at);
}

json_t *bench_initiate(struct bench *bench)
{
    static const uint8_t challenge[16] = {1, 2, 3};
    struct buf info1 = {0};
    json_t *answer;
    struct buf id = {0};

    bench_put_info1(bench, &info1);
    fault(bench, BENCH_INFO1, &info1);
    answer =
        bench_post(bench, "/gsma/rsp2/es9plus/initiateAuthentication",
                   json_pack("{s:o,s:s,s:o}", "euiccChallenge", bench_base64(SPAN_ARRAY(challenge)),
                             "smdpAddress", bench->address, "euiccInfo1", bench_base64(buf_span(&info1))));
    buf_free(&info1);
    if (!bench_is_success(answer))
        return answer;
    bench_take(answer, "serverSigned1", &bench->signed1);
    strcpy(bench->transaction, json_string_value(json_object_get(answer, "transactionId")));
    ck_assert(buf_append_hex(&id, bench->transaction, NULL) && id.size == sizeof(bench->transaction_id));
    memcpy(bench->transaction_id, id.data, id.size);
    buf_free(&id);
    return answer;
}

/* --- AuthenticateClient --------------------------------------------------------------------------------- */

void bench_put_info2(const struct bench *bench, struct buf *out)
{
    size_t at = tlv_open(out, 0xBF22);
    const uint8_t version[] = {bench->profile_version, 3, 1};
    size_t resources;

    tlv_put(out, 0x81, SPAN_ARRAY(version));
    tlv_put(out, 0x82, SPAN_ARRAY(version));
    tlv_put(out, 0x83, SPAN_ARRAY(version));
    resources = tlv_open(out, 0x84);
    tlv_put_unsigned(out, 0x81, 0);
    tlv_put_unsigned(out, 0x82, bench->free_nvm);
    tlv_put_unsigned(out, 0x83, 8192);
    tlv_close(out, resources);
    put_key_list(out, 0xA9, bench);
    put_key_list(out, 0xAA, bench);
    if (bench->forbidden_pprs != 0)
        tlv_put_bits(out, 0x99, &bench->forbidden_pprs, 3);
    if (bench->additional_version != 0) {
        const uint8_t additional[] = {bench->additional_version, 3, 1};
        size_t list = tlv_open(out, 0xAF);

        tlv_put(out, 0x04, SPAN_ARRAY(additional));
        tlv_close(out, list);
    }
    tlv_close(out, at);
}

static void put_signed1(struct bench *bench, struct buf *out)
{
    struct span server_signed1, challenge;
    size_t at = tlv_open(out, 0x30);
    size_t context, device;

    ck_assert_int_eq(tlv_single(buf_span(&bench->signed1), 0x30, &server_signed1), TLV_OK);
    ck_assert(tlv_find(server_signed1, 0x84, &challenge));
    tlv_put(out, 0x80, SPAN_ARRAY(bench->transaction_id));
    tlv_put_string(out, 0x83, bench->address);
    tlv_put(out, 0x84, challenge);
    bench_put_info2(bench, out);
    context = tlv_open(out, 0xA0);
    if (bench->matching_id != NULL)
        tlv_put_string(out, 0x80, bench->matching_id);
    device = tlv_open(out, 0xA1);
    tlv_put_string(out, 0x80, "\x35\x29\x06\x11");
    tlv_close(out, tlv_open(out, 0xA1));
    tlv_close(out, device);
    tlv_close(out, context);
    tlv_close(out, at);
    fault(bench, BENCH_SIGNED1, out);
}

/* Signs `octets` and what `covered` adds; appends the 5F37. */
static void put_signature(struct bench *bench, enum bench_point point, struct span octets,
                          struct span covered, struct buf *out)
{
    const struct span parts[] = {octets, covered};
    uint8_t signature[EC_SIGNATURE_SIZE];
    struct buf edited = {0};

    ck_assert(ec_sign(bench->euicc.key, parts, covered.data != NULL ? 2 : 1, signature));
    buf_append(&edited, SPAN_ARRAY(signature));
    fault(bench, point, &edited);
    tlv_put(out, 0x5F37, buf_span(&edited));
    buf_free(&edited);
}

static void put_cert(struct bench *bench, enum bench_point point, const struct test_entity *entity,
                     struct buf *out)
{
    struct buf der = {0};

    buf_append(&der, buf_span(&entity->der));
    fault(bench, point, &der);
    buf_append(out, buf_span(&der));
    buf_free(&der);
}

json_t *bench_authenticate(struct bench *bench)
{
    struct buf response = {0};
    struct buf signed1 = {0};
    size_t whole = tlv_open(&response, 0xBF38);
    size_t ok = tlv_open(&response, 0xA0);
    json_t *answer;

    put_signed1(bench, &signed1);
    buf_append(&response, buf_span(&signed1));
    buf_clear(&bench->signature1);
    put_signature(bench, BENCH_SIGNATURE1, buf_span(&signed1), SPAN_NONE, &bench->signature1);
    buf_append(&response, buf_span(&bench->signature1));
    put_cert(bench, BENCH_EUICC_CERT, &bench->euicc, &response);
    put_cert(bench, BENCH_EUM_CERT, &bench->ci.eum, &response);
    tlv_close(&response, ok);
    tlv_close(&response, whole);
    fault(bench, BENCH_AUTHENTICATE, &response);
    answer = bench_post(bench, "/gsma/rsp2/es9plus/authenticateClient",
                        json_pack("{s:s,s:o}", "transactionId", bench->transaction,
                                  "authenticateServerResponse", bench_base64(buf_span(&response))));
    buf_free(&response);
    buf_free(&signed1);
    if (bench_is_success(answer) && json_object_get(answer, "eventEntries") == NULL) { /* no SM-DS */
        bench_take(answer, "profileMetadata", &bench->metadata);
        bench_take(answer, "smdpSigned2", &bench->smdp_signed2);
        bench_take(answer, "smdpSignature2", &bench->smdp_signature2);
        bench_take(answer, "smdpCertificate", &bench->smdp_certificate);
    }
    return answer;
}

/* --- GetBoundProfilePackage ----------------------------------------------------------------------------- */

/* SGP.22 4.7: SHA-256(SHA-256(code) | transactionId) */
static void put_hash_cc(const struct bench *bench, struct buf *out)
{
    struct span parts[2] = {span_of_string(bench->code), SPAN_NONE};
    uint8_t inner[32];
    uint8_t outer[32];

    ck_assert(crypto_sha256(parts, 1, inner));
    parts[0] = SPAN_ARRAY(inner);
    parts[1] = SPAN_ARRAY(bench->transaction_id);
    ck_assert(crypto_sha256(parts, 2, outer));
    tlv_put(out, 0x04, SPAN_ARRAY(outer));
}

static void put_signed2(struct bench *bench, struct buf *out)
{
    uint8_t otpk[EC_POINT_SIZE];
    size_t at = tlv_open(out, 0x30);

    if (bench->otsk == NULL)
        bench->otsk = ec_key_generate(bench->ci.curve, NULL);
    ec_key_point(bench->otsk, otpk);
    tlv_put(out, 0x80, SPAN_ARRAY(bench->transaction_id));
    tlv_put(out, 0x5F49, SPAN_ARRAY(otpk));
    if (bench->code != NULL)
        put_hash_cc(bench, out);
    tlv_close(out, at);
    fault(bench, BENCH_SIGNED2, out);
}

json_t *bench_prepare(struct bench *bench)
{
    struct buf response = {0};
    struct buf signed2 = {0};
    size_t whole = tlv_open(&response, 0xBF21);
    size_t ok = tlv_open(&response, 0xA0);
    json_t *answer;

    put_signed2(bench, &signed2);
    buf_append(&response, buf_span(&signed2));
    put_signature(bench, BENCH_SIGNATURE2, buf_span(&signed2), buf_span(&bench->smdp_signature2), &response);
    tlv_close(&response, ok);
    tlv_close(&response, whole);
    fault(bench, BENCH_PREPARE, &response);
    answer = bench_post(bench, "/gsma/rsp2/es9plus/getBoundProfilePackage",
                        json_pack("{s:s,s:o}", "transactionId", bench->transaction, "prepareDownloadResponse",
                                  bench_base64(buf_span(&response))));
    buf_free(&response);
    buf_free(&signed2);
    if (bench_is_success(answer))
        bench_take(answer, "boundProfilePackage", &bench->bpp);
    return answer;
}

void bench_until_offered(struct bench *bench)
{
    bench_success(bench_initiate(bench));
    bench_success(bench_authenticate(bench));
}

void bench_until_bound(struct bench *bench)
{
    bench_until_offered(bench);
    bench_success(bench_prepare(bench));
}

json_t *bench_cancel(struct bench *bench, int reason)
{
    struct buf response = {0};
    struct buf signed_part = {0};
    size_t whole = tlv_open(&response, 0xBF41);
    size_t ok = tlv_open(&response, 0xA0);
    size_t at = tlv_open(&signed_part, 0x30);
    json_t *answer;

    tlv_put(&signed_part, 0x80, SPAN_ARRAY(bench->transaction_id));
    tlv_put(&signed_part, 0x81, cert_oid(bench->ci.dp_auth.cert));
    tlv_put_unsigned(&signed_part, 0x82, (uint64_t)reason);
    tlv_close(&signed_part, at);
    fault(bench, BENCH_CANCEL_SIGNED, &signed_part);
    buf_append(&response, buf_span(&signed_part));
    put_signature(bench, 0, buf_span(&signed_part), SPAN_NONE, &response);
    tlv_close(&response, ok);
    tlv_close(&response, whole);
    fault(bench, BENCH_CANCEL, &response);
    answer = bench_post(bench, "/gsma/rsp2/es9plus/cancelSession",
                        json_pack("{s:s,s:o}", "transactionId", bench->transaction, "cancelSessionResponse",
                                  bench_base64(buf_span(&response))));
    buf_free(&response);
    buf_free(&signed_part);
    return answer;
}

/* --- Opening a Bound Profile Package -------------------------------------------------------------------- */

static struct scp03t *open_channel(struct bench *bench, struct span initialise)
{
    struct tlv_reader reader = tlv_reader(initialise);
    struct span operation, id, template, otpk, signature, covered[2], host_id;
    struct scp03t_keys keys;
    struct ec_key *peer;
    uint8_t secret[EC_SCALAR_SIZE], own[EC_POINT_SIZE];
    struct buf own_object = {0};
    struct scp03t *channel;

    ck_assert(tlv_require(&reader, 0x82, &operation) && tlv_require(&reader, 0x80, &id) &&
              tlv_require(&reader, 0xA6, &template) && tlv_require_sized(&reader, 0x5F49, 65, 65, &otpk));
    covered[0] = SPAN(initialise.data, reader.offset);
    ck_assert(tlv_require_sized(&reader, 0x5F37, 64, 64, &signature) && tlv_finish(&reader));
    ck_assert_hex(operation, "01");
    ck_assert_span(id, SPAN_ARRAY(bench->transaction_id));
    ck_assert(tlv_find(template, 0x84, &host_id) && host_id.size >= 1 && host_id.size <= 16);
    ec_key_point(bench->otsk, own);
    tlv_put(&own_object, 0x5F49, SPAN_ARRAY(own));
    covered[1] = buf_span(&own_object);
    ck_assert(ec_verify(bench->ci.dp_pb.key, covered, 2, signature));
    peer = ec_key_from_point(bench->ci.curve, otpk);
    ck_assert(ec_shared_secret(bench->otsk, peer, secret));
    ck_assert(scp03t_derive(SPAN_ARRAY(secret), 0x88, 0x10, host_id, hex(TEST_EID), &keys));
    channel = scp03t_new(&keys);
    ec_key_free(peer);
    buf_free(&own_object);
    return channel;
}

/* All blocks of a sequence; each at most 1020 octets. */
static void open_sequence(struct tlv_reader *reader, uint32_t sequence, uint8_t tag, struct scp03t *channel,
                          struct buf *out)
{
    struct span content;
    struct tlv_reader blocks;
    struct tlv block;

    ck_assert(tlv_require(reader, sequence, &content));
    blocks = tlv_reader(content);
    while (tlv_next(&blocks, &block) == TLV_OK) {
        ck_assert_uint_eq(block.tag, tag);
        ck_assert_uint_le(block.whole.size, SCP03T_BLOCK_MAX);
        ck_assert_int_eq(scp03t_open(channel, tag, block.value, out), SCP03T_OK);
    }
    ck_assert(tlv_good(&blocks));
}

static void replace_keys(struct tlv_reader *reader, struct scp03t *channel)
{
    struct buf request = {0};
    struct scp03t_keys keys;
    struct span content, chain, enc, mac;
    struct tlv_reader members;

    open_sequence(reader, 0xA2, 0x87, channel, &request);
    ck_assert_int_eq(tlv_single(buf_span(&request), 0xBF26, &content), TLV_OK);
    members = tlv_reader(content);
    ck_assert(tlv_require_sized(&members, 0x80, 16, 16, &chain) &&
              tlv_require_sized(&members, 0x81, 16, 16, &enc) &&
              tlv_require_sized(&members, 0x82, 16, 16, &mac) && tlv_finish(&members));
    memcpy(keys.chain, chain.data, 16);
    memcpy(keys.enc, enc.data, 16);
    memcpy(keys.mac, mac.data, 16);
    ck_assert(scp03t_replace_keys(channel, &keys));
    buf_free(&request);
}

void bench_open_bpp(struct bench *bench, bool ppk, struct buf *metadata, struct buf *package)
{
    struct buf configure = {0};
    struct span content, initialise, ignored;
    struct scp03t *channel;
    struct tlv_reader reader;

    ck_assert_int_eq(tlv_single(buf_span(&bench->bpp), 0xBF36, &content), TLV_OK);
    reader = tlv_reader(content);
    ck_assert(tlv_require(&reader, 0xBF23, &initialise));
    channel = open_channel(bench, initialise);
    open_sequence(&reader, 0xA0, 0x87, channel, &configure);
    ck_assert_int_eq(tlv_single(buf_span(&configure), 0xBF24, &ignored), TLV_OK);
    open_sequence(&reader, 0xA1, 0x88, channel, metadata);
    if (ppk)
        replace_keys(&reader, channel);
    open_sequence(&reader, 0xA3, 0x86, channel, package);
    ck_assert(tlv_finish(&reader));
    scp03t_free(channel);
    buf_free(&configure);
}

/* --- Notifications -------------------------------------------------------------------------------------- */

static void put_notification_metadata(struct bench *bench, unsigned operation, const char *iccid,
                                      struct buf *out)
{
    const uint8_t bits = (uint8_t)(0x80u >> operation);
    uint8_t octets[10];
    size_t at = tlv_open(out, 0xBF2F);

    tlv_put_unsigned(out, 0x80, ++bench->sequence_number);
    tlv_put_bits(out, 0x81, &bits, 4);
    tlv_put_string(out, 0x0C, bench->address);
    ck_assert(iccid_from_digits(iccid, octets));
    tlv_put(out, 0x5A, SPAN_ARRAY(octets));
    tlv_close(out, at);
}

/* HandleNotification: an automatically tagged SEQUENCE around the CHOICE. */
static int send_notification_asn1(struct bench *bench, struct buf *pending)
{
    struct buf body = {0};
    size_t outer = tlv_open(&body, 0xA2);
    size_t inner = tlv_open(&body, 0xBF3D);
    size_t choice = tlv_open(&body, 0xA0);
    struct http_answer answer;

    buf_append(&body, buf_span(pending));
    tlv_close(&body, choice);
    tlv_close(&body, inner);
    tlv_close(&body, outer);
    answer = bench_request(bench, "POST", "/gsma/rsp2/asn1", "application/x-gsma-rsp-asn1", "gsma/rsp/v2.1.0",
                           buf_span(&body));
    buf_free(&body);
    buf_free(&answer.body);
    buf_free(pending);
    return answer.code;
}

static int send_notification(struct bench *bench, struct buf *pending)
{
    json_t *request;
    char *text;
    struct http_answer answer;

    fault(bench, BENCH_NOTIFICATION, pending);
    if (bench->asn1)
        return send_notification_asn1(bench, pending);
    request = json_pack("{s:o}", "pendingNotification", bench_base64(buf_span(pending)));
    text = json_dumps(request, JSON_COMPACT);
    json_decref(request);
    answer = bench_request(bench, "POST", "/gsma/rsp2/es9plus/handleNotification", "application/json",
                           "gsma/rsp/v2.1.0", span_of_string(text));
    free(text);
    buf_free(&answer.body);
    buf_free(pending);
    return answer.code;
}

int bench_install_result(struct bench *bench, int error)
{
    struct buf data = {0};
    struct buf pending = {0};
    size_t at = tlv_open(&data, 0xBF27);
    size_t result, choice, whole;

    tlv_put(&data, 0x80, SPAN_ARRAY(bench->transaction_id));
    put_notification_metadata(bench, 0, BENCH_ICCID, &data);
    tlv_put(&data, 0x06, cert_oid(bench->ci.dp_pb.cert));
    result = tlv_open(&data, 0xA2);
    choice = tlv_open(&data, error < 0 ? 0xA0 : 0xA1);
    if (error < 0) {
        tlv_put(&data, 0x4F, hex("A0000005591010FFFFFFFF8900001100"));
        tlv_put(&data, 0x04, hex("3007A005300380 0100"));
    } else {
        tlv_put_unsigned(&data, 0x80, 5);
        tlv_put_unsigned(&data, 0x81, (uint64_t)error);
    }
    tlv_close(&data, choice);
    tlv_close(&data, result);
    tlv_close(&data, at);
    fault(bench, BENCH_RESULT_DATA, &data);
    whole = tlv_open(&pending, 0xBF37);
    buf_append(&pending, buf_span(&data));
    put_signature(bench, 0, buf_span(&data), SPAN_NONE, &pending);
    tlv_close(&pending, whole);
    buf_free(&data);
    return send_notification(bench, &pending);
}

int bench_notify(struct bench *bench, unsigned operation, const char *iccid)
{
    struct buf metadata = {0};
    struct buf pending = {0};
    size_t whole = tlv_open(&pending, 0x30);

    put_notification_metadata(bench, operation, iccid, &metadata);
    buf_append(&pending, buf_span(&metadata));
    put_signature(bench, 0, buf_span(&metadata), SPAN_NONE, &pending);
    put_cert(bench, BENCH_EUICC_CERT, &bench->euicc, &pending);
    put_cert(bench, BENCH_EUM_CERT, &bench->ci.eum, &pending);
    tlv_close(&pending, whole);
    buf_free(&metadata);
    return send_notification(bench, &pending);
}
