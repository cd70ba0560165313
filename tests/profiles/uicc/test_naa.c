/*
 * profiles/uicc/naa.h: the window of sequence numbers against an independent statement of 3GPP TS 33.102 C.2,
 * mapping of one application to another, the counter of authentications, and what algorithm parameters mean.
 */
#include "profiles/uicc/naa.h"
#include "tests/support/test.h"

#include <string.h>

/* A file system that is nothing but two applications and their keys. */
struct bench {
    struct fs *fs;
    struct fs_naa *usim, *isim;
    unsigned stored;
};

static bool count_stored(void *context, const struct fs_naa *naa)
{
    (void)naa;
    (*(unsigned *)context)++;
    return true;
}

static struct fs_file *add_adf(struct fs *fs, uint32_t number, struct fs_file *mf, const char *aid)
{
    struct fs_file like = {.number = number, .parent = mf, .kind = mf == NULL ? SAIP_FILE_MF : SAIP_FILE_ADF};
    struct fs_file *file;

    like.fid = mf == NULL ? FS_FID_MF : 0x7FF0;
    like.aid.size = hex(aid).size;
    if (like.aid.size > 0)
        memcpy(like.aid.octets, hex(aid).data, like.aid.size);
    file = fs_add_file(fs, &like);
    ck_assert_ptr_nonnull(file);
    return file;
}

static struct fs_naa milenage(struct fs_file *application)
{
    struct fs_naa naa = {
        .application = application,
        .algorithm = SAIP_MILENAGE,
        .key_size = 16,
        .opc_size = 16,
        .rotation = {0x40, 0x00, 0x20, 0x40, 0x60},
        .xoring = {{0}, {[15] = 1}, {[15] = 2}, {[15] = 4}, {[15] = 8}},
        .keccak_count = 1,
    };

    memset(naa.key, 0x4B, 16);
    memset(naa.opc, 0x6F, 16);
    return naa;
}

static void put_number(uint64_t number, uint8_t *octets, size_t size)
{
    for (size_t i = size; i > 0; i--, number >>= 8)
        octets[i - 1] = (uint8_t)number;
}

static struct bench *make(void)
{
    static struct bench bench;
    struct fs_naa naa;
    struct fs_file *mf;

    bench = (struct bench){.fs = fs_new()};
    ck_assert_ptr_nonnull(bench.fs);
    mf = add_adf(bench.fs, 0, NULL, "");
    naa = milenage(add_adf(bench.fs, 1, mf, "A0000000871002FF"));
    ck_assert(fs_add_naa(bench.fs, &naa));
    naa = (struct fs_naa){.application = add_adf(bench.fs, 2, mf, "A0000000871004FF"), .mapped = true};
    naa.mapping_source = bench.fs->naas[0].application->aid;
    ck_assert(fs_add_naa(bench.fs, &naa));
    bench.usim = &bench.fs->naas[0];
    bench.isim = &bench.fs->naas[1];
    bench.fs->store.naa = count_stored;
    bench.fs->store.context = &bench.stored;
    return &bench;
}

/* AUTN as an authentication centre makes it. */
static struct span make_autn(const struct bench *bench, const uint8_t *rand, uint64_t sqn, bool good)
{
    struct buf *autn = test_buf();
    struct aka_algorithm algorithm;
    uint8_t number[6], ak[6], mac[AKA_OUTPUT_MAX];
    const uint8_t amf[2] = {0x80, 0x00};

    ck_assert(naa_algorithm(bench->fs, bench->usim, &algorithm));
    put_number(sqn, number, sizeof(number));
    ck_assert(aka_f2345(&algorithm, rand, NULL, NULL, NULL, ak));
    ck_assert(aka_f1(&algorithm, false, rand, number, amf, mac));
    for (size_t i = 0; i < 6; i++)
        buf_append_octet(autn, number[i] ^ ak[i]);
    buf_append(autn, SPAN_ARRAY(amf));
    mac[0] ^= good ? 0 : 1;
    buf_append(autn, SPAN(mac, algorithm.mac_size));
    return buf_span(autn);
}

/* SQN_MS out of AUTS, as an authentication centre opens it. */
static uint64_t open_auts(const struct bench *bench, const uint8_t *rand, const struct naa_answer *answer)
{
    struct aka_algorithm algorithm;
    uint8_t number[6], ak[6], mac[AKA_OUTPUT_MAX];
    const uint8_t amf[2] = {0, 0};
    uint64_t sqn = 0;

    ck_assert(naa_algorithm(bench->fs, bench->usim, &algorithm));
    ck_assert_uint_eq(answer->auts_size, 14);
    ck_assert(aka_f5_star(&algorithm, rand, ak));
    for (size_t i = 0; i < 6; i++) {
        number[i] = answer->auts[i] ^ ak[i];
        sqn = sqn << 8 | number[i];
    }
    ck_assert(aka_f1(&algorithm, true, rand, number, amf, mac));
    ck_assert_mem_eq(mac, answer->auts + 6, 8);
    return sqn;
}

/* --- the window ------------------------------------------------------------------------------------- */

/* TS 33.102 C.2.1 and C.2.2 said another way: which numbers an interval leaves. */
static bool model_accepts(const uint64_t *seen, uint8_t options, uint64_t delta, uint64_t limit, uint64_t seq,
                          size_t index)
{
    uint64_t highest = 0, first, last = UINT64_MAX;

    for (size_t i = 0; i < 4; i++)
        highest = seen[i] > highest ? seen[i] : highest;
    first = seen[index] + 1;
    if ((options & 0x01) != 0 && highest + 1 > limit && highest - limit + 1 > first)
        first = highest - limit + 1;
    if ((options & 0x02) != 0)
        last = highest + delta;
    return seq >= first && seq <= last;
}

static void sweep(struct bench *bench, uint8_t options, uint64_t delta, uint64_t limit)
{
    bench->usim->sqn_options = options;
    put_number(delta, bench->usim->sqn_delta, FS_SQN_SIZE);
    put_number(limit, bench->usim->sqn_age_limit, FS_SQN_SIZE);
    for (unsigned state = 0; state < 5 * 5 * 5; state++) {
        /* IND 0, 1 and 31 have been used, 2 has not. */
        const uint64_t seen[4] = {state % 5, state / 5 % 5, 0, state / 25};
        static const uint8_t index[4] = {0, 1, 2, 31};

        for (size_t i = 0; i < 4; i++)
            put_number(seen[i], bench->usim->sqn[index[i]], FS_SQN_SIZE);
        for (uint64_t seq = 0; seq < 10; seq++)
            for (size_t i = 0; i < 4; i++)
                ck_assert_msg(naa_is_fresh(bench->fs, bench->usim, seq << 5 | index[i]) ==
                                  model_accepts(seen, options, delta, limit, seq, i),
                              "options %u delta %u limit %u state %u seq %u index %u", options,
                              (unsigned)delta, (unsigned)limit, state, (unsigned)seq, index[i]);
    }
}

START_TEST(window_is_the_specification_s)
{
    struct bench *bench = make();

    for (uint8_t options = 0; options < 4; options++)
        for (uint64_t delta = 1; delta < 5; delta++)
            for (uint64_t limit = 1; limit < 5; limit++)
                sweep(bench, options, delta, limit);
    fs_free(bench->fs);
}
END_TEST

START_TEST(window_holds_at_the_limits)
{
    struct bench *bench = make();
    const uint64_t top = 0x07FFFFFFFFFF;

    bench->usim->sqn_options = NAA_SQN_DELTA;
    put_number(1 << 28, bench->usim->sqn_delta, FS_SQN_SIZE);
    ck_assert(naa_is_fresh(bench->fs, bench->usim, (uint64_t)1 << 33));
    ck_assert(!naa_is_fresh(bench->fs, bench->usim, ((uint64_t)1 << 33) + 32));
    put_number(top - 1, bench->usim->sqn[31], FS_SQN_SIZE);
    ck_assert_uint_eq(naa_highest_sqn(bench->fs, bench->usim), (top - 1) << 5 | 31);
    ck_assert(naa_is_fresh(bench->fs, bench->usim, top << 5 | 31));
    put_number(top, bench->usim->sqn[31], FS_SQN_SIZE);
    ck_assert(!naa_is_fresh(bench->fs, bench->usim, top << 5 | 31));
    fs_free(bench->fs);
}
END_TEST

/* No number is accepted twice, whatever comes, and the number after SQN_MS of an AUTS always is. */
START_TEST(no_number_is_accepted_twice)
{
    struct bench *bench = make();
    static bool accepted[1 << 9];
    uint8_t rand[16];
    uint32_t walk = 1;

    memset(accepted, 0, sizeof(accepted));
    bench->usim->sqn_options = NAA_SQN_DELTA | NAA_SQN_AGE_LIMIT;
    put_number(4, bench->usim->sqn_delta, FS_SQN_SIZE);
    put_number(8, bench->usim->sqn_age_limit, FS_SQN_SIZE);
    for (unsigned step = 0; step < 400; step++) {
        struct naa_answer answer;
        enum naa_result result;
        uint64_t sqn, again;

        walk = walk * 1103515245 + 12345;
        sqn = walk >> 16 & 0x1FF;
        memset(rand, (int)step, sizeof(rand));
        result =
            naa_authenticate(bench->fs, bench->usim, rand, make_autn(bench, rand, sqn, true), false, &answer);
        ck_assert(result == NAA_OK || result == NAA_SYNCHRONISATION_FAILURE);
        if (result == NAA_OK) {
            ck_assert(!accepted[sqn]);
            accepted[sqn] = true;
            continue;
        }
        again = open_auts(bench, rand, &answer);
        ck_assert(again == 0 || accepted[again]);
        ck_assert(naa_is_fresh(bench->fs, bench->usim, again + 32));
    }
    fs_free(bench->fs);
}
END_TEST

START_TEST(only_what_is_accepted_is_stored)
{
    struct bench *bench = make();
    uint8_t rand[16] = {0};
    struct naa_answer answer;

    ck_assert_int_eq(
        naa_authenticate(bench->fs, bench->usim, rand, make_autn(bench, rand, 0x20, false), false, &answer),
        NAA_MAC_FAILURE);
    ck_assert_uint_eq(bench->stored, 0);
    ck_assert_uint_eq(naa_highest_sqn(bench->fs, bench->usim), 0);
    ck_assert_int_eq(
        naa_authenticate(bench->fs, bench->usim, rand, make_autn(bench, rand, 0x20, true), false, &answer),
        NAA_OK);
    ck_assert_uint_eq(bench->stored, 1);
    ck_assert_int_eq(
        naa_authenticate(bench->fs, bench->usim, rand, make_autn(bench, rand, 0x20, true), false, &answer),
        NAA_SYNCHRONISATION_FAILURE);
    ck_assert_uint_eq(bench->stored, 1);
    ck_assert_uint_eq(open_auts(bench, rand, &answer), 0x20);
    ck_assert_int_eq(naa_authenticate(bench->fs, bench->usim, rand, hex("0011223344"), false, &answer),
                     NAA_BAD_AUTN);
    fs_free(bench->fs);
}
END_TEST

START_TEST(every_octet_of_the_mac_counts)
{
    struct bench *bench = make();
    uint8_t rand[16] = {0};
    struct naa_answer answer;

    for (size_t octet = 8; octet < 16; octet++) {
        struct buf autn = {0};

        buf_append(&autn, make_autn(bench, rand, 0x20, true));
        autn.data[octet] ^= 0x01;
        ck_assert_int_eq(naa_authenticate(bench->fs, bench->usim, rand, buf_span(&autn), false, &answer),
                         NAA_MAC_FAILURE);
        buf_free(&autn);
    }
    ck_assert_uint_eq(bench->stored, 0);
    fs_free(bench->fs);
}
END_TEST

/* --- mapping and counting --------------------------------------------------------------------------- */

START_TEST(mapped_application_shares_what_its_options_say)
{
    struct bench *bench = make();

    put_number(7, bench->usim->sqn[3], FS_SQN_SIZE);
    bench->usim->sqn_options = NAA_SQN_DELTA;
    put_number(2, bench->usim->sqn_delta, FS_SQN_SIZE);
    bench->isim->mapping_options = 0;
    ck_assert_uint_eq(naa_highest_sqn(bench->fs, bench->isim), 0);
    ck_assert(naa_is_fresh(bench->fs, bench->isim, 1 << 5 | 3));
    bench->isim->mapping_options = NAA_MAPPED_SQN;
    ck_assert_uint_eq(naa_highest_sqn(bench->fs, bench->isim), 7 << 5 | 3);
    ck_assert(!naa_is_fresh(bench->fs, bench->isim, 7 << 5 | 3));
    ck_assert(naa_is_fresh(bench->fs, bench->isim, 10 << 5 | 3));
    bench->isim->mapping_options = NAA_MAPPED_SQN | NAA_MAPPED_SQN_RULES;
    ck_assert(!naa_is_fresh(bench->fs, bench->isim, 10 << 5 | 3));
    ck_assert(naa_is_fresh(bench->fs, bench->isim, 9 << 5 | 3));
    fs_free(bench->fs);
}
END_TEST

START_TEST(mapped_application_uses_the_source_s_keys)
{
    struct bench *bench = make();
    uint8_t rand[16] = {1};
    struct naa_answer usim, isim;
    struct aka_algorithm algorithm;

    ck_assert_int_eq(naa_recall(bench->fs, bench->usim, rand, &usim), NAA_OK);
    ck_assert_int_eq(naa_recall(bench->fs, bench->isim, rand, &isim), NAA_OK);
    ck_assert_mem_eq(&usim, &isim, sizeof(usim));
    bench->isim->mapping_source.octets[3]++;
    ck_assert(!naa_algorithm(bench->fs, bench->isim, &algorithm));
    ck_assert_int_eq(naa_recall(bench->fs, bench->isim, rand, &isim), NAA_NO_KEYS);
    fs_free(bench->fs);
}
END_TEST

START_TEST(counter_ends_the_key)
{
    struct bench *bench = make();
    uint8_t rand[16] = {1};
    struct naa_answer answer;

    bench->usim->has_counter_max = true;
    put_number(0x0100, bench->usim->counter_max, 3);
    put_number(0x00FD, bench->usim->counter, 3);
    ck_assert_int_eq(naa_answer_rand(bench->fs, bench->usim, rand, &answer), NAA_OK);
    fs_begin_command(bench->fs);
    ck_assert_int_eq(
        naa_authenticate(bench->fs, bench->usim, rand, make_autn(bench, rand, 0x20, true), false, &answer),
        NAA_OK);
    fs_begin_command(bench->fs);
    ck_assert_int_eq(
        naa_authenticate(bench->fs, bench->isim, rand, make_autn(bench, rand, 0x40, false), false, &answer),
        NAA_MAC_FAILURE);
    fs_begin_command(bench->fs);
    ck_assert_int_eq(naa_answer_rand(bench->fs, bench->usim, rand, &answer), NAA_EXHAUSTED);
    fs_begin_command(bench->fs);
    ck_assert_int_eq(
        naa_authenticate(bench->fs, bench->isim, rand, make_autn(bench, rand, 0x40, true), false, &answer),
        NAA_EXHAUSTED);
    ck_assert_int_eq(naa_recall(bench->fs, bench->usim, rand, &answer), NAA_OK);
    ck_assert_mem_eq(bench->usim->counter, bench->usim->counter_max, 3);
    fs_free(bench->fs);
}
END_TEST

static unsigned runs_out; /* uses that are stored before storage fails */

static bool last(void *context)
{
    const struct bench *bench = context;

    ck_assert_uint_gt(span_number(SPAN_ARRAY(bench->usim->counter)), 0);
    return runs_out-- > 0;
}

/* What cannot be counted is not computed: in no context, with a right challenge or a wrong one. */
START_TEST(a_use_lasts_before_the_algorithm_runs)
{
    struct bench *bench = make();
    uint8_t rand[16] = {1};
    const struct naa_answer nothing = {0};

    bench->usim->has_counter_max = true;
    put_number(0x0100, bench->usim->counter_max, 3);
    bench->fs->store = (struct fs_store){.context = bench, .last = last};
    for (unsigned context = 0; context < 3; context++) {
        struct naa_answer answer;

        for (runs_out = 1; runs_out == 1;) {
            fs_begin_command(bench->fs);
            ck_assert_int_eq(naa_answer_rand(bench->fs, bench->usim, rand, &answer), NAA_OK);
        }
        fs_begin_command(bench->fs);
        ck_assert_int_eq(context == 0
                             ? naa_answer_rand(bench->fs, bench->usim, rand, &answer)
                             : naa_authenticate(bench->fs, bench->usim, rand,
                                                make_autn(bench, rand, 0x20, context == 1), false, &answer),
                         NAA_NOT_STORED);
        ck_assert_mem_eq(&answer, &nothing, sizeof(nothing));
    }
    fs_free(bench->fs);
}
END_TEST

/* --- algorithms ------------------------------------------------------------------------------------- */

START_TEST(options_give_the_sizes)
{
    struct bench *bench = make();
    struct aka_algorithm algorithm;

    bench->usim->algorithm = SAIP_TUAK;
    bench->usim->opc_size = 32;
    bench->usim->algorithm_options = 0x01;
    ck_assert(naa_algorithm(bench->fs, bench->usim, &algorithm));
    ck_assert_uint_eq(algorithm.res_size, 8);
    ck_assert_uint_eq(algorithm.mac_size, 8);
    ck_assert_uint_eq(algorithm.ck_size, 16);
    ck_assert_uint_eq(algorithm.ik_size, 16);
    bench->usim->algorithm_options = 0x33;
    ck_assert(naa_algorithm(bench->fs, bench->usim, &algorithm));
    ck_assert_uint_eq(algorithm.res_size, 32);
    ck_assert_uint_eq(algorithm.mac_size, 32);
    ck_assert_uint_eq(algorithm.ck_size, 32);
    ck_assert_uint_eq(algorithm.ik_size, 16);
    bench->usim->algorithm_options = 0x07;
    ck_assert(!naa_algorithm(bench->fs, bench->usim, &algorithm));
    bench->usim->algorithm = SAIP_USIM_TEST_ALGORITHM;
    bench->usim->algorithm_options = 0x02;
    ck_assert(naa_algorithm(bench->fs, bench->usim, &algorithm));
    ck_assert_uint_eq(algorithm.res_size, 16);
    bench->usim->algorithm_options = 0x03;
    ck_assert(!naa_algorithm(bench->fs, bench->usim, &algorithm));
    bench->usim->algorithm = SAIP_MILENAGE; /* with a TOPc */
    ck_assert(!naa_algorithm(bench->fs, bench->usim, &algorithm));
    fs_free(bench->fs);
}
END_TEST

START_TEST(tuak_authenticates_with_long_outputs)
{
    struct bench *bench = make();
    uint8_t rand[16] = {9};
    struct naa_answer answer;

    bench->usim->algorithm = SAIP_TUAK;
    bench->usim->opc_size = 32;
    bench->usim->key_size = 32;
    bench->usim->algorithm_options = 0x74; /* all of 256 bits */
    ck_assert_int_eq(
        naa_authenticate(bench->fs, bench->usim, rand, make_autn(bench, rand, 0x20, true), false, &answer),
        NAA_OK);
    ck_assert_uint_eq(answer.res_size + answer.ck_size + answer.ik_size, 96);
    fs_free(bench->fs);
}
END_TEST

START_TEST(test_algorithm_asks_for_synchronisation_by_amf)
{
    struct bench *bench = make();
    uint8_t rand[16] = {9};
    struct naa_answer answer;
    struct aka_algorithm algorithm;
    uint8_t mac[AKA_OUTPUT_MAX], ak[6], sqn[6] = {0, 0, 0, 0, 1, 0};
    const uint8_t resynch[2] = {0xFF, 0xFF};
    struct buf *autn = test_buf();

    bench->usim->algorithm = SAIP_USIM_TEST_ALGORITHM;
    for (int i = 0; i < 2; i++) /* the same number again is fine */
        ck_assert_int_eq(naa_authenticate(bench->fs, bench->usim, rand, make_autn(bench, rand, 0x100, true),
                                          false, &answer),
                         NAA_OK);
    ck_assert(naa_algorithm(bench->fs, bench->usim, &algorithm));
    ck_assert(aka_f2345(&algorithm, rand, NULL, NULL, NULL, ak));
    ck_assert(aka_f1(&algorithm, false, rand, sqn, resynch, mac));
    for (size_t i = 0; i < 6; i++)
        buf_append_octet(autn, sqn[i] ^ ak[i]);
    buf_append(autn, SPAN_ARRAY(resynch));
    buf_append(autn, SPAN(mac, 8));
    ck_assert_int_eq(naa_authenticate(bench->fs, bench->usim, rand, buf_span(autn), false, &answer),
                     NAA_SYNCHRONISATION_FAILURE);
    ck_assert_uint_eq(open_auts(bench, rand, &answer), 0x100);
    fs_free(bench->fs);
}
END_TEST

TEST_MAIN("naa", window_is_the_specification_s, window_holds_at_the_limits, no_number_is_accepted_twice,
          only_what_is_accepted_is_stored, every_octet_of_the_mac_counts,
          mapped_application_shares_what_its_options_say, mapped_application_uses_the_source_s_keys,
          counter_ends_the_key, a_use_lasts_before_the_algorithm_runs, options_give_the_sizes,
          tuak_authenticates_with_long_outputs, test_algorithm_asks_for_synchronisation_by_amf)
