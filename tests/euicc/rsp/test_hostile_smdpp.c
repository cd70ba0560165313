/*
 * A hostile SM-DP+ against a card: every attack of the tables is answered with the code that the
 * specification gives, ends the session and leaves nothing in the card but its notification (and the one-time
 * key that a retry may ask for).
 */
#include "euicc/lifecycle/session.h"
#include "euicc/os/card.h"
#include "tests/euicc/rsp/attacks.h"
#include "tests/support/profile.h"
#include "tests/support/snapshot.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

struct battlefield field;

/* DPauth whose registeredID ends in the middle of a number, signed by the CI all the same. */
static void make_bad_oid(void)
{
    static const uint8_t good[] = {0x88, 0x03, 0x88, 0x37, 0x0A}; /* registeredID 2.999.10 */
    uint8_t *at;

    test_entity_issue(&field.bad_oid, &field.ci, CERT_ROLE_DP_AUTH, TEST_OID, EC_CURVE_P256);
    at = memmem(field.bad_oid.der.data, field.bad_oid.der.size, good, sizeof(good));
    ck_assert_ptr_nonnull(at);
    at[4] = 0x8A;
    test_entity_sign_with(&field.bad_oid, field.ci.ci.key);
}

static void make_battlefield(void)
{
    struct saip_recipe big = saip_recipe_default();
    struct cert_request request = {
        .role = CERT_ROLE_DP_AUTH,
        .organization = "softeuicc tests",
        .common_name = "Hostile server",
        .oid = TEST_OID,
        .not_before = 1577836800,
        .not_after = 2524608000,
    };

    test_ci_make(&field.ci, EC_CURVE_P256);
    test_ci_make(&field.brainpool, EC_CURVE_BRAINPOOL_P256R1);
    test_ci_make(&field.foreign, EC_CURVE_P256);
    test_entity_issue(&field.posing, &field.ci, CERT_ROLE_DP_AUTH, TEST_OID, EC_CURVE_P256);
    test_entity_sign_with(&field.posing, field.foreign.ci.key);
    test_entity_issue(&field.posing_pb, &field.ci, CERT_ROLE_DP_PB, TEST_OID, EC_CURVE_P256);
    test_entity_sign_with(&field.posing_pb, field.foreign.ci.key);
    test_entity_request(&field.below, &request, EC_CURVE_P256, &field.ci.dp_auth);
    make_bad_oid();
    test_entity_issue(&field.no_oid, &field.ci, CERT_ROLE_DP_AUTH, NULL, EC_CURVE_P256);
    test_entity_issue(&field.tls, &field.ci, CERT_ROLE_DP_TLS, TEST_OID, EC_CURVE_P256);
    field.package = test_profile(ICCID_NEW);
    field.package_present = test_profile(ICCID_PRESENT);
    big.iccid = ICCID_NEW;
    big.extra_size = CARD_FREE_NVM + 1;
    field.package_big = test_profile_from(&big);
    server_put_metadata(&field.metadata, ICCID_NEW, "Operator", "Profile", -1);
    server_put_metadata(&field.metadata_present, ICCID_PRESENT, "Operator", "Profile that is there", -1);
}

static void free_battlefield(void)
{
    test_ci_free(&field.ci);
    test_ci_free(&field.brainpool);
    test_ci_free(&field.foreign);
    test_entity_free(&field.posing);
    test_entity_free(&field.posing_pb);
    test_entity_free(&field.below);
    test_entity_free(&field.no_oid);
    test_entity_free(&field.bad_oid);
    test_entity_free(&field.tls);
    buf_free(&field.metadata);
    buf_free(&field.metadata_present);
}

/* A card that has ICCID_PRESENT, downloaded honestly. */
static struct softeuicc *make_card(struct terminal *terminal)
{
    struct softeuicc *card =
        test_card(":memory:", (const struct test_ci[]){field.ci, field.brainpool}, 2, CARD_FREE_NVM);
    struct server_outcome outcome = {0};
    struct server server;

    *terminal = terminal_start(card, SOFTEUICC_COLD);
    server_init(&server, terminal, &field.ci, field.package_present, buf_span(&field.metadata_present));
    ck_assert_msg(server_download(&server, &outcome), "honest download: function %d, %04X, code %d",
                  (int)outcome.function, outcome.status, outcome.code);
    server_outcome_free(&outcome);
    server_free(&server);
    return card;
}

static void check_outcome(const struct attack *attack, const struct server_outcome *outcome)
{
    uint16_t status = attack->status != 0 ? attack->status : 0x9000;

    ck_assert_msg(outcome->function == attack->function && outcome->status == status &&
                      outcome->code == attack->code,
                  "%s: function %d, %04X, code %d (command %d); wanted function %d, %04X, code %d",
                  attack->name, (int)outcome->function, outcome->status, outcome->code, outcome->command,
                  (int)attack->function, status, attack->code);
    if (attack->function == SERVER_FUNCTION_LOAD && attack->code >= 0)
        ck_assert_msg(outcome->command == attack->command, "%s: bppCommandId %d, wanted %d", attack->name,
                      outcome->command, attack->command);
}

/* What stays in the card's memory. */
static void check_memory(const struct attack *attack, const struct snapshot *before,
                         const struct snapshot *after)
{
    bool has_result = attack->function == SERVER_FUNCTION_LOAD && attack->code >= 0;

    snapshot_assert_same(before, after, attack->name);
    ck_assert_msg(after->notifications == before->notifications + has_result, "%s: notifications",
                  attack->name);
    ck_assert_msg(after->last_notification == before->last_notification + has_result, "%s: sequence number",
                  attack->name);
    /* A pair is kept for the retry of whatever got through PrepareDownload. */
    ck_assert_msg(after->one_time_keys - before->one_time_keys <= 2, "%s: one-time keys", attack->name);
    if (attack->function == SERVER_FUNCTION_AUTHENTICATE)
        ck_assert_msg(after->one_time_keys == before->one_time_keys, "%s: one-time keys", attack->name);
}

/* The session is over: neither its segments nor its CancelSession are taken any more. */
static void check_session_is_over(const struct attack *attack, struct server *server)
{
    static const uint8_t header[] = {0xA3, 0x10};
    struct buf response = {0};

    ck_assert_msg(rsp_session_stage(server->terminal->card) ==
                      (attack->challenged ? RSP_CHALLENGED : RSP_NONE),
                  "%s: the session goes on", attack->name);
    ck_assert_uint_eq(terminal_store_data(server->terminal, SPAN_ARRAY(header), &response), 0x6A80);
    ck_assert_int_eq(server_cancel(server, 0), 5);
    buf_free(&response);
}

static void run(const struct attack *attack)
{
    struct server_outcome outcome = {0};
    struct snapshot before;
    struct snapshot after;
    struct server server;
    struct terminal terminal;
    struct softeuicc *card = make_card(&terminal);
    bool installed;

    if (attack->prepare != NULL)
        attack->prepare(&terminal);
    snapshot_take(&before, card);
    server_init(&server, &terminal, &field.ci, field.package, buf_span(&field.metadata));
    server.fault = attack->fault;
    installed = attack->run != NULL ? attack->run(&server, &outcome) : server_download(&server, &outcome);
    ck_assert_msg(!installed, "%s: the card accepted it", attack->name);
    check_outcome(attack, &outcome);
    snapshot_take(&after, card);
    check_memory(attack, &before, &after);
    check_session_is_over(attack, &server);
    snapshot_free(&before);
    snapshot_free(&after);
    server_outcome_free(&outcome);
    server_free(&server);
    softeuicc_close(card);
}

START_TEST(every_attack_fails)
{
    make_battlefield();
    for (size_t i = 0; i < attacks_on_session_count; i++)
        run(&attacks_on_session[i]);
    for (size_t i = 0; i < attacks_on_package_count; i++)
        run(&attacks_on_package[i]);
    free_battlefield();
    printf("%zu attacks, each answered with its code, nothing left behind\n",
           attacks_on_session_count + attacks_on_package_count);
}
END_TEST

TEST_MAIN("hostile SM-DP+", every_attack_fails)
