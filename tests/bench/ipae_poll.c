/*
 * What it costs a card with an IPAe to ask its eIM for packages when there is none: octets over the bearer,
 * the processor's time, memory. The bearer is the host's (`hooks.bearer`), the server OpenSSL in this process
 * with a certificate of its own. Octets are those inside TCP, both ways, from the first one of TLS to the
 * card's close_notify. Usage: ipae_poll.
 */
#include "tests/bench/bench.h"
#include "tests/bench/ipae_world.h"

#include <stdio.h>

#define POLLS         400
#define SETTLED_AFTER 3 /* polls, after which one is like the other */
#define KIB           1024.0
#define FIGURE_MAX    80

/* Octets of a poll that goes on with a session. */
#define GOAL_OCTETS_12 800.0
#define GOAL_OCTETS_13 1150.0
/* Of OpenSSL's full handshakes per second, how many times as many polls: a poll with a full one of its own,
 * and one that goes on with a session. */
#define GOAL_FULL    0.6
#define GOAL_RESUMED 3.0

/* --- octets --------------------------------------------------------------------------------------------- */

static void figure(const char *what, const char *kind, const char *of, double value, const char *unit)
{
    char name[FIGURE_MAX];

    snprintf(name, sizeof(name), "%s_%s_%s", what, kind, of);
    bench_figure(name, value, unit);
}

static void print_traffic(const struct world *world, const char *kind, double goal)
{
    const struct world_traffic *traffic = &world->traffic;
    char name[FIGURE_MAX];

    snprintf(name, sizeof(name), "ipae_poll_%s_octets", kind);
    if (goal > 0)
        bench_figure_goal(name, (double)(traffic->sent + traffic->received), "octets", goal);
    else
        bench_figure(name, (double)(traffic->sent + traffic->received), "octets");
    figure("ipae_poll", kind, "octets_sent", (double)traffic->sent, "octets");
    figure("ipae_poll", kind, "sends", traffic->sends, "times");
    figure("ipae_poll", kind, "receipts", traffic->receipts, "times");
}

/* First contact, and what later polls are like. */
static void measure_octets(enum world_sessions sessions, const char *first, const char *later, double goal)
{
    struct world world;

    world_open(&world, sessions);
    world_poll(&world);
    if (world.resumed != 0)
        bench_fail("a first contact went on with a session");
    print_traffic(&world, first, 0);
    for (unsigned i = 0; i < SETTLED_AFTER; i++) {
        world_count(&world);
        world_poll(&world);
        if (world.resumed != 1)
            bench_fail("a later contact did not go on with the session");
    }
    print_traffic(&world, later, goal);
    world_close(&world);
}

/* --- the processor -------------------------------------------------------------------------------------- */

/* OpenSSL as both ends, with the settings that it has by itself, and the same server. */
struct handshakes {
    SSL_CTX *client, *server;
};

static void shake_hands(void *context)
{
    struct handshakes *both = context;
    SSL *client = SSL_new(both->client);
    SSL *server = SSL_new(both->server);
    BIO *to_server = BIO_new(BIO_s_mem());
    BIO *to_client = BIO_new(BIO_s_mem());

    BIO_set_mem_eof_return(to_server, -1);
    BIO_set_mem_eof_return(to_client, -1);
    BIO_up_ref(to_server);
    BIO_up_ref(to_client);
    SSL_set_bio(client, to_client, to_server);
    SSL_set_bio(server, to_server, to_client);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    for (unsigned flights = 0; !SSL_is_init_finished(client) || !SSL_is_init_finished(server); flights++) {
        if (flights > 4)
            bench_fail("OpenSSL does not agree with itself");
        SSL_do_handshake(client);
        SSL_do_handshake(server);
    }
    if (SSL_get_verify_result(client) != X509_V_OK)
        bench_fail("OpenSSL does not trust the server");
    SSL_shutdown(client);
    SSL_shutdown(server);
    SSL_free(client);
    SSL_free(server);
}

static struct handshakes handshakes_new(const struct bench_identity *identity, enum world_sessions sessions)
{
    struct handshakes both = {SSL_CTX_new(TLS_client_method()), world_server(identity, sessions)};
    X509_VERIFY_PARAM *parameters = SSL_CTX_get0_param(both.client);

    X509_STORE_add_cert(SSL_CTX_get_cert_store(both.client), identity->cert);
    SSL_CTX_set_verify(both.client, SSL_VERIFY_PEER, NULL);
    X509_VERIFY_PARAM_set_time(parameters, BENCH_NOW);
    X509_VERIFY_PARAM_set1_host(parameters, BENCH_HOST, 0);
    return both;
}

static void handshakes_free(struct handshakes *both)
{
    SSL_CTX_free(both->client);
    SSL_CTX_free(both->server);
}

static void poll_once(void *context)
{
    world_poll(context);
}

/* Microseconds inside the card's calls that a poll takes. */
static double card_us(struct world *world)
{
    double polls[POLLS];

    for (unsigned i = 0; i < POLLS; i++) {
        world_count(world);
        world_poll(world);
        polls[i] = world->card_seconds * 1e6;
    }
    return bench_percentile(polls, POLLS, 50);
}

/* Both ends count in a handshake and in a poll. */
static void measure_tls(const char *version, enum world_sessions none, enum world_sessions resuming)
{
    struct world full;
    struct world resumed;
    struct handshakes both;
    struct bench_run runs[3];
    char name[FIGURE_MAX];

    world_open(&full, none);
    world_open(&resumed, resuming);
    world_poll(&resumed);
    both = handshakes_new(&full.identity, none);
    figure("ipae_poll", version, "full_card_cpu", card_us(&full), "us");
    figure("ipae_poll", version, "resumed_card_cpu", card_us(&resumed), "us");
    runs[0] = (struct bench_run){.run = shake_hands, .context = &both};
    runs[1] = (struct bench_run){.run = poll_once, .context = &full};
    runs[2] = (struct bench_run){.run = poll_once, .context = &resumed};
    world_count(&full);
    world_count(&resumed);
    bench_cpu_us_beside(runs, sizeof(runs) / sizeof(runs[0]));
    if (full.resumed != 0 || resumed.resumed != resumed.answered)
        bench_fail("polls did not go on with sessions as they should");
    figure("ipae_poll", version, "openssl_handshakes", 1e6 / runs[0].us, "1/s");
    figure("ipae_poll", version, "full_rate", 1e6 / runs[1].us, "1/s");
    figure("ipae_poll", version, "resumed_rate", 1e6 / runs[2].us, "1/s");
    snprintf(name, sizeof(name), "ipae_poll_%s_full_over_handshake", version);
    bench_figure_goal(name, runs[1].us / runs[0].us, "ratio", 1 / GOAL_FULL);
    snprintf(name, sizeof(name), "ipae_poll_%s_resumed_over_handshake", version);
    bench_figure_goal(name, runs[2].us / runs[0].us, "ratio", 1 / GOAL_RESUMED);
    handshakes_free(&both);
    world_close(&full);
    world_close(&resumed);
}

static void measure_without_tls(void)
{
    struct world world;

    world_open_without_tls(&world);
    bench_figure("ipae_poll_without_tls_card_cpu", card_us(&world), "us");
    world_close(&world);
}

/* --- memory --------------------------------------------------------------------------------------------- */

/* What lives on after the first poll, and what a later one takes for itself. */
static void measure_memory(void)
{
    struct world world;

    world_open(&world, WORLD_TICKETS_13);
    world.weighs = true;
    world_poll(&world);
    bench_figure("ipae_idle_card_memory", (world.card_memory + world.memory) / KIB, "KiB");
    bench_figure("ipae_idle_memory", (world.ipae_memory + world.memory) / KIB, "KiB");
    world_count(&world);
    world_poll(&world);
    bench_figure("ipae_poll_memory", world.memory_peak / KIB, "KiB");
    bench_figure("ipae_poll_memory_left", world.memory / KIB, "KiB");
    world_close(&world);
}

int main(void)
{
    measure_octets(WORLD_IDS_12, "tls12_first", "tls12_id", GOAL_OCTETS_12);
    measure_octets(WORLD_TICKETS_12, "tls12_ticket_first", "tls12_ticket", 0);
    measure_octets(WORLD_IDS_13, "tls13_first", "tls13_id", GOAL_OCTETS_13);
    measure_octets(WORLD_TICKETS_13, "tls13_ticket_first", "tls13_ticket", GOAL_OCTETS_13);
    measure_without_tls();
    measure_tls("tls12", WORLD_NONE_12, WORLD_IDS_12);
    measure_tls("tls13", WORLD_NONE_13, WORLD_TICKETS_13);
    measure_memory();
    return 0;
}
