/*
 * Builds TCA profile packages: complete, plausible subscriptions (MF, telecom, USIM, ISIM, 5G, keys, PINs,
 * operator security domain, remote file management) from a few values. For `softeuicc profile make` and for
 * tests; a card never builds one.
 */
#ifndef SOFTEUICC_PROFILES_SAIP_SAIP_BUILD_H
#define SOFTEUICC_PROFILES_SAIP_SAIP_BUILD_H

#include "profiles/saip/saip.h"

/* What a package is made from. saip_recipe_default fills every field; change what matters. */
struct saip_recipe {
    const char *iccid;         /* see apdu/iccid.h */
    const char *imsi;          /* 6 to 15 digits, beginning with MCC and MNC */
    unsigned mnc_size;         /* digits of the MNC: 2 or 3 */
    const char *profile_type;  /* free text of the header, 1 to 100 octets */
    const char *operator_name; /* EF SPN and EF PNN, at most 16 ASCII characters */
    const char *msisdn;        /* digits, optionally with a leading +; NULL for none */
    enum saip_algorithm algorithm;
    uint8_t key[32], opc[32];                     /* opc: OPc of Milenage, TOPc of TUAK */
    size_t key_size;                              /* 16, or 32 for TUAK */
    size_t opc_size;                              /* 16, or 32 for TUAK */
    const char *pin1, *pin2, *puk1, *puk2, *adm1; /* digits: PINs 4 to 8, the others 8 */
    bool pin1_enabled;                            /* whether a phone asks for PIN1 */
    bool isim;                                    /* ISIM besides the USIM */
    uint8_t ota_key[16]; /* AES key of the operator's security domain (SCP80, key version 1) */
    size_t extra_size;   /* octets of empty files below MF: a profile may be made to need much memory */
};

/* A subscription of the test network 001 01 with Milenage; its texts are constants, good for ever. */
struct saip_recipe saip_recipe_default(void);

/* Appends the package to `out`. False when a value does not have its form: *reason then names it (a constant
 * text). */
bool saip_build(const struct saip_recipe *recipe, struct buf *out, const char **reason);

#endif
