/*
 * AUTHENTICATE through the command table: published test data, every context, every refusal, and what must
 * have been stored before the answer leaves. The network's side is made here from crypto/aka.h.
 */
#include "crypto/aka.h"
#include "tests/crypto/aka_vectors.h"
#include "tests/profiles/uicc/network_bench.h"

#include <stdio.h>
#include <string.h>

#include <openssl/hmac.h>
#include <openssl/sha.h>

/* AUTHENTICATE with RAND and AUTN of `parts`, all hexadecimal. */
static const char *aka_apdu(const char *context, const char *before, const char *rand, const char *autn)
{
    static char text[400];

    snprintf(text, sizeof(text), "008800%s%02X%s10%s%02X%s00", context,
             (unsigned)(strlen(before) + strlen(rand) + strlen(autn)) / 2 + 2, before, rand,
             (unsigned)strlen(autn) / 2, autn);
    return text;
}

#define AKA         aka_apdu("81", "", RAND, AUTN)
#define AKA_SUCCESS "DB08" RES "10" CK "10" IK

/* --- AKA -------------------------------------------------------------------------------------------- */

START_TEST(aka_with_the_data_of_rfc_9048)
{
    struct uicc *uicc = new_uicc();

    ck_assert_answer(uicc, AKA, AKA_SUCCESS "9000");
    ck_assert_uint_eq(outside.naa_stores, 1);
    enter(uicc, ADF_ISIM); /* IMS AKA: keys of its own, the same here */
    ck_assert_answer(uicc, AKA, AKA_SUCCESS "9000");
    uicc_free(uicc);
}
END_TEST

static void use_milenage_set(struct uicc *uicc, size_t set)
{
    struct fs_naa *naa = &uicc->fs->naas[0];

    memcpy(naa->key, hex(milenage_vectors[set].k).data, 16);
    memcpy(naa->opc, hex(milenage_vectors[set].opc).data, 16);
    memset(naa->sqn, 0, sizeof(naa->sqn));
}

START_TEST(aka_with_the_data_of_ts_35_207)
{
    struct uicc *uicc = new_uicc();

    for (size_t i = 0; i < sizeof(milenage_vectors) / sizeof(milenage_vectors[0]); i++) {
        char autn[40], expected[120];
        uint8_t concealed[6];

        use_milenage_set(uicc, i);
        for (size_t j = 0; j < 6; j++)
            concealed[j] = hex(milenage_vectors[i].sqn).data[j] ^ hex(milenage_vectors[i].f5).data[j];
        hex_from_span(SPAN_ARRAY(concealed), autn, sizeof(autn));
        strcat(autn, milenage_vectors[i].amf);
        strcat(autn, milenage_vectors[i].f1);
        snprintf(expected, sizeof(expected), "DB08%s10%s10%s9000", milenage_vectors[i].f2,
                 milenage_vectors[i].f3, milenage_vectors[i].f4);
        ck_assert_answer(uicc, aka_apdu("81", "", milenage_vectors[i].rand, autn), expected);
    }
    uicc_free(uicc);
}
END_TEST

/* Kc by c3, and only where GSM access is a service. */
static void kc_of_rfc_data(uint8_t kc[8])
{
    struct span ck = hex(CK), ik = hex(IK);

    for (size_t i = 0; i < 8; i++)
        kc[i] = ck.data[i] ^ ck.data[i + 8] ^ ik.data[i] ^ ik.data[i + 8];
}

START_TEST(aka_gives_kc_for_gsm_access)
{
    struct uicc *uicc = new_uicc();
    char expected[120] = AKA_SUCCESS "08";
    uint8_t kc[8];

    kc_of_rfc_data(kc);
    hex_from_span(SPAN_ARRAY(kc), expected + strlen(expected), 20);
    strcat(expected, "9000");
    set_service(uicc, 27);
    ck_assert_answer(uicc, AKA, expected);
    uicc_free(uicc);
}
END_TEST

START_TEST(wrong_mac_is_9862)
{
    struct uicc *uicc = new_uicc();

    ck_assert_answer(uicc, aka_apdu("81", "", RAND, "BB52E91C747AC3AB2A5C23D15EE351D4"), "9862");
    ck_assert_answer(uicc, aka_apdu("81", "", RAND, "BB52E91C747AC3AA2A5C23D15EE351D5"), "9862");
    ck_assert_uint_eq(outside.naa_stores, 0);
    ck_assert_answer(uicc, AKA, AKA_SUCCESS "9000");
    uicc_free(uicc);
}
END_TEST

/* AUTS opened as the home network does: SQN_MS is the number that was accepted. */
START_TEST(replay_is_answered_with_auts)
{
    struct uicc *uicc = new_uicc();
    struct aka_algorithm algorithm = {.kind = AKA_MILENAGE, .key_size = 16, .keccak_count = 1};
    uint8_t ak[6], sqn[6], mac[AKA_OUTPUT_MAX];
    const uint8_t amf[2] = {0, 0};
    struct span auts, rand = hex(RAND);

    aka_milenage_constants(&algorithm);
    algorithm.kind = AKA_MILENAGE;
    memcpy(algorithm.key, hex(K).data, 16);
    memcpy(algorithm.opc, hex(OPC).data, 16);
    ck_assert_answer(uicc, AKA, AKA_SUCCESS "9000");
    auts = answer_to(uicc, AKA);
    ck_assert_uint_eq(auts.size, 2 + 14 + 2);
    ck_assert_mem_eq(auts.data, "\xDC\x0E", 2);
    ck_assert_mem_eq(auts.data + 16, "\x90\x00", 2);
    ck_assert(aka_f5_star(&algorithm, rand.data, ak));
    for (size_t i = 0; i < 6; i++)
        sqn[i] = auts.data[2 + i] ^ ak[i];
    ck_assert(aka_f1(&algorithm, true, rand.data, sqn, amf, mac));
    ck_assert_mem_eq(auts.data + 8, mac, 8);
    /* The number in AUTN, which f5 reveals. */
    ck_assert(aka_f2345(&algorithm, rand.data, NULL, NULL, NULL, ak));
    for (size_t i = 0; i < 6; i++)
        ck_assert_uint_eq(sqn[i], hex(AUTN).data[i] ^ ak[i]);
    ck_assert_uint_eq(outside.naa_stores, 1);
    uicc_free(uicc);
}
END_TEST

START_TEST(nothing_leaves_that_is_not_stored)
{
    struct uicc *uicc = new_uicc();

    outside.store_fails = true;
    ck_assert_answer(uicc, AKA, "6581");
    uicc_free(uicc);
}
END_TEST

/* --- who may ---------------------------------------------------------------------------------------- */

START_TEST(pin_comes_first)
{
    struct uicc *uicc = new_uicc();
    struct fs_pin *pin = &uicc->fs->pins[PIN];

    pin->verified = false;
    ck_assert_answer(uicc, AKA, "6982");
    ck_assert_answer(uicc, "80780001", "6982");
    pin->enabled = false;
    ck_assert_answer(uicc, AKA, AKA_SUCCESS "9000");
    pin->replaced = true;
    ck_assert_answer(uicc, AKA, "6982");
    uicc->fs->pins[PIN_ISIM].verified = false;
    enter(uicc, ADF_ISIM);
    ck_assert_answer(uicc, AKA, "6982");
    uicc_free(uicc);
}
END_TEST

START_TEST(application_must_be_there)
{
    struct uicc *uicc = new_uicc();
    struct fs_file *usim = uicc->channels[0].directory;

    enter(uicc, 0);
    ck_assert_answer(uicc, AKA, "6985");
    ck_assert_answer(uicc, "80780001", "6985");
    enter(uicc, ADF_USIM);
    uicc->channels[0].directory = uicc->fs->mf; /* the session is open, MF is selected */
    ck_assert_answer(uicc, AKA, "6985");
    uicc->channels[0].directory = add_file(uicc->fs, usim, SAIP_FILE_DF, 0x5F3B, 0, "");
    ck_assert_answer(uicc, AKA, AKA_SUCCESS "9000");
    usim->aid.octets[6] = 0x03; /* CSIM */
    ck_assert_answer(uicc, AKA, "6985");
    usim->aid.octets[6] = 0x02;
    uicc->fs->naas[0].key_size = 0;
    ck_assert_answer(uicc, AKA, "6985");
    uicc->fs->naas[0].application = NULL;
    ck_assert_answer(uicc, AKA, "6985");
    uicc_free(uicc);
}
END_TEST

START_TEST(parameters_must_fit)
{
    struct uicc *uicc = new_uicc();

    set_service(uicc, 38);
    set_service(uicc, 68);
    ck_assert_answer(uicc,
                     "0088018122"
                     "10" RAND "10" AUTN "00",
                     "6A86");
    ck_assert_answer(uicc,
                     "0088000122"
                     "10" RAND "10" AUTN "00",
                     "6A86");
    ck_assert_answer(uicc,
                     "0088008322"
                     "10" RAND "10" AUTN "00",
                     "6A86");
    ck_assert_answer(uicc,
                     "0088008222"
                     "10" RAND "10" AUTN "00",
                     "9864");
    ck_assert_answer(uicc,
                     "8088008122"
                     "10" RAND "10" AUTN "00",
                     "6E00");
    ck_assert_answer(uicc,
                     "0089008122"
                     "10" RAND "10" AUTN "00",
                     "6A86");
    ck_assert_answer(uicc, "00880081", "6700");
    ck_assert_answer(uicc,
                     "0088008111"
                     "10" RAND "00",
                     "6700");
    ck_assert_answer(uicc,
                     "0088008123"
                     "10" RAND "10" AUTN "AA00",
                     "6700");
    ck_assert_answer(uicc,
                     "0088008122"
                     "10" RAND "11" AUTN "00",
                     "6700");
    ck_assert_answer(uicc,
                     "0088008121"
                     "10" RAND "0F"
                     "BB52E91C747AC3AB2A5C23D15EE351"
                     "00",
                     "6700");
    ck_assert_answer(uicc,
                     "0088008121"
                     "0F"
                     "81E92B6C0EE0E12EBCEBA8D92A99DF"
                     "10" AUTN "00",
                     "6700");
    ck_assert_answer(uicc,
                     "0088008012"
                     "10" RAND "0000",
                     "6700");
    ck_assert_answer(uicc,
                     "0088008401"
                     "DD"
                     "00",
                     "6700");
    ck_assert_answer(uicc,
                     "0088008402"
                     "DF01"
                     "00",
                     "6A80");
    ck_assert_uint_eq(outside.naa_stores, 0);
    uicc_free(uicc);
}
END_TEST

START_TEST(used_up_key_is_6984)
{
    struct uicc *uicc = new_uicc();

    uicc->fs->naas[0].has_counter_max = true;
    uicc->fs->naas[0].counter_max[2] = 1;
    ck_assert_answer(uicc, AKA, AKA_SUCCESS "9000");
    ck_assert_answer(uicc, AKA, "6984");
    uicc_free(uicc);
}
END_TEST

/* --- GSM -------------------------------------------------------------------------------------------- */

START_TEST(gsm_converts_the_answer)
{
    struct uicc *uicc = new_uicc();
    char expected[40] = "04"
                        "8A3B8D17"
                        "08"; /* 28D7B0F2 xor A2EC3DE5 */
    uint8_t kc[8];

    ck_assert_answer(uicc,
                     "0088008011"
                     "10" RAND "00",
                     "9864");
    kc_of_rfc_data(kc);
    hex_from_span(SPAN_ARRAY(kc), expected + strlen(expected), 20);
    strcat(expected, "9000");
    set_service(uicc, 38);
    ck_assert_answer(uicc,
                     "0088008011"
                     "10" RAND "00",
                     expected);
    ck_assert_answer(uicc,
                     "0088008011"
                     "10" RAND "00",
                     expected);
    ck_assert_uint_eq(outside.naa_stores, 0);
    enter(uicc, ADF_ISIM);
    ck_assert_answer(uicc,
                     "0088008011"
                     "10" RAND "00",
                     "9864");
    uicc_free(uicc);
}
END_TEST

/* --- GBA -------------------------------------------------------------------------------------------- */

/* AUTN* of a GBA_U vector: MAC combined with half of SHA-1(IK). */
static const char *gba_autn(void)
{
    static char text[40];
    uint8_t digest[SHA_DIGEST_LENGTH], autn[16];

    SHA1(hex(IK).data, 16, digest);
    memcpy(autn, hex(AUTN).data, 16);
    for (size_t i = 0; i < 8; i++)
        autn[8 + i] ^= digest[i];
    return hex_from_span(SPAN_ARRAY(autn), text, sizeof(text));
}

/* Ks_ext_NAF by the letters of TS 33.220 B.2 and B.3. */
static const char *naf_key(const char *impi, const char *naf_id)
{
    static char text[70];
    struct buf *s = test_buf();
    uint8_t key[32];

    buf_append(s, hex("01"));
    buf_append(s, hex("6762612D6D65 0006" RAND "0010"));
    buf_append(s, hex(impi));
    buf_append(s, SPAN(((uint8_t[]){0, (uint8_t)(strlen(impi) / 2)}), 2));
    buf_append(s, hex(naf_id));
    buf_append(s, SPAN(((uint8_t[]){0, (uint8_t)(strlen(naf_id) / 2)}), 2));
    HMAC(EVP_sha256(), hex(CK IK).data, 32, s->data, s->size, key, NULL);
    return hex_from_span(SPAN_ARRAY(key), text, sizeof(text));
}

static void check_naf(struct uicc *uicc, const char *naf_id, const char *impi)
{
    char command[200], expected[100];

    snprintf(command, sizeof(command), "00880084%02XDE%02X%s%02X%s00",
             (unsigned)(strlen(naf_id) + strlen(impi)) / 2 + 3, (unsigned)strlen(naf_id) / 2, naf_id,
             (unsigned)strlen(impi) / 2, impi);
    snprintf(expected, sizeof(expected), "DB20%s9000", naf_key(impi, naf_id));
    ck_assert_answer(uicc, command, expected);
}

START_TEST(gba_bootstraps_and_derives)
{
    struct uicc *uicc = new_uicc();
    const struct fs_file *usim = uicc->channels[0].directory;
    struct fs_file *gbabp = fs_child(usim, 0x6FD6);
    const struct fs_file *gbanl = fs_child(usim, 0x6FDA);

    ck_assert_answer(uicc, aka_apdu("84", "DD", RAND, gba_autn()), "9864");
    set_service(uicc, 68);
    ck_assert_answer(uicc,
                     "0088008408"
                     "DE03AABBCC"
                     "02DDEE"
                     "00",
                     "6985");                                         /* nothing bootstrapped yet */
    ck_assert_answer(uicc, aka_apdu("84", "DD", RAND, AUTN), "9862"); /* a MAC for 3G */
    ck_assert_answer(uicc, aka_apdu("84", "DD", RAND, gba_autn()), "DB08" RES "9000");
    ck_assert_hex(fs_content(gbabp), "10" RAND "0000FFFFFFFFFFFFFFFFFFFFFFFFFF");
    ck_assert(uicc->fs->naas[0].bootstrapped);
    ck_assert_uint_eq(answer_to(uicc, aka_apdu("84", "DD", RAND, gba_autn())).data[0], 0xDC);
    ck_assert(fs_write(uicc->fs, gbabp, 17,
                       hex("03B1B2B3"
                           "0101"))); /* as the terminal does */
    check_naf(uicc, "AABBCC", "494D5049");
    ck_assert_hex(fs_record(gbanl, 1), "8003AABBCC"
                                       "8103B1B2B3"
                                       "FFFFFFFFFFFF");
    check_naf(uicc, "DD01", "494D5049");
    ck_assert_hex(fs_record(gbanl, 1), "8002DD01"
                                       "8103B1B2B3"
                                       "FFFFFFFFFFFFFF");
    ck_assert_hex(fs_record(gbanl, 2), "8003AABBCC"
                                       "8103B1B2B3"
                                       "FFFFFFFFFFFF");
    check_naf(uicc, "AABBCC", "494D"); /* used again: first again */
    ck_assert_hex(fs_record(gbanl, 1), "8003AABBCC"
                                       "8103B1B2B3"
                                       "FFFFFFFFFFFF");
    ck_assert_hex(fs_record(gbanl, 2), "8002DD01"
                                       "8103B1B2B3"
                                       "FFFFFFFFFFFFFF");
    check_naf(uicc, "EE", "494D"); /* the oldest makes room */
    ck_assert_hex(fs_record(gbanl, 2), "8003AABBCC"
                                       "8103B1B2B3"
                                       "FFFFFFFFFFFF");
    ck_assert_answer(uicc,
                     "008800840F"
                     "DE0AAABBCCDDEEFF00112233"
                     "02DDEE"
                     "00",
                     "9866"); /* no such record */
    ck_assert_answer(uicc,
                     "0088008407"
                     "DE00"
                     "04494D5049"
                     "00",
                     "6700");
    uicc_free(uicc);
}
END_TEST

START_TEST(gba_on_the_isim_uses_its_own_files)
{
    struct uicc *uicc = new_uicc();
    struct fs_file *isim = fs_child(uicc->fs->mf, ADF_ISIM);

    enter(uicc, ADF_ISIM);
    ck_assert_answer(uicc, aka_apdu("84", "DD", RAND, gba_autn()), "DB08" RES "9000");
    ck_assert_hex(fs_content(fs_child(isim, 0x6FD5)), "10" RAND "0000FFFFFFFFFFFFFFFFFFFFFFFFFF");
    check_naf(uicc, "AA", "BB");
    ck_assert_hex(fs_record(fs_child(isim, 0x6FD7), 1), "8001AA8100FFFFFFFFFFFFFFFFFFFFFF");
    ck_assert(!uicc->fs->naas[0].bootstrapped);
    uicc_free(uicc);
}
END_TEST

START_TEST(gba_needs_its_files)
{
    struct uicc *uicc = new_uicc();
    struct fs_file *usim = uicc->channels[0].directory;

    set_service(uicc, 68);
    ck_assert(fs_delete_file(uicc->fs, fs_child(usim, 0x6FD6)));
    ck_assert_answer(uicc, aka_apdu("84", "DD", RAND, gba_autn()), "9866");
    ck_assert(!uicc->fs->naas[0].bootstrapped);
    uicc_free(uicc);
}
END_TEST

START_TEST(contexts_of_the_odd_code_are_not_supported)
{
    struct uicc *uicc = new_uicc();

    ck_assert_answer(uicc, "0089808504 7302AABB", "9864"); /* MBMS */
    ck_assert_answer(uicc, "0089808604 7302AABB", "9864"); /* local key establishment */
    ck_assert_answer(uicc, "0089A08500", "6985");          /* there is no response */
    ck_assert_answer(uicc, "0089808104 7302AABB", "6A86");
    ck_assert_answer(uicc, "0089018504 7302AABB", "6A86");
    ck_assert_answer(uicc, "8089808504 7302AABB", "6E00");
    uicc_free(uicc);
}
END_TEST

TEST_MAIN("uicc_auth", contexts_of_the_odd_code_are_not_supported, aka_with_the_data_of_rfc_9048,
          aka_with_the_data_of_ts_35_207, aka_gives_kc_for_gsm_access, wrong_mac_is_9862,
          replay_is_answered_with_auts, nothing_leaves_that_is_not_stored, pin_comes_first,
          application_must_be_there, parameters_must_fit, used_up_key_is_6984, gsm_converts_the_answer,
          gba_bootstraps_and_derives, gba_on_the_isim_uses_its_own_files, gba_needs_its_files)
