/* The test SM-DP+ of tests/support/smdpp.h behind common/http/https.h. See lpa_server.h. */
#include "tests/tools/lpa/lpa_server.h"

#include "apdu/tlv.h"
#include "common/http/https.h"
#include "crypto/base64.h"
#include "protocol/tags.h"
#include "tests/support/capture.h"
#include "tests/support/smdpp.h"
#include "tests/support/test.h"
#include "tools/pki/pki.h"

#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEARD_MAX   64
#define SAYINGS_MAX 8

struct heard {
    char function[40];
    char *body;
};

/* What it says instead: `status` and `body`, or with the status 0 its own answer with another member. */
struct saying {
    char function[40];
    int status;
    const char *body;
    const char *member;
    json_t *value;
};

/* While the LPA waits for an answer the thread has all of it, else the test. */
static struct {
    struct bench bench;
    struct loop *loop;
    struct https *https;
    struct event *end;
    int wake[2]; /* a pipe: something in it ends the thread */
    pthread_t thread;
    char address[40], cacert[PKI_PATH_MAX];
    struct heard heard[HEARD_MAX];
    size_t count;
    struct saying sayings[SAYINGS_MAX];
    size_t sayings_count;
    struct {
        const char *function; /* NULL: none */
        pid_t process;
        int signal;
        bool is_dead;
    } end_with;
    bool is_dead;
} server;

/* --- In the thread -------------------------------------------------------------------------------------- */

static void keep(const char *function, struct span body)
{
    struct heard *heard = &server.heard[server.count < HEARD_MAX - 1 ? server.count++ : HEARD_MAX - 1];

    free(heard->body);
    snprintf(heard->function, sizeof(heard->function), "%s", function);
    heard->body = strndup(body.size > 0 ? (const char *)body.data : "", body.size);
}

static void alter(const struct saying *saying, struct http_answer *answer)
{
    json_t *object = json_loadb((const char *)answer->body.data, answer->body.size, 0, NULL);
    char *text;

    if (saying->value != NULL)
        json_object_set(object, saying->member, saying->value);
    else
        json_object_del(object, saying->member);
    text = json_dumps(object, JSON_COMPACT);
    buf_clear(&answer->body);
    buf_append(&answer->body, span_of_string(text));
    free(text);
    json_decref(object);
}

static struct saying *find_saying(const char *function)
{
    for (size_t i = 0; i < server.sayings_count; i++) {
        if (strcmp(server.sayings[i].function, function) == 0)
            return &server.sayings[i];
    }
    return NULL;
}

static void answer(void *context, struct https_request *request)
{
    const struct http_request *asked = https_request(request);
    const char *slash = strrchr(asked->path, '/');
    const char *function = slash != NULL ? slash + 1 : asked->path;
    const struct saying *saying = find_saying(function);
    struct http_answer out = {0};

    (void)context;
    keep(function, asked->body);
    if (server.is_dead)
        return; /* whoever closes the server forgets the request */
    if (server.end_with.function != NULL && strcmp(server.end_with.function, function) == 0) {
        server.is_dead = server.end_with.is_dead;
        kill(server.end_with.process, server.end_with.signal);
        return;
    }
    if (saying != NULL && saying->status != 0) {
        out.code = saying->status;
        out.content_type = saying->body != NULL ? "application/json" : NULL;
        buf_append(&out.body, span_of_string(saying->body != NULL ? saying->body : ""));
    } else {
        http_api_answer(&server.bench.smdpp, asked, &out);
        if (saying != NULL)
            alter(saying, &out);
    }
    https_answer(request, &out);
    buf_free(&out.body);
}

static void on_end(evutil_socket_t fd, short events, void *context)
{
    (void)fd;
    (void)events;
    (void)context;
    event_base_loopbreak(loop_base(server.loop));
}

static void *serve(void *context)
{
    event_base_dispatch(loop_base(server.loop));
    return context;
}

/* --- Its life ------------------------------------------------------------------------------------------- */

static void open_https(void)
{
    struct https_options options = {
        .address = "127.0.0.1", .body_max = REQUEST_BODY_LIMIT, .allow = "GET, POST", .answer = answer};
    char pki[PKI_PATH_MAX];
    char cert[PKI_PATH_MAX];
    char key[PKI_PATH_MAX];

    snprintf(pki, sizeof(pki), "%s", test_path("tls"));
    if (!pki_has_curve(pki, EC_CURVE_P256))
        ck_assert_int_eq(capture_command(&pki_init, "--dir", pki, "--host", "localhost", NULL).status, 0);
    ck_assert(pki_top_path(server.cacert, pki, PKI_CA_BUNDLE) &&
              pki_path(cert, pki, EC_CURVE_P256, PKI_DP_TLS, PKI_CERT_PEM) &&
              pki_path(key, pki, EC_CURVE_P256, PKI_DP_TLS, PKI_KEY_PEM));
    options.cert = cert;
    options.key = key;
    server.loop = loop_open();
    ck_assert_ptr_nonnull(server.loop);
    server.https = https_open(server.loop, &options);
    ck_assert_ptr_nonnull(server.https);
    snprintf(server.address, sizeof(server.address), "localhost:%u", https_port(server.https));
}

void lpa_server_start(void)
{
    memset(&server, 0, sizeof(server));
    open_https();
    bench_start_at(&server.bench, EC_CURVE_P256, server.address);
    ck_assert_int_eq(pipe(server.wake), 0);
    server.end = event_new(loop_base(server.loop), server.wake[0], EV_READ, on_end, NULL);
    ck_assert_ptr_nonnull(server.end);
    ck_assert_int_eq(event_add(server.end, NULL), 0);
    ck_assert_int_eq(pthread_create(&server.thread, NULL, serve, NULL), 0);
}

void lpa_server_stop(void)
{
    ck_assert_int_eq(write(server.wake[1], "", 1), 1);
    ck_assert_int_eq(pthread_join(server.thread, NULL), 0);
    event_free(server.end);
    https_close(server.https);
    loop_close(server.loop);
    close(server.wake[0]);
    close(server.wake[1]);
    bench_stop(&server.bench);
    lpa_server_be_honest();
    for (size_t i = 0; i < HEARD_MAX; i++)
        free(server.heard[i].body);
}

const struct test_ci *lpa_server_ci(void)
{
    return &server.bench.ci;
}

const char *lpa_server_address(void)
{
    return server.address;
}

const char *lpa_server_cacert(void)
{
    return server.cacert;
}

/* --- What it has, hears and says ------------------------------------------------------------------------ */

void lpa_server_order(const char *matching_id, const char *code)
{
    bench_success(bench_es2p(&server.bench, "downloadOrder", json_pack("{s:s}", "iccid", SERVER_ICCID)));
    bench_success(bench_es2p(&server.bench, "confirmOrder",
                             json_pack("{s:s,s:s,s:s*,s:b}", "iccid", SERVER_ICCID, "matchingId", matching_id,
                                       "confirmationCode", code, "releaseFlag", 1)));
}

const char *lpa_server_order_state(void)
{
    return bench_order_state(&server.bench, SERVER_ICCID);
}

unsigned lpa_server_count(const char *function)
{
    unsigned count = 0;

    for (size_t i = 0; i < server.count; i++)
        count += strcmp(server.heard[i].function, function) == 0;
    return count;
}

const char *lpa_server_heard(const char *function)
{
    const char *body = NULL;

    for (size_t i = 0; i < server.count; i++) {
        if (strcmp(server.heard[i].function, function) == 0)
            body = server.heard[i].body;
    }
    ck_assert_msg(body != NULL, "nobody asked for %s", function);
    return body;
}

int lpa_server_cancelled(void)
{
    static const uint32_t path[] = {TAG_CANCEL_SESSION, 0xA0, TAG_SEQUENCE, 0x82, 0};
    struct buf response = {0};
    struct span value;
    uint64_t reason;
    json_t *request;

    if (lpa_server_count("cancelSession") == 0)
        return -1;
    request = json_loads(lpa_server_heard("cancelSession"), 0, NULL);
    bench_take(request, "cancelSessionResponse", &response);
    ck_assert(tlv_find_path(buf_span(&response), path, &value) && tlv_unsigned(value, &reason));
    buf_free(&response);
    json_decref(request);
    return (int)reason;
}

static struct saying *new_saying(const char *function)
{
    struct saying *saying = find_saying(function);

    ck_assert_uint_lt(server.sayings_count, SAYINGS_MAX);
    if (saying == NULL)
        saying = &server.sayings[server.sayings_count++];
    json_decref(saying->value);
    *saying = (struct saying){.status = 0};
    snprintf(saying->function, sizeof(saying->function), "%s", function);
    return saying;
}

void lpa_server_say(const char *function, int status, const char *body)
{
    struct saying *saying = new_saying(function);

    saying->status = status;
    saying->body = body;
}

void lpa_server_alter(const char *function, const char *member, json_t *value)
{
    struct saying *saying = new_saying(function);

    saying->member = member;
    saying->value = value;
}

void lpa_server_end(const char *function, pid_t process, int signal, bool is_dead)
{
    server.end_with.function = function;
    server.end_with.process = process;
    server.end_with.signal = signal;
    server.end_with.is_dead = is_dead;
}

void lpa_server_be_honest(void)
{
    server.end_with.function = NULL;
    server.is_dead = false;
    for (size_t i = 0; i < server.sayings_count; i++)
        json_decref(server.sayings[i].value);
    server.sayings_count = 0;
    memset(server.sayings, 0, sizeof(server.sayings));
}

void lpa_server_as_smds(void)
{
    struct rsp_server *rsp = &server.bench.smdpp.dp.rsp;
    const struct test_entity *ds = &server.bench.ci.ds_auth;
    uint8_t scalar[EC_SCALAR_SIZE];

    ck_assert(ec_key_scalar(ds->key, scalar));
    cert_free(rsp->credentials[0].cert);
    ec_key_free(rsp->credentials[0].key);
    rsp->credentials[0].cert = cert_parse(buf_span(&ds->der), NULL);
    rsp->credentials[0].key = ec_key_from_scalar(ec_key_curve(ds->key), SPAN_ARRAY(scalar));
    rsp->role = CERT_ROLE_DS_AUTH;
}
