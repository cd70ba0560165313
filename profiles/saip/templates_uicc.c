/*
 * Templates of the UICC itself: MF (Annex A, 9.2), DF CD (9.3), DF TELECOM (9.4). See templates.h for the
 * reading of a row.
 */
#include "profiles/saip/template_rows.h"

static const struct saip_template_file mf[] = {
    MF("mf", 0x3F00, REQUIRED),
    TR("ef-pl", 0x2F05, 2, 1, 0x05, "FF*", 0),
    TR("ef-iccid", 0x2FE2, 10, 11, 0, NULL, REQUIRED),
    LF("ef-dir", 0x2F00, 0, 0, 10, 0x1E, NULL, REQUIRED),
    LF("ef-arr", 0x2F06, 0, 0, 10, 0, NULL, REQUIRED),
    TR("ef-umpc", 0x2F08, 5, 10, 0x08, NULL, 0),
};

static const struct saip_template_file cd[] = {
    DF("df-cd", 0x7F11, REQUIRED),
    TR("ef-launchpad", 0x6F01, 0, 2, 0, NULL, 0),
    TR_ANY("ef-icon", 0x6F40, 64, 0, 2, NULL),
};

static const struct saip_template_file telecom[] = {
    DF("df-telecom", 0x7F10, REQUIRED),
    LF("ef-arr", 0x6F06, 0, 0, 10, 0, NULL, 0),
    LF("ef-rma", 0x6F53, 0, 0, 3, 0, NULL, 0),
    TR("ef-sume", 0x6F54, 22, 3, 0, NULL, 0),
    LF("ef-ice-dn", 0x6FE0, 50, 24, 9, 0, "FF*", 0),
    LF("ef-ice-ff", 0x6FE1, 0, 0, 9, 0, "FF*", 0),
    LF("ef-psismsc", 0x6FE5, 0, 0, 5, 0, NULL, 0),
    DF("df-graphics", 0x5F50, 0),
    LF("ef-img", 0x4F20, 0, 0, 2, 0, "00FF*", 0),
    TR_ANY("ef-iidf", 0x4F40, 64, 0, 2, "FF*"),
    BT("ef-ice-graphics", 0x4F21, 0, 9, 0, NULL, 0),
    TR("ef-launch-scws", 0x4F01, 0, 10, 0, NULL, 0),
    TR_ANY("ef-icon", 0x4F80, 64, 0, 10, NULL),
    PHONEBOOK_ROWS(0),
    DF("df-multimedia", 0x5F3B, 0),
    BT("ef-mml", 0x4F47, 0, 5, 0, NULL, 0),
    BT("ef-mmdf", 0x4F48, 0, 5, 0, NULL, 0),
    DF("df-mmss", 0x5F3C, 0),
    TR("ef-mlpl", 0x4F20, 0, 2, 0x01, NULL, 0),
    TR("ef-mspl", 0x4F21, 0, 2, 0x02, NULL, 0),
    TR("ef-mmssmode", 0x4F22, 1, 2, 0x03, NULL, 0),
    DF("df-mcs", 0x5F3D, 0),
    TR("ef-mst", 0x4F01, 0, 2, 0x01, NULL, 0),
    BT("ef-mcs-config", 0x4F02, 0, 2, 0x02, NULL, 0),
    DF("df-v2x", 0x5F3E, 0),
    TR("ef-vst", 0x4F01, 0, 2, 0x01, NULL, 0),
    BT("ef-v2x-config", 0x4F02, 0, 2, 0x02, NULL, 0),
    TR("ef-v2xp-pc5", 0x4F03, 0, 2, 0, NULL, 0),
    TR("ef-v2xp-Uu", 0x4F04, 0, 2, 0, NULL, 0),
};

/* Version 2 added DF MCS and DF V2X at the end. */
enum { TELECOM_1 = 38 };

const struct saip_template saip_templates_uicc[SAIP_TEMPLATES_UICC] = {
    {SAIP_MF, 1, 1, true, mf, COUNT(mf), NULL, 0},
    {SAIP_CD, 2, 1, false, cd, COUNT(cd), NULL, 0},
    {SAIP_TELECOM, 3, 1, false, telecom, TELECOM_1, NULL, 0},
    {SAIP_TELECOM, 3, 2, false, telecom, COUNT(telecom), NULL, 0},
};
