/*
 * TUAK (3GPP TS 35.231 6 and 7) on Keccak-f[1600]. Fields stand in the state with their octets reversed: the
 * specification numbers bits from the least significant one of an octet. See aka.h.
 */
#include "crypto/aka_internal.h"
#include "crypto/keccak.h"

#include <openssl/crypto.h>
#include <string.h>

/* Where the fields of IN and OUT begin, in octets (TS 35.231 6.1 to 6.5). */
enum {
    IN_TOP = 0,
    IN_INSTANCE = 32,
    IN_ALGONAME = 33,
    IN_RAND = 40,
    IN_AMF = 56,
    IN_SQN = 58,
    IN_KEY = 64,
    IN_PADDING = 96,
    IN_PADDING_END = 135,
    OUT_MAC = 0,
    OUT_RES = 0,
    OUT_CK = 32,
    OUT_IK = 64,
    OUT_AK = 96,
};

/* INSTANCE, most significant bit first: two bits for the function, three for the size of MAC or RES, CK, IK,
 * key. */
enum {
    INSTANCE_F1 = 0x00,
    INSTANCE_F1_STAR = 0x80,
    INSTANCE_F2345 = 0x40,
    INSTANCE_F5_STAR = 0xC0,
    INSTANCE_CK_256 = 0x04,
    INSTANCE_IK_256 = 0x02,
    INSTANCE_KEY_256 = 0x01,
};

static void tuak_put(uint8_t *state, size_t at, const uint8_t *octets, size_t size)
{
    for (size_t i = 0; i < size; i++)
        state[at + i] = octets[size - 1 - i];
}

static void get(const uint8_t *state, size_t at, uint8_t *octets, size_t size)
{
    for (size_t i = 0; i < size; i++)
        octets[i] = state[at + size - 1 - i];
}

/* The size field: 32 bits 000, 64 bits 001, 128 bits 010, 256 bits 100. */
static uint8_t size_bits(size_t octets)
{
    return octets == 8 ? 0x08 : octets == 16 ? 0x10 : octets == 32 ? 0x20 : 0x00;
}

/* Fills IN and permutes it; sqn and amf may be NULL (zero). */
static void tuak_run(const struct aka_algorithm *algorithm, uint8_t instance, const uint8_t *rand,
                     const uint8_t *sqn, const uint8_t *amf, uint8_t state[KECCAK_STATE_SIZE])
{
    static const uint8_t name[7] = {'T', 'U', 'A', 'K', '1', '.', '0'};

    memset(state, 0, KECCAK_STATE_SIZE);
    tuak_put(state, IN_TOP, algorithm->opc, 32);
    state[IN_INSTANCE] = algorithm->key_size == 32 ? instance | INSTANCE_KEY_256 : instance;
    tuak_put(state, IN_ALGONAME, name, sizeof(name));
    tuak_put(state, IN_RAND, rand, AKA_RAND_SIZE);
    if (amf != NULL)
        tuak_put(state, IN_AMF, amf, AKA_AMF_SIZE);
    if (sqn != NULL)
        tuak_put(state, IN_SQN, sqn, AKA_SQN_SIZE);
    tuak_put(state, IN_KEY, algorithm->key, algorithm->key_size);
    state[IN_PADDING] = 0x1F;
    state[IN_PADDING_END] = 0x80;
    for (unsigned i = 0; i < algorithm->keccak_count; i++)
        keccak_f1600(state);
}

static bool tuak_f1(const struct aka_algorithm *algorithm, bool star, const uint8_t *rand, const uint8_t *sqn,
                    const uint8_t *amf, uint8_t *mac)
{
    uint8_t state[KECCAK_STATE_SIZE];
    uint8_t instance = (uint8_t)((star ? INSTANCE_F1_STAR : INSTANCE_F1) | size_bits(algorithm->mac_size));

    tuak_run(algorithm, instance, rand, sqn, amf, state);
    get(state, OUT_MAC, mac, algorithm->mac_size);
    OPENSSL_cleanse(state, sizeof(state));
    return true;
}

static bool tuak_f2345(const struct aka_algorithm *algorithm, const uint8_t *rand, uint8_t *res, uint8_t *ck,
                       uint8_t *ik, uint8_t *ak)
{
    uint8_t state[KECCAK_STATE_SIZE];
    uint8_t instance = (uint8_t)(INSTANCE_F2345 | size_bits(algorithm->res_size));

    if (algorithm->ck_size == 32)
        instance |= INSTANCE_CK_256;
    if (algorithm->ik_size == 32)
        instance |= INSTANCE_IK_256;
    tuak_run(algorithm, instance, rand, NULL, NULL, state);
    if (res != NULL)
        get(state, OUT_RES, res, algorithm->res_size);
    if (ck != NULL)
        get(state, OUT_CK, ck, algorithm->ck_size);
    if (ik != NULL)
        get(state, OUT_IK, ik, algorithm->ik_size);
    if (ak != NULL)
        get(state, OUT_AK, ak, AKA_AK_SIZE);
    OPENSSL_cleanse(state, sizeof(state));
    return true;
}

static bool tuak_f5_star(const struct aka_algorithm *algorithm, const uint8_t *rand, uint8_t *ak)
{
    uint8_t state[KECCAK_STATE_SIZE];

    tuak_run(algorithm, INSTANCE_F5_STAR, rand, NULL, NULL, state);
    get(state, OUT_AK, ak, AKA_AK_SIZE);
    OPENSSL_cleanse(state, sizeof(state));
    return true;
}

const struct aka_functions aka_tuak = {tuak_f1, tuak_f2345, tuak_f5_star};
