/* An eIM without its network, and an eUICC with its IPA. See eim_bench.h. */
#include "tests/support/eim_bench.h"

#include "apdu/iccid.h"
#include "apdu/tlv.h"
#include "servers/eim/network/rest.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct ec_key *copy_key(const struct ec_key *key)
{
    uint8_t scalar[EC_SCALAR_SIZE];

    ck_assert(ec_key_scalar(key, scalar));
    return ec_key_from_scalar(ec_key_curve(key), SPAN_ARRAY(scalar));
}

void eim_bench_start(struct eim_bench *bench, const char *path)
{
    struct test_entity sign = {0};
    const char *why = NULL;

    *bench = (struct eim_bench){.path = path};
    if (path != NULL)
        snprintf(bench->first_path, sizeof(bench->first_path), "%s", path);
    test_ci_make(&bench->ci, EC_CURVE_P256);
    test_entity_issue(&sign, &bench->ci, CERT_ROLE_NONE, EIM_BENCH_ID, EC_CURVE_P256);
    bench->eim.sign.key = copy_key(sign.key);
    bench->eim.sign.cert = cert_parse(buf_span(&sign.der), NULL);
    strcpy(bench->eim.id, EIM_BENCH_ID);
    bench->eim.id_type = 1;
    bench->eim.first_counter = 1;
    ck_assert(euicc_trust_add(&bench->eim.trust, cert_parse(buf_span(&bench->ci.ci.der), NULL), &why));
    ck_assert(eim_state_open(&bench->eim, path));
    test_entity_free(&sign);
    eim_bench_be(bench, TEST_EID);
}

void eim_bench_stop(struct eim_bench *bench)
{
    eim_close(&bench->eim);
    test_ci_free(&bench->ci);
    test_entity_free(&bench->euicc);
    buf_free(&bench->package);
}

void eim_bench_be(struct eim_bench *bench, const char *eid)
{
    const struct cert_request request = {
        .role = CERT_ROLE_EUICC,
        .organization = cert_subject_organization(bench->ci.eum.cert),
        .common_name = "eUICC",
        .serial_number = eid,
        .not_before = cert_not_before(bench->ci.eum.cert),
        .not_after = cert_not_after(bench->ci.eum.cert),
    };

    test_entity_free(&bench->euicc);
    bench->euicc = (struct test_entity){0};
    test_entity_request(&bench->euicc, &request, EC_CURVE_P256, &bench->ci.eum);
    bench->eid = eid;
    bench->sequence = 0;
    bench->token = 0;
}

static void copy_file(const char *from, const char *to)
{
    FILE *in = fopen(from, "rb");
    FILE *out;
    char block[4096];
    size_t n;

    if (in == NULL)
        return; /* no journal */
    out = fopen(to, "wb");
    ck_assert_ptr_nonnull(out);
    while ((n = fread(block, 1, sizeof(block), in)) > 0)
        ck_assert_uint_eq(fwrite(block, 1, n, out), n);
    fclose(in);
    ck_assert_int_eq(fclose(out), 0);
}

void eim_bench_crash(struct eim_bench *bench)
{
    static char copies[2][600];
    char *copy = copies[bench->crashes % 2]; /* the other one is bench->path */
    char from[640], to[640];

    ck_assert_ptr_nonnull(bench->path);
    snprintf(copy, sizeof(copies[0]), "%s.%u", bench->first_path, ++bench->crashes);
    copy_file(bench->path, copy);
    ck_assert_int_lt(snprintf(from, sizeof(from), "%s-wal", bench->path), (int)sizeof(from));
    snprintf(to, sizeof(to), "%s-wal", copy);
    copy_file(from, to);
    db_close(bench->eim.db);
    /* The first path may be the caller's; every later one is a copy that is not needed any more. */
    bench->path = copy;
    ck_assert(eim_state_open(&bench->eim, copy));
}

/* --- Packages ------------------------------------------------------------------------------------------- */

static void put_hex(struct buf *out, const char *text)
{
    ck_assert_msg(buf_append_hex(out, text, NULL), "%s", text);
}

uint32_t eim_bench_package_tag(const struct eim_bench *bench)
{
    struct tlv_reader reader = tlv_reader(buf_span(&bench->package));

    return tlv_peek(&reader);
}

static void put_token(const struct eim_bench *bench, struct buf *out)
{
    tlv_put_signed(out, 0x84, bench->token);
}

/* As an eUICC checks it (SGP.32 5.9.1). */
static void check_package(struct eim_bench *bench, struct span content)
{
    struct tlv_reader reader = tlv_reader(content);
    struct span whole, value, signature;
    struct buf token = {0};
    char eid[33];

    ck_assert(tlv_require_whole(&reader, 0x30, &content, &whole));
    ck_assert(tlv_require_sized(&reader, 0x5F37, 64, 64, &signature));
    ck_assert(tlv_finish(&reader));
    put_token(bench, &token);
    ck_assert(
        ec_verify(cert_key(bench->eim.sign.cert), (struct span[]){whole, buf_span(&token)}, 2, signature));
    buf_free(&token);
    reader = tlv_reader(content);
    ck_assert(tlv_require(&reader, 0x80, &value));
    ck_assert(span_equal(value, SPAN_STRING(EIM_BENCH_ID)));
    ck_assert(tlv_require_sized(&reader, 0x5A, 16, 16, &value));
    ck_assert_str_eq(hex_from_span(value, eid, sizeof(eid)), bench->eid);
    ck_assert(tlv_require(&reader, 0x81, &value) && tlv_unsigned(value, &bench->counter));
    ck_assert(tlv_require_sized(&reader, 0x82, 16, 16, &value));
    memcpy(bench->transaction, value.data, 16);
    ck_assert(tlv_peek(&reader) == 0xA0 || tlv_peek(&reader) == 0xA1);
    ck_assert(tlv_next(&reader, &(struct tlv){0}) == TLV_OK && tlv_finish(&reader));
}

static void take_apart(struct eim_bench *bench)
{
    static const uint32_t transaction_tags[] = {0x83, 0x82};
    struct span content, value;
    bool data = eim_bench_package_tag(bench) == 0xBF52;

    if (tlv_single(buf_span(&bench->package), 0xBF51, &content) == TLV_OK) {
        check_package(bench, content);
    } else {
        ck_assert_int_eq(tlv_single(buf_span(&bench->package), data ? 0xBF52 : 0xBF54, &content), TLV_OK);
        ck_assert(tlv_find(content, transaction_tags[data ? 0 : 1], &value) && value.size == 16);
        memcpy(bench->transaction, value.data, 16);
    }
    bench->transaction_id = SPAN_ARRAY(bench->transaction);
}

static enum eim_error poll_with(struct eim_bench *bench, struct eim_poll poll)
{
    struct buf eid = {0};
    enum eim_error error;

    put_hex(&eid, bench->eid);
    poll.eid = buf_span(&eid);
    buf_clear(&bench->package);
    error = eim_next_package(&bench->eim, &poll, &bench->package);
    buf_free(&eid);
    if (error == EIM_ERROR_NONE)
        take_apart(bench);
    else
        ck_assert_uint_eq(bench->package.size, 0);
    return error;
}

enum eim_error eim_bench_poll(struct eim_bench *bench)
{
    return poll_with(bench, (struct eim_poll){0});
}

enum eim_error eim_bench_poll_changed(struct eim_bench *bench, int64_t cause)
{
    return poll_with(bench, (struct eim_poll){.state_changed = true, .has_cause = true, .cause = cause});
}

enum eim_error eim_bench_poll_on(struct eim_bench *bench, const uint8_t network[3])
{
    return poll_with(bench, (struct eim_poll){.network = SPAN(network, 3)});
}

enum eim_error eim_bench_provide(struct eim_bench *bench, struct span result, uint64_t *acknowledged,
                                 size_t *count)
{
    struct buf eid = {0}, list = {0};
    struct tlv_reader reader;
    enum eim_error error;
    struct span number;
    uint64_t value;
    size_t found = 0;

    put_hex(&eid, bench->eid);
    error = eim_take_result(&bench->eim, buf_span(&eid), result, &list);
    reader = tlv_reader(buf_span(&list));
    while (tlv_optional(&reader, 0x80, &number)) {
        ck_assert(tlv_unsigned(number, &value));
        if (acknowledged != NULL)
            acknowledged[found] = value;
        found++;
    }
    ck_assert(tlv_finish(&reader));
    if (count != NULL)
        *count = found;
    buf_free(&eid);
    buf_free(&list);
    return error;
}

/* --- What the eUICC says -------------------------------------------------------------------------------- */

static void put_certificate(struct buf *out, uint32_t tag, const struct test_entity *entity)
{
    struct span content;

    ck_assert_int_eq(tlv_single(buf_span(&entity->der), 0x30, &content), TLV_OK);
    tlv_put(out, tag, content);
}

void eim_bench_data(const struct eim_bench *bench, const char *more, struct buf *out)
{
    size_t response = tlv_open(out, 0xBF52);
    size_t data = tlv_open(out, 0xA0);

    put_certificate(out, 0xA5, &bench->ci.eum);
    put_certificate(out, 0xA6, &bench->euicc);
    tlv_put(out, 0x87, SPAN_ARRAY(bench->transaction));
    put_hex(out, more);
    tlv_close(out, data);
    tlv_close(out, response);
}

void eim_bench_sign(const struct eim_bench *bench, uint32_t tag, struct span data, struct buf *out)
{
    uint8_t signature[EC_SIGNATURE_SIZE];
    struct buf token = {0};
    size_t result, inner;

    put_token(bench, &token);
    ck_assert(ec_sign(bench->euicc.key, (struct span[]){data, buf_span(&token)}, 2, signature));
    result = tlv_open(out, 0xBF51);
    inner = tlv_open(out, tag);
    buf_append(out, data);
    tlv_put(out, 0x5F37, SPAN_ARRAY(signature));
    tlv_close(out, inner);
    tlv_close(out, result);
    buf_free(&token);
}

void eim_bench_result(struct eim_bench *bench, const char *results, struct buf *out)
{
    struct buf data = {0};
    size_t whole = tlv_open(&data, 0x30);
    size_t list;

    tlv_put_string(&data, 0x80, EIM_BENCH_ID);
    tlv_put_unsigned(&data, 0x81, bench->counter);
    tlv_put(&data, 0x82, SPAN_ARRAY(bench->transaction));
    tlv_put_unsigned(&data, 0x83, ++bench->sequence);
    list = tlv_open(&data, 0x30);
    put_hex(&data, results);
    tlv_close(&data, list);
    tlv_close(&data, whole);
    eim_bench_sign(bench, 0xA0, buf_span(&data), out);
    buf_free(&data);
}

void eim_bench_signed_error(struct eim_bench *bench, int64_t code, struct buf *out)
{
    struct buf data = {0};
    size_t whole = tlv_open(&data, 0x30);

    tlv_put_string(&data, 0x80, EIM_BENCH_ID);
    tlv_put_unsigned(&data, 0x81, bench->counter);
    tlv_put(&data, 0x82, SPAN_ARRAY(bench->transaction));
    tlv_put_signed(&data, 0x02, code);
    tlv_close(&data, whole);
    eim_bench_sign(bench, 0xA1, buf_span(&data), out);
    buf_free(&data);
}

static void put_metadata(struct eim_bench *bench, unsigned operation, const char *iccid, struct buf *out)
{
    uint8_t bits[1] = {(uint8_t)(0x80 >> operation)};
    uint8_t octets[ICCID_SIZE];
    size_t at = tlv_open(out, 0xBF2F);

    ck_assert(iccid_from_digits(iccid, octets));
    tlv_put_unsigned(out, 0x80, ++bench->sequence);
    tlv_put_bits(out, 0x81, bits, 4);
    tlv_put_string(out, 0x0C, "smdp.example.com");
    tlv_put(out, 0x5A, SPAN_ARRAY(octets));
    tlv_close(out, at);
}

static void put_signature(struct eim_bench *bench, struct span data, struct buf *out)
{
    uint8_t signature[EC_SIGNATURE_SIZE];

    ck_assert(ec_sign(bench->euicc.key, &data, 1, signature));
    tlv_put(out, 0x5F37, SPAN_ARRAY(signature));
}

void eim_bench_notification(struct eim_bench *bench, unsigned operation, const char *iccid, struct buf *out)
{
    struct buf data = {0};
    bool install = operation == 0;
    size_t whole = tlv_open(out, install ? 0xBF37 : 0x30);
    size_t at;

    if (install) {
        at = tlv_open(&data, 0xBF27);
        tlv_put(&data, 0x80, SPAN_STRING("smdp-transaction"));
        put_metadata(bench, operation, iccid, &data);
        put_hex(&data, "06038837 0A A217 A015 4F10 A0000005591010FFFFFFFF8900001100 0401 30");
        tlv_close(&data, at);
    } else {
        put_metadata(bench, operation, iccid, &data);
    }
    buf_append(out, buf_span(&data));
    put_signature(bench, buf_span(&data), out);
    if (!install) {
        buf_append(out, buf_span(&bench->euicc.der));
        buf_append(out, buf_span(&bench->ci.eum.der));
    }
    tlv_close(out, whole);
    buf_free(&data);
}

/* --- Conversations -------------------------------------------------------------------------------------- */

static void provide_good(struct eim_bench *bench, struct buf *result)
{
    ck_assert_int_eq(eim_bench_provide(bench, buf_span(result), NULL, NULL), EIM_ERROR_NONE);
    buf_free(result);
}

void eim_bench_introduce(struct eim_bench *bench)
{
    struct buf result = {0};

    ck_assert_int_eq(eim_bench_poll(bench), EIM_ERROR_NONE);
    ck_assert_uint_eq(eim_bench_package_tag(bench), 0xBF52);
    eim_bench_data(bench, "", &result);
    provide_good(bench, &result);
    ck_assert_int_eq(eim_bench_poll(bench), EIM_ERROR_NONE);
    ck_assert_uint_eq(eim_bench_package_tag(bench), 0xBF51);
    eim_bench_result(bench,
                     "BF2D 26 A024"
                     "E310 5A0A 980011223344556677F8 9F7001 01"
                     "E310 5A0A 980011223344556687F6 9F7001 00",
                     &result);
    provide_good(bench, &result);
    ck_assert_int_eq(eim_bench_poll(bench), EIM_ERROR_NO_PACKAGE);
}

json_t *eim_bench_rest(struct eim_bench *bench, const char *method, const char *path, const char *query,
                       const char *body, int *code)
{
    const struct http_request request = {
        .method = method,
        .path = path,
        .query = query,
        .content_type = body != NULL ? "application/json" : NULL,
        .body = body != NULL ? span_of_string(body) : SPAN_NONE,
    };
    struct http_answer answer;
    json_t *json;

    eim_rest_answer(&bench->eim, &request, &answer);
    json = json_loadb((const char *)answer.body.data, answer.body.size, JSON_DECODE_ANY, NULL);
    if (code != NULL)
        *code = answer.code;
    buf_free(&answer.body);
    return json;
}

int64_t eim_bench_order(struct eim_bench *bench, const char *what)
{
    char body[4096];
    json_t *order;
    int64_t id;
    int code;

    snprintf(body, sizeof(body), "{\"eid\":\"%s\",%s}", bench->eid, what);
    order = eim_bench_rest(bench, "POST", "/v1/orders", NULL, body, &code);
    ck_assert_msg(code == 201, "%s: %s", what, json_dumps(order, 0));
    id = json_integer_value(json_object_get(order, "id"));
    ck_assert_int_gt(id, 0);
    json_decref(order);
    return id;
}

void eim_bench_expect(struct eim_bench *bench, int64_t order, const char *state, const char *error)
{
    char path[64];
    json_t *json;
    const char *actual;

    snprintf(path, sizeof(path), "/v1/orders/%lld", (long long)order);
    json = eim_bench_rest(bench, "GET", path, NULL, NULL, NULL);
    actual = json_string_value(json_object_get(json, "error"));
    ck_assert_str_eq(json_string_value(json_object_get(json, "state")), state);
    if (error != NULL)
        ck_assert_str_eq(actual != NULL ? actual : "", error);
    json_decref(json);
}

const char *eim_bench_profile(struct eim_bench *bench, const char *iccid)
{
    static char state[16];
    char path[96];
    json_t *list, *profile;
    size_t i;

    state[0] = '\0';
    snprintf(path, sizeof(path), "/v1/euiccs/%s/profiles", bench->eid);
    list = eim_bench_rest(bench, "GET", path, NULL, NULL, NULL);
    json_array_foreach(list, i, profile)
    {
        if (strcmp(json_string_value(json_object_get(profile, "iccid")), iccid) == 0)
            snprintf(state, sizeof(state), "%s", json_string_value(json_object_get(profile, "state")));
    }
    json_decref(list);
    return state;
}
