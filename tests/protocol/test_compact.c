/*
 * Compact forms: made by the IPA (protocol/compact.c) from what a real card signs, restored by the eIM
 * (protocol/restore.c), which verifies the card's signature over what it restored. AuthenticateServer,
 * PrepareDownload and the installation result go through a whole download in test_ipa_download.c.
 */
#include "apdu/tlv.h"
#include "protocol/compact.h"
#include "protocol/restore.h"
#include "tests/support/es10.h"
#include "tests/support/profile.h"
#include "tests/support/server.h"

#include <string.h>

#define A "89490000000000000017"

struct compact_bench {
    struct es10_bench es10;
    struct buf euicc, eum; /* 30 … */
    struct compact_given given;
    struct compact_known known;
};

static void open_bench(struct compact_bench *bench)
{
    struct span certs;
    struct span value;

    memset(bench, 0, sizeof(*bench));
    es10_open(&bench->es10, 1, 0);
    ck_assert(tlv_find_path(es10(&bench->es10, "BF5600"), (const uint32_t[]){0xBF56, 0xA0, 0}, &certs));
    ck_assert(tlv_find(certs, 0xA5, &value));
    tlv_put(&bench->eum, 0x30, value);
    ck_assert(tlv_find(certs, 0xA6, &value));
    tlv_put(&bench->euicc, 0x30, value);
    bench->given.has_certs =
        compact_digest_certs(buf_span(&bench->euicc), buf_span(&bench->eum), bench->given.certs);
    ck_assert(bench->given.has_certs);
    bench->known = (struct compact_known){.euicc_cert = buf_span(&bench->euicc),
                                          .eum_cert = buf_span(&bench->eum),
                                          .ci_key_id = SPAN_ARRAY(bench->es10.cis[0].key_id)};
}

static void close_bench(struct compact_bench *bench)
{
    buf_free(&bench->euicc);
    buf_free(&bench->eum);
    es10_close(&bench->es10);
}

static struct span a_notification(struct compact_bench *bench)
{
    struct span list;

    es10_install(&bench->es10,
                 &(struct es10_profile){.iccid = A, .address = "smdp.example.com", .operations = 0xF});
    es10(&bench->es10, "BF31 11 A00C 5A0A %s 8101FF", es10_iccid(A));
    ck_assert(tlv_find_path(es10(&bench->es10, "BF2B00"), (const uint32_t[]){0xBF2B, 0xA0, 0}, &list));
    ck_assert_uint_gt(list.size, 0);
    return list;
}

START_TEST(a_notification_comes_back)
{
    const uint8_t eid[16] = {0};
    struct compact_bench bench;
    struct buf small = {0};
    struct buf full = {0};
    struct span notification;

    open_bench(&bench);
    notification = a_notification(&bench);
    compact_other_notification(notification, &bench.given, eid, &small);
    ck_assert_uint_lt(small.size, notification.size / 4);
    ck_assert_uint_eq(small.data[0], 0xA1);
    ck_assert_int_eq(compact_expand_notification(&bench.known, buf_span(&small), &full), COMPACT_OK);
    ck_assert_span(buf_span(&full), notification);
    close_bench(&bench);
    buf_free(&small);
    buf_free(&full);
}
END_TEST

START_TEST(without_the_certificates_nothing_is_left_out)
{
    const struct compact_given nothing = {.has_certs = false};
    const uint8_t eid[16] = {0};
    struct compact_bench bench;
    struct compact_given others;
    struct buf out = {0};
    struct span notification;

    open_bench(&bench);
    notification = a_notification(&bench);
    compact_other_notification(notification, &nothing, eid, &out);
    ck_assert_span(buf_span(&out), notification);
    others = bench.given;
    others.certs[0] ^= 1; /* it was given another card's */
    buf_clear(&out);
    compact_other_notification(notification, &others, eid, &out);
    ck_assert_span(buf_span(&out), notification);
    close_bench(&bench);
    buf_free(&out);
}
END_TEST

START_TEST(a_cancelled_session_comes_back)
{
    struct compact_bench bench;
    struct server server;
    struct server_outcome outcome = {0};
    struct buf small = {0};
    struct buf full = {0};
    struct span answer;
    char transaction[33];

    open_bench(&bench);
    server_init(&server, &bench.es10.terminal, &bench.es10.cis[0], test_profile(A), SPAN_NONE);
    ck_assert(server_authenticate(&server, &outcome));
    hex_from_span(SPAN(server.transaction_id, server.transaction_id_size), transaction, sizeof(transaction));
    answer = es10(&bench.es10, "BF41 15 8010 %s 810101", transaction);
    compact_cancel(answer, &small);
    ck_assert_uint_lt(small.size, answer.size);
    bench.known.transaction_id = SPAN(server.transaction_id, server.transaction_id_size);
    bench.known.server_oid = cert_oid(bench.es10.cis[0].dp_auth.cert);
    ck_assert_int_eq(compact_expand_cancel(&bench.known, buf_span(&small), &full), COMPACT_OK);
    ck_assert_span(buf_span(&full), answer);
    server_outcome_free(&outcome);
    server_free(&server);
    close_bench(&bench);
    buf_free(&small);
    buf_free(&full);
}
END_TEST

/* What has not the expected form goes as it is: the eIM refuses it, not the IPA. */
START_TEST(what_is_not_understood_is_left_alone)
{
    static const char *const objects[] = {
        "",
        "30",
        "BF38 05 A103 02017F", /* authenticateResponseError */
        "BF38 02 A000",        /* an empty Ok */
        "BF21 05 A103 020104",
        "BF41 03 810105", /* cancelSessionResponseError */
        "BF37 00",
        "BF37 0B BF27 00 5F37 04 00000000",
        "30 00",
        "30 04 BF2F 00 00",
        "BF38 10 A00E 3000 5F37 00 3000 3000 FFFF 00",
    };
    struct compact_given given = {.has_certs = true, .has_info2 = true};
    const uint8_t eid[16] = {0};

    for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
        struct span object = hex(objects[i]);

        for (unsigned function = 0; function < 5; function++) {
            struct buf out = {0};

            switch (function) {
            case 0:
                compact_authenticate(object, &given, true, &out);
                break;
            case 1:
                compact_prepare(object, true, SPAN_NONE, &out);
                break;
            case 2:
                compact_cancel(object, &out);
                break;
            case 3:
                compact_installation_result(object, &out);
                break;
            default:
                compact_other_notification(object, &given, eid, &out);
            }
            ck_assert_span(buf_span(&out), object);
            buf_free(&out);
        }
    }
}
END_TEST

START_TEST(a_hash_of_the_code_is_left_out_only_if_the_eim_made_it)
{
    struct buf response = {0};
    struct buf out = {0};
    size_t marks[3];
    uint8_t key[65] = {4};
    uint8_t hash[32] = {1};

    marks[0] = tlv_open(&response, 0xBF21);
    marks[1] = tlv_open(&response, 0xA0);
    marks[2] = tlv_open(&response, 0x30);
    tlv_put(&response, 0x80, SPAN_STRING("0123456789ABCDEF"));
    tlv_put(&response, 0x5F49, SPAN_ARRAY(key));
    tlv_put(&response, 0x04, SPAN_ARRAY(hash));
    tlv_close(&response, marks[2]);
    tlv_put(&response, 0x5F37, hex("AA"));
    tlv_close(&response, marks[1]);
    tlv_close(&response, marks[0]);
    compact_prepare(buf_span(&response), false, SPAN_NONE, &out);
    ck_assert_uint_eq(response.size - out.size, 18 + 1); /* and a length octet */
    buf_clear(&out);
    compact_prepare(buf_span(&response), true, SPAN_NONE, &out);
    ck_assert_uint_eq(response.size - out.size, 18 + 34 + 1);
    buf_clear(&out);
    compact_prepare(buf_span(&response), true, SPAN_ARRAY(key), &out);
    ck_assert_hex(buf_span(&out), "BF21 08 A206 3000 5F3701AA");
    buf_free(&response);
    buf_free(&out);
}
END_TEST

TEST_MAIN("compact", a_notification_comes_back, without_the_certificates_nothing_is_left_out,
          a_cancelled_session_comes_back, what_is_not_understood_is_left_alone,
          a_hash_of_the_code_is_left_out_only_if_the_eim_made_it)
