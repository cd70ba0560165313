/*
 * Rows of the tables that say what PE_Definitions' types are (struct saip_field), written as short as the
 * module: tag, name, limits, members. For the files that hold such tables only.
 */
#ifndef SOFTEUICC_PROFILES_SAIP_SCHEMA_ROWS_H
#define SOFTEUICC_PROFILES_SAIP_SCHEMA_ROWS_H

#include "profiles/saip/saip_internal.h"

#define FIELD(k, o, t, n, lo, hi, m)                                                                         \
    {                                                                                                        \
        .name = (n), .tag = (t), .type = SAIP_TYPE_##k, .optional = (o), .min = (lo), .max = (hi),           \
        .members = (m)                                                                                       \
    }
#define NULL_(t, n)               FIELD(NULL, true, t, n, 0, 0, NULL)
#define INT(t, n, lo, hi)         FIELD(INTEGER, false, t, n, lo, hi, NULL)
#define OPT_INT(t, n, lo, hi)     FIELD(INTEGER, true, t, n, lo, hi, NULL)
#define OCT(t, n, lo, hi)         FIELD(OCTETS, false, t, n, lo, hi, NULL)
#define OPT_OCT(t, n, lo, hi)     FIELD(OCTETS, true, t, n, lo, hi, NULL)
#define SEQ(t, n, m)              FIELD(SEQUENCE, false, t, n, 0, 0, m)
#define OPT_SEQ(t, n, m)          FIELD(SEQUENCE, true, t, n, 0, 0, m)
#define CHOICE(t, n, m)           FIELD(CHOICE, false, t, n, 1, 1, m)
#define LIST(t, n, lo, hi, m)     FIELD(SEQUENCE_OF, false, t, n, lo, hi, m)
#define OPT_LIST(t, n, lo, hi, m) FIELD(SEQUENCE_OF, true, t, n, lo, hi, m)
#define END                       FIELD(NULL, false, 0, NULL, 0, 0, NULL)
#define ANY                       UINT32_MAX /* as max: any size or number */

#endif
