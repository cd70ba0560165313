/* The algorithms behind aka.h; for crypto/aka.c, milenage.c and tuak.c only. */
#ifndef SOFTEUICC_CRYPTO_AKA_INTERNAL_H
#define SOFTEUICC_CRYPTO_AKA_INTERNAL_H

#include "crypto/aka.h"

/* What an algorithm has. Meaning, sizes and what may be NULL as in aka.h. */
struct aka_functions {
    bool (*f1)(const struct aka_algorithm *algorithm, bool star, const uint8_t *rand, const uint8_t *sqn,
               const uint8_t *amf, uint8_t *mac);
    bool (*f2345)(const struct aka_algorithm *algorithm, const uint8_t *rand, uint8_t *res, uint8_t *ck,
                  uint8_t *ik, uint8_t *ak);
    bool (*f5_star)(const struct aka_algorithm *algorithm, const uint8_t *rand, uint8_t *ak);
};

extern const struct aka_functions aka_milenage, aka_tuak;

#endif
