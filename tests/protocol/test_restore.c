/*
 * protocol/restore.c against protocol/compact.c: what an eUICC has signed, made compact and restored, octet
 * for octet; forms written by hand; and what must be refused. The eUICC is the test's own.
 */
#include "apdu/tlv.h"
#include "protocol/compact.h"
#include "protocol/restore.h"
#include "tests/support/pki.h"
#include "tests/support/test.h"

#include <string.h>

#define TRANSACTION "00112233445566778899AABBCCDDEEFF"
#define ADDRESS     "smdp.example.com"
#define OID         "883710"
#define OTPK        "5F4903040102"
#define HASH_CC     "0420E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"
#define SIGNATURE2  "5F37020102"
#define ICCID       "98001032547698103214"
#define CTX_PARAMS1 "A00E8004544553 54A1068004352906 11"

static struct test_ci ci;
static struct test_entity euicc;
static struct compact_known facts;

/* EUICCInfo2 with this extCardResource; the rest is only as much as is looked at. */
static struct span info2(const char *resource)
{
    struct buf *out = test_buf();
    size_t at = tlv_open(out, 0xBF22);

    tlv_put(out, 0x81, hex("020301"));
    tlv_put(out, 0x84, hex(resource));
    tlv_put(out, 0x85, hex("067F"));
    tlv_put(out, 0x0C, SPAN_STRING("TEST"));
    tlv_close(out, at);
    return buf_span(out);
}

static void start(void)
{
    const struct cert_request request = {.role = CERT_ROLE_EUICC,
                                         .organization = "softeuicc tests",
                                         .common_name = "Test eUICC",
                                         .serial_number = TEST_EID,
                                         .not_before = 1577836800,
                                         .not_after = 2524608000};

    test_ci_make(&ci, EC_CURVE_P256);
    test_entity_request(&euicc, &request, EC_CURVE_P256, &ci.eum);
    facts = (struct compact_known){
        .euicc_cert = buf_span(&euicc.der),
        .eum_cert = buf_span(&ci.eum.der),
        .info2 = info2("81010082030003E8830110"),
        .ci_key_id = SPAN_ARRAY(ci.key_id),
        .transaction_id = hex(TRANSACTION),
        .server_address = SPAN_STRING(ADDRESS),
        .server_challenge = hex("0F0E0D0C0B0A09080706050403020100"),
        .server_oid = hex(OID),
        .ctx_params1 = hex(CTX_PARAMS1),
        .smdp_signature2 = hex(SIGNATURE2),
        .iccid = hex(ICCID),
    };
}

static void stop(void)
{
    test_entity_free(&euicc);
    test_ci_free(&ci);
}

/* 5F37 over the parts. */
static void put_signature(struct buf *out, struct span first, struct span second)
{
    const struct span parts[] = {first, second};
    uint8_t signature[EC_SIGNATURE_SIZE];

    ck_assert(ec_sign(euicc.key, parts, second.data != NULL ? 2 : 1, signature));
    tlv_put(out, 0x5F37, SPAN_ARRAY(signature));
}

/* tag { A0 { signed, signature, more } } */
static struct span answer(uint32_t tag, struct span signed_object, struct span covered, struct span more1,
                          struct span more2)
{
    struct buf *out = test_buf();
    size_t outer = tlv_open(out, tag);
    size_t inner = tlv_open(out, 0xA0);

    buf_append(out, signed_object);
    put_signature(out, signed_object, covered);
    buf_append(out, more1);
    buf_append(out, more2);
    tlv_close(out, inner);
    tlv_close(out, outer);
    return buf_span(out);
}

/* --- What the eUICC says in full ------------------------------------------------------------------------ */

/* Its free memory is not what it was when EUICCInfo2 was asked for. */
static struct span full_authenticate(void)
{
    struct buf *signed1 = test_buf();
    size_t at = tlv_open(signed1, 0x30);

    tlv_put(signed1, 0x80, facts.transaction_id);
    tlv_put(signed1, 0x83, facts.server_address);
    tlv_put(signed1, 0x84, facts.server_challenge);
    buf_append(signed1, info2("8101018203004E20830108"));
    buf_append(signed1, hex(CTX_PARAMS1));
    tlv_close(signed1, at);
    return answer(0xBF38, buf_span(signed1), SPAN_NONE, buf_span(&euicc.der), buf_span(&ci.eum.der));
}

static struct span full_prepare(bool with_hash)
{
    struct buf *signed2 = test_buf();
    size_t at = tlv_open(signed2, 0x30);

    tlv_put(signed2, 0x80, facts.transaction_id);
    buf_append(signed2, hex(OTPK));
    if (with_hash)
        buf_append(signed2, hex(HASH_CC));
    tlv_close(signed2, at);
    return answer(0xBF21, buf_span(signed2), facts.smdp_signature2, SPAN_NONE, SPAN_NONE);
}

static struct span full_cancel(unsigned reason)
{
    struct buf *object = test_buf();
    size_t at = tlv_open(object, 0x30);

    tlv_put(object, 0x80, facts.transaction_id);
    tlv_put(object, 0x81, facts.server_oid);
    tlv_put_unsigned(object, 0x82, reason);
    tlv_close(object, at);
    return answer(0xBF41, buf_span(object), SPAN_NONE, SPAN_NONE, SPAN_NONE);
}

/* `final`: the content of finalResult in hexadecimal. */
static struct span full_installation(bool with_oid, bool with_iccid, const char *final)
{
    struct buf *data = test_buf();
    struct buf *out = test_buf();
    size_t outer = tlv_open(data, 0xBF27);
    size_t inner;

    tlv_put(data, 0x80, facts.transaction_id);
    inner = tlv_open(data, 0xBF2F);
    tlv_put_unsigned(data, 0x80, 300);
    buf_append(data, hex("81020780"));
    tlv_put_string(data, 0x0C, ADDRESS);
    if (with_iccid)
        tlv_put(data, 0x5A, facts.iccid);
    tlv_close(data, inner);
    if (with_oid)
        tlv_put(data, 0x06, facts.server_oid);
    tlv_put(data, 0xA2, hex(final));
    tlv_close(data, outer);
    outer = tlv_open(out, 0xBF37);
    buf_append(out, buf_span(data));
    put_signature(out, buf_span(data), SPAN_NONE);
    tlv_close(out, outer);
    return buf_span(out);
}

static struct span full_other(void)
{
    struct buf *metadata = test_buf();
    struct buf *out = test_buf();
    size_t at = tlv_open(metadata, 0xBF2F);

    tlv_put_unsigned(metadata, 0x80, 7);
    buf_append(metadata, hex("81020640"));
    tlv_put_string(metadata, 0x0C, ADDRESS);
    tlv_close(metadata, at);
    at = tlv_open(out, 0x30);
    buf_append(out, buf_span(metadata));
    put_signature(out, buf_span(metadata), SPAN_NONE);
    buf_append(out, buf_span(&euicc.der));
    buf_append(out, buf_span(&ci.eum.der));
    tlv_close(out, at);
    return buf_span(out);
}

#define SUCCESS                                                                                              \
    "A01D4F10A0000005591010FFFFFFFF8900001200"                                                               \
    "0409"                                                                                                   \
    "3007A0053003800100"
#define OTHER_SUCCESS                                                                                        \
    "A0204F10A0000005591010FFFFFFFF8900FFFE00"                                                               \
    "040C"                                                                                                   \
    "3009A0073005800100810100"
#define ERROR "A106800105810107"

/* --- Round trips ---------------------------------------------------------------------------------------- */

typedef enum compact_status expand(const struct compact_known *known, struct span response, struct buf *out);

static void expect(int line, expand *function, struct span compact, struct span full)
{
    struct buf out = {0};
    enum compact_status status = function(&facts, compact, &out);

    ck_assert_msg(status == COMPACT_OK, "line %d: %s", line, compact_status_name(status));
    assert_span(__FILE__, line, buf_span(&out), full);
    buf_free(&out);
}
#define expect_restored(function, compact, full) expect(__LINE__, (function), (compact), (full))

/* What the IPA remembers of what it gave the eIM. */
static struct compact_given ipa_knows(bool certs, bool info)
{
    struct compact_given known = {.has_certs = certs, .has_info2 = info};

    ck_assert(compact_digest_certs(facts.euicc_cert, facts.eum_cert, known.certs));
    ck_assert(compact_digest_info2(facts.info2, known.info2));
    return known;
}

START_TEST(restores_authentications)
{
    struct span full;

    start();
    full = full_authenticate();
    for (unsigned i = 0; i < 8; i++) {
        const struct compact_given known = ipa_knows((i & 1) != 0, (i & 2) != 0);
        struct buf compact = {0};

        compact_authenticate(full, &known, (i & 4) != 0, &compact);
        ck_assert_int_eq(compact.size < full.size, (i & 3) != 0);
        expect_restored(compact_expand_authenticate, buf_span(&compact), full);
        buf_free(&compact);
    }
    stop();
}
END_TEST

START_TEST(restores_preparations_and_cancellations)
{
    static const unsigned reasons[] = {0, 1, 2, 3, 4, 5, 127};

    start();
    for (unsigned i = 0; i < 8; i++) {
        bool with_hash = (i & 1) != 0, hash_from_eim = (i & 2) != 0 && with_hash;
        struct span full = full_prepare(with_hash);
        struct buf compact = {0};

        facts.offered_otpk = (i & 4) != 0 ? hex("040102") : SPAN_NONE;
        facts.hash_cc = hash_from_eim ? SPAN(hex(HASH_CC).data + 2, hex(HASH_CC).size - 2) : SPAN_NONE;
        compact_prepare(full, hash_from_eim, facts.offered_otpk, &compact);
        ck_assert_uint_lt(compact.size, full.size);
        expect_restored(compact_expand_prepare, buf_span(&compact), full);
        buf_free(&compact);
    }
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        struct span full = full_cancel(reasons[i]);
        struct buf compact = {0};

        compact_cancel(full, &compact);
        expect_restored(compact_expand_cancel, buf_span(&compact), full);
        buf_free(&compact);
    }
    stop();
}
END_TEST

START_TEST(restores_notifications)
{
    static const char *const results[] = {SUCCESS, OTHER_SUCCESS, ERROR};
    struct compact_given known;
    struct buf compact = {0};
    struct span full;

    start();
    for (unsigned i = 0; i < 6; i++) {
        full = full_installation(true, i >= 3, results[i % 3]);
        buf_clear(&compact);
        compact_installation_result(full, &compact);
        ck_assert_uint_lt(compact.size, full.size);
        ck_assert_span(compact_notification_transaction(buf_span(&compact)), facts.transaction_id);
        expect_restored(compact_expand_notification, buf_span(&compact), full);
    }
    known = ipa_knows(true, false);
    full = full_other();
    buf_clear(&compact);
    compact_other_notification(full, &known, hex(TEST_EID).data, &compact);
    ck_assert_uint_lt(compact.size, full.size / 3);
    ck_assert_hex(compact_notification_eid(buf_span(&compact)), TEST_EID);
    expect_restored(compact_expand_notification, buf_span(&compact), full);
    buf_free(&compact);
    stop();
}
END_TEST

/* --- Forms written by hand (SGP.32 6.3.2) --------------------------------------------------------------- */

/* `before` signature of `full` `after`, in one object with `tag` inside one with `outer` (0: none). */
static struct span by_hand(uint32_t outer, uint32_t tag, const char *before, struct span full,
                           const char *after)
{
    struct buf *out = test_buf();
    size_t marks[2] = {0, 0};
    size_t at = full.size;

    /* The only 5F37 40 in what the test makes. */
    while (memcmp(full.data + --at, "\x5F\x37\x40", 3) != 0)
        ck_assert_uint_gt(at, 0);
    if (outer != 0)
        marks[0] = tlv_open(out, outer);
    marks[1] = tlv_open(out, tag);
    buf_append(out, hex(before));
    buf_append(out, SPAN(full.data + at, 67));
    buf_append(out, hex(after));
    tlv_close(out, marks[1]);
    if (outer != 0)
        tlv_close(out, marks[0]);
    return buf_span(out);
}

START_TEST(reads_forms_written_by_hand)
{
    struct span full;

    start();
    full = full_authenticate();
    expect_restored(compact_expand_authenticate,
                    by_hand(0xBF38, 0xA2, "A00D840B8101018203004E20830108", full, ""), full);
    expect_restored(compact_expand_authenticate,
                    by_hand(0xBF38, 0xA2, "A01F840B8101018203004E20830108A210" CTX_PARAMS1, full, ""), full);
    full = full_prepare(false);
    expect_restored(compact_expand_prepare, by_hand(0xBF21, 0xA2, "3006" OTPK, full, ""), full);
    full = full_cancel(3);
    expect_restored(compact_expand_cancel, by_hand(0xBF41, 0xA2, "3003800103", full, ""), full);
    full = full_cancel(5); /* the reason is left out */
    expect_restored(compact_expand_cancel, by_hand(0xBF41, 0xA2, "3000", full, ""), full);
    full = full_installation(true, true, SUCCESS);
    expect_restored(compact_expand_notification,
                    by_hand(0, 0xA0, "A01E8010" TRANSACTION "0202012CA206A0044F020012", full, ""), full);
    stop();
}
END_TEST

START_TEST(restores_an_installation_without_smdp_oid)
{
    struct span full;

    start();
    full = full_installation(false, false, ERROR);
    expect_restored(compact_expand_notification,
                    by_hand(0, 0xA0, "A0238010" TRANSACTION "0202012C010100A208A106800105810107", full, ""),
                    full);
    stop();
}
END_TEST

/* --- Refusals ------------------------------------------------------------------------------------------- */

static struct span compact_of(expand *function)
{
    const struct compact_given known = ipa_knows(true, true);
    struct buf *out = test_buf();

    if (function == compact_expand_authenticate)
        compact_authenticate(full_authenticate(), &known, true, out);
    else if (function == compact_expand_prepare)
        compact_prepare(full_prepare(true), false, SPAN_NONE, out);
    else if (function == compact_expand_cancel)
        compact_cancel(full_cancel(0), out);
    else
        compact_installation_result(full_installation(true, true, SUCCESS), out);
    return buf_span(out);
}

static expand *const expands[] = {compact_expand_authenticate, compact_expand_prepare, compact_expand_cancel,
                                  compact_expand_notification};

static enum compact_status status_of(expand *function, struct span compact)
{
    struct buf out = {0};
    enum compact_status status = function(&facts, compact, &out);

    buf_free(&out);
    return status;
}

START_TEST(refuses_what_is_not_known)
{
    static const struct {
        expand *function;
        size_t fact;
    } cases[] = {
#define NEEDS(function, member) {(function), offsetof(struct compact_known, member)}
        NEEDS(compact_expand_authenticate, euicc_cert),
        NEEDS(compact_expand_authenticate, eum_cert),
        NEEDS(compact_expand_authenticate, info2),
        NEEDS(compact_expand_authenticate, transaction_id),
        NEEDS(compact_expand_authenticate, server_address),
        NEEDS(compact_expand_authenticate, server_challenge),
        NEEDS(compact_expand_authenticate, ctx_params1),
        NEEDS(compact_expand_prepare, euicc_cert),
        NEEDS(compact_expand_prepare, transaction_id),
        NEEDS(compact_expand_prepare, smdp_signature2),
        NEEDS(compact_expand_cancel, euicc_cert),
        NEEDS(compact_expand_cancel, transaction_id),
        NEEDS(compact_expand_cancel, server_oid),
        NEEDS(compact_expand_notification, euicc_cert),
        NEEDS(compact_expand_notification, server_address),
        NEEDS(compact_expand_notification, iccid),
    };

    start();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct span compact = compact_of(cases[i].function);
        struct compact_known kept = facts;

        ck_assert_int_eq(status_of(cases[i].function, compact), COMPACT_OK);
        *(struct span *)(void *)((char *)&facts + cases[i].fact) = SPAN_NONE;
        ck_assert_msg(status_of(cases[i].function, compact) == COMPACT_UNKNOWN, "case %zu", i);
        facts = kept;
    }
    /* A one-time key that the SM-DP+ has not offered. */
    ck_assert_int_eq(
        status_of(compact_expand_prepare, by_hand(0xBF21, 0xA2, "3000", full_prepare(false), "")),
        COMPACT_UNKNOWN);
    /* Its CI may be cut short, to nothing too. */
    ck_assert_int_eq(status_of(compact_expand_notification,
                               by_hand(0, 0xA1, "BF2F1980010781020640 0C10736D64702E6578616D706C652E636F6D",
                                       full_other(), "0400")),
                     COMPACT_OK);
    /* Signed under another CI. */
    ck_assert_int_eq(status_of(compact_expand_notification,
                               by_hand(0, 0xA1, "BF2F1980010781020640 0C10736D64702E6578616D706C652E636F6D",
                                       full_other(), "04020000")),
                     COMPACT_UNKNOWN);
    stop();
}
END_TEST

START_TEST(refuses_what_is_not_signed)
{
    static const size_t changed[] = {offsetof(struct compact_known, transaction_id),
                                     offsetof(struct compact_known, server_address),
                                     offsetof(struct compact_known, server_challenge),
                                     offsetof(struct compact_known, ctx_params1),
                                     offsetof(struct compact_known, smdp_signature2),
                                     offsetof(struct compact_known, server_oid),
                                     offsetof(struct compact_known, iccid)};
    static const bool matters[4][7] = {
        {1, 1, 1, 1, 0, 0, 0}, {1, 0, 0, 0, 1, 0, 0}, {1, 0, 0, 0, 0, 1, 0}, {0, 1, 0, 0, 0, 1, 1}};

    start();
    for (size_t f = 0; f < 4; f++) {
        struct span compact = compact_of(expands[f]);

        for (size_t c = 0; c < sizeof(changed) / sizeof(changed[0]); c++) {
            struct compact_known kept = facts;
            struct span *fact = (struct span *)(void *)((char *)&facts + changed[c]);
            struct buf other = {0};

            buf_append(&other, *fact);
            other.data[other.size - 1] ^= 1;
            *fact = buf_span(&other);
            ck_assert_msg(status_of(expands[f], compact) ==
                              (matters[f][c] ? COMPACT_BAD_SIGNATURE : COMPACT_OK),
                          "function %zu, fact %zu", f, c);
            facts = kept;
            buf_free(&other);
        }
    }
    /* Another eUICC's. */
    for (size_t f = 0; f < 4; f++) {
        struct span compact = compact_of(expands[f]);

        facts.euicc_cert = buf_span(&ci.dp_auth.der);
        ck_assert_int_eq(status_of(expands[f], compact), COMPACT_BAD_SIGNATURE);
        facts.euicc_cert = buf_span(&euicc.der);
    }
    stop();
}
END_TEST

/* Every compact form cut off after every octet, and with every octet changed: refused, or restored to what
 * was signed all the same (the reason of a cancellation is found without its tag). */
START_TEST(refuses_damaged_forms)
{
    start();
    for (size_t f = 0; f < 4; f++) {
        struct span compact = compact_of(expands[f]);
        struct buf full = {0};

        ck_assert_int_eq(expands[f](&facts, compact, &full), COMPACT_OK);
        for (size_t size = 0; size < compact.size; size++)
            ck_assert_int_eq(status_of(expands[f], SPAN(compact.data, size)), COMPACT_MALFORMED);
        for (size_t at = 0; at < compact.size; at++) {
            struct buf damaged = {0}, out = {0};

            buf_append(&damaged, compact);
            damaged.data[at] ^= 0x01;
            ck_assert_msg(expands[f](&facts, buf_span(&damaged), &out) != COMPACT_OK ||
                              span_equal(buf_span(&out), buf_span(&full)),
                          "function %zu, octet %zu", f, at);
            buf_free(&damaged);
            buf_free(&out);
        }
        ck_assert_int_eq(status_of(expands[f], hex("0400")), COMPACT_MALFORMED);
        buf_free(&full);
    }
    stop();
}
END_TEST

START_TEST(passes_on_full_forms)
{
    static const struct {
        unsigned function;
        const char *octets;
    } cases[] = {
        {0, "BF380DA10B8006010203040506020106"}, /* authenticateResponseError */
        {0, "BF3802A000"},
        {1, "BF2108A106800101020104"}, /* downloadResponseError */
        {2, "BF4103810105"},           /* cancelSessionResponseError */
        {3, "BF3700"},
        {3, "3000"},
    };

    start();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_restored(expands[cases[i].function], hex(cases[i].octets), hex(cases[i].octets));
    facts = (struct compact_known){0}; /* nothing needs to be known for these */
    expect_restored(compact_expand_notification, hex("BF3700"), hex("BF3700"));
    stop();
}
END_TEST

TEST_MAIN("compact", restores_authentications, restores_preparations_and_cancellations,
          restores_notifications, reads_forms_written_by_hand, restores_an_installation_without_smdp_oid,
          refuses_what_is_not_known, refuses_what_is_not_signed, refuses_damaged_forms, passes_on_full_forms)
