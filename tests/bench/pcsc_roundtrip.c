/*
 * GetEID over PC/SC against a card that only answers 9000 (echo_card), the two measured in turn, command by
 * command, so that whatever else the machine does strikes both. one command: STORE DATA with an extended Le,
 * which answers at once; the echo gets the same octets. two commands: STORE DATA and GET RESPONSE, as every
 * LPA does over T=0; two commands to the echo, too. Then READ BINARY of EF ICCID: a profile is enabled.
 * Usage: pcsc_roundtrip ECHO-READER CARD-READER.
 */
#include "tests/bench/bench.h"

#include <stdio.h>
#include <string.h>
#include <winscard.h>

#define WARM_UP 200
#define ROUNDS  4000
/* Times the echo's p50. */
#define GOAL 1.15

static const uint8_t open_channel[] = {0x00, 0x70, 0x00, 0x00, 0x01};
static const uint8_t select_isdr[] = {0x01, 0xA4, 0x04, 0x00, 0x10, 0xA0, 0x00, 0x00, 0x05, 0x59, 0x10,
                                      0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00};
static const uint8_t get_eid_at_once[] = {0x81, 0xE2, 0x91, 0x00, 0x00, 0x00, 0x06, 0xBF,
                                          0x3E, 0x03, 0x5C, 0x01, 0x5A, 0x00, 0x00};
static const uint8_t get_eid[] = {0x81, 0xE2, 0x91, 0x00, 0x06, 0xBF, 0x3E, 0x03, 0x5C, 0x01, 0x5A};
static const uint8_t get_response[] = {0x81, 0xC0, 0x00, 0x00, 0x15};

static const uint8_t select_iccid[] = {0x00, 0xA4, 0x00, 0x0C, 0x02, 0x2F, 0xE2};
static const uint8_t read_iccid[] = {0x00, 0xB0, 0x00, 0x00, 0x0A};

#define ICCID_SIZE        10
#define EID_RESPONSE_SIZE 21 /* BF3E 12 5A 10 and 16 octets */

struct reader {
    const char *name;
    SCARDHANDLE card;
    uint8_t response[65538];
    size_t size;
};

static void connect_to(SCARDCONTEXT context, struct reader *reader)
{
    DWORD protocol;
    LONG result = SCardConnect(context, reader->name, SCARD_SHARE_EXCLUSIVE, SCARD_PROTOCOL_T0, &reader->card,
                               &protocol);

    if (result != SCARD_S_SUCCESS)
        bench_fail("cannot connect to the card in %s: %s", reader->name, pcsc_stringify_error(result));
}

static uint16_t transmit(struct reader *reader, struct span command)
{
    DWORD size = sizeof(reader->response);
    LONG result =
        SCardTransmit(reader->card, SCARD_PCI_T0, command.data, command.size, NULL, reader->response, &size);

    if (result != SCARD_S_SUCCESS || size < 2)
        bench_fail("%s: %s", reader->name, pcsc_stringify_error(result));
    reader->size = size - 2;
    return (uint16_t)(reader->response[size - 2] << 8 | reader->response[size - 1]);
}

static void expect(struct reader *reader, struct span command, uint16_t status, size_t size)
{
    uint16_t answer = transmit(reader, command);

    if (answer != status || reader->size != size)
        bench_fail("%s answered %04X and %zu octets instead of %04X and %zu", reader->name, (unsigned)answer,
                   reader->size, (unsigned)status, size);
}

/* Microseconds. */
static double one_command(struct reader *reader, size_t response_size)
{
    double begin = bench_now(CLOCK_MONOTONIC);

    expect(reader, SPAN_ARRAY(get_eid_at_once), 0x9000, response_size);
    return (bench_now(CLOCK_MONOTONIC) - begin) * 1e6;
}

static double read_binary(struct reader *reader, size_t response_size)
{
    double begin = bench_now(CLOCK_MONOTONIC);

    expect(reader, SPAN_ARRAY(read_iccid), 0x9000, response_size);
    return (bench_now(CLOCK_MONOTONIC) - begin) * 1e6;
}

static double two_commands(struct reader *reader, uint16_t first_status, size_t response_size)
{
    double begin = bench_now(CLOCK_MONOTONIC);

    expect(reader, SPAN_ARRAY(get_eid), first_status, 0);
    expect(reader, SPAN_ARRAY(get_response), 0x9000, response_size);
    return (bench_now(CLOCK_MONOTONIC) - begin) * 1e6;
}

static void report(const char *what, double *echo, double *card)
{
    char name[64];
    double floor_p50 = bench_percentile(echo, ROUNDS, 50);
    double p50 = bench_percentile(card, ROUNDS, 50);

    snprintf(name, sizeof(name), "pcsc_echo_%s_p50", what);
    bench_figure(name, floor_p50, "us");
    snprintf(name, sizeof(name), "pcsc_echo_%s_p99", what);
    bench_figure(name, bench_percentile(echo, ROUNDS, 99), "us");
    snprintf(name, sizeof(name), "pcsc_%s_p50", what);
    bench_figure(name, p50, "us");
    snprintf(name, sizeof(name), "pcsc_%s_p99", what);
    bench_figure(name, bench_percentile(card, ROUNDS, 99), "us");
    snprintf(name, sizeof(name), "pcsc_%s_p50_ratio", what);
    bench_figure_goal(name, p50 / floor_p50, "x", GOAL);
}

static void measure_read_binary(struct reader *echo, struct reader *card)
{
    static double echo_read[ROUNDS], card_read[ROUNDS];

    if (transmit(card, SPAN_ARRAY(select_iccid)) != 0x9000)
        bench_fail("%s: there is no EF ICCID", card->name);
    for (size_t i = 0; i < WARM_UP + ROUNDS; i++) {
        size_t at = i < WARM_UP ? 0 : i - WARM_UP;

        echo_read[at] = read_binary(echo, 0);
        card_read[at] = read_binary(card, ICCID_SIZE);
    }
    report("read_binary", echo_read, card_read);
}

int main(int argc, char **argv)
{
    static struct reader echo, card;
    static double echo_one[ROUNDS], card_one[ROUNDS], echo_two[ROUNDS], card_two[ROUNDS];
    SCARDCONTEXT context;

    if (argc != 3)
        bench_fail("usage: pcsc_roundtrip ECHO-READER CARD-READER");
    if (SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context) != SCARD_S_SUCCESS)
        bench_fail("there is no pcscd");
    echo.name = argv[1];
    card.name = argv[2];
    connect_to(context, &echo);
    connect_to(context, &card);
    expect(&card, SPAN_ARRAY(open_channel), 0x9000, 1);
    if (transmit(&card, SPAN_ARRAY(select_isdr)) >> 8 != 0x61)
        bench_fail("the card in %s has no ISD-R", card.name);
    for (size_t i = 0; i < WARM_UP + ROUNDS; i++) {
        size_t at = i < WARM_UP ? 0 : i - WARM_UP;

        echo_one[at] = one_command(&echo, 0);
        card_one[at] = one_command(&card, EID_RESPONSE_SIZE);
        echo_two[at] = two_commands(&echo, 0x9000, 0);
        card_two[at] = two_commands(&card, 0x6100 | EID_RESPONSE_SIZE, EID_RESPONSE_SIZE);
    }
    report("get_eid_one_command", echo_one, card_one);
    report("get_eid_two_commands", echo_two, card_two);
    measure_read_binary(&echo, &card);
    SCardDisconnect(card.card, SCARD_RESET_CARD);
    SCardDisconnect(echo.card, SCARD_LEAVE_CARD);
    SCardReleaseContext(context);
    return 0;
}
