/* Network authentication functions: which algorithm, and the XOR test algorithm (3GPP TS 34.108 8.1.2). See
 * aka.h. */
#include "crypto/aka_internal.h"

#include <openssl/crypto.h>
#include <string.h>

/* XDOUT = K ^ RAND. RES is its beginning, CK and IK are it rotated by one and two octets, AK its octets 3
 * to 8. */
static void xor_output(const struct aka_algorithm *algorithm, const uint8_t *rand, uint8_t out[16])
{
    for (size_t i = 0; i < 16; i++)
        out[i] = algorithm->key[i] ^ rand[i];
}

/* Reading: f1* of the test algorithm is f1 (the specification gives one MAC). */
static void xor_f1(const struct aka_algorithm *algorithm, const uint8_t *rand, const uint8_t *sqn,
                   const uint8_t *amf, uint8_t *mac)
{
    uint8_t out[16];

    xor_output(algorithm, rand, out);
    for (size_t i = 0; i < 8; i++)
        mac[i] = out[i] ^ (i < AKA_SQN_SIZE ? sqn[i] : amf[i - AKA_SQN_SIZE]);
    OPENSSL_cleanse(out, sizeof(out));
}

static void xor_f2345(const struct aka_algorithm *algorithm, const uint8_t *rand, uint8_t *res, uint8_t *ck,
                      uint8_t *ik, uint8_t *ak)
{
    uint8_t out[16];

    xor_output(algorithm, rand, out);
    if (res != NULL)
        memcpy(res, out, algorithm->res_size);
    for (size_t i = 0; i < 16; i++) {
        if (ck != NULL)
            ck[i] = out[(i + 1) % 16];
        if (ik != NULL)
            ik[i] = out[(i + 2) % 16];
    }
    if (ak != NULL)
        memcpy(ak, out + 3, AKA_AK_SIZE);
    OPENSSL_cleanse(out, sizeof(out));
}

bool aka_derive_opc(const struct aka_algorithm *algorithm, const uint8_t *op, uint8_t *opc)
{
    switch (algorithm->kind) {
    case AKA_MILENAGE:
        return milenage_derive_opc(algorithm, op, opc);
    case AKA_TUAK:
        tuak_derive_topc(algorithm, op, opc);
        return true;
    case AKA_XOR:
        break;
    }
    return false;
}

bool aka_f1(const struct aka_algorithm *algorithm, bool star, const uint8_t rand[AKA_RAND_SIZE],
            const uint8_t sqn[AKA_SQN_SIZE], const uint8_t amf[AKA_AMF_SIZE], uint8_t mac[AKA_OUTPUT_MAX])
{
    switch (algorithm->kind) {
    case AKA_MILENAGE:
        return milenage_f1(algorithm, star, rand, sqn, amf, mac);
    case AKA_TUAK:
        tuak_f1(algorithm, star, rand, sqn, amf, mac);
        return true;
    case AKA_XOR:
        xor_f1(algorithm, rand, sqn, amf, mac);
        return true;
    }
    return false;
}

bool aka_f2345(const struct aka_algorithm *algorithm, const uint8_t rand[AKA_RAND_SIZE],
               uint8_t res[AKA_OUTPUT_MAX], uint8_t ck[AKA_OUTPUT_MAX], uint8_t ik[AKA_OUTPUT_MAX],
               uint8_t ak[AKA_AK_SIZE])
{
    switch (algorithm->kind) {
    case AKA_MILENAGE:
        return milenage_f2345(algorithm, rand, res, ck, ik, ak);
    case AKA_TUAK:
        tuak_f2345(algorithm, rand, res, ck, ik, ak);
        return true;
    case AKA_XOR:
        xor_f2345(algorithm, rand, res, ck, ik, ak);
        return true;
    }
    return false;
}

bool aka_f5_star(const struct aka_algorithm *algorithm, const uint8_t rand[AKA_RAND_SIZE],
                 uint8_t ak[AKA_AK_SIZE])
{
    switch (algorithm->kind) {
    case AKA_MILENAGE:
        return milenage_f5_star(algorithm, rand, ak);
    case AKA_TUAK:
        tuak_f5_star(algorithm, rand, ak);
        return true;
    case AKA_XOR:
        xor_f2345(algorithm, rand, NULL, NULL, NULL, ak);
        return true;
    }
    return false;
}
