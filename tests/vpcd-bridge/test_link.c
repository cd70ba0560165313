/* vpcd-bridge/link.c against a vpcd of our own: a listening socket in this process, driven step by step. */
#include "tests/support/test.h"
#include "vpcd-bridge/link.h"
#include "vpcd-bridge/vpcd.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* A card that writes down what is done to it, a letter each. */
struct bench {
    struct event_base *base;
    struct vpcd_link *link;
    struct addrinfo address;
    struct sockaddr_in to;
    int listener; /* -1: nobody listens */
    int peer;     /* vpcd's end of the connection */
    uint16_t port;
    char log[2048];
    char why[160];
    size_t response_size;
    bool vanishes; /* at the next command, instead of an answer */
};

static void note(struct bench *bench, char what)
{
    size_t n = strlen(bench->log);

    ck_assert_uint_lt(n, sizeof(bench->log) - 1);
    bench->log[n] = what;
    bench->log[n + 1] = '\0';
}

static void on_connected(void *context)
{
    note(context, 'c');
}

static void on_disconnected(void *context, const char *why)
{
    struct bench *bench = context;

    note(bench, 'd');
    snprintf(bench->why, sizeof(bench->why), "%s", why);
}

static void on_ignored(void *context)
{
    note(context, 'i');
}

static void on_power_on(void *context)
{
    note(context, '1');
}

static void on_power_off(void *context)
{
    note(context, '0');
}

static void on_reset(void *context)
{
    note(context, 'r');
}

static void on_atr(void *context, struct buf *out)
{
    note(context, 'a');
    buf_append(out, hex("3B00"));
}

static void on_transmit(void *context, struct span command, struct buf *response)
{
    struct bench *bench = context;

    note(bench, 't');
    if (bench->vanishes)
        vpcd_link_remove(bench->link);
    if (bench->response_size > 0 && buf_reserve(response, bench->response_size)) {
        memset(response->data, 0x5A, bench->response_size);
        response->size = bench->response_size;
    } else {
        buf_append(response, command);
        buf_append(response, hex("9000"));
    }
}

static void on_mistaken(void *context)
{
    note(context, 'm');
}

static void on_removed(void *context)
{
    note(context, 'x');
}

static void listen_on(struct bench *bench)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(bench->port)};
    socklen_t size = sizeof(at);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bench->listener = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_ge(bench->listener, 0);
    setsockopt(bench->listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    ck_assert_int_eq(bind(bench->listener, (struct sockaddr *)&at, sizeof(at)), 0);
    ck_assert_int_eq(listen(bench->listener, 4), 0);
    ck_assert_int_eq(getsockname(bench->listener, (struct sockaddr *)&at, &size), 0);
    bench->port = ntohs(at.sin_port);
    bench->to = at;
}

static void begin(struct bench *bench)
{
    static const struct vpcd_card calls = {.connected = on_connected,
                                           .disconnected = on_disconnected,
                                           .ignored = on_ignored,
                                           .mistaken = on_mistaken,
                                           .power_on = on_power_on,
                                           .power_off = on_power_off,
                                           .reset = on_reset,
                                           .atr = on_atr,
                                           .transmit = on_transmit,
                                           .removed = on_removed};
    struct vpcd_card card = calls;

    *bench = (struct bench){.peer = -1};
    listen_on(bench);
    bench->address = (struct addrinfo){
        .ai_family = AF_INET, .ai_addr = (struct sockaddr *)&bench->to, .ai_addrlen = sizeof(bench->to)};
    bench->base = event_base_new();
    card.context = bench;
    bench->link = vpcd_link_new(bench->base, &bench->address, bench->port, &card);
    ck_assert_ptr_nonnull(bench->link);
}

static void end(struct bench *bench)
{
    vpcd_link_free(bench->link);
    event_base_free(bench->base);
    if (bench->listener >= 0)
        close(bench->listener);
    if (bench->peer >= 0)
        close(bench->peer);
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void turn(struct bench *bench)
{
    event_base_loop(bench->base, EVLOOP_NONBLOCK);
    usleep(200);
}

static void await_log(struct bench *bench, const char *expected)
{
    int64_t until = now_ms() + 10000;

    while (strcmp(bench->log, expected) != 0 && now_ms() < until)
        turn(bench);
    ck_assert_str_eq(bench->log, expected);
}

static void accept_card(struct bench *bench)
{
    int64_t until = now_ms() + 10000;
    struct pollfd poll_fd = {.fd = bench->listener, .events = POLLIN};

    while (poll(&poll_fd, 1, 0) == 0 && now_ms() < until)
        turn(bench);
    ck_assert_int_eq(poll(&poll_fd, 1, 0), 1);
    bench->peer = accept(bench->listener, NULL, NULL);
    ck_assert_int_ge(bench->peer, 0);
    fcntl(bench->peer, F_SETFL, O_NONBLOCK);
    setsockopt(bench->peer, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
}

static void send_hex(struct bench *bench, const char *octets)
{
    struct span span = hex(octets);

    ck_assert_int_eq(send(bench->peer, span.data, span.size, MSG_NOSIGNAL), (ssize_t)span.size);
}

/* Reads exactly `size` octets from the card into `out`. */
static void receive(struct bench *bench, uint8_t *out, size_t size)
{
    int64_t until = now_ms() + 10000;
    size_t have = 0;

    while (have < size && now_ms() < until) {
        ssize_t n;

        turn(bench);
        n = recv(bench->peer, out + have, size - have, 0);
        ck_assert_int_ne(n, 0);
        if (n > 0)
            have += (size_t)n;
    }
    ck_assert_uint_eq(have, size);
}

START_TEST(messages_become_calls)
{
    struct bench bench;
    uint8_t octets[64];

    begin(&bench);
    accept_card(&bench);
    await_log(&bench, "c");
    /* power on, ATR, a command in three pieces, reset, power off, an empty message, an unknown code, the ATR
     */
    send_hex(&bench, "0001 01 0001 04");
    receive(&bench, octets, 4);
    ck_assert_hex(SPAN(octets, 4), "0002 3B00");
    send_hex(&bench, "00");
    turn(&bench);
    send_hex(&bench, "05 00A4");
    turn(&bench);
    turn(&bench);
    send_hex(&bench, "000400");
    receive(&bench, octets, 9);
    ck_assert_hex(SPAN(octets, 9), "0007 00A4000400 9000");
    send_hex(&bench, "0001 02 0001 00 0000 0001 09 0001 04");
    receive(&bench, octets, 4);
    await_log(&bench, "c1atr0a");
    /* two commands in one piece: two answers, in order */
    send_hex(&bench, "0001 01 0004 00000001 0004 00000002");
    receive(&bench, octets, 16);
    ck_assert_hex(SPAN(octets, 16), "0006 00000001 9000 0006 00000002 9000");
    end(&bench);
}
END_TEST

START_TEST(a_lost_reader_is_found_again)
{
    struct bench bench;
    char expected[64] = "c";

    begin(&bench);
    for (int round = 0; round < 4; round++) {
        accept_card(&bench);
        await_log(&bench, expected);
        if (round == 0) {
            send_hex(&bench, "0001 01 0010 AABB"); /* powered, and a message that never ends */
            strcat(expected, "1");
            await_log(&bench, expected);
        }
        /* vpcd goes: the card loses its power, says so once, and comes back when vpcd does */
        close(bench.peer);
        close(bench.listener);
        strcat(expected, "0d");
        await_log(&bench, expected);
        ck_assert_str_eq(bench.why, "vpcd closed the connection");
        for (int i = 0; i < 800; i++)
            turn(&bench);
        ck_assert_str_eq(bench.log, expected);
        listen_on(&bench);
        strcat(expected, "c");
    }
    accept_card(&bench);
    await_log(&bench, expected);
    end(&bench);
}
END_TEST

START_TEST(nobody_listens_at_first)
{
    struct bench bench;

    begin(&bench);
    close(bench.listener);
    await_log(&bench, "d");
    ck_assert_str_eq(bench.why, "vpcd does not listen: Connection refused");
    for (int i = 0; i < 500; i++)
        turn(&bench);
    ck_assert_str_eq(bench.log, "d");
    listen_on(&bench);
    accept_card(&bench);
    await_log(&bench, "dc");
    end(&bench);
}
END_TEST

/* Sends commands with long answers, reading none, until `limit` are sent or the card cuts the connection;
 * returns how many. */
static unsigned flood(struct bench *bench, unsigned limit)
{
    struct span command = hex("0004 00B00000");
    unsigned sent = 0;

    bench->response_size = VPCD_MESSAGE_MAX;
    send_hex(bench, "0001 01");
    while (sent < limit && strchr(bench->log, 'd') == NULL) {
        size_t taken = strlen(bench->log);

        if (send(bench->peer, command.data, command.size, MSG_NOSIGNAL) != (ssize_t)command.size)
            break;
        sent++;
        for (int i = 0; i < 1000 && strlen(bench->log) == taken; i++)
            turn(bench);
    }
    return sent;
}

START_TEST(long_answers_wait_for_a_slow_reader)
{
    static uint8_t octets[2 + VPCD_MESSAGE_MAX], expected[VPCD_MESSAGE_MAX];
    struct bench bench;
    unsigned count;

    memset(expected, 0x5A, sizeof(expected));
    begin(&bench);
    accept_card(&bench);
    await_log(&bench, "c");
    /* How much does the machine take before the card gives up? A little less waits in the card, and arrives.
     */
    count = flood(&bench, 1500);
    ck_assert_ptr_nonnull(strchr(bench.log, 'd'));
    ck_assert_str_eq(bench.why, "vpcd does not read the card's answers");
    ck_assert_uint_gt(count, 3);
    close(bench.peer);
    accept_card(&bench);
    bench.log[0] = '\0';
    ck_assert_uint_eq(flood(&bench, count - 2), count - 2);
    ck_assert_ptr_null(strchr(bench.log, 'd'));
    for (unsigned i = 0; i < count - 2; i++) {
        receive(&bench, octets, sizeof(octets));
        ck_assert_hex(SPAN(octets, 2), "FFFF");
        ck_assert_span(SPAN(octets + 2, VPCD_MESSAGE_MAX), SPAN(expected, sizeof(expected)));
    }
    bench.response_size = 0;
    send_hex(&bench, "0004 00000001");
    receive(&bench, octets, 8);
    ck_assert_hex(SPAN(octets, 8), "0006 00000001 9000");
    end(&bench);
}
END_TEST

/* The card's half of the connection ends, and nothing comes before that. */
static void await_end_of_card(struct bench *bench)
{
    int64_t until = now_ms() + 10000;
    uint8_t octet;
    ssize_t n = -1;

    while (n < 0 && now_ms() < until) {
        turn(bench);
        n = recv(bench->peer, &octet, 1, 0);
    }
    ck_assert_int_eq(n, 0);
}

static void spend(struct bench *bench, int64_t milliseconds)
{
    for (int64_t until = now_ms() + milliseconds; now_ms() < until;)
        turn(bench);
}

START_TEST(a_card_is_taken_out_and_put_in)
{
    struct bench bench;
    int64_t noticed;

    begin(&bench);
    accept_card(&bench);
    send_hex(&bench, "0001 01");
    await_log(&bench, "c1");
    vpcd_link_remove(bench.link);
    vpcd_link_remove(bench.link);
    await_log(&bench, "c10");
    /* vpcd looks for the card, finds that it is gone, and gives up its end */
    send_hex(&bench, "0001 04");
    await_end_of_card(&bench);
    ck_assert_str_eq(bench.log, "c10");
    close(bench.peer);
    bench.peer = -1;
    await_log(&bench, "c10x");
    noticed = now_ms();
    vpcd_link_insert(bench.link);
    accept_card(&bench);
    ck_assert_int_ge(now_ms() - noticed, 500);
    await_log(&bench, "c10xc");
    vpcd_link_insert(bench.link); /* it is in already */
    send_hex(&bench, "0001 01");
    await_log(&bench, "c10xc1");
    end(&bench);
}
END_TEST

START_TEST(a_card_that_is_out_stays_out)
{
    struct bench bench;
    struct pollfd poll_fd;

    begin(&bench);
    accept_card(&bench);
    await_log(&bench, "c");
    vpcd_link_remove(bench.link);
    await_end_of_card(&bench);
    close(bench.peer);
    bench.peer = -1;
    await_log(&bench, "c0x");
    vpcd_link_insert(bench.link);
    vpcd_link_remove(bench.link); /* thought better of it: whoever did so is told that it is out */
    poll_fd = (struct pollfd){.fd = bench.listener, .events = POLLIN};
    spend(&bench, 1000);
    ck_assert_int_eq(poll(&poll_fd, 1, 0), 0);
    ck_assert_str_eq(bench.log, "c0xx");
    vpcd_link_insert(bench.link);
    accept_card(&bench);
    await_log(&bench, "c0xxc");
    end(&bench);
}
END_TEST

START_TEST(a_card_may_vanish_in_a_command)
{
    struct bench bench;

    begin(&bench);
    accept_card(&bench);
    await_log(&bench, "c");
    bench.vanishes = true;
    send_hex(&bench, "0001 01 0004 00B00000 0001 01 0004 00B00000");
    await_end_of_card(&bench);
    ck_assert_str_eq(bench.log, "c1t0");
    bench.vanishes = false;
    vpcd_link_insert(bench.link);
    close(bench.peer);
    accept_card(&bench);
    await_log(&bench, "c1t0xc");
    end(&bench);
}
END_TEST

/* Without a reader nobody has to notice; a reader that does not look is not waited for. */
START_TEST(a_card_leaves_without_a_reader_too)
{
    struct bench bench;

    begin(&bench);
    close(bench.listener);
    await_log(&bench, "d");
    vpcd_link_remove(bench.link);
    ck_assert_str_eq(bench.log, "dx");
    listen_on(&bench);
    vpcd_link_insert(bench.link);
    accept_card(&bench);
    await_log(&bench, "dxc");
    vpcd_link_remove(bench.link);
    await_log(&bench, "dxc0");
    vpcd_link_insert(bench.link);
    await_log(&bench, "dxc0x");
    close(bench.peer);
    accept_card(&bench);
    await_log(&bench, "dxc0xc");
    end(&bench);
}
END_TEST

/* An answer that the reader cannot carry ends the connection and nothing else. */
START_TEST(what_cannot_be_answered_ends_the_connection)
{
    struct bench bench;

    begin(&bench);
    accept_card(&bench);
    await_log(&bench, "c");
    bench.response_size = VPCD_MESSAGE_MAX + 1;
    send_hex(&bench, "0001 01 0004 00B00000");
    await_log(&bench, "c1t0d");
    ck_assert_str_eq(bench.why, "an answer could not be made into a message");
    close(bench.peer);
    accept_card(&bench);
    await_log(&bench, "c1t0dc");
    end(&bench);
}
END_TEST

/* A connection that is reset is lost as one that is closed. */
START_TEST(a_reset_connection_is_lost)
{
    struct bench bench;

    begin(&bench);
    accept_card(&bench);
    await_log(&bench, "c");
    setsockopt(bench.peer, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
    close(bench.peer);
    await_log(&bench, "c0d");
    ck_assert_str_eq(bench.why, "lost vpcd: Connection reset by peer");
    accept_card(&bench);
    await_log(&bench, "c0dc");
    end(&bench);
}
END_TEST

/* The link has vpcd's address as its second one. */
static void put_first(struct bench *bench, struct addrinfo *first, struct sockaddr_in *at)
{
    *first = (struct addrinfo){.ai_family = AF_INET,
                               .ai_addr = (struct sockaddr *)at,
                               .ai_addrlen = sizeof(*at),
                               .ai_next = &bench->address};
    vpcd_link_free(bench->link);
    bench->link = vpcd_link_new(bench->base, first, bench->port,
                                &(struct vpcd_card){.context = bench,
                                                    .connected = on_connected,
                                                    .disconnected = on_disconnected,
                                                    .power_on = on_power_on,
                                                    .power_off = on_power_off,
                                                    .reset = on_reset,
                                                    .atr = on_atr,
                                                    .transmit = on_transmit});
    ck_assert_ptr_nonnull(bench->link);
}

/* The first address is refused, the second is vpcd. */
START_TEST(addresses_are_tried_in_turn)
{
    struct bench bench;
    struct sockaddr_in dead = {.sin_family = AF_INET};
    struct addrinfo first;

    dead.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
    begin(&bench);
    put_first(&bench, &first, &dead);
    accept_card(&bench);
    await_log(&bench, "c");
    end(&bench);
    vpcd_link_free(NULL);
}
END_TEST

/* An address where nobody answers, not even with a refusal: a listener whose backlog is full. */
START_TEST(an_address_that_does_not_answer_is_left)
{
    struct bench bench;
    struct sockaddr_in silent = {.sin_family = AF_INET};
    socklen_t size = sizeof(silent);
    struct addrinfo first;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    int waiting[4];

    begin(&bench);
    silent.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
    silent.sin_port = htons(bench.port);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&silent, size), 0);
    ck_assert_int_eq(listen(listener, 0), 0);
    for (size_t i = 0; i < 4; i++) {
        waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(waiting[i], (struct sockaddr *)&silent, size);
    }
    put_first(&bench, &first, &silent);
    accept_card(&bench);
    await_log(&bench, "c");
    for (size_t i = 0; i < 4; i++)
        close(waiting[i]);
    close(listener);
    end(&bench);
}
END_TEST

/* vpcd has a card already: a second one's connection is made, and hears nothing, until the first one goes. */
START_TEST(a_slot_that_is_taken_is_told)
{
    struct bench bench;
    uint8_t octets[4];

    begin(&bench);
    await_log(&bench, "c");
    await_log(&bench, "ci");
    accept_card(&bench);
    send_hex(&bench, "0001 04 0001 01");
    receive(&bench, octets, 4);
    await_log(&bench, "cia1");
    spend(&bench, 3500); /* a reader that has spoken once may be silent */
    ck_assert_str_eq(bench.log, "cia1");
    end(&bench);
}
END_TEST

/* The reader's end closes when the card's has, the card stays away, and comes back. */
static void see_it_leave_and_come(struct bench *bench, const char *before)
{
    char expected[64];
    int64_t left;

    await_end_of_card(bench);
    ck_assert_str_eq(bench->log, before);
    close(bench->peer);
    bench->peer = -1;
    left = now_ms();
    accept_card(bench);
    ck_assert_int_ge(now_ms() - left, 500);
    snprintf(expected, sizeof(expected), "%sxc", before);
    await_log(bench, expected);
}

/* A reader that sends commands to a card without power believes that it powered it: another one, that is
 * gone. Only its power or a reset before the command say that it knows what it talks to. */
START_TEST(a_reader_that_takes_it_for_another_sees_it_go_and_come)
{
    static const struct {
        const char *sent, *log;
    } cases[] = {
        {"0004 00B00000", "cm0"},
        {"0001 04 0004 00B00000", "cam0"},
        {"0004 00B00000 0004 00B00000 0001 01", "cm0"},
        {"0001 01 0001 00 0004 00B00000", "c10m0"},
        {"0001 02 0001 00 0001 04 0004 00B00000", "cr0am0"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench bench;
        uint8_t octets[32];
        char log[64];

        begin(&bench);
        accept_card(&bench);
        send_hex(&bench, cases[i].sent);
        for (int64_t until = now_ms() + 10000; strcmp(bench.log, cases[i].log) != 0 && now_ms() < until;)
            turn(&bench);
        ck_assert_str_eq(bench.log, cases[i].log);
        while (recv(bench.peer, octets, 1, 0) > 0)
            continue; /* the ATR, perhaps; no answer to the command */
        see_it_leave_and_come(&bench, cases[i].log);
        send_hex(&bench, "0001 01 0004 00B00000");
        receive(&bench, octets, 8);
        ck_assert_hex(SPAN(octets, 8), "0006 00B00000 9000");
        snprintf(log, sizeof(log), "%sxc1t", cases[i].log);
        await_log(&bench, log);
        end(&bench);
    }
}
END_TEST

/* One that asks for the ATR and does not power the first card that it meets here does so too; but once, since
 * a reader may have its own way. */
START_TEST(a_reader_that_does_not_greet_it_sees_it_go_and_come_once)
{
    struct bench bench;
    uint8_t octets[4];

    begin(&bench);
    accept_card(&bench);
    send_hex(&bench, "0001 04");
    receive(&bench, octets, 4);
    see_it_leave_and_come(&bench, "cam0");
    send_hex(&bench, "0001 04");
    receive(&bench, octets, 4);
    spend(&bench, 1200);
    ck_assert_str_eq(bench.log, "cam0xca");
    end(&bench);
}
END_TEST

/* The power that a reader gave is gone with its connection. */
START_TEST(a_reader_that_comes_back_powers_it_again)
{
    struct bench bench;

    begin(&bench);
    accept_card(&bench);
    send_hex(&bench, "0001 01");
    await_log(&bench, "c1");
    close(bench.peer);
    accept_card(&bench);
    await_log(&bench, "c10dc");
    send_hex(&bench, "0004 00B00000");
    await_log(&bench, "c10dcm0");
    end(&bench);
}
END_TEST

/* A card that is on its way out and back is out when it is taken out then, and whoever asked is told. */
START_TEST(a_card_that_rests_can_be_taken_out)
{
    struct bench bench;
    struct pollfd poll_fd;

    begin(&bench);
    accept_card(&bench);
    send_hex(&bench, "0004 00B00000");
    await_log(&bench, "cm0");
    close(bench.peer);
    bench.peer = -1;
    await_log(&bench, "cm0x");
    vpcd_link_remove(bench.link);
    vpcd_link_remove(bench.link);
    ck_assert_str_eq(bench.log, "cm0xx");
    spend(&bench, 1000);
    poll_fd = (struct pollfd){.fd = bench.listener, .events = POLLIN};
    ck_assert_int_eq(poll(&poll_fd, 1, 0), 0);
    end(&bench);
}
END_TEST

TEST_MAIN("link", messages_become_calls, a_lost_reader_is_found_again, nobody_listens_at_first,
          long_answers_wait_for_a_slow_reader, what_cannot_be_answered_ends_the_connection,
          a_card_is_taken_out_and_put_in, a_card_that_is_out_stays_out, a_card_may_vanish_in_a_command,
          a_card_leaves_without_a_reader_too, a_reset_connection_is_lost, addresses_are_tried_in_turn,
          an_address_that_does_not_answer_is_left, a_slot_that_is_taken_is_told,
          a_reader_that_takes_it_for_another_sees_it_go_and_come,
          a_reader_that_does_not_greet_it_sees_it_go_and_come_once, a_reader_that_comes_back_powers_it_again,
          a_card_that_rests_can_be_taken_out)
