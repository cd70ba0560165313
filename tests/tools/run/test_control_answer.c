/* tools/run/control_answer.c: what every request gets for an answer, and does to the slot. */
#include "tests/support/test.h"

#include "euicc/os/card.h"
#include "tests/support/pki.h"
#include "tools/run/control_answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A slot with a card in it that no reader has found. */
static struct slot *slot_with_card(void)
{
    static struct slot slot;
    static char path[256];
    struct test_ci ci;

    snprintf(path, sizeof(path), "%s", test_path("card.db"));
    unlink(path);
    test_ci_make(&ci, EC_CURVE_P256);
    softeuicc_close(test_card(path, &ci, 1, 0));
    test_ci_free(&ci);
    slot = (struct slot){.number = 2, .port = 35965, .host = "localhost", .path = path, .inserted = true};
    ck_assert(slot_open(&slot));
    return &slot;
}

static json_t *asked_since(struct slot *slot, const char *line, time_t since, enum control_wait *wait)
{
    struct control_request request;
    char why[200];

    ck_assert_msg(control_request_parse(span_of_string(line), &request, why, sizeof(why)), "%s: %s", line,
                  why);
    return control_answer(slot, &request, since, wait);
}

static void assert_json(json_t *answer, const char *expected)
{
    char *text = json_dumps(answer, JSON_COMPACT);

    ck_assert_ptr_nonnull(text);
    ck_assert_str_eq(text, expected);
    free(text);
    json_decref(answer);
}

static void assert_answer(struct slot *slot, const char *line, const char *expected)
{
    enum control_wait wait;

    assert_json(asked_since(slot, line, 0, &wait), expected);
    ck_assert_int_eq(wait, CONTROL_WAIT_NOT);
}

static void assert_refused(struct slot *slot, const char *line, const char *why)
{
    char expected[400];

    snprintf(expected, sizeof(expected), "{\"ok\":false,\"error\":\"%s\"}", why);
    assert_answer(slot, line, expected);
}

static void assert_waits(struct slot *slot, const char *line, enum control_wait expected)
{
    enum control_wait wait;

    ck_assert_ptr_null(asked_since(slot, line, 0, &wait));
    ck_assert_int_eq(wait, expected);
}

/* --- the card in its slot ------------------------------------------------------------------------ */

START_TEST(in_and_out)
{
    struct slot *slot = slot_with_card();

    assert_waits(slot, "{\"command\":\"remove\"}", CONTROL_WAIT_REMOVED);
    assert_waits(slot, "{\"command\":\"power-cycle\"}", CONTROL_WAIT_POWERED);
    assert_refused(slot, "{\"command\":\"insert\"}", "the card is in already");
    slot->inserted = false;
    assert_refused(slot, "{\"command\":\"remove\"}", "the card is out already");
    assert_refused(slot, "{\"command\":\"power-cycle\"}", "the card is out of the reader; put it in");
    assert_waits(slot, "{\"command\":\"insert\"}", CONTROL_WAIT_POWERED);
    assert_json(control_settled(slot, true), "{\"ok\":true,\"result\":{\"card\":\"out\",\"noticed\":true}}");
    slot->inserted = true;
    assert_json(control_settled(slot, false), "{\"ok\":true,\"result\":{\"card\":\"in\",\"noticed\":false}}");
    slot_close(slot);
}
END_TEST

/* After a power cut whose card cannot be opened again only one thing helps. */
START_TEST(a_card_that_is_lost)
{
    static const char *const lines[] = {
        "{\"command\":\"show\"}", "{\"command\":\"remove\"}", "{\"command\":\"power-cycle\"}",
        "{\"command\":\"cut\"}",  "{\"command\":\"time\"}",   "{\"command\":\"trace\",\"set\":\"on\"}",
        "{\"command\":\"ipae\"}",
    };
    struct slot slot = {.path = "a\x1B\xC3\xBC.db", .inserted = true};

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        assert_refused(&slot, lines[i],
                       "a???.db could not be opened again after its power was cut; insert it to try again");
    ck_assert(!slot.trace);
    assert_waits(&slot, "{\"command\":\"insert\"}", CONTROL_WAIT_POWERED);
    slot.inserted = false;
    assert_waits(&slot, "{\"command\":\"insert\"}", CONTROL_WAIT_POWERED);
}
END_TEST

START_TEST(cuts)
{
    struct slot *slot = slot_with_card();
    struct softeuicc_error error;

    assert_answer(slot, "{\"command\":\"cut\"}", "{\"ok\":true,\"result\":{\"after\":1}}");
    assert_answer(slot, "{\"command\":\"cut\",\"after\":17}", "{\"ok\":true,\"result\":{\"after\":17}}");
    assert_answer(slot, "{\"command\":\"cut\",\"after\":0}", "{\"ok\":true,\"result\":{\"after\":0}}");
    softeuicc_close(slot->card);
    slot->card = softeuicc_open(slot->path, NULL, &error);
    ck_assert_msg(slot->card != NULL, "%s", error.message);
    assert_refused(slot, "{\"command\":\"cut\"}", "this card's power cannot be cut");
    slot_close(slot);
}
END_TEST

START_TEST(traces)
{
    struct slot *slot = slot_with_card();

    assert_answer(slot, "{\"command\":\"trace\"}",
                  "{\"ok\":true,\"result\":{\"trace\":false,\"following\":false}}");
    assert_answer(slot, "{\"command\":\"trace\",\"set\":\"on\"}",
                  "{\"ok\":true,\"result\":{\"trace\":true,\"following\":false}}");
    ck_assert(slot->trace);
    assert_answer(slot, "{\"command\":\"trace\",\"set\":\"follow\"}",
                  "{\"ok\":true,\"result\":{\"trace\":true,\"following\":true}}");
    assert_answer(slot, "{\"command\":\"trace\"}",
                  "{\"ok\":true,\"result\":{\"trace\":true,\"following\":false}}");
    assert_answer(slot, "{\"command\":\"trace\",\"set\":\"off\"}",
                  "{\"ok\":true,\"result\":{\"trace\":false,\"following\":false}}");
    ck_assert(!slot->trace);
    slot_close(slot);
}
END_TEST

/* --- the clock ----------------------------------------------------------------------------------- */

/* The time that a request is answered with, and how far the clock is ahead. */
static const char *time_told(struct slot *slot, const char *line, double *ahead)
{
    static char text[40];
    enum control_wait wait;
    json_t *answer = asked_since(slot, line, 0, &wait);
    json_t *result = json_object_get(answer, "result");

    ck_assert(json_is_true(json_object_get(answer, "ok")));
    ck_assert_int_eq(wait, CONTROL_WAIT_NOT);
    snprintf(text, sizeof(text), "%s", json_string_value(json_object_get(result, "time")));
    *ahead = json_number_value(json_object_get(result, "clock_ahead"));
    json_decref(answer);
    return text;
}

static void assert_near(int64_t milliseconds, int64_t expected)
{
    ck_assert_int_ge(milliseconds, expected);
    ck_assert_int_le(milliseconds, expected + 60000); /* of a busy machine */
}

START_TEST(times)
{
    struct slot *slot = slot_with_card();
    double ahead;

    time_told(slot, "{\"command\":\"time\"}", &ahead);
    ck_assert(ahead == 0);
    ck_assert_int_eq(
        strncmp(time_told(slot, "{\"command\":\"time\",\"set\":\"2031-05-06T07:08:09Z\"}", &ahead),
                "2031-05-06T07:0", 15),
        0);
    assert_near(slot_now(slot), INT64_C(1935817689000));
    ck_assert_int_eq((int64_t)(ahead * 1000), slot->clock_offset);
    time_told(slot, "{\"command\":\"time\",\"set\":\"+86400\"}", &ahead);
    assert_near(slot_now(slot), INT64_C(1935817689000) + 86400000);
    time_told(slot, "{\"command\":\"time\",\"set\":\"-86400\"}", &ahead);
    assert_near(slot_now(slot), INT64_C(1935817689000));
    time_told(slot, "{\"command\":\"time\",\"set\":\"real\"}", &ahead);
    ck_assert_int_eq(slot->clock_offset, 0);
    ck_assert(ahead == 0);
    slot_close(slot);
}
END_TEST

START_TEST(times_have_their_limits)
{
    struct slot *slot = slot_with_card();
    int64_t before;
    double ahead;

    ck_assert_str_eq(time_told(slot, "{\"command\":\"time\",\"set\":\"1970-01-01\"}", &ahead),
                     "1970-01-01T00:00:00Z");
    before = slot->clock_offset;
    assert_refused(slot, "{\"command\":\"time\",\"set\":\"-3600\"}", CONTROL_TIME_RANGE);
    ck_assert_int_eq(slot->clock_offset, before);
    time_told(slot, "{\"command\":\"time\",\"set\":\"9999-12-31T00:00:00Z\"}", &ahead);
    before = slot->clock_offset;
    assert_refused(slot, "{\"command\":\"time\",\"set\":\"+86400\"}", CONTROL_TIME_RANGE);
    assert_refused(slot, "{\"command\":\"time\",\"set\":\"+99999999999999999999\"}", CONTROL_TIME_RANGE);
    assert_refused(slot, "{\"command\":\"time\",\"set\":\"-99999999999999999999\"}", CONTROL_TIME_RANGE);
    ck_assert_int_eq(slot->clock_offset, before);
    ck_assert_ptr_nonnull(
        strstr(time_told(slot, "{\"command\":\"time\",\"set\":\"+3600\"}", &ahead), "9999-12-31T01"));
    /* A clock that has come to its end stands. */
    slot->clock_offset += INT64_C(31536000000);
    ck_assert_str_eq(time_told(slot, "{\"command\":\"time\"}", &ahead), "9999-12-31T23:59:59Z");
    slot_close(slot);
}
END_TEST

/* --- show ---------------------------------------------------------------------------------------- */

START_TEST(shows)
{
    struct slot *slot = slot_with_card();
    enum control_wait wait;
    struct timespec now;
    json_t *answer;
    json_t *result;
    char *run;
    char expected[600];

    slot->connected = true;
    slot->trace = true;
    slot->clock_offset = -1500;
    slot->commands = 7;
    slot->resets = 3;
    slot->power_cuts = 1;
    clock_gettime(CLOCK_MONOTONIC, &now);
    answer = asked_since(slot, "{\"command\":\"show\"}", now.tv_sec + 1, &wait); /* began in a second */
    result = json_object_get(answer, "result");
    ck_assert(json_is_true(json_object_get(answer, "ok")));
    ck_assert_str_eq(json_string_value(json_object_get(result, "eid")), TEST_EID);
    ck_assert_int_le(json_integer_value(json_object_get(json_object_get(result, "run"), "uptime")), 60);
    json_object_del(json_object_get(result, "run"), "uptime");
    run = json_dumps(json_object_get(result, "run"), JSON_COMPACT);
    snprintf(expected, sizeof(expected),
             "{\"file\":\"%s\",\"pid\":%d,\"slot\":2,\"host\":\"localhost\",\"port\":35965,\"inserted\":true,"
             "\"connected\":true,\"trace\":true,\"commands\":7,\"resets\":3,\"power_cuts\":1,"
             "\"clock_ahead\":-1.5}",
             slot->path, (int)getpid());
    ck_assert_str_eq(run, expected);
    free(run);
    json_decref(answer);
    slot->host = "caf\xE9";
    answer = asked_since(slot, "{\"command\":\"show\"}", 0, &wait);
    result = json_object_get(json_object_get(answer, "result"), "run");
    ck_assert_ptr_null(json_object_get(result, "host"));
    ck_assert(json_is_string(json_object_get(result, "file")));
    json_decref(answer);
    slot_close(slot);
}
END_TEST

/* --- settings of the IPAe ------------------------------------------------------------------------ */

/* A slot whose card has an IPAe; NULL: in this build none has. */
static struct slot *slot_with_ipae(void)
{
    struct slot *slot = slot_with_card();

    if (softeuicc_setting_at(0) == NULL) {
        slot_close(slot);
        return NULL;
    }
    ck_assert(nvm_change(slot->card->nvm, "INSERT INTO ipae (one, strict) VALUES (1, 0)", NVM_NONE) &&
              nvm_commit(slot->card->nvm));
    softeuicc_close(slot->card);
    ck_assert(slot_open(slot));
    return slot;
}

/* What the answer says of the value for all eIMs; it is one that is set, or not. */
static void assert_setting(json_t *answer, const char *name, const char *value, bool is_set)
{
    json_t *settings = json_object_get(json_object_get(answer, "result"), "settings");
    size_t index, found = 0;
    json_t *row;

    json_array_foreach(settings, index, row)
    {
        if (strcmp(json_string_value(json_object_get(row, "name")), name) != 0)
            continue;
        ck_assert_str_eq(json_string_value(json_object_get(row, "value")), value);
        ck_assert(json_is_true(json_object_get(row, "set")) == is_set);
        found++;
    }
    ck_assert_uint_eq(found, 1);
}

START_TEST(settings)
{
    struct slot *slot = slot_with_ipae();
    enum control_wait wait;
    json_t *answer;

    if (slot == NULL)
        return;
    answer = asked_since(slot, "{\"command\":\"ipae\"}", 0, &wait);
    assert_setting(answer, "poll-interval", "900", false);
    json_decref(answer);
    answer = asked_since(slot,
                         "{\"command\":\"ipae\",\"set\":[{\"name\":\"poll-interval\",\"value\":\"1h\"},"
                         "{\"name\":\"compact\",\"eim\":\"e\",\"value\":\"on\"}]}",
                         0, &wait);
    ck_assert_int_eq(wait, CONTROL_WAIT_NOT);
    assert_setting(answer, "poll-interval", "3600", true);
    assert_setting(answer, "compact", "off", false);
    json_decref(answer);
    assert_refused(slot,
                   "{\"command\":\"ipae\",\"set\":[{\"name\":\"poll-interval\",\"value\":\"default\"},"
                   "{\"name\":\"compact\",\"value\":\"\xC3\xBC\\u001bx\"}]}",
                   "compact is on or off, not '???x'");
    answer = asked_since(slot, "{\"command\":\"ipae\"}", 0, &wait);
    assert_setting(answer, "poll-interval", "3600", true);
    json_decref(answer);
    slot_close(slot);
}
END_TEST

START_TEST(a_card_without_an_ipae_has_no_settings)
{
    struct slot *slot = slot_with_card();

    assert_refused(slot, "{\"command\":\"ipae\"}", "the card has no IPAe");
    slot_close(slot);
}
END_TEST

START_TEST(answers_are_whole)
{
    ck_assert_ptr_null(control_ok(NULL));
    assert_json(control_ok(json_object()), "{\"ok\":true,\"result\":{}}");
    assert_json(control_error("%s at %d", "a\nb\x7F\xC2\x9B", 5), "{\"ok\":false,\"error\":\"a?b??? at 5\"}");
}
END_TEST

TEST_MAIN("control_answer", in_and_out, a_card_that_is_lost, cuts, traces, times, times_have_their_limits,
          shows, settings, a_card_without_an_ipae_has_no_settings, answers_are_whole)
