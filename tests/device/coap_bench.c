/* A CoAP server for tests. See coap_bench.h. */
#include "config.h"

#include "tests/device/coap_bench.h"

#ifdef HAVE_COAP

#include "common/net/coap_address.h"
#include "crypto/psk.h"
#include "tests/support/test.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct coap_bench {
    coap_context_t *context;
    struct event *readable;
    uint16_t port;
    struct psk psk;
    coap_bin_const_t key; /* of it */
    struct span octets;
    coap_bench_answer *answer;
};

static void on_post(coap_resource_t *resource, coap_session_t *session, const coap_pdu_t *request,
                    const coap_string_t *query, coap_pdu_t *response)
{
    const struct coap_bench *bench = coap_resource_get_userdata(resource);
    const coap_str_const_t *uri = coap_resource_get_uri_path(resource);
    const uint8_t *data = NULL;
    size_t size = 0;
    size_t offset;
    size_t total;
    char path[16];

    snprintf(path, sizeof(path), "/%.*s", (int)uri->length, (const char *)uri->s);
    coap_get_data_large(request, &size, &data, &offset, &total);
    switch (bench->answer(span_of_string(path), SPAN(data, size))) {
    case 200:
        coap_pdu_set_code(response, COAP_RESPONSE_CODE_CHANGED);
        coap_add_data_large_response(resource, session, request, response, query,
                                     COAP_MEDIATYPE_APPLICATION_OCTET_STREAM, -1, 0, bench->octets.size,
                                     bench->octets.data, NULL, NULL);
        break;
    case 500:
        coap_pdu_set_code(response, COAP_RESPONSE_CODE_INTERNAL_ERROR);
        break;
    default:
        coap_pdu_set_type(response, COAP_MESSAGE_NON); /* an empty one of this type is not sent */
    }
}

static void on_readable(evutil_socket_t fd, short events, void *context)
{
    (void)fd;
    (void)events;
    coap_io_process(((struct coap_bench *)context)->context, COAP_IO_NO_WAIT);
}

static void add_resource(struct coap_bench *bench, const char *name)
{
    coap_resource_t *resource = coap_resource_init(coap_make_str_const(name), 0);

    ck_assert_ptr_nonnull(resource);
    coap_resource_set_userdata(resource, bench);
    coap_register_request_handler(resource, COAP_REQUEST_POST, on_post);
    coap_add_resource(bench->context, resource);
}

/* libcoap does not say which port it was given. */
static void listen_somewhere(struct coap_bench *bench)
{
    struct addresses found;
    int fds[ADDRESSES_MAX];
    char why[ADDRESSES_WHY_MAX];
    coap_address_t address;

    ck_assert_msg(addresses_listen("127.0.0.1", &bench->port, SOCK_DGRAM, &found, fds, why), "%s", why);
    close(fds[0]);
    coap_address_from(&found.list[0], &address);
    ck_assert_ptr_nonnull(coap_new_endpoint(bench->context, &address, COAP_PROTO_DTLS));
}

static const coap_bin_const_t *on_identity(coap_bin_const_t *identity, coap_session_t *session, void *context)
{
    struct coap_bench *bench = context;

    (void)session;
    bench->key = (coap_bin_const_t){.length = bench->psk.key_size, .s = bench->psk.key};
    return span_equal(SPAN(identity->s, identity->length), span_of_string(bench->psk.identity)) ? &bench->key
                                                                                                : NULL;
}

/* Before the certificate, with which libcoap makes the first client's connection. */
static void take_psk(struct coap_bench *bench)
{
    coap_dtls_spsk_t setup = {.version = COAP_DTLS_SPSK_SETUP_VERSION,
                              .validate_id_call_back = on_identity,
                              .id_call_back_arg = bench};
    const char *why;

    ck_assert(psk_read(COAP_BENCH_PSK, &bench->psk, &why));
    ck_assert_int_ne(coap_context_set_psk2(bench->context, &setup), 0);
}

struct coap_bench *coap_bench_start(struct loop *loop, const struct test_tls *tls, struct span octets,
                                    coap_bench_answer *answer)
{
    coap_dtls_pki_t pki = {.version = COAP_DTLS_PKI_SETUP_VERSION, .pki_key.key_type = COAP_PKI_KEY_PEM};
    struct coap_bench *bench = calloc(1, sizeof(*bench));

    ck_assert_ptr_nonnull(bench);
    coap_startup();
    coap_set_log_level(LOG_EMERG);
    bench->octets = octets;
    bench->answer = answer;
    bench->context = coap_new_context(NULL);
    ck_assert_ptr_nonnull(bench->context);
    take_psk(bench);
    pki.pki_key.key.pem.public_cert = tls->cert;
    pki.pki_key.key.pem.private_key = tls->key;
    ck_assert_int_ne(coap_context_set_pki(bench->context, &pki), 0);
    coap_context_set_block_mode(bench->context, COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY);
    add_resource(bench, "answer");
    add_resource(bench, "refuse");
    add_resource(bench, "silent");
    listen_somewhere(bench);
    bench->readable = event_new(loop_base(loop), coap_context_get_coap_fd(bench->context),
                                EV_READ | EV_PERSIST, on_readable, bench);
    ck_assert(bench->readable != NULL && event_add(bench->readable, NULL) == 0);
    return bench;
}

unsigned coap_bench_port(const struct coap_bench *bench)
{
    return bench->port;
}

void coap_bench_stop(struct coap_bench *bench)
{
    event_free(bench->readable);
    coap_free_context(bench->context);
    free(bench);
}

#else

#include <stddef.h>

struct coap_bench *coap_bench_start(struct loop *loop, const struct test_tls *tls, struct span octets,
                                    coap_bench_answer *answer)
{
    (void)loop;
    (void)tls;
    (void)octets;
    (void)answer;
    return NULL;
}

unsigned coap_bench_port(const struct coap_bench *bench)
{
    (void)bench;
    return 0;
}

void coap_bench_stop(struct coap_bench *bench)
{
    (void)bench;
}

#endif
