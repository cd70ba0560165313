/*
 * Authentication of a network access application (3GPP TS 33.102 6.3, Annex C). See naa.h.
 */
#include "profiles/uicc/naa.h"

#include "crypto/kdf33.h"

#include <string.h>

#include <openssl/crypto.h>

enum {
    IND_BITS = 5, /* TS 33.102 C.3.2: an array of 32, as the package has it */
    IND_MASK = FS_SQN_COUNT - 1,
    MILENAGE_SIZE = 16,
    TEST_KEY_SIZE = 16,
    TUAK_OPC_SIZE = 32,
};

/* TS 34.108 8.1.2.2: AMF_RESYNCH makes the test algorithm's application ask for synchronisation. */
static const uint8_t amf_resynch[AKA_AMF_SIZE] = {0xFF, 0xFF};
/* AMF* of MAC-S, TS 33.102 6.3.3. */
static const uint8_t amf_star[AKA_AMF_SIZE] = {0x00, 0x00};

/* --- algorithm -------------------------------------------------------------------------------------- */

/*
 * AlgoParameter.algorithmOptions. Reading: the sizes are coded as in INSTANCE of TUAK (TS 35.231 6.2), from
 * the least significant bit on: three bits RES (0: 32, 1: 64, 2: 128, 3 and 4: 256 bits), two bits MAC (0:
 * 64, 1: 128, 2: 256 bits), one bit each CK and IK (0: 128, 1: 256 bits). The test algorithm has the size of
 * RES only (TS.48: 02 is 128 bits). Milenage has none.
 */
enum { OPTION_RES = 0x07, OPTION_MAC = 0x18, OPTION_MAC_SHIFT = 3, OPTION_CK = 0x20, OPTION_IK = 0x40 };

static bool set_tuak(const struct fs_naa *naa, struct aka_algorithm *algorithm)
{
    static const size_t res_sizes[] = {4, 8, 16, 32, 32, 0, 0, 0};
    static const size_t mac_sizes[] = {8, 16, 32, 0};
    uint8_t options = naa->algorithm_options;

    algorithm->kind = AKA_TUAK;
    algorithm->res_size = res_sizes[options & OPTION_RES];
    algorithm->mac_size = mac_sizes[(options & OPTION_MAC) >> OPTION_MAC_SHIFT];
    algorithm->ck_size = (options & OPTION_CK) != 0 ? 32 : 16;
    algorithm->ik_size = (options & OPTION_IK) != 0 ? 32 : 16;
    algorithm->keccak_count = naa->keccak_count;
    return (naa->key_size == 16 || naa->key_size == 32) && naa->opc_size == TUAK_OPC_SIZE &&
           naa->keccak_count > 0 && algorithm->res_size > 0 && algorithm->mac_size > 0;
}

static bool set_milenage(const struct fs_naa *naa, struct aka_algorithm *algorithm)
{
    aka_milenage_constants(algorithm);
    algorithm->kind = AKA_MILENAGE;
    memcpy(algorithm->rotation, naa->rotation, sizeof(algorithm->rotation));
    memcpy(algorithm->xoring, naa->xoring, sizeof(algorithm->xoring));
    return naa->key_size == MILENAGE_SIZE && naa->opc_size == MILENAGE_SIZE;
}

static bool set_test_algorithm(const struct fs_naa *naa, struct aka_algorithm *algorithm)
{
    static const size_t res_sizes[] = {4, 8, 16};
    size_t option = naa->algorithm_options & OPTION_RES;

    algorithm->kind = AKA_XOR;
    algorithm->mac_size = 8;
    algorithm->ck_size = algorithm->ik_size = 16;
    if (option >= sizeof(res_sizes) / sizeof(res_sizes[0]))
        return false;
    algorithm->res_size = res_sizes[option];
    return naa->key_size == TEST_KEY_SIZE;
}

bool naa_algorithm(const struct fs *fs, struct fs_naa *naa, struct aka_algorithm *algorithm)
{
    const struct fs_naa *source = fs_naa_source(fs, naa);

    *algorithm = (struct aka_algorithm){.keccak_count = 1};
    if (source == NULL)
        return false;
    algorithm->key_size = source->key_size;
    memcpy(algorithm->key, source->key, sizeof(algorithm->key));
    memcpy(algorithm->opc, source->opc, sizeof(algorithm->opc));
    switch (source->algorithm) {
    case SAIP_MILENAGE:
        return set_milenage(source, algorithm);
    case SAIP_TUAK:
        return set_tuak(source, algorithm);
    case SAIP_USIM_TEST_ALGORITHM:
        return set_test_algorithm(source, algorithm);
    }
    return false;
}

/* --- sequence numbers ------------------------------------------------------------------------------- */

/* Whose numbers (bit NAA_MAPPED_SQN) or rules a mapped application goes by. */
static struct fs_naa *shared(const struct fs *fs, struct fs_naa *naa, uint8_t option)
{
    struct fs_naa *source = fs_naa_source(fs, naa);

    return naa->mapped && source != NULL && (naa->mapping_options & option) != 0 ? source : naa;
}

static uint64_t seq_at(const struct fs_naa *naa, size_t index)
{
    return span_number(SPAN_ARRAY(naa->sqn[index]));
}

uint64_t naa_highest_sqn(const struct fs *fs, struct fs_naa *naa)
{
    const struct fs_naa *numbers = shared(fs, naa, NAA_MAPPED_SQN);
    uint64_t highest = 0;

    for (size_t i = 0; i < FS_SQN_COUNT; i++) {
        uint64_t seq = seq_at(numbers, i);

        /* SEQ 0 stands for "nothing accepted yet": no number with it is ever fresh. */
        if (seq != 0 && (seq << IND_BITS | i) > highest)
            highest = seq << IND_BITS | i;
    }
    return highest;
}

bool naa_is_fresh(const struct fs *fs, struct fs_naa *naa, uint64_t sqn)
{
    const struct fs_naa *rules = shared(fs, naa, NAA_MAPPED_SQN_RULES);
    uint64_t seq = sqn >> IND_BITS;
    uint64_t highest = naa_highest_sqn(fs, naa) >> IND_BITS;

    /* C.2.1: no jump by more than delta. */
    if ((rules->sqn_options & NAA_SQN_DELTA) != 0 && seq > highest &&
        seq - highest > span_number(SPAN_ARRAY(rules->sqn_delta)))
        return false;
    /* C.2.2: SEQ_MS - SEQ < L. */
    if ((rules->sqn_options & NAA_SQN_AGE_LIMIT) != 0 && seq <= highest &&
        highest - seq >= span_number(SPAN_ARRAY(rules->sqn_age_limit)))
        return false;
    return seq > seq_at(shared(fs, naa, NAA_MAPPED_SQN), sqn & IND_MASK);
}

/* Reading of TS 33.102 6.3.3: an accepted number is stored before RES leaves, which the command's own commit
 * sees to: without it there is no answer. It needs none before, because nothing is to be had by cutting the
 * power earlier but that the same challenge is accepted once more, unanswered until then. */
static bool accept_sqn(struct fs *fs, struct fs_naa *naa, uint64_t sqn)
{
    struct fs_naa *numbers = shared(fs, naa, NAA_MAPPED_SQN);
    size_t index = sqn & IND_MASK;

    if (sqn >> IND_BITS <= seq_at(numbers, index))
        return true; /* the test algorithm takes any number */
    octets_put_number(numbers->sqn[index], FS_SQN_SIZE, sqn >> IND_BITS);
    return fs_naa_changed(fs, numbers);
}

/* Counts a use of the key, which lasts before the algorithm runs: power that goes during the command saves no
 * use. Reading: authCounterMax is how often the algorithm runs, in whatever context, and the test algorithm
 * is not counted ("ignored"). */
static enum naa_result count_use(struct fs *fs, struct fs_naa *naa)
{
    struct fs_naa *source = fs_naa_source(fs, naa);

    if (source == NULL)
        return NAA_NO_KEYS;
    if (!source->has_counter_max || source->algorithm == SAIP_USIM_TEST_ALGORITHM)
        return NAA_OK;
    if (span_number(SPAN_ARRAY(source->counter)) >= span_number(SPAN_ARRAY(source->counter_max)))
        return NAA_EXHAUSTED;
    return fs_spend_use(fs, source) ? NAA_OK : NAA_NOT_STORED;
}

/* --- AKA -------------------------------------------------------------------------------------------- */

/* AUTN apart: TS 33.102 6.3.2. */
struct token {
    uint8_t sqn[AKA_SQN_SIZE];
    const uint8_t *amf;
    uint8_t mac[AKA_OUTPUT_MAX];
};

static bool open_autn(const struct aka_algorithm *algorithm, struct span autn, const uint8_t *ak, bool gba,
                      const struct naa_answer *answer, struct token *token)
{
    uint8_t mask[KDF33_GBA_MASK_SIZE] = {0};

    if (gba && !kdf33_gba_mask(SPAN(answer->ik, answer->ik_size), mask))
        return false;
    for (size_t i = 0; i < AKA_SQN_SIZE; i++)
        token->sqn[i] = autn.data[i] ^ ak[i];
    token->amf = autn.data + AKA_SQN_SIZE;
    memcpy(token->mac, autn.data + AKA_SQN_SIZE + AKA_AMF_SIZE, algorithm->mac_size);
    for (size_t i = 0; i < sizeof(mask); i++)
        token->mac[i] ^= mask[i];
    return true;
}

/* AUTS = (SQN_MS xor AK*) || MAC-S, TS 33.102 6.3.3. */
static enum naa_result synchronise(const struct fs *fs, struct fs_naa *naa,
                                   const struct aka_algorithm *algorithm, const uint8_t *rand,
                                   struct naa_answer *answer)
{
    uint8_t sqn[AKA_SQN_SIZE], ak[AKA_AK_SIZE];

    octets_put_number(sqn, sizeof(sqn), naa_highest_sqn(fs, naa));
    if (!aka_f5_star(algorithm, rand, ak) ||
        !aka_f1(algorithm, true, rand, sqn, amf_star, answer->auts + AKA_SQN_SIZE))
        return NAA_FAILED;
    for (size_t i = 0; i < AKA_SQN_SIZE; i++)
        answer->auts[i] = sqn[i] ^ ak[i];
    answer->auts_size = AKA_SQN_SIZE + algorithm->mac_size;
    OPENSSL_cleanse(ak, sizeof(ak));
    return NAA_SYNCHRONISATION_FAILURE;
}

/* Reading: the test algorithm accepts every sequence number, and asks for synchronisation when AMF says so
 * (its options "are ignored"; TS 34.108 8.1.2.2). */
static bool is_acceptable(const struct fs *fs, struct fs_naa *naa, const struct aka_algorithm *algorithm,
                          const struct token *token)
{
    if (algorithm->kind == AKA_XOR)
        return memcmp(token->amf, amf_resynch, sizeof(amf_resynch)) != 0;
    return naa_is_fresh(fs, naa, span_number(SPAN_ARRAY(token->sqn)));
}

static bool naa_run(const struct aka_algorithm *algorithm, const uint8_t *rand, uint8_t *ak,
                    struct naa_answer *answer)
{
    answer->res_size = algorithm->res_size;
    answer->ck_size = algorithm->ck_size;
    answer->ik_size = algorithm->ik_size;
    return aka_f2345(algorithm, rand, answer->res, answer->ck, answer->ik, ak);
}

static enum naa_result naa_check(struct fs *fs, struct fs_naa *naa, const struct aka_algorithm *algorithm,
                                 const uint8_t *rand, struct span autn, bool gba, struct naa_answer *answer)
{
    uint8_t ak[AKA_AK_SIZE], xmac[AKA_OUTPUT_MAX];
    struct token token;
    bool ok = naa_run(algorithm, rand, ak, answer) && open_autn(algorithm, autn, ak, gba, answer, &token) &&
              aka_f1(algorithm, false, rand, token.sqn, token.amf, xmac);

    OPENSSL_cleanse(ak, sizeof(ak));
    if (!ok)
        return NAA_FAILED;
    if (CRYPTO_memcmp(xmac, token.mac, algorithm->mac_size) != 0)
        return NAA_MAC_FAILURE;
    if (!is_acceptable(fs, naa, algorithm, &token))
        return synchronise(fs, naa, algorithm, rand, answer);
    return accept_sqn(fs, naa, span_number(SPAN_ARRAY(token.sqn))) ? NAA_OK : NAA_NOT_STORED;
}

enum naa_result naa_authenticate(struct fs *fs, struct fs_naa *naa, const uint8_t rand[AKA_RAND_SIZE],
                                 struct span autn, bool gba, struct naa_answer *answer)
{
    struct aka_algorithm algorithm;
    enum naa_result result = NAA_NO_KEYS;

    memset(answer, 0, sizeof(*answer));
    if (naa_algorithm(fs, naa, &algorithm))
        result =
            autn.size == AKA_SQN_SIZE + AKA_AMF_SIZE + algorithm.mac_size ? count_use(fs, naa) : NAA_BAD_AUTN;
    if (result == NAA_OK)
        result = naa_check(fs, naa, &algorithm, rand, autn, gba, answer);
    OPENSSL_cleanse(&algorithm, sizeof(algorithm));
    return result;
}

enum naa_result naa_recall(const struct fs *fs, struct fs_naa *naa, const uint8_t rand[AKA_RAND_SIZE],
                           struct naa_answer *answer)
{
    struct aka_algorithm algorithm;
    enum naa_result result = NAA_NO_KEYS;

    memset(answer, 0, sizeof(*answer));
    if (naa_algorithm(fs, naa, &algorithm))
        result = naa_run(&algorithm, rand, NULL, answer) ? NAA_OK : NAA_FAILED;
    OPENSSL_cleanse(&algorithm, sizeof(algorithm));
    return result;
}

enum naa_result naa_answer_rand(struct fs *fs, struct fs_naa *naa, const uint8_t rand[AKA_RAND_SIZE],
                                struct naa_answer *answer)
{
    struct aka_algorithm algorithm;
    enum naa_result result = NAA_NO_KEYS;

    memset(answer, 0, sizeof(*answer));
    if (naa_algorithm(fs, naa, &algorithm))
        result = count_use(fs, naa);
    OPENSSL_cleanse(&algorithm, sizeof(algorithm));
    return result == NAA_OK ? naa_recall(fs, naa, rand, answer) : result;
}

/* --- conversion ------------------------------------------------------------------------------------- */

static void fold(const uint8_t *octets, size_t size, uint8_t *out, size_t out_size)
{
    for (size_t i = 0; i < size; i++)
        out[i % out_size] ^= octets[i];
}

void naa_sres(const struct naa_answer *answer, uint8_t sres[NAA_SRES_SIZE])
{
    memset(sres, 0, NAA_SRES_SIZE);
    fold(answer->res, answer->res_size, sres, NAA_SRES_SIZE);
}

void naa_kc(const struct naa_answer *answer, uint8_t kc[NAA_KC_SIZE])
{
    memset(kc, 0, NAA_KC_SIZE);
    fold(answer->ck, answer->ck_size, kc, NAA_KC_SIZE);
    fold(answer->ik, answer->ik_size, kc, NAA_KC_SIZE);
}
