/* euicc/rsp/download.c, bpp*.c, session.c: honest downloads in every shape, retries, cancelled sessions. The
 * dishonest ones are in test_hostile_smdpp.c. */
#include "apdu/tlv.h"
#include "euicc/lifecycle/session.h"
#include "euicc/os/card.h"
#include "euicc/profile/profile_store.h"
#include "tests/support/edit.h"
#include "tests/support/profile.h"
#include "tests/support/server.h"
#include "tests/support/snapshot.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#define ICCID   "89880000000000000010"
#define ICCID_2 "89880000000000000028"

/* A card under both curves, and an honest SM-DP+ that has one profile for it. */
struct bench {
    struct test_ci cis[2]; /* P-256, brainpoolP256r1 */
    struct softeuicc *card;
    struct terminal terminal;
    struct buf metadata;
    struct server server;
    struct server_outcome outcome;
};

static void bench_start(struct bench *bench)
{
    *bench = (struct bench){0};
    test_ci_make(&bench->cis[0], EC_CURVE_P256);
    test_ci_make(&bench->cis[1], EC_CURVE_BRAINPOOL_P256R1);
    bench->card = test_card(":memory:", bench->cis, 2, 0);
    bench->terminal = terminal_start(bench->card, SOFTEUICC_COLD);
    server_put_metadata(&bench->metadata, ICCID, "Operator", "Profile", -1);
    server_init(&bench->server, &bench->terminal, &bench->cis[0], test_profile(ICCID),
                buf_span(&bench->metadata));
}

static void bench_stop(struct bench *bench)
{
    server_free(&bench->server);
    server_outcome_free(&bench->outcome);
    buf_free(&bench->metadata);
    softeuicc_close(bench->card);
    test_ci_free(&bench->cis[0]);
    test_ci_free(&bench->cis[1]);
}

/* The next session of the same SM-DP+. */
static void bench_next(struct bench *bench)
{
    server_free(&bench->server);
    server_init(&bench->server, &bench->terminal, &bench->cis[0], test_profile(ICCID),
                buf_span(&bench->metadata));
}

static void show(const struct server_outcome *outcome)
{
    ck_abort_msg("refused: function %d, status %04X, code %d, bppCommandId %d, after %zu segments",
                 (int)outcome->function, outcome->status, outcome->code, outcome->command,
                 outcome->segments_sent);
}

static void download(struct bench *bench)
{
    if (!server_download(&bench->server, &bench->outcome))
        show(&bench->outcome);
}

/* The profile is there, disabled; its result is pending; nothing of the session is left. */
static void check_installed(struct bench *bench, const char *iccid, int64_t notifications)
{
    struct profile profile = {0};
    struct snapshot now;
    uint8_t octets[ICCID_SIZE];

    ck_assert(iccid_from_digits(iccid, octets));
    ck_assert(profile_by_iccid(bench->card, SPAN_ARRAY(octets), &profile));
    ck_assert_int_eq(profile.state, PROFILE_DISABLED);
    ck_assert_span(buf_span(&profile.metadata), bench->server.metadata);
    ck_assert_span(buf_span(&profile.smdp_address), span_of_string(bench->server.address));
    ck_assert_span(buf_span(&profile.smdp_oid), cert_oid(bench->server.pb->cert));
    profile_clear(&profile);
    snapshot_take(&now, bench->card);
    ck_assert_int_eq(now.one_time_keys, 0);
    ck_assert_int_eq(now.notifications, notifications);
    snapshot_free(&now);
    ck_assert_int_eq(rsp_session_stage(bench->card), RSP_NONE);
}

START_TEST(installs_a_profile)
{
    struct bench bench;

    bench_start(&bench);
    download(&bench);
    check_installed(&bench, ICCID, 1);
    bench_stop(&bench);
}
END_TEST

START_TEST(installs_on_brainpool)
{
    struct bench bench;

    bench_start(&bench);
    bench.server.ci = &bench.cis[1];
    bench.server.auth = &bench.cis[1].dp_auth;
    bench.server.pb = &bench.cis[1].dp_pb;
    bench.server.ci_key_id = SPAN_ARRAY(bench.cis[1].key_id);
    download(&bench);
    check_installed(&bench, ICCID, 1);
    bench_stop(&bench);
}
END_TEST

/* The CI that signs for the card and the CI of the server need not be one. */
START_TEST(signs_under_another_ci_than_the_servers)
{
    struct bench bench;

    bench_start(&bench);
    bench.server.ci = &bench.cis[1];
    bench.server.ci_key_id = SPAN_ARRAY(bench.cis[1].key_id);
    download(&bench);
    check_installed(&bench, ICCID, 1);
    bench_stop(&bench);
}
END_TEST

/* SGP.32 lets it be cut short, SGP.22 v3 lets it be empty: the first of the card's list that begins so. */
START_TEST(knows_a_ci_by_its_beginning)
{
    static const size_t sizes[] = {0, 1, 2, 8, 19, 20};

    for (size_t ci = 0; ci < 2; ci++) {
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            struct bench bench;
            bool same;

            bench_start(&bench);
            same = memcmp(bench.cis[0].key_id, bench.cis[1].key_id, sizes[i]) == 0;
            bench.server.ci = &bench.cis[same ? 0 : ci];
            bench.server.ci_key_id = SPAN(bench.cis[ci].key_id, sizes[i]);
            download(&bench);
            check_installed(&bench, ICCID, 1);
            ck_assert_span(cert_der(bench.server.euicc),
                           cert_der(bench.card->credentials[same ? 0 : ci].euicc_cert));
            bench_stop(&bench);
        }
    }
}
END_TEST

START_TEST(installs_in_every_segmentation)
{
    static const size_t sizes[] = {0,   1,    16,
                                   100, 1007, 1008}; /* 1008: what osmo-smdpp sends, 16 octets beyond 2.5.4 */

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (int how = SEGMENTS_STANDARD; how <= SEGMENTS_JOINED; how++) {
            for (int keys = 0; keys <= 1; keys++) {
                struct bench bench;

                /* Some 20 octets of protection for each octet do not fit into one request. */
                if (how == SEGMENTS_WHOLE && sizes[i] == 1)
                    continue;
                bench_start(&bench);
                bench.server.plain_max = sizes[i];
                bench.server.segmentation = (enum server_segmentation)how;
                bench.server.replace_keys = keys != 0;
                download(&bench);
                check_installed(&bench, ICCID, 1);
                bench_stop(&bench);
            }
        }
    }
}
END_TEST

START_TEST(installs_over_both_protocols)
{
    static const size_t blocks[] = {255, 254, 128, 17};

    for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
        for (int protocol = SOFTEUICC_T0; protocol <= SOFTEUICC_T1; protocol++) {
            struct bench bench;

            bench_start(&bench);
            softeuicc_set_protocol(bench.card, (enum softeuicc_protocol)protocol);
            bench.terminal = terminal_start(bench.card, SOFTEUICC_COLD);
            bench.terminal.block = blocks[i];
            download(&bench);
            check_installed(&bench, ICCID, 1);
            bench_stop(&bench);
        }
    }
}
END_TEST

START_TEST(takes_metadata_in_many_blocks)
{
    struct bench bench;
    struct buf rest = {0};

    bench_start(&bench);
    tlv_put_unsigned(&rest, 0x93, 1);
    tlv_put_tag(&rest, 0x94);
    tlv_put_length(&rest, 1024);
    for (unsigned i = 0; i < 1024; i++)
        buf_append_octet(&rest, (uint8_t)i);
    /* Two addresses besides the SM-DP+ want to know. */
    buf_append(&rest, hex("B6 30  30 16 8002 0780  8110 612E6578616D706C652E636F6D2E2E2E"
                          "       30 16 8002 04F0  8110 622E6578616D706C652E636F6D2E2E2E"));
    edit_append(&bench.metadata, EDIT_PATH(0xBF25), buf_span(&rest));
    bench.server.metadata = buf_span(&bench.metadata);
    download(&bench);
    check_installed(&bench, ICCID, 3);
    buf_free(&rest);
    bench_stop(&bench);
}
END_TEST

START_TEST(signs_the_confirmation_code)
{
    struct bench bench;

    bench_start(&bench);
    bench.server.cc_required = true;
    bench.server.hash_cc = SPAN_STRING("0123456789abcdef0123456789abcdef");
    download(&bench);
    check_installed(&bench, ICCID, 1);
    bench_stop(&bench);
    /* Without one the card signs none: it is the SM-DP+ that misses it. */
    bench_start(&bench);
    bench.server.cc_required = true;
    ck_assert(server_authenticate(&bench.server, &bench.outcome));
    ck_assert(server_prepare(&bench.server, &bench.outcome));
    bench_stop(&bench);
}
END_TEST

START_TEST(takes_transaction_ids_of_any_size)
{
    for (size_t size = 1; size <= 16; size++) {
        struct bench bench;

        bench_start(&bench);
        bench.server.transaction_id_size = size;
        download(&bench);
        check_installed(&bench, ICCID, 1);
        bench_stop(&bench);
    }
}
END_TEST

static void put_proprietary_data(struct server *server, enum server_point point, struct buf *octets)
{
    (void)server;
    if (point == SERVER_CONFIGURE)
        edit_append(octets, EDIT_PATH(0xBF24), hex("B8 09 8003 88370A 8102 1234"));
}

START_TEST(keeps_proprietary_data)
{
    struct bench bench;
    struct snapshot now;

    bench_start(&bench);
    bench.server.fault = put_proprietary_data;
    download(&bench);
    check_installed(&bench, ICCID, 1);
    snapshot_take(&now, bench.card);
    buf_append_octet(&now.rows, 0);
    ck_assert_ptr_nonnull(strstr((const char *)now.rows.data, "BF240BB809800388370A81021234"));
    snapshot_free(&now);
    bench_stop(&bench);
}
END_TEST

START_TEST(installs_a_test_profile_with_test_keys)
{
    struct bench bench;

    bench_start(&bench);
    buf_clear(&bench.metadata);
    server_put_metadata(&bench.metadata, ICCID, "Operator", "Test profile", PROFILE_TEST);
    bench.server.metadata = buf_span(&bench.metadata);
    bench.server.package = test_profile_with_test_keys(ICCID);
    download(&bench);
    check_installed(&bench, ICCID, 1);
    bench_stop(&bench);
}
END_TEST

START_TEST(installs_one_after_the_other)
{
    struct bench bench;
    uint8_t first[16];
    struct span aid;
    static const uint32_t path[] = {0xBF37, 0xBF27, 0xA2, 0xA0, 0x4F, 0};

    bench_start(&bench);
    download(&bench);
    ck_assert(tlv_find_path(buf_span(&bench.outcome.response), path, &aid));
    memcpy(first, aid.data, 16);
    bench_next(&bench);
    buf_clear(&bench.metadata);
    server_put_metadata(&bench.metadata, ICCID_2, "Operator", "Second", -1);
    bench.server.metadata = buf_span(&bench.metadata);
    bench.server.package = test_profile(ICCID_2);
    download(&bench);
    ck_assert(tlv_find_path(buf_span(&bench.outcome.response), path, &aid));
    ck_assert(memcmp(first, aid.data, 16) != 0);
    check_installed(&bench, ICCID_2, 2);
    bench_stop(&bench);
}
END_TEST

/* A broken download, and the same package again in a new session: the card uses the key it is bound to. */
START_TEST(takes_a_bound_package_again)
{
    struct bench bench;
    struct server_keys keys;
    uint8_t otpk[65];

    bench_start(&bench);
    ck_assert(server_authenticate(&bench.server, &bench.outcome) &&
              server_prepare(&bench.server, &bench.outcome));
    server_bind(&bench.server);
    ck_assert(server_load(&bench.server, 0, 6, &bench.outcome));
    memcpy(otpk, bench.server.euicc_otpk, 65);
    keys = bench.server.keys;
    bench.terminal = terminal_start(bench.card, SOFTEUICC_COLD);
    ck_assert_int_eq(rsp_session_stage(bench.card), RSP_NONE);

    bench_next(&bench);
    bench.server.bpp_otpk = SPAN_ARRAY(otpk);
    ck_assert(server_authenticate(&bench.server, &bench.outcome) &&
              server_prepare(&bench.server, &bench.outcome));
    ck_assert_span(SPAN_ARRAY(bench.server.euicc_otpk), SPAN_ARRAY(otpk));
    server_bind(&bench.server);
    ck_assert(memcmp(&keys, &bench.server.keys, sizeof(keys)) != 0);
    ck_assert(server_load(&bench.server, 0, SIZE_MAX, &bench.outcome));
    ck_assert_int_eq(bench.outcome.code, 0);
    check_installed(&bench, ICCID, 1);
    bench_stop(&bench);
}
END_TEST

/* The key is that SM-DP+'s, on that curve, and gone after the installation. */
START_TEST(gives_a_bound_key_to_nobody_else)
{
    struct bench bench;
    uint8_t otpk[65];

    bench_start(&bench);
    ck_assert(server_authenticate(&bench.server, &bench.outcome) &&
              server_prepare(&bench.server, &bench.outcome));
    memcpy(otpk, bench.server.euicc_otpk, 65);

    bench_next(&bench);
    bench.server.bpp_otpk = SPAN_ARRAY(otpk);
    bench.server.auth = &bench.cis[0].dp2_auth;
    bench.server.pb = &bench.cis[0].dp2_pb;
    ck_assert(server_authenticate(&bench.server, &bench.outcome) &&
              server_prepare(&bench.server, &bench.outcome));
    ck_assert(memcmp(bench.server.euicc_otpk, otpk, 65) != 0);

    bench_next(&bench);
    bench.server.bpp_otpk = SPAN_ARRAY(otpk);
    bench.server.ci = &bench.cis[1];
    bench.server.auth = &bench.cis[1].dp_auth;
    bench.server.pb = &bench.cis[1].dp_pb;
    bench.server.ci_key_id = SPAN_ARRAY(bench.cis[1].key_id);
    ck_assert(server_authenticate(&bench.server, &bench.outcome) &&
              server_prepare(&bench.server, &bench.outcome));
    ck_assert(memcmp(bench.server.euicc_otpk, otpk, 65) != 0);

    bench_next(&bench);
    bench.server.bpp_otpk = SPAN_ARRAY(otpk);
    download(&bench);
    ck_assert_span(SPAN_ARRAY(bench.server.euicc_otpk), SPAN_ARRAY(otpk));

    bench_next(&bench);
    bench.server.bpp_otpk = SPAN_ARRAY(otpk);
    ck_assert(server_authenticate(&bench.server, &bench.outcome) &&
              server_prepare(&bench.server, &bench.outcome));
    ck_assert(memcmp(bench.server.euicc_otpk, otpk, 65) != 0);
    bench_stop(&bench);
}
END_TEST

START_TEST(forgets_the_oldest_keys)
{
    struct bench bench;
    struct snapshot now;

    bench_start(&bench);
    for (unsigned i = 1; i <= 2 * RSP_ONE_TIME_KEYS_KEPT; i++) {
        bench_next(&bench);
        ck_assert(server_authenticate(&bench.server, &bench.outcome) &&
                  server_prepare(&bench.server, &bench.outcome));
        snapshot_take(&now, bench.card);
        ck_assert_int_eq(now.one_time_keys, i < RSP_ONE_TIME_KEYS_KEPT ? i : RSP_ONE_TIME_KEYS_KEPT);
        snapshot_free(&now);
    }
    bench_stop(&bench);
}
END_TEST

START_TEST(other_functions_do_not_disturb)
{
    struct bench bench;
    struct buf response = {0};

    bench_start(&bench);
    ck_assert(server_authenticate(&bench.server, &bench.outcome) &&
              server_prepare(&bench.server, &bench.outcome));
    server_bind(&bench.server);
    for (size_t i = 0; i < bench.server.segments_count; i++) {
        ck_assert_uint_eq(terminal_store_data(&bench.terminal, hex("BF3E 03 5C015A"), &response), 0x9000);
        ck_assert(server_load(&bench.server, i, i + 1, &bench.outcome));
    }
    check_installed(&bench, ICCID, 1);
    buf_free(&response);
    bench_stop(&bench);
}
END_TEST

START_TEST(cancels_at_every_stage)
{
    static const int reasons[] = {0, 1, 2, 3, 4, 5, 127};

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        for (int stage = RSP_AUTHENTICATED; stage <= RSP_LOADING; stage++) {
            struct bench bench;

            bench_start(&bench);
            ck_assert(server_authenticate(&bench.server, &bench.outcome));
            if (stage >= RSP_PREPARED)
                ck_assert(server_prepare(&bench.server, &bench.outcome));
            if (stage == RSP_LOADING) {
                server_bind(&bench.server);
                ck_assert(server_load(&bench.server, 0, 5, &bench.outcome));
            }
            ck_assert_int_eq(rsp_session_stage(bench.card), stage);
            ck_assert_int_eq(server_cancel(&bench.server, 6), 127); /* no such reason: the session goes on */
            ck_assert_int_eq(server_cancel(&bench.server, reasons[i]), 0);
            ck_assert_int_eq(rsp_session_stage(bench.card), RSP_NONE);
            ck_assert_int_eq(server_cancel(&bench.server, reasons[i]), 5);
            ck_assert_uint_eq(profile_count(bench.card), 0);
            bench_stop(&bench);
        }
    }
}
END_TEST

START_TEST(refuses_to_cancel_what_is_not_there)
{
    struct bench bench;
    struct buf response = {0};

    bench_start(&bench);
    ck_assert_int_eq(server_cancel(&bench.server, 0), 5);
    ck_assert_uint_eq(terminal_store_data(&bench.terminal, hex("BF2E00"), &response), 0x9000);
    ck_assert_int_eq(server_cancel(&bench.server, 0), 5); /* no transaction yet */
    ck_assert(server_authenticate(&bench.server, &bench.outcome));
    bench.server.transaction_id[3] ^= 1;
    ck_assert_int_eq(server_cancel(&bench.server, 0), 5); /* somebody else's */
    bench.server.transaction_id[3] ^= 1;
    ck_assert_int_eq(server_cancel(&bench.server, -1), -1); /* no number of the module */
    ck_assert_uint_eq(terminal_store_data(&bench.terminal, hex("BF41 03 800101"), &response), 0x6A80);
    ck_assert_uint_eq(terminal_store_data(&bench.terminal, hex("BF41 00"), &response), 0x6A80);
    ck_assert_int_eq(server_cancel(&bench.server, 0), 0);
    buf_free(&response);
    bench_stop(&bench);
}
END_TEST

START_TEST(authenticates_an_sm_ds)
{
    struct bench bench;

    bench_start(&bench);
    bench.server.auth = &bench.cis[0].ds_auth;
    ck_assert(server_authenticate(&bench.server, &bench.outcome));
    ck_assert_int_eq(server_cancel(&bench.server, 127), 0);
    bench_stop(&bench);
}
END_TEST

/* A card has no clock that it could trust. */
START_TEST(does_not_look_at_dates)
{
    struct cert_request request = {
        .role = CERT_ROLE_DP_AUTH,
        .organization = "softeuicc tests",
        .common_name = "Expired server",
        .oid = TEST_OID,
        .not_before = 946684800, /* 2000 */
        .not_after = 978307200,  /* 2001 */
    };
    struct test_entity auth;
    struct test_entity pb;
    struct bench bench;

    bench_start(&bench);
    test_entity_request(&auth, &request, EC_CURVE_P256, &bench.cis[0].ci);
    request.role = CERT_ROLE_DP_PB;
    test_entity_request(&pb, &request, EC_CURVE_P256, &bench.cis[0].ci);
    bench.server.auth = &auth;
    bench.server.pb = &pb;
    download(&bench);
    check_installed(&bench, ICCID, 1);
    test_entity_free(&auth);
    test_entity_free(&pb);
    bench_stop(&bench);
}
END_TEST

START_TEST(works_after_a_refusal)
{
    struct bench bench;

    bench_start(&bench);
    bench.server.auth_key = bench.cis[0].dp2_auth.key;
    ck_assert(!server_download(&bench.server, &bench.outcome));
    bench_next(&bench);
    bench.server.pb_key = bench.cis[0].dp2_pb.key;
    ck_assert(!server_download(&bench.server, &bench.outcome));
    bench_next(&bench);
    download(&bench);
    check_installed(&bench, ICCID, 1);
    bench_stop(&bench);
}
END_TEST

/* --- the industry's own material ----------------------------------------------------------------- */

static void load_entity(struct test_entity *entity, const char *directory, const char *name)
{
    char path[128];
    enum cert_status status;

    *entity = (struct test_entity){0};
    snprintf(path, sizeof(path), "%s/CERT_%s.der", directory, name);
    buf_append(&entity->der, test_read_file(shared_data(path)));
    entity->cert = cert_parse(buf_span(&entity->der), &status);
    ck_assert_msg(entity->cert != NULL, "%s: %s", path, cert_status_name(status));
    snprintf(path, sizeof(path), "%s/SK_%s.der", directory, name);
    if (shared_data(path) != NULL) {
        entity->key = ec_key_from_private_der_or_pem(test_read_file(shared_data(path)));
        ck_assert_ptr_nonnull(entity->key);
    }
}

static void load_sgp26(struct test_ci *ci)
{
    *ci = (struct test_ci){.curve = EC_CURVE_P256};
    load_entity(&ci->ci, "sgp26-nist", "CI_ECDSA_NIST");
    /* Nobody has its private key; the public one is what checks need. */
    uint8_t point[EC_POINT_SIZE];
    ec_key_point(cert_key(ci->ci.cert), point);
    ci->ci.key = ec_key_from_point(EC_CURVE_P256, SPAN_ARRAY(point));
    load_entity(&ci->eum, "sgp26-nist", "EUM_ECDSA_NIST");
    load_entity(&ci->dp_auth, "sgp26-nist", "S_SM_DPauth_ECDSA_NIST");
    load_entity(&ci->dp_pb, "sgp26-nist", "S_SM_DPpb_ECDSA_NIST");
    ck_assert_uint_eq(cert_subject_key_id(ci->ci.cert).size, 20);
    memcpy(ci->key_id, cert_subject_key_id(ci->ci.cert).data, 20);
}

/* The header's ICCID, tag 83, with the nibbles in reading order. */
static void iccid_of(struct span package, char digits[21])
{
    static const uint32_t path[] = {0xA0, 0x83, 0};
    struct span iccid;

    ck_assert(tlv_find_path(package, path, &iccid) && iccid.size == 10);
    hex_from_span(iccid, digits, 21);
    if (digits[19] == 'F')
        digits[19] = '\0';
}

START_TEST(installs_ts48_profiles_with_sgp26_certificates)
{
    static const char *const names[] = {"TS48v1_A.der", "TS48v3_SAIP2.1_NoBERTLV.der",
                                        "TS48v5_SAIP2.3_BERTLV_SUCI.der"};
    struct test_ci ci;

    if (shared_data("sgp26-nist/CERT_CI_ECDSA_NIST.der") == NULL) {
        printf("skipped: the SGP.26 certificates and TS.48 profiles are not there\n");
        return;
    }
    load_sgp26(&ci);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct bench bench = {0};
        char path[64];
        char digits[21];
        struct span package;

        snprintf(path, sizeof(path), "ts48/%s", names[i]);
        package = test_read_file(shared_data(path));
        iccid_of(package, digits);
        server_put_metadata(&bench.metadata, digits, "GSMA", names[i], PROFILE_TEST);
        bench.card = test_card(":memory:", &ci, 1, 0);
        bench.terminal = terminal_start(bench.card, SOFTEUICC_COLD);
        server_init(&bench.server, &bench.terminal, &ci, package, buf_span(&bench.metadata));
        bench.server.plain_max = 1008;
        download(&bench);
        check_installed(&bench, digits, 1);
        server_free(&bench.server);
        server_outcome_free(&bench.outcome);
        buf_free(&bench.metadata);
        softeuicc_close(bench.card);
    }
    test_ci_free(&ci);
}
END_TEST

TEST_MAIN("download", installs_a_profile, installs_on_brainpool, signs_under_another_ci_than_the_servers,
          knows_a_ci_by_its_beginning, installs_in_every_segmentation, installs_over_both_protocols,
          takes_metadata_in_many_blocks, signs_the_confirmation_code, takes_transaction_ids_of_any_size,
          keeps_proprietary_data, installs_a_test_profile_with_test_keys, installs_one_after_the_other,
          takes_a_bound_package_again, gives_a_bound_key_to_nobody_else, forgets_the_oldest_keys,
          other_functions_do_not_disturb, cancels_at_every_stage, refuses_to_cancel_what_is_not_there,
          authenticates_an_sm_ds, does_not_look_at_dates, works_after_a_refusal,
          installs_ts48_profiles_with_sgp26_certificates)
