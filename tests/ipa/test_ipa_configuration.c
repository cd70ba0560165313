/* ipa: EimConfigurationData as other eIMs export it, made what SGP.32 says. */
#include "apdu/tlv.h"
#include "ipa/ipa.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#define CERT     "3003020101 3002 0500 0303 001234" /* as a certificate: two SEQUENCEs and a BIT STRING */
#define KEY      "3002 0500 0303 001234"
#define ID       "8001 61 830101"
#define CI_INNER "0414 000102030405060708090A0B0C0D0E0F10111213"

enum { WRONG, RIGHT };

/* EimConfigurationData with these members; `form` says whether the CHOICEs are implicitly tagged. */
static void put_eim(struct buf *out, bool has_certificate, bool has_key, bool has_ci, int form)
{
    static const uint32_t choices[] = {0xA1, 0xA0};
    const bool has[] = {has_certificate, has_key};
    const char *const contents[] = {CERT, KEY};
    static const uint32_t members[] = {0xA5, 0xA6};
    size_t eim = tlv_open(out, 0x30);

    buf_append(out, hex(ID));
    for (size_t i = 0; i < 2; i++) {
        size_t outer;
        size_t choice;

        if (!has[i])
            continue;
        outer = tlv_open(out, members[i]);
        choice = tlv_open(out, choices[i]);
        if (form == RIGHT)
            buf_append(out, hex(contents[i]));
        else
            tlv_put(out, 0x30, hex(contents[i]));
        tlv_close(out, choice);
        tlv_close(out, outer);
    }
    if (has_ci && form == RIGHT)
        tlv_put(out, 0x88, SPAN(hex(CI_INNER).data + 2, 20));
    else if (has_ci)
        tlv_put(out, 0x88, hex(CI_INNER));
    tlv_put(out, 0x89, SPAN_STRING(""));
    tlv_close(out, eim);
}

static void put_request(struct buf *out, const struct buf *eims)
{
    size_t outer = tlv_open(out, 0xBF57);

    tlv_put(out, 0xA0, buf_span(eims));
    tlv_close(out, outer);
}

/* Every set of wrong members, alone and in AddInitialEim. */
START_TEST(what_is_wrong_is_made_right)
{
    for (unsigned set = 0; set < 8; set++) {
        for (int in_request = 0; in_request < 2; in_request++) {
            struct buf wrong = {0};
            struct buf right = {0};
            struct buf out = {0};
            struct buf sent = {0};
            struct buf expected = {0};

            put_eim(&wrong, set & 1, set & 2, set & 4, WRONG);
            put_eim(&right, set & 1, set & 2, set & 4, RIGHT);
            put_eim(&wrong, true, true, true, RIGHT); /* and one that is right stays so */
            put_eim(&right, true, true, true, RIGHT);
            if (in_request) {
                put_request(&sent, &wrong);
                put_request(&expected, &right);
            } else {
                buf_append(&sent, buf_span(&wrong));
                buf_append(&expected, buf_span(&right));
            }
            ck_assert_uint_eq(ipa_convert_configuration(buf_span(&sent), true, &out), set);
            if (set == 0)
                ck_assert_uint_eq(out.size, 0);
            else
                ck_assert_span(buf_span(&out), buf_span(&expected));
            /* What is right is not touched. */
            ck_assert_uint_eq(ipa_convert_configuration(buf_span(&expected), true, &out), 0);
            ck_assert_uint_eq(out.size, 0);
            buf_free(&wrong);
            buf_free(&right);
            buf_free(&out);
            buf_free(&sent);
            buf_free(&expected);
        }
    }
}
END_TEST

START_TEST(a_ci_is_unwrapped_for_v1_only)
{
    struct buf wrong = {0};
    struct buf out = {0};

    put_eim(&wrong, false, false, true, WRONG);
    ck_assert_uint_eq(ipa_convert_configuration(buf_span(&wrong), false, &out), 0);
    ck_assert_uint_eq(ipa_convert_configuration(buf_span(&wrong), true, &out), IPA_CONVERTED_CI);
    buf_free(&wrong);
    buf_free(&out);
}
END_TEST

/* One SEQUENCE too many makes a key or a certificate; what has none of their form is the card's to judge. */
START_TEST(what_is_neither_stays)
{
    static const char *const choices[] = {
        "A0 08 30 06 020101 020102", "A1 08 30 06 020101 3000", "A0 04 30 02 3000", "A0 02 3000",
        "A2 06 30 04 3000 0500",
    };

    for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
        struct buf configuration = {0};
        struct buf out = {0};
        size_t outer = tlv_open(&configuration, 0x30);

        tlv_put_string(&configuration, 0x80, "eim");
        tlv_put(&configuration, 0xA5, hex(choices[i]));
        tlv_close(&configuration, outer);
        ck_assert_uint_eq(ipa_convert_configuration(buf_span(&configuration), true, &out), 0);
        ck_assert_uint_eq(out.size, 0);
        buf_free(&configuration);
        buf_free(&out);
    }
}
END_TEST

/* Cut off anywhere, or with any octet another: nothing is read beyond the end (the octets stand at the end of
 * their memory), and what comes out is well-formed. */
START_TEST(hostile_configurations)
{
    struct buf wrong = {0};
    struct buf request = {0};
    struct buf out = {0};
    unsigned malformed = 0;

    put_eim(&wrong, true, true, true, WRONG);
    put_request(&request, &wrong);
    for (size_t size = 0; size < request.size; size++) {
        uint8_t *copy = malloc(size + 1);

        ck_assert_ptr_nonnull(copy);
        memcpy(copy + 1, request.data, size);
        malformed += ipa_convert_configuration(SPAN(copy + 1, size), true, &out) != 0 || out.size != 0;
        free(copy);
    }
    ck_assert_uint_eq(malformed, 0);
    for (size_t at = 0; at < request.size; at++) {
        uint8_t was = request.data[at];

        for (unsigned value = 0; value < 256; value++) {
            struct span content;

            request.data[at] = (uint8_t)value;
            if (ipa_convert_configuration(buf_span(&request), true, &out) != 0)
                malformed += tlv_single(buf_span(&out), 0xBF57, &content) != TLV_OK &&
                             tlv_single(buf_span(&out), 0x30, &content) != TLV_OK;
        }
        request.data[at] = was;
    }
    ck_assert_uint_eq(malformed, 0);
    buf_free(&wrong);
    buf_free(&request);
    buf_free(&out);
}
END_TEST

TEST_MAIN("ipa_configuration", what_is_wrong_is_made_right, what_is_neither_stays,
          a_ci_is_unwrapped_for_v1_only, hostile_configurations)
