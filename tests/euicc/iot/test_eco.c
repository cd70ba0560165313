/*
 * euicc/iot/eco.c: every eIM Configuration Operation with every result code, through signed packages. What a
 * configuration may look like in detail: test_eim.c.
 */
#include "apdu/tlv.h"
#include "euicc/iot/eim.h"
#include "tests/support/eim.h"
#include "tests/support/es10.h"
#include "tests/support/package.h"

#include <stdio.h>
#include <string.h>

#define ME     "656D65" /* "eme" */
#define OTHER  "6F74686572"
#define ADD    0xA8u
#define UPDATE 0xAAu

struct bench {
    struct es10_bench es10;
    struct test_eim eim;   /* the one that orders */
    struct test_eim other; /* the one that it is about */
};

static void open_bench(struct bench *bench)
{
    *bench = (struct bench){.eim = {.id = NULL}};
    es10_open(&bench->es10, 2, 0);
    test_eim_open(&bench->eim, "eme", EC_CURVE_P256);
    test_eim_open(&bench->other, "other", EC_CURVE_BRAINPOOL_P256R1);
    test_eim_associate(&bench->eim, bench->es10.card, false, SPAN_NONE);
}

static void close_bench(struct bench *bench)
{
    test_eim_close(&bench->eim);
    test_eim_close(&bench->other);
    es10_close(&bench->es10);
}

static struct span run(struct bench *bench, struct span commands)
{
    struct test_package package = {.list_tag = ECO, .list = commands};
    struct test_package_result result;

    test_package_send(&bench->es10.terminal, &bench->eim, &package, &result);
    ck_assert_int_eq(result.kind, RESULT_SIGNED);
    return result.results;
}

/* A command with this EimConfigurationData, of the other eIM unless it says otherwise. */
static struct span command(struct bench *bench, uint32_t tag, struct test_eim_configuration configuration)
{
    if (configuration.id == NULL)
        configuration.id = "other";
    if (tag == ADD && configuration.key == NULL && configuration.certificate.data == NULL)
        configuration.key = bench->other.key;
    return test_eim_configuration(tag, &configuration);
}

static struct span add(struct bench *bench, struct test_eim_configuration configuration)
{
    return run(bench, command(bench, ADD, configuration));
}

static struct span update(struct bench *bench, struct test_eim_configuration configuration)
{
    return run(bench, command(bench, UPDATE, configuration));
}

#define CONFIGURATION(...) ((struct test_eim_configuration){__VA_ARGS__})

/* Is the other eIM associated, so that its packages are taken? */
static bool obeys(struct bench *bench, struct test_eim *eim)
{
    struct softeuicc *card = bench->es10.card;
    struct buf *answer = test_buf();
    struct buf request = {0};
    struct test_package_result result;

    test_package_put(&request, eim, &(struct test_package){.list = hex("A700")});
    ck_assert_uint_eq(es10_send(&bench->es10, buf_span(&request), answer), 0x9000);
    buf_free(&request);
    if (answer->data[3] == 0xA2) /* unsigned: the signature means nothing */
        return false;
    test_result_read(eim, card, SPAN_ARRAY(card->credentials[0].ci_key_id), buf_span(answer), &result);
    return result.kind == RESULT_SIGNED;
}

/* --- addEim -------------------------------------------------------------------------------------- */

START_TEST(add_eim_ok)
{
    struct bench bench;

    open_bench(&bench);
    ck_assert(!obeys(&bench, &bench.other));
    ck_assert_hex(add(&bench, CONFIGURATION(.fqdn = "eim.example.com", .id_type = 2)), "A803 020100");
    bench.other.counter = 0;
    ck_assert(obeys(&bench, &bench.other));
    close_bench(&bench);
}
END_TEST

START_TEST(add_eim_gives_tokens)
{
    struct bench bench;

    open_bench(&bench);
    ck_assert_hex(add(&bench, CONFIGURATION(.token = "FF")), "A803 840101");
    ck_assert_hex(add(&bench, CONFIGURATION(.id = "third", .token = "FF")), "A803 840102");
    ck_assert(!obeys(&bench, &bench.other)); /* signed over 84 01 00 */
    bench.other.has_token = true;
    bench.other.token = 1;
    ck_assert(obeys(&bench, &bench.other));
    close_bench(&bench);
}
END_TEST

START_TEST(add_eim_refusals)
{
    char id[16];
    struct bench bench;

    open_bench(&bench);
    ck_assert_hex(add(&bench, CONFIGURATION(.id = "eme")), "A803 020102"); /* associatedEimAlreadyExists */
    ck_assert_hex(add(&bench, CONFIGURATION(.ci_key_id = hex("0102030405060708090A0B0C0D0E0F1011121314"))),
                  "A803 020103");                                            /* ciPKUnknown */
    ck_assert_hex(add(&bench, CONFIGURATION(.token = "01")), "A803 020105"); /* invalidAssociationToken */
    ck_assert_hex(add(&bench, CONFIGURATION(.token = "00")), "A803 020105");
    ck_assert_hex(add(&bench, CONFIGURATION(.counter = "00800000")),
                  "A803 020106");                           /* counterValueOutOfRange */
    ck_assert_hex(run(&bench, hex("A800")), "A803 020107"); /* commandError */
    ck_assert_hex(run(&bench, hex("A807 8005" OTHER)), "A803 020107");
    ck_assert_hex(run(&bench, hex("A803 8105 61")), "A803 020107");
    ck_assert_uint_eq(eim_count(bench.es10.card), 1);
    ck_assert(!obeys(&bench, &bench.other));
    for (unsigned i = 1; i < EIM_ASSOCIATED_MAX; i++) {
        snprintf(id, sizeof(id), "eim-%u", i);
        ck_assert_hex(add(&bench, CONFIGURATION(.id = id)), "A803 020100");
    }
    ck_assert_hex(add(&bench, CONFIGURATION(.id = "too many")), "A803 020101"); /* insufficientMemory */
    close_bench(&bench);
}
END_TEST

/* Results for an eIM that names a CI are signed under that one. */
START_TEST(results_are_signed_under_the_configured_ci)
{
    struct buf *answer = test_buf();
    struct buf request = {0};
    struct test_package_result result;
    struct bench bench;

    open_bench(&bench);
    ck_assert_hex(add(&bench, CONFIGURATION(.ci_key_id = SPAN_ARRAY(bench.es10.cis[1].key_id))),
                  "A803 020100");
    test_package_put(&request, &bench.other, &(struct test_package){.list = hex("A700")});
    ck_assert_uint_eq(es10_send(&bench.es10, buf_span(&request), answer), 0x9000);
    test_result_read(&bench.other, bench.es10.card, SPAN_ARRAY(bench.es10.cis[1].key_id), buf_span(answer),
                     &result);
    ck_assert_int_eq(result.kind, RESULT_SIGNED);
    buf_free(&request);
    close_bench(&bench);
}
END_TEST

/* --- updateEim ----------------------------------------------------------------------------------- */

START_TEST(update_eim_ok)
{
    struct bench bench;

    open_bench(&bench);
    ck_assert_hex(add(&bench, CONFIGURATION(.counter = "10")), "A803 020100");
    bench.other.counter = 0x1F;
    ck_assert_hex(update(&bench, CONFIGURATION(.counter = "20")), "8A0100");
    ck_assert(!obeys(&bench, &bench.other)); /* counter 20: a replay */
    ck_assert(obeys(&bench, &bench.other));  /* 21 */
    /* Another key, with which a lower counter may come. */
    ck_assert_hex(update(&bench, CONFIGURATION(.counter = "02", .key = bench.eim.key)), "8A0100");
    ck_assert(!obeys(&bench, &bench.other));
    ec_key_free(bench.other.key);
    bench.other.key = bench.eim.key;
    bench.eim.key = NULL;
    bench.other.counter = 2;
    ck_assert(obeys(&bench, &bench.other));
    close_bench(&bench);
}
END_TEST

START_TEST(update_eim_refusals)
{
    struct bench bench;

    open_bench(&bench);
    ck_assert_hex(update(&bench, CONFIGURATION(.counter = "20")), "8A0101"); /* eimNotFound */
    ck_assert_hex(add(&bench, CONFIGURATION(.counter = "10")), "A803 020100");
    ck_assert_hex(update(&bench, CONFIGURATION(.counter = "",
                                               .ci_key_id = hex("0102030405060708090A0B0C0D0E0F1011121314"))),
                  "8A0103"); /* ciPKUnknown */
    ck_assert_hex(update(&bench, CONFIGURATION(.counter = "00800000")),
                  "8A0106"); /* counterValueOutOfRange */
    ck_assert_hex(update(&bench, CONFIGURATION(.counter = "20", .token = "FF")), "8A0107"); /* commandError */
    ck_assert_hex(update(&bench, CONFIGURATION(.counter = "20", .token = "01")), "8A0107");
    ck_assert_hex(update(&bench, CONFIGURATION(.counter = "")), "8A0107");   /* nothing to update */
    ck_assert_hex(update(&bench, CONFIGURATION(.counter = "0F")), "8A0107"); /* lower, without a new key */
    ck_assert_hex(update(&bench, CONFIGURATION(.counter = "0F", .key = bench.other.key)), "8A0107");
    ck_assert_hex(run(&bench, hex("AA00")), "8A0107");
    bench.other.counter = 0x10;
    ck_assert(obeys(&bench, &bench.other)); /* nothing of it was done */
    close_bench(&bench);
}
END_TEST

/* What an eIM says of itself has the last word, and the answer is still for who asked. */
START_TEST(an_eim_updates_itself)
{
    struct bench bench;

    open_bench(&bench);
    bench.eim.counter = 5;
    ck_assert_hex(update(&bench, CONFIGURATION(.id = "eme", .counter = "06")), "8A0100");
    ck_assert_hex(update(&bench, CONFIGURATION(.id = "eme", .counter = "06")), "8A0107"); /* this one is 7 */
    ck_assert_hex(update(&bench, CONFIGURATION(.id = "eme", .counter = "40")), "8A0100");
    ck_assert(!obeys(&bench, &bench.eim)); /* 9 */
    bench.eim.counter = 0x40;
    ck_assert(obeys(&bench, &bench.eim));
    ck_assert_hex(update(&bench, CONFIGURATION(.id = "eme", .counter = "00", .key = bench.other.key)),
                  "8A0100");
    ck_assert(!obeys(&bench, &bench.eim));
    close_bench(&bench);
}
END_TEST

/* --- deleteEim, listEim, the list ---------------------------------------------------------------- */

START_TEST(delete_eim)
{
    struct bench bench;

    open_bench(&bench);
    add(&bench, CONFIGURATION(.fqdn = NULL));
    ck_assert_hex(run(&bench, hex("A906 8004 6E6F6E65")), "890101"); /* eimNotFound */
    ck_assert_hex(run(&bench, hex("A902 8000")), "890101");
    ck_assert_hex(run(&bench, hex("A900")), "020102"); /* no eimId: damaged */
    ck_assert_hex(run(&bench, hex("A907 8105" OTHER)), "020102");
    ck_assert_hex(run(&bench, hex("A907 8005" OTHER)), "890100");
    ck_assert_hex(run(&bench, hex("A907 8005" OTHER "AB00")), "890101"); /* a failure ends the list */
    ck_assert_hex(run(&bench, hex("A905 8003" ME "A905 8003" ME)), "890102 890101"); /* lastEimDeleted */
    ck_assert_uint_eq(eim_count(bench.es10.card), 0);
    close_bench(&bench);
}
END_TEST

START_TEST(list_eim)
{
    struct bench bench;

    open_bench(&bench);
    ck_assert_hex(run(&bench, hex("AB00")), "AB09 A007 3005 8003" ME);
    add(&bench, CONFIGURATION(.id_type = 2, .fqdn = "a.b"));
    ck_assert_hex(run(&bench, hex("AB00")), "AB15 A013 3005 8003" ME "300A 8005" OTHER "820102");
    ck_assert_hex(run(&bench, hex("AB01 80")), "020102");
    close_bench(&bench);
}
END_TEST

/* A list sees what it has done, and keeps what it did before a failure. */
START_TEST(an_eco_list)
{
    struct buf list = {0};
    struct bench bench;

    open_bench(&bench);
    buf_append(&list, command(&bench, ADD, CONFIGURATION(.id = "other")));
    buf_append(&list, command(&bench, UPDATE, CONFIGURATION(.id = "other", .counter = "03")));
    buf_append(&list, hex("AB00"));
    buf_append(&list, command(&bench, ADD, CONFIGURATION(.id = "other")));
    buf_append(&list, hex("A905 8003" ME));
    ck_assert_hex(run(&bench, buf_span(&list)),
                  "A803 020100 8A0100 AB12 A010 3005 8003" ME "3007 8005" OTHER "A803 020102");
    ck_assert_uint_eq(eim_count(bench.es10.card), 2);
    bench.other.counter = 3;
    ck_assert(obeys(&bench, &bench.other));
    buf_free(&list);
    close_bench(&bench);
}
END_TEST

/* In a list that fails, in one that is damaged, in one that is cut off: nothing that was done is undone,
 * nothing else is done. */
START_TEST(damaged_eco_lists)
{
    static const char *const damaged[] = {"A300", "A700", "AC00", "BF2D00",
                                          "A9",   "AB80", "3000", "A980 0000"};
    struct bench bench;
    char text[64];

    open_bench(&bench);
    for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
        snprintf(text, sizeof(text), "AB00 %s", damaged[i]);
        ck_assert_hex(run(&bench, hex(text)), "AB09 A007 3005 8003" ME "020102");
    }
    close_bench(&bench);
}
END_TEST

TEST_MAIN("eco", add_eim_ok, add_eim_gives_tokens, add_eim_refusals,
          results_are_signed_under_the_configured_ci, update_eim_ok, update_eim_refusals,
          an_eim_updates_itself, delete_eim, list_eim, an_eco_list, damaged_eco_lists)
