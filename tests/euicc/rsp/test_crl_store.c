/* euicc/rsp/crl_store.c and ES10b.LoadCRL: what is taken, what is refused, and who is revoked afterwards. */
#include "euicc/rsp/crl_store.h"

#include "apdu/tlv.h"
#include "tests/support/edit.h"
#include "tests/support/es10.h"

#include <stdio.h>
#include <string.h>

/* Where the extensions of a list are. */
#define EXTENSIONS EDIT_PATH(0x30, 0x30, 0xA0, 0x30)

static void put_signature_number(struct buf *out, const uint8_t number[32])
{
    size_t skip = 0;
    size_t at = tlv_open(out, 0x02);

    while (skip < 31 && number[skip] == 0)
        skip++;
    if ((number[skip] & 0x80) != 0)
        buf_append_octet(out, 0);
    buf_append(out, SPAN(number + skip, 32 - skip));
    tlv_close(out, at);
}

/* The list again, signed over what it has become. */
static void sign_again(struct buf *crl, const struct ec_key *key)
{
    uint8_t signature[EC_SIGNATURE_SIZE];
    struct tlv_reader reader;
    struct buf bits = {0};
    struct span content;
    struct span tbs;
    size_t at;

    ck_assert_int_eq(tlv_single(buf_span(crl), 0x30, &content), TLV_OK);
    reader = tlv_reader(content);
    ck_assert(tlv_require_whole(&reader, 0x30, NULL, &tbs));
    ck_assert(ec_sign(key, &tbs, 1, signature));
    buf_append_octet(&bits, 0);
    at = tlv_open(&bits, 0x30);
    put_signature_number(&bits, signature);
    put_signature_number(&bits, signature + 32);
    tlv_close(&bits, at);
    edit_value(crl, EDIT_PATH(0x30, 0x03), buf_span(&bits));
    buf_free(&bits);
}

/* A list of the bench's CI, numbered, that names the certificate (NULL: none). */
static void issue(const struct test_ci *ci, uint64_t number, const struct test_entity *revoked,
                  struct buf *crl)
{
    struct span serial = revoked != NULL ? cert_serial(revoked->cert) : SPAN_NONE;

    ck_assert(crl_issue(ci->ci.cert, ci->ci.key, &serial, revoked != NULL ? 1 : 0, number, 1700000000,
                        1800000000, crl));
}

static void add_extension(struct buf *crl, const char *oid, bool critical, unsigned number)
{
    struct buf extension = {0};
    size_t outer = tlv_open(&extension, 0x30);
    size_t value;

    tlv_put(&extension, 0x06, hex(oid));
    if (critical)
        tlv_put(&extension, 0x01, hex("FF"));
    value = tlv_open(&extension, 0x04);
    tlv_put_unsigned(&extension, 0x02, number);
    tlv_close(&extension, value);
    tlv_close(&extension, outer);
    edit_append(crl, EXTENSIONS, buf_span(&extension));
    buf_free(&extension);
}

static void issue_delta(const struct test_ci *ci, unsigned number, unsigned base,
                        const struct test_entity *revoked, struct buf *crl)
{
    issue(ci, number, revoked, crl);
    add_extension(crl, "551D1B", true, base);
    sign_again(crl, ci->ci.key);
}

static void issue_part(const struct test_ci *ci, unsigned number, unsigned part, unsigned parts,
                       const struct test_entity *revoked, struct buf *crl)
{
    issue(ci, number, revoked, crl);
    add_extension(crl, "67811201020002", false, parts);
    add_extension(crl, "67811201020003", false, part);
    sign_again(crl, ci->ci.key);
}

/* Loads it, as A0 or with its own tag; frees it. */
static struct span load_as(struct es10_bench *bench, struct buf *crl, uint32_t tag)
{
    struct buf *response = test_buf();
    struct buf request = {0};
    struct span content;
    size_t outer = tlv_open(&request, 0xBF35);

    ck_assert_int_eq(tlv_single(buf_span(crl), 0x30, &content), TLV_OK);
    tlv_put(&request, tag, content);
    tlv_close(&request, outer);
    ck_assert_uint_eq(es10_send(bench, buf_span(&request), response), 0x9000);
    buf_free(&request);
    buf_free(crl);
    return buf_span(response);
}

static struct span load(struct es10_bench *bench, struct buf *crl)
{
    return load_as(bench, crl, 0xA0);
}

static bool revoked(struct es10_bench *bench, const struct test_entity *entity)
{
    return crl_store_revokes(bench->card, SPAN_ARRAY(bench->cis[0].key_id), entity->cert);
}

#define LOADED           "BF3502 A000"
#define LOAD_ERROR(code) "BF3503 8101" code

START_TEST(a_list_revokes_whom_it_names)
{
    struct es10_bench bench;
    struct buf crl = {0};

    es10_open(&bench, 1, 0);
    ck_assert(!revoked(&bench, &bench.cis[0].dp_auth));
    issue(&bench.cis[0], 1, &bench.cis[0].dp_auth, &crl);
    ck_assert_hex(load(&bench, &crl), LOADED);
    ck_assert(revoked(&bench, &bench.cis[0].dp_auth));
    ck_assert(!revoked(&bench, &bench.cis[0].dp_pb));
    /* The newer one replaces it. */
    issue(&bench.cis[0], 2, &bench.cis[0].dp_pb, &crl);
    ck_assert_hex(load_as(&bench, &crl, 0x30), LOADED);
    ck_assert(!revoked(&bench, &bench.cis[0].dp_auth));
    ck_assert(revoked(&bench, &bench.cis[0].dp_pb));
    es10_close(&bench);
}
END_TEST

START_TEST(only_newer_lists_are_taken)
{
    struct es10_bench bench;
    struct buf crl = {0};

    es10_open(&bench, 1, 0);
    issue(&bench.cis[0], 7, NULL, &crl);
    ck_assert_hex(load(&bench, &crl), LOADED);
    issue(&bench.cis[0], 7, &bench.cis[0].dp_auth, &crl);
    ck_assert_hex(load(&bench, &crl), LOAD_ERROR("05"));
    issue(&bench.cis[0], 6, &bench.cis[0].dp_auth, &crl);
    ck_assert_hex(load(&bench, &crl), LOAD_ERROR("05"));
    ck_assert(!revoked(&bench, &bench.cis[0].dp_auth));
    es10_close(&bench);
}
END_TEST

START_TEST(what_is_not_the_cis_is_refused)
{
    struct es10_bench bench;
    struct test_ci stranger;
    struct buf crl = {0};

    es10_open(&bench, 1, 0);
    test_ci_make(&stranger, EC_CURVE_P256);
    issue(&stranger, 1, &bench.cis[0].dp_auth, &crl);
    ck_assert_hex(load(&bench, &crl), LOAD_ERROR("04")); /* verificationKeyNotFound */
    issue(&bench.cis[0], 1, &bench.cis[0].dp_auth, &crl);
    sign_again(&crl, stranger.ci.key);
    ck_assert_hex(load(&bench, &crl), LOAD_ERROR("01")); /* invalidSignature */
    issue(&bench.cis[0], 1, &bench.cis[0].dp_auth, &crl);
    add_extension(&crl, "551D7F", true, 1); /* critical, and nobody knows it */
    sign_again(&crl, bench.cis[0].ci.key);
    ck_assert_hex(load(&bench, &crl), LOAD_ERROR("02"));
    issue(&bench.cis[0], 1, &bench.cis[0].dp_auth, &crl);
    edit_remove(&crl, EDIT_PATH(0x30, 0x30, 0xA0)); /* no authority key identifier */
    sign_again(&crl, bench.cis[0].ci.key);
    ck_assert_hex(load(&bench, &crl), LOAD_ERROR("02"));
    ck_assert(!revoked(&bench, &bench.cis[0].dp_auth));
    ck_assert_hex(es10(&bench, "BF3505 A003 020101"), LOAD_ERROR("02"));
    test_ci_free(&stranger);
    es10_close(&bench);
}
END_TEST

START_TEST(each_ci_has_its_own_lists)
{
    struct es10_bench bench;
    struct buf crl = {0};

    es10_open(&bench, 2, 0);
    issue(&bench.cis[0], 9, NULL, &crl);
    ck_assert_hex(load(&bench, &crl), LOADED);
    issue(&bench.cis[1], 1, &bench.cis[1].dp_auth, &crl);
    ck_assert_hex(load(&bench, &crl), LOADED);
    ck_assert(crl_store_revokes(bench.card, SPAN_ARRAY(bench.cis[1].key_id), bench.cis[1].dp_auth.cert));
    ck_assert(!revoked(&bench, &bench.cis[0].dp_auth));
    es10_close(&bench);
}
END_TEST

START_TEST(a_delta_list_needs_its_base)
{
    struct es10_bench bench;
    struct buf crl = {0};

    es10_open(&bench, 1, 0);
    issue_delta(&bench.cis[0], 6, 5, &bench.cis[0].dp_auth, &crl);
    ck_assert_hex(load(&bench, &crl), LOAD_ERROR("06")); /* baseCrlMissing */
    issue(&bench.cis[0], 4, &bench.cis[0].dp_pb, &crl);
    ck_assert_hex(load(&bench, &crl), LOADED);
    issue_delta(&bench.cis[0], 6, 5, &bench.cis[0].dp_auth, &crl);
    ck_assert_hex(load(&bench, &crl), LOAD_ERROR("06")); /* the base is older than that */
    issue_delta(&bench.cis[0], 6, 4, &bench.cis[0].dp_auth, &crl);
    ck_assert_hex(load(&bench, &crl), LOADED);
    ck_assert(revoked(&bench, &bench.cis[0].dp_auth));
    ck_assert(revoked(&bench, &bench.cis[0].dp_pb));
    /* Not twice, not an older one; a newer one replaces it. */
    issue_delta(&bench.cis[0], 6, 4, NULL, &crl);
    ck_assert_hex(load(&bench, &crl), LOAD_ERROR("05"));
    issue_delta(&bench.cis[0], 5, 4, NULL, &crl);
    ck_assert_hex(load(&bench, &crl), LOAD_ERROR("05"));
    issue_delta(&bench.cis[0], 8, 4, &bench.cis[0].ds_auth, &crl);
    ck_assert_hex(load(&bench, &crl), LOADED);
    ck_assert(!revoked(&bench, &bench.cis[0].dp_auth));
    ck_assert(revoked(&bench, &bench.cis[0].ds_auth));
    /* A base that has taken the delta list in ends it; one that has not leaves it. */
    issue(&bench.cis[0], 7, NULL, &crl);
    ck_assert_hex(load(&bench, &crl), LOADED);
    ck_assert(revoked(&bench, &bench.cis[0].ds_auth));
    issue(&bench.cis[0], 8, NULL, &crl);
    ck_assert_hex(load(&bench, &crl), LOADED);
    ck_assert(!revoked(&bench, &bench.cis[0].ds_auth));
    issue_delta(&bench.cis[0], 8, 7, NULL, &crl);
    ck_assert_hex(load(&bench, &crl), LOAD_ERROR("05"));
    es10_close(&bench);
}
END_TEST

START_TEST(a_list_in_parts_says_what_is_missing)
{
    struct es10_bench bench;
    struct buf crl = {0};

    es10_open(&bench, 1, 0);
    issue_part(&bench.cis[0], 3, 2, 3, &bench.cis[0].dp_pb, &crl);
    ck_assert_hex(load(&bench, &crl), "BF350A A008 A006 020101 020103");
    issue_delta(&bench.cis[0], 4, 3, NULL, &crl);
    ck_assert_hex(load(&bench, &crl), LOAD_ERROR("06")); /* an incomplete base is none */
    issue_part(&bench.cis[0], 3, 2, 3, NULL, &crl);
    ck_assert_hex(load(&bench, &crl), LOAD_ERROR("05"));
    issue_part(&bench.cis[0], 3, 1, 3, &bench.cis[0].dp_auth, &crl);
    ck_assert_hex(load(&bench, &crl), "BF3507 A005 A003 020103");
    issue_part(&bench.cis[0], 3, 3, 3, NULL, &crl);
    ck_assert_hex(load(&bench, &crl), LOADED);
    ck_assert(revoked(&bench, &bench.cis[0].dp_auth));
    ck_assert(revoked(&bench, &bench.cis[0].dp_pb));
    /* The first part of a newer list ends all of the old. */
    issue_part(&bench.cis[0], 4, 1, 2, NULL, &crl);
    ck_assert_hex(load(&bench, &crl), "BF3507 A005 A003 020102");
    ck_assert(!revoked(&bench, &bench.cis[0].dp_auth));
    issue_part(&bench.cis[0], 5, 1, 256, NULL, &crl);
    ck_assert_hex(load(&bench, &crl), LOAD_ERROR("02"));
    es10_close(&bench);
}
END_TEST

START_TEST(lists_take_memory)
{
    struct es10_bench bench;
    struct buf crl = {0};
    uint64_t before;

    es10_open(&bench, 1, 2000);
    before = profile_free_nvm(bench.card);
    issue(&bench.cis[0], 1, NULL, &crl);
    {
        uint64_t size = crl.size;

        ck_assert_hex(load(&bench, &crl), LOADED);
        ck_assert_uint_eq(profile_free_nvm(bench.card), before - size);
    }
    es10_close(&bench);
    es10_open(&bench, 1, 100);
    issue(&bench.cis[0], 1, NULL, &crl);
    ck_assert_hex(load(&bench, &crl), LOAD_ERROR("03")); /* notEnoughMemorySpace */
    es10_close(&bench);
}
END_TEST

START_TEST(malformed_requests_are_refused)
{
    static const char *const bad[] = {"BF3500", "BF3502 8000", "BF3502 A001", "BF3504 A000 8001"};
    struct es10_bench bench;
    struct buf crl = {0};
    struct buf text = {0};
    char *digits;

    es10_open(&bench, 1, 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(es10_refused(&bench, "%s", bad[i]) == 0x6A80, "%s", bad[i]);
    issue(&bench.cis[0], 1, &bench.cis[0].dp_auth, &crl);
    ck_assert(buf_reserve(&text, 2 * crl.size + 1));
    digits = (char *)text.data;
    hex_from_span(buf_span(&crl), digits, 2 * crl.size + 1);
    ck_assert_uint_gt(crl.size, 0xFF);
    es10_sweep(&bench, "BF3582%04zX %s", crl.size, digits);
    buf_free(&text);
    buf_free(&crl);
    es10_close(&bench);
}
END_TEST

TEST_MAIN("crl_store", a_list_revokes_whom_it_names, only_newer_lists_are_taken,
          what_is_not_the_cis_is_refused, each_ci_has_its_own_lists, a_delta_list_needs_its_base,
          a_list_in_parts_says_what_is_missing, lists_take_memory, malformed_requests_are_refused)
