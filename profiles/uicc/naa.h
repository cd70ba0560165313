/*
 * A network access application's authentication (3GPP TS 33.102 6.3, Annex C): the algorithm with its keys,
 * AUTN, the window of sequence numbers, AUTS, and the conversion to GSM (6.8.1.2). What a command says, and
 * what a terminal may ask for, is uicc_auth.c's.
 */
#ifndef SOFTEUICC_PROFILES_UICC_NAA_H
#define SOFTEUICC_PROFILES_UICC_NAA_H

#include "crypto/aka.h"
#include "profiles/fs.h"

enum { NAA_SRES_SIZE = 4, NAA_KC_SIZE = 8 };

/* AKAParameter.sqnOptions. Reading: bit 1 applies sqnAgeLimit, bit 2 (the default) applies sqnDelta, the
 * protection against wrap around; further bits are ignored. */
enum { NAA_SQN_AGE_LIMIT = 0x01, NAA_SQN_DELTA = 0x02 };

/* MappingParameter.mappingOptions. Reading: algorithm, keys and authentication counter are always those of
 * the source; bit 2 shares its sequence numbers, bit 3 what they are checked by (options, delta, age limit).
 */
enum { NAA_MAPPED_SQN = 0x02, NAA_MAPPED_SQN_RULES = 0x04 };

enum naa_result {
    NAA_OK = 0,
    NAA_MAC_FAILURE,
    NAA_SYNCHRONISATION_FAILURE, /* the answer holds AUTS */
    NAA_EXHAUSTED,               /* authCounterMax is reached */
    NAA_BAD_AUTN,                /* not of the size that the algorithm gives it */
    NAA_NO_KEYS,                 /* see naa_algorithm */
    NAA_NOT_STORED,              /* the sequence number or the counter */
    NAA_FAILED,                  /* OpenSSL */
};

struct naa_answer {
    uint8_t res[AKA_OUTPUT_MAX], ck[AKA_OUTPUT_MAX], ik[AKA_OUTPUT_MAX];
    uint8_t auts[AKA_SQN_SIZE + AKA_OUTPUT_MAX];
    size_t res_size, ck_size, ik_size, auts_size;
};

/* Fills in the algorithm of an application, mapping followed; the caller wipes it. False when the mapping
 * leads nowhere, or the parameters are none of a known algorithm. */
bool naa_algorithm(const struct fs *fs, struct fs_naa *naa, struct aka_algorithm *algorithm);

/*
 * Authentication and key agreement. `gba` says that AUTN carries MAC* of GBA_U (TS 33.220 5.3.2). An accepted
 * sequence number is stored before this returns NAA_OK. The caller wipes the answer.
 */
enum naa_result naa_authenticate(struct fs *fs, struct fs_naa *naa, const uint8_t rand[AKA_RAND_SIZE],
                                 struct span autn, bool gba, struct naa_answer *answer);

/* RES, CK and IK of a challenge that nobody vouches for; it counts against authCounterMax. */
enum naa_result naa_answer_rand(struct fs *fs, struct fs_naa *naa, const uint8_t rand[AKA_RAND_SIZE],
                                struct naa_answer *answer);

/* The keys of a challenge that was accepted before, once more: not counted. */
enum naa_result naa_recall(const struct fs *fs, struct fs_naa *naa, const uint8_t rand[AKA_RAND_SIZE],
                           struct naa_answer *answer);

/* Conversion functions c2 (RES to SRES) and c3 (CK, IK to Kc). Reading: of outputs longer than those of the
 * specification (TUAK) all words are combined. */
void naa_sres(const struct naa_answer *answer, uint8_t sres[NAA_SRES_SIZE]);
void naa_kc(const struct naa_answer *answer, uint8_t kc[NAA_KC_SIZE]);

/* Whether an application accepts SEQ || IND now: TS 33.102 C.2. Changes nothing. */
bool naa_is_fresh(const struct fs *fs, struct fs_naa *naa, uint64_t sqn);

/* SQN_MS: the highest SEQ || IND accepted so far, 0 while none was. */
uint64_t naa_highest_sqn(const struct fs *fs, struct fs_naa *naa);

#endif
