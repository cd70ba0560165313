/*
 * Shorthand for the rows of the template tables, so that a table reads like the specification's: one file,
 * one line. Only the templates_*.c files include this.
 */
#ifndef SOFTEUICC_PROFILES_SAIP_TEMPLATE_ROWS_H
#define SOFTEUICC_PROFILES_SAIP_TEMPLATE_ROWS_H

#include "profiles/saip/templates.h"

#define REQUIRED SAIP_FILE_REQUIRED
#define BUSY     SAIP_FILE_BUSY

/* Directories: name, identifier, flags. Every directory of the templates has access rule 14. */
#define DIRECTORY(k, n, f, fl)                                                                               \
    {                                                                                                        \
        .name = (n), .kind = (k), .fid = (f), .fid_count = 1, .arr = 14, .flags = (fl)                       \
    }
#define MF(n, f, fl)  DIRECTORY(SAIP_FILE_MF, n, f, fl)
#define DF(n, f, fl)  DIRECTORY(SAIP_FILE_DF, n, f, fl)
#define ADF(n, f, fl) DIRECTORY(SAIP_FILE_ADF, n, f, fl)

#define ROW(k, n, f, fc, r, s, a, i, c, fl)                                                                  \
    {                                                                                                        \
        .name = (n), .kind = (k), .fid = (f), .fid_count = (fc), .records = (r), .size = (s), .arr = (a),    \
        .sfi = (i), .flags = (fl), .content = (c)                                                            \
    }

/* Name, identifier, [records,] size, access rule, short identifier, content, flags. */
#define TR(n, f, s, a, i, c, fl)    ROW(SAIP_FILE_TRANSPARENT, n, f, 1, 0, s, a, i, c, fl)
#define BT(n, f, s, a, i, c, fl)    ROW(SAIP_FILE_BER_TLV, n, f, 1, 0, s, a, i, c, fl)
#define LF(n, f, r, s, a, i, c, fl) ROW(SAIP_FILE_LINEAR_FIXED, n, f, 1, r, s, a, i, c, fl)
#define CY(n, f, r, s, a, i, c, fl) ROW(SAIP_FILE_CYCLIC, n, f, 1, r, s, a, i, c, fl)
/* Files that may take one of several identifiers: name, first identifier, how many, [records,] size, access
 * rule, content. */
#define TR_ANY(n, f, fc, s, a, c)    ROW(SAIP_FILE_TRANSPARENT, n, f, fc, 0, s, a, 0, c, 0)
#define LF_ANY(n, f, fc, r, s, a, c) ROW(SAIP_FILE_LINEAR_FIXED, n, f, fc, r, s, a, 0, c, 0)

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* DF PHONEBOOK is the same under DF TELECOM and under ADF USIM (9.4, 9.5.3). */
#define PHONEBOOK_ROWS(required)                                                                             \
    DF("df-phonebook", 0x5F3A, required), LF("ef-pbr", 0x4F30, 0, 0, 2, 0, NULL, 0),                         \
        LF_ANY("ef-ext1", 0x4F38, 8, 0, 13, 5, "00FF*"), LF_ANY("ef-aas", 0x4F40, 8, 0, 0, 5, "FF*"),        \
        LF_ANY("ef-gas", 0x4F48, 8, 0, 0, 5, "FF*"), TR("ef-psc", 0x4F22, 4, 5, 0, "00000000", 0),           \
        TR("ef-cc", 0x4F23, 2, 5, 0, "0000", BUSY), TR("ef-puid", 0x4F24, 2, 5, 0, "0000", BUSY),            \
        LF_ANY("ef-iap", 0x4F50, 8, 0, 0, 5, "FF*"), LF_ANY("ef-adn", 0x4F58, 8, 0, 0, 5, "FF*"),            \
        LF_ANY("ef-pbc", 0x4F60, 8, 0, 2, 5, "00*"), LF_ANY("ef-anr", 0x4F68, 8, 0, 0, 5, "FF*"),            \
        LF_ANY("ef-puri", 0x4F70, 8, 0, 0, 5, NULL), LF_ANY("ef-email", 0x4F78, 8, 0, 0, 5, "FF*"),          \
        LF_ANY("ef-sne", 0x4F80, 8, 0, 0, 5, "FF*"), LF_ANY("ef-uid", 0x4F88, 8, 0, 2, 5, "0000"),           \
        LF_ANY("ef-grp", 0x4F90, 8, 0, 0, 5, "00*"), LF_ANY("ef-ccp1", 0x4F98, 8, 0, 0, 5, "FF*")

#endif
