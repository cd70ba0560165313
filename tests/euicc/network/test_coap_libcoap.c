/* Exchanges with libcoap's own server over a real socket: its blocks, its acknowledgements, its refusals. */
#include "tests/euicc/network/coap_script.h"

#include <arpa/inet.h>
#include <coap3/coap.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE = 20000 /* milliseconds */, DATAGRAM_MAX = 2048 };

struct peer {
    coap_context_t *context;
    int fd; /* ours, connected to it */
    struct span answer;
    struct buf received; /* the payload of the last request */
    unsigned posts;
};

static int64_t now_ms(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void note_request(struct peer *peer, const coap_pdu_t *request)
{
    const uint8_t *data = NULL;
    size_t size = 0;
    size_t offset;
    size_t total;

    coap_get_data_large(request, &size, &data, &offset, &total);
    buf_clear(&peer->received);
    buf_append(&peer->received, SPAN(data, size));
    peer->posts++;
}

static void answer_request(coap_resource_t *resource, coap_session_t *session, const coap_pdu_t *request,
                           const coap_string_t *query, coap_pdu_t *response)
{
    const struct peer *peer = coap_resource_get_userdata(resource);

    coap_pdu_set_code(response, COAP_RESPONSE_CODE_CHANGED);
    coap_add_data_large_response(resource, session, request, response, query,
                                 COAP_MEDIATYPE_APPLICATION_OCTET_STREAM, -1, 0, peer->answer.size,
                                 peer->answer.data, NULL, NULL);
}

static void on_post(coap_resource_t *resource, coap_session_t *session, const coap_pdu_t *request,
                    const coap_string_t *query, coap_pdu_t *response)
{
    note_request(coap_resource_get_userdata(resource), request);
    answer_request(resource, session, request, query, response);
}

/* Answers by itself, half a second behind: libcoap asks once more then, with the payload gone. */
static void on_slow_post(coap_resource_t *resource, coap_session_t *session, const coap_pdu_t *request,
                         const coap_string_t *query, coap_pdu_t *response)
{
    if (coap_find_async(session, coap_pdu_get_token(request)) != NULL) {
        answer_request(resource, session, request, query, response);
        return;
    }
    note_request(coap_resource_get_userdata(resource), request);
    ck_assert_ptr_nonnull(coap_register_async(session, request, COAP_TICKS_PER_SECOND / 2));
}

static void add_resource(struct peer *peer, const char *name, coap_method_handler_t handler)
{
    coap_resource_t *resource = coap_resource_init(coap_make_str_const(name), 0);

    ck_assert_ptr_nonnull(resource);
    coap_resource_set_userdata(resource, peer);
    coap_register_request_handler(resource, COAP_REQUEST_POST, handler);
    coap_add_resource(peer->context, resource);
}

/* A port that is free: libcoap does not say which one it was given. */
static void connect_peer(struct peer *peer)
{
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(place);
    coap_address_t address;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(bind(fd, (struct sockaddr *)&place, sizeof(place)), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&place, &size), 0);
    close(fd);
    coap_address_init(&address);
    address.size = sizeof(place);
    memcpy(&address.addr.sin, &place, sizeof(place));
    ck_assert_ptr_nonnull(coap_new_endpoint(peer->context, &address, COAP_PROTO_UDP));
    peer->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(connect(peer->fd, (struct sockaddr *)&place, sizeof(place)), 0);
}

static struct peer *start_peer(struct span answer)
{
    struct peer *peer = calloc(1, sizeof(*peer));

    ck_assert_ptr_nonnull(peer);
    coap_startup();
    coap_set_log_level(LOG_EMERG);
    peer->answer = answer;
    peer->context = coap_new_context(NULL);
    ck_assert_ptr_nonnull(peer->context);
    coap_context_set_block_mode(peer->context, COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY);
    add_resource(peer, "at/once", on_post);
    add_resource(peer, "slow", on_slow_post);
    connect_peer(peer);
    return peer;
}

static void stop_peer(struct peer *peer)
{
    close(peer->fd);
    coap_free_context(peer->context);
    coap_cleanup();
    buf_free(&peer->received);
    free(peer);
}

/* One turn of both sides. */
static void turn(struct peer *peer, struct coap_exchange *exchange)
{
    struct pollfd readable = {.fd = peer->fd, .events = POLLIN};
    uint8_t octets[DATAGRAM_MAX];
    struct span datagram;

    while (coap_exchange_next(exchange, &datagram))
        ck_assert_int_eq(send(peer->fd, datagram.data, datagram.size, 0), (ssize_t)datagram.size);
    coap_io_process(peer->context, COAP_IO_NO_WAIT);
    while (poll(&readable, 1, 1) == 1) {
        ssize_t size = recv(peer->fd, octets, sizeof(octets), 0);

        ck_assert_int_gt(size, 0);
        coap_exchange_receive(exchange, SPAN(octets, (size_t)size), now_ms());
    }
    coap_exchange_tick(exchange, now_ms());
}

static struct coap_exchange *run(struct peer *peer, struct coap_request request)
{
    const int64_t end = now_ms() + PATIENCE;
    struct coap_exchange *exchange = coap_exchange_new(&request, now_ms());

    ck_assert_ptr_nonnull(exchange);
    while (coap_exchange_state(exchange) == COAP_RUNNING && now_ms() < end)
        turn(peer, exchange);
    turn(peer, exchange); /* the last acknowledgement */
    return exchange;
}

static struct coap_request request_to(const char *path, struct span payload, unsigned szx)
{
    struct coap_request request = script_request(payload);

    request.path = path;
    request.content_format = COAP_MEDIATYPE_APPLICATION_OCTET_STREAM;
    request.szx = szx;
    return request;
}

/* Payloads and answers around the sizes of blocks, and large ones. */
START_TEST(any_size)
{
    static const struct {
        unsigned szx;
        size_t payload, answer;
    } rows[] = {
        {6, 0, 1},       {6, 1, 0},     {6, 1024, 1024}, {6, 1025, 1025}, {6, 1023, 2048},
        {6, 65000, 5},   {6, 5, 65000}, {6, 9000, 9000}, {5, 513, 1025},  {2, 65, 130},
        {2, 3000, 5000}, {0, 17, 33},   {0, 16, 16},     {0, 1000, 1000},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct peer *peer = start_peer(script_octets(rows[i].answer, 1));
        struct span payload = script_octets(rows[i].payload, 2);
        struct coap_exchange *exchange = run(peer, request_to("/at/once", payload, rows[i].szx));

        ck_assert_msg(coap_exchange_state(exchange) == COAP_COMPLETE, "%zu, %zu: %s", rows[i].payload,
                      rows[i].answer, coap_exchange_why(exchange));
        script_complete(exchange, COAP_CODE(2, 4), peer->answer);
        ck_assert_span(buf_span(&peer->received), payload);
        ck_assert_uint_eq(peer->posts, 1);
        stop_peer(peer);
    }
}
END_TEST

/* Behind an empty acknowledgement, in blocks both ways. */
START_TEST(separate_responses)
{
    struct peer *peer = start_peer(script_octets(3000, 1));
    struct span payload = script_octets(2500, 2);

    script_complete(run(peer, request_to("/slow", payload, 6)), COAP_CODE(2, 4), peer->answer);
    ck_assert_span(buf_span(&peer->received), payload);
    stop_peer(peer);
}
END_TEST

START_TEST(refusals)
{
    struct peer *peer = start_peer(script_octets(1, 1));
    struct coap_request request = request_to("/at/once", script_octets(2000, 2), 6);

    script_failed(run(peer, request_to("/nowhere", SPAN_STRING("1"), 6)), "CoAP response 4.04: Not Found");
    request.answer_max = 0;
    script_failed(run(peer, request), "the answer has more than 0 octets");
    stop_peer(peer);
}
END_TEST

TEST_MAIN("coap_libcoap", any_size, separate_responses, refusals)
