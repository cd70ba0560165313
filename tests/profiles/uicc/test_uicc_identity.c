/*
 * GET IDENTITY through the command table: the test data of 3GPP TS 33.501 C.4, which scheme and key are
 * chosen, every form of SUPI, every refusal.
 */
#include "apdu/tlv.h"
#include "crypto/suci.h"
#include "tests/profiles/uicc/network_bench.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Home network's and ephemeral keys of TS 33.501 C.4. */
#define HOME_A   "5A8D38864820197C3394B92613B20B91633CBD897119273BF8E4A6F4EEC0A650"
#define HOME_B   "0272DA71976234CE833A6907425867B82E074D44EF907DFB4B3E21C1C2256EBCD1"
#define OUTPUT_A "B2E92F836055A255837DEBF850B528997CE0201CB82ADFE4BE1F587D07D8457DCB02352410CDDD9E730EF3FA87"
#define OUTPUT_B                                                                                             \
    "039AAB8376597021E855679A9778EA0B67396E68C66DF32C0F41E9ACCA2DA9B9D146A33FC2716AC7DAE96AA30A4D"

static const char *const ephemeral[] = {
    NULL,
    "C80949F13EBE61AF4EBDBD293EA4F942696B9E815D7E8F0096BBF6ED7DE62256",
    "99798858A1DC6A2C68637149A4B1DBFD1FDFF5ADDD62A2142F06699ED7602529",
};

/* A USIM that conceals 274 012 001002086, with a routing indicator of three digits. */
static struct uicc *new_suci(const char *calculation_info)
{
    struct uicc *uicc = new_uicc();
    struct fs_file *usim = uicc->channels[0].directory;
    struct fs_file *df = add_file(uicc->fs, usim, SAIP_FILE_DF, 0x5FC0, 0, "");

    set_service(uicc, 124);
    set_service(uicc, 125);
    add_file(uicc->fs, df, SAIP_FILE_TRANSPARENT, 0x4F0A, 0, "76F8FFFF");
    if (calculation_info != NULL)
        add_file(uicc->fs, df, SAIP_FILE_TRANSPARENT, 0x4F07, 0, calculation_info);
    return uicc;
}

#define KEYS                                                                                                 \
    "A14B"                                                                                                   \
    "80011B"                                                                                                 \
    "8120" HOME_A "80011C"                                                                                   \
    "8121" HOME_B

#define IDENTITY_HEAD                                                                                        \
    "017224"                                                                                                 \
    "1076F8"

START_TEST(suci_with_the_data_of_ts_33_501)
{
    struct uicc *uicc = new_suci("A00401010202" KEYS "FFFF");

    outside.random = ephemeral[1];
    ck_assert_answer(uicc, "8078000100", "A135" IDENTITY_HEAD "011B" OUTPUT_A "9000");
    ck_assert_answer(uicc, "8078000137", "A135" IDENTITY_HEAD "011B" OUTPUT_A "9000");
    ck_assert_answer(uicc, "8078000136", "6C37");
    uicc_free(uicc);
    uicc = new_suci("A00402020101" KEYS);
    outside.random = ephemeral[2];
    /* Octets that are no private key of P-256 are drawn again. */
    outside.bad_random = "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF";
    ck_assert_answer(uicc, "8078000100", "A136" IDENTITY_HEAD "021C" OUTPUT_B "9000");
    outside.random = NULL;
    ck_assert_answer(uicc, "8078000100", "6F00");
    uicc_free(uicc);
}
END_TEST

#define SUCI_NULL_ANSWER                                                                                     \
    "A10D" IDENTITY_HEAD "0000"                                                                              \
    "00012080F6"                                                                                             \
    "9000"

/* The null scheme is for lists that say so first, and for cards without a usable key. */
START_TEST(suci_with_the_null_scheme)
{
    static const char *const calculation_info[] = {
        "A0020000",          /* it is all there is */
        "A00400000101" KEYS, /* it comes first */
        "FFFFFFFF",          /* nothing provisioned */
        "A0020103" KEYS,     /* no third key */
        "A0020100" KEYS,     /* no key 0 */
        "A0020101",          /* no keys */
        "A0020102" KEYS,     /* a key of the other profile */
        "A0020301" KEYS,     /* an unknown scheme */
        "A00101" KEYS,       /* half an entry */
        "A00201"
        "01A1058001", /* cut off */
        "A0020101"
        "A1050002011B81", /* no key identifier */
    };

    for (size_t i = 0; i <= sizeof(calculation_info) / sizeof(calculation_info[0]); i++) {
        struct uicc *uicc =
            new_suci(i < sizeof(calculation_info) / sizeof(calculation_info[0]) ? calculation_info[i] : NULL);

        ck_assert_answer(uicc, "8078000100", SUCI_NULL_ANSWER);
        uicc_free(uicc);
    }
}
END_TEST

START_TEST(suci_takes_the_next_scheme_it_can_use)
{
    struct uicc *uicc = new_suci("A0080103030102020000" KEYS);

    outside.random = ephemeral[2];
    ck_assert_answer(uicc, "8078000100", "A136" IDENTITY_HEAD "021C" OUTPUT_B "9000");
    uicc_free(uicc);
}
END_TEST

/* What DF-SAIP holds for the card goes before what is for the terminal. */
START_TEST(suci_prefers_what_is_for_the_card)
{
    struct uicc *uicc = new_suci("A0020202" KEYS);
    struct fs_file *df = add_file(uicc->fs, uicc->channels[0].directory, SAIP_FILE_DF, 0x5FD0, 0, "");

    add_file(uicc->fs, df, SAIP_FILE_TRANSPARENT, 0x4F01, 0, "A0020101" KEYS);
    outside.random = ephemeral[1];
    ck_assert_answer(uicc, "8078000100", "A135" IDENTITY_HEAD "011B" OUTPUT_A "9000");
    uicc_free(uicc);
}
END_TEST

#define NSWO_REALM "@5gc-nswo.mnc012.mcc274.3gppnetwork.org"

/* The answer is A1 and this text. */
static void check_nswo(struct uicc *uicc, const char *text)
{
    struct buf expected = {0};
    char *answer;

    tlv_put_string(&expected, 0xA1, text);
    buf_append(&expected, hex("9000"));
    answer = calloc(1, 2 * expected.size + 1);
    ck_assert_ptr_nonnull(answer);
    hex_from_span(buf_span(&expected), answer, 2 * expected.size + 1);
    ck_assert_answer(uicc, "8078000200", answer);
    free(answer);
    buf_free(&expected);
}

/* For non-seamless WLAN offload: the same SUCI as a network access identifier. */
START_TEST(suci_for_nswo)
{
    char text[256];
    struct uicc *uicc = new_suci("A0020000");

    ck_assert_answer(uicc, "8078000200", "6985"); /* service 142 */
    set_service(uicc, 142);
    check_nswo(uicc, "type0.rid678.schid0.userid001002086" NSWO_REALM);
    uicc_free(uicc);
    uicc = new_suci("A0020101" KEYS);
    set_service(uicc, 142);
    outside.random = ephemeral[1];
    snprintf(text, sizeof(text), "type0.rid678.schid1.hnkey27.ecckey%.64s.cip%.10s.mac%.16s" NSWO_REALM,
             OUTPUT_A, OUTPUT_A + 64, OUTPUT_A + 74);
    for (char *at = strstr(text, "ecckey"); at != NULL && *at != '@'; at++)
        *at = (char)tolower((unsigned char)*at);
    check_nswo(uicc, text);
    uicc_free(uicc);
}
END_TEST

START_TEST(suci_of_other_identities)
{
    struct uicc *uicc = new_suci("A0020000");
    struct fs_file *usim = uicc->channels[0].directory;
    struct fs_file *df = fs_child(usim, 0x5FC0);

    /* A two-digit MNC, ten digits of MSIN; no routing indicator. */
    ck_assert(fs_write(uicc->fs, fs_child(usim, 0x6FAD), 3, hex("02")));
    ck_assert(fs_delete_file(uicc->fs, fs_child(df, 0x4F0A)));
    ck_assert_answer(uicc, "8078000100",
                     "A10D"
                     "0172F410"
                     "F0FF"
                     "0000"
                     "0210000268"
                     "9000");
    /* Fourteen digits. */
    ck_assert(fs_write(uicc->fs, fs_child(usim, 0x6F07), 0, hex("0821471002100002F8")));
    ck_assert_answer(uicc, "8078000100",
                     "A10D"
                     "0172F410"
                     "F0FF"
                     "0000"
                     "02100002F8"
                     "9000");
    /* No IMSI at all; digits that are none. */
    ck_assert(fs_write(uicc->fs, fs_child(usim, 0x6F07), 0, hex("FFFFFFFFFFFFFFFFFF")));
    ck_assert_answer(uicc, "8078000100", "6A88");
    ck_assert(fs_write(uicc->fs, fs_child(usim, 0x6F07), 0, hex("08294710021A000268")));
    ck_assert_answer(uicc, "8078000100", "6A88");
    ck_assert(fs_delete_file(uicc->fs, fs_child(usim, 0x6F07)));
    ck_assert_answer(uicc, "8078000100", "6A88");
    uicc_free(uicc);
}
END_TEST

#define NSI "user17@example.com"

static void put_tlv_text(struct buf *out, const char *head, const char *text)
{
    buf_append(out, hex(head));
    buf_append(out, span_of_string(text));
    buf_append(out, hex("9000"));
}

START_TEST(suci_of_a_network_specific_identifier)
{
    struct uicc *uicc = new_suci("A0020000");
    struct fs_file *df = fs_child(uicc->channels[0].directory, 0x5FC0);
    struct buf *expected = test_buf();

    add_file(uicc->fs, df, SAIP_FILE_TRANSPARENT, 0x4F09, 0,
             "8012"
             "757365723137406578616D706C652E636F6D"
             "FF");
    ck_assert_answer(uicc, "8078000100", SUCI_NULL_ANSWER); /* without service 130 */
    set_service(uicc, 130);
    put_tlv_text(expected, "A12D11", "type1.rid678.schid0.userid" NSI);
    ck_assert_span(answer_to(uicc, "8078000100"), buf_span(expected));
    ck_assert(fs_write(uicc->fs, fs_child(df, 0x4F09), 0, hex("81")));
    ck_assert_answer(uicc, "8078000100", "6A81"); /* a global line identifier */
    ck_assert(fs_write(uicc->fs, fs_child(df, 0x4F09), 0, hex("8006757365723137")));
    ck_assert_answer(uicc, "8078000100", "6A88"); /* no realm */
    uicc_free(uicc);
}
END_TEST

/* The fields of TS 23.003 28.7.3, from a scheme output made by crypto/suci.h. */
START_TEST(suci_of_a_concealed_network_specific_identifier)
{
    struct uicc *uicc = new_suci("A0020101" KEYS);
    struct fs_file *df = fs_child(uicc->channels[0].directory, 0x5FC0);
    struct buf *output = test_buf();
    struct buf *expected = test_buf();
    char text[256] = "type1.rid678.schid1.hnkey27.ecckey";
    char digits[2 * 46 + 1];

    add_file(uicc->fs, df, SAIP_FILE_TRANSPARENT, 0x4F09, 0,
             "8012"
             "757365723137406578616D706C652E636F6D");
    set_service(uicc, 130);
    outside.random = ephemeral[1];
    ck_assert(
        suci_conceal(SUCI_PROFILE_A, hex(HOME_A), hex(ephemeral[1]).data, SPAN_STRING("user17"), output));
    ck_assert_uint_eq(output->size, 46);
    for (size_t i = 0; i < output->size; i++)
        snprintf(digits + 2 * i, 3, "%02x", output->data[i]);
    snprintf(text + strlen(text), 200, "%.64s.cip%.12s.mac%.16s@example.com", digits, digits + 64,
             digits + 76);
    put_tlv_text(expected, "A1819711", text);
    expected->data[2] = (uint8_t)(1 + strlen(text));
    ck_assert_span(answer_to(uicc, "8078000100"), buf_span(expected));
    uicc_free(uicc);
}
END_TEST

START_TEST(identity_is_given_where_the_card_calculates)
{
    struct uicc *uicc = new_suci("A0020000");
    struct fs_file *table = fs_child(uicc->channels[0].directory, 0x6F38);

    ck_assert_answer(uicc, "8078010100", "6A86");
    ck_assert_answer(uicc, "8078000000", "6A86");
    ck_assert_answer(uicc, "8078000300", "6A86");
    ck_assert_answer(uicc, "0078000100", "6E00");
    ck_assert_answer(uicc, "80780001", "6700");
    ck_assert_answer(uicc, "8078000101AA00", "6700");
    table->content.data[15] &= (uint8_t)~0x08; /* 124 */
    ck_assert_answer(uicc, "8078000100", "6985");
    set_service(uicc, 124);
    ck_assert_answer(uicc, "8078000100", SUCI_NULL_ANSWER);
    table->content.data[15] &= (uint8_t)~0x10; /* 125 */
    ck_assert_answer(uicc, "8078000100", "6985");
    enter(uicc, ADF_ISIM);
    ck_assert_answer(uicc, "8078000100", "6985");
    uicc_free(uicc);
}
END_TEST

TEST_MAIN("uicc_identity", suci_with_the_data_of_ts_33_501, suci_with_the_null_scheme,
          suci_takes_the_next_scheme_it_can_use, suci_prefers_what_is_for_the_card, suci_for_nswo,
          suci_of_other_identities, suci_of_a_network_specific_identifier,
          suci_of_a_concealed_network_specific_identifier, identity_is_given_where_the_card_calculates)
