/*
 * VERIFY PIN of the enabled profile in process: what a right administrative code and a wrong one cost, in
 * time and in syncs. A try is counted, by a commit, before it is compared; a right one has a second commit,
 * which gives it back. Usage: verify_pin CARD-FILE; a profile of the card is enabled, and its code is read
 * there.
 */
#include "euicc/os/card.h"
#include "tests/bench/bench.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ROUNDS    200
#define CODE_SIZE 8

static unsigned syncs;

/* Seen by SQLite instead of the C library's. */
int fdatasync(int fd);

__attribute__((visibility("default"))) int fdatasync(int fd)
{
    syncs++;
    return (int)syscall(SYS_fdatasync, fd);
}

static void read_code(struct softeuicc *card, uint8_t *code)
{
    sqlite3_stmt *stmt = nvm_select(card->nvm,
                                    "SELECT value FROM pin JOIN profile ON profile.id = pin.profile"
                                    " WHERE state = 'enabled' AND reference = '0A'",
                                    NVM_NONE);
    struct buf octets = {0};

    if (!nvm_row(card->nvm, stmt) || !buf_append_hex(&octets, nvm_text(stmt, 0), NULL) ||
        octets.size != CODE_SIZE)
        bench_fail("no ADM1; is a profile enabled?");
    memcpy(code, octets.data, CODE_SIZE);
    nvm_done(stmt);
    buf_free(&octets);
}

/* Microseconds of one VERIFY PIN, which must be answered with this status word's first octet. */
static double verify(struct softeuicc *card, const uint8_t *code, uint8_t sw1)
{
    uint8_t capdu[5 + CODE_SIZE] = {0x00, 0x20, 0x00, 0x0A, CODE_SIZE};
    uint8_t rapdu[SOFTEUICC_RAPDU_MAX];
    double begin;
    size_t size;

    memcpy(capdu + 5, code, CODE_SIZE);
    begin = bench_now(CLOCK_MONOTONIC);
    softeuicc_transmit(card, capdu, sizeof(capdu), rapdu, &size);
    begin = bench_now(CLOCK_MONOTONIC) - begin;
    if (size != 2 || rapdu[0] != sw1)
        bench_fail("VERIFY PIN was answered %02X%02X", rapdu[0], rapdu[1]);
    return begin * 1e6;
}

int main(int argc, char **argv)
{
    struct softeuicc_error error = {0};
    struct softeuicc *card = argc == 2 ? softeuicc_open(argv[1], NULL, &error) : NULL;
    uint8_t atr[SOFTEUICC_ATR_MAX], right[CODE_SIZE], wrong[CODE_SIZE];
    double rights[ROUNDS], wrongs[ROUNDS];
    unsigned of_right = 0, of_wrong = 0;
    size_t atr_size;

    if (card == NULL)
        bench_fail("%s", argc == 2 ? error.message : "usage: verify_pin CARD-FILE");
    softeuicc_reset(card, SOFTEUICC_COLD, atr, &atr_size);
    read_code(card, right);
    memcpy(wrong, right, CODE_SIZE);
    wrong[CODE_SIZE - 1] ^= 1;
    (void)verify(card, right, 0x90); /* the first commit after opening has syncs of its own */
    for (size_t round = 0; round < ROUNDS; round++) {
        syncs = 0;
        wrongs[round] = verify(card, wrong, 0x63);
        of_wrong = syncs;
        rights[round] = verify(card, right, 0x90);
        of_right = syncs - of_wrong;
    }
    bench_figure("verify_pin_right", bench_percentile(rights, ROUNDS, 50), "us");
    bench_figure("verify_pin_wrong", bench_percentile(wrongs, ROUNDS, 50), "us");
    bench_figure_goal("fsyncs_of_verify_pin_right", of_right, "fsyncs", 2);
    bench_figure_goal("fsyncs_of_verify_pin_wrong", of_wrong, "fsyncs", 1);
    softeuicc_close(card);
    return 0;
}
