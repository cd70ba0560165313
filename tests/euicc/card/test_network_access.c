/*
 * What a whole card keeps of network access: an accepted sequence number is in its row before the answer
 * leaves, outlives the file system in RAM, and an answer that could not be stored was not given. What a
 * verification that failed has counted stays too.
 */
#include "euicc/terminal/profile_view.h"
#include "profiles/uicc/naa.h"
#include "tests/support/es10.h"

#include <stdio.h>
#include <string.h>

#define FIRST       "89490000000000000017"
#define SECOND      "89490000000000000025"
#define SELECT_USIM "00A4040C07A0000000871002"
#define RAND        "00112233445566778899AABBCCDDEEFF"

static struct fs *fs_of(struct es10_bench *bench)
{
    ck_assert_ptr_nonnull(profile_view_uicc(bench->card));
    return profile_view_uicc(bench->card)->fs;
}

/* Enables a profile; what is shown of it comes from its rows. */
static void show(struct es10_bench *bench, const char *iccid)
{
    ck_assert_hex(es10(bench, "BF3111 A00C5A0A%s 810100", es10_iccid(iccid)), "BF3103800100");
    bench->terminal = terminal_start(bench->card, SOFTEUICC_WARM);
    for (size_t i = 0; i < fs_of(bench)->pin_count; i++)
        fs_of(bench)->pins[i].verified = true;
    ck_assert_uint_eq(terminal_command(&bench->terminal, hex(SELECT_USIM), test_buf()), SW_OK);
}

static struct fs_naa *usim_of(struct es10_bench *bench)
{
    struct fs *fs = fs_of(bench);
    struct fs_naa *naa = fs_find_naa(fs, profile_view_uicc(bench->card)->channels[0].application);

    ck_assert_ptr_nonnull(naa);
    return naa;
}

/* AUTHENTICATE as the profile's home network would have the terminal send it;
 * `damage` is xored to its MAC. */
static uint16_t authenticate_with(struct es10_bench *bench, uint8_t sqn, uint8_t damage, struct buf *response)
{
    const uint8_t number[6] = {[5] = sqn}, amf[2] = {0x80, 0x00};
    struct aka_algorithm algorithm;
    struct buf *capdu = test_buf();
    uint8_t ak[6], mac[AKA_OUTPUT_MAX];

    ck_assert(naa_algorithm(fs_of(bench), usim_of(bench), &algorithm));
    ck_assert(aka_f2345(&algorithm, hex(RAND).data, NULL, NULL, NULL, ak));
    ck_assert(aka_f1(&algorithm, false, hex(RAND).data, number, amf, mac));
    buf_append(capdu, hex("0088008122 10" RAND "10"));
    for (size_t i = 0; i < 6; i++)
        buf_append_octet(capdu, number[i] ^ ak[i]);
    buf_append(capdu, SPAN_ARRAY(amf));
    mac[0] ^= damage;
    buf_append(capdu, SPAN(mac, 8));
    buf_append_octet(capdu, 0x00);
    buf_clear(response);
    return terminal_command(&bench->terminal, buf_span(capdu), response);
}

static uint16_t authenticate(struct es10_bench *bench, uint8_t sqn, struct buf *response)
{
    return authenticate_with(bench, sqn, 0, response);
}

static void ck_assert_authenticates(struct es10_bench *bench, uint8_t sqn, uint8_t tag)
{
    struct buf *response = test_buf();

    ck_assert_uint_eq(authenticate(bench, sqn, response), SW_OK);
    ck_assert_uint_gt(response->size, 0);
    ck_assert_uint_eq(response->data[0], tag);
}

static void execute(struct es10_bench *bench, const char *sql)
{
    sqlite3 *database = sqlite3_db_handle(nvm_select(bench->card->nvm, "SELECT 1", NVM_NONE));

    ck_assert_int_eq(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
}

static void open_bench(struct es10_bench *bench)
{
    es10_open(bench, 1, 0);
    es10_install(bench, &(struct es10_profile){.iccid = FIRST});
    es10_install(bench, &(struct es10_profile){.iccid = SECOND});
    show(bench, FIRST);
}

START_TEST(sequence_number_is_kept)
{
    struct es10_bench bench = {0};

    open_bench(&bench);
    ck_assert_authenticates(&bench, 0x21, 0xDB);
    ck_assert(!nvm_in_transaction(bench.card->nvm));
    ck_assert_authenticates(&bench, 0x21, 0xDC);
    show(&bench, SECOND); /* which has numbers of its own */
    ck_assert_authenticates(&bench, 0x21, 0xDB);
    show(&bench, FIRST);
    ck_assert_uint_eq(naa_highest_sqn(fs_of(&bench), usim_of(&bench)), 0x21);
    ck_assert_authenticates(&bench, 0x21, 0xDC);
    ck_assert_authenticates(&bench, 0x41, 0xDB);
    es10_close(&bench);
}
END_TEST

START_TEST(answer_that_cannot_be_stored_is_not_given)
{
    struct es10_bench bench = {0};
    struct buf *response = test_buf();

    open_bench(&bench);
    execute(&bench,
            "CREATE TRIGGER broken BEFORE INSERT ON network_access BEGIN SELECT RAISE(ABORT, 'broken'); END");
    ck_assert_uint_eq(authenticate(&bench, 0x21, response), SW_MEMORY_FAILURE);
    ck_assert_uint_eq(response->size, 0);
    ck_assert_uint_eq(naa_highest_sqn(fs_of(&bench), usim_of(&bench)), 0);
    execute(&bench, "DROP TRIGGER broken");
    ck_assert_authenticates(&bench, 0x21, 0xDB);
    es10_close(&bench);
}
END_TEST

START_TEST(bootstrapped_challenge_is_kept)
{
    struct es10_bench bench = {0};

    open_bench(&bench);
    ck_assert(!usim_of(&bench)->bootstrapped);
    show(&bench, SECOND);
    execute(&bench, "UPDATE network_access SET bootstrap = '" RAND "'");
    show(&bench, FIRST);
    ck_assert(usim_of(&bench)->bootstrapped);
    ck_assert_hex(SPAN_ARRAY(usim_of(&bench)->bootstrap_rand), RAND);
    ck_assert_authenticates(&bench, 0x21, 0xDB); /* which writes the row anew */
    show(&bench, SECOND);
    show(&bench, FIRST);
    ck_assert_hex(SPAN_ARRAY(usim_of(&bench)->bootstrap_rand), RAND);
    es10_close(&bench);
}
END_TEST

static const struct fs_pin *first_pin(struct es10_bench *bench)
{
    for (size_t i = 0; i < fs_of(bench)->pin_count; i++)
        if (fs_of(bench)->pins[i].reference == 0x01)
            return &fs_of(bench)->pins[i];
    ck_abort_msg("no PIN1");
    return NULL;
}

/* From the rows, not from what RAM has. */
static void show_again(struct es10_bench *bench)
{
    show(bench, SECOND);
    show(bench, FIRST);
}

/* Answers of class A0 to a wrong code are 98XX where others are 63CX. */
START_TEST(attempt_at_a_code_is_kept_in_class_a0)
{
    struct es10_bench bench = {0};
    unsigned left;

    open_bench(&bench);
    show(&bench, SECOND);
    execute(&bench, "UPDATE pin SET enabled = 1");
    show(&bench, FIRST);
    left = first_pin(&bench)->attempts_left;
    ck_assert_uint_gt(left, 1);
    for (unsigned used = 1; used <= left; used++) {
        ck_assert_uint_eq(terminal_command(&bench.terminal, hex("A020000108 3535353535353535"), test_buf()),
                          used < left ? 0x9804 : 0x9840);
        ck_assert(!nvm_in_transaction(bench.card->nvm));
        show_again(&bench);
        ck_assert_uint_eq(first_pin(&bench)->attempts_left, left - used);
    }
    es10_close(&bench);
}
END_TEST

START_TEST(use_of_a_key_is_kept_when_the_mac_is_wrong)
{
    struct es10_bench bench = {0};

    open_bench(&bench);
    show(&bench, SECOND);
    execute(&bench, "UPDATE network_access SET counter_max = '000002', counter = '000000'");
    show(&bench, FIRST);
    ck_assert_uint_eq(authenticate_with(&bench, 0x21, 0x01, test_buf()), 0x9862);
    show_again(&bench);
    ck_assert_hex(SPAN_ARRAY(usim_of(&bench)->counter), "000001");
    ck_assert_authenticates(&bench, 0x21, 0xDB);
    ck_assert_uint_eq(authenticate(&bench, 0x41, test_buf()), SW_UICC_INVALIDATED);
    es10_close(&bench);
}
END_TEST

/* A profile of our own can do with the GSM context what it can do with the 3G one, through either class: SRES
 * and Kc of test set 1 of TS 35.208 (TS 55.205 has them). */
START_TEST(gsm_context_of_a_made_profile)
{
    static const char challenge[] = "23553CBE9637A89D218AE64DAE47BF35";
    struct es10_bench bench = {0};
    struct buf *response = test_buf();
    char capdu[64];

    open_bench(&bench);
    snprintf(capdu, sizeof(capdu), "0088008011 10 %s 00", challenge);
    ck_assert_uint_eq(terminal_command(&bench.terminal, hex(capdu), response), SW_OK);
    ck_assert_hex(buf_span(response), "04 46F8416A 08 EAE4BE823AF9A08B");
    bench.terminal = terminal_start(bench.card, SOFTEUICC_WARM);
    for (size_t i = 0; i < fs_of(&bench)->pin_count; i++)
        fs_of(&bench)->pins[i].verified = true;
    buf_clear(response);
    ck_assert_uint_eq(terminal_command(&bench.terminal, hex("A0A4000002 7F20"), response) & 0xFF00, 0x9F00);
    snprintf(capdu, sizeof(capdu), "A088000010 %s", challenge);
    buf_clear(response);
    ck_assert_uint_eq(terminal_command(&bench.terminal, hex(capdu), response), 0x9F0C);
    buf_clear(response);
    ck_assert_uint_eq(terminal_command(&bench.terminal, hex("A0C000000C"), response), SW_OK);
    ck_assert_hex(buf_span(response), "46F8416A EAE4BE823AF9A08B");
    es10_close(&bench);
}
END_TEST

TEST_MAIN("network_access", sequence_number_is_kept, answer_that_cannot_be_stored_is_not_given,
          bootstrapped_challenge_is_kept, attempt_at_a_code_is_kept_in_class_a0,
          use_of_a_key_is_kept_when_the_mac_is_wrong, gsm_context_of_a_made_profile)
