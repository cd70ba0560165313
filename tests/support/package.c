/* An eIM that orders: see package.h. */
#include "tests/support/package.h"

#include "apdu/tlv.h"
#include "euicc/iot/eim.h"
#include "euicc/os/credentials.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

/* --- the eIM ------------------------------------------------------------------------------------- */

void test_eim_open(struct test_eim *eim, const char *id, enum ec_curve curve)
{
    *eim = (struct test_eim){.id = id, .key = ec_key_generate(curve, NULL)};
    ck_assert_ptr_nonnull(eim->key);
}

void test_eim_close(struct test_eim *eim)
{
    ec_key_free(eim->key);
    *eim = (struct test_eim){.id = NULL};
}

/* The content of a SubjectPublicKeyInfo. */
static void put_key(struct buf *out, const struct ec_key *key)
{
    const char *algorithm = ec_key_curve(key) == EC_CURVE_P256
                                ? "3013 06072A8648CE3D0201 06082A8648CE3D030107 034200"
                                : "3014 06072A8648CE3D0201 06092B2403030208010107 034200";
    uint8_t point[EC_POINT_SIZE];

    ec_key_point(key, point);
    ck_assert(buf_append_hex(out, algorithm, NULL));
    buf_append(out, SPAN_ARRAY(point));
}

void test_eim_put(struct buf *out, uint32_t tag, const struct test_eim *eim, bool ask_token,
                  struct span ci_key_id)
{
    size_t outer = tlv_open(out, tag);
    size_t choice;
    size_t key;

    tlv_put_string(out, 0x80, eim->id);
    tlv_put_signed(out, 0x83, eim->counter);
    if (ask_token)
        tlv_put_signed(out, 0x84, -1);
    choice = tlv_open(out, 0xA5);
    key = tlv_open(out, 0xA0);
    put_key(out, eim->key);
    tlv_close(out, key);
    tlv_close(out, choice);
    if (ci_key_id.data != NULL)
        tlv_put(out, 0x88, ci_key_id);
    tlv_close(out, outer);
    ck_assert(!out->failed);
}

void test_eim_associate(struct test_eim *eim, struct softeuicc *card, bool ask_token, struct span ci_key_id)
{
    struct buf configuration = {0};
    struct span content;

    test_eim_put(&configuration, 0x30, eim, ask_token, ci_key_id);
    ck_assert_int_eq(tlv_single(buf_span(&configuration), 0x30, &content), TLV_OK);
    ck_assert_int_eq(eim_add(card, content, &eim->has_token, &eim->token), EIM_OK);
    ck_assert(nvm_commit(card->nvm));
    buf_free(&configuration);
}

/* --- packages ------------------------------------------------------------------------------------ */

static void put_eid(struct buf *out)
{
    ck_assert(buf_append_hex(out, "5A10" TEST_EID, NULL));
}

void test_package_put_signed(struct buf *out, struct test_eim *eim, const struct test_package *package)
{
    size_t outer = tlv_open(out, 0x30);

    tlv_put(out, 0x80, package->eim_id.data != NULL ? package->eim_id : span_of_string(eim->id));
    if (package->eid.data != NULL)
        tlv_put(out, 0x5A, package->eid);
    else
        put_eid(out);
    if (package->counter.data != NULL)
        tlv_put(out, 0x81, package->counter);
    else
        tlv_put_signed(out, 0x81, ++eim->counter);
    if (package->transaction.data != NULL)
        tlv_put(out, 0x82, package->transaction);
    tlv_put(out, package->list_tag != 0 ? package->list_tag : PSMO, package->list);
    buf_append(out, package->further);
    tlv_close(out, outer);
    ck_assert(!out->failed);
}

static void put_token(struct buf *out, const struct test_eim *eim)
{
    tlv_put_signed(out, 0x84, eim->has_token ? eim->token : 0);
}

void test_package_sign(struct buf *out, const struct test_eim *eim, const struct test_package *package,
                       struct span signed_part)
{
    const struct ec_key *key = package->key != NULL ? package->key : eim->key;
    uint8_t signature[EC_SIGNATURE_SIZE];
    struct buf token = {0};
    size_t outer = tlv_open(out, 0xBF51);

    if (package->token.data != NULL)
        buf_append(&token, package->token);
    else
        put_token(&token, eim);
    ck_assert(ec_sign(key, (const struct span[]){signed_part, buf_span(&token)}, 2, signature));
    buf_append(out, signed_part);
    tlv_put(out, 0x5F37, SPAN_ARRAY(signature));
    tlv_close(out, outer);
    ck_assert(!out->failed);
    buf_free(&token);
}

void test_package_put(struct buf *out, struct test_eim *eim, const struct test_package *package)
{
    struct buf signed_part = {0};

    test_package_put_signed(&signed_part, eim, package);
    test_package_sign(out, eim, package, buf_span(&signed_part));
    buf_free(&signed_part);
}

/* --- results ------------------------------------------------------------------------------------- */

/* The tag that begins `in`, as a number. */
static uint32_t tag_at(struct span in, size_t *size)
{
    uint32_t tag;

    ck_assert_uint_ge(in.size, 2);
    tag = in.data[0];
    *size = 1;
    if ((tag & 0x1F) == 0x1F) {
        tag = tag << 8 | in.data[1];
        *size = 2;
    }
    return tag;
}

static bool begins_with(struct span in, uint32_t tag)
{
    size_t size;

    return in.size > 0 && tag_at(in, &size) == tag;
}

/* Cuts the object with this tag off `in`; its value, and the whole of it if somebody wants that. */
static struct span cut(struct span *in, uint32_t tag, struct span *whole)
{
    struct span value;
    size_t at;
    size_t octets = 0;
    size_t length;

    ck_assert_uint_eq(tag_at(*in, &at), tag);
    ck_assert_uint_lt(at, in->size);
    length = in->data[at++];
    if (length > 0x80) {
        octets = length - 0x80;
        ck_assert_uint_le(octets, 2);
        ck_assert_uint_le(at + octets, in->size);
        length = octets == 1 ? in->data[at] : (size_t)in->data[at] << 8 | in->data[at + 1];
        ck_assert_uint_ge(length, octets == 1 ? 0x80 : 0x100); /* DER */
    }
    at += octets;
    ck_assert_uint_le(length, in->size - at);
    value = SPAN(in->data + at, length);
    if (whole != NULL)
        *whole = SPAN(in->data, at + length);
    *in = SPAN(in->data + at + length, in->size - at - length);
    return value;
}

static int64_t cut_integer(struct span *in, uint32_t tag)
{
    struct span value = cut(in, tag, NULL);
    uint64_t number = 0;

    ck_assert(value.size >= 1 && value.size <= 8);
    if (value.size > 1) /* the shortest form */
        ck_assert((value.data[0] != 0x00 || value.data[1] >= 0x80) &&
                  (value.data[0] != 0xFF || value.data[1] < 0x80));
    if (value.data[0] >= 0x80)
        number = UINT64_MAX;
    for (size_t i = 0; i < value.size; i++)
        number = number << 8 | value.data[i];
    return (int64_t)number;
}

/* An ECDSA signature r || s as OpenSSL wants it: SEQUENCE { INTEGER, INTEGER }. */
static void put_der_signature(struct buf *out, struct span raw)
{
    struct buf numbers = {0};

    for (size_t half = 0; half < 2; half++) {
        size_t skip = 0;

        while (skip < 31 && raw.data[32 * half + skip] == 0)
            skip++;
        buf_append_octet(&numbers, 0x02);
        buf_append_octet(&numbers, (uint8_t)(32 - skip + (raw.data[32 * half + skip] >= 0x80)));
        if (raw.data[32 * half + skip] >= 0x80)
            buf_append_octet(&numbers, 0x00);
        buf_append(&numbers, SPAN(raw.data + 32 * half + skip, 32 - skip));
    }
    buf_append_octet(out, 0x30);
    buf_append_octet(out, (uint8_t)numbers.size);
    buf_append(out, buf_span(&numbers));
    buf_free(&numbers);
}

static bool verifies(EVP_PKEY *key, struct span data, struct span token, struct span raw)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    struct buf signature = {0};
    bool valid;

    ck_assert_uint_eq(raw.size, 64);
    put_der_signature(&signature, raw);
    valid = EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
            EVP_DigestVerifyUpdate(context, data.data, data.size) == 1 &&
            EVP_DigestVerifyUpdate(context, token.data, token.size) == 1 &&
            EVP_DigestVerifyFinal(context, signature.data, signature.size) == 1;
    buf_free(&signature);
    EVP_MD_CTX_free(context);
    return valid;
}

/* With the key of the eUICC's certificate under this CI. */
static void verify(const struct test_eim *eim, struct softeuicc *card, struct span ci_key_id,
                   struct span data, struct span signature)
{
    const struct card_credentials *credentials = credentials_find(card, ci_key_id);
    struct buf token = {0};
    struct span der;
    const uint8_t *at;
    X509 *cert;

    ck_assert_ptr_nonnull(credentials);
    der = cert_der(credentials->euicc_cert);
    at = der.data;
    cert = d2i_X509(NULL, &at, (long)der.size);
    ck_assert_ptr_nonnull(cert);
    put_token(&token, eim);
    ck_assert_msg(verifies(X509_get0_pubkey(cert), data, buf_span(&token), signature),
                  "the card's signature is not good");
    buf_free(&token);
    X509_free(cert);
}

static void read_reference(struct span *in, struct test_package_result *result)
{
    result->eim_id = cut(in, 0x80, NULL);
    result->counter = cut_integer(in, 0x81);
    if (begins_with(*in, 0x82))
        result->transaction = cut(in, 0x82, NULL);
}

static void read_unsigned_error(struct span in, struct test_package_result *result)
{
    result->kind = RESULT_UNSIGNED_ERROR;
    result->eim_id = cut(&in, 0x80, NULL);
    if (begins_with(in, 0x82))
        result->transaction = cut(&in, 0x82, NULL);
    result->has_token = begins_with(in, 0x84);
    if (result->has_token)
        result->token = cut_integer(&in, 0x84);
    ck_assert_uint_eq(in.size, 0);
}

void test_result_take_apart(struct span answer, struct test_package_result *result)
{
    struct span content = cut(&answer, 0xBF51, NULL);
    struct span choice;
    struct span in;
    bool error;

    *result = (struct test_package_result){.kind = RESULT_SIGNED};
    ck_assert_uint_eq(answer.size, 0);
    if (begins_with(content, 0xA2)) {
        choice = cut(&content, 0xA2, NULL);
        ck_assert_uint_eq(content.size, 0);
        read_unsigned_error(choice, result);
        return;
    }
    error = begins_with(content, 0xA1);
    choice = cut(&content, error ? 0xA1 : 0xA0, NULL);
    ck_assert_uint_eq(content.size, 0);
    in = cut(&choice, 0x30, &result->data);
    result->signature = cut(&choice, 0x5F37, NULL);
    ck_assert_uint_eq(choice.size, 0);
    read_reference(&in, result);
    if (error) {
        result->kind = RESULT_ERROR;
        result->code = cut_integer(&in, 0x02);
    } else {
        result->sequence = cut_integer(&in, 0x83);
        result->results = cut(&in, 0x30, NULL);
    }
    ck_assert_uint_eq(in.size, 0);
}

void test_result_read(const struct test_eim *eim, struct softeuicc *card, struct span ci_key_id,
                      struct span answer, struct test_package_result *result)
{
    test_result_take_apart(answer, result);
    if (result->kind != RESULT_UNSIGNED_ERROR)
        verify(eim, card, ci_key_id, result->data, result->signature);
}

/* --- the two together ---------------------------------------------------------------------------- */

void test_package_send(struct terminal *terminal, struct test_eim *eim, const struct test_package *package,
                       struct test_package_result *result)
{
    struct softeuicc *card = terminal->card;
    struct buf *answer = test_buf(); /* the result points into it */
    struct buf request = {0};
    uint16_t status;

    test_package_put(&request, eim, package);
    status = terminal_store_data(terminal, buf_span(&request), answer);
    ck_assert_msg(status == 0x9000 || status >> 8 == 0x91, "%04X", status);
    buf_free(&request);
    test_result_read(eim, card, SPAN_ARRAY(card->credentials[0].ci_key_id), buf_span(answer), result);
}

struct span test_package_run(struct terminal *terminal, struct test_eim *eim, uint32_t list_tag,
                             const char *list)
{
    static const uint8_t transaction[] = {0x00, 0xE1, 0x30, 0x01};
    struct buf commands = {0};
    struct test_package package = {.list_tag = list_tag, .transaction = SPAN_ARRAY(transaction)};
    struct test_package_result result;

    ck_assert(buf_append_hex(&commands, list, NULL));
    package.list = SPAN(commands.size > 0 ? commands.data : transaction, commands.size);
    test_package_send(terminal, eim, &package, &result);
    buf_free(&commands);
    ck_assert_int_eq(result.kind, RESULT_SIGNED);
    ck_assert_span(result.eim_id, span_of_string(eim->id));
    ck_assert_int_eq(result.counter, eim->counter);
    ck_assert_span(result.transaction, SPAN_ARRAY(transaction));
    ck_assert_int_gt(result.sequence, 0);
    return result.results;
}
