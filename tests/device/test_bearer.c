/* The ways to an eIM and to an SM-DP+ (device/bearer*.c, es9p_asn1.c) against servers on the same loop: an
 * answer, a refusal, silence, nobody there, somebody else there, and an end at any moment. */
#include "config.h"

#include "common/http/https.h"
#include "common/net/addresses.h"
#include "device/es9p_asn1.h"
#include "tests/device/coap_bench.h"
#include "tests/support/test.h"
#include "tests/support/tls.h"

#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_SIZE 3000 /* several blocks */

#ifdef HAVE_COAP
#define SCHEMES 2
#else
#define SCHEMES 1
#endif
static const enum bearer_scheme schemes[] = {BEARER_HTTPS, BEARER_COAPS};

static const uint8_t octets[ANSWER_SIZE] = {0xBF, 0x4F};
static const struct ipa_message message = {IPA_PEER_EIM, "", {octets, sizeof(octets)}};

static struct {
    struct test_tls tls;
    struct loop *loop;
    struct https *https;
    struct coap_bench *coap;
    struct bearer *bearer;
    struct bearer_target target;
    unsigned asked; /* how often a server has got a message */
    /* What came of the messages. */
    unsigned done;
    bool is_answered;
    enum bearer_result result;
    size_t size;
    char why[BEARER_WHY_SIZE];
    bool ends_in_done; /* the bearer is closed from the function that is told */
    unsigned more;     /* so many are posted from there */
} bench;

/* --- Servers -------------------------------------------------------------------------------------------- */

/* As the path says: /answer, /refuse, or anything else, which is left without an answer. */
static unsigned answer(struct span path, struct span body)
{
    bench.asked++;
    ck_assert_span(body, SPAN_ARRAY(octets));
    if (span_equal(path, SPAN_STRING("/answer")))
        return 200;
    return span_equal(path, SPAN_STRING("/refuse")) ? 500 : 0;
}

static void on_request(void *context, struct https_request *request)
{
    const struct http_request *what = https_request(request);
    struct http_answer out = {.content_type = "application/x-gsma-rsp-asn1"};

    (void)context;
    out.code = (int)answer(span_of_string(what->path), what->body);
    if (out.code == 0)
        return;
    buf_append(&out.body, SPAN_ARRAY(octets));
    https_answer(request, &out);
    buf_free(&out.body);
}

static void start(void)
{
    struct https_options options = {.address = "127.0.0.1",
                                    .body_max = ANSWER_SIZE,
                                    .allow = "POST",
                                    .answer = on_request,
                                    .cert = bench.tls.cert,
                                    .key = bench.tls.key};

    memset(&bench, 0, sizeof(bench));
    test_tls_make(&bench.tls);
    bench.loop = loop_open();
    bench.https = https_open(bench.loop, &options);
    bench.coap = coap_bench_start(bench.loop, &bench.tls, SPAN_ARRAY(octets), answer);
    ck_assert(bench.loop != NULL && bench.https != NULL);
}

static void stop(void)
{
    bearer_close(bench.bearer);
    bench.bearer = NULL;
    coap_bench_stop(bench.coap);
    https_close(bench.https);
    loop_close(bench.loop);
}

/* --- The client ----------------------------------------------------------------------------------------- */

/* The way to this path of the server, or of `port`. */
static void open_to(enum bearer_scheme scheme, const char *path, unsigned port)
{
    struct bearer_target *target = &bench.target;
    char url[100];
    char why[BEARER_WHY_SIZE] = "";

    if (port == 0)
        port = scheme == BEARER_COAPS ? coap_bench_port(bench.coap) : https_port(bench.https);
    snprintf(url, sizeof(url), "%s://localhost:%u%s", scheme == BEARER_COAPS ? "coaps" : "https", port, path);
    memset(target, 0, sizeof(*target));
    ck_assert(bearer_parse_url(url, target));
    target->cacert = bench.tls.ca;
    target->timeout = 20;
    bearer_close(bench.bearer);
    bench.bearer = bearer_open(bench.loop, target, why);
    ck_assert_msg(bench.bearer != NULL, "%s", why);
}

static void on_done(void *context, enum bearer_result result, struct span got, const char *why)
{
    ck_assert_ptr_eq(context, &bench);
    bench.done++;
    bench.is_answered = result == BEARER_ANSWERED;
    bench.result = result;
    bench.size = got.size;
    snprintf(bench.why, sizeof(bench.why), "%s", why);
    ck_assert_int_eq(why[0] == '\0', bench.is_answered);
    if (bench.is_answered)
        ck_assert_span(got, SPAN_ARRAY(octets));
    if (bench.more > 0) {
        bench.more--;
        bearer_post(bench.bearer, &message, on_done, &bench);
    } else if (bench.ends_in_done) {
        bearer_close(bench.bearer);
        bench.bearer = NULL;
    }
}

static int64_t now_ms(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Turns the loop until so many messages are done. */
static void wait_for(unsigned done)
{
    int64_t end = now_ms() + 30000;

    while (bench.done < done) {
        ck_assert_int_lt(now_ms(), end);
        event_base_loop(loop_base(bench.loop), EVLOOP_ONCE);
    }
}

static void post(void)
{
    unsigned before = bench.done;

    bearer_post(bench.bearer, &message, on_done, &bench);
    ck_assert_uint_eq(bench.done, before); /* never from here */
}

/* --- Tests ---------------------------------------------------------------------------------------------- */

static void answers_arrive_whole(enum bearer_scheme scheme)
{
    open_to(scheme, "/answer", 0);
    post();
    wait_for(1);
    ck_assert_msg(bench.is_answered, "%s", bench.why);
    bench.more = 3;
    post();
    wait_for(5);
    ck_assert(bench.is_answered);
    ck_assert_uint_eq(bench.asked, 5);
}

static void a_refusal_is_no_answer(enum bearer_scheme scheme)
{
    open_to(scheme, "/refuse", 0);
    post();
    wait_for(1);
    ck_assert(!bench.is_answered);
    ck_assert_ptr_nonnull(strstr(bench.why, scheme == BEARER_COAPS ? "5.00" : "HTTP status 500"));
    ck_assert_int_eq(bench.result, BEARER_REFUSED);
}

static void silence_has_its_time(enum bearer_scheme scheme)
{
    int64_t begun;

    open_to(scheme, "/silent", 0);
    bearer_close(bench.bearer);
    bench.target.timeout = 1;
    bench.bearer = bearer_open(bench.loop, &bench.target, bench.why);
    begun = now_ms();
    post();
    wait_for(1);
    ck_assert(!bench.is_answered);
    ck_assert_int_ge(now_ms() - begun, 900);
    ck_assert_int_lt(now_ms() - begun, 5000);
    ck_assert_uint_eq(bench.asked, 1);
}

static void nobody_there_is_said(enum bearer_scheme scheme)
{
    open_to(scheme, "/answer", 1);
    post();
    wait_for(1);
    ck_assert(!bench.is_answered);
}

static void an_unknown_name_is_said(enum bearer_scheme scheme)
{
    open_to(scheme, "/answer", 0);
    bearer_close(bench.bearer);
    snprintf(bench.target.host, sizeof(bench.target.host), "no-such-host.invalid");
    snprintf(bench.target.url, sizeof(bench.target.url), "https://no-such-host.invalid:1/");
    bench.bearer = bearer_open(bench.loop, &bench.target, bench.why);
    post();
    wait_for(1);
    ck_assert(!bench.is_answered);
}

static void nothing_leaves_for_somebody_else(enum bearer_scheme scheme)
{
    open_to(scheme, "/answer", 0);
    bearer_close(bench.bearer);
    bench.target.cacert = NULL;
    bench.bearer = bearer_open(bench.loop, &bench.target, bench.why);
    post();
    wait_for(1);
    ck_assert(!bench.is_answered);
    ck_assert_uint_eq(bench.asked, 0);
    ck_assert_msg(strstr(bench.why, " (trust the server's CA with --cacert FILE)") != NULL, "%s", bench.why);
}

/* What helps is said of what the eIM's configuration trusts. */
static void another_key_is_said(enum bearer_scheme scheme)
{
    struct span other = hex("3059301306072A8648CE3D020106082A8648CE3D030107034200"
                            "046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"
                            "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5");

    open_to(scheme, "/answer", 0);
    bearer_close(bench.bearer);
    bench.target.trust = IPA_TRUST_KEY;
    bench.target.trusted = other;
    bench.bearer = bearer_open(bench.loop, &bench.target, bench.why);
    post();
    wait_for(1);
    ck_assert(!bench.is_answered);
    ck_assert_uint_eq(bench.asked, 0);
    ck_assert_msg(strstr(bench.why, "trustedPublicKeyDataTls") != NULL, "%s", bench.why);
}

/* Connecting, handshaking, sending, waiting: after each number of turns of the loop. */
static void an_end_at_any_moment(enum bearer_scheme scheme)
{
    for (int turns = 0; turns < 40; turns++) {
        open_to(scheme, "/silent", 0);
        post();
        for (int i = 0; i < turns; i++)
            event_base_loop(loop_base(bench.loop), EVLOOP_ONCE | EVLOOP_NONBLOCK);
        bearer_close(bench.bearer);
        bench.bearer = NULL;
    }
    while (bench.asked == 0) {
        open_to(scheme, "/silent", 0);
        post();
        for (int i = 0; i < 200 && bench.asked == 0; i++)
            event_base_loop(loop_base(bench.loop), EVLOOP_ONCE);
    }
    bearer_close(bench.bearer);
    bench.bearer = NULL;
    ck_assert_uint_eq(bench.done, 0);
    open_to(scheme, "/answer", 0);
    post();
    wait_for(1);
    ck_assert(bench.is_answered);
}

static void an_end_from_who_is_told(enum bearer_scheme scheme)
{
    static const char *const paths[] = {"/answer", "/refuse"};

    bench.ends_in_done = true;
    for (unsigned i = 0; i < 2; i++) {
        open_to(scheme, paths[i], 0);
        post();
        wait_for(i + 1);
        ck_assert_ptr_null(bench.bearer);
    }
    open_to(scheme, "/answer", 1);
    post();
    wait_for(3);
}

/* --- Over CoAP alone ------------------------------------------------------------------------------------ */

/* A server that takes datagrams and leaves them. */
START_TEST(a_lost_handshake_begins_again)
{
    struct addresses found;
    int fds[ADDRESSES_MAX];
    char why[ADDRESSES_WHY_MAX];
    uint16_t port = 0;
    int64_t end = now_ms() + 10000;
    unsigned datagrams = 0;
    char octet;

    if (SCHEMES < 2)
        return;
    start();
    ck_assert(addresses_listen("127.0.0.1", &port, SOCK_DGRAM, &found, fds, why));
    open_to(BEARER_COAPS, "/answer", port);
    post();
    while (datagrams < 2 && now_ms() < end) {
        event_base_loop(loop_base(bench.loop), EVLOOP_ONCE);
        datagrams += recv(fds[0], &octet, 1, 0) == 1;
    }
    ck_assert_uint_eq(datagrams, 2);
    close(fds[0]);
    stop();
}
END_TEST

/* Posts to the server with this key, and nothing else to trust. */
static void post_with(const char *text, unsigned timeout)
{
    static struct psk psk;
    const char *why;

    ck_assert(psk_read(text, &psk, &why));
    open_to(BEARER_COAPS, "/answer", 0);
    bearer_close(bench.bearer);
    bench.target.psk = &psk;
    bench.target.cacert = NULL;
    bench.target.timeout = timeout;
    bench.bearer = bearer_open(bench.loop, &bench.target, bench.why);
    post();
    wait_for(bench.done + 1);
}

START_TEST(a_shared_key_is_enough)
{
    if (SCHEMES < 2)
        return;
    start();
    post_with(COAP_BENCH_PSK, 20);
    ck_assert_msg(bench.is_answered, "%s", bench.why);
    post_with("nobody:0102030405060708", 20);
    ck_assert_int_eq(bench.result, BEARER_LOST);
    ck_assert_msg(strstr(bench.why, " (the server has no key for the identity 'nobody')") != NULL, "%s",
                  bench.why);
    post_with("bench:0102030405060709", 2);
    ck_assert_int_eq(bench.result, BEARER_LOST);
    ck_assert_msg(strstr(bench.why, " (the server seems to have another key for the identity 'bench')") !=
                      NULL,
                  "%s", bench.why);
    ck_assert_uint_eq(bench.asked, 1);
    stop();
}
END_TEST

/* --- Over every way ------------------------------------------------------------------------------------- */

static void over_each(void (*test)(enum bearer_scheme scheme))
{
    for (size_t i = 0; i < SCHEMES; i++) {
        start();
        test(schemes[i]);
        stop();
    }
}

#define OVER_EACH(name)                                                                                      \
    START_TEST(test_##name)                                                                                  \
    {                                                                                                        \
        over_each(name);                                                                                     \
    }                                                                                                        \
    END_TEST

OVER_EACH(answers_arrive_whole)
OVER_EACH(a_refusal_is_no_answer)
OVER_EACH(silence_has_its_time)
OVER_EACH(nobody_there_is_said)
OVER_EACH(an_unknown_name_is_said)
OVER_EACH(nothing_leaves_for_somebody_else)
OVER_EACH(another_key_is_said)
OVER_EACH(an_end_at_any_moment)
OVER_EACH(an_end_from_who_is_told)

/* --- SM-DP+ --------------------------------------------------------------------------------------------- */

/* To `address`: HandleNotification of one that is empty, or octets that are no function. */
static void post_es9p(const char *address, bool is_function)
{
    static const uint8_t request[] = {0xA2, 0x0B, 0xBF, 0x3D, 0x08, 0xA0, 0x06,
                                      0xBF, 0x37, 0x03, 0x80, 0x01, 0x00};
    static struct ipa_message es9p;
    char why[BEARER_WHY_SIZE] = "";

    es9p = (struct ipa_message){IPA_PEER_SMDP, address, SPAN(request, is_function ? sizeof(request) : 1)};
    if (bench.bearer == NULL)
        bench.bearer = es9p_asn1_open(bench.loop, bench.tls.ca, why);
    ck_assert_msg(bench.bearer != NULL, "%s", why);
    bearer_post(bench.bearer, &es9p, on_done, &bench);
}

START_TEST(an_smdp_that_is_none_is_said)
{
    start();
    post_es9p("localhost:1", true);
    wait_for(1);
    ck_assert_msg(strstr(bench.why, "localhost:1: handleNotification: ") == bench.why, "%s", bench.why);
    post_es9p("localhost/1", true);
    wait_for(2);
    post_es9p("localhost:1", false);
    wait_for(3);
    ck_assert_str_eq(bench.why, "localhost:1: no such function of ES9+");
    post_es9p("localhost:1", true);
    stop();
}
END_TEST

TEST_MAIN("bearer", test_answers_arrive_whole, test_a_refusal_is_no_answer, test_silence_has_its_time,
          test_nobody_there_is_said, test_an_unknown_name_is_said, test_nothing_leaves_for_somebody_else,
          test_another_key_is_said, test_an_end_at_any_moment, test_an_end_from_who_is_told,
          an_smdp_that_is_none_is_said, a_lost_handshake_begins_again, a_shared_key_is_enough)
