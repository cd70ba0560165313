/*
 * Rows of the tables that say what PE_Definitions' types are (struct saip_field), written as short as the
 * module: tag, name, limits, members. For the files that hold such tables only.
 */
#ifndef SOFTEUICC_PROFILES_SAIP_SCHEMA_ROWS_H
#define SOFTEUICC_PROFILES_SAIP_SCHEMA_ROWS_H

#include "profiles/saip/saip_internal.h"

#define NULL_(t, n)                                                                                          \
    {                                                                                                        \
        .name = (n), .tag = (t), .type = SAIP_TYPE_NULL, .optional = true                                    \
    }
#define INT(t, n, lo, hi)                                                                                    \
    {                                                                                                        \
        .name = (n), .tag = (t), .type = SAIP_TYPE_INTEGER, .min = (lo), .max = (hi)                         \
    }
#define OPT_INT(t, n, lo, hi)                                                                                \
    {                                                                                                        \
        .name = (n), .tag = (t), .type = SAIP_TYPE_INTEGER, .optional = true, .min = (lo), .max = (hi)       \
    }
#define OCT(t, n, lo, hi)                                                                                    \
    {                                                                                                        \
        .name = (n), .tag = (t), .type = SAIP_TYPE_OCTETS, .min = (lo), .max = (hi)                          \
    }
#define OPT_OCT(t, n, lo, hi)                                                                                \
    {                                                                                                        \
        .name = (n), .tag = (t), .type = SAIP_TYPE_OCTETS, .optional = true, .min = (lo), .max = (hi)        \
    }
#define SEQ(t, n, m)                                                                                         \
    {                                                                                                        \
        .name = (n), .tag = (t), .type = SAIP_TYPE_SEQUENCE, .members = (m)                                  \
    }
#define OPT_SEQ(t, n, m)                                                                                     \
    {                                                                                                        \
        .name = (n), .tag = (t), .type = SAIP_TYPE_SEQUENCE, .optional = true, .members = (m)                \
    }
#define CHOICE(t, n, m)                                                                                      \
    {                                                                                                        \
        .name = (n), .tag = (t), .type = SAIP_TYPE_CHOICE, .members = (m)                                    \
    }
#define LIST(t, n, lo, hi, m)                                                                                \
    {                                                                                                        \
        .name = (n), .tag = (t), .type = SAIP_TYPE_SEQUENCE_OF, .min = (lo), .max = (hi), .members = (m)     \
    }
#define OPT_LIST(t, n, lo, m)                                                                                \
    {                                                                                                        \
        .name = (n), .tag = (t), .type = SAIP_TYPE_SEQUENCE_OF, .optional = true, .min = (lo),               \
        .max = SAIP_NO_LIMIT, .members = (m)                                                                 \
    }
#define END                                                                                                  \
    {                                                                                                        \
        .name = NULL                                                                                         \
    }
#define ANY SAIP_NO_LIMIT

#endif
