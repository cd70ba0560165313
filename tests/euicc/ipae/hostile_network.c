/* A network and a server with faults. See hostile_network.h. */
#include "tests/euicc/ipae/hostile_network.h"

#include <string.h>

#define PIECE     1400
#define MORE_ONCE 4096 /* octets of what is written without end, at once */
#define CA_NAME   "CA"
#define RSA_SMALL 1024

static const struct network_fault no_fault = {.name = "none"};

/* --- who the server is ------------------------------------------------------------------------------- */

static const struct bench_identity *good_ca(void)
{
    static struct bench_identity ca;

    if (ca.cert == NULL)
        ca = bench_identity(&(struct bench_request){.name = CA_NAME, .is_ca = true, .has_no_key_ids = true});
    return &ca;
}

/* Another CA of this name. */
static const struct bench_identity *bad_ca(const char *name)
{
    static struct bench_identity cas[2];
    struct bench_identity *ca = &cas[strcmp(name, CA_NAME) == 0];

    if (ca->cert == NULL)
        *ca = bench_identity(&(struct bench_request){.name = name, .is_ca = true, .has_no_key_ids = true});
    return ca;
}

struct span hostile_network_ca(void)
{
    return good_ca()->der;
}

static struct bench_request request_of(enum network_identity identity)
{
    struct bench_request request = {
        .name = BENCH_HOST, .alt_names = "DNS:" BENCH_HOST, .issuer = good_ca(), .has_no_key_ids = true};

    switch (identity) {
    case SERVER_OF_OTHER_CA:
        request.issuer = bad_ca("Other CA");
        break;
    case SERVER_OF_ITSELF:
        request.issuer = NULL;
        break;
    case SERVER_BADLY_SIGNED:
        request.issuer = bad_ca(CA_NAME);
        break;
    case SERVER_OF_OTHER_NAME:
        request.name = "other.example.com";
        request.alt_names = "DNS:other.example.com";
        break;
    case SERVER_WITHOUT_NAME:
        request.alt_names = NULL;
        break;
    case SERVER_EXPIRED:
        request.not_after = BENCH_NOW - 1;
        break;
    case SERVER_OF_TOMORROW:
        request.not_before = BENCH_NOW + 86400;
        break;
    case SERVER_OF_SMALL_CURVE:
        request.curve = "P-192";
        break;
    case SERVER_OF_SMALL_RSA:
        request.rsa_bits = RSA_SMALL;
        break;
    case SERVER_FOR_CLIENTS:
        request.usage = "clientAuth";
        break;
    default:
        break;
    }
    return request;
}

static SSL_CTX *server_of(struct hostile_network *network, enum network_identity identity)
{
    struct bench_request request = request_of(identity);
    struct bench_identity issuer = {.cert = NULL}, made;

    if (network->servers[identity] != NULL)
        return network->servers[identity];
    if (identity == SERVER_OF_NO_CA) {
        struct bench_request of_issuer = request_of(SERVER_GOOD);

        issuer = bench_identity(&of_issuer);
        request.issuer = &issuer;
    }
    made = bench_identity(&request);
    network->servers[identity] = bench_server(false, &made, issuer.cert != NULL ? &issuer : NULL);
    bench_identity_free(&made);
    if (issuer.cert != NULL)
        bench_identity_free(&issuer);
    return network->servers[identity];
}

/* --- what it answers --------------------------------------------------------------------------------- */

static void come_to_the_card(struct hostile_network *network, struct span raw)
{
    struct buf mangled = {0};

    if (network->is->mangle != NULL && network->in_answer == network->is->in_answer) {
        network->is->mangle(raw, &mangled);
        raw = buf_span(&mangled);
    }
    if (network->come.size == 0)
        network->due = network->now + network->is->delay;
    buf_append(&network->come, raw);
    buf_free(&mangled);
}

static void flush(struct hostile_network *network)
{
    struct buf raw = {0};

    if (https_peer_take(&network->peer, &raw) && !network->is_cut)
        come_to_the_card(network, buf_span(&raw));
    buf_free(&raw);
}

static bool find_answer(struct hostile_network *network, struct span message, struct span *answer)
{
    const struct network_fault *fault = network->is;
    struct buf *body = test_buf();

    if (!network->eim(network->context, message, body))
        return false;
    if (fault->answer != NULL)
        *answer = span_of_string(fault->answer);
    else if (fault->make != NULL)
        *answer = fault->make(buf_span(body));
    else
        *answer =
            https_peer_answer("200 OK", "Content-Type: application/x-gsma-rsp-asn1\r\n", buf_span(body));
    return true;
}

static void serve(struct hostile_network *network)
{
    const struct network_fault *fault = network->is;
    struct span body, answer;

    while (https_peer_request(&network->peer, &network->head, &body)) {
        network->requests++;
        flush(network);
        network->in_answer = true;
        network->came = fault->in_answer ? 0 : network->came;
        if (!find_answer(network, body, &answer))
            continue;
        if (fault->share != 0)
            answer.size = answer.size * fault->share / 100;
        https_peer_write(&network->peer, answer);
        network->answers_on = fault->again != NULL;
        if (fault->closes)
            https_peer_close(&network->peer);
        flush(network);
        if (fault->cuts)
            network->is_cut = true;
    }
}

static void answer_on(struct hostile_network *network)
{
    struct buf more = {0};

    while (more.size < MORE_ONCE)
        buf_append(&more, span_of_string(network->is->again));
    https_peer_write(&network->peer, buf_span(&more));
    buf_free(&more);
    flush(network);
}

/* --- what the card asks of its host ------------------------------------------------------------------ */

static bool network_open(void *context, unsigned channel, enum softeuicc_transport transport,
                         const char *host, uint16_t port)
{
    struct hostile_network *network = context;

    ck_assert_int_eq(transport, SOFTEUICC_TCP);
    ck_assert_str_eq(host, BENCH_HOST);
    ck_assert_uint_eq(port, 443);
    ck_assert_uint_eq(network->channel, 0); /* one at a time */
    network->opened++;
    network->is = network->fault != NULL ? network->fault : &no_fault;
    if (network->is->channel == CHANNEL_REFUSED)
        return false;
    network->channel = channel;
    network->is_open = network->is->channel == CHANNEL_OPENS;
    network->is_cut = network->is->channel == CHANNEL_DIES;
    network->is_told_open = network->is_told_cut = network->in_answer = network->answers_on = false;
    network->sent = network->came = 0;
    network->due = network->now + network->is->delay;
    buf_clear(&network->come);
    https_peer_begin(&network->peer, server_of(network, network->is->identity));
    if (network->gives_no_sessions)
        ck_assert_int_eq(SSL_set_num_tickets(network->peer.ssl, 0), 1);
    if (network->is->highest != 0)
        ck_assert_int_eq(SSL_set_max_proto_version(network->peer.ssl, network->is->highest), 1);
    return true;
}

static bool network_send(void *context, unsigned channel, const uint8_t *octets, size_t size)
{
    struct hostile_network *network = context;
    const struct network_fault *fault = network->is;
    size_t most = fault->cut_sent != 0 ? fault->cut_sent - network->sent : size;

    ck_assert(channel == network->channel && network->is_told_open && size > 0);
    if (fault->takes_nothing || network->is_told_cut)
        return false;
    if (network->is_cut)
        return true;
    size = size < most ? size : most;
    network->sent += size;
    if (size > 0)
        https_peer_feed(&network->peer, SPAN(octets, size));
    flush(network);
    serve(network);
    if (fault->cut_sent != 0 && network->sent == fault->cut_sent)
        network->is_cut = !fault->silent;
    return true;
}

static void network_close(void *context, unsigned channel)
{
    struct hostile_network *network = context;

    ck_assert_uint_eq(channel, network->channel);
    network->channel = 0;
    network->closed++;
    SSL_shutdown(network->peer.ssl); /* what it resumes later ended in order */
    https_peer_end(&network->peer);
}

/* --- what its host tells it -------------------------------------------------------------------------- */

void hostile_network_open(struct hostile_network *network)
{
    *network = (struct hostile_network){.calls = {network, network_open, network_send, network_close}};
    network->is = &no_fault;
}

void hostile_network_end(struct hostile_network *network)
{
    ck_assert_uint_eq(network->channel, 0);
    https_peer_end(&network->peer);
    buf_free(&network->come);
    for (size_t i = 0; i < SERVER_IDENTITIES; i++)
        SSL_CTX_free(network->servers[i]);
}

void hostile_network_heal(struct hostile_network *network)
{
    network->fault = NULL;
    network->is = &no_fault;
    network->answers_on = false;
}

/* The octets that still may come. */
static size_t may_come(const struct hostile_network *network)
{
    const struct network_fault *fault = network->is;

    if (fault->cut_come == 0 || network->in_answer != fault->in_answer)
        return network->come.size;
    return fault->cut_come - network->came;
}

static bool tell_piece(struct hostile_network *network, const struct network_listener *listener)
{
    size_t piece = network->is->piece != 0 ? network->is->piece : PIECE;
    size_t most = may_come(network);
    struct buf rest = {0};

    if (network->come.size == 0 && network->answers_on)
        answer_on(network);
    piece = piece < network->come.size ? piece : network->come.size;
    piece = piece < most || most == 0 ? piece : most;
    if (piece == 0 || network->now < network->due)
        return false;
    if (most == 0) { /* it is lost */
        buf_clear(&network->come);
        network->is_cut = !network->is->silent;
        return true;
    }
    buf_append(&rest, SPAN(network->come.data + piece, network->come.size - piece));
    network->came += piece;
    network->due = network->now + network->is->delay;
    listener->received(listener->context, network->channel, SPAN(network->come.data, piece));
    buf_free(&network->come);
    network->come = rest;
    return true;
}

bool hostile_network_tell_to(struct hostile_network *network, const struct network_listener *listener)
{
    if (network->channel == 0)
        return false;
    if (network->is_open && !network->is_told_open) {
        if (network->now < network->due)
            return false;
        network->is_told_open = true;
        listener->opened(listener->context, network->channel);
        return true;
    }
    if (network->is_told_open && !network->is_told_cut && tell_piece(network, listener))
        return true;
    if (!network->is_cut || network->is_told_cut || network->come.size > 0)
        return false;
    network->is_told_cut = true;
    listener->closed(listener->context, network->channel, "the cable is gone");
    return true;
}

static void card_opened(void *context, unsigned channel)
{
    softeuicc_bearer_opened(context, channel);
}

static void card_received(void *context, unsigned channel, struct span octets)
{
    softeuicc_bearer_received(context, channel, octets.data, octets.size);
}

static void card_closed(void *context, unsigned channel, const char *why)
{
    softeuicc_bearer_closed(context, channel, why);
}

bool hostile_network_tell(struct hostile_network *network, struct softeuicc *card)
{
    const struct network_listener listener = {card, card_opened, card_received, card_closed};

    return hostile_network_tell_to(network, &listener);
}

int64_t hostile_network_due(const struct hostile_network *network)
{
    bool waits =
        network->channel != 0 && ((network->is_open && !network->is_told_open) || network->come.size > 0);

    return waits ? network->due : INT64_MAX;
}
