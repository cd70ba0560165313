/* crypto/aka.c, milenage.c, tuak.c, keccak.c against the published conformance data, and Milenage with odd
 * constants. */
#include "crypto/aka.h"
#include "crypto/keccak.h"
#include "tests/crypto/aka_vectors.h"
#include "tests/support/test.h"

#include <openssl/evp.h>

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct aka_algorithm algorithm_of(enum aka_kind kind, const char *key)
{
    struct aka_algorithm algorithm = {.kind = kind, .keccak_count = 1};
    struct span octets = hex(key);

    memcpy(algorithm.key, octets.data, octets.size);
    algorithm.key_size = octets.size;
    return algorithm;
}

/* OPc = E_K(OP) ^ OP: TS 35.206 8.2. */
static void derive_opc(struct aka_algorithm *algorithm, const uint8_t *op)
{
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    int size = 0;

    ck_assert_int_eq(EVP_EncryptInit_ex(cipher, EVP_aes_128_ecb(), NULL, algorithm->key, NULL), 1);
    ck_assert_int_eq(EVP_EncryptUpdate(cipher, algorithm->opc, &size, op, 16), 1);
    for (size_t i = 0; i < 16; i++)
        algorithm->opc[i] ^= op[i];
    EVP_CIPHER_CTX_free(cipher);
}

static void put_reversed(uint8_t *at, const void *octets, size_t size)
{
    for (size_t i = 0; i < size; i++)
        at[i] = ((const uint8_t *)octets)[size - 1 - i];
}

/* TOPc, TS 35.231 6.1: TOP, INSTANCE, ALGONAME, key, padding. */
static void derive_topc(struct aka_algorithm *algorithm, const uint8_t *top)
{
    uint8_t state[KECCAK_STATE_SIZE] = {0};

    put_reversed(state, top, 32);
    state[32] = algorithm->key_size == 32;
    put_reversed(state + 33, "TUAK1.0", 7);
    put_reversed(state + 64, algorithm->key, algorithm->key_size);
    state[96] = 0x1F;
    state[135] = 0x80;
    for (unsigned i = 0; i < algorithm->keccak_count; i++)
        keccak_f1600(state);
    put_reversed(algorithm->opc, state, 32);
}

START_TEST(milenage_conforms)
{
    for (size_t i = 0; i < COUNT(milenage_vectors); i++) {
        struct aka_algorithm algorithm = algorithm_of(AKA_MILENAGE, milenage_vectors[i].k);
        const uint8_t *rand = hex(milenage_vectors[i].rand).data;
        const uint8_t *sqn = hex(milenage_vectors[i].sqn).data;
        const uint8_t *amf = hex(milenage_vectors[i].amf).data;
        uint8_t mac[AKA_OUTPUT_MAX], res[AKA_OUTPUT_MAX], ck[AKA_OUTPUT_MAX], ik[AKA_OUTPUT_MAX],
            ak[AKA_AK_SIZE];

        aka_milenage_constants(&algorithm);
        derive_opc(&algorithm, hex(milenage_vectors[i].op).data);
        ck_assert_hex(SPAN(algorithm.opc, 16), milenage_vectors[i].opc);
        ck_assert(aka_f1(&algorithm, false, rand, sqn, amf, mac));
        ck_assert_hex(SPAN(mac, algorithm.mac_size), milenage_vectors[i].f1);
        ck_assert(aka_f1(&algorithm, true, rand, sqn, amf, mac));
        ck_assert_hex(SPAN(mac, algorithm.mac_size), milenage_vectors[i].f1_star);
        ck_assert(aka_f2345(&algorithm, rand, res, ck, ik, ak));
        ck_assert_hex(SPAN(res, algorithm.res_size), milenage_vectors[i].f2);
        ck_assert_hex(SPAN(ck, algorithm.ck_size), milenage_vectors[i].f3);
        ck_assert_hex(SPAN(ik, algorithm.ik_size), milenage_vectors[i].f4);
        ck_assert_hex(SPAN(ak, AKA_AK_SIZE), milenage_vectors[i].f5);
        ck_assert(aka_f5_star(&algorithm, rand, ak));
        ck_assert_hex(SPAN(ak, AKA_AK_SIZE), milenage_vectors[i].f5_star);
    }
}
END_TEST

/* Rotating by eight bits and shifting the constant's place must agree with doing the same by hand: OUT of one
 * function equals that of another one that was given the same r and c. */
START_TEST(milenage_takes_any_constants)
{
    struct aka_algorithm algorithm = algorithm_of(AKA_MILENAGE, milenage_vectors[0].k);
    const uint8_t *rand = hex(milenage_vectors[0].rand).data;
    uint8_t standard_ck[AKA_OUTPUT_MAX], ck[AKA_OUTPUT_MAX], ik[AKA_OUTPUT_MAX], other[AKA_OUTPUT_MAX];

    aka_milenage_constants(&algorithm);
    memcpy(algorithm.opc, hex(milenage_vectors[0].opc).data, 16);
    ck_assert(aka_f2345(&algorithm, rand, NULL, standard_ck, NULL, NULL));
    for (unsigned bits = 0; bits < 128; bits++) {
        algorithm.rotation[2] = algorithm.rotation[3] = (uint8_t)bits;
        memset(algorithm.xoring[2], (int)bits, 16);
        memcpy(algorithm.xoring[3], algorithm.xoring[2], 16);
        ck_assert(aka_f2345(&algorithm, rand, NULL, ck, ik, NULL));
        ck_assert_mem_eq(ck, ik, 16);
        ck_assert_mem_ne(ck, standard_ck, 16);
        if (bits > 0)
            ck_assert_mem_ne(ck, other, 16);
        memcpy(other, ck, 16);
    }
}
END_TEST

START_TEST(keccak_conforms)
{
    for (size_t i = 0; i < COUNT(keccak_vectors); i++) {
        uint8_t state[KECCAK_STATE_SIZE];

        memcpy(state, hex(keccak_vectors[i].in).data, sizeof(state));
        keccak_f1600(state);
        ck_assert_hex(SPAN_ARRAY(state), keccak_vectors[i].out);
    }
}
END_TEST

START_TEST(tuak_f1_conforms)
{
    for (size_t i = 0; i < COUNT(tuak_f1_vectors); i++) {
        struct aka_algorithm algorithm = algorithm_of(AKA_TUAK, tuak_f1_vectors[i].k);
        const uint8_t *rand = hex(tuak_f1_vectors[i].rand).data;
        const uint8_t *sqn = hex(tuak_f1_vectors[i].sqn).data;
        const uint8_t *amf = hex(tuak_f1_vectors[i].amf).data;
        uint8_t mac[AKA_OUTPUT_MAX];

        algorithm.keccak_count = tuak_f1_vectors[i].iterations;
        algorithm.mac_size = strlen(tuak_f1_vectors[i].f1) / 2;
        derive_topc(&algorithm, hex(tuak_f1_vectors[i].top).data);
        ck_assert_hex(SPAN(algorithm.opc, 32), tuak_f1_vectors[i].topc);
        ck_assert(aka_f1(&algorithm, false, rand, sqn, amf, mac));
        ck_assert_hex(SPAN(mac, algorithm.mac_size), tuak_f1_vectors[i].f1);
        ck_assert(aka_f1(&algorithm, true, rand, sqn, amf, mac));
        ck_assert_hex(SPAN(mac, algorithm.mac_size), tuak_f1_vectors[i].f1_star);
    }
}
END_TEST

START_TEST(tuak_f2345_conforms)
{
    for (size_t i = 0; i < COUNT(tuak_f2345_vectors); i++) {
        struct aka_algorithm algorithm = algorithm_of(AKA_TUAK, tuak_f2345_vectors[i].k);
        const uint8_t *rand = hex(tuak_f2345_vectors[i].rand).data;
        uint8_t res[AKA_OUTPUT_MAX], ck[AKA_OUTPUT_MAX], ik[AKA_OUTPUT_MAX], ak[AKA_AK_SIZE];

        algorithm.keccak_count = tuak_f2345_vectors[i].iterations;
        algorithm.res_size = strlen(tuak_f2345_vectors[i].f2) / 2;
        algorithm.ck_size = strlen(tuak_f2345_vectors[i].f3) / 2;
        algorithm.ik_size = strlen(tuak_f2345_vectors[i].f4) / 2;
        derive_topc(&algorithm, hex(tuak_f2345_vectors[i].top).data);
        ck_assert(aka_f2345(&algorithm, rand, res, ck, ik, ak));
        ck_assert_hex(SPAN(res, algorithm.res_size), tuak_f2345_vectors[i].f2);
        ck_assert_hex(SPAN(ck, algorithm.ck_size), tuak_f2345_vectors[i].f3);
        ck_assert_hex(SPAN(ik, algorithm.ik_size), tuak_f2345_vectors[i].f4);
        ck_assert_hex(SPAN(ak, AKA_AK_SIZE), tuak_f2345_vectors[i].f5);
        ck_assert(aka_f5_star(&algorithm, rand, ak));
        ck_assert_hex(SPAN(ak, AKA_AK_SIZE), tuak_f2345_vectors[i].f5_star);
    }
}
END_TEST

/* Worked out by hand from 3GPP TS 34.108 8.1.2. */
START_TEST(the_test_algorithm_is_xor)
{
    struct aka_algorithm algorithm = algorithm_of(AKA_XOR, "000102030405060708090A0B0C0D0E0F");
    const uint8_t *rand = hex("F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0").data;
    uint8_t mac[AKA_OUTPUT_MAX], res[AKA_OUTPUT_MAX], ck[AKA_OUTPUT_MAX], ik[AKA_OUTPUT_MAX], ak[AKA_AK_SIZE];

    algorithm.mac_size = 8;
    algorithm.res_size = 16;
    algorithm.ck_size = algorithm.ik_size = 16;
    ck_assert(aka_f1(&algorithm, false, rand, hex("000000000001").data, hex("8000").data, mac));
    ck_assert_hex(SPAN(mac, 8), "F0F1F2F3F4F476F7");
    ck_assert(aka_f2345(&algorithm, rand, res, ck, ik, ak));
    ck_assert_hex(SPAN(res, 16), "F0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF");
    ck_assert_hex(SPAN(ck, 16), "F1F2F3F4F5F6F7F8F9FAFBFCFDFEFFF0");
    ck_assert_hex(SPAN(ik, 16), "F2F3F4F5F6F7F8F9FAFBFCFDFEFFF0F1");
    ck_assert_hex(SPAN(ak, 6), "F3F4F5F6F7F8");
    ck_assert(aka_f5_star(&algorithm, rand, ak));
    ck_assert_hex(SPAN(ak, 6), "F3F4F5F6F7F8");
}
END_TEST

TEST_MAIN("aka", milenage_conforms, milenage_takes_any_constants, keccak_conforms, tuak_f1_conforms,
          tuak_f2345_conforms, the_test_algorithm_is_xor)
