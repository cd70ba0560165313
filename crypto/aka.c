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
static bool xor_f1(const struct aka_algorithm *algorithm, bool star, const uint8_t *rand, const uint8_t *sqn,
                   const uint8_t *amf, uint8_t *mac)
{
    uint8_t out[16];

    (void)star;
    xor_output(algorithm, rand, out);
    for (size_t i = 0; i < 8; i++)
        mac[i] = out[i] ^ (i < AKA_SQN_SIZE ? sqn[i] : amf[i - AKA_SQN_SIZE]);
    OPENSSL_cleanse(out, sizeof(out));
    return true;
}

static bool xor_f2345(const struct aka_algorithm *algorithm, const uint8_t *rand, uint8_t *res, uint8_t *ck,
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
    return true;
}

static bool xor_f5_star(const struct aka_algorithm *algorithm, const uint8_t *rand, uint8_t *ak)
{
    return xor_f2345(algorithm, rand, NULL, NULL, NULL, ak);
}

/* NULL: there is no such algorithm. */
static const struct aka_functions *functions_of(const struct aka_algorithm *algorithm)
{
    static const struct aka_functions test_algorithm = {xor_f1, xor_f2345, xor_f5_star};

    switch (algorithm->kind) {
    case AKA_MILENAGE:
        return &aka_milenage;
    case AKA_TUAK:
        return &aka_tuak;
    case AKA_XOR:
        return &test_algorithm;
    }
    return NULL;
}

bool aka_f1(const struct aka_algorithm *algorithm, bool star, const uint8_t rand[AKA_RAND_SIZE],
            const uint8_t sqn[AKA_SQN_SIZE], const uint8_t amf[AKA_AMF_SIZE], uint8_t mac[AKA_OUTPUT_MAX])
{
    const struct aka_functions *functions = functions_of(algorithm);

    return functions != NULL && functions->f1(algorithm, star, rand, sqn, amf, mac);
}

bool aka_f2345(const struct aka_algorithm *algorithm, const uint8_t rand[AKA_RAND_SIZE],
               uint8_t res[AKA_OUTPUT_MAX], uint8_t ck[AKA_OUTPUT_MAX], uint8_t ik[AKA_OUTPUT_MAX],
               uint8_t ak[AKA_AK_SIZE])
{
    const struct aka_functions *functions = functions_of(algorithm);

    return functions != NULL && functions->f2345(algorithm, rand, res, ck, ik, ak);
}

bool aka_f5_star(const struct aka_algorithm *algorithm, const uint8_t rand[AKA_RAND_SIZE],
                 uint8_t ak[AKA_AK_SIZE])
{
    const struct aka_functions *functions = functions_of(algorithm);

    return functions != NULL && functions->f5_star(algorithm, rand, ak);
}
