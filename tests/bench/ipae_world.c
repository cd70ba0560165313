/* A card with an IPAe and its eIM in memory: see ipae_world.h. */
#include "tests/bench/ipae_world.h"

#include "apdu/tlv.h"
#include "euicc/iot/eim.h"
#include "euicc/ipae/ipae.h"
#include "tests/bench/bench.h"

#include <malloc.h>
#include <string.h>

#define CHANNEL  1
#define INTERVAL (15 * 60 * 1000 + 1) /* milliseconds, more than the IPAe waits */

/* As libevent writes it for servers/eim; no package: eimPackageError 1. */
#define ANSWER_BODY "\xBF\x4F\x03\x02\x01\x01"
static const char answer_octets[] = "HTTP/1.1 200 OK\r\n"
                                    "X-Admin-Protocol: gsma/rsp/v2.1.0\r\n"
                                    "Content-Type: application/x-gsma-rsp-asn1\r\n"
                                    "Date: Fri, 15 Jan 2027 08:00:00 GMT\r\n"
                                    "Content-Length: 6\r\n"
                                    "\r\n" ANSWER_BODY;

double world_allocated(void)
{
    struct mallinfo2 info = mallinfo2();

    return (double)(info.uordblks + info.hblkhd);
}

/* --- what the card is lent ------------------------------------------------------------------------------ */

static int64_t world_now(void *context)
{
    return ((const struct world *)context)->now;
}

static bool world_channel_open(void *context, unsigned channel, enum softeuicc_transport transport,
                               const char *host, uint16_t port)
{
    struct world *world = context;

    if (channel != CHANNEL || transport != SOFTEUICC_TCP || strcmp(host, BENCH_HOST) != 0 || port != 443)
        bench_fail("the card opens channel %u to %s:%u", channel, host, port);
    world->is_opening = true;
    world->is_closed = false;
    return true;
}

/* Allocates nothing, for that would be counted as the card's. */
static bool world_send(void *context, unsigned channel, const uint8_t *octets, size_t size)
{
    struct world *world = context;

    if (channel != CHANNEL || world->flight_size + size > sizeof(world->flight))
        bench_fail("the card sends %zu octets over channel %u", size, channel);
    memcpy(world->flight + world->flight_size, octets, size);
    world->flight_size += size;
    world->traffic.sent += size;
    world->traffic.sends++;
    return true;
}

static void world_channel_close(void *context, unsigned channel)
{
    (void)channel;
    ((struct world *)context)->is_closed = true;
}

/* --- the server ----------------------------------------------------------------------------------------- */

SSL_CTX *world_server(const struct bench_identity *identity, enum world_sessions sessions)
{
    SSL_CTX *context = bench_server(false, identity, NULL);
    bool is_12 = sessions == WORLD_IDS_12 || sessions == WORLD_TICKETS_12 || sessions == WORLD_NONE_12;
    int version = is_12 ? TLS1_2_VERSION : TLS1_3_VERSION;

    SSL_CTX_set_min_proto_version(context, version);
    SSL_CTX_set_max_proto_version(context, version);
    SSL_CTX_set_num_tickets(context, 1); /* as `softeuicc eim` */
    if (sessions != WORLD_TICKETS_12 && sessions != WORLD_TICKETS_13)
        SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    if (sessions == WORLD_NONE_12 || sessions == WORLD_NONE_13) {
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
        SSL_CTX_set_num_tickets(context, 0);
    }
    return context;
}

static void server_begin(struct world *world)
{
    world->server = SSL_new(world->server_context);
    SSL_set_bio(world->server, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    BIO_set_mem_eof_return(SSL_get_rbio(world->server), -1);
    SSL_set_accept_state(world->server);
    world->request_size = 0;
}

/* As servers do: a session of who hung up is not gone on with. */
static void server_end(struct world *world)
{
    if (world->server == NULL)
        return;
    SSL_shutdown(world->server);
    SSL_free(world->server);
    world->server = NULL;
}

/* Whether the request has come to its end: the last member of GetEimPackage is the EID. */
static bool has_request(const struct world *world)
{
    static const char begin[] = "POST /gsma/rsp2/asn1 HTTP/1.1\r\n";
    static const uint8_t body[] = {0xBF, 0x4F, 0x12, 0x5A, 0x10};
    const size_t body_size = sizeof(body) + 16;

    if (world->request_size < body_size ||
        memcmp(world->request + world->request_size - body_size, body, sizeof(body)) != 0)
        return false;
    if (memcmp(world->request, begin, strlen(begin)) != 0)
        bench_fail("what the card asks is not a poll");
    return true;
}

static void server_step(struct world *world)
{
    size_t size;

    BIO_write(SSL_get_rbio(world->server), world->flight, (int)world->flight_size);
    world->flight_size = 0;
    if (!SSL_is_init_finished(world->server)) {
        if (SSL_do_handshake(world->server) != 1)
            return;
        world->resumed += SSL_session_reused(world->server) == 1;
    }
    while (SSL_read_ex(world->server, world->request + world->request_size,
                       sizeof(world->request) - world->request_size, &size) == 1)
        world->request_size += size;
    if (!has_request(world))
        return;
    world->request_size = 0;
    world->answered++;
    if (SSL_write(world->server, answer_octets, sizeof(answer_octets) - 1) <= 0)
        bench_fail("the server cannot answer");
}

/* --- turns ---------------------------------------------------------------------------------------------- */

struct mark {
    double seconds, memory;
};

static struct mark card_begins(const struct world *world)
{
    struct mark mark = {.memory = world->weighs ? world_allocated() : 0};

    mark.seconds = bench_now(CLOCK_THREAD_CPUTIME_ID);
    return mark;
}

static void card_ends(struct world *world, const struct mark *mark)
{
    world->card_seconds += bench_now(CLOCK_THREAD_CPUTIME_ID) - mark->seconds;
    if (!world->weighs)
        return;
    world->memory += world_allocated() - mark->memory;
    if (world->memory > world->memory_peak)
        world->memory_peak = world->memory;
}

/* Something of the network for the card. False: there is nothing. */
static bool deliver(struct world *world)
{
    uint8_t octets[WORLD_FLIGHT_MAX];
    struct mark mark;
    int size;

    if (world->is_opening) {
        world->is_opening = false;
        server_begin(world);
        mark = card_begins(world);
        softeuicc_bearer_opened(world->card, CHANNEL);
        card_ends(world, &mark);
        return true;
    }
    if (world->server == NULL)
        return false;
    server_step(world);
    if (world->is_closed) {
        server_end(world);
        return false;
    }
    size = BIO_read(SSL_get_wbio(world->server), octets, sizeof(octets));
    if (size <= 0)
        return false;
    world->traffic.received += (size_t)size;
    world->traffic.receipts++;
    mark = card_begins(world);
    softeuicc_bearer_received(world->card, CHANNEL, octets, (size_t)size);
    card_ends(world, &mark);
    return true;
}

static void wake_while_due(struct world *world)
{
    int64_t next;

    while ((next = softeuicc_next_wakeup(world->card)) >= 0 && next <= world->now) {
        struct mark mark = card_begins(world);

        softeuicc_wake(world->card);
        card_ends(world, &mark);
    }
}

void world_poll(struct world *world)
{
    unsigned answered = world->answered;

    world->now += INTERVAL;
    do {
        wake_while_due(world);
    } while (deliver(world));
    if (world->answered != answered + 1)
        bench_fail("a poll had %u answers", world->answered - answered);
}

void world_count(struct world *world)
{
    world->traffic = (struct world_traffic){0};
    world->answered = world->resumed = 0;
    world->card_seconds = world->memory = world->memory_peak = 0;
}

/* --- its life ------------------------------------------------------------------------------------------- */

/* EimConfigurationData with an address, and the server's certificate as what is trusted. */
static void associate(struct world *world)
{
    struct buf plain = {0};
    struct buf configuration = {0};
    struct span content;
    struct span certificate;
    struct tlv_reader reader;
    struct tlv id;
    size_t at;

    test_eim_open(&world->eim, BENCH_HOST, EC_CURVE_P256);
    test_eim_put(&plain, 0x30, &world->eim, false, SPAN_NONE);
    ck_assert(tlv_single(buf_span(&plain), 0x30, &content) == TLV_OK);
    ck_assert(tlv_single(world->identity.der, 0x30, &certificate) == TLV_OK);
    reader = tlv_reader(content);
    ck_assert(tlv_next(&reader, &id) == TLV_OK);
    buf_append(&configuration, id.whole);
    tlv_put_string(&configuration, 0x81, BENCH_HOST);
    buf_append(&configuration, SPAN(content.data + id.whole.size, content.size - id.whole.size));
    at = tlv_open(&configuration, 0xA6);
    tlv_put(&configuration, 0xA1, certificate);
    tlv_close(&configuration, at);
    tlv_put(&configuration, 0x87, SPAN_STRING("\x07\x80")); /* eimRetrieveHttps */
    if (eim_add(world->card, buf_span(&configuration), &world->eim.has_token, &world->eim.token) != EIM_OK ||
        !nvm_commit(world->card->nvm))
        bench_fail("the card takes no eIM");
    buf_free(&plain);
    buf_free(&configuration);
}

static void open_on(struct world *world, const struct softeuicc_bearer *bearer)
{
    struct softeuicc_hooks hooks = {.context = world, .now = world_now, .bearer = *bearer};
    uint8_t atr[SOFTEUICC_ATR_MAX];
    double before;
    size_t size;

    world->now = BENCH_NOW * 1000;
    test_ci_make(&world->ci, EC_CURVE_P256);
    world->identity = bench_identity(&(struct bench_request){.name = BENCH_HOST});
    before = world_allocated();
    world->card = test_card_on(":memory:", &world->ci, 1, 0, &hooks);
    associate(world);
    softeuicc_reset(world->card, SOFTEUICC_COLD, atr, &size);
    world->card_memory = -before;
    world->ipae_memory = -world_allocated();
    if (!ipae_insert(world->card, false) || !nvm_commit(world->card->nvm) || !ipae_load(world->card))
        bench_fail("the card can have no IPAe");
    softeuicc_reset(world->card, SOFTEUICC_COLD, atr, &size);
    world->card_memory += world_allocated();
    world->ipae_memory += world_allocated();
}

void world_open(struct world *world, enum world_sessions sessions)
{
    *world = (struct world){0};
    open_on(world, &(struct softeuicc_bearer){world, world_channel_open, world_send, world_channel_close});
    world->server_context = world_server(&world->identity, sessions);
}

void world_close(struct world *world)
{
    softeuicc_close(world->card);
    server_end(world);
    SSL_CTX_free(world->server_context);
    bench_identity_free(&world->identity);
    test_eim_close(&world->eim);
    test_ci_free(&world->ci);
}

/* --- without a network ---------------------------------------------------------------------------------- */

static bool carrier_begin(void *context, const struct ipa_eim *eim, const struct ipa_message *message,
                          char *why)
{
    (void)context;
    (void)eim;
    (void)message;
    (void)why;
    return true;
}

static enum ipae_carried carrier_take(void *context, struct buf *answer, char *why)
{
    (void)why;
    ((struct world *)context)->answered++;
    buf_append(answer, SPAN_STRING(ANSWER_BODY));
    return IPAE_ANSWERED;
}

static int64_t carrier_next(void *context)
{
    (void)context;
    return 0;
}

static void carrier_drop(void *context)
{
    (void)context;
}

void world_open_without_tls(struct world *world)
{
    *world = (struct world){0};
    open_on(world, &(struct softeuicc_bearer){0});
    world->carrier =
        (struct ipae_carrier){world, carrier_begin, carrier_take, carrier_next, carrier_drop, carrier_drop};
    ipae_set_carrier(world->card, &world->carrier);
}
