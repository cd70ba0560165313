/*
 * euicc/rsp/euicc_info.c: what a card announces is what the versions have that it is made to, for every
 * personality and every version. The tables here are taken from the ASN.1 modules of the versions, not from
 * the code.
 */
#include "apdu/tlv.h"
#include "euicc/os/spec_version.h"
#include "euicc/rsp/euicc_info.h"
#include "tests/support/es10.h"

#include <string.h>

#define NONE 99 /* no version has it */

/* The minor version of SGP.22 v2 or SGP.32 v1 whose structure has it first. */
struct since {
    uint32_t what;
    unsigned sgp22, sgp32;
};

/* EUICCInfo2's members that this card has, in their order; 0 means ever. */
static const struct since members[] = {
    {0x81, 0, 0}, {0x82, 0, 0}, {0x83, 0, 0}, {0x84, 0, 0},    {0x85, 0, 0},    {0x87, 0, 0},
    {0x88, 0, 0}, {0xA9, 0, 0}, {0xAA, 0, 0}, {0x8B, 0, 0},    {0x99, 0, 0},    {0x04, 0, 0},
    {0x0C, 0, 0}, {0xAC, 0, 0}, {0xAF, 5, 0}, {0x90, NONE, 0}, {0xB4, NONE, 0},
};

/* RspCapability: bits are SGP.22's, those for SGP.32 in its own structure only. */
static const struct since rsp_bits[] = {
    {0, 0, NONE}, {1, 0, NONE}, {3, 0, NONE}, {4, 2, NONE}, {5, 4, NONE}, {26, NONE, 3},
};

static const struct since iot_info[] = {{0xA0, NONE, 0}, {0x81, NONE, 0}, {0x82, NONE, 0}, {0x83, NONE, 3}};

struct made {
    uint8_t personality; /* FOR_… */
    unsigned sgp22, sgp32;
};

static bool has(const struct made *made, bool iot, const struct since *since)
{
    return iot ? since->sgp32 <= made->sgp32 : since->sgp22 <= made->sgp22;
}

static void assert_order(struct span content, const struct made *made, bool iot, const struct since *expected,
                         size_t count)
{
    struct tlv_reader reader = tlv_reader(content);
    struct tlv tlv;

    for (size_t i = 0; i < count; i++) {
        if (!has(made, iot, &expected[i]))
            continue;
        ck_assert_int_eq(tlv_next(&reader, &tlv), TLV_OK);
        ck_assert_msg(tlv.tag == expected[i].what, "%X instead of %X on a card of %u, v2.%u, v1.%u",
                      (unsigned)tlv.tag, (unsigned)expected[i].what, made->personality, made->sgp22,
                      made->sgp32);
    }
    ck_assert_int_eq(tlv_next(&reader, &tlv), TLV_END);
}

static struct span value_of(struct span content, uint32_t tag)
{
    struct span value;

    ck_assert_msg(tlv_find(content, tag, &value), "no %X", (unsigned)tag);
    return value;
}

/* No bit that nobody expects, and DER's form: the last octet ends with a bit that is set. */
static void assert_rsp_capability(struct span bits, const struct made *made, bool iot)
{
    unsigned last = 0;

    for (unsigned bit = 0; bit < 40; bit++) {
        bool expected = false;

        for (size_t i = 0; i < sizeof(rsp_bits) / sizeof(rsp_bits[0]); i++)
            if (rsp_bits[i].what == bit)
                expected = rsp_bits[i].sgp22 <= made->sgp22 || (iot && rsp_bits[i].sgp32 <= made->sgp32);
        ck_assert_msg(tlv_bit(bits, bit) == expected, "bit %u on a card of %u, v2.%u, v1.%u", bit,
                      made->personality, made->sgp22, made->sgp32);
        last = expected ? bit : last;
    }
    ck_assert_uint_eq(bits.size, 2 + last / 8);
    ck_assert_uint_eq(bits.data[0], 7 - last % 8);
}

static void assert_info2(struct span info, const struct made *made, bool iot)
{
    const uint8_t svn[] = {2, (uint8_t)made->sgp22, made->sgp22 == 2 ? 2 : 0};
    const uint8_t iot_version[] = {0x04, 3, 1, (uint8_t)made->sgp32, 0};
    bool later_packages = has(made, iot, &members[14]);

    ck_assert_int_eq(tlv_single(info, 0xBF22, &info), TLV_OK);
    assert_order(info, made, iot, members, sizeof(members) / sizeof(members[0]));
    ck_assert_hex(value_of(info, 0x81), "020301");
    ck_assert_span(value_of(info, 0x82), SPAN_ARRAY(svn));
    assert_rsp_capability(value_of(info, 0x88), made, iot);
    if (later_packages)
        ck_assert_hex(value_of(info, 0xAF), "0403030301");
    /* The IoT Minimal Profile came with version 3 of the package format, GBA before. */
    ck_assert(tlv_bit(value_of(info, 0x85), 31) == later_packages);
    ck_assert(tlv_bit(value_of(info, 0x85), 10) && tlv_bit(value_of(info, 0x85), 11));
    if (!iot)
        return;
    assert_order(value_of(info, 0xB4), made, iot, iot_info, sizeof(iot_info) / sizeof(iot_info[0]));
    ck_assert_span(value_of(value_of(info, 0xB4), 0xA0), SPAN_ARRAY(iot_version));
}

static void assert_info1(struct span info, const struct made *made)
{
    static const struct since expected[] = {{0x82, 0, 0}, {0xA9, 0, 0}, {0xAA, 0, 0}};
    const uint8_t svn[] = {2, (uint8_t)made->sgp22, made->sgp22 == 2 ? 2 : 0};

    ck_assert_int_eq(tlv_single(info, 0xBF20, &info), TLV_OK);
    assert_order(info, made, false, expected, 3);
    ck_assert_span(value_of(info, 0x82), SPAN_ARRAY(svn));
}

/* The templates in the FCI of the ISD-R: E0 { 82 svn }, and E1 of an IoT card. */
static void assert_fci(struct es10_bench *bench, const struct made *made)
{
    const uint8_t svn[] = {2, (uint8_t)made->sgp22, made->sgp22 == 2 ? 2 : 0};
    struct buf response = {0};
    struct span fci, iot, template;

    ck_assert_uint_eq(
        terminal_command(&bench->terminal, hex("01A4040010A0000005591010FFFFFFFF8900000100"), &response),
        0x9000);
    ck_assert_int_eq(tlv_single(buf_span(&response), 0x6F, &fci), TLV_OK);
    template = value_of(fci, 0xE0);
    ck_assert_uint_eq(template.size, 5);
    ck_assert_span(value_of(template, 0x82), SPAN_ARRAY(svn));
    ck_assert(tlv_find(fci, 0xE1, &iot) == (made->personality != FOR_CONSUMER));
    buf_free(&response);
}

START_TEST(a_card_announces_what_its_versions_have)
{
    static const uint8_t personalities[] = {FOR_CONSUMER, FOR_IOT, FOR_HYBRID};
    struct es10_bench bench;

    es10_open(&bench, 1, 0);
    for (size_t i = 0; i < 3 * 4 * 2; i++) {
        const struct made made = {personalities[i / 8], 2 + (unsigned)(i / 2 % 4), 2 + (unsigned)(i % 2)};
        struct softeuicc *card = bench.card;
        struct buf signed_info = {0};

        card->personality_bit = made.personality;
        memcpy(card->sgp22, spec_version_of_sgp22((enum softeuicc_sgp22)(i / 2 % 4)), CARD_VERSION_SIZE);
        memcpy(card->sgp32, spec_version_of_sgp32((enum softeuicc_sgp32)(i % 2)), CARD_VERSION_SIZE);
        assert_info1(es10(&bench, "BF2000"), &made);
        assert_info2(es10(&bench, "BF2200"), &made, made.personality != FOR_CONSUMER);
        es10b_put_signed_euicc_info2(card, &signed_info);
        assert_info2(buf_span(&signed_info), &made, made.personality == FOR_IOT);
        buf_free(&signed_info);
        assert_fci(&bench, &made);
    }
    es10_close(&bench);
}
END_TEST

TEST_MAIN("euicc info", a_card_announces_what_its_versions_have)
