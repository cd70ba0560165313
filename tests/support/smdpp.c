/* An SM-DP+ without sockets, and requests to it in both bindings: smdpp.h. The eUICC is in smdpp_euicc.c. */
#include "tests/support/smdpp.h"

#include "apdu/tlv.h"
#include "crypto/base64.h"
#include "tests/support/profile.h"
#include "tests/support/test.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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
    char store_why[DB_WHY_MAX];
    const char *why = NULL;

    ck_assert_msg(euicc_trust_add(&smdpp->dp.rsp.trust, copy_cert(&bench->ci.ci), &why), "%s", why);
    ck_assert_msg(dp_server_add_credentials(&smdpp->dp, credentials, &why), "%s", why);
    ck_assert(dp_server_add_address(&smdpp->dp, bench->address));
    smdpp->options.tries_max = SMDPP_DEFAULT_TRIES_MAX;
    smdpp->store = store_open(NULL, store_why);
    ck_assert_msg(smdpp->store != NULL, "%s", store_why);
    make_empty_directory(test_path("profiles"));
    write_profile("profiles/demo.der", BENCH_ICCID);
    write_profile("profiles/second_one.der", BENCH_ICCID2);
    smdpp->catalogue = profile_catalogue_new(test_path("profiles"), bench->address);
    ck_assert_ptr_nonnull(smdpp->catalogue);
    smdpp_refresh_profiles(smdpp);
}

void bench_start(struct bench *bench, enum ec_curve curve)
{
    bench_start_at(bench, curve, BENCH_ADDRESS);
}

void bench_start_at(struct bench *bench, enum ec_curve curve, const char *address)
{
    struct cert_request request = {
        .role = CERT_ROLE_EUICC,
        .organization = "softeuicc tests",
        .common_name = "Test eUICC",
        .serial_number = TEST_EID,
        .not_before = 1577836800,
        .not_after = 2524608000,
    };

    *bench =
        (struct bench){.address = address, .matching_id = "demo", .free_nvm = 1000000, .profile_version = 2};
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
    const struct http_request request = {.method = method,
                                         .path = path,
                                         .content_type = content_type,
                                         .admin_protocol = admin_protocol,
                                         .body = body};
    struct http_answer answer;

    if (bench->carry != NULL)
        answer = bench->carry(bench, &request);
    else
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

json_t *bench_base64(struct span octets)
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
        json_object_set_new(json, asn1_functions[function].outputs[i], bench_base64(tlv.whole));
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

bool bench_is_success(const json_t *answer)
{
    return strcmp(status_member(answer, NULL), "Executed-Success") == 0;
}

/* --- ES2+ ----------------------------------------------------------------------------------------------- */

json_t *bench_es2p(struct bench *bench, const char *function, json_t *fields)
{
    static unsigned calls;
    char id[24];

    snprintf(id, sizeof(id), "call %u", ++calls);
    return bench_es2p_as(bench, function, id, fields);
}

json_t *bench_es2p_as(struct bench *bench, const char *function, const char *id, json_t *fields)
{
    char path[80];

    ck_assert_ptr_nonnull(fields);
    json_object_set_new(
        fields, "header",
        json_pack("{s:s,s:s}", "functionRequesterIdentifier", "tests", "functionCallIdentifier", id));
    snprintf(path, sizeof(path), "/gsma/rsp2/es2plus/%s", function);
    return bench_post(bench, path, fields);
}

const char *bench_order_state(struct bench *bench, const char *iccid)
{
    struct order order;
    enum store_answer found = store_order_by_iccid(bench->smdpp.store, iccid, &order);

    ck_assert_int_ne(found, STORE_FAILED);
    return found == STORE_FOUND ? order_state_name(order.state) : "available";
}
