/* euicc/iot/eim.c and eim_configuration.c: which configurations are taken, what is kept of them, and with
 * which code the others are refused. */
#include "euicc/iot/eim.h"
#include "euicc/os/spec_version.h"

#include "apdu/tlv.h"
#include "euicc/iot/eim_configuration.h"
#include "tests/support/eim.h"
#include "tests/support/es10.h"

#include <stdio.h>
#include <string.h>

struct bench {
    struct es10_bench es10;
    struct ec_key *key, *other_key;
    bool has_token;
    int64_t token;
};

static void open_bench(struct bench *bench)
{
    *bench = (struct bench){.has_token = false};
    es10_open(&bench->es10, 2, 0);
    bench->key = ec_key_generate(EC_CURVE_P256, NULL);
    bench->other_key = ec_key_generate(EC_CURVE_BRAINPOOL_P256R1, NULL);
    ck_assert(bench->key != NULL && bench->other_key != NULL);
}

static void close_bench(struct bench *bench)
{
    ec_key_free(bench->key);
    ec_key_free(bench->other_key);
    es10_close(&bench->es10);
}

static struct span content_of(struct span configuration)
{
    struct span content;

    ck_assert_int_eq(tlv_single(configuration, 0x30, &content), TLV_OK);
    return content;
}

/* Adds, with what eim_add promises checked: nothing is written unless OK. */
static enum eim_result add_content(struct bench *bench, struct span content)
{
    struct span before = es10_tables(&bench->es10);
    enum eim_result result = eim_add(bench->es10.card, content, &bench->has_token, &bench->token);

    ck_assert(!nvm_failed(bench->es10.card->nvm));
    ck_assert(nvm_in_transaction(bench->es10.card->nvm) == (result == EIM_OK));
    if (result != EIM_OK) {
        ck_assert(!bench->has_token);
        ck_assert_span(es10_tables(&bench->es10), before);
    }
    ck_assert(nvm_commit(bench->es10.card->nvm));
    return result;
}

static enum eim_result add(struct bench *bench, const struct test_eim_configuration *configuration)
{
    struct test_eim_configuration with_key = *configuration;

    if (with_key.key == NULL && with_key.certificate.data == NULL)
        with_key.key = bench->key;
    return add_content(bench, content_of(test_eim_configuration(0x30, &with_key)));
}

static enum eim_result update(struct bench *bench, const struct test_eim_configuration *configuration)
{
    struct span before = es10_tables(&bench->es10);
    enum eim_result result =
        eim_update(bench->es10.card, content_of(test_eim_configuration(0x30, configuration)));

    ck_assert(nvm_in_transaction(bench->es10.card->nvm) == (result == EIM_OK));
    if (result != EIM_OK)
        ck_assert_span(es10_tables(&bench->es10), before);
    ck_assert(nvm_commit(bench->es10.card->nvm));
    return result;
}

static struct eim found(struct bench *bench, const char *id)
{
    struct eim eim;

    ck_assert(eim_find(bench->es10.card, span_of_string(id), &eim));
    ck_assert_str_eq(eim.id, id);
    return eim;
}

static struct span configurations(struct bench *bench, struct span id)
{
    struct buf *out = test_buf();

    eim_put_configurations(bench->es10.card, id, out);
    return buf_span(out);
}

START_TEST(an_added_eim_is_found)
{
    struct bench bench;
    struct eim eim;

    open_bench(&bench);
    ck_assert_uint_eq(eim_count(bench.es10.card), 0);
    ck_assert(!eim_find(bench.es10.card, SPAN_STRING("2.999.1"), &eim));
    ck_assert_int_eq(add(&bench, &(struct test_eim_configuration){.counter = "7FFFFF"}), EIM_OK);
    ck_assert(!bench.has_token);
    eim = found(&bench, "2.999.1");
    ck_assert_uint_eq(eim.counter, EIM_COUNTER_MAX);
    ck_assert(!eim.has_token);
    ck_assert(ec_key_equal(eim.key, bench.key));
    ck_assert_ptr_eq(eim.credentials, &bench.es10.card->credentials[0]);
    eim_clear(&eim);
    ck_assert_uint_eq(eim_count(bench.es10.card), 1);
    ck_assert(!eim_find(bench.es10.card, SPAN_STRING("2.999.10"), &eim));
    ck_assert(!eim_find(bench.es10.card, SPAN_STRING(""), &eim));
    ck_assert(!eim_find(bench.es10.card, SPAN("2.999.1\0x", 9), &eim));
    close_bench(&bench);
}
END_TEST

START_TEST(keys_come_on_both_curves_and_in_certificates)
{
    struct bench bench;
    struct eim eim;

    open_bench(&bench);
    ck_assert_int_eq(add(&bench, &(struct test_eim_configuration){.id = "b", .key = bench.other_key}),
                     EIM_OK);
    eim = found(&bench, "b");
    ck_assert(ec_key_equal(eim.key, bench.other_key));
    eim_clear(&eim);
    for (size_t i = 0; i < 2; i++) {
        const struct test_entity *entity = &bench.es10.cis[i].dp_auth;
        char id[] = {'c', (char)('0' + i), '\0'};

        ck_assert_int_eq(
            add(&bench, &(struct test_eim_configuration){.id = id, .certificate = buf_span(&entity->der)}),
            EIM_OK);
        eim = found(&bench, id);
        ck_assert(ec_key_equal(eim.key, entity->key));
        eim_clear(&eim);
    }
    close_bench(&bench);
}
END_TEST

START_TEST(results_are_signed_under_the_ci_that_is_named)
{
    struct bench bench;
    struct eim eim;

    open_bench(&bench);
    ck_assert_int_eq(
        add(&bench, &(struct test_eim_configuration){.ci_key_id = SPAN_ARRAY(bench.es10.cis[1].key_id)}),
        EIM_OK);
    eim = found(&bench, "2.999.1");
    ck_assert_ptr_eq(eim.credentials, &bench.es10.card->credentials[1]);
    eim_clear(&eim);
    close_bench(&bench);
}
END_TEST

START_TEST(tokens_are_made_and_none_twice)
{
    struct bench bench;
    struct buf *token = test_buf();
    struct eim eim;

    open_bench(&bench);
    for (int64_t i = 1; i <= 200; i++) {
        ck_assert_int_eq(add(&bench, &(struct test_eim_configuration){.token = "FF"}), EIM_OK);
        ck_assert(bench.has_token);
        ck_assert_int_eq(bench.token, i);
        if (i < 200)
            ck_assert_int_eq(eim_delete(bench.es10.card, SPAN_STRING("2.999.1")), EIM_LAST_DELETED);
    }
    eim = found(&bench, "2.999.1");
    ck_assert(eim.has_token);
    ck_assert_int_eq(eim.token, 200);
    eim_put_token(token, &eim);
    eim_clear(&eim);
    ck_assert_hex(buf_span(token), "84 02 00C8");
    buf_clear(token);
    eim_put_token(token, &(struct eim){.has_token = false});
    ck_assert_hex(buf_span(token), "84 01 00");
    close_bench(&bench);
}
END_TEST

START_TEST(refusals_have_their_codes)
{
    static const uint8_t unknown_ci[20] = {1};
    struct bench bench;
    char long_id[EIM_ID_MAX + 2];

    open_bench(&bench);
    memset(long_id, 'x', sizeof(long_id));
    long_id[EIM_ID_MAX + 1] = '\0';
    ck_assert_int_eq(add(&bench, &(struct test_eim_configuration){.id = long_id}), EIM_COMMAND_ERROR);
    long_id[EIM_ID_MAX] = '\0';
    ck_assert_int_eq(add(&bench, &(struct test_eim_configuration){.id = long_id}), EIM_OK);
    ck_assert_int_eq(add(&bench, &(struct test_eim_configuration){.id = long_id}), EIM_ALREADY_EXISTS);
    ck_assert_int_eq(add(&bench, &(struct test_eim_configuration){.ci_key_id = SPAN_ARRAY(unknown_ci)}),
                     EIM_CI_PK_UNKNOWN);
    ck_assert_int_eq(
        add(&bench, &(struct test_eim_configuration){.ci_key_id = SPAN(bench.es10.cis[0].key_id, 19)}),
        EIM_CI_PK_UNKNOWN);
    ck_assert_int_eq(add(&bench, &(struct test_eim_configuration){.token = "00"}),
                     EIM_INVALID_ASSOCIATION_TOKEN);
    ck_assert_int_eq(add(&bench, &(struct test_eim_configuration){.token = "01"}),
                     EIM_INVALID_ASSOCIATION_TOKEN);
    ck_assert_int_eq(add(&bench, &(struct test_eim_configuration){.token = "7FFFFFFFFFFFFFFFFF"}),
                     EIM_INVALID_ASSOCIATION_TOKEN);
    ck_assert_int_eq(add(&bench, &(struct test_eim_configuration){.counter = "00800000"}),
                     EIM_COUNTER_OUT_OF_RANGE);
    ck_assert_int_eq(add(&bench, &(struct test_eim_configuration){.counter = "FF"}),
                     EIM_COUNTER_OUT_OF_RANGE);
    ck_assert_int_eq(add(&bench, &(struct test_eim_configuration){.counter = "7FFFFFFFFFFFFFFFFF"}),
                     EIM_COUNTER_OUT_OF_RANGE);
    /* Where several apply, the lower code is told. */
    ck_assert_int_eq(add(&bench, &(struct test_eim_configuration){.token = "02",
                                                                  .counter = "FF",
                                                                  .ci_key_id = SPAN_ARRAY(unknown_ci)}),
                     EIM_CI_PK_UNKNOWN);
    ck_assert_int_eq(add(&bench, &(struct test_eim_configuration){.token = "02", .counter = "FF"}),
                     EIM_INVALID_ASSOCIATION_TOKEN);
    ck_assert_int_eq(add(&bench, &(struct test_eim_configuration){.counter = ""}), EIM_COMMAND_ERROR);
    close_bench(&bench);
}
END_TEST

START_TEST(there_is_room_for_so_many)
{
    struct bench bench;
    char id[8];
    struct buf *large = test_buf();

    open_bench(&bench);
    tlv_put_tag(large, 0xAA);
    tlv_put_length(large, EIM_CONFIGURATION_MAX + 4);
    tlv_put_tag(large, 0x04);
    tlv_put_length(large, EIM_CONFIGURATION_MAX);
    ck_assert(buf_reserve(large, EIM_CONFIGURATION_MAX));
    memset(large->data + large->size, 0, EIM_CONFIGURATION_MAX);
    large->size += EIM_CONFIGURATION_MAX;
    ck_assert_int_eq(add(&bench, &(struct test_eim_configuration){.further = buf_span(large)}),
                     EIM_INSUFFICIENT_MEMORY);
    for (int i = 0; i < EIM_ASSOCIATED_MAX; i++) {
        snprintf(id, sizeof(id), "%d", i);
        ck_assert_int_eq(add(&bench, &(struct test_eim_configuration){.id = id}), EIM_OK);
    }
    ck_assert_int_eq(add(&bench, &(struct test_eim_configuration){.id = "more"}), EIM_INSUFFICIENT_MEMORY);
    ck_assert_int_eq(add(&bench, &(struct test_eim_configuration){.id = "0"}), EIM_ALREADY_EXISTS);
    ck_assert_uint_eq(eim_count(bench.es10.card), EIM_ASSOCIATED_MAX);
    close_bench(&bench);
}
END_TEST

/* Members in hexadecimal around a key: what stands before it, what after. */
START_TEST(what_is_malformed_is_a_command_error)
{
    static const struct {
        const char *before, *key, *after;
    } bad[] = {
        {"", "", ""},
        {"830100", "K", ""},          /* no eimId */
        {"8000 830100", "K", ""},     /* an empty one */
        {"8001C3 830100", "K", ""},   /* not UTF-8 */
        {"800100 830100", "K", ""},   /* a zero */
        {"800161 8300", "K", ""},     /* no number */
        {"800161 83020001", "K", ""}, /* not the shortest */
        {"800161 830100 8400", "K", ""},
        {"800161 830100 8402FFFF", "K", ""},
        {"800161 830100", "", ""},       /* no key */
        {"800161 8100 830100", "K", ""}, /* no name in the FQDN */
        {"800161 81012F 830100", "K", ""},
        {"800161 820100 830100", "K", ""}, /* eimIdType */
        {"800161 820104 830100", "K", ""},
        {"800161 8200 830100", "K", ""},
        {"830100 800161", "K", ""},        /* order */
        {"800161 800162 830100", "K", ""}, /* twice */
        {"800161", "K", "830100"},
        {"800161 830100", "K", "A500"},
        {"800161 830100 8B00", "K", ""}, /* known after unknown */
        {"800161 830100", "A500", ""},
        {"800161 830100", "A502A000", ""},
        {"800161 830100", "A5028000", ""},
        {"800161 830100", "A502A200", ""},
        {"800161 830100", "A502A100", ""},
        {"800161 830100", "A5", ""}, /* cut off */
        {"800161 830100", "K", "A600"},
        {"800161 830100", "K", "A602A000"},
        {"800161 830100", "K", "A606A2043000 0300"},
        {"800161 830100", "K", "A607A1053000 030100"},
        {"800161 830100", "K", "8700"},
        {"800161 830100", "K", "870208FF"},
        {"800161 830100", "K", "890100"},
        {"800161 830100", "K", "8802AA"}, /* cut off */
    };
    static const char *const good[] = {
        "",       "A608A0063000 03020000", "A60AA108 3000 3000 03020000", "87020780", "8900", "AA023000",
        "AA0130", "8B0101 CC00",           "870206C0 8900 AA00 BF6400"};
    struct bench bench;

    open_bench(&bench);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct buf *content = test_buf();

        buf_append(content, hex(bad[i].before));
        if (bad[i].key[0] == 'K') {
            size_t outer = tlv_open(content, 0xA5);

            tlv_put(content, 0xA0, test_eim_key_info(bench.key));
            tlv_close(content, outer);
        } else {
            buf_append(content, hex(bad[i].key));
        }
        buf_append(content, hex(bad[i].after));
        ck_assert_msg(add_content(&bench, buf_span(content)) == EIM_COMMAND_ERROR, "%s %s %s", bad[i].before,
                      bad[i].key, bad[i].after);
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ck_assert_msg(add(&bench, &(struct test_eim_configuration){.further = hex(good[i])}) == EIM_OK, "%s",
                      good[i]);
        ck_assert_int_eq(eim_delete(bench.es10.card, SPAN_STRING("2.999.1")), EIM_LAST_DELETED);
    }
    close_bench(&bench);
}
END_TEST

START_TEST(keys_that_are_none_are_command_errors)
{
    struct bench bench;
    struct buf *content = test_buf();
    struct span whole;

    open_bench(&bench);
    whole = content_of(test_eim_configuration(0x30, &(struct test_eim_configuration){.key = bench.key}));
    /* Every octet of the key changed, every end: a point that is not on the curve, another curve,
     * a bad form. */
    for (size_t i = whole.size - 91; i < whole.size; i++) {
        buf_clear(content);
        buf_append(content, whole);
        content->data[i] ^= 0x10;
        ck_assert_msg(add_content(&bench, buf_span(content)) == EIM_COMMAND_ERROR, "octet %zu", i);
        ck_assert_msg(add_content(&bench, SPAN(whole.data, i)) == EIM_COMMAND_ERROR, "end %zu", i);
    }
    close_bench(&bench);
}
END_TEST

START_TEST(what_is_shown_has_no_counter_and_the_token)
{
    struct bench bench;
    struct span shown;
    struct span expected;

    open_bench(&bench);
    ck_assert_int_eq(add(&bench, &(struct test_eim_configuration){.fqdn = "eim.example.com:8443",
                                                                  .id_type = 1,
                                                                  .counter = "05",
                                                                  .token = "FF",
                                                                  .tls = hex("A0063000 03020000"),
                                                                  .further = hex("8900 8B0155")}),
                     EIM_OK);
    ck_assert_int_eq(add(&bench, &(struct test_eim_configuration){.id = "b", .key = bench.other_key}),
                     EIM_OK);
    expected = test_eim_shown(&(struct test_eim_configuration){.fqdn = "eim.example.com:8443",
                                                               .id_type = 1,
                                                               .token = "01",
                                                               .key = bench.key,
                                                               .tls = hex("A0063000 03020000"),
                                                               .further = hex("8900")},
                              SPAN_ARRAY(bench.es10.cis[0].key_id));
    shown = configurations(&bench, SPAN_NONE);
    ck_assert_span(SPAN(shown.data, expected.size), expected);
    ck_assert_span(configurations(&bench, SPAN_STRING("2.999.1")), expected);
    ck_assert_span(configurations(&bench, SPAN_STRING("b")),
                   SPAN(shown.data + expected.size, shown.size - expected.size));
    ck_assert_uint_eq(configurations(&bench, SPAN_STRING("c")).size, 0);
    ck_assert_uint_eq(configurations(&bench, SPAN_STRING("")).size, 0);
    close_bench(&bench);
}
END_TEST

/* Every choice of what is left out. A file of before there were defaults keeps what it has until an update.
 */
START_TEST(what_is_left_out_is_shown_with_its_default)
{
    struct bench bench;
    struct span first;

    open_bench(&bench);
    first = SPAN_ARRAY(bench.es10.cis[0].key_id);
    for (unsigned given = 0; given < 16; given++) {
        struct test_eim_configuration eim = {.fqdn = (given & 8) != 0 ? "eim.example" : NULL,
                                             .id_type = given & 1,
                                             .protocol = (given & 2) != 0 ? hex("0780") : SPAN_NONE};

        if ((given & 4) != 0)
            eim.ci_key_id = SPAN_ARRAY(bench.es10.cis[1].key_id);
        ck_assert_int_eq(add(&bench, &eim), EIM_OK);
        eim.key = bench.key;
        ck_assert_span(configurations(&bench, SPAN_NONE), test_eim_shown(&eim, first));
        ck_assert_int_eq(eim_delete(bench.es10.card, SPAN_STRING("2.999.1")), EIM_LAST_DELETED);
    }
    ck_assert_int_eq(add(&bench, &(struct test_eim_configuration){.fqdn = "a.example"}), EIM_OK);
    ck_assert(nvm_change(bench.es10.card->nvm,
                         "UPDATE eim SET id_type = NULL, ci_key_id = NULL, configuration = ?1",
                         NVM_VALUES(NVM_BLOB(test_eim_configuration(
                             0x30, &(struct test_eim_configuration){.counter = "", .key = bench.key})))));
    ck_assert_int_eq(update(&bench, &(struct test_eim_configuration){.fqdn = "b.example", .counter = ""}),
                     EIM_OK);
    ck_assert_span(
        configurations(&bench, SPAN_NONE),
        test_eim_shown(&(struct test_eim_configuration){.fqdn = "b.example", .key = bench.key}, first));
    close_bench(&bench);
}
END_TEST

/* eSipaProprietaryProtocolInformation: a card of SGP.32 v1.2 passes over it, one of v1.3 keeps and checks it.
 */
START_TEST(proprietary_protocols_came_with_a_version)
{
    struct bench bench;
    struct test_eim_configuration eim = {.protocol = hex("0308"), .further = hex("AA043002 8000")};

    open_bench(&bench);
    eim.key = bench.key;
    ck_assert_int_eq(add(&bench, &eim), EIM_OK);
    eim.further = SPAN_NONE;
    ck_assert_span(configurations(&bench, SPAN_NONE),
                   test_eim_shown(&eim, SPAN_ARRAY(bench.es10.cis[0].key_id)));
    ck_assert_int_eq(eim_delete(bench.es10.card, SPAN_STRING("2.999.1")), EIM_LAST_DELETED);
    ck_assert(nvm_commit(bench.es10.card->nvm));
    memcpy(bench.es10.card->sgp32, spec_version_of_sgp32(SOFTEUICC_SGP32_1_3), CARD_VERSION_SIZE);
    eim.further = hex("AA0130");
    ck_assert_int_eq(add(&bench, &eim), EIM_COMMAND_ERROR);
    eim.further = hex("AA043002 8000");
    ck_assert_int_eq(add(&bench, &eim), EIM_OK);
    ck_assert_span(configurations(&bench, SPAN_NONE),
                   test_eim_shown(&eim, SPAN_ARRAY(bench.es10.cis[0].key_id)));
    close_bench(&bench);
}
END_TEST

START_TEST(an_update_replaces_what_it_names)
{
    struct bench bench;
    struct eim eim;

    open_bench(&bench);
    ck_assert_int_eq(add(&bench,
                         &(struct test_eim_configuration){
                             .fqdn = "a.example", .id_type = 2, .counter = "05", .token = "FF"}),
                     EIM_OK);
    ck_assert_int_eq(update(&bench, &(struct test_eim_configuration){.fqdn = "b.example", .counter = ""}),
                     EIM_OK);
    eim = found(&bench, "2.999.1");
    ck_assert_uint_eq(eim.counter, 5);
    ck_assert(ec_key_equal(eim.key, bench.key));
    eim_clear(&eim);
    /* Another key may begin at a lower counter; the token stays. */
    ck_assert_int_eq(
        update(&bench, &(struct test_eim_configuration){.counter = "01",
                                                        .key = bench.other_key,
                                                        .ci_key_id = SPAN_ARRAY(bench.es10.cis[1].key_id)}),
        EIM_OK);
    eim = found(&bench, "2.999.1");
    ck_assert_uint_eq(eim.counter, 1);
    ck_assert_int_eq(eim.token, 1);
    ck_assert(ec_key_equal(eim.key, bench.other_key));
    ck_assert_ptr_eq(eim.credentials, &bench.es10.card->credentials[1]);
    eim_clear(&eim);
    ck_assert_int_eq(update(&bench, &(struct test_eim_configuration){.counter = "01"}),
                     EIM_OK); /* not lower */
    ck_assert_span(
        configurations(&bench, SPAN_NONE),
        test_eim_shown(&(struct test_eim_configuration){.fqdn = "b.example",
                                                        .id_type = 2,
                                                        .token = "01",
                                                        .key = bench.other_key,
                                                        .ci_key_id = SPAN_ARRAY(bench.es10.cis[1].key_id)},
                       SPAN_ARRAY(bench.es10.cis[0].key_id)));
    close_bench(&bench);
}
END_TEST

START_TEST(updates_are_refused)
{
    static const uint8_t unknown_ci[20] = {1};
    struct bench bench;

    open_bench(&bench);
    ck_assert_int_eq(update(&bench, &(struct test_eim_configuration){.counter = "09"}), EIM_NOT_FOUND);
    ck_assert_int_eq(add(&bench, &(struct test_eim_configuration){.counter = "05"}), EIM_OK);
    ck_assert_int_eq(update(&bench, &(struct test_eim_configuration){.id = "b", .counter = "09"}),
                     EIM_NOT_FOUND);
    ck_assert_int_eq(update(&bench, &(struct test_eim_configuration){.counter = ""}), EIM_COMMAND_ERROR);
    ck_assert_int_eq(
        update(&bench, &(struct test_eim_configuration){.counter = "", .further = hex("8B0100")}),
        EIM_COMMAND_ERROR);
    ck_assert_int_eq(update(&bench, &(struct test_eim_configuration){.token = "FF", .counter = "09"}),
                     EIM_COMMAND_ERROR);
    ck_assert_int_eq(update(&bench, &(struct test_eim_configuration){.counter = "04"}), EIM_COMMAND_ERROR);
    ck_assert_int_eq(update(&bench, &(struct test_eim_configuration){.counter = "04", .key = bench.key}),
                     EIM_COMMAND_ERROR);
    ck_assert_int_eq(
        update(&bench, &(struct test_eim_configuration){.counter = "", .ci_key_id = SPAN_ARRAY(unknown_ci)}),
        EIM_CI_PK_UNKNOWN);
    ck_assert_int_eq(update(&bench, &(struct test_eim_configuration){.counter = "00800000"}),
                     EIM_COUNTER_OUT_OF_RANGE);
    ck_assert_int_eq(update(&bench, &(struct test_eim_configuration){.counter = "FF"}),
                     EIM_COUNTER_OUT_OF_RANGE);
    ck_assert_int_eq(update(&bench, &(struct test_eim_configuration){.counter = "00FF", .id_type = 4}),
                     EIM_COMMAND_ERROR);
    close_bench(&bench);
}
END_TEST

START_TEST(the_last_one_deleted_is_told)
{
    struct bench bench;
    struct buf *list = test_buf();

    open_bench(&bench);
    ck_assert_int_eq(eim_delete(bench.es10.card, SPAN_STRING("a")), EIM_NOT_FOUND);
    ck_assert(!eim_delete_all(bench.es10.card));
    ck_assert(!nvm_in_transaction(bench.es10.card->nvm));
    ck_assert_int_eq(add(&bench, &(struct test_eim_configuration){.id = "a", .id_type = 1}), EIM_OK);
    ck_assert_int_eq(add(&bench, &(struct test_eim_configuration){.id = "b", .id_type = 2}), EIM_OK);
    ck_assert_int_eq(add(&bench, &(struct test_eim_configuration){.id = "c", .id_type = 3}), EIM_OK);
    ck_assert_int_eq(add(&bench, &(struct test_eim_configuration){.id = "d"}), EIM_OK);
    eim_put_list(bench.es10.card, list);
    ck_assert_hex(buf_span(list), "3006 800161 820101 3006 800162 820102 3003 800163 3003 800164");
    ck_assert_int_eq(eim_delete(bench.es10.card, SPAN_STRING("b")), EIM_OK);
    ck_assert_int_eq(eim_delete(bench.es10.card, SPAN_STRING("b")), EIM_NOT_FOUND);
    ck_assert_int_eq(eim_delete(bench.es10.card, SPAN_STRING("a")), EIM_OK);
    ck_assert_int_eq(eim_delete(bench.es10.card, SPAN_STRING("c")), EIM_OK);
    ck_assert_int_eq(eim_delete(bench.es10.card, SPAN_STRING("d")), EIM_LAST_DELETED);
    ck_assert_int_eq(add(&bench, &(struct test_eim_configuration){.id = "a"}), EIM_OK);
    ck_assert(eim_delete_all(bench.es10.card));
    ck_assert_uint_eq(eim_count(bench.es10.card), 0);
    close_bench(&bench);
}
END_TEST

START_TEST(the_counter_moves)
{
    struct bench bench;
    struct eim eim;

    open_bench(&bench);
    ck_assert_int_eq(add(&bench, &(struct test_eim_configuration){.id = "a"}), EIM_OK);
    ck_assert_int_eq(add(&bench, &(struct test_eim_configuration){.id = "b"}), EIM_OK);
    eim = found(&bench, "a");
    ck_assert(eim_set_counter(bench.es10.card, &eim, 77));
    eim_clear(&eim);
    eim = found(&bench, "a");
    ck_assert_uint_eq(eim.counter, 77);
    eim_clear(&eim);
    eim = found(&bench, "b");
    ck_assert_uint_eq(eim.counter, 0);
    eim_clear(&eim);
    close_bench(&bench);
}
END_TEST

TEST_MAIN("eim", an_added_eim_is_found, keys_come_on_both_curves_and_in_certificates,
          results_are_signed_under_the_ci_that_is_named, tokens_are_made_and_none_twice,
          refusals_have_their_codes, there_is_room_for_so_many, what_is_malformed_is_a_command_error,
          keys_that_are_none_are_command_errors, what_is_shown_has_no_counter_and_the_token,
          what_is_left_out_is_shown_with_its_default, proprietary_protocols_came_with_a_version,
          an_update_replaces_what_it_names, updates_are_refused, the_last_one_deleted_is_told,
          the_counter_moves)
