/* The algorithms behind aka.h; for crypto/aka.c, milenage.c and tuak.c only. Meaning and sizes as there. */
#ifndef SOFTEUICC_CRYPTO_AKA_INTERNAL_H
#define SOFTEUICC_CRYPTO_AKA_INTERNAL_H

#include "crypto/aka.h"

bool milenage_derive_opc(const struct aka_algorithm *algorithm, const uint8_t *op, uint8_t *opc);
bool milenage_f1(const struct aka_algorithm *algorithm, bool star, const uint8_t *rand, const uint8_t *sqn,
                 const uint8_t *amf, uint8_t *mac);
bool milenage_f2345(const struct aka_algorithm *algorithm, const uint8_t *rand, uint8_t *res, uint8_t *ck,
                    uint8_t *ik, uint8_t *ak);
bool milenage_f5_star(const struct aka_algorithm *algorithm, const uint8_t *rand, uint8_t *ak);

void tuak_derive_topc(const struct aka_algorithm *algorithm, const uint8_t *top, uint8_t *topc);
void tuak_f1(const struct aka_algorithm *algorithm, bool star, const uint8_t *rand, const uint8_t *sqn,
             const uint8_t *amf, uint8_t *mac);
void tuak_f2345(const struct aka_algorithm *algorithm, const uint8_t *rand, uint8_t *res, uint8_t *ck,
                uint8_t *ik, uint8_t *ak);
void tuak_f5_star(const struct aka_algorithm *algorithm, const uint8_t *rand, uint8_t *ak);

#endif
