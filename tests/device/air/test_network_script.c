/* The language of a network's script: every statement, what each refuses with its line, and the model over
 * time. */
#include "device/air/cells.h"
#include "tests/support/test.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define S 1000
#define M (60 * S)
#define H (60 * M)
#define D ((int64_t)24 * H)

static struct network_script *read_script(const char *text)
{
    char why[AIR_WHY_MAX] = "";
    struct network_script *script = network_script_read("x", span_of_string(text), why);

    ck_assert_msg(script != NULL, "%s", why);
    return script;
}

START_TEST(presets)
{
    static const char *const names[] = {"lan", "nbiot", "ltem", "satellite"};
    char why[AIR_WHY_MAX];

    for (size_t i = 0; i < 4; i++) {
        struct network_script *script = network_script_open(names[i], why);

        ck_assert_msg(script != NULL, "%s", why);
        ck_assert_uint_eq(script->cell_count, 1);
        ck_assert_str_eq(script->cells[0].digits, "00101");
        ck_assert_int_eq(cells_next_change(script, 0), PERIOD_NEVER);
        ck_assert_int_eq(script->cells[0].figures.latency_high == 0, i == 0);
        network_script_free(script);
    }
    ck_assert_ptr_null(network_script_open("/nowhere/at/all", why));
    ck_assert_ptr_nonnull(strstr(why, "/nowhere/at/all"));
}
END_TEST

START_TEST(figures_of_a_cell)
{
    struct network_script *script = read_script("preset nbiot\n"
                                                "loss 2.5%\n"
                                                "cell home 262-01 nbiot area 0x10 id 77\n"
                                                "cell away 310-410 ltem\n"
                                                "  latency 100ms\n"
                                                "  up unlimited # no limit\r\n"
                                                "\tmtu 1358\n"
                                                "  search 0\n");
    const struct link_figures *home = &script->cells[0].figures;
    const struct link_figures *away = &script->cells[1].figures;

    ck_assert_uint_eq(script->cell_count, 2);
    ck_assert(home->latency_low == 1600 && home->latency_high == 10000 && home->loss == 25000);
    ck_assert(home->rate[AIR_UP] == 62000 && home->rate[AIR_DOWN] == 26000 && home->mtu == 1600);
    ck_assert(away->latency_low == 100 && away->latency_high == 100 && away->loss == 25000);
    ck_assert(away->rate[AIR_UP] == 0 && away->rate[AIR_DOWN] == 26000 && away->mtu == 1358);
    ck_assert(home->search == 5 * S && away->search == 0);
    ck_assert(script->cells[0].area == 16 && script->cells[0].id == 77);
    ck_assert(script->cells[1].area == 1 && script->cells[1].id == 2);
    ck_assert_hex(SPAN_ARRAY(script->cells[0].plmn), "62F210");
    ck_assert_hex(SPAN_ARRAY(script->cells[1].plmn), "130014");
    ck_assert(script->cells[1].technology == AIR_LTE_M);
    network_script_free(script);
}
END_TEST

START_TEST(all_the_rest)
{
    struct network_script *script = read_script("preset lan\n"
                                                "resolver 2001:db8::53\n"
                                                "ttl 5m\n"
                                                "retry 30s\n"
                                                "host eim.example 192.0.2.1 2001:db8::1\n"
                                                "route 192.0.2.1:443 127.0.0.1:8443\n"
                                                "route [2001:db8::1]:443 [::1]:8443\n"
                                                "route 192.0.2.9 127.0.0.1\n"
                                                "sms imsi 00101 40048100 at 2h\n"
                                                "sms 4004 every 1d from 0 to 3d\n"
                                                "dns silent from 1h to 2h\n"
                                                "dns wrong-id\n");

    ck_assert(script->resolver.at.any.sa_family == AF_INET6 && script->ttl == 300 && script->retry == 30 * S);
    ck_assert_uint_eq(script->host_count, 2);
    ck_assert_uint_eq(script->route_count, 3);
    ck_assert(ntohs(script->routes[1].to.at.v6.sin6_port) == 8443);
    ck_assert_uint_eq(script->message_count, 2);
    ck_assert_span(SPAN(script->messages[0].tpdu, script->messages[0].size), hex("40048100"));
    ck_assert_int_eq(period_next_instant(&script->messages[0].when, 0), 2 * H);
    ck_assert_int_eq(period_next_instant(&script->messages[0].when, 2 * H + 1), PERIOD_NEVER);
    ck_assert_int_eq(period_next_instant(&script->messages[1].when, 1), D);
    ck_assert_int_eq(period_next_instant(&script->messages[1].when, 2 * D), 2 * D);
    ck_assert_int_eq(period_next_instant(&script->messages[1].when, 2 * D + 1), PERIOD_NEVER);
    ck_assert_uint_eq(script->fault_count, 2);
    network_script_free(script);
    script = read_script("preset lan\nresolver none\n");
    ck_assert_uint_eq(script->resolver.size, 0);
    network_script_free(script);
}
END_TEST

START_TEST(cells_over_time)
{
    struct network_script *script = read_script("cell a 262-01 lte\n"
                                                "cell b 208-01 lte from 1h\n"
                                                "cell c 001-01 lte to 2d\n"
                                                "outage a from 2h to 3h\n"
                                                "outage b,c every 24h for 10m\n"
                                                "outage all from 10d for 1s\n");
    int64_t time = 0;
    unsigned changes = 0;

    ck_assert(cells_has(script, 0, 0) && cells_has(script, 0, 2 * H - 1));
    ck_assert(!cells_has(script, 0, 2 * H) && cells_has(script, 0, 3 * H));
    ck_assert(!cells_has(script, 1, H - 1) && cells_has(script, 1, H));
    ck_assert(cells_has(script, 2, 0) && !cells_has(script, 2, D) && !cells_has(script, 2, D + 10 * M - 1));
    ck_assert(cells_has(script, 2, D + 10 * M) && !cells_has(script, 2, 2 * D));
    ck_assert(!cells_has(script, 1, 2 * D) && !cells_has(script, 0, 10 * D) &&
              cells_has(script, 0, 10 * D + S));
    /* Whatever changes, changes at a time that was told. */
    while (time < 12 * D) {
        const int64_t next = cells_next_change(script, time);
        const int64_t middle = time + (next - time) / 2;

        ck_assert_int_gt(next, time);
        for (size_t i = 0; i < 3; i++)
            ck_assert(cells_has(script, i, time) == cells_has(script, i, middle) &&
                      cells_has(script, i, time) == cells_has(script, i, next - 1));
        time = next;
        changes++;
    }
    ck_assert_uint_gt(changes, 25);
    ck_assert_uint_eq(cells_best(script, "208019999999999", 0, 2 * H), 1);
    ck_assert_uint_eq(cells_best(script, "208019999999999", 2, H), 0);
    ck_assert_uint_eq(cells_best(script, "999", 0, 2 * H), 1);
    ck_assert_uint_eq(cells_best(script, "999", 7, 2 * H), CELLS_NONE);
    network_script_free(script);
}
END_TEST

START_TEST(who_is_let_in)
{
    struct network_script *script = read_script("cell a 262-01 lte\n"
                                                "cell b 208-01 lte\n"
                                                "admit imsi 26202123 on a\n"
                                                "reject imsi 26202 cause 11 on a\n"
                                                "reject iccid 8988211000000000025 cause 8 from 1h to 2h\n"
                                                "reject all cause 22 on b from 5h\n");

    ck_assert_uint_eq(cells_cause(script, 0, "262021230000000", "", 0), 0);
    ck_assert_uint_eq(cells_cause(script, 0, "262020000000000", "", 0), 11);
    ck_assert_uint_eq(cells_cause(script, 1, "262020000000000", "", 0), 0);
    ck_assert_uint_eq(cells_cause(script, 0, "001010000000000", "8988211000000000025F", H), 8);
    ck_assert_uint_eq(cells_cause(script, 0, "001010000000000", "8988211000000000025", 2 * H), 0);
    ck_assert_uint_eq(cells_cause(script, 1, "001010000000000", "", 5 * H), 22);
    network_script_free(script);
}
END_TEST

START_TEST(what_is_wrong_and_where)
{
    static const char *const bad[] = {"nonsense",
                                      "latency",
                                      "latency 5",
                                      "latency 5x",
                                      "latency -1s",
                                      "latency 2s..1s",
                                      "latency 1s..",
                                      "latency 1s 2s",
                                      "latency 0.0001s",
                                      "latency 99999999999999999999s",
                                      "latency 1.s",
                                      "up",
                                      "up 5",
                                      "up 0kbit/s",
                                      "up 1.0001bit/s",
                                      "down fast",
                                      "down 999999999Mbit/s",
                                      "loss",
                                      "loss 2",
                                      "loss 101%",
                                      "loss 0.00001%",
                                      "mtu 67",
                                      "mtu 65536",
                                      "mtu x",
                                      "mtu",
                                      "search",
                                      "search 5",
                                      "retry 0",
                                      "retry x",
                                      "preset",
                                      "preset lan",
                                      "preset 5g",
                                      "cell",
                                      "cell a",
                                      "cell a 262-01",
                                      "cell a 26201 lte",
                                      "cell a 262-1 lte",
                                      "cell a 26x-01 lte",
                                      "cell a 262-01 wimax",
                                      "cell a 262-01 lte area",
                                      "cell a 262-01 lte area 65536",
                                      "cell a 262-01 lte id 0x10000000",
                                      "cell a 262-01 lte id -1",
                                      "cell a 262-01 lte sometimes",
                                      "cell all 262-01 lte",
                                      "cell a,b 262-01 lte",
                                      "outage test",
                                      "outage nowhere from 1h",
                                      "outage test,nowhere from 1h",
                                      "outage test,, from 1h",
                                      "outage test at 1h",
                                      "outage test from 1h to 1h",
                                      "outage test from 2h to 1h",
                                      "outage test to 0",
                                      "outage test every 1h",
                                      "outage test every 1h for 1h",
                                      "outage test every 0 for 1s",
                                      "outage test for 1h",
                                      "outage test from 1h from 2h",
                                      "outage test from",
                                      "outage test from x",
                                      "outage test from 1h for 0",
                                      "outage test from 1h to 2h for 5m",
                                      "reject",
                                      "reject all",
                                      "reject all cause",
                                      "reject all cause 0",
                                      "reject all cause 256",
                                      "reject imsi cause 5",
                                      "reject imsi 1234567890123456 cause 5",
                                      "reject iccid 123 cause 5",
                                      "reject nobody cause 5",
                                      "reject all cause 5 on",
                                      "reject all cause 5 on x",
                                      "reject all cause 5 test",
                                      "admit",
                                      "admit some",
                                      "admit all cause 5",
                                      "resolver",
                                      "resolver example",
                                      "resolver 192.0.2.1:53",
                                      "ttl",
                                      "ttl 500ms",
                                      "ttl x",
                                      "host",
                                      "host a",
                                      "host a b",
                                      "host a 192.0.2.1 x",
                                      "host a!b 192.0.2.1",
                                      "host a 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1"
                                      " 1.1.1.1 1.1.1.1 1.1.1.1",
                                      "route",
                                      "route 192.0.2.1",
                                      "route x 127.0.0.1",
                                      "route 192.0.2.1:0 127.0.0.1:1",
                                      "route 192.0.2.1:65536 127.0.0.1:1",
                                      "route 192.0.2.1 127.0.0.1:80",
                                      "route ::1:443x ::1",
                                      "route [::1 ::1",
                                      "route [1.1.1.1]:1 ::1",
                                      "route ]:1 ::1",
                                      "sms",
                                      "sms 00",
                                      "sms 0 at 1h",
                                      "sms zz at 1h",
                                      "sms 00 at",
                                      "sms 00 from 1h",
                                      "sms 00 at 1h to 2h",
                                      "sms 00 every 1h for 5m",
                                      "sms imsi 00 at 1h",
                                      "dns",
                                      "dns slow",
                                      "dns silent at 1h",
                                      "dns silent from 1h x",
                                      "\x01\xFF"};
    char text[512];
    char why[AIR_WHY_MAX];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(text, sizeof(text), "# a network\npreset lan\n\n%s\nmtu 1500\n", bad[i]);
        ck_assert_msg(network_script_read("x.net", span_of_string(text), why) == NULL, "%s", bad[i]);
        ck_assert_msg(strncmp(why, "x.net:4: ", 9) == 0, "%s: %s", bad[i], why);
        ck_assert_msg(strspn(why + 9, " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"
                                      "abcdefghijklmnopqrstuvwxyz{|}~") == strlen(why + 9),
                      "%s", why);
    }
    ck_assert_uint_ge(sizeof(bad) / sizeof(bad[0]), 60);
}
END_TEST

START_TEST(what_no_line_alone_is_wrong_with)
{
    static const struct {
        const char *text;
        size_t size;
        const char *why;
    } bad[] = {
        {"", 0, "x:1: there is no cell"},
        {"mtu 1500\nloss 1%", 16, "x:2: there is no cell"},
        {"preset lan\noutage test from 1h\ncell a 262-01 lte", 48, "x:3: cells come before"},
        {"cell a 262-01 lte\ncell a 262-02 lte", 35, "x:2: there is a cell of this name: a"},
        {"mtu 1500\npreset lan", 19, "x:2: a preset stands first"},
        {"preset lan\n\0mtu 5", 17, "x:2: this is no text"},
        {"preset lan x", 12, "x:1: not understood here: x"},
    };
    char why[AIR_WHY_MAX];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_ptr_null(network_script_read("x", SPAN(bad[i].text, bad[i].size), why));
        ck_assert_msg(strncmp(why, bad[i].why, strlen(bad[i].why)) == 0, "%s: %s", bad[i].why, why);
    }
}
END_TEST

/* The examples of docs/network.md: every ```text block whose first line is a comment. */
START_TEST(examples_of_the_page)
{
    struct span page = test_read_file(SOURCE_DIR "/docs/network.md");
    struct buf *text = test_buf();
    char why[AIR_WHY_MAX];
    unsigned count = 0;
    char *at;

    buf_append(text, page);
    buf_append_octet(text, 0);
    ck_assert(!text->failed);
    at = (char *)text->data;
    while ((at = strstr(at, "```text\n#")) != NULL) {
        const char *begin = at + strlen("```text\n");
        const char *end = strstr(begin, "\n```");
        struct network_script *script;

        ck_assert_ptr_nonnull(end);
        script = network_script_read("example", SPAN(begin, (size_t)(end - begin)), why);
        ck_assert_msg(script != NULL, "%s", why);
        network_script_free(script);
        count++;
        at += 8;
    }
    ck_assert_uint_ge(count, 2);
}
END_TEST

TEST_MAIN("network_script", presets, figures_of_a_cell, all_the_rest, cells_over_time, who_is_let_in,
          what_is_wrong_and_where, what_no_line_alone_is_wrong_with, examples_of_the_page)
