/*
 * How often a command makes the operating system write to the disk: fsync and fdatasync are counted by
 * standing before the C library's own. A command that changes something has one, a command that reads has
 * none. Usage: fsyncs CARD-FILE, a card with a disabled profile.
 */
#include "apdu/apdu.h"
#include "apdu/tlv.h"
#include "euicc/softeuicc.h"
#include "tests/bench/bench.h"

#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ROUNDS 50

static unsigned syncs;

/* Seen by SQLite instead of the C library's. */
int fsync(int fd);
int fdatasync(int fd);

__attribute__((visibility("default"))) int fsync(int fd)
{
    syncs++;
    return (int)syscall(SYS_fsync, fd);
}

__attribute__((visibility("default"))) int fdatasync(int fd)
{
    syncs++;
    return (int)syscall(SYS_fdatasync, fd);
}

static struct softeuicc *card;
static uint8_t iccid[10];

/* Sends one ES10 request over T=1; returns the content of the answer. */
static struct span es10(struct span request, uint32_t tag)
{
    static uint8_t rapdu[SOFTEUICC_RAPDU_MAX];
    size_t size;
    struct buf capdu = {0};
    struct span content;

    apdu_encode(&capdu, 0x80, 0xE2, 0x91, 0x00, request, 256);
    softeuicc_transmit(card, capdu.data, capdu.size, rapdu, &size);
    buf_free(&capdu);
    if (size < 2 || rapdu[size - 2] != 0x90 || tlv_single(SPAN(rapdu, size - 2), tag, &content) != TLV_OK)
        bench_fail("%X was not answered: %02X%02X", tag, rapdu[size - 2], rapdu[size - 1]);
    return content;
}

static void nickname(struct buf *request, unsigned round)
{
    char text[32];

    snprintf(text, sizeof(text), "nickname %u", round);
    tlv_put(request, 0x5A, SPAN_ARRAY(iccid));
    tlv_put_string(request, 0x90, text);
}

static void smdp_address(struct buf *request, unsigned round)
{
    char text[32];

    snprintf(text, sizeof(text), "smdp%u.example.com", round);
    tlv_put_string(request, 0x80, text);
}

static void profile_switch(struct buf *request, unsigned round)
{
    size_t identifier = tlv_open(request, 0xA0);

    (void)round;
    tlv_put(request, 0x5A, SPAN_ARRAY(iccid));
    tlv_close(request, identifier);
    tlv_put(request, 0x81, SPAN_STRING("\xFF"));
}

static void nothing(struct buf *request, unsigned round)
{
    (void)request;
    (void)round;
}

static void eid(struct buf *request, unsigned round)
{
    (void)round;
    tlv_put(request, 0x5C, SPAN_STRING("\x5A"));
}

static const struct command {
    uint32_t tag;
    bool changes;
    void (*put)(struct buf *request, unsigned round);
} commands[] = {
    {0xBF29, true, nickname},       {0xBF3F, true, smdp_address}, {0xBF31, true, profile_switch},
    {0xBF32, true, profile_switch}, {0xBF3E, false, eid},         {0xBF3C, false, nothing},
    {0xBF20, false, nothing},       {0xBF22, false, nothing},     {0xBF2D, false, nothing},
    {0xBF28, false, nothing},       {0xBF2B, false, nothing},     {0xBF43, false, nothing},
};

/* The syncs of one command; a change must have been done. */
static unsigned run(const struct command *command, unsigned round)
{
    struct buf request = {0};
    size_t outer = tlv_open(&request, command->tag);
    unsigned before = syncs;
    struct span answer;

    command->put(&request, round);
    tlv_close(&request, outer);
    answer = es10(buf_span(&request), command->tag);
    if (command->changes && !span_equal(answer, SPAN_STRING("\x80\x01\x00")))
        bench_fail("%X was refused", command->tag);
    buf_free(&request);
    return syncs - before;
}

static void find_profile(void)
{
    static const uint32_t path[] = {0xA0, 0xE3, 0x5A, 0};
    struct span found;

    if (!tlv_find_path(es10(SPAN_STRING("\xBF\x2D\x00"), 0xBF2D), path, &found) ||
        found.size != sizeof(iccid))
        bench_fail("the card has no profile");
    memcpy(iccid, found.data, sizeof(iccid));
}

int main(int argc, char **argv)
{
    static const uint8_t select_isdr[] = {0x00, 0xA4, 0x04, 0x00, 0x10, 0xA0, 0x00, 0x00, 0x05, 0x59, 0x10,
                                          0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00, 0x00};
    struct softeuicc_error error = {0};
    uint8_t answer[SOFTEUICC_RAPDU_MAX];
    size_t size;
    unsigned first;
    unsigned change_max = 0;
    unsigned read_max = 0;

    if (argc != 2)
        bench_fail("usage: fsyncs CARD-FILE");
    card = softeuicc_open(argv[1], NULL, &error);
    if (card == NULL)
        bench_fail("%s", error.message);
    softeuicc_set_protocol(card, SOFTEUICC_T1);
    softeuicc_reset(card, SOFTEUICC_COLD, answer, &size);
    softeuicc_transmit(card, select_isdr, sizeof(select_isdr), answer, &size);
    find_profile();
    first = run(&commands[0], ROUNDS);
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
            unsigned *max = commands[i].changes ? &change_max : &read_max;
            unsigned count = run(&commands[i], round);

            if (count > *max)
                *max = count;
        }
    }
    /* Without this the counters may simply not be in SQLite's way. */
    if (first == 0 || change_max == 0)
        bench_fail("no sync was counted");
    bench_figure_goal("fsyncs_per_state_change_max", change_max, "fsyncs", 1);
    bench_figure_goal("fsyncs_per_read_max", read_max, "fsyncs", 0);
    bench_figure("fsyncs_of_first_change_after_open", first, "fsyncs");
    softeuicc_close(card);
    return 0;
}
