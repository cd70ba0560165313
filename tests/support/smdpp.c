/* An SM-DP+ without sockets, and an eUICC that can lie: see smdpp.h. */
#include "tests/support/smdpp.h"

#include "apdu/tlv.h"
#include "crypto/scp03t.h"
#include "tests/support/profile.h"
#include "tests/support/test.h"
#include "tools/common/base64.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void fault(struct bench *bench, enum bench_point point, struct buf *octets)
{
    if (bench->fault != NULL)
        bench->fault(bench, point, octets);
}

/* --- The server ----------------------------------------------------------------------------------------- */

static void write_profile(const char *name, const char *iccid)
{
    struct span package = test_profile(iccid);
    FILE *file = fopen(test_path(name), "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(package.data, 1, package.size, file), package.size);
    ck_assert_int_eq(fclose(file), 0);
}

/* The test program's directory is the same for all its tests. */
static void make_empty_directory(const char *path)
{
    DIR *directory;
    struct dirent *file;

    mkdir(path, 0700);
    directory = opendir(path);
    ck_assert_ptr_nonnull(directory);
    while ((file = readdir(directory)) != NULL) {
        char entry[512];

        snprintf(entry, sizeof(entry), "%s/%s", path, file->d_name);
        if (strcmp(file->d_name, ".") != 0 && strcmp(file->d_name, "..") != 0)
            ck_assert_int_eq(remove(entry), 0);
    }
    closedir(directory);
}

static struct ec_key *copy_key(const struct ec_key *key)
{
    uint8_t scalar[EC_SCALAR_SIZE];

    ck_assert(ec_key_scalar(key, scalar));
    return ec_key_from_scalar(ec_key_curve(key), SPAN_ARRAY(scalar));
}

static struct cert *copy_cert(const struct test_entity *entity)
{
    return cert_parse(buf_span(&entity->der), NULL);
}

static void start_server(struct bench *bench)
{
    struct dp_credentials credentials = {copy_cert(&bench->ci.dp_auth), copy_key(bench->ci.dp_auth.key),
                                         copy_cert(&bench->ci.dp_pb), copy_key(bench->ci.dp_pb.key)};
    struct smdpp *smdpp = &bench->smdpp;
    const char *why = NULL;

    ck_assert_msg(dp_server_trust(&smdpp->dp, copy_cert(&bench->ci.ci), &why), "%s", why);
    ck_assert_msg(dp_server_add_credentials(&smdpp->dp, credentials, &why), "%s", why);
    strcpy(smdpp->dp.address, BENCH_ADDRESS);
    smdpp->options.tries_max = SMDPP_DEFAULT_TRIES_MAX;
    smdpp->store = store_open(":memory:", &why);
    ck_assert_msg(smdpp->store != NULL, "%s", why);
    make_empty_directory(test_path("profiles"));
    write_profile("profiles/demo.der", BENCH_ICCID);
    write_profile("profiles/second_one.der", BENCH_ICCID2);
    smdpp->catalogue = profile_catalogue_new(test_path("profiles"), BENCH_ADDRESS);
    ck_assert_ptr_nonnull(smdpp->catalogue);
    smdpp_refresh_profiles(smdpp);
}

void bench_start(struct bench *bench, enum ec_curve curve)
{
    struct cert_request request = {
        .role = CERT_ROLE_EUICC,
        .organization = "softeuicc tests",
        .common_name = "Test eUICC",
        .serial_number = TEST_EID,
        .not_before = 1577836800,
        .not_after = 2524608000,
    };

    *bench = (struct bench){.matching_id = "demo", .free_nvm = 1000000, .profile_version = 2};
    test_ci_make(&bench->ci, curve);
    test_entity_request(&bench->euicc, &request, curve, &bench->ci.eum);
    start_server(bench);
}

void bench_stop(struct bench *bench)
{
    smdpp_clear(&bench->smdpp);
    test_ci_free(&bench->ci);
    test_entity_free(&bench->euicc);
    ec_key_free(bench->otsk);
    buf_free(&bench->signed1);
    buf_free(&bench->signature1);
    buf_free(&bench->smdp_signed2);
    buf_free(&bench->smdp_signature2);
    buf_free(&bench->smdp_certificate);
    buf_free(&bench->metadata);
    buf_free(&bench->bpp);
}

/* --- Requests ------------------------------------------------------------------------------------------- */

struct http_answer bench_request(struct bench *bench, const char *method, const char *path,
                                 const char *content_type, const char *admin_protocol, struct span body)
{
    const struct http_request request = {method, path, content_type, admin_protocol, body};
    struct http_answer answer;

    http_api_answer(&bench->smdpp, &request, &answer);
    ck_assert(answer.code >= 200 && answer.code < 600);
    ck_assert_int_eq(answer.content_type == NULL, answer.body.size == 0);
    return answer;
}

static json_t *parse_answer(struct http_answer *answer)
{
    json_t *json = json_loadb((const char *)answer->body.data, answer->body.size, 0, NULL);

    ck_assert_msg(json != NULL, "%d: %.*s", answer->code, (int)answer->body.size,
                  (const char *)answer->body.data);
    buf_free(&answer->body);
    return json;
}

/* --- The ASN.1 binding, for who speaks JSON ------------------------------------------------------------- */

/* How a parameter of the JSON binding looks in the ASN.1 binding (RSPDefinitions): with a tag of its own
 * around its octets, or as the object that it is; cancelSessionResponse is the second member of an
 * automatically tagged SEQUENCE. */
static const struct {
    const char *name;
    uint32_t tag; /* 0: as it is */
    bool retag;   /* `tag` instead of its own */
} asn1_inputs[] = {
    {"euiccChallenge", 0x81, false},
    {"smdpAddress", 0x83, false},
    {"euiccInfo1", 0, false},
    {"transactionId", 0x80, false},
    {"authenticateServerResponse", 0, false},
    {"prepareDownloadResponse", 0, false},
    {"cancelSessionResponse", 0xA1, true},
};

static const struct {
    const char *name;
    uint32_t tag;
    const char *outputs[4];
} asn1_functions[] = {
    {"initiateAuthentication",
     0xBF39,
     {"serverSigned1", "serverSignature1", "euiccCiPKIdToBeUsed", "serverCertificate"}},
    {"authenticateClient", 0xBF3B, {"profileMetadata", "smdpSigned2", "smdpSignature2", "smdpCertificate"}},
    {"getBoundProfilePackage", 0xBF3A, {"boundProfilePackage"}},
    {"cancelSession", 0xBF41, {NULL}},
};

static void put_asn1_input(size_t index, const json_t *value, struct buf *out)
{
    const char *text = json_string_value(value);
    struct buf octets = {0};
    struct tlv_reader reader;
    struct tlv tlv;

    if (strcmp(asn1_inputs[index].name, "transactionId") == 0)
        ck_assert(buf_append_hex(&octets, text, NULL));
    else if (strcmp(asn1_inputs[index].name, "smdpAddress") == 0)
        buf_append(&octets, span_of_string(text));
    else
        ck_assert(base64_decode(text, strlen(text), &octets));
    reader = tlv_reader(buf_span(&octets));
    if (asn1_inputs[index].tag == 0)
        buf_append(out, buf_span(&octets));
    else if (asn1_inputs[index].retag && tlv_next(&reader, &tlv) == TLV_OK)
        tlv_put(out, asn1_inputs[index].tag, tlv.value);
    else
        tlv_put(out, asn1_inputs[index].tag, buf_span(&octets));
    buf_free(&octets);
}

static json_t *base64(struct span octets)
{
    char *text = base64_encode(octets);
    json_t *json = json_string(text);

    free(text);
    return json;
}

/* RemoteProfileProvisioningResponse as the JSON binding would have it. */
static json_t *json_of_asn1(size_t function, struct span body)
{
    const uint32_t path[] = {0xA2, asn1_functions[function].tag, 0};
    struct span choice, content;
    struct tlv_reader reader;
    struct tlv tlv;
    json_t *json;
    char number[24];
    uint64_t error;

    ck_assert(tlv_find_path(body, path, &choice));
    if (tlv_single(choice, 0x81, &content) == TLV_OK) {
        ck_assert(tlv_unsigned(content, &error));
        snprintf(number, sizeof(number), "%u", (unsigned)error);
        return json_pack("{s:{s:{s:s,s:{s:s,s:s,s:s}}}}", "header", "functionExecutionStatus", "status",
                         "Failed", "statusCodeData", "subjectCode", "asn1", "reasonCode", number, "message",
                         "-");
    }
    ck_assert_int_eq(tlv_single(choice, 0xA0, &content), TLV_OK);
    json = json_pack("{s:{s:{s:s}}}", "header", "functionExecutionStatus", "status", "Executed-Success");
    reader = tlv_reader(content);
    if (tlv_peek(&reader) == 0x80) {
        char id[33];

        ck_assert_int_eq(tlv_next(&reader, &tlv), TLV_OK);
        json_object_set_new(json, "transactionId", json_string(hex_from_span(tlv.value, id, sizeof(id))));
    }
    for (size_t i = 0; i < 4 && asn1_functions[function].outputs[i] != NULL; i++) {
        ck_assert_int_eq(tlv_next(&reader, &tlv), TLV_OK);
        json_object_set_new(json, asn1_functions[function].outputs[i], base64(tlv.whole));
    }
    ck_assert(tlv_finish(&reader));
    return json;
}

static json_t *post_asn1(struct bench *bench, const char *name, const json_t *request)
{
    struct buf body = {0};
    struct http_answer answer;
    json_t *json;
    size_t function = 0;
    size_t outer, inner;

    while (strcmp(asn1_functions[function].name, name) != 0)
        ck_assert_uint_lt(++function, 4);
    outer = tlv_open(&body, 0xA2);
    inner = tlv_open(&body, asn1_functions[function].tag);
    for (size_t i = 0; i < sizeof(asn1_inputs) / sizeof(asn1_inputs[0]); i++) {
        if (json_object_get(request, asn1_inputs[i].name) != NULL)
            put_asn1_input(i, json_object_get(request, asn1_inputs[i].name), &body);
    }
    tlv_close(&body, inner);
    tlv_close(&body, outer);
    answer = bench_request(bench, "POST", "/gsma/rsp2/asn1", "application/x-gsma-rsp-asn1", "gsma/rsp/v2.1.0",
                           buf_span(&body));
    ck_assert_int_eq(answer.code, 200);
    ck_assert_str_eq(answer.content_type, "application/x-gsma-rsp-asn1");
    json = json_of_asn1(function, buf_span(&answer.body));
    buf_free(&answer.body);
    buf_free(&body);
    return json;
}

/* --- The JSON binding ----------------------------------------------------------------------------------- */

json_t *bench_post(struct bench *bench, const char *path, json_t *request)
{
    static const char prefix[] = "/gsma/rsp2/es9plus/";
    char *text = json_dumps(request, JSON_COMPACT);
    struct http_answer answer;
    json_t *json;

    ck_assert_ptr_nonnull(text);
    if (bench->asn1 && strncmp(path, prefix, strlen(prefix)) == 0) {
        json = post_asn1(bench, path + strlen(prefix), request);
    } else {
        answer =
            bench_request(bench, "POST", path, "application/json", "gsma/rsp/v2.1.0", span_of_string(text));
        ck_assert_int_eq(answer.code, 200);
        json = parse_answer(&answer);
    }
    free(text);
    json_decref(request);
    return json;
}

json_t *bench_get(struct bench *bench, const char *path)
{
    struct http_answer answer = bench_request(bench, "GET", path, NULL, NULL, SPAN("", 0));

    ck_assert_int_eq(answer.code, 200);
    return parse_answer(&answer);
}

static const char *status_member(const json_t *answer, const char *name)
{
    const json_t *status = json_object_get(json_object_get(answer, "header"), "functionExecutionStatus");
    const json_t *codes = json_object_get(status, "statusCodeData");
    const char *text =
        json_string_value(json_object_get(name == NULL ? status : codes, name == NULL ? "status" : name));

    return text != NULL ? text : "";
}

void bench_expect_at(const char *file, int line, json_t *answer, const char *subject, const char *reason)
{
    const char *status = status_member(answer, NULL);

    if (subject == NULL) {
        ck_assert_msg(strcmp(status, "Executed-Success") == 0, "%s:%d: %s %s-%s %s", file, line, status,
                      status_member(answer, "subjectCode"), status_member(answer, "reasonCode"),
                      status_member(answer, "message"));
    } else {
        ck_assert_msg(
            strcmp(status, "Failed") == 0 && strcmp(status_member(answer, "subjectCode"), subject) == 0 &&
                strcmp(status_member(answer, "reasonCode"), reason) == 0,
            "%s:%d: %s %s-%s (%s) instead of %s-%s", file, line, status, status_member(answer, "subjectCode"),
            status_member(answer, "reasonCode"), status_member(answer, "message"), subject, reason);
        /* A refusal carries nothing but itself. */
        ck_assert_uint_eq(json_object_size(answer), 1);
        ck_assert(status_member(answer, "message")[0] != '\0');
    }
    json_decref(answer);
}

void bench_take(const json_t *answer, const char *name, struct buf *out)
{
    const char *text = json_string_value(json_object_get(answer, name));

    ck_assert_msg(text != NULL, "the answer has no %s", name);
    buf_clear(out);
    ck_assert(base64_decode(text, strlen(text), out));
}

static bool is_success(const json_t *answer)
{
    return strcmp(status_member(answer, NULL), "Executed-Success") == 0;
}

/* --- InitiateAuthentication ----------------------------------------------------------------------------- */

static void put_key_list(struct buf *out, uint32_t tag, const struct bench *bench)
{
    size_t at = tlv_open(out, tag);

    tlv_put(out, 0x04, SPAN_ARRAY(bench->ci.key_id));
    tlv_close(out, at);
}

json_t *bench_initiate(struct bench *bench)
{
    static const uint8_t challenge[16] = {1, 2, 3};
    static const uint8_t svn[] = {2, 2, 2};
    struct buf info1 = {0};
    size_t at = tlv_open(&info1, 0xBF20);
    json_t *answer;
    struct buf id = {0};

    tlv_put(&info1, 0x82, SPAN_ARRAY(svn));
    put_key_list(&info1, 0xA9, bench);
    put_key_list(&info1, 0xAA, bench);
    tlv_close(&info1, at);
    fault(bench, BENCH_INFO1, &info1);
    answer = bench_post(bench, "/gsma/rsp2/es9plus/initiateAuthentication",
                        json_pack("{s:o,s:s,s:o}", "euiccChallenge", base64(SPAN_ARRAY(challenge)),
                                  "smdpAddress", BENCH_ADDRESS, "euiccInfo1", base64(buf_span(&info1))));
    buf_free(&info1);
    if (!is_success(answer))
        return answer;
    bench_take(answer, "serverSigned1", &bench->signed1);
    strcpy(bench->transaction, json_string_value(json_object_get(answer, "transactionId")));
    ck_assert(buf_append_hex(&id, bench->transaction, NULL) && id.size == sizeof(bench->transaction_id));
    memcpy(bench->transaction_id, id.data, id.size);
    buf_free(&id);
    return answer;
}

/* --- AuthenticateClient --------------------------------------------------------------------------------- */

static void put_info2(struct buf *out, const struct bench *bench)
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
    tlv_put_string(out, 0x83, BENCH_ADDRESS);
    tlv_put(out, 0x84, challenge);
    put_info2(out, bench);
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
                                  "authenticateServerResponse", base64(buf_span(&response))));
    buf_free(&response);
    buf_free(&signed1);
    if (is_success(answer)) {
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
                                  base64(buf_span(&response))));
    buf_free(&response);
    buf_free(&signed2);
    if (is_success(answer))
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
                                  base64(buf_span(&response))));
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
    tlv_put_string(out, 0x0C, BENCH_ADDRESS);
    ck_assert(dp_iccid_from_digits(iccid, octets));
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
    request = json_pack("{s:o}", "pendingNotification", base64(buf_span(pending)));
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

/* --- ES2+ ----------------------------------------------------------------------------------------------- */

json_t *bench_es2p(struct bench *bench, const char *function, json_t *fields)
{
    char path[80];

    ck_assert_ptr_nonnull(fields);
    json_object_set_new(
        fields, "header",
        json_pack("{s:s,s:s}", "functionRequesterIdentifier", "tests", "functionCallIdentifier", "1"));
    snprintf(path, sizeof(path), "/gsma/rsp2/es2plus/%s", function);
    return bench_post(bench, path, fields);
}

const char *bench_order_state(struct bench *bench, const char *iccid)
{
    struct order order;

    return store_order_by_iccid(bench->smdpp.store, iccid, &order) ? order_state_name(order.state)
                                                                   : "available";
}
