/*
 * A USIM and an ISIM for the tests of AUTHENTICATE and GET IDENTITY, made file by file, and what is outside
 * of the UICC: random octets as the test says, and a store that may fail.
 */
#ifndef SOFTEUICC_TESTS_PROFILES_UICC_NETWORK_BENCH_H
#define SOFTEUICC_TESTS_PROFILES_UICC_NETWORK_BENCH_H

#include "profiles/uicc/uicc.h"
#include "tests/support/test.h"

/* The key of Milenage test set 19 (3GPP TS 35.208), which RFC 9048 appendix E uses too. */
#define K    "5122250214C33E723A5DD523FC145FC0"
#define OPC  "981D464C7C52EB6E5036234984AD0BCF"
#define RAND "81E92B6C0EE0E12EBCEBA8D92A99DFA5"
#define AUTN "BB52E91C747AC3AB2A5C23D15EE351D5"
#define RES  "28D7B0F2A2EC3DE5"
#define CK   "5349FBE098649F948F5D2E973A81C00F"
#define IK   "9744871AD32BF9BBD1DD5CE54E3E2E5A"

/* FIDs of the ADFs, and their PINs' places in the list. */
enum { ADF_USIM = 0x7FF0, ADF_ISIM = 0x7FF1 };
enum { PIN = 0, PIN_ISIM = 1 };

#define FF16 "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"

/* What the host and the store of the UICC under test do; new_uicc makes it zero. */
struct outside {
    const char *random;     /* what the next draw gives; NULL: failure */
    const char *bad_random; /* what comes once before it */
    unsigned naa_stores;
    bool store_fails;
};

extern struct outside outside;

/* Both PINs are verified, the USIM is selected on the basic channel, no service is available. */
struct uicc *new_uicc(void);

/* A file with this content (hexadecimal). */
struct fs_file *add_file(struct fs *fs, struct fs_file *parent, enum saip_file_kind kind, uint16_t fid,
                         size_t record_size, const char *content);

/* Opens a session of an application; 0: none, MF is selected. */
void enter(struct uicc *uicc, uint16_t adf);

/* Sets a bit of EF UST. */
void set_service(struct uicc *uicc, unsigned number);

/* The answer as one piece: data, then status word. */
struct span answer_to(struct uicc *uicc, const char *capdu);

#define ck_assert_answer(uicc, capdu, expected) ck_assert_hex(answer_to((uicc), (capdu)), (expected))

#endif
