/* Seeds for the targets that need a card, a server or a certificate: see make_corpus.h. */
#include "apdu/apdu.h"
#include "apdu/tlv.h"
#include "crypto/cert.h"
#include "euicc/profile/profile_store.h"
#include "tests/fuzz/make_corpus.h"
#include "tests/support/pki.h"
#include "tests/support/profile.h"
#include "tests/support/server.h"

#include <stdio.h>

/* The profiles on the fuzzers' card (fuzz_card.c) and one more. */
#define ICCID_ENABLED  "988812010000000010F1"
#define ICCID_DISABLED "988812010000000020F9"
#define ICCID_NEW      "8988211000000000037"

static void put_piece(struct buf *out, struct span piece)
{
    buf_append_octet(out, (uint8_t)(piece.size >> 8));
    buf_append_octet(out, (uint8_t)piece.size);
    buf_append(out, piece);
}

static void put_hex_piece(struct buf *out, const char *text)
{
    struct buf piece = {0};

    if (!buf_append_hex(&piece, text, NULL))
        out->failed = true;
    put_piece(out, buf_span(&piece));
    buf_free(&piece);
}

static bool finish(const char *target, const char *name, struct buf *out)
{
    bool done = !out->failed && corpus_write(target, name, buf_span(out));

    if (!done)
        fprintf(stderr, "%s/%s was not made\n", target, name);
    buf_free(out);
    return done;
}

/* --- apdu: an octet of options, then commands --- */

static const struct {
    const char *name;
    uint8_t options;
    const char *commands[8];
} streams[] = {
    {"lpa-start-t0",
     0x00,
     {"0070000001", "01A4040010A0000005591010FFFFFFFF8900000100", "01C0000021", "81E2910006BF3E035C015A",
      "01C0000015", "01C0000015", "0070800100"}},
    {"lpa-start-t1",
     0x01,
     {"0070000001", "01A4040010A0000005591010FFFFFFFF890000010000", "81E2910003BF2D0000",
      "81E2910003BF220000", "81E2910003BF200000", "81E2910003BF2B0000"}},
    {"select-partial",
     0x01,
     {"00A4040005A00000055900", "00A4040205A00000055900", "00A4040010A0000005591010FFFFFFFF890000020000"}},
    {"store-data-chained",
     0x03,
     {"80E2110002BF29", "80E2110108105A0A9888120100", "80E291020900000010F190026869"}},
    {"channels",
     0x00,
     {"0070000001", "0070000001", "0070000E00", "40A4040005A000000559", "0070800E00", "", "0070000001"}},
    {"wrong-lengths",
     0x02,
     {"80E29100", "80E2910005BF3E", "00C0000000", "80CAFF2100", "00A40004023F0000", "0000000000000000"}},
    {"extended", 0x03, {"80E29100000003BF2D000000", "80E29100000003BF22000010", "80E2910003BF2D0001"}},
    {"ecasd",
     0x00,
     {"00A4040010A0000005591010FFFFFFFF8900000200", "80CABF3000", "80CA7F2100", "80CA005A00", "00C0000010"}},
    {"uicc-files",
     0x01,
     {"00A40004023F0000", "00A40004022FE200", "00B0000000", "00A40004022F0000", "00B2010400",
      "00A40804047FFF6F0700", "00A4000C026FAD", "80F2000000"}},
    {"usim",
     0x01,
     {"00A4040407A000000087100200", "0020000100", "002000010831323334FFFFFFFF", "00A40004026F0700",
      "00B0000009", "00D60000090819101032547698F0",
      "0088008122101112131415161718191A1B1C1D1E1F2010000102030405060708090A0B0C0D0E0F00",
      "00A40004026F4600"}},
    {"records",
     0x00,
     {"00A4040407A0000000871002", "002000010831323334FFFFFFFF", "00A40004026F3B", "00A2010403414243",
      "00B20104", "00DC010404414243FF", "80F2010C00", "0084000008"}},
    {"pins-and-administration",
     0x01,
     {"002000010839393939FFFFFFFF", "002C00011031323334353637383132333400FFFFFFFF",
      "002400011031323334FFFFFFFF30303030FFFFFFFF", "0026000108", "0020000A083131313131313131",
      "00E000001C621A8202412183026F998A01058B036F0601800200108800", "00E40000026F99", "0004000000"}},
    {"terminal",
     0x01,
     {"80100000080102030405060708", "80120000FF", "80F2000000", "80AA000000", "00B0000000", "00B201040000"}},
};

static bool make_apdu(void)
{
    for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
        struct buf out = {0};

        buf_append_octet(&out, streams[i].options);
        for (size_t j = 0; j < 8 && streams[i].commands[j] != NULL; j++)
            put_hex_piece(&out, streams[i].commands[j]);
        if (!finish("apdu", streams[i].name, &out))
            return false;
    }
    return true;
}

/* --- toolkit: an octet of options, then pieces by their first octet (fuzz_toolkit.c) --- */

static const struct {
    const char *name;
    uint8_t options;
    const char *pieces[5];
} toolkit_streams[] = {
    {"read-imsi",
     0x01,
     {"04 19 00A4000C026F07 00B0000009", "04 01 AA10 2207 00A4000C026F07 2205 00B0000009"}},
    {"by-short-message",
     0x03,
     {"04 39 00A4080C022FE2 00B000000A", "00 8012000042", "00 801400000C 8103011300 82028281 830100",
      "00 80F2000C"}},
    {"update-metadata",
     0x00,
     {"05 19 80E6200016 0000 10 A0000005591010FFFFFFFF8900000F00 000000 80E2910008 BF2A05 9203 4F5441"}},
    {"message-in-parts",
     0x00,
     {"02 40 0481 2143 7FF6 00000000000000 0A 07 0003070201 7000 0000",
      "02 40 0481 2143 7FF6 00000000000000 08 05 0003070202 0D16"}},
    {"envelopes",
     0x02,
     {"01 D60719010382028281", "01 D30782020181 900101", "01 D400", "01 D700", "03 000D0D00010000B00010"}},
};

static bool make_toolkit(void)
{
    for (size_t i = 0; i < sizeof(toolkit_streams) / sizeof(toolkit_streams[0]); i++) {
        struct buf out = {0};

        buf_append_octet(&out, toolkit_streams[i].options);
        for (size_t j = 0; j < 5 && toolkit_streams[i].pieces[j] != NULL; j++)
            put_hex_piece(&out, toolkit_streams[i].pieces[j]);
        if (!finish("toolkit", toolkit_streams[i].name, &out))
            return false;
    }
    return true;
}

/* --- uicc: an octet of options (fuzz_uicc.c), then commands --- */

#define CREATE_EF_6F50 "00E000001E 621C 82024121 83026F50 8A0105 AB0A 80017F9000 8401D49000 80020010"

static const struct {
    const char *name;
    uint8_t options;
    const char *commands[9];
} uicc_streams[] = {
    {"pins",
     0x05,
     {"0020000100", "0020000108FFFFFFFFFFFFFFFF", "002000010831323334FFFFFFFF", "00B0870000",
      "002400011031323334FFFFFFFF3939393939FFFFFF", "00260001083939393939FFFFFF",
      "00280001083939393939FFFFFF", "002C0001103132333435363738 31323334FFFFFFFF", "0020008100"}},
    {"create",
     0x06,
     {CREATE_EF_6F50, "00D6000003010203", "80D4000008620683026F5080020020", "00040000", "00A40004026F50",
      "0044000002 6F50", "00E8000002 6F50", "00E4000002 6F50"}},
    {"directories",
     0x06,
     {"00E000001E 621C 82027821 83025F70 8A0105 8C0900 81020100 C609 9001C0 830101 830181", CREATE_EF_6F50,
      "00E6000002 5F70", "00E4000002 5F70", "00A4030400"}},
    {"records",
     0x04,
     {"00A40004026F40", "00B2010400", "00B2000200", "00A2010401FF00", "00DC0104021122", "80320000030001"}},
    {"suspend", 0x04, {"807600000400010501", "", "8076010008C7C7C7C7C7C7C7C7", "80F2000100", "0084000010"}},
    {"channels",
     0x00,
     {"01A4040007A0000000871002", "02A4040007A0000000871004", "01A40004026F07", "01E400", "03A4080C027F10",
      "40A4040C07A0000000871002", "4EB0870000"}},
    {"paths",
     0x04,
     {"00A40804047FFF6F07", "00A40904045FC04F01", "00A4010402 5FC0", "00A4030400", "00A40004023F00",
      "00A40804067F105F3A4F30"}},
};

static bool make_uicc(void)
{
    for (size_t i = 0; i < sizeof(uicc_streams) / sizeof(uicc_streams[0]); i++) {
        struct buf out = {0};

        buf_append_octet(&out, uicc_streams[i].options);
        for (size_t j = 0; j < 9 && uicc_streams[i].commands[j] != NULL; j++)
            put_hex_piece(&out, uicc_streams[i].commands[j]);
        if (!finish("uicc", uicc_streams[i].name, &out))
            return false;
    }
    return true;
}

/* --- es10: an octet of options, then steps (fuzz_es10.c) --- */

/* eimPublicKeyData with P-256's generator, and AddInitialEim of eIM "a" with a token, eIM "b" without. */
#define EIM_KEY                                                                                              \
    "A55BA059301306072A8648CE3D020106082A8648CE3D030107034200"                                               \
    "04"                                                                                                     \
    "6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"                                       \
    "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5"
#define ADD_INITIAL_EIM                                                                                      \
    "BF5781E2"                                                                                               \
    "A081DF"                                                                                                 \
    "30748001618109612E6578616D706C658201028301008401FF" EIM_KEY "3067800162830105" EIM_KEY "87020780"

static const struct {
    const char *name;
    uint8_t options;
    struct {
        uint8_t step;
        const char *piece; /* hexadecimal */
    } steps[5];
} requests[] = {
    {"addresses", 1, {{0, "BF3C00"}, {0, "BF3F06800468692E64"}, {0, "BF3C00"}, {0, "BF3F028000"}}},
    {"info", 1, {{0, "BF2000"}, {0, "BF2200"}, {0, "BF4300"}, {0, "BF2E00"}}},
    {"eid", 0, {{0, "BF3E035C015A"}}},
    {"profiles",
     1,
     {{0, "BF2D00"}, {0, "BF2D0AA0039501025C035A4F94"}, {0, "BF2D10A00C5A0A" ICCID_ENABLED "5C00"}}},
    {"profiles-class",
     3,
     {{0, "BF2D0DA0039501025C069F70909192B7"}, {0, "BF2D125C10B6B7995A4F9F7090919293949F7B9F26"}}},
    {"enable",
     1,
     {{0, "BF3111A00C5A0A" ICCID_DISABLED "8101FF"},
      {0, "BF2B00"},
      {0, "BF3111A00C5A0A" ICCID_ENABLED "810100"}}},
    {"enable-by-aid",
     1,
     {{0, "BF3117A0124F10A0000005591010FFFFFFFF8900001100"
          "8101FF"}}},
    {"disable-delete",
     1,
     {{0, "BF3211A00C5A0A" ICCID_ENABLED "8101FF"},
      {0, "BF330C5A0A" ICCID_ENABLED},
      {0, "BF2800"},
      {0, "BF2B00"}}},
    {"delete-by-aid", 0, {{0, "BF33124F10A0000005591010FFFFFFFF8900001100"}, {0, "BF2D00"}}},
    {"memory-reset", 1, {{0, "BF3404820205E0"}, {0, "BF2D00"}, {0, "BF2B00"}}},
    {"nickname",
     1,
     {{0, "BF29125A0A" ICCID_DISABLED "9004C3A46C6C"}, {0, "BF290E5A0A" ICCID_DISABLED "9000"}}},
    {"notifications",
     1,
     {{0, "BF280481020480"},
      {0, "BF2B05A003800101"},
      {0, "BF2B06A00481020480"},
      {0, "BF3003800101"},
      {0, "BF3003800101"}}},
    {"cancel", 1, {{4, ""}, {0, "BF410D80080102030405060708810100"}}},
    {"crl", 1, {{0, "BF350430023000"}}},
    {"authenticate",
     1,
     {{1, ""},
      {2, "304080080102030405060708"
          "811000000000000000000000000000000000"
          "8310736D64702E6578616D706C652E636F6D"
          "841000000000000000000000000000000000"
          "A00AA108800435290611A100"}}},
    {"prepare", 1, {{4, ""}, {3, "300D80080102030405060708010100"}}},
    {"prepare-code",
     3,
     {{4, ""},
      {3, "300D800801020304050607080101FF0420000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1"
          "F"}}},
    {"prepare-otpk",
     1,
     {{4, ""},
      {3, "305180080102030405060708010100"
          "5F4941"
          "04"
          "6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"
          "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5"}}},
    {"segments-too-early", 1, {{0, "BF3605BF23028201"}, {0, "A000"}, {4, ""}, {0, "BF3605BF23028201"}}},
    {"reset-midway", 0, {{4, ""}, {5, ""}, {3, "300D80080102030405060708010100"}}},
    {"add-initial-eim",
     1,
     {{0, ADD_INITIAL_EIM},
      {0, "BF5500"},
      {0, "BF5505A003800162"},
      {0, ADD_INITIAL_EIM},
      {0, "BF590A8000810388370A820161"}}},
    {"iot-memory-reset",
     1,
     {{0, "BF590A8000810388370A820161"},
      {0, "BF6506800468692E64"},
      {0, ADD_INITIAL_EIM},
      {0, "BF6404820201FE"},
      {0, "BF5500"}}},
    {"iot-settings",
     1,
     {{0, "BF5F00"}, {0, "BF420480020780"}, {0, "BF5600"}, {0, "BF2D075C059F7B9F269F67"}, {0, "BF2200"}}},
    {"ways-back",
     1,
     {{0, "BF58038001FF"},
      {0, "BF5B03800100"},
      {0, "BF5D03800100"},
      {0, "BF5C038001FF"},
      {0, "BF5E03800100"}}},
    {"immediate-enable", 1, {{0, "BF590A8000810388370A820161"}, {0, "BF5A03800100"}, {0, "BF5A038001FF"}}},
    {"iot", 1, {{0, "BF5500"}, {0, "BF5602A000"}, {0, "BF6404820206C0"}, {0, "BF5100"}, {0, "BF5A00"}}},
};

static bool make_es10(void)
{
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        struct buf out = {0};

        buf_append_octet(&out, requests[i].options);
        for (size_t j = 0; j < 5 && requests[i].steps[j].piece != NULL; j++) {
            buf_append_octet(&out, requests[i].steps[j].step);
            put_hex_piece(&out, requests[i].steps[j].piece);
        }
        if (!finish("es10", requests[i].name, &out))
            return false;
    }
    return true;
}

/* --- package: an octet of options, then steps with a piece each (fuzz_package.c) --- */

#define ICCID_E_ "5A0A" ICCID_ENABLED
#define ICCID_D_ "5A0A" ICCID_DISABLED

static const struct {
    const char *name;
    uint8_t options;
    struct {
        uint8_t step; /* enum step of fuzz_package.c */
        const char *piece;
    } steps[6];
} package_streams[] = {
    {"enable-with-rollback",
     0x01,
     {{0, "A30E" ICCID_D_ "0500"}, {3, "BF58038001FF"}, {4, "05"}, {0, "A900"}}},
    {"swap-by-hand", 0x00, {{0, "A40C" ICCID_E_ "A30E" ICCID_D_ "0500A50C" ICCID_E_}, {5, ""}, {4, "07"}}},
    {"delete", 0x01, {{0, "A50C" ICCID_D_ "BF2D00"}, {0, "BF2D00"}, {0, "A50C" ICCID_E_}}},
    {"lists",
     0x00,
     {{0, "BF2D00BF2D05A003950102BF2D095C075A9F709F269F67A600"},
      {0, "BF2D0F5C0D5A4F9F709091929394959F7BB6"}}},
    {"fallback",
     0x01,
     {{0, "A80C" ICCID_D_}, {3, "BF5D038001FF"}, {0, "A50C" ICCID_E_}, {3, "BF5E038001FF"}, {0, "A900"}}},
    {"configuration",
     0x00,
     {{0, "A70C8000810388370A8203612E62BF65058003612E62"}, {0, "A700BF65028000"}, {3, "BF5A038001FF"}}},
    {"eims",
     0x01,
     {{1, "AB00A90780056F74686572"}, {1, "AA09800365696D83020080A905800365696DAB00"}, {0, "A700"}}},
    {"signed-as-it-is",
     0x00,
     {{2, "800365696D5A1089049032123451234512345678901235810105820401020304A002A700"},
      {2, "800365696D5A1089049032123451234512345678901235810105A002A700"},
      {2, "800365696E5A1089049032123451234512345678901235810106A102AB00"}}},
    {"damaged", 0x01, {{0, "A700A30B5A09"}, {0, "AC00"}, {1, "A800"}, {0, "3080"}}},
    {"initial", 0x00, {{1, "A905800365696D"}, {3, "BF57158013"}, {3, "BF5500"}, {3, "BF6404820201FE"}}},
};

static bool make_package(void)
{
    for (size_t i = 0; i < sizeof(package_streams) / sizeof(package_streams[0]); i++) {
        struct buf out = {0};

        buf_append_octet(&out, package_streams[i].options);
        for (size_t j = 0; j < 6 && package_streams[i].steps[j].piece != NULL; j++) {
            buf_append_octet(&out, package_streams[i].steps[j].step);
            put_hex_piece(&out, package_streams[i].steps[j].piece);
        }
        if (!finish("package", package_streams[i].name, &out))
            return false;
    }
    return true;
}

/* --- bpp: an octet of options, then the plain pieces (fuzz_bpp.c) --- */

static bool make_bpp_sealed(const char *name, uint8_t options, int profile_class, struct span package)
{
    struct buf out = {0};
    struct buf metadata = {0};

    server_put_metadata(&metadata, ICCID_NEW, "operator", "profile", profile_class);
    buf_append_octet(&out, options);
    put_hex_piece(&out, "BF2400");
    put_piece(&out, buf_span(&metadata));
    put_hex_piece(&out, "BF26368010000102030405060708090A0B0C0D0E0F8110101112131415161718191A1B1C1D1E1F821020"
                        "2122232425262728292A2B2C2D2E2F");
    buf_append(&out, package);
    buf_free(&metadata);
    return finish("bpp", name, &out);
}

static bool make_bpp(void)
{
    struct saip_recipe recipe = saip_recipe_default();
    struct span package;

    recipe.iccid = ICCID_NEW;
    recipe.isim = false;
    package = test_profile_from(&recipe);
    return make_bpp_sealed("package", 0x00, PROFILE_OPERATIONAL, package) &&
           make_bpp_sealed("package-own-keys", 0x02, PROFILE_OPERATIONAL, package) &&
           make_bpp_sealed("package-joined", 0x10, PROFILE_PROVISIONING, package) &&
           make_bpp_sealed("package-not-a-test", 0x00, PROFILE_TEST, package) &&
           make_bpp_sealed("package-whole", 0x28, -1, package) &&
           make_bpp_sealed("header-only", 0x06, PROFILE_OPERATIONAL, SPAN(package.data, 64)) &&
           corpus_write_hex("bpp", "raw-too-short", "01 0002 A00A 000A 8708 0011223344556677 0002 A100") &&
           corpus_write_hex("bpp", "raw-other-function", "01 0003 BF2E00") &&
           corpus_write_hex("bpp", "raw-empty", "01 0000 0000");
}

/* --- saip --- */

static bool make_saip_from(const char *name, const struct saip_recipe *recipe)
{
    return corpus_write("saip", name, test_profile_from(recipe));
}

static bool make_saip(void)
{
    struct saip_recipe recipe = saip_recipe_default();

    if (!make_saip_from("default", &recipe))
        return false;
    recipe.isim = !recipe.isim;
    recipe.pin1_enabled = !recipe.pin1_enabled;
    recipe.algorithm = SAIP_USIM_TEST_ALGORITHM;
    if (!make_saip_from("test-keys", &recipe))
        return false;
    recipe.algorithm = SAIP_TUAK;
    recipe.key_size = recipe.opc_size = 32;
    recipe.msisdn = NULL;
    if (!make_saip_from("tuak", &recipe))
        return false;
    /* Small ones, where a change tells: MF and an ADF from the template, and a package that is refused for
     * what it lacks. */
    return corpus_write_hex(
               "saip", "iot-minimal",
               "A02F 800103 810103 830A 8900112233445566778F A502 8100 A608 0606 67810F010211 A90D 800B "
               "1002FFFFFFFF8900000100"
               "BF2020 A003810101 8106 67810F010211 A90B 8309 082943019999999999 B204 83020001"
               "A227 A003810102 A120 A01E 300D 800101 8108 31323334FFFFFFFF "
               "300D 80010A 8108 3131313131313131"
               "AA05 A003810103") &&
           corpus_write_hex("saip", "no-end", "A016 800102 810103 830A 8900112233445566778F A500 A600");
}

/* --- cert: an octet of options, then the object (fuzz_cert.c) --- */

/* Bit 1 of the options: only what is signed. */
static bool write_signed_object(const char *name, uint8_t options, struct span der)
{
    struct buf out = {0};
    struct tlv_reader reader;
    struct span value;
    struct span whole = der;

    if ((options & 2) != 0) {
        if (tlv_single(der, 0x30, &value) != TLV_OK)
            return false;
        reader = tlv_reader(value);
        tlv_require_whole(&reader, 0x30, NULL, &whole);
    }
    buf_append_octet(&out, options);
    buf_append(&out, whole);
    return finish("cert", name, &out);
}

static bool make_crl(const struct test_ci *ci, uint8_t options, const char *name)
{
    static const uint8_t serials[][3] = {{0x01}, {0x7F, 0xFF}, {0x00, 0x80, 0x01}};
    const struct span revoked[] = {SPAN(serials[0], 1), SPAN(serials[1], 2), SPAN(serials[2], 3)};
    struct buf der = {0};
    bool done = crl_issue(ci->ci.cert, ci->ci.key, revoked, 3, 7, 1600000000, 1900000000, &der) &&
                write_signed_object(name, options, buf_span(&der));

    buf_free(&der);
    return done;
}

static bool make_cert(void)
{
    struct test_ci ci;
    struct test_ci brainpool;
    bool done;

    test_ci_make(&ci, EC_CURVE_P256);
    test_ci_make(&brainpool, EC_CURVE_BRAINPOOL_P256R1);
    done = write_signed_object("ci", 0, buf_span(&ci.ci.der)) &&
           write_signed_object("eum", 0, buf_span(&ci.eum.der)) &&
           write_signed_object("dp-auth", 0, buf_span(&ci.dp_auth.der)) &&
           write_signed_object("dp-pb-brainpool", 0, buf_span(&brainpool.dp_pb.der)) &&
           write_signed_object("ds-auth", 0, buf_span(&ci.ds_auth.der)) &&
           write_signed_object("eum-signed", 2, buf_span(&ci.eum.der)) &&
           write_signed_object("dp-auth-signed", 2, buf_span(&ci.dp_auth.der)) &&
           write_signed_object("dp-pb-signed", 2, buf_span(&ci.dp_pb.der)) && make_crl(&ci, 1, "crl") &&
           make_crl(&ci, 3, "crl-signed");
    test_ci_free(&ci);
    test_ci_free(&brainpool);
    return done;
}

bool corpus_make_card_targets(void)
{
    return make_apdu() && make_toolkit() && make_es10() && make_package() && make_bpp() && make_saip() &&
           make_cert() && make_uicc();
}
