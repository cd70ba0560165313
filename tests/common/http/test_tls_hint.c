/*
 * What a person reads when TLS fails (common/http/tls_hint.c, common/http/curl_tls.c): each cause with a
 * server of the test's own that has it, and the hint that fits.
 */
#include "common/http/https_client.h"
#include "tests/support/test.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DAY (24L * 3600)

enum talk { TLS, PLAIN_HTTP, HANG_UP };

struct server {
    const char *names; /* as OpenSSL's extension has them; NULL: none */
    long from, until;  /* its certificate's, in seconds from now */
    enum talk talk;
    int version; /* the only one; 0: any */
    const char *ciphers;
    bool wants_certificate;
};

static struct {
    const struct server *is;
    SSL_CTX *tls;
    int listening;
    unsigned port;
    char ca[256];
    pthread_t thread;
} bench;

/* --- The server ----------------------------------------------------------------------------------------- */

static X509 *make_cert(const struct server *is, EVP_PKEY *key)
{
    X509 *cert = X509_new();
    X509_NAME *name = X509_get_subject_name(cert);
    X509_EXTENSION *names;

    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), is->from);
    X509_gmtime_adj(X509_getm_notAfter(cert), is->until);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)"a server", -1, -1, 0);
    X509_set_issuer_name(cert, name);
    X509_set_pubkey(cert, key);
    if (is->names != NULL) {
        names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, is->names);
        X509_add_ext(cert, names, -1);
        X509_EXTENSION_free(names);
    }
    ck_assert_int_gt(X509_sign(cert, key, EVP_sha256()), 0);
    return cert;
}

static void make_tls(const struct server *is)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = make_cert(is, key);
    FILE *file;

    snprintf(bench.ca, sizeof(bench.ca), "%s", test_path("ca.pem"));
    file = fopen(bench.ca, "w");
    ck_assert(file != NULL && PEM_write_X509(file, cert) == 1 && fclose(file) == 0);
    bench.tls = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_security_level(bench.tls, 0);
    ck_assert_int_eq(SSL_CTX_use_certificate(bench.tls, cert), 1);
    ck_assert_int_eq(SSL_CTX_use_PrivateKey(bench.tls, key), 1);
    if (is->version != 0)
        ck_assert(SSL_CTX_set_min_proto_version(bench.tls, is->version) == 1 &&
                  SSL_CTX_set_max_proto_version(bench.tls, is->version) == 1);
    if (is->ciphers != NULL)
        ck_assert_int_eq(SSL_CTX_set_cipher_list(bench.tls, is->ciphers), 1);
    if (is->wants_certificate)
        SSL_CTX_set_verify(bench.tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    X509_free(cert);
    EVP_PKEY_free(key);
}

static void talk_tls(int fd)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    SSL *ssl = SSL_new(bench.tls);
    char octets[1000];

    SSL_set_fd(ssl, fd);
    if (SSL_accept(ssl) == 1 && SSL_read(ssl, octets, sizeof(octets)) > 0)
        SSL_write(ssl, answer, (int)strlen(answer));
    SSL_shutdown(ssl);
    SSL_free(ssl);
}

static void *serve(void *context)
{
    static const char answer[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
    char octets[2000];
    int fd = accept(bench.listening, NULL, NULL);
    ssize_t size;

    switch (bench.is->talk) {
    case TLS:
        talk_tls(fd);
        break;
    case PLAIN_HTTP:
        size = read(fd, octets, sizeof(octets));
        if (size > 0)
            size = write(fd, answer, strlen(answer));
        break;
    case HANG_UP:
        size = read(fd, octets, sizeof(octets));
        break;
    }
    shutdown(fd, SHUT_WR);
    while (read(fd, octets, sizeof(octets)) > 0)
        ;
    close(fd);
    return context;
}

static void start(const struct server *is)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(at);

    signal(SIGPIPE, SIG_IGN);
    bench.is = is;
    make_tls(is);
    bench.listening = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert(bind(bench.listening, (struct sockaddr *)&at, sizeof(at)) == 0 &&
              listen(bench.listening, 1) == 0);
    ck_assert_int_eq(getsockname(bench.listening, (struct sockaddr *)&at, &size), 0);
    bench.port = ntohs(at.sin_port);
    ck_assert_int_eq(pthread_create(&bench.thread, NULL, serve, NULL), 0);
}

static void stop(void)
{
    pthread_join(bench.thread, NULL);
    close(bench.listening);
    SSL_CTX_free(bench.tls);
}

/* --- The client ----------------------------------------------------------------------------------------- */

/* One request to the server at `host`; why there was no answer. */
static const char *ask(const char *host, struct https_settings settings, enum https_result *result)
{
    static char why[HTTPS_WHY_MAX];
    struct https_client *client;
    struct buf answer = {0};
    const char *problem;
    char url[100];
    const struct https_call call = {.url = url};
    long status;

    snprintf(url, sizeof(url), "https://%s:%u/", host, bench.port);
    settings.timeout = 20;
    settings.answer_max = 1000;
    client = https_client_open(&settings, &problem);
    ck_assert_msg(client != NULL, "%s", problem);
    *result = https_client_call(client, &call, &status, &answer);
    snprintf(why, sizeof(why), "%s", https_client_why(client));
    https_client_close(client);
    buf_free(&answer);
    return why;
}

#define GOOD .names = "DNS:localhost,IP:127.0.0.1", .from = -DAY, .until = DAY

START_TEST(each_cause_has_its_hint)
{
    static const struct {
        struct server server;
        const char *hint; /* at the end of the line; NULL: an answer */
        enum https_result result;
        bool no_cacert;
    } causes[] = {
        {{GOOD}, NULL, HTTPS_ANSWERED, false},
        {{GOOD}, " (trust the server's CA with --cacert FILE)", HTTPS_NOT_TRUSTED, true},
        {{.names = "DNS:a.example,DNS:*.b.example,IP:192.0.2.1,IP:::1", .from = -DAY, .until = DAY},
         " (its certificate is for a.example, *.b.example, 192.0.2.1, ::1: use one of these names)",
         HTTPS_NOT_TRUSTED,
         false},
        {{.from = -DAY, .until = DAY}, " (its certificate names no host)", HTTPS_NOT_TRUSTED, false},
        {{.names = "DNS:localhost", .from = -2 * DAY, .until = -DAY},
         " (the server needs a new certificate, unless this machine's clock is wrong)",
         HTTPS_NOT_TRUSTED,
         false},
        {{.names = "DNS:localhost", .from = DAY, .until = 2 * DAY},
         " (this machine's clock is behind, or the server's certificate is not to be used yet)",
         HTTPS_NOT_TRUSTED,
         false},
        {{GOOD, .version = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-NULL-SHA"},
         " (server and client have no cipher suite, curve or signature algorithm in common)",
         HTTPS_FAILED,
         false},
        {{GOOD, .version = TLS1_1_VERSION},
         " (server and client have no version of TLS in common; the client takes 1.2 and later)",
         HTTPS_FAILED,
         false},
        {{GOOD, .talk = PLAIN_HTTP},
         " (what answers there speaks no TLS: plain HTTP, or another service's port?)",
         HTTPS_FAILED,
         false},
        {{GOOD, .talk = HANG_UP},
         " (the server, or a firewall or proxy before it, hung up in the TLS handshake)",
         HTTPS_FAILED,
         false},
        {{GOOD, .version = TLS1_2_VERSION, .wants_certificate = true},
         " (the server wants a certificate of the client, and softeuicc has none to show)",
         HTTPS_FAILED,
         false},
        {{GOOD, .version = TLS1_3_VERSION, .wants_certificate = true},
         " (the server wants a certificate of the client, and softeuicc has none to show)",
         HTTPS_FAILED,
         false},
    };

    for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
        const char *hint = causes[i].hint;
        enum https_result result;
        const char *why;
        const char *found;

        start(&causes[i].server);
        why = ask(
            "localhost",
            (struct https_settings){.cacert = causes[i].no_cacert ? NULL : bench.ca, .ca_option = "--cacert"},
            &result);
        stop();
        ck_assert_msg(result == causes[i].result, "%zu: %d, %s", i, result, why);
        if (hint == NULL) {
            ck_assert_str_eq(why, "");
            continue;
        }
        found = strstr(why, " (");
        ck_assert_msg(found != NULL && strlen(why) >= strlen(hint) &&
                          strcmp(why + strlen(why) - strlen(hint), hint) == 0,
                      "%zu: %s", i, why);
    }
}
END_TEST

/* With a CA that is another one, and with what an eIM's configuration trusts. */
START_TEST(an_unknown_server_is_told_apart_by_what_was_trusted)
{
    static const struct server good = {GOOD};
    const uint8_t digest[32] = {0};
    enum https_result result;
    struct span other;
    char expected[400];
    const char *why;

    start(&good);
    ask("localhost", (struct https_settings){.cacert = bench.ca, .ca_option = "--cacert"}, &result);
    stop();
    ck_assert_int_eq(result, HTTPS_ANSWERED);
    other = test_read_file(bench.ca);
    rename(bench.ca, test_path("other.pem"));

    start(&good);
    why = ask("localhost",
              (struct https_settings){.cacert = test_path("other.pem"), .ca_option = "--smdp-ca"}, &result);
    stop();
    snprintf(expected, sizeof(expected), " (the server's CA is not in %s, which --smdp-ca names)",
             test_path("other.pem"));
    ck_assert_int_eq(result, HTTPS_NOT_TRUSTED);
    ck_assert_msg(strstr(why, expected) != NULL, "%s", why);

    start(&good);
    why = ask("localhost", (struct https_settings){.pem = other}, &result);
    stop();
    ck_assert_int_eq(result, HTTPS_NOT_TRUSTED);
    ck_assert_msg(strstr(why, "trustedPublicKeyDataTls") != NULL, "%s", why);

    start(&good);
    why = ask("localhost", (struct https_settings){.key_digest = digest}, &result);
    stop();
    ck_assert_int_eq(result, HTTPS_NOT_TRUSTED);
    ck_assert_msg(strstr(why, "trustedPublicKeyDataTls") != NULL, "%s", why);
}
END_TEST

/* What is not TLS's matter has no hint about it. */
START_TEST(other_failures_have_none)
{
    static const struct server good = {GOOD};
    enum https_result result;
    const char *why;

    start(&good);
    ask("localhost", (struct https_settings){.cacert = bench.ca}, &result);
    stop();
    why = ask("localhost", (struct https_settings){.cacert = bench.ca}, &result);
    ck_assert_int_eq(result, HTTPS_FAILED);
    ck_assert_msg(strchr(why, '(') == NULL, "%s", why);
}
END_TEST

TEST_MAIN("tls_hint", each_cause_has_its_hint, an_unknown_server_is_told_apart_by_what_was_trusted,
          other_failures_have_none)
