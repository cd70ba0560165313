/* euicc/network/naming_bearer.c: channels to names, over a scripted bearer of addresses with name servers. */
#include "euicc/network/naming_bearer.h"
#include "tests/euicc/network/dns_messages.h"
#include "tests/euicc/network/naming_script.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#define NOW  INT64_C(1700000000000)
#define PORT 443
#define YEAR (INT64_C(365) * 24 * 3600 * 1000)

static struct script script;
static struct naming_bearer *naming;
static const struct bearer *bearer;
static int64_t now;
static uint64_t randoms;

/* --- the bench ---------------------------------------------------------------------------------------- */

static bool give_random(void *context, uint8_t *octets, size_t size)
{
    uint64_t *state = context;

    ck_assert_uint_eq(size, sizeof(*state));
    if (*state == 0)
        return false;
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407U;
    memcpy(octets, state, size);
    return true;
}

static void restart(void)
{
    const struct naming_settings settings = {&script.bearer, give_random, &randoms, RESOLVER_IPV4};

    naming = naming_bearer_new(&settings, now);
    ck_assert_ptr_nonnull(naming);
    bearer = naming_bearer_bearer(naming);
    ck_assert(bearer->takes_names);
}

static void set_servers(const char *first, const char *second)
{
    struct ip_address servers[2];

    ck_assert(host_address(first, &servers[0]));
    ck_assert(second == NULL || host_address(second, &servers[1]));
    naming_bearer_set_servers(naming, servers, second == NULL ? 1 : 2);
}

/* With one server, of IPv4. */
static void start(void)
{
    script_begin(&script);
    now = NOW;
    randoms = 1;
    restart();
    set_servers(SCRIPT_SERVER, NULL);
}

static void stop(void)
{
    naming_bearer_free(naming);
    ck_assert_uint_eq(script_count(&script), 0);
    ck_assert_uint_eq(script.opened, script.closed);
    script_free(&script);
}

static unsigned open_name(const char *name)
{
    unsigned channel;

    naming_bearer_go(naming, now);
    channel = bearer->open(bearer->context, BEARER_TCP, name, PORT);
    ck_assert_uint_ne(channel, BEARER_NO_CHANNEL);
    return channel;
}

static void close_channel(unsigned channel)
{
    bearer->close(bearer->context, channel);
}

static enum bearer_state state_of(unsigned channel)
{
    const char *why = NULL;

    return bearer->state(bearer->context, channel, &why);
}

static const char *why_of(unsigned channel)
{
    const char *why = NULL;

    ck_assert_int_eq(bearer->state(bearer->context, channel, &why), BEARER_ENDED);
    ck_assert_ptr_nonnull(why);
    ck_assert_ptr_null(strpbrk(why, "\r\n\x1B"));
    return why;
}

static void pass(int64_t ms)
{
    now += ms;
    naming_bearer_go(naming, now);
}

/* A time at which there is something to do comes until it is open or has ended. */
static enum bearer_state settle(unsigned channel)
{
    for (unsigned turns = 0; state_of(channel) == BEARER_OPENING; turns++) {
        int64_t due = naming_bearer_due(naming);

        if (turns == 100 || due > now + 60000)
            ck_abort_msg("no end in sight");
        if (due > now)
            now = due;
        naming_bearer_go(naming, now);
    }
    return state_of(channel);
}

static void expect_open_to(unsigned channel, const char *host)
{
    struct script_channel *below = script_find(&script, host);

    ck_assert_int_eq(state_of(channel), BEARER_OPEN);
    ck_assert_ptr_nonnull(below);
    ck_assert_int_eq(below->transport, BEARER_TCP);
    ck_assert_uint_eq(below->port, PORT);
    ck_assert_int_eq(naming_bearer_due(naming), INT64_MAX);
}

static void expect_ended(unsigned channel, const char *why)
{
    ck_assert_str_eq(why_of(channel), why);
    close_channel(channel);
}

static void connect_and_close(const char *host)
{
    unsigned channel = open_name(SCRIPT_NAME);

    expect_open_to(channel, host);
    close_channel(channel);
}

/* --- ways that lead there ------------------------------------------------------------------------------ */

START_TEST(an_address_goes_through)
{
    static const char *const hosts[] = {"192.0.2.9", "2001:db8::9"};

    for (size_t i = 0; i < 2; i++) {
        struct script_channel *below;
        struct buf *got = test_buf();
        unsigned channel;

        start();
        script_place(&script, hosts[i], SCRIPT_HANGS);
        channel = bearer->open(bearer->context, i == 0 ? BEARER_TCP : BEARER_UDP, hosts[i], 5684);
        below = script_find(&script, hosts[i]);
        ck_assert_ptr_nonnull(below);
        ck_assert_uint_eq(below->port, 5684);
        ck_assert_int_eq(below->transport, i == 0 ? BEARER_TCP : BEARER_UDP);
        ck_assert_int_eq(state_of(channel), BEARER_OPENING);
        ck_assert(!bearer->send(bearer->context, channel, SPAN_STRING("early")));
        script_opened(below);
        ck_assert_int_eq(state_of(channel), BEARER_OPEN);
        ck_assert(bearer->send(bearer->context, channel, SPAN_STRING("question")));
        ck_assert_span(buf_span(&below->sent), SPAN_STRING("question"));
        script_come(below, SPAN_STRING("answer"));
        ck_assert(bearer->receive(bearer->context, channel, got));
        ck_assert(!bearer->receive(bearer->context, channel, got));
        ck_assert_span(buf_span(got), SPAN_STRING("answer"));
        script_ended(below, "it is over");
        expect_ended(channel, "it is over");
        ck_assert_uint_eq(script.questions, 0);
        script_place(&script, hosts[i], SCRIPT_REFUSES);
        ck_assert_uint_eq(bearer->open(bearer->context, BEARER_TCP, hosts[i], 1), BEARER_NO_CHANNEL);
        stop();
    }
}
END_TEST

/* … over one channel, which the question leaves before the connection needs it. */
START_TEST(a_name_is_asked_for)
{
    start();
    script.limit = 1;
    connect_and_close("192.0.2.1");
    ck_assert_uint_eq(script.questions, 1);
    ck_assert_uint_eq(script.most, 1);
    ck_assert_uint_eq(script.opened, 2);
    stop();
}
END_TEST

START_TEST(step_by_step)
{
    unsigned channel;
    struct buf *got = test_buf();

    start();
    script_place(&script, SCRIPT_SERVER, SCRIPT_HANGS);
    script_place(&script, "192.0.2.1", SCRIPT_HANGS);
    script.server = SCRIPT_SILENT;
    channel = open_name(SCRIPT_NAME);
    ck_assert_int_eq(script_find(&script, SCRIPT_SERVER)->transport, BEARER_UDP);
    ck_assert_uint_eq(script_find(&script, SCRIPT_SERVER)->port, 53);
    ck_assert_int_eq(naming_bearer_due(naming), now + 20000);
    pass(15000); /* an attach to a slow network; the time for an answer begins after it */
    ck_assert_int_eq(state_of(channel), BEARER_OPENING);
    ck_assert_int_eq(naming_bearer_due(naming), now + 5000);
    script_opened(script_find(&script, SCRIPT_SERVER));
    pass(0);
    ck_assert_uint_eq(script.questions, 1);
    ck_assert_int_eq(naming_bearer_due(naming), now + 2000);
    pass(1999);
    ck_assert_uint_eq(script.questions, 1);
    pass(1);
    ck_assert_uint_eq(script.questions, 2);
    ck_assert_int_eq(naming_bearer_due(naming), now + 4000);
    ck_assert(!bearer->send(bearer->context, channel, SPAN_STRING("early")));
    script_answer(&script, script_find(&script, SCRIPT_SERVER));
    ck_assert(!bearer->receive(bearer->context, channel, got));
    pass(10);
    ck_assert_ptr_null(script_find(&script, SCRIPT_SERVER));
    ck_assert_int_eq(state_of(channel), BEARER_OPENING);
    ck_assert_int_eq(naming_bearer_due(naming), now + 60000);
    script_opened(script_find(&script, "192.0.2.1"));
    ck_assert(!bearer->send(bearer->context, channel, SPAN_STRING("early")));
    pass(10);
    expect_open_to(channel, "192.0.2.1");
    ck_assert(bearer->send(bearer->context, channel, SPAN_STRING("question")));
    ck_assert_span(buf_span(&script_find(&script, "192.0.2.1")->sent), SPAN_STRING("question"));
    close_channel(channel);
    ck_assert_int_eq(state_of(channel), BEARER_ENDED);
    stop();
}
END_TEST

START_TEST(each_address_in_turn)
{
    start();
    memcpy(script.addresses, "\1\2\3\4", 5);
    script_place(&script, "192.0.2.1", SCRIPT_ENDS);
    script_place(&script, "192.0.2.2", SCRIPT_REFUSES);
    script_place(&script, "192.0.2.3", SCRIPT_ENDS);
    connect_and_close("192.0.2.4");
    /* One that hangs is left for another in time. */
    script_place(&script, "192.0.2.3", SCRIPT_HANGS);
    ck_assert_int_eq(settle(open_name(SCRIPT_NAME)), BEARER_OPEN);
    ck_assert_int_eq(now, NOW + 20000);
    close_channel(1);
    ck_assert_uint_eq(script.questions, 1);
    stop();
}
END_TEST

START_TEST(the_last_reason_is_told)
{
    unsigned channel;

    start();
    memcpy(script.addresses, "\1\2", 3);
    script_place(&script, "192.0.2.1", SCRIPT_ENDS);
    script_place(&script, "192.0.2.2", SCRIPT_HANGS);
    channel = open_name(SCRIPT_NAME);
    script_ended(script_find(&script, "192.0.2.2"), "\x1B[2J\nhost is down");
    pass(1);
    ck_assert_ptr_nonnull(strstr(why_of(channel), "host is down"));
    ck_assert_int_eq(strncmp(why_of(channel), SCRIPT_NAME ": ", 13), 0);
    close_channel(channel);
    /* A last one that hangs has its time. */
    script.addresses[1] = 0;
    script_place(&script, "192.0.2.1", SCRIPT_HANGS);
    naming_bearer_load_cache(naming, SPAN_NONE);
    channel = open_name(SCRIPT_NAME);
    now += 59999;
    naming_bearer_go(naming, now);
    ck_assert_int_eq(state_of(channel), BEARER_OPENING);
    pass(1);
    expect_ended(channel, SCRIPT_NAME ": the server did not answer in time");
    script_place(&script, "192.0.2.1", SCRIPT_REFUSES);
    naming_bearer_load_cache(naming, SPAN_NONE);
    expect_ended(open_name(SCRIPT_NAME), SCRIPT_NAME ": no channel can be opened");
    stop();
}
END_TEST

START_TEST(both_families)
{
    start();
    naming_bearer_set_families(naming, RESOLVER_BOTH);
    script.has_ipv6 = true;
    script_place(&script, "192.0.2.1", SCRIPT_ENDS);
    connect_and_close("2001:db8::7");
    ck_assert_uint_eq(script.questions, 2);
    naming_bearer_set_families(naming, RESOLVER_IPV6);
    /* The server has an address of a family that the terminal does not serve. */
    expect_ended(open_name(SCRIPT_NAME), SCRIPT_NAME ": no DNS server is known");
    set_servers("2001:db8::53", NULL);
    connect_and_close("2001:db8::7");
    ck_assert_uint_eq(script.questions, 3);
    stop();
}
END_TEST

/* --- which servers ------------------------------------------------------------------------------------- */

START_TEST(no_server)
{
    start();
    naming_bearer_set_servers(naming, NULL, 0);
    expect_ended(open_name(SCRIPT_NAME), SCRIPT_NAME ": no DNS server is known");
    script.bearer.servers = NULL;
    expect_ended(open_name(SCRIPT_NAME), SCRIPT_NAME ": no DNS server is known");
    ck_assert_uint_eq(script.opened, 0);
    set_servers(SCRIPT_SERVER, NULL);
    connect_and_close("192.0.2.1");
    stop();
}
END_TEST

START_TEST(the_terminals_server_comes_first)
{
    start();
    script.told = SCRIPT_SECOND;
    script.server = SCRIPT_SILENT;
    connect_and_close("192.0.2.1");
    /* One that is silent is followed by the configured one; over one channel too. */
    for (unsigned limit = 1; limit <= 2; limit++) {
        naming_bearer_load_cache(naming, SPAN_NONE);
        script.server = SCRIPT_ANSWERS;
        script.second = SCRIPT_SILENT;
        script.limit = limit;
        script.most = 0;
        now = NOW;
        ck_assert_int_eq(settle(open_name(SCRIPT_NAME)), BEARER_OPEN);
        ck_assert_int_eq(now, NOW + 14000);
        ck_assert_uint_eq(script.most, 1);
        close_channel(1);
    }
    /* Both are the same. */
    naming_bearer_load_cache(naming, SPAN_NONE);
    script.told = SCRIPT_SERVER;
    script.server = SCRIPT_FAILS;
    script.questions = 0;
    expect_ended(open_name(SCRIPT_NAME), SCRIPT_NAME ": the name server failed");
    ck_assert_uint_eq(script.questions, 1);
    stop();
}
END_TEST

/* The questions of both families are at different servers: what the first one says yet is taken where there
 * are two channels, else it is lost, and one family is enough. */
START_TEST(a_second_server_over_a_second_channel)
{
    for (unsigned limit = 1; limit <= 2; limit++) {
        struct buf *ipv4 = test_buf();
        struct script_channel *first;

        start();
        script.limit = limit;
        set_servers(SCRIPT_SERVER, SCRIPT_SECOND);
        naming_bearer_set_families(naming, RESOLVER_BOTH);
        script.server = script.second = SCRIPT_SILENT;
        script.has_ipv6 = true;
        ck_assert_uint_eq(open_name(SCRIPT_NAME), 1);
        first = script_find(&script, SCRIPT_SERVER);
        ck_assert_uint_eq(first->sends, 2);
        script.server = SCRIPT_FAILS;
        script_answer(&script, first); /* the second question, for IPv6 */
        pass(1);
        ck_assert_uint_eq(script_find(&script, SCRIPT_SECOND)->sends, 1);
        ck_assert_uint_eq(script_count(&script), limit);
        ck_assert((script_find(&script, SCRIPT_SERVER) != NULL) == (limit == 2));
        script_answer(&script, script_find(&script, SCRIPT_SECOND));
        dns_begin(ipv4, (uint16_t)randoms, DNS_ANSWER_FLAGS, SCRIPT_NAME, DNS_A);
        dns_ipv4(ipv4, SCRIPT_NAME, 300, 1);
        if (limit == 2)
            script_come(first, buf_span(ipv4));
        ck_assert_int_eq(settle(1), BEARER_OPEN);
        expect_open_to(1, limit == 2 ? "192.0.2.1" : "2001:db8::7");
        ck_assert_uint_eq(script_count(&script), 1);
        stop();
    }
}
END_TEST

START_TEST(a_server_that_no_channel_leads_to)
{
    start();
    set_servers(SCRIPT_SERVER, SCRIPT_SECOND);
    script_place(&script, SCRIPT_SERVER, SCRIPT_ENDS);
    connect_and_close("192.0.2.1");
    ck_assert_uint_eq(script.questions, 1);
    naming_bearer_load_cache(naming, SPAN_NONE);
    script_place(&script, SCRIPT_SECOND, SCRIPT_ENDS);
    expect_ended(open_name(SCRIPT_NAME), SCRIPT_NAME ": nobody is there");
    /* In time. */
    script_place(&script, SCRIPT_SERVER, SCRIPT_HANGS);
    script_place(&script, SCRIPT_SECOND, SCRIPT_HANGS);
    ck_assert_int_eq(settle(open_name(SCRIPT_NAME)), BEARER_ENDED);
    ck_assert_int_eq(now, NOW + 40000);
    expect_ended(1, SCRIPT_NAME ": the channel did not open in time");
    stop();
}
END_TEST

START_TEST(a_terminal_that_tells_later)
{
    struct script_channel *nobody;

    start();
    naming_bearer_set_servers(naming, NULL, 0);
    script.told_with_open = true;
    script.told = SCRIPT_SERVER;
    script.limit = 1;
    script_place(&script, "192.0.2.1", SCRIPT_HANGS);
    ck_assert_uint_eq(open_name(SCRIPT_NAME), 1);
    nobody = script_find(&script, "192.0.2.1");
    ck_assert_ptr_nonnull(nobody);
    ck_assert_int_eq(nobody->transport, BEARER_UDP);
    ck_assert_uint_eq(nobody->port, 53);
    script_opened(nobody);
    script_place(&script, "192.0.2.1", SCRIPT_OPENS);
    pass(1);
    expect_open_to(1, "192.0.2.1");
    close_channel(1);
    ck_assert_uint_eq(script.questions, 1);
    ck_assert_uint_eq(script.opened, 3); /* to nobody, to the server, to the host */
    /* From then on they are known. */
    naming_bearer_load_cache(naming, SPAN_NONE);
    connect_and_close("192.0.2.1");
    ck_assert_uint_eq(script.opened, 5);
    stop();
}
END_TEST

START_TEST(a_configured_server_is_what_a_first_channel_is_for)
{
    start();
    script.told_with_open = true;
    script.limit = 1;
    /* Nothing is told. */
    connect_and_close("192.0.2.1");
    ck_assert_uint_eq(script.opened, 2);
    stop();
    /* What is told is asked first. */
    start();
    script.told_with_open = true;
    script.told = SCRIPT_SECOND;
    script.server = SCRIPT_SILENT;
    script.limit = 1;
    connect_and_close("192.0.2.1");
    ck_assert_uint_eq(script.opened, 3);
    ck_assert_uint_eq(script.questions, 1);
    stop();
}
END_TEST

START_TEST(a_terminal_that_never_tells)
{
    start();
    naming_bearer_set_servers(naming, NULL, 0);
    script.told_with_open = true;
    expect_ended(open_name(SCRIPT_NAME), SCRIPT_NAME ": no DNS server is known");
    script.opened = script.closed = 0;
    script_place(&script, "192.0.2.1", SCRIPT_REFUSES);
    expect_ended(open_name(SCRIPT_NAME), SCRIPT_NAME ": no channel can be opened");
    stop();
    for (unsigned hangs = 0; hangs < 2; hangs++) {
        start();
        naming_bearer_set_servers(naming, NULL, 0);
        script.told_with_open = true;
        script_place(&script, "192.0.2.1", hangs != 0 ? SCRIPT_HANGS : SCRIPT_ENDS);
        ck_assert_int_eq(settle(open_name(SCRIPT_NAME)), BEARER_ENDED);
        if (hangs == 0)
            expect_ended(1, SCRIPT_NAME ": no DNS server is known");
        else
            close_channel(1);
        ck_assert_int_eq(now, hangs != 0 ? NOW + 20000 : NOW);
        stop();
    }
}
END_TEST

/* --- what is remembered -------------------------------------------------------------------------------- */

static void power_cycle(struct buf *cache)
{
    if (naming_bearer_cache(naming, cache)) {
        ck_assert(!naming_bearer_cache(naming, cache));
        naming_bearer_free(naming);
    } else {
        naming_bearer_free(naming);
    }
    restart();
    set_servers(SCRIPT_SERVER, NULL);
    naming_bearer_load_cache(naming, buf_span(cache));
    ck_assert(!naming_bearer_cache(naming, cache));
}

START_TEST(it_remembers)
{
    struct buf *cache = test_buf();

    start();
    ck_assert(!naming_bearer_cache(naming, cache));
    connect_and_close("192.0.2.1");
    connect_and_close("192.0.2.1");
    ck_assert_uint_eq(script.questions, 1);
    power_cycle(cache);
    connect_and_close("192.0.2.1");
    ck_assert_uint_eq(script.questions, 1);
    pass(299999);
    connect_and_close("192.0.2.1");
    ck_assert_uint_eq(script.questions, 1);
    ck_assert(!naming_bearer_cache(naming, cache));
    pass(1);
    connect_and_close("192.0.2.1");
    ck_assert_uint_eq(script.questions, 2);
    ck_assert(naming_bearer_cache(naming, cache));
    /* What was not written is asked for again. */
    naming_bearer_load_cache(naming, SPAN_STRING("nonsense"));
    connect_and_close("192.0.2.1");
    ck_assert_uint_eq(script.questions, 3);
    cache->failed = true;
    ck_assert(!naming_bearer_cache(naming, cache));
    buf_free(cache);
    ck_assert(naming_bearer_cache(naming, cache));
    stop();
}
END_TEST

START_TEST(it_remembers_that_there_is_nothing)
{
    struct buf *cache = test_buf();

    start();
    script.rcode = 3;
    expect_ended(open_name(SCRIPT_NAME), SCRIPT_NAME ": there is no such name");
    expect_ended(open_name(SCRIPT_NAME), SCRIPT_NAME ": the name had no address a moment ago");
    power_cycle(cache);
    pass(59999);
    expect_ended(open_name(SCRIPT_NAME), SCRIPT_NAME ": the name had no address a moment ago");
    ck_assert_uint_eq(script.questions, 1);
    script.rcode = 0;
    pass(1);
    connect_and_close("192.0.2.1");
    /* A failure is not remembered. */
    naming_bearer_load_cache(naming, SPAN_NONE);
    script.server = SCRIPT_FAILS;
    expect_ended(open_name(SCRIPT_NAME), SCRIPT_NAME ": the name server failed");
    ck_assert(!naming_bearer_cache(naming, cache));
    script.server = SCRIPT_ANSWERS;
    connect_and_close("192.0.2.1");
    stop();
}
END_TEST

START_TEST(a_server_that_moved_is_found)
{
    struct buf *cache = test_buf();

    start();
    memcpy(script.addresses, "\1\2", 3);
    connect_and_close("192.0.2.1");
    ck_assert(naming_bearer_cache(naming, cache));
    script_place(&script, "192.0.2.1", SCRIPT_ENDS);
    script_place(&script, "192.0.2.2", SCRIPT_HANGS);
    memcpy(script.addresses, "\3", 2);
    ck_assert_int_eq(settle(open_name(SCRIPT_NAME)), BEARER_OPEN);
    ck_assert_int_eq(now, NOW + 20000);
    expect_open_to(1, "192.0.2.3");
    close_channel(1);
    ck_assert_uint_eq(script.questions, 2);
    connect_and_close("192.0.2.3");
    ck_assert_uint_eq(script.questions, 2);
    ck_assert(naming_bearer_cache(naming, cache));
    stop();
}
END_TEST

START_TEST(it_is_asked_anew_once)
{
    struct buf *cache = test_buf();

    start();
    connect_and_close("192.0.2.1");
    script_place(&script, "192.0.2.1", SCRIPT_ENDS);
    expect_ended(open_name(SCRIPT_NAME), SCRIPT_NAME ": nobody is there");
    ck_assert_uint_eq(script.questions, 2);
    /* Forgotten also when nobody answers then. */
    script.server = SCRIPT_FAILS;
    expect_ended(open_name(SCRIPT_NAME), SCRIPT_NAME ": the name server failed");
    script_place(&script, "192.0.2.1", SCRIPT_OPENS);
    expect_ended(open_name(SCRIPT_NAME), SCRIPT_NAME ": the name server failed");
    ck_assert(naming_bearer_cache(naming, cache));
    ck_assert_hex(buf_span(cache), "3000");
    /* Without a channel nothing was found out about the addresses. */
    script.server = SCRIPT_ANSWERS;
    connect_and_close("192.0.2.1");
    script_place(&script, "192.0.2.1", SCRIPT_REFUSES);
    script.questions = 0;
    expect_ended(open_name(SCRIPT_NAME), SCRIPT_NAME ": no channel can be opened");
    script_place(&script, "192.0.2.1", SCRIPT_OPENS);
    connect_and_close("192.0.2.1");
    ck_assert_uint_eq(script.questions, 0);
    stop();
}
END_TEST

/* --- many, or one channel ------------------------------------------------------------------------------ */

START_TEST(several_at_once)
{
    struct script_channel *below[NAMING_CHANNELS + 1];

    start();
    script.limit = SCRIPT_CHANNELS;
    script.server = SCRIPT_SILENT;
    for (unsigned i = 1; i <= NAMING_CHANNELS; i++) {
        ck_assert_uint_eq(open_name(SCRIPT_NAME), i);
        below[i] = &script.channels[i];
        ck_assert_str_eq(below[i]->host, SCRIPT_SERVER); /* each question has a channel of its own … */
        for (unsigned j = 1; j < i; j++)                 /* … and an id */
            ck_assert_int_ne(memcmp(below[i]->sent.data, below[j]->sent.data, 2), 0);
    }
    naming_bearer_go(naming, now);
    ck_assert_uint_eq(bearer->open(bearer->context, BEARER_TCP, SCRIPT_NAME, 1), BEARER_NO_CHANNEL);
    ck_assert_uint_eq(bearer->open(bearer->context, BEARER_TCP, "192.0.2.1", 1), BEARER_NO_CHANNEL);
    script.server = SCRIPT_ANSWERS;
    for (unsigned i = NAMING_CHANNELS; i >= 1; i -= 2) {
        script_answer(&script, below[i]);
        pass(1);
        ck_assert_int_eq(state_of(i), BEARER_OPEN);
        ck_assert(i == 1 || state_of(i - 1) == BEARER_OPENING);
        if (i == 1)
            break;
    }
    close_channel(3);
    ck_assert_uint_eq(bearer->open(bearer->context, BEARER_TCP, SCRIPT_NAME, 1), 3);
    ck_assert_int_eq(state_of(3), BEARER_OPEN);
    ck_assert(bearer->send(bearer->context, 3, SPAN_STRING("three")));
    for (unsigned i = 1; i <= SCRIPT_CHANNELS; i++)
        ck_assert(!script.channels[i].is_used ||
                  (script.channels[i].sent.size == 5) == (script.channels[i].port == 1));
    stop();
}
END_TEST

START_TEST(a_terminal_with_one_channel)
{
    unsigned channel;

    start();
    script.limit = 1;
    channel = open_name(SCRIPT_NAME);
    ck_assert_int_eq(state_of(channel), BEARER_OPEN);
    expect_ended(open_name("other.example"),
                 "other.example: there is no channel beside the one that is open");
    expect_ended(open_name(SCRIPT_NAME), SCRIPT_NAME ": there is no channel beside the one that is open");
    ck_assert_int_eq(state_of(channel), BEARER_OPEN);
    close_channel(channel);
    connect_and_close("192.0.2.1");
    /* Beside a question. */
    naming_bearer_load_cache(naming, SPAN_NONE);
    script.server = SCRIPT_SILENT;
    channel = open_name(SCRIPT_NAME);
    expect_ended(open_name("other.example"),
                 "other.example: there is no channel beside the one that is open");
    ck_assert_int_eq(settle(channel), BEARER_ENDED);
    expect_ended(channel, SCRIPT_NAME ": no name server answered");
    /* Beside nothing. */
    script.limit = 0;
    expect_ended(open_name(SCRIPT_NAME), SCRIPT_NAME ": no channel can be opened");
    stop();
}
END_TEST

START_TEST(what_is_no_channel)
{
    struct buf *got = test_buf();
    const char *why = NULL;

    start();
    for (unsigned i = 0; i < 3; i++) {
        unsigned number = (unsigned[]){0, 1, NAMING_CHANNELS + 1}[i];

        ck_assert_int_eq(bearer->state(bearer->context, number, &why), BEARER_ENDED);
        ck_assert_str_eq(why, "there is no such channel");
        ck_assert(!bearer->send(bearer->context, number, SPAN_STRING("x")));
        ck_assert(!bearer->receive(bearer->context, number, got));
        close_channel(number);
    }
    stop();
    naming_bearer_free(NULL);
}
END_TEST

START_TEST(what_is_no_name)
{
    char longer[HOST_NAME_MAX + 10];

    start();
    expect_ended(open_name("not a name"), "not a name: the host is neither a name nor an address");
    ck_assert_ptr_nonnull(strstr(why_of(open_name("a\n\x1B[1m")), "neither"));
    close_channel(1);
    /* What begins with a name of the greatest length. */
    memset(longer, 'a', sizeof(longer));
    for (size_t i = 50; i < HOST_NAME_MAX; i += 50)
        longer[i] = '.';
    longer[HOST_NAME_MAX] = '.';
    longer[HOST_NAME_MAX + 1] = '\0';
    close_channel(open_name(longer));
    ck_assert_uint_eq(script.questions, 1);
    longer[HOST_NAME_MAX + 1] = 'a';
    longer[HOST_NAME_MAX + 9] = '\0';
    ck_assert_ptr_nonnull(strstr(why_of(open_name(longer)), ": the host is neither"));
    close_channel(1);
    ck_assert_uint_eq(script.questions, 1);
    randoms = 0;
    expect_ended(open_name("other.example"), "other.example: there are no random numbers to ask with");
    stop();
}
END_TEST

/* --- time ---------------------------------------------------------------------------------------------- */

START_TEST(a_server_that_never_answers)
{
    start();
    set_servers(SCRIPT_SERVER, SCRIPT_SECOND);
    script.server = script.second = SCRIPT_SILENT;
    ck_assert_int_eq(settle(open_name(SCRIPT_NAME)), BEARER_ENDED);
    ck_assert_int_eq(now, NOW + 28000);
    ck_assert_uint_eq(script.questions, 6);
    expect_ended(1, SCRIPT_NAME ": no name server answered");
    stop();
}
END_TEST

/* In turns that come as often as once a second, and in which the clock does what it wants. */
static void run_under_jumps(int64_t (*jump)(unsigned turn), unsigned turns_max)
{
    static const enum script_kind kinds[] = {SCRIPT_OPENS, SCRIPT_HANGS};

    for (size_t server = 0; server < 2; server++) {
        for (size_t host = 0; host < 2; host++) {
            unsigned turns = 0;

            start();
            script.server = SCRIPT_SILENT;
            script_place(&script, SCRIPT_SERVER, kinds[server]);
            script_place(&script, "192.0.2.1", SCRIPT_HANGS);
            if (host == 1)
                script.server = SCRIPT_ANSWERS;
            ck_assert_uint_eq(open_name(SCRIPT_NAME), 1);
            while (state_of(1) == BEARER_OPENING) {
                ck_assert_uint_lt(turns, turns_max);
                now += 1000 + jump(turns++);
                naming_bearer_go(naming, now);
            }
            ck_assert_int_eq(state_of(1), BEARER_ENDED);
            stop();
        }
    }
}

static int64_t no_jump(unsigned turn)
{
    (void)turn;
    return 0;
}

static int64_t back_by_a_year(unsigned turn)
{
    return turn == 3 ? -YEAR : 0;
}

static int64_t back_each_time(unsigned turn)
{
    (void)turn;
    return -5000;
}

static int64_t back_and_forth(unsigned turn)
{
    return turn % 2 == 0 ? -YEAR : YEAR;
}

static int64_t a_day_each_time(unsigned turn)
{
    (void)turn;
    return YEAR / 365;
}

START_TEST(a_clock_that_is_set)
{
    run_under_jumps(no_jump, 80);
    run_under_jumps(back_by_a_year, 80);
    run_under_jumps(back_each_time, 80);
    run_under_jumps(back_and_forth, 80);
    run_under_jumps(a_day_each_time, 80);
}
END_TEST

/* One jump does not end what could go on. */
START_TEST(a_jump_is_survived)
{
    static const int64_t jumps[] = {-YEAR, -1, 1, 10000, YEAR, INT64_MAX - NOW - 60000, -NOW - 5};

    for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
        start();
        script.server = SCRIPT_SILENT;
        ck_assert_uint_eq(open_name(SCRIPT_NAME), 1);
        pass(jumps[i]);
        ck_assert_int_eq(state_of(1), BEARER_OPENING);
        script.server = SCRIPT_ANSWERS;
        script_answer(&script, script_find(&script, SCRIPT_SERVER));
        pass(1000);
        expect_open_to(1, "192.0.2.1");
        stop();
    }
}
END_TEST

/* A year in which a name is connected to every few hours, while the clock is set again and again. */
START_TEST(a_year_of_jumps)
{
    struct buf *cache = test_buf();
    uint64_t seed = 7;
    unsigned rounds = 4000 / TEST_SHARE;

    start();
    for (unsigned i = 0; i < rounds; i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1;
        now += (int64_t)(seed >> 40) % 14400000;
        if (seed >> 62 == 0)
            now += ((int64_t)(seed >> 20) % 3 - 1) * YEAR;
        if (now < 0)
            now = 0;
        script.addresses[0] = (uint8_t)(1 + i / 100 % 40);
        script_place(&script, "192.0.2.1", i / 100 % 2 == 0 ? SCRIPT_OPENS : SCRIPT_ENDS);
        ck_assert_uint_eq(open_name(SCRIPT_NAME), 1);
        ck_assert_int_eq(settle(1), i / 100 % 80 != 0 || i / 100 % 2 == 0 ? BEARER_OPEN : BEARER_ENDED);
        close_channel(1);
        if (i % 10 == 0) {
            buf_clear(cache);
            power_cycle(cache);
        }
    }
    ck_assert_uint_gt(script.questions, rounds / 2);
    stop();
}
END_TEST

/* --- hostile ------------------------------------------------------------------------------------------- */

START_TEST(answers_to_nobodys_question)
{
    struct script_channel *server;
    struct buf *foreign = test_buf();
    unsigned channel;

    start();
    script.server = SCRIPT_SILENT;
    channel = open_name(SCRIPT_NAME);
    server = script_find(&script, SCRIPT_SERVER);
    dns_begin(foreign, (uint16_t)(script.last_id + 1), DNS_ANSWER_FLAGS, SCRIPT_NAME, DNS_A);
    dns_ipv4(foreign, SCRIPT_NAME, 300, 66);
    script_come(server, buf_span(foreign));
    buf_clear(foreign);
    dns_begin(foreign, script.last_id, DNS_ANSWER_FLAGS, "other.example", DNS_A);
    dns_ipv4(foreign, "other.example", 300, 66);
    script_come(server, buf_span(foreign));
    script_come(server, SPAN_NONE);
    script_come(server, SPAN_STRING("x"));
    buf_clear(foreign);
    dns_begin(foreign, script.last_id, DNS_ANSWER_FLAGS, SCRIPT_NAME, DNS_A);
    dns_ipv4(foreign, SCRIPT_NAME, 300, 66);
    ck_assert(buf_reserve(foreign, 70000));
    memset(foreign->data + foreign->size, 0, 65535 - foreign->size);
    foreign->size = 65535;
    script_come(server, buf_span(foreign));
    pass(1);
    ck_assert_int_eq(state_of(channel), BEARER_OPENING);
    script.server = SCRIPT_ANSWERS;
    script_answer(&script, server);
    pass(1);
    expect_open_to(channel, "192.0.2.1");
    stop();
}
END_TEST

START_TEST(a_server_that_babbles)
{
    start();
    script.server = SCRIPT_BABBLES;
    ck_assert_int_eq(settle(open_name(SCRIPT_NAME)), BEARER_ENDED);
    expect_ended(1, SCRIPT_NAME ": no name server answered");
    ck_assert_uint_lt(script.calls, 1000);
    stop();
}
END_TEST

/* Eight are tried, and none twice. */
START_TEST(a_thousand_addresses)
{
    struct buf *answer = test_buf();

    start();
    script.server = SCRIPT_SILENT;
    ck_assert_uint_eq(open_name(SCRIPT_NAME), 1);
    dns_begin(answer, script.last_id, DNS_ANSWER_FLAGS, SCRIPT_NAME, DNS_A);
    for (unsigned i = 0; answer->size < 4000; i++)
        dns_ipv4(answer, SCRIPT_NAME, 300, (uint8_t)(100 + i));
    for (unsigned i = 0; i < 8; i++) {
        static char hosts[8][16];

        snprintf(hosts[i], sizeof(hosts[i]), "192.0.2.%u", 100 + i);
        script_place(&script, hosts[i], SCRIPT_ENDS);
    }
    script_come(script_find(&script, SCRIPT_SERVER), buf_span(answer));
    pass(1);
    expect_ended(1, SCRIPT_NAME ": nobody is there");
    ck_assert_uint_eq(script.opened, 1 + 8);
    stop();
}
END_TEST

/* TLS decides who it is. */
START_TEST(addresses_of_every_kind)
{
    static const struct {
        uint8_t octets[4];
        const char *text;
    } kinds[] = {{{10, 0, 0, 1}, "10.0.0.1"},
                 {{127, 0, 0, 1}, "127.0.0.1"},
                 {{224, 0, 0, 1}, "224.0.0.1"},
                 {{0, 0, 0, 0}, "0.0.0.0"},
                 {{255, 255, 255, 255}, "255.255.255.255"}};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct buf *answer = test_buf();

        start();
        script.server = SCRIPT_SILENT;
        ck_assert_uint_eq(open_name(SCRIPT_NAME), 1);
        dns_begin(answer, script.last_id, DNS_ANSWER_FLAGS, SCRIPT_NAME, DNS_A);
        dns_record(answer, false, SCRIPT_NAME, DNS_A, 300, SPAN_ARRAY(kinds[i].octets));
        script_come(script_find(&script, SCRIPT_SERVER), buf_span(answer));
        pass(1);
        expect_open_to(1, kinds[i].text);
        stop();
    }
}
END_TEST

/* --- every way ----------------------------------------------------------------------------------------- */

/* A world with this and that in it, in which a name can be connected to. */
static void start_world(unsigned world)
{
    start();
    script.limit = (world & 1) != 0 ? 1 : 7;
    if ((world & 2) != 0) {
        naming_bearer_set_families(naming, RESOLVER_BOTH);
        script.has_ipv6 = true;
    }
    if ((world & 4) != 0)
        set_servers(SCRIPT_SERVER, SCRIPT_SECOND);
    if ((world & 8) != 0) {
        script.told_with_open = true;
        script.told = SCRIPT_SECOND;
    }
    if ((world & 16) != 0) {
        close_channel(open_name(SCRIPT_NAME));
        memcpy(script.addresses, "\2\3", 3);
        script_place(&script, "192.0.2.1", SCRIPT_ENDS);
        script.told_with_open = false;
    }
    if ((world & 32) != 0)
        script.server = SCRIPT_FAILS;
}

#define WORLDS 64

/* Each call of the bearer below fails in turn: the name is connected to all the same, or a reason told; and
 * the next time all is as if nothing had been. */
START_TEST(each_call_fails_once)
{
    for (unsigned world = 0; world < WORLDS; world++) {
        for (unsigned failing = 1;; failing++) {
            unsigned calls;
            bool open;

            start_world(world);
            script.calls = 0;
            script.fails_at = failing;
            ck_assert_uint_eq(open_name(SCRIPT_NAME), 1);
            open = settle(1) == BEARER_OPEN;
            ck_assert(open || strlen(why_of(1)) > strlen(SCRIPT_NAME ": "));
            ck_assert_uint_le(script_count(&script), 1);
            close_channel(1);
            ck_assert_uint_eq(script_count(&script), 0);
            calls = script.calls;
            script.fails_at = 0;
            ck_assert_uint_eq(open_name(SCRIPT_NAME), 1);
            ck_assert_int_eq(settle(1), (world & 36) == 32 && (world & 8) == 0 ? state_of(1) : BEARER_OPEN);
            stop();
            if (failing > calls)
                break;
        }
    }
}
END_TEST

/* What can happen next, to the first channel below that there is. */
enum event { EVENT_ANSWER, EVENT_WAIT, EVENT_OPEN, EVENT_END, EVENT_GARBAGE, EVENT_BACK, EVENTS };

static struct script_channel *some_channel(void)
{
    for (unsigned i = 1; i <= SCRIPT_CHANNELS; i++)
        if (script.channels[i].is_used)
            return &script.channels[i];
    return NULL;
}

static void happen(enum event event)
{
    struct script_channel *channel = some_channel();
    int64_t due = naming_bearer_due(naming);

    if (event == EVENT_WAIT && due != INT64_MAX && due > now)
        now = due;
    if (event == EVENT_BACK)
        now -= 100000;
    if (channel != NULL && event == EVENT_OPEN && channel->state == BEARER_OPENING)
        script_opened(channel);
    if (channel != NULL && event == EVENT_END)
        script_ended(channel, "it is over");
    if (channel != NULL && event == EVENT_GARBAGE && channel->piece_count < SCRIPT_PIECES)
        script_come(channel, SPAN_STRING("garbage, garbage, garbage"));
    if (channel != NULL && event == EVENT_ANSWER && channel->port == DNS_PORT && channel->sent.size > 0 &&
        channel->piece_count < SCRIPT_PIECES)
        script_answer(&script, channel);
    naming_bearer_go(naming, now);
}

static void start_slow_world(unsigned world)
{
    static const char *const hosts[] = {SCRIPT_SERVER, SCRIPT_SECOND, "192.0.2.1", "192.0.2.2",
                                        "2001:db8::7"};

    start_world(world & 15);
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
        script_place(&script, hosts[i], SCRIPT_HANGS);
    memcpy(script.addresses, "\1\2", 3);
    script.server = (world & 16) != 0 ? SCRIPT_ANSWERS : SCRIPT_SILENT;
    script.second = (world & 16) != 0 ? SCRIPT_FAILS : SCRIPT_SILENT;
}

#define LENGTH 5

/* What happens in whatever order: a channel that was open does not open again, one that has ended stays so,
 * never are there more channels than two for a name, and at last it is one or the other. */
START_TEST(every_order_of_events)
{
    unsigned orders = 1;

    for (unsigned i = 0; i < LENGTH; i++)
        orders *= EVENTS;
    for (unsigned number = 0; number < 32 * orders; number += TEST_SHARE) {
        enum bearer_state before = BEARER_OPENING;
        unsigned rest = number % orders;

        start_slow_world(number / orders);
        ck_assert_uint_eq(open_name(SCRIPT_NAME), 1);
        for (unsigned i = 0; i < LENGTH; i++, rest /= EVENTS) {
            enum bearer_state state;

            happen((enum event)(rest % EVENTS));
            state = state_of(1);
            if (state < before || script_count(&script) > (state == BEARER_OPENING ? 2 : 1) ||
                (naming_bearer_due(naming) == INT64_MAX) == (state == BEARER_OPENING))
                ck_abort_msg("after event %u of order %u", i, number);
            before = state;
        }
        settle(1);
        if (number % 2 == 0)
            close_channel(1);
        stop();
    }
}
END_TEST

TEST_MAIN("naming_bearer", an_address_goes_through, a_name_is_asked_for, step_by_step, each_address_in_turn,
          the_last_reason_is_told, both_families, no_server, the_terminals_server_comes_first,
          a_second_server_over_a_second_channel, a_server_that_no_channel_leads_to,
          a_terminal_that_tells_later, a_configured_server_is_what_a_first_channel_is_for,
          a_terminal_that_never_tells, it_remembers, it_remembers_that_there_is_nothing,
          a_server_that_moved_is_found, it_is_asked_anew_once, several_at_once, a_terminal_with_one_channel,
          what_is_no_channel, what_is_no_name, a_server_that_never_answers, a_clock_that_is_set,
          a_jump_is_survived, a_year_of_jumps, answers_to_nobodys_question, a_server_that_babbles,
          a_thousand_addresses, addresses_of_every_kind, each_call_fails_once, every_order_of_events)
