/* euicc/network/resolver.c: a resolver that is handed its time and its servers' datagrams. */
#include "euicc/network/resolver.h"
#include "tests/euicc/network/dns_messages.h"
#include "tests/support/test.h"

#include <string.h>

#define NAME   "eim.example"
#define RANDOM UINT64_C(0x4444333322221111)

static struct resolver resolver;
static struct ip_address servers[2];
static int64_t now;

static void begin(const char *host, size_t server_count, enum resolver_families families)
{
    struct resolver_settings settings = {.server_count = server_count, .families = families};

    ck_assert(host_address("192.0.2.53", &servers[0]) && host_address("2001:db8::53", &servers[1]));
    memcpy(settings.servers, servers, sizeof(servers));
    now = 1000;
    resolver_begin(&resolver, host, &settings, RANDOM, now);
}

/* The next question is one with this id and for this server. */
static void expect_question(uint16_t id, enum dns_type type, size_t server)
{
    struct buf *question = test_buf();
    struct buf *expected = test_buf();
    struct ip_address to;

    ck_assert(resolver_send(&resolver, now, question, &to));
    ck_assert(dns_put_question(expected, id, NAME, type));
    ck_assert_span(buf_span(question), buf_span(expected));
    ck_assert(host_same_address(&to, &servers[server]));
}

/* Nothing more is to be sent before `due`. */
static void expect_wait(int64_t due)
{
    struct buf *question = test_buf();
    struct ip_address to;

    ck_assert(!resolver_send(&resolver, now, question, &to));
    ck_assert_uint_eq(question->size, 0);
    ck_assert_int_eq(resolver_due(&resolver), due);
}

static void answer_a(uint16_t id, size_t server, unsigned rcode, uint8_t last_octet, uint32_t ttl)
{
    struct buf *answer = test_buf();

    dns_begin(answer, id, DNS_ANSWER_FLAGS | rcode, NAME, DNS_A);
    if (last_octet != 0)
        dns_ipv4(answer, NAME, ttl, last_octet);
    else if (ttl != 0)
        dns_soa(answer, ttl, ttl);
    resolver_receive(&resolver, &servers[server], buf_span(answer), now);
}

static void answer_aaaa(uint16_t id, size_t server, unsigned rcode, bool found, uint32_t ttl)
{
    struct buf *answer = test_buf();

    dns_begin(answer, id, DNS_ANSWER_FLAGS | rcode, NAME, DNS_AAAA);
    if (found)
        dns_record(answer, false, NAME, DNS_AAAA, ttl, hex("20010DB8000000000000000000000007"));
    else if (ttl != 0)
        dns_soa(answer, ttl, ttl);
    resolver_receive(&resolver, &servers[server], buf_span(answer), now);
}

static struct resolved expect_done(void)
{
    struct resolved resolved;
    struct buf *question = test_buf();
    struct ip_address to;

    ck_assert(resolver_is_done(&resolver, &resolved));
    ck_assert_int_eq(resolver_due(&resolver), INT64_MAX);
    ck_assert(!resolver_send(&resolver, now, question, &to));
    ck_assert((resolved.count == 0) == (resolved.why != NULL));
    return resolved;
}

static void expect_failure(const char *why, bool final, uint32_t ttl)
{
    struct resolved resolved = expect_done();

    ck_assert_uint_eq(resolved.count, 0);
    ck_assert_str_eq(resolved.why, why);
    ck_assert(resolved.final == final);
    ck_assert_uint_eq(resolved.ttl, ttl);
}

START_TEST(one_question_one_answer)
{
    struct resolved resolved;

    begin(NAME, 2, RESOLVER_IPV4);
    ck_assert(!resolver_is_done(&resolver, &resolved));
    ck_assert_int_eq(resolver_due(&resolver), now);
    expect_question(0x1111, DNS_A, 0);
    expect_wait(now + 2000);
    answer_a(0x1111, 0, 0, 9, 77);
    resolved = expect_done();
    ck_assert_uint_eq(resolved.count, 1);
    ck_assert_hex(SPAN(resolved.addresses[0].octets, resolved.addresses[0].size), "C0000209");
    ck_assert_uint_eq(resolved.ttl, 77);
    /* What comes late changes nothing. */
    answer_a(0x1111, 0, 3, 0, 5);
    ck_assert_uint_eq(expect_done().count, 1);
    ck_assert(resolver_is_done(&resolver, NULL));
}
END_TEST

START_TEST(both_families)
{
    for (unsigned order = 0; order < 2; order++) {
        struct resolved resolved;

        begin(NAME, 1, RESOLVER_BOTH);
        expect_question(0x1111, DNS_A, 0);
        expect_question(0x3333, DNS_AAAA, 0);
        expect_wait(now + 2000);
        if (order == 0)
            answer_a(0x1111, 0, 0, 9, 77);
        answer_aaaa(0x3333, 0, 0, true, 66);
        if (order == 1)
            answer_a(0x1111, 0, 0, 9, 55);
        resolved = expect_done();
        ck_assert_uint_eq(resolved.count, 2);
        ck_assert_uint_eq(resolved.addresses[0].size, IPV4_SIZE);
        ck_assert_uint_eq(resolved.addresses[1].size, IPV6_SIZE);
        ck_assert_uint_eq(resolved.ttl, order == 0 ? 66 : 55);
    }
    begin(NAME, 1, RESOLVER_IPV6);
    expect_question(0x1111, DNS_AAAA, 0);
    answer_aaaa(0x1111, 0, 0, true, 66);
    ck_assert_uint_eq(expect_done().addresses[0].size, IPV6_SIZE);
}
END_TEST

/* One family is there: the other one is waited for as long as its try lasts, and not asked again. */
START_TEST(one_family_is_enough)
{
    begin(NAME, 2, RESOLVER_BOTH);
    expect_question(0x1111, DNS_A, 0);
    expect_question(0x3333, DNS_AAAA, 0);
    now += 500;
    answer_a(0x1111, 0, 0, 9, 77);
    ck_assert(!resolver_is_done(&resolver, NULL));
    expect_wait(now + 1500);
    now += 1500;
    expect_wait(INT64_MAX);
    ck_assert_uint_eq(expect_done().count, 1);

    /* Or until it fails. */
    begin(NAME, 2, RESOLVER_BOTH);
    expect_question(0x1111, DNS_A, 0);
    expect_question(0x3333, DNS_AAAA, 0);
    answer_a(0x1111, 0, 0, 9, 77);
    answer_aaaa(0x3333, 0, 2, false, 0);
    ck_assert_uint_eq(expect_done().ttl, 77);

    /* One has no data: that is no failure of the whole. */
    begin(NAME, 1, RESOLVER_BOTH);
    expect_question(0x1111, DNS_A, 0);
    expect_question(0x3333, DNS_AAAA, 0);
    answer_a(0x1111, 0, 0, 0, 5);
    answer_aaaa(0x3333, 0, 0, true, 66);
    ck_assert_uint_eq(expect_done().ttl, 66);
}
END_TEST

START_TEST(nobody_answers)
{
    static const int64_t waits[] = {2000, 4000, 8000};

    begin(NAME, 2, RESOLVER_IPV4);
    for (size_t server = 0; server < 2; server++) {
        for (size_t try = 0; try < 3; try++) {
            expect_question(server == 0 ? 0x1111 : 0x2222, DNS_A, server);
            expect_wait(now + waits[try]);
            now += waits[try] - 1;
            expect_wait(now + 1);
            now++;
        }
    }
    expect_wait(INT64_MAX);
    expect_failure("no name server answered", false, 0);
    ck_assert_int_eq(now, 1000 + 2 * 14000);
}
END_TEST

START_TEST(the_next_server_is_asked_at_once)
{
    begin(NAME, 2, RESOLVER_IPV4);
    expect_question(0x1111, DNS_A, 0);
    answer_a(0x1111, 0, 5, 0, 0);
    ck_assert_int_eq(resolver_due(&resolver), now);
    /* Before it is asked it has said nothing. */
    answer_a(0x2222, 1, 0, 8, 5);
    ck_assert(!resolver_is_done(&resolver, NULL));
    expect_question(0x2222, DNS_A, 1);
    /* What the first one says now is late. */
    answer_a(0x1111, 0, 0, 8, 5);
    ck_assert(!resolver_is_done(&resolver, NULL));
    answer_a(0x2222, 1, 0, 9, 5);
    ck_assert_uint_eq(expect_done().addresses[0].octets[3], 9);

    begin(NAME, 2, RESOLVER_IPV4);
    expect_question(0x1111, DNS_A, 0);
    answer_a(0x1111, 0, 5, 0, 0);
    expect_question(0x2222, DNS_A, 1);
    answer_a(0x2222, 1, 2, 0, 0);
    expect_failure("the name server failed", false, 0);
}
END_TEST

START_TEST(nothing_is_found)
{
    begin(NAME, 2, RESOLVER_IPV4);
    expect_question(0x1111, DNS_A, 0);
    answer_a(0x1111, 0, 3, 0, 300);
    expect_failure("there is no such name", true, 300);

    begin(NAME, 1, RESOLVER_BOTH);
    expect_question(0x1111, DNS_A, 0);
    expect_question(0x3333, DNS_AAAA, 0);
    answer_a(0x1111, 0, 0, 0, 300);
    answer_aaaa(0x3333, 0, 0, false, 200);
    expect_failure("the name has no such address", true, 200);

    /* Nobody knows about the other family: that there is nothing is not certain. */
    for (unsigned which = 0; which < 2; which++) {
        begin(NAME, 1, RESOLVER_BOTH);
        expect_question(0x1111, DNS_A, 0);
        expect_question(0x3333, DNS_AAAA, 0);
        answer_a(0x1111, 0, which == 0 ? 2 : 0, 0, 300);
        answer_aaaa(0x3333, 0, which == 0 ? 0 : 2, false, 300);
        expect_failure("the name server failed", false, 0);
    }
}
END_TEST

START_TEST(forged_answers_are_passed_over)
{
    struct buf *answer = test_buf();
    struct ip_address stranger;

    begin(NAME, 1, RESOLVER_BOTH);
    /* Before anything was asked. */
    answer_a(0x1111, 0, 0, 1, 5);
    expect_question(0x1111, DNS_A, 0);
    expect_question(0x3333, DNS_AAAA, 0);
    answer_a(0x1112, 0, 0, 1, 5);
    answer_a(0x3333, 0, 0, 1, 5); /* the id of the other question */
    answer_a(0x1111, 1, 0, 1, 5); /* nobody asked this server */
    ck_assert(host_address("192.0.2.54", &stranger));
    dns_begin(answer, 0x1111, DNS_ANSWER_FLAGS, NAME, DNS_A);
    dns_ipv4(answer, NAME, 5, 1);
    resolver_receive(&resolver, &stranger, buf_span(answer), now);
    resolver_receive(&resolver, &servers[0], SPAN_NONE, now);
    resolver_receive(&resolver, &servers[0], SPAN_STRING("\x11\x11"), now);
    expect_wait(now + 2000);
    answer_a(0x1111, 0, 0, 9, 5);
    answer_aaaa(0x3333, 0, 0, false, 0);
    ck_assert_uint_eq(expect_done().count, 1);
    ck_assert_uint_eq(expect_done().addresses[0].octets[3], 9);
}
END_TEST

START_TEST(what_is_done_at_once)
{
    struct resolved resolved;

    begin("2001:db8::1", 0, RESOLVER_IPV4);
    resolved = expect_done();
    ck_assert_uint_eq(resolved.count, 1);
    ck_assert_hex(SPAN(resolved.addresses[0].octets, resolved.addresses[0].size),
                  "20010DB8000000000000000000000001");
    begin("not a name", 2, RESOLVER_BOTH);
    expect_failure("the host is neither a name nor an address", false, 0);
    begin(NAME, 0, RESOLVER_BOTH);
    expect_failure("there is no name server to ask", false, 0);
    begin(NAME, 3, RESOLVER_BOTH);
    expect_failure("there is no name server to ask", false, 0);
}
END_TEST

START_TEST(without_memory_a_question_is_lost)
{
    struct buf full = {.failed = true};
    struct ip_address to;

    begin(NAME, 1, RESOLVER_IPV4);
    ck_assert(!resolver_send(&resolver, now, &full, &to));
    ck_assert_int_eq(resolver_due(&resolver), now + 2000);
    now += 2000;
    expect_question(0x1111, DNS_A, 0);
    expect_wait(now + 4000);
}
END_TEST

/* What a server has not answered goes to the next one at once, and ends behind the last one. */
START_TEST(a_server_is_passed_over)
{
    begin(NAME, 2, RESOLVER_BOTH);
    expect_question(0x1111, DNS_A, 0);
    expect_question(0x3333, DNS_AAAA, 0);
    resolver_pass_over(&resolver, &servers[1], now); /* that nobody asks yet */
    expect_wait(now + 2000);
    answer_aaaa(0x3333, 0, 0, false, 5);
    resolver_pass_over(&resolver, &servers[0], now);
    ck_assert_int_eq(resolver_due(&resolver), now);
    expect_question(0x2222, DNS_A, 1);
    answer_a(0x2222, 1, 0, 9, 5);
    ck_assert_uint_eq(expect_done().count, 1);

    begin(NAME, 1, RESOLVER_IPV4);
    expect_question(0x1111, DNS_A, 0);
    resolver_pass_over(&resolver, &servers[0], now);
    expect_failure("no name server answered", false, 0);
    resolver_pass_over(&resolver, &servers[0], now);
    expect_failure("no name server answered", false, 0);
}
END_TEST

/* The longest name, with its dot, has its place. */
START_TEST(the_longest_name)
{
    char name[HOST_NAME_MAX + 2];
    struct buf *question = test_buf();
    struct ip_address to;

    memset(name, 'a', sizeof(name));
    name[63] = name[127] = name[191] = name[HOST_NAME_MAX] = '.';
    name[HOST_NAME_MAX + 1] = '\0';
    begin(name, 1, RESOLVER_IPV4);
    ck_assert(resolver_send(&resolver, now, question, &to));
    ck_assert_uint_eq(question->size, 12 + 255 + 4);
}
END_TEST

TEST_MAIN("resolver", one_question_one_answer, both_families, one_family_is_enough, nobody_answers,
          the_next_server_is_asked_at_once, nothing_is_found, forged_answers_are_passed_over,
          what_is_done_at_once, a_server_is_passed_over, without_memory_a_question_is_lost, the_longest_name)
