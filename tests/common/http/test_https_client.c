/* common/http/https_client.c and https_loop.c against a server on the same loop: whom they trust, what they
 * ask, how much they take. */
#include "common/http/https.h"
#include "common/http/https_loop.h"
#include "crypto/ec.h"
#include "tests/support/test.h"
#include "tests/support/tls.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ANSWER_SIZE 1000

static struct {
    struct loop *loop;
    struct https *server;
    struct https_loop *requests;
    struct test_tls tls;
    char asked[100];  /* what the server saw last */
    struct buf shown; /* the certificate of who asked */
    /* what came of the last request */
    bool done;
    enum https_result result;
    long status;
    size_t size;
    char why[300];
} bench;

static void answer(void *context, struct https_request *request)
{
    const struct http_request *what = https_request(request);
    struct http_answer out = {.code = 202, .content_type = "text/plain"};
    const uint8_t octets[ANSWER_SIZE] = {0};

    (void)context;
    snprintf(bench.asked, sizeof(bench.asked), "%s %s %.*s", what->method, what->path, (int)what->body.size,
             (const char *)what->body.data);
    buf_clear(&bench.shown);
    buf_append(&bench.shown, what->client_cert);
    buf_append(&out.body, SPAN_ARRAY(octets));
    https_answer(request, &out);
    buf_free(&out.body);
}

/* `address` is one of the loopback interface; the certificate names localhost and 127.0.0.1. */
static void start_for(const char *address, const char *client_ca)
{
    struct https_options options = {
        .address = address, .body_max = 1000, .allow = "GET, POST, DELETE", .answer = answer};

    memset(&bench, 0, sizeof(bench));
    test_tls_make(&bench.tls);
    if (client_ca != NULL)
        options.client_ca = client_ca[0] != '\0' ? client_ca : bench.tls.ca;
    options.cert = bench.tls.cert;
    options.key = bench.tls.key;
    bench.loop = loop_open();
    bench.server = https_open(bench.loop, &options);
    bench.requests = https_loop_open(bench.loop);
    ck_assert(bench.server != NULL && bench.requests != NULL);
}

static void start(const char *address)
{
    start_for(address, NULL);
}

static void stop(void)
{
    buf_free(&bench.shown);
    https_loop_close(bench.requests);
    https_close(bench.server);
    loop_close(bench.loop);
}

static void on_done(void *context, enum https_result result, long status, struct span octets, const char *why)
{
    (void)context;
    bench.done = true;
    bench.result = result;
    bench.status = status;
    bench.size = octets.size;
    snprintf(bench.why, sizeof(bench.why), "%s", why);
}

/* One request to `host` and what came of it. */
static enum https_result ask(struct https_settings settings, const char *host, const char *method,
                             const char *body)
{
    char url[100];
    const struct https_call call = {method, url, body != NULL ? span_of_string(body) : SPAN_NONE};

    snprintf(url, sizeof(url), "https://%s:%u/path", host, https_port(bench.server));
    settings.timeout = 20;
    if (settings.answer_max == 0)
        settings.answer_max = ANSWER_SIZE;
    bench.done = false;
    ck_assert(https_loop_send(bench.requests, &settings, &call, on_done, NULL));
    while (!bench.done)
        event_base_loop(loop_base(bench.loop), EVLOOP_ONCE);
    ck_assert_int_eq(bench.why[0] == '\0', bench.result == HTTPS_ANSWERED);
    return bench.result;
}

START_TEST(asks)
{
    const struct https_settings settings = {.cacert = bench.tls.ca};

    start("127.0.0.1");
    ck_assert_int_eq(ask((struct https_settings){.cacert = bench.tls.ca}, "localhost", NULL, NULL),
                     HTTPS_ANSWERED);
    ck_assert_str_eq(bench.asked, "GET /path ");
    ck_assert_int_eq(bench.status, 202);
    ck_assert_uint_eq(bench.size, ANSWER_SIZE);
    ck_assert_int_eq(ask(settings, "localhost", NULL, "body"), HTTPS_ANSWERED);
    ck_assert_str_eq(bench.asked, "POST /path body");
    ck_assert_int_eq(ask(settings, "localhost", "DELETE", NULL), HTTPS_ANSWERED);
    ck_assert_str_eq(bench.asked, "DELETE /path ");
    stop();
}
END_TEST

START_TEST(takes_no_more_than_it_was_told)
{
    const struct https_settings settings = {.cacert = bench.tls.ca, .answer_max = ANSWER_SIZE - 1};

    start("127.0.0.1");
    ck_assert_int_eq(ask(settings, "localhost", NULL, NULL), HTTPS_FAILED);
    stop();
}
END_TEST

START_TEST(trusts_whom_it_was_told)
{
    uint8_t info[26 + EC_POINT_SIZE] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48,
                                        0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48,
                                        0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};
    const struct span whole = SPAN_ARRAY(info);
    struct https_settings pem = {.any_name = false};
    uint8_t digest[CRYPTO_SHA256_SIZE];
    struct cert *cert;

    start("127.0.0.1");
    ck_assert_int_eq(ask((struct https_settings){.cacert = NULL}, "localhost", NULL, NULL),
                     HTTPS_NOT_TRUSTED);
    pem.pem = test_read_file(bench.tls.ca);
    ck_assert_int_eq(ask(pem, "localhost", NULL, NULL), HTTPS_ANSWERED);
    stop();

    start("127.0.0.2");
    ck_assert_int_eq(ask((struct https_settings){.cacert = bench.tls.ca}, "127.0.0.2", NULL, NULL),
                     HTTPS_NOT_TRUSTED);
    ck_assert_int_eq(ask(pem, "127.0.0.2", NULL, NULL), HTTPS_NOT_TRUSTED);
    pem.any_name = true;
    ck_assert_int_eq(ask(pem, "127.0.0.2", NULL, NULL), HTTPS_ANSWERED);

    cert = pki_load_cert_file(bench.tls.cert);
    ck_assert_ptr_nonnull(cert);
    ec_key_point(cert_key(cert), info + 26);
    cert_free(cert);
    ck_assert(crypto_sha256(&whole, 1, digest));
    ck_assert_int_eq(ask((struct https_settings){.key_digest = digest}, "127.0.0.2", NULL, NULL),
                     HTTPS_ANSWERED);
    digest[0] ^= 1;
    ck_assert_int_ne(ask((struct https_settings){.key_digest = digest}, "127.0.0.2", NULL, NULL),
                     HTTPS_ANSWERED);
    stop();
}
END_TEST

/* Nobody is trusted by a file that cannot be read, nor instead by the system's; a FIFO is not waited for. */
START_TEST(files_of_cas_that_are_none)
{
    char path[200];

    start("127.0.0.1");
    snprintf(path, sizeof(path), "%s", test_path("fifo"));
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(ask((struct https_settings){.cacert = path}, "localhost", NULL, NULL), HTTPS_FAILED);
    ck_assert_ptr_nonnull(strstr(bench.why, "fifo is a FIFO, not a file"));
    snprintf(path, sizeof(path), "%s", test_path("none"));
    ck_assert_int_eq(ask((struct https_settings){.cacert = path}, "localhost", NULL, NULL), HTTPS_FAILED);
    ck_assert_ptr_nonnull(strstr(bench.why, "none: No such file or directory"));
    fclose(fopen(path, "w"));
    ck_assert_int_eq(ask((struct https_settings){.cacert = path}, "localhost", NULL, NULL), HTTPS_FAILED);
    ck_assert_ptr_nonnull(strstr(bench.why, "there is no certificate in "));
    ck_assert_str_eq(bench.asked, "");
    stop();
}
END_TEST

/* A server that asks for certificates sees whose it is, in either form; nobody else is let in. */
START_TEST(shows_its_certificate)
{
    struct https_settings settings;
    char der[PKI_PATH_MAX], other[300], other_key[300], command[1200];
    struct span cert;

    start_for("127.0.0.1", "");
    settings = (struct https_settings){.cacert = bench.tls.ca};
    ck_assert_int_eq(ask(settings, "localhost", NULL, NULL), HTTPS_FAILED);
    ck_assert_ptr_nonnull(strstr(bench.why, "wants a certificate of the client"));
    ck_assert_str_eq(bench.asked, "");

    settings.cert = bench.tls.cert;
    settings.key = bench.tls.key;
    ck_assert_int_eq(ask(settings, "localhost", NULL, NULL), HTTPS_ANSWERED);
    ck_assert(pki_path(der, bench.tls.directory, EC_CURVE_P256, PKI_DP_TLS, PKI_CERT_DER));
    cert = test_read_file(der);
    ck_assert(span_equal(cert, buf_span(&bench.shown)));
    settings.cert = der;
    ck_assert_int_eq(ask(settings, "localhost", NULL, NULL), HTTPS_ANSWERED);

    bench.asked[0] = '\0';
    snprintf(other, sizeof(other), "%s", test_path("other.pem"));
    snprintf(other_key, sizeof(other_key), "%s", test_path("other.key"));
    snprintf(command, sizeof(command),
             "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=other -keyout "
             "%s -out "
             "%s 2>/dev/null",
             other_key, other);
    ck_assert_int_eq(system(command), 0);
    settings.cert = other;
    settings.key = other_key;
    ck_assert_int_ne(ask(settings, "localhost", NULL, NULL), HTTPS_ANSWERED);
    stop(); /* also the connection that is kept for the certificate */

    start_for("127.0.0.1", "");
    settings.cert = bench.tls.cert; /* with the key of the other */
    ck_assert_int_eq(ask(settings, "localhost", NULL, NULL), HTTPS_FAILED);
    ck_assert_ptr_nonnull(strstr(bench.why, "no certificate with its key"));
    ck_assert_str_eq(bench.asked, "");
    stop();

    start("127.0.0.1");
    ck_assert_int_eq(
        ask((struct https_settings){.cacert = bench.tls.ca, .cert = bench.tls.cert, .key = bench.tls.key},
            "localhost", NULL, NULL),
        HTTPS_ANSWERED);
    ck_assert_uint_eq(bench.shown.size, 0);
    stop();
}
END_TEST

START_TEST(says_that_there_is_no_such_server)
{
    const struct https_settings settings = {.cacert = bench.tls.ca};

    start("127.0.0.1");
    ck_assert_int_eq(ask(settings, "no-such-host.invalid", NULL, NULL), HTTPS_NO_SUCH_HOST);
    stop();
}
END_TEST

TEST_MAIN("https_client", asks, takes_no_more_than_it_was_told, trusts_whom_it_was_told,
          files_of_cas_that_are_none, shows_its_certificate, says_that_there_is_no_such_server)
