/* A card's life with SGP.22: what it downloads, what its terminal and its operator do with it. */
#include "tests/powercut/run.h"

#include "euicc/os/card.h"
#include "tests/support/ota.h"
#include "tests/support/profile.h"

static struct span package_one, package_two;

void steps_begin(void)
{
    package_one = test_profile(RUN_ICCID_ONE);
    package_two = test_profile(RUN_ICCID_TWO);
}

void step_download(struct run *run)
{
    bool done = run_download(run, RUN_ICCID_ONE, package_one, SPAN_NONE);

    ck_assert(done || run->wrong);
}

void step_download_again(struct run *run)
{
    bool done = run_download(run, RUN_ICCID_TWO, package_two, SPAN_NONE);

    ck_assert(done || run->wrong);
}

/* The metadata names another ICCID than the package: refused at the end, which leaves a result and nothing
 * else. */
void step_download_refused(struct run *run)
{
    ck_assert(!run_download(run, "8944476500001224174", package_two, SPAN_NONE));
}

#define ENABLE_ONE  "BF31 11 A00C 5A0A 984474560000214251F8 8101FF"
#define DISABLE_ONE "BF32 11 A00C 5A0A 984474560000214251F8 8101FF"
#define DELETE_ONE  "BF33 0C 5A0A 984474560000214251F8"
#define ENABLE_TWO  "BF31 11 A00C 5A0A 984474560000214261F6 8101FF"

void step_enable(struct run *run)
{
    IN_A_ROW(run, ENABLE_ONE);
}

void step_switch(struct run *run)
{
    IN_A_ROW(run, ENABLE_TWO, ENABLE_ONE);
}

void step_settings(struct run *run)
{
    IN_A_ROW(run, "BF29 11 5A0A 984474560000214251F8 9003 414243", RUN_ADDRESS, "BF2B 00", "BF28 00",
             "BF30 03 800101", "BF30 03 800102", "BF30 03 800163");
}

void step_disable(struct run *run)
{
    IN_A_ROW(run, DISABLE_ONE);
}

void step_delete(struct run *run)
{
    IN_A_ROW(run, DELETE_ONE);
}

void step_memory_reset(struct run *run)
{
    IN_A_ROW(run, "BF34 04 82020560");
}

/* What a terminal does with the enabled profile's UICC, on the basic channel. A counter that was told must be
 * the one that is stored. */
void step_uicc(struct run *run)
{
    static const struct {
        const char *capdu;
        uint16_t status;
        const char *counter; /* what is left of it is in the status word */
    } commands[] = {
        {"00A4040C07A0000000871002", 0x9000, NULL}, /* the USIM */
        {"0020000A08 FFFFFFFFFFFFFFFF", 0x63C9,
         "SELECT attempts_left FROM pin WHERE reference = '0A'"}, /* ADM1, wrong */
        {"0020000A08 3131313131313131", 0x9000, NULL},            /* right */
        {"0020008108 30303030FFFFFFFF", 0x63C2,
         "SELECT min(attempts_left) FROM pin WHERE reference = '81'"}, /* PIN2, wrong */
        {"002C000110 3030303030303030 30303030FFFFFFFF", 0x63C9,
         "SELECT attempts_left FROM puk WHERE reference = '01'"},       /* PUK1, wrong */
        {"002C000110 3132333435363738 31323334FFFFFFFF", 0x9000, NULL}, /* right */
        {"0024000110 31323334FFFFFFFF 35363738FFFFFFFF", 0x9000, NULL}, /* CHANGE PIN */
        {"0026000108 35363738FFFFFFFF", 0x9000, NULL},                  /* DISABLE PIN */
        {"00A4000C026F7E", 0x9000, NULL},                               /* EF LOCI */
        {"00D6000004 11223344", 0x9000, NULL},                          /* UPDATE BINARY */
        {"00E000001D 621B 82024121 83026F50 8A0105 AB0A80017F90008401D49000 80020010", 0x9000,
         NULL},                                              /* CREATE FILE */
        {"80D400000A 6208 83026F50 80020040", 0x9000, NULL}, /* RESIZE FILE, larger */
        {"80D400000A 6208 83026F50 80020004", 0x9000, NULL}, /* and smaller */
        {"0004000002 6F50", 0x9000, NULL},                   /* DEACTIVATE FILE */
        {"00E4000002 6F50", 0x9000, NULL},                   /* DELETE FILE */
        {"00E0000018 6216 82027921 83026F51 8A0105 AB0580017F9000 80020040", 0x9000, NULL},
        {"80DB008005 8103AABBCC", 0x9000, NULL}, /* SET DATA: an object is made, */
        {"80DB008004 8102DDEE", 0x9000, NULL},   /* another takes its place, */
        {"80DB008001 81", 0x9000, NULL},         /* and it is deleted */
    };
    struct buf authenticate = {0};

    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        run_command(run, hex(commands[i].capdu), commands[i].status);
        if (commands[i].counter != NULL && !run->wrong)
            ck_assert_int_eq(run_number(run->card, commands[i].counter), commands[i].status & 0x0F);
    }
    buf_append(&authenticate, test_authenticate(0x0101, true));
    run_command(run, buf_span(&authenticate), 0x9000);
    buf_free(&authenticate);
}

/* The operator's short messages: each counter is used up once, with what its script did. */
void step_ota(struct run *run)
{
    static const struct {
        const char *tar, *script;
    } messages[] = {
        {"B00001", "00A4000C026F07 00D6000801 77"},                             /* UPDATE BINARY of EF IMSI */
        {"B20100", "80E6200016 0000 10 A0000005591010FFFFFFFF8900000F00 000000" /* UpdateMetadata */
                   "80E2910008 BF2A05 9203 4F5441"},
        {"B20100", "80E4000009 4F07 00000000000000"}, /* DELETE of what is not there: the counter counts */
    };

    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]) && !run->wrong; i++) {
        const struct ota_sender sender = {{0x16, 0x00}, 0x12, 0x12, messages[i].tar, i + 1, NULL};

        run_command(run, ota_envelope(ota_deliver(hex("7000"), ota_packet(&sender, messages[i].script))),
                    0x9000);
        if (!run->wrong)
            ck_assert_int_eq(run_number(run->card, "SELECT max(counter) FROM domain_key"), (int64_t)i + 1);
    }
}

/* The log has grown; a reset folds it into the file. */
void step_fold(struct run *run)
{
    uint8_t atr[SOFTEUICC_ATR_MAX];
    size_t size;

    IN_A_ROW(run, RUN_ADDRESS);
    if (run->wrong)
        return;
    softeuicc_reset(run->card, SOFTEUICC_WARM, atr, &size);
    run->wrong = cut_disk_is_off(run->disk);
    if (run->wrong)
        return;
    terminal_select(&run->terminal);
    IN_A_ROW(run, "BF3F 06 8004 622E6263");
}
