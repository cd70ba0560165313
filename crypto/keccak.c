/* Keccak-f[1600]: see keccak.h. Written after FIPS 202 3.2 and 3.3, step by step; no table depends on
 * secrets. */
#include "crypto/keccak.h"

#include <openssl/crypto.h>
#include <stddef.h>

enum { ROUNDS = 24, LANES = 25 };

static uint64_t keccak_rotate(uint64_t lane, unsigned bits)
{
    return bits == 0 ? lane : lane << bits | lane >> (64 - bits);
}

/* Round constants come from the linear feedback shift register of FIPS 202 3.2.5. */
static uint64_t round_constant(unsigned *lfsr)
{
    uint64_t constant = 0;

    for (unsigned j = 0; j <= 6; j++) {
        if ((*lfsr & 1) != 0)
            constant |= (uint64_t)1 << ((1u << j) - 1);
        *lfsr = *lfsr << 1 ^ ((*lfsr & 0x80) != 0 ? 0x171 : 0);
    }
    return constant;
}

static void theta(uint64_t a[LANES])
{
    uint64_t column[5];

    for (unsigned x = 0; x < 5; x++)
        column[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
    for (unsigned i = 0; i < LANES; i++)
        a[i] ^= column[(i + 4) % 5] ^ keccak_rotate(column[(i + 1) % 5], 1);
}

static void rho_and_pi(uint64_t a[LANES])
{
    unsigned x = 1, y = 0;
    uint64_t moving = a[1];

    for (unsigned t = 0; t < 24; t++) {
        unsigned next = (2 * x + 3 * y) % 5;
        uint64_t displaced;

        x = y;
        y = next;
        displaced = a[x + 5 * y];
        a[x + 5 * y] = keccak_rotate(moving, (t + 1) * (t + 2) / 2 % 64);
        moving = displaced;
    }
}

static void chi(uint64_t a[LANES])
{
    for (unsigned y = 0; y < LANES; y += 5) {
        uint64_t row[5];

        for (unsigned x = 0; x < 5; x++)
            row[x] = a[y + x];
        for (unsigned x = 0; x < 5; x++)
            a[y + x] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5]);
    }
}

void keccak_f1600(uint8_t state[KECCAK_STATE_SIZE])
{
    uint64_t a[LANES] = {0};
    unsigned lfsr = 1;

    for (size_t i = 0; i < KECCAK_STATE_SIZE; i++)
        a[i / 8] |= (uint64_t)state[i] << (8 * (i % 8));
    for (unsigned round = 0; round < ROUNDS; round++) {
        theta(a);
        rho_and_pi(a);
        chi(a);
        a[0] ^= round_constant(&lfsr);
    }
    for (size_t i = 0; i < KECCAK_STATE_SIZE; i++)
        state[i] = (uint8_t)(a[i / 8] >> (8 * (i % 8)));
    OPENSSL_cleanse(a, sizeof(a));
}
