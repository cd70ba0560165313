/* Peers and certificates for tests of the TLS client. See tls_bench.h. */
#include "tests/euicc/network/tls_bench.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <string.h>

#define RECORD_HEADER   13    /* of DTLS */
#define SERVER_TIMER_US 20000 /* a little more than the 15 milliseconds from which on OpenSSL sees none */
#define ROUNDS_MAX      2000

/* --- Certificates ------------------------------------------------------------------------------------ */

static void add_bench_extension(X509 *cert, const struct bench_identity *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;

    X509V3_set_ctx(&context, issuer != NULL ? issuer->cert : cert, cert, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    ck_assert_ptr_nonnull(extension);
    ck_assert_int_eq(X509_add_ext(cert, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static void add_odd_extension(X509 *cert)
{
    ASN1_OBJECT *type = OBJ_txt2obj("2.999.1", 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    X509_EXTENSION *extension;

    ck_assert_int_eq(ASN1_OCTET_STRING_set(value, (const unsigned char *)"\x05\x00", 2), 1);
    extension = X509_EXTENSION_create_by_OBJ(NULL, type, 1, value);
    ck_assert_int_eq(X509_add_ext(cert, extension, -1), 1);
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(type);
}

static EVP_PKEY *bench_key(const struct bench_request *request)
{
    EVP_PKEY *key;

    if (request->same_key != NULL) {
        ck_assert_int_eq(EVP_PKEY_up_ref(request->same_key->key), 1);
        return request->same_key->key;
    }
    key = request->rsa_bits != 0 ? EVP_RSA_gen(request->rsa_bits)
                                 : EVP_EC_gen(request->curve != NULL ? request->curve : "P-256");
    ck_assert_ptr_nonnull(key);
    return key;
}

static void add_bench_extensions(X509 *cert, const struct bench_request *request)
{
    const struct bench_identity *issuer = request->issuer;

    add_bench_extension(cert, issuer, NID_basic_constraints,
                        request->is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
    add_bench_extension(cert, issuer, NID_key_usage,
                        request->is_ca ? "critical,keyCertSign,digitalSignature"
                                       : "critical,digitalSignature");
    if (!request->has_no_key_ids) {
        add_bench_extension(cert, issuer, NID_subject_key_identifier, "hash");
        add_bench_extension(cert, issuer, NID_authority_key_identifier, "keyid");
    }
    if (request->alt_names != NULL)
        add_bench_extension(cert, issuer, NID_subject_alt_name, request->alt_names);
    if (request->usage != NULL)
        add_bench_extension(cert, issuer, NID_ext_key_usage, request->usage);
    if (request->has_odd_extension)
        add_odd_extension(cert);
}

static void write_identity(struct bench_identity *identity)
{
    unsigned char *octets = NULL;
    int size = i2d_X509(identity->cert, &octets);

    identity->der = SPAN(octets, (size_t)size);
    octets = NULL;
    size = i2d_PUBKEY(identity->key, &octets);
    identity->info = SPAN(octets, (size_t)size);
}

struct bench_identity bench_identity(const struct bench_request *request)
{
    struct bench_identity out = {.key = bench_key(request), .cert = X509_new()};
    X509_NAME *name = X509_get_subject_name(out.cert);

    ck_assert_int_eq(X509_set_version(out.cert, X509_VERSION_3), 1);
    ck_assert_int_eq(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                                (const unsigned char *)request->name, -1, -1, 0),
                     1);
    ck_assert_int_eq(X509_set_issuer_name(out.cert, request->issuer != NULL
                                                        ? X509_get_subject_name(request->issuer->cert)
                                                        : name),
                     1);
    ck_assert_int_eq(ASN1_INTEGER_set(X509_get_serialNumber(out.cert), 7), 1);
    ASN1_TIME_set(X509_getm_notBefore(out.cert),
                  request->not_before != 0 ? request->not_before : BENCH_NOW - BENCH_YEAR);
    ASN1_TIME_set(X509_getm_notAfter(out.cert),
                  request->not_after != 0 ? request->not_after : BENCH_NOW + BENCH_YEAR);
    ck_assert_int_eq(X509_set_pubkey(out.cert, out.key), 1);
    add_bench_extensions(out.cert, request);
    ck_assert_int_gt(
        X509_sign(out.cert, request->issuer != NULL ? request->issuer->key : out.key, EVP_sha256()), 0);
    write_identity(&out);
    return out;
}

struct bench_identity bench_identity_from(struct span der, struct span key)
{
    const unsigned char *at = der.data;
    struct bench_identity out = {.cert = d2i_X509(NULL, &at, (long)der.size)};
    BIO *bio = BIO_new_mem_buf(key.data, (int)key.size);

    at = key.data;
    out.key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    if (out.key == NULL)
        out.key = d2i_AutoPrivateKey(NULL, &at, (long)key.size);
    BIO_free(bio);
    ck_assert(out.cert != NULL && out.key != NULL);
    write_identity(&out);
    return out;
}

void bench_identity_free(struct bench_identity *identity)
{
    unsigned char *der, *info;

    memcpy(&der, &identity->der.data, sizeof(der)); /* it was OpenSSL's, and is not const */
    memcpy(&info, &identity->info.data, sizeof(info));
    OPENSSL_free(der);
    OPENSSL_free(info);
    X509_free(identity->cert);
    EVP_PKEY_free(identity->key);
    *identity = (struct bench_identity){0};
}

/* --- The server -------------------------------------------------------------------------------------- */

SSL_CTX *bench_server(bool is_datagram, const struct bench_identity *identity,
                      const struct bench_identity *intermediate)
{
    SSL_CTX *context = SSL_CTX_new(is_datagram ? DTLS_server_method() : TLS_server_method());
    char groups[] = "X25519:P-256:P-384:brainpoolP256r1";

    SSL_CTX_set_security_level(context, 0);
    ck_assert_int_eq(SSL_CTX_use_certificate(context, identity->cert), 1);
    ck_assert_int_eq(SSL_CTX_use_PrivateKey(context, identity->key), 1);
    if (intermediate != NULL)
        ck_assert_int_eq(SSL_CTX_add1_chain_cert(context, intermediate->cert), 1);
    ck_assert_int_eq(SSL_CTX_set1_groups_list(context, groups), 1);
    SSL_CTX_set_session_id_context(context, (const unsigned char *)"bench", 5);
    SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU | SSL_OP_CIPHER_SERVER_PREFERENCE);
    return context;
}

static unsigned int server_timer(SSL *ssl, unsigned int last)
{
    (void)ssl;
    (void)last;
    return SERVER_TIMER_US;
}

/* --- The network ------------------------------------------------------------------------------------- */

struct tls_client_settings bench_settings(enum tls_trust_kind kind, const struct span *trusted, size_t count)
{
    return (struct tls_client_settings){.host = BENCH_HOST,
                                        .trust = {kind, trusted, count},
                                        .date = BENCH_NOW * 1000,
                                        .datagram_max = 1200,
                                        .session = SPAN_NONE};
}

void bench_begin(struct bench *bench, SSL_CTX *server, const struct tls_client_settings *settings)
{
    bench->context = bench->shared != NULL ? bench->shared : tls_client_context_new();
    ck_assert_ptr_nonnull(bench->context);
    bench->server_context = server;
    bench->is_datagram = settings->is_datagram;
    bench->clock = settings->clock;
    bench->client = tls_client_new(bench->context, settings);
    ck_assert_ptr_nonnull(bench->client);
    bench->server = SSL_new(server);
    SSL_set_bio(bench->server, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    BIO_set_mem_eof_return(SSL_get_rbio(bench->server), -1);
    SSL_set_accept_state(bench->server);
    if (bench->is_datagram) {
        SSL_set_mtu(bench->server, 1200);
        DTLS_set_timer_cb(bench->server, server_timer);
    }
}

void bench_end(struct bench *bench)
{
    tls_client_free(bench->client);
    if (bench->context != bench->shared)
        tls_client_context_free(bench->context);
    SSL_free(bench->server);
    bench->client = NULL;
    bench->server = NULL;
    bench->context = NULL;
}

static bool is_lost(unsigned *count, unsigned lost)
{
    unsigned number = (*count)++;

    return number < 32 && (lost >> number & 1) != 0;
}

/* Behind the handshake, the server of DTLS has to look for a flight that comes again. */
static void server_step(struct bench *bench)
{
    uint8_t octet;

    if (!SSL_is_init_finished(bench->server))
        SSL_do_handshake(bench->server);
    else if (bench->is_datagram)
        SSL_peek(bench->server, &octet, sizeof(octet));
}

static bool carry_to_server(struct bench *bench)
{
    struct buf out = {0};
    bool any = false;

    while (tls_client_take(bench->client, &out)) {
        any = true;
        bench->datagram_max = out.size > bench->datagram_max ? out.size : bench->datagram_max;
        if (!bench->is_datagram || !is_lost(&bench->sent, bench->lose_sent)) {
            ck_assert_int_eq(BIO_write(SSL_get_rbio(bench->server), out.data, (int)out.size), (int)out.size);
            server_step(bench);
        }
        buf_clear(&out);
    }
    buf_free(&out);
    return any;
}

/* Feeds what the server wrote: of a stream in pieces, else each record as a datagram. */
static void feed_client(struct bench *bench, struct span octets)
{
    while (octets.size > 0) {
        size_t size = bench->piece != 0 && bench->piece < octets.size ? bench->piece : octets.size;
        struct span piece;

        if (bench->is_datagram) {
            ck_assert_uint_ge(octets.size, RECORD_HEADER);
            size = RECORD_HEADER + (size_t)span_number(SPAN(octets.data + RECORD_HEADER - 2, 2));
        }
        ck_assert(span_take(&octets, size, &piece));
        if (!bench->is_datagram || !is_lost(&bench->came, bench->lose_came))
            tls_client_feed(bench->client, piece, bench->clock);
    }
}

static bool carry_to_client(struct bench *bench)
{
    BIO *from = SSL_get_wbio(bench->server);
    struct buf octets = {0};
    uint8_t piece[4096];
    int size;

    server_step(bench);
    while ((size = BIO_read(from, piece, sizeof(piece))) > 0)
        buf_append(&octets, SPAN(piece, (size_t)size));
    feed_client(bench, buf_span(&octets));
    size = (int)octets.size;
    buf_free(&octets);
    return size > 0;
}

void bench_carry(struct bench *bench)
{
    for (unsigned round = 0; round < ROUNDS_MAX; round++) {
        bool any = carry_to_server(bench);

        if (!(carry_to_client(bench) || any))
            return;
    }
    ck_abort_msg("they never fall silent");
}

void bench_server_write(struct bench *bench, struct span octets)
{
    ck_assert_int_eq(SSL_write(bench->server, octets.data, (int)octets.size), (int)octets.size);
}

struct span bench_server_read(struct bench *bench)
{
    struct buf *out = test_buf();
    uint8_t record[16384];
    int size;

    while ((size = SSL_read(bench->server, record, sizeof(record))) > 0)
        buf_append(out, SPAN(record, (size_t)size));
    return buf_span(out);
}

struct span bench_client_read(struct bench *bench)
{
    struct buf *out = test_buf();

    tls_client_read(bench->client, out);
    return buf_span(out);
}

/* --- A server with its own certificate --------------------------------------------------------------- */

const struct bench_identity *bench_own(void)
{
    static struct bench_identity own;

    if (own.cert == NULL)
        own = bench_identity(&(struct bench_request){.name = BENCH_HOST});
    return &own;
}

SSL_CTX *bench_own_server(int version)
{
    SSL_CTX *server = bench_server(false, bench_own(), NULL);

    ck_assert_int_eq(SSL_CTX_set_min_proto_version(server, version), 1);
    ck_assert_int_eq(SSL_CTX_set_max_proto_version(server, version), 1);
    return server;
}

void bench_begin_own(struct bench *bench, int version)
{
    SSL_CTX *server = bench_own_server(version);
    struct tls_client_settings settings = bench_settings(TLS_TRUST_CERTIFICATE, &bench_own()->der, 1);

    bench_begin(bench, server, &settings);
}

void bench_begin_open(struct bench *bench, int version)
{
    bench_begin_own(bench, version);
    bench_carry(bench);
    ck_assert_str_eq(tls_client_why(bench->client), "");
    ck_assert_int_eq(tls_client_state(bench->client), TLS_OPEN);
    ck_assert_int_eq(SSL_is_init_finished(bench->server), 1);
}

void bench_end_own(struct bench *bench)
{
    SSL_CTX *server = bench->server_context;

    bench_end(bench);
    SSL_CTX_free(server);
}
