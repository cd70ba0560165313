/*
 * AUTHENTICATE and GET IDENTITY through the command table: published test data, every context, every refusal,
 * and what must have been stored before the answer leaves. The network's side is made here from crypto/aka.h.
 */
#include "crypto/aka.h"
#include "crypto/suci.h"
#include "profiles/uicc.h"
#include "tests/crypto/aka_vectors.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#include <openssl/hmac.h>
#include <openssl/sha.h>

#define USIM_AID "A0000000871002FF34FF0789312E30FF"
#define ISIM_AID "A0000000871004FF34FF0789312E30FF"

/* The key of Milenage test set 19 (3GPP TS 35.208), which RFC 9048 appendix E uses too. */
#define K    "5122250214C33E723A5DD523FC145FC0"
#define OPC  "981D464C7C52EB6E5036234984AD0BCF"
#define RAND "81E92B6C0EE0E12EBCEBA8D92A99DFA5"
#define AUTN "BB52E91C747AC3AB2A5C23D15EE351D5"
#define RES  "28D7B0F2A2EC3DE5"
#define CK   "5349FBE098649F948F5D2E973A81C00F"
#define IK   "9744871AD32BF9BBD1DD5CE54E3E2E5A"

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

/* --- a UICC ----------------------------------------------------------------------------------------- */

enum { PIN = 0, PIN_ISIM = 1 };

/* What the host and the store of a UICC under test do. */
struct outside {
    const char *random;     /* what the next draw gives */
    const char *bad_random; /* what comes before it */
    unsigned naa_stores;
    bool store_fails;
};

static struct outside outside;

static bool give_random(void *context, uint8_t *out, size_t size)
{
    struct outside *host = context;
    const char *text = host->bad_random != NULL ? host->bad_random : host->random;

    host->bad_random = NULL;
    if (text == NULL)
        return false;
    ck_assert_uint_eq(size, hex(text).size);
    memcpy(out, hex(text).data, size);
    return true;
}

static bool store_naa(void *context, const struct fs_naa *naa)
{
    struct outside *store = context;

    (void)naa;
    store->naa_stores++;
    return !store->store_fails;
}

static struct fs_file *add(struct fs *fs, struct fs_file *parent, enum saip_file_kind kind, uint16_t fid,
                           size_t record_size, const char *content)
{
    struct fs_file like = {
        .kind = kind, .fid = fid, .parent = parent, .life_cycle = FS_ACTIVATED, .record_size = record_size};
    struct fs_file *file;

    buf_append(&like.content, hex(content));
    like.size = like.content.size;
    file = fs_create_file(fs, &like);
    ck_assert_ptr_nonnull(file);
    return file;
}

static struct fs_file *add_adf(struct fs *fs, uint16_t fid, const char *aid, uint8_t pin)
{
    struct fs_file *adf = add(fs, fs->mf, SAIP_FILE_ADF, fid, 0, "");
    const struct fs_pin code = {.directory = fs->mf,
                                .reference = pin,
                                .attempts = 3,
                                .attempts_left = 3,
                                .enabled = true,
                                .verified = true};
    struct fs_naa naa = {.application = adf,
                         .algorithm = SAIP_MILENAGE,
                         .key_size = 16,
                         .opc_size = 16,
                         .rotation = {0x40, 0x00, 0x20, 0x40, 0x60},
                         .xoring = {{0}, {[15] = 1}, {[15] = 2}, {[15] = 4}, {[15] = 8}},
                         .keccak_count = 1};

    fs_set_aid(&adf->aid, hex(aid));
    buf_append_octet(&adf->pin_status, 0x81);
    buf_append_octet(&adf->pin_status, pin);
    memcpy(naa.key, hex(K).data, 16);
    memcpy(naa.opc, hex(OPC).data, 16);
    ck_assert(fs_add_pin(fs, &code) && fs_add_naa(fs, &naa));
    return adf;
}

#define SERVICES_OFF "00000000000000000000000000000000000000"
#define FF16         "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"

static void enter(struct uicc *uicc, uint16_t adf)
{
    uicc->channels[0].application = adf != 0 ? fs_child(uicc->fs->mf, adf) : NULL;
    uicc->channels[0].directory = adf != 0 ? uicc->channels[0].application : uicc->fs->mf;
}

static struct uicc *new_uicc(void)
{
    struct fs *fs = fs_new();
    struct fs_file *usim, *isim;
    struct uicc *uicc;

    add(fs, NULL, SAIP_FILE_MF, 0x3F00, 0, "");
    usim = add_adf(fs, 0x7FF0, USIM_AID, 0x01);
    isim = add_adf(fs, 0x7FF1, ISIM_AID, 0x02);
    add(fs, usim, SAIP_FILE_TRANSPARENT, 0x6F38, 0, SERVICES_OFF);
    add(fs, usim, SAIP_FILE_TRANSPARENT, 0x6F07, 0, "082947100210000268");
    add(fs, usim, SAIP_FILE_TRANSPARENT, 0x6FAD, 0, "00000003");
    add(fs, usim, SAIP_FILE_TRANSPARENT, 0x6FD6, 0, FF16 FF16);
    add(fs, usim, SAIP_FILE_LINEAR_FIXED, 0x6FDA, 16, FF16 FF16);
    add(fs, isim, SAIP_FILE_TRANSPARENT, 0x6F07, 0, "02");
    add(fs, isim, SAIP_FILE_TRANSPARENT, 0x6FD5, 0, FF16 FF16);
    add(fs, isim, SAIP_FILE_LINEAR_FIXED, 0x6FD7, 16, FF16);
    outside = (struct outside){.random = NULL};
    fs->store.context = &outside;
    fs->store.naa = store_naa;
    uicc = uicc_new(fs, &(struct uicc_host){.context = &outside, .random = give_random});
    ck_assert_ptr_nonnull(uicc);
    for (size_t i = 0; i < fs->pin_count; i++)
        fs->pins[i].verified = true;
    enter(uicc, 0x7FF0);
    return uicc;
}

static void set_service(struct uicc *uicc, unsigned number)
{
    struct fs_file *table = fs_child(fs_child(uicc->fs->mf, 0x7FF0), 0x6F38);

    table->content.data[(number - 1) / 8] |= (uint8_t)(1 << (number - 1) % 8);
}

/* The answer as one piece: data, then status word. */
static struct span send(struct uicc *uicc, const char *capdu)
{
    struct apdu_command command;
    struct buf *response = test_buf();
    uint16_t status = apdu_decode(hex(capdu), &command);

    if (status == SW_OK)
        status = uicc_process(uicc, &command, response);
    buf_append_octet(response, (uint8_t)(status >> 8));
    buf_append_octet(response, (uint8_t)status);
    return buf_span(response);
}

#define ck_assert_answer(uicc, capdu, expected) ck_assert_hex(send((uicc), (capdu)), (expected))

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
    enter(uicc, 0x7FF1); /* IMS AKA: keys of its own, the same here */
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
    auts = send(uicc, AKA);
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
    enter(uicc, 0x7FF1);
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
    enter(uicc, 0x7FF0);
    uicc->channels[0].directory = uicc->fs->mf; /* the session is open, MF is selected */
    ck_assert_answer(uicc, AKA, "6985");
    uicc->channels[0].directory = add(uicc->fs, usim, SAIP_FILE_DF, 0x5F3B, 0, "");
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
                     "6D00");
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
    enter(uicc, 0x7FF1);
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
    ck_assert_uint_eq(send(uicc, aka_apdu("84", "DD", RAND, gba_autn())).data[0], 0xDC);
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
    struct fs_file *isim = fs_child(uicc->fs->mf, 0x7FF1);

    enter(uicc, 0x7FF1);
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

/* --- GET IDENTITY ----------------------------------------------------------------------------------- */

/* A USIM that conceals 274 012 001002086, with a routing indicator of three digits. */
static struct uicc *new_suci(const char *calculation_info)
{
    struct uicc *uicc = new_uicc();
    struct fs_file *usim = uicc->channels[0].directory;
    struct fs_file *df = add(uicc->fs, usim, SAIP_FILE_DF, 0x5FC0, 0, "");

    set_service(uicc, 124);
    set_service(uicc, 125);
    add(uicc->fs, df, SAIP_FILE_TRANSPARENT, 0x4F0A, 0, "76F8FFFF");
    if (calculation_info != NULL)
        add(uicc->fs, df, SAIP_FILE_TRANSPARENT, 0x4F07, 0, calculation_info);
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
    struct fs_file *df = add(uicc->fs, uicc->channels[0].directory, SAIP_FILE_DF, 0x5FD0, 0, "");

    add(uicc->fs, df, SAIP_FILE_TRANSPARENT, 0x4F01, 0, "A0020101" KEYS);
    outside.random = ephemeral[1];
    ck_assert_answer(uicc, "8078000100", "A135" IDENTITY_HEAD "011B" OUTPUT_A "9000");
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

    add(uicc->fs, df, SAIP_FILE_TRANSPARENT, 0x4F09, 0,
        "8012"
        "757365723137406578616D706C652E636F6D"
        "FF");
    ck_assert_answer(uicc, "8078000100", SUCI_NULL_ANSWER); /* without service 130 */
    set_service(uicc, 130);
    put_tlv_text(expected, "A12D11", "type1.rid678.schid0.userid" NSI);
    ck_assert_span(send(uicc, "8078000100"), buf_span(expected));
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

    add(uicc->fs, df, SAIP_FILE_TRANSPARENT, 0x4F09, 0,
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
    ck_assert_span(send(uicc, "8078000100"), buf_span(expected));
    uicc_free(uicc);
}
END_TEST

START_TEST(identity_is_given_where_the_card_calculates)
{
    struct uicc *uicc = new_suci("A0020000");
    struct fs_file *table = fs_child(uicc->channels[0].directory, 0x6F38);

    ck_assert_answer(uicc, "8078010100", "6A86");
    ck_assert_answer(uicc, "8078000000", "6A86");
    ck_assert_answer(uicc, "8078000200", "6A86");
    ck_assert_answer(uicc, "0078000100", "6E00");
    ck_assert_answer(uicc, "80780001", "6700");
    ck_assert_answer(uicc, "8078000101AA00", "6700");
    table->content.data[15] &= (uint8_t)~0x08; /* 124 */
    ck_assert_answer(uicc, "8078000100", "6985");
    set_service(uicc, 124);
    ck_assert_answer(uicc, "8078000100", SUCI_NULL_ANSWER);
    table->content.data[15] &= (uint8_t)~0x10; /* 125 */
    ck_assert_answer(uicc, "8078000100", "6985");
    enter(uicc, 0x7FF1);
    ck_assert_answer(uicc, "8078000100", "6985");
    uicc_free(uicc);
}
END_TEST

TEST_MAIN("uicc_auth", aka_with_the_data_of_rfc_9048, aka_with_the_data_of_ts_35_207,
          aka_gives_kc_for_gsm_access, wrong_mac_is_9862, replay_is_answered_with_auts,
          nothing_leaves_that_is_not_stored, pin_comes_first, application_must_be_there, parameters_must_fit,
          used_up_key_is_6984, gsm_converts_the_answer, gba_bootstraps_and_derives,
          gba_on_the_isim_uses_its_own_files, gba_needs_its_files, suci_with_the_data_of_ts_33_501,
          suci_with_the_null_scheme, suci_takes_the_next_scheme_it_can_use, suci_prefers_what_is_for_the_card,
          suci_of_other_identities, suci_of_a_network_specific_identifier,
          suci_of_a_concealed_network_specific_identifier, identity_is_given_where_the_card_calculates)
