/*
 * Templates of the ISIM (Annex A, 9.6) and of EAP clients (9.8). See templates.h for the reading of a row.
 */
#include "profiles/saip/template_rows.h"

static const struct saip_template_file isim[] = {
    ADF("adf-isim", 0, REQUIRED),
    TR("ef-impi", 0x6F02, 0, 2, 0x02, NULL, REQUIRED),
    LF("ef-impu", 0x6F04, 1, 0, 2, 0x04, NULL, REQUIRED),
    TR("ef-domain", 0x6F03, 0, 2, 0x05, NULL, REQUIRED),
    TR("ef-ist", 0x6F07, 14, 2, 0x07, NULL, REQUIRED),
    TR("ef-ad", 0x6FAD, 3, 10, 0x03, "000000", 0),
    LF("ef-arr", 0x6F06, 0, 0, 10, 0x06, NULL, REQUIRED),
};

static const struct saip_template_file opt_isim[] = {
    LF("ef-pcscf", 0x6F09, 1, 0, 2, 0, NULL, 0),      LF("ef-sms", 0x6F3C, 10, 176, 5, 0, "00FF*", 0),
    LF("ef-smsp", 0x6F42, 1, 38, 5, 0, "FF*", 0),     TR("ef-smss", 0x6F43, 2, 5, 0, "FFFF", 0),
    LF("ef-smsr", 0x6F47, 10, 30, 5, 0, "00FF*", 0),  TR("ef-gbabp", 0x6FD5, 0, 5, 0, "FF*", 0),
    LF("ef-gbanl", 0x6FD7, 0, 0, 2, 0, "FF*", 0),     LF("ef-nafkca", 0x6FDD, 0, 0, 2, 0, "FF*", 0),
    LF("ef-uicciari", 0x6FE7, 0, 0, 2, 0, NULL, 0),   TR("ef-frompreferred", 0x6FF7, 1, 2, 0, "00", 0),
    BT("ef-imsconfigdata", 0x6FF8, 0, 2, 0, NULL, 0), BT("ef-xcapconfigdata", 0x6FFC, 0, 2, 0, NULL, 0),
    LF("ef-webrtcuri", 0x6FFA, 0, 0, 2, 0, NULL, 0),  BT("ef-mudmidconfigdata", 0x6FFE, 0, 2, 0, NULL, 0),
};

/* Version 2 added the files from EF FROMPREFERRED on. */
enum { OPT_ISIM_1 = 9 };

static const struct saip_template_file eap[] = {
    DF("df-eap", 0, REQUIRED),
    TR("ef-eapkeys", 0x4F01, 0, 2, 0, NULL, BUSY),
    TR("ef-eapstatus", 0x4F02, 1, 2, 0, "00", REQUIRED | BUSY),
    TR("ef-puid", 0x4F03, 0, 2, 0, NULL, 0),
    TR("ef-ps", 0x4F04, 0, 5, 0, "FF*", BUSY),
    TR("ef-curid", 0x4F20, 0, 5, 0, "FF*", BUSY),
    TR("ef-reid", 0x4F21, 0, 5, 0, NULL, 0),
    TR("ef-realm", 0x4F22, 0, 5, 0, NULL, 0),
};

const struct saip_template saip_templates_ims[SAIP_TEMPLATES_IMS] = {
    {SAIP_ISIM, 8, 1, true, isim, COUNT(isim), NULL, 0},
    {SAIP_OPT_ISIM, 9, 1, false, opt_isim, OPT_ISIM_1, NULL, 0},
    {SAIP_OPT_ISIM, 9, 2, false, opt_isim, COUNT(opt_isim), NULL, 0},
    {SAIP_EAP, 12, 1, false, eap, COUNT(eap), NULL, 0},
};
