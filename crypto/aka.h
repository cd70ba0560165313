/*
 * Network authentication functions f1 to f5 and their starred forms (3GPP TS 33.102 6.3): Milenage with any
 * constants (TS 35.206), TUAK (TS 35.231) and the XOR test algorithm (TS 34.108 8.1.2). Keys in, octets out;
 * sequence numbers and answers are somebody else's.
 */
#ifndef SOFTEUICC_CRYPTO_AKA_H
#define SOFTEUICC_CRYPTO_AKA_H

#include "apdu/bytes.h"

enum aka_kind { AKA_MILENAGE = 1, AKA_TUAK = 2, AKA_XOR = 3 }; /* algorithmID of the profile package */

enum {
    AKA_RAND_SIZE = 16,
    AKA_SQN_SIZE = 6,
    AKA_AMF_SIZE = 2,
    AKA_AK_SIZE = 6,
    AKA_OUTPUT_MAX = 32, /* MAC, RES, CK and IK of TUAK have up to 256 bits */
};

struct aka_algorithm {
    enum aka_kind kind;
    uint8_t key[32];
    size_t key_size; /* octets: 16, TUAK also 32 */
    uint8_t opc[32]; /* OPc (16 octets), TOPc (32 octets); XOR: unused */
    /* Milenage r1 to r5 (bits, 0 to 127) and c1 to c5; aka_milenage_constants sets the standard ones. */
    uint8_t rotation[5];
    uint8_t xoring[5][16];
    /* Sizes in octets. Milenage: 8, 8, 16, 16. TUAK: MAC 8, 16, 32; RES 4, 8, 16, 32; CK and IK 16, 32.
     * XOR: MAC 8, RES 4 to 16, CK and IK 16. */
    size_t mac_size, res_size, ck_size, ik_size;
    unsigned keccak_count; /* TUAK: iterations of the permutation, 1 or more */
};

/* The sizes of Milenage and the constants of TS 35.206 4.1. */
void aka_milenage_constants(struct aka_algorithm *algorithm);

/* f1 (star: f1*): mac_size octets. This and the others: false when OpenSSL failed. */
bool aka_f1(const struct aka_algorithm *algorithm, bool star, const uint8_t rand[AKA_RAND_SIZE],
            const uint8_t sqn[AKA_SQN_SIZE], const uint8_t amf[AKA_AMF_SIZE], uint8_t mac[AKA_OUTPUT_MAX]);

/* f2, f3, f4 and f5. Each pointer may be NULL. */
bool aka_f2345(const struct aka_algorithm *algorithm, const uint8_t rand[AKA_RAND_SIZE],
               uint8_t res[AKA_OUTPUT_MAX], uint8_t ck[AKA_OUTPUT_MAX], uint8_t ik[AKA_OUTPUT_MAX],
               uint8_t ak[AKA_AK_SIZE]);

bool aka_f5_star(const struct aka_algorithm *algorithm, const uint8_t rand[AKA_RAND_SIZE],
                 uint8_t ak[AKA_AK_SIZE]);

#endif
