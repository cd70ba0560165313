/*
 * profiles/uicc/gsm.c: a SIM's commands on a small UICC with a USIM made here; and how the transport carries
 * class A0.
 */
#include "profiles/uicc/gsm.h"

#include "apdu/transport.h"
#include "tests/support/test.h"

#include <string.h>

#define USIM_AID "A0000000871002FF01"
#define ISIM_AID "A0000000871004FF01"

/* The key of Milenage test set 19 (3GPP TS 35.208); Kc and SRES by the conversion functions of
 * TS 33.102 6.8.1.2.
 */
#define K    "5122250214C33E723A5DD523FC145FC0"
#define OPC  "981D464C7C52EB6E5036234984AD0BCF"
#define RAND "81E92B6C0EE0E12EBCEBA8D92A99DFA5"
#define SRES "8A3B8D17"
#define KC   "9A8D0E883FF0887A"

/* Records of EF ARR. */
#define PIN1 "A406830101950108"
#define PIN2 "A406830181950108"
#define ADM  "A40683010A950108"
static const char *const rules[] = {
    /* 1 */ "800101" PIN1 "800102" ADM "800118" ADM,
    /* 2 */ "800103" PIN1,
    /* 3 */ "800101" PIN1 "800102" PIN2,
    /* 4 */ "800103" PIN1 "840132" PIN1,
    /* 5 */ "8001019000",
};
enum { RULE_SIZE = 48 };

/* EF UST: services 2, 10, 21, 27 and 38. */
#define UST "0202100420"

static const struct uicc_host no_host = {.context = NULL};

static struct fs_file *add(struct fs *fs, struct fs_file *parent, enum saip_file_kind kind, uint16_t fid,
                           uint8_t rule, size_t record_size, const char *content)
{
    struct fs_file like = {.kind = kind,
                           .fid = fid,
                           .parent = parent,
                           .life_cycle = FS_ACTIVATED,
                           .shareable = true,
                           .access_form = FS_ACCESS_REFERENCED,
                           .record_size = record_size};
    struct fs_file *file;

    buf_append(&like.access, hex("2F06"));
    buf_append_octet(&like.access, rule);
    buf_append(&like.content, hex(content));
    like.size = like.content.size;
    file = fs_create_file(fs, &like);
    ck_assert_ptr_nonnull(file);
    return file;
}

static struct fs_file *add_adf(struct fs *fs, uint16_t fid, const char *aid)
{
    struct fs_file *adf = add(fs, fs->mf, SAIP_FILE_ADF, fid, 5, 0, "");

    fs_set_aid(&adf->aid, hex(aid));
    return adf;
}

static void add_codes(struct fs *fs, struct fs_file *usim)
{
    struct fs_pin pin1 = {.directory = fs->mf,
                          .reference = 0x01,
                          .value = "1111\xFF\xFF\xFF\xFF",
                          .attributes = 7,
                          .attempts = 3,
                          .attempts_left = 3,
                          .has_puk = true,
                          .puk = 0x01,
                          .enabled = true};
    struct fs_pin pin2 = pin1;
    const struct fs_puk puk = {.reference = 0x01,
                               .value = {'1', '2', '3', '4', '5', '6', '7', '8'},
                               .attempts = 10,
                               .attempts_left = 10};

    pin2.directory = usim;
    pin2.reference = 0x81;
    pin2.has_puk = false;
    memcpy(pin2.value, "2222", 4);
    ck_assert(fs_add_pin(fs, &pin1) && fs_add_pin(fs, &pin2) && fs_add_puk(fs, &puk));
    buf_append(&usim->pin_status, hex("0181"));
}

static void add_usim(struct fs *fs)
{
    struct fs_file *usim = add_adf(fs, 0x7FF0, USIM_AID);
    struct fs_file *access;
    struct fs_naa naa = {.application = usim,
                         .algorithm = SAIP_MILENAGE,
                         .key_size = 16,
                         .opc_size = 16,
                         .rotation = {0x40, 0x00, 0x20, 0x40, 0x60},
                         .xoring = {{0}, {[15] = 1}, {[15] = 2}, {[15] = 4}, {[15] = 8}}};

    memcpy(naa.key, hex(K).data, 16);
    memcpy(naa.opc, hex(OPC).data, 16);
    ck_assert(fs_add_naa(fs, &naa));
    add_codes(fs, usim);
    add(fs, usim, SAIP_FILE_TRANSPARENT, 0x6F07, 1, 0, "082947100210000268");
    add(fs, usim, SAIP_FILE_TRANSPARENT, 0x6F38, 1, 0, UST);
    add(fs, usim, SAIP_FILE_TRANSPARENT, 0x6F7B, 2, 0, "FFFFFFFFFFFF");
    add(fs, usim, SAIP_FILE_LINEAR_FIXED, 0x6F3B, 3, 3, "010102 020202 030303 010103");
    add(fs, usim, SAIP_FILE_CYCLIC, 0x6F39, 4, 3, "000003 000002");
    add(fs, usim, SAIP_FILE_TRANSPARENT, 0x6F06, 5, 0, "EE");
    access = add(fs, usim, SAIP_FILE_DF, 0x5F3B, 5, 0, "");
    add(fs, access, SAIP_FILE_TRANSPARENT, 0x4F20, 2, 0, "112233445566778807");
}

static struct uicc *make(bool with_usim)
{
    struct fs *fs = fs_new();
    struct buf *arr = test_buf();
    char text[2 * RULE_SIZE * (sizeof(rules) / sizeof(rules[0])) + 1];
    struct uicc *uicc;

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        buf_append(arr, hex(rules[i]));
        while (arr->size < RULE_SIZE * (i + 1))
            buf_append_octet(arr, 0xFF);
    }
    add(fs, NULL, SAIP_FILE_MF, 0x3F00, 5, 0, "");
    add(fs, fs->mf, SAIP_FILE_LINEAR_FIXED, 0x2F06, 5, RULE_SIZE,
        hex_from_span(buf_span(arr), text, sizeof(text)));
    add(fs, fs->mf, SAIP_FILE_TRANSPARENT, 0x2FE2, 5, 0, "98001032547698103214");
    add(fs, fs->mf, SAIP_FILE_DF, 0x7F10, 5, 0, "");
    if (with_usim)
        add_usim(fs);
    add_adf(fs, 0x7FF1, ISIM_AID);
    uicc = uicc_new(fs, &no_host);
    ck_assert_ptr_nonnull(uicc);
    return uicc;
}

static struct span answer(struct uicc *uicc, const char *capdu)
{
    struct apdu_command command;
    struct buf *response = test_buf();
    uint16_t status = apdu_decode(hex(capdu), &command);

    if (status == SW_OK)
        status = command.cla == 0x00 ? uicc_process(uicc, &command, response)
                                     : gsm_process(uicc, &command, response);
    buf_append_octet(response, (uint8_t)(status >> 8));
    buf_append_octet(response, (uint8_t)status);
    return buf_span(response);
}

#define expect(uicc, capdu, expected) ck_assert_hex(answer((uicc), (capdu)), (expected))

static void choose(struct uicc *uicc, const char *capdu)
{
    struct span got = answer(uicc, capdu);

    ck_assert_hex(SPAN(got.data + got.size - 2, 2), "9000");
}

#define SELECT_GSM     "A0A40000027F20"
#define SELECT_TELECOM "A0A40000027F10"
#define VERIFY_CHV1    "A02000010831313131FFFFFFFF"
#define VERIFY_CHV2    "A02000020832323232FFFFFFFF"
#define WRONG_CHV1     "A02000010839393939FFFFFFFF"

START_TEST(select_tells_what_a_sim_tells)
{
    struct uicc *uicc = make(true);

    /* MF: DFs TELECOM and GSM, two EFs; three codes. */
    expect(uicc, "A0A40000023F00", "000000003F0001000000000009310202030083 8A83009000");
    expect(uicc, "A0A40000022FE2", "0000000A2FE204000FF0FF010200009000");
    expect(uicc, SELECT_GSM, "000000007F2002000000000009310005030083 8A83009000");
    expect(uicc, "A0A40000026F07", "000000096F07040014F044010200009000");
    expect(uicc, "A0A40000026F20", "000000096F20040011F0FF010200009000");
    expect(uicc, "A0A40000026F39", "000000066F3904401110FF010203039000");
    expect(uicc, "A0F2000016", "000000007F2002000000000009310005030083 8A83009000");
    expect(uicc, "A0F2000007", "000000007F20029000");
    expect(uicc, "A0F2000017", "6716");
    choose(uicc, SELECT_TELECOM);
    expect(uicc, "A0A40000026F3B", "0000000C6F3B040012F0FF010201039000");
    /* Files of the USIM that a SIM does not have, and EFs of other directories. */
    expect(uicc, "A0A40000026F07", "9404");
    choose(uicc, SELECT_GSM);
    expect(uicc, "A0A40000026F06", "9404");
    expect(uicc, "A0A40000025F3B", "9404");
    expect(uicc, "A0A40000027FF0", "9404");
    expect(uicc, "A0A40100027F20", "6B00");
    expect(uicc, "A0A4000001 7F", "6702");
    expect(uicc, "A0B2010403", "9400");
    expect(uicc, "A010000001 00", "6D00");
    uicc_free(uicc);
}
END_TEST

START_TEST(access_conditions_are_the_uiccs)
{
    struct uicc *uicc = make(true);

    choose(uicc, "A0A40000022FE2");
    expect(uicc, "A0B000000A", "980010325476981032149000");
    expect(uicc, "A0D600000100", "9804");
    choose(uicc, SELECT_GSM);
    choose(uicc, "A0A40000026F07");
    expect(uicc, "A0B0000009", "9804");
    expect(uicc, VERIFY_CHV1, "9000");
    expect(uicc, "A0B0000009", "0829471002100002689000");
    expect(uicc, "A0B0000102", "29479000");
    expect(uicc, "A0B000000A", "6709");
    expect(uicc, "A0B0000901", "9402");
    expect(uicc, "A0B0870009", "6B00");
    expect(uicc, "A0B2010403", "9408");
    expect(uicc, "A0D600000100", "9804");
    choose(uicc, "A0A40000026F7B");
    expect(uicc, "A0D600010362F210", "9000");
    expect(uicc, "A0B0000006", "FF62F210FFFF9000");
    /* The same verified code serves class 00. */
    expect(uicc, "00A4040C09" USIM_AID, "9000");
    expect(uicc, "00A4000C026F07", "9000");
    expect(uicc, "00B0000009", "0829471002100002689000");
    uicc_free(uicc);
}
END_TEST

START_TEST(records_are_read_sought_and_increased)
{
    struct uicc *uicc = make(true);

    choose(uicc, SELECT_TELECOM);
    choose(uicc, "A0A40000026F3B");
    expect(uicc, "A0A2000001 01", "9804");
    expect(uicc, VERIFY_CHV1, "9000");
    expect(uicc, "A0B2020403", "0202029000");
    expect(uicc, "A0B2020404", "6703");
    expect(uicc, "A0B2050403", "9402");
    expect(uicc, "A0A2000002 0202", "9000");
    expect(uicc, "A0A2001002 0101", "019000");
    expect(uicc, "A0A2001202 0101", "049000");
    expect(uicc, "A0A2001202 0101", "9404");
    expect(uicc, "A0A2001302 0202", "029000");
    expect(uicc, "A0A2001101 01", "049000");
    expect(uicc, "A0A2000001 03", "9000");
    expect(uicc, "A0A20000020303", "9000");
    /* A pattern begins where its record begins. */
    expect(uicc, "A0A2000002 0102", "9404");
    expect(uicc, "A0A2000004 01010202", "6700");
    expect(uicc, "A0DC010403AABBCC", "9804");
    expect(uicc, VERIFY_CHV2, "9000");
    expect(uicc, "A0DC010403AABBCC", "9000");
    expect(uicc, "A0B2010403", "AABBCC9000");
    choose(uicc, SELECT_GSM);
    choose(uicc, "A0A40000026F39");
    expect(uicc, "A032000003000004", "0000070000049000");
    expect(uicc, "A032000003FFFFFF", "9850");
    uicc_free(uicc);
}
END_TEST

START_TEST(codes_count_and_block)
{
    struct uicc *uicc = make(true);

    expect(uicc, WRONG_CHV1, "9804");
    expect(uicc, "A0F2000016", "000000003F0001000000000009310202030082 8A83009000");
    expect(uicc, WRONG_CHV1, "9804");
    expect(uicc, WRONG_CHV1, "9840");
    expect(uicc, VERIFY_CHV1, "9840");
    expect(uicc, "A02C000010313233343536373933333333FFFFFFFF", "9804");
    expect(uicc, "A0F2000016", "000000003F0001000000000009310202030080 8983009000");
    expect(uicc, "A02C000010313233343536373833333333FFFFFFFF", "9000");
    expect(uicc, "A02400011033333333FFFFFFFF31313131FFFFFFFF", "9000");
    expect(uicc, "A02800010831313131FFFFFFFF", "9808");
    expect(uicc, "A02600010831313131FFFFFFFF", "9000");
    expect(uicc, VERIFY_CHV1, "9808");
    expect(uicc, "A0F2000016", "000000003F00010000000000 09B10202030083 8A83009000");
    expect(uicc, "A02800010831313131FFFFFFFF", "9000");
    expect(uicc, "A02600020832323232FFFFFFFF", "6B00");
    expect(uicc, "A02000030831313131FFFFFFFF", "6B00");
    expect(uicc, "A020000100", "6708");
    expect(uicc, "A0200001", "6708");
    uicc_free(uicc);
}
END_TEST

START_TEST(service_table_is_made_from_the_usims)
{
    struct uicc *uicc = make(true);

    choose(uicc, SELECT_GSM);
    expect(uicc, "A0A40000026F38", "0000000F6F3804001FF044010200009000");
    expect(uicc, "A0B000000F", "9804");
    expect(uicc, VERIFY_CHV1, "9000");
    expect(uicc, "A0B000000F", "F000030000000000000000000000009000");
    expect(uicc, "A0B0000202", "03009000");
    expect(uicc, "A0B0000F01", "9402");
    expect(uicc, "A0B0000010", "670F");
    expect(uicc, "A0D600000100", "9804");
    uicc_free(uicc);
}
END_TEST

START_TEST(algorithm_runs_in_df_gsm)
{
    struct uicc *uicc = make(true);

    expect(uicc, VERIFY_CHV1, "9000");
    expect(uicc, "A088000010" RAND, "9804");
    uicc_reset(uicc);
    choose(uicc, SELECT_GSM);
    expect(uicc, "A088000010" RAND, "9804");
    expect(uicc, VERIFY_CHV1, "9000");
    expect(uicc, "A088000010" RAND, SRES KC "9000");
    expect(uicc, "A08800000100", "6710");
    expect(uicc, "A0F2000007", "000000007F20029000");
    uicc_free(uicc);
}
END_TEST

START_TEST(own_df_gsm_comes_first)
{
    struct uicc *uicc = make(true);
    struct fs_file *df = add(uicc->fs, uicc->fs->mf, SAIP_FILE_DF, 0x7F20, 5, 0, "");

    add(uicc->fs, df, SAIP_FILE_TRANSPARENT, 0x6FAE, 5, 0, "03");
    choose(uicc, SELECT_GSM);
    choose(uicc, "A0A40000026FAE");
    expect(uicc, "A0B0000001", "039000");
    expect(uicc, "A0A40000026F07", "9404");
    uicc_free(uicc);
}
END_TEST

START_TEST(without_usim_there_is_no_sim)
{
    struct uicc *uicc = make(false);

    expect(uicc, "A0A40000023F00", "6E00");
    uicc_free(uicc);
    uicc = make(true);
    expect(uicc, "A1A40000023F00", "6E00");
    uicc_free(uicc);
}
END_TEST

/* What leaves the card for a command whose response is `response`. */
static struct span carried(struct transport *transport, const char *capdu, const char *response)
{
    struct apdu_command command;
    struct buf *out = test_buf();

    ck_assert_uint_eq(apdu_decode(hex(capdu), &command), SW_OK);
    if (!transport_serve(transport, &command, out))
        transport_answer(transport, &command, hex(response), SW_OK, out);
    return buf_span(out);
}

START_TEST(responses_are_fetched)
{
    struct transport transport = {.t1 = false};

    ck_assert_hex(carried(&transport, "A0A40000023F00", "010203"), "9F03");
    ck_assert_hex(carried(&transport, "A0C0000004", ""), "6703");
    ck_assert_hex(carried(&transport, "A0C0000003", ""), "0102039000");
    ck_assert_hex(carried(&transport, "A0A40000023F00", "010203"), "9F03");
    ck_assert_hex(carried(&transport, "A0C0000002", ""), "01029000");
    ck_assert_hex(carried(&transport, "A0C0000001", ""), "6985");
    ck_assert_hex(carried(&transport, "00A40004023F00", "010203"), "6103");
    transport_free(&transport);
}
END_TEST

TEST_MAIN("gsm", select_tells_what_a_sim_tells, access_conditions_are_the_uiccs,
          records_are_read_sought_and_increased, codes_count_and_block, service_table_is_made_from_the_usims,
          algorithm_runs_in_df_gsm, own_df_gsm_comes_first, without_usim_there_is_no_sim,
          responses_are_fetched)
