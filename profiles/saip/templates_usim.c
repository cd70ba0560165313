/*
 * Templates of the USIM: ADF USIM (Annex A, 9.5.1), its optional files (9.5.2) and the directories below it:
 * DF PHONEBOOK (9.5.3), DF GSM-ACCESS (9.5.4), DF 5GS (9.5.11), DF SAIP (9.5.12), DF SNPN (9.5.13), DF 5G
 * ProSe (9.5.14). See templates.h for the reading of a row.
 */
#include "profiles/saip/template_rows.h"

static const struct saip_template_file usim[] = {
    ADF("adf-usim", 0, REQUIRED),
    TR("ef-imsi", 0x6F07, 9, 2, 0x07, NULL, REQUIRED),
    LF("ef-arr", 0x6F06, 0, 0, 10, 0x17, NULL, REQUIRED),
    TR("ef-keys", 0x6F08, 33, 5, 0x08, "07FF*", BUSY),
    TR("ef-keysPS", 0x6F09, 33, 5, 0x09, "07FF*", BUSY),
    TR("ef-hpplmn", 0x6F31, 1, 2, 0x12, "0A", 0),
    TR("ef-ust", 0x6F38, 14, 2, 0x04, NULL, REQUIRED),
    LF("ef-fdn", 0x6F3B, 20, 26, 8, 0, "FF*", 0),
    LF("ef-sms", 0x6F3C, 10, 176, 5, 0, "00FF*", 0),
    LF("ef-smsp", 0x6F42, 1, 38, 5, 0, "FF*", 0),
    TR("ef-smss", 0x6F43, 2, 5, 0, "FFFF", 0),
    TR("ef-spn", 0x6F46, 17, 10, 0, NULL, REQUIRED),
    TR("ef-est", 0x6F56, 1, 8, 0x05, NULL, REQUIRED),
    TR("ef-start-hfn", 0x6F5B, 6, 5, 0x0F, "F00000F00000", BUSY),
    TR("ef-threshold", 0x6F5C, 3, 2, 0x10, "FFFFFF", 0),
    TR("ef-psloci", 0x6F73, 14, 5, 0x0C, "FFFFFFFFFFFFFFFFFFFF0000FF01", BUSY),
    TR("ef-acc", 0x6F78, 2, 2, 0x06, NULL, REQUIRED),
    TR("ef-fplmn", 0x6F7B, 12, 5, 0x0D, "FF*", 0),
    TR("ef-loci", 0x6F7E, 11, 5, 0x0B, "FFFFFFFFFFFFFF0000FF01", BUSY),
    TR("ef-ad", 0x6FAD, 4, 10, 0x03, "00000002", 0),
    LF("ef-ecc", 0x6FB7, 1, 4, 10, 0x01, NULL, REQUIRED),
    TR("ef-netpar", 0x6FC4, 128, 5, 0, "FF*", BUSY),
    TR("ef-epsloci", 0x6FE3, 18, 5, 0x1E, "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFF000001", BUSY),
    LF("ef-epsnsc", 0x6FE4, 1, 80, 5, 0x18, "FF*", BUSY),
};

/* Version 2 leaves room for the services of Release 15 and later. */
static const struct saip_template_change usim_2[] = {
    {6, TR("ef-ust", 0x6F38, 17, 2, 0x04, NULL, REQUIRED)},
};

static const struct saip_template_file opt_usim[] = {
    TR("ef-li", 0x6F05, 6, 1, 0x02, "FF*", 0),
    TR("ef-acmax", 0x6F37, 3, 5, 0, "000000", 0),
    CY("ef-acm", 0x6F39, 1, 3, 7, 0, "000000", BUSY),
    TR("ef-gid1", 0x6F3E, 8, 2, 0, NULL, 0),
    TR("ef-gid2", 0x6F3F, 8, 2, 0, NULL, 0),
    LF("ef-msisdn", 0x6F40, 1, 24, 2, 0, "FF*", 0),
    TR("ef-puct", 0x6F41, 5, 5, 0, "FFFFFF0000", 0),
    TR("ef-cbmi", 0x6F45, 10, 5, 0, "FF*", 0),
    TR("ef-cbmid", 0x6F48, 10, 2, 0x0E, "FF*", 0),
    LF("ef-sdn", 0x6F49, 10, 24, 2, 0, "FF*", 0),
    LF("ef-ext2", 0x6F4B, 10, 13, 8, 0, "00FF*", 0),
    LF("ef-ext3", 0x6F4C, 10, 13, 2, 0, "00FF*", 0),
    TR("ef-cbmir", 0x6F50, 20, 5, 0, "FF*", 0),
    TR("ef-plmnwact", 0x6F60, 40, 5, 0x0A, "[FFFFFF0000]", 0),
    TR("ef-oplmnwact", 0x6F61, 40, 2, 0x11, "[FFFFFF0000]", 0),
    TR("ef-hplmnwact", 0x6F62, 5, 2, 0x13, "FFFFFF0000", 0),
    TR("ef-dck", 0x6F2C, 16, 5, 0, "FF*", 0),
    TR("ef-cnl", 0x6F32, 30, 2, 0, "FF*", 0),
    LF("ef-smsr", 0x6F47, 10, 30, 5, 0, "00FF*", 0),
    LF("ef-bdn", 0x6F4D, 10, 25, 8, 0, "FF*", 0),
    LF("ef-ext5", 0x6F4E, 10, 13, 5, 0, "00FF*", 0),
    LF("ef-ccp2", 0x6F4F, 5, 15, 5, 0x16, "FF*", 0),
    LF("ef-ext4", 0x6F55, 10, 13, 8, 0, "00FF*", 0),
    TR("ef-acl", 0x6F57, 101, 8, 0, "00FF*", 0),
    LF("ef-cmi", 0x6F58, 10, 11, 2, 0, "FF*", 0),
    CY("ef-ici", 0x6F80, 20, 38, 5, 0x14, "FF*0000000001FFFF", BUSY),
    CY("ef-oci", 0x6F81, 20, 37, 5, 0x15, "FF*00000001FFFF", BUSY),
    CY("ef-ict", 0x6F82, 1, 3, 7, 0, "000000", BUSY),
    CY("ef-oct", 0x6F83, 1, 3, 7, 0, "000000", BUSY),
    TR("ef-vgcs", 0x6FB1, 20, 2, 0, NULL, 0),
    TR("ef-vgcss", 0x6FB2, 7, 5, 0, NULL, 0),
    TR("ef-vbs", 0x6FB3, 20, 2, 0, NULL, 0),
    TR("ef-vbss", 0x6FB4, 7, 5, 0, NULL, 0),
    TR("ef-emlpp", 0x6FB5, 2, 2, 0, NULL, 0),
    TR("ef-aaem", 0x6FB6, 1, 5, 0, "00", 0),
    TR("ef-hiddenkey", 0x6FC3, 4, 5, 0, "FF*", 0),
    LF("ef-pnn", 0x6FC5, 10, 16, 10, 0x19, NULL, 0),
    LF("ef-opl", 0x6FC6, 5, 8, 10, 0x1A, NULL, 0),
    LF("ef-mbdn", 0x6FC7, 3, 24, 5, 0, NULL, 0),
    LF("ef-ext6", 0x6FC8, 10, 13, 5, 0, "00FF*", 0),
    LF("ef-mbi", 0x6FC9, 10, 5, 5, 0, NULL, 0),
    LF("ef-mwis", 0x6FCA, 10, 6, 5, 0, "00*", BUSY),
    LF("ef-cfis", 0x6FCB, 10, 16, 5, 0, "0100FF*", 0),
    LF("ef-ext7", 0x6FCC, 10, 13, 5, 0, "00FF*", 0),
    TR("ef-spdi", 0x6FCD, 17, 2, 0x1B, NULL, 0),
    LF("ef-mmsn", 0x6FCE, 10, 6, 5, 0, "000000FF*", 0),
    LF("ef-ext8", 0x6FCF, 10, 13, 5, 0, "00FF*", 0),
    TR("ef-mmsicp", 0x6FD0, 100, 2, 0, "FF*", 0),
    LF("ef-mmsup", 0x6FD1, 0, 0, 5, 0, "FF*", 0),
    TR("ef-mmsucp", 0x6FD2, 100, 5, 0, "FF*", 0),
    LF("ef-nia", 0x6FD3, 5, 11, 2, 0, "FF*", 0),
    TR("ef-vgcsca", 0x6FD4, 0, 2, 0, "00*", 0),
    TR("ef-vbsca", 0x6FD5, 0, 2, 0, "00*", 0),
    TR("ef-gbabp", 0x6FD6, 0, 5, 0, "FF*", 0),
    LF("ef-msk", 0x6FD7, 0, 0, 2, 0, "FF*", BUSY),
    LF("ef-muk", 0x6FD8, 0, 0, 2, 0, "FF*", 0),
    TR("ef-ehplmn", 0x6FD9, 15, 2, 0x1D, "FF*", 0),
    LF("ef-gbanl", 0x6FDA, 0, 0, 2, 0, "FF*", 0),
    TR("ef-ehplmnpi", 0x6FDB, 1, 2, 0, "00", 0),
    TR("ef-lrplmnsi", 0x6FDC, 1, 2, 0, "00", 0),
    LF("ef-nafkca", 0x6FDD, 0, 0, 2, 0, "FF*", 0),
    TR("ef-spni", 0x6FDE, 0, 10, 0, "00FF*", 0),
    LF("ef-pnni", 0x6FDF, 0, 0, 10, 0, "00FF*", 0),
    LF("ef-ncp-ip", 0x6FE2, 0, 0, 2, 0, NULL, 0),
    TR("ef-ufc", 0x6FE6, 30, 10, 0, "801E60C01E900080040000000000000000F0000000004000000000000080", 0),
    TR("ef-nasconfig", 0x6FE8, 18, 2, 0, NULL, 0),
    LF("ef-uicciari", 0x6FE7, 0, 0, 2, 0, NULL, 0),
    TR("ef-pws", 0x6FEC, 0, 10, 0, NULL, 0),
    LF("ef-fdnuri", 0x6FED, 0, 0, 8, 0, "FF*", 0),
    LF("ef-bdnuri", 0x6FEE, 0, 0, 8, 0, "FF*", 0),
    LF("ef-sdnuri", 0x6FEF, 0, 0, 2, 0, "FF*", 0),
    LF("ef-ial", 0x6FF0, 0, 0, 3, 0, "FF*", 0),
    CY("ef-ips", 0x6FF1, 0, 4, 10, 0, "FF*", BUSY),
    LF("ef-ipd", 0x6FF2, 0, 0, 3, 0, "FF*", BUSY),
    TR("ef-epdgid", 0x6FF3, 0, 2, 0, NULL, 0),
    TR("ef-epdgselection", 0x6FF4, 0, 2, 0, NULL, 0),
    TR("ef-epdgidem", 0x6FF5, 0, 2, 0, NULL, 0),
    TR("ef-epdgselectionem", 0x6FF6, 0, 2, 0, NULL, 0),
    TR("ef-frompreferred", 0x6FF7, 1, 2, 0, "00", 0),
    BT("ef-imsconfigdata", 0x6FF8, 0, 2, 0, NULL, 0),
    TR("ef-3gpppsdataoff", 0x6FF9, 4, 2, 0, NULL, 0),
    LF("ef-3gpppsdataoffservicelist", 0x6FFA, 0, 0, 2, 0, NULL, 0),
    BT("ef-xcapconfigdata", 0x6FFC, 0, 2, 0, NULL, 0),
    TR("ef-earfcnlist", 0x6FFD, 0, 10, 0, NULL, 0),
    BT("ef-mudmidconfigdata", 0x6FFE, 0, 2, 0, NULL, 0),
    TR("ef-eaka", 0x6F01, 1, 3, 0, NULL, 0),
};

/* Version 2 added the files from EF EPDGID on, version 3 EF EAKA. */
enum { OPT_USIM_1 = 74, OPT_USIM_2 = 85 };

static const struct saip_template_file phonebook[] = {
    PHONEBOOK_ROWS(REQUIRED),
};

static const struct saip_template_file gsm_access[] = {
    DF("df-gsm-access", 0x5F3B, REQUIRED),
    TR("ef-kc", 0x4F20, 9, 5, 0x01, "FF*07", BUSY),
    TR("ef-kcgprs", 0x4F52, 9, 5, 0x02, "FF*07", BUSY),
    TR("ef-cpbcch", 0x4F63, 10, 5, 0, "FF*", BUSY),
    TR("ef-invscan", 0x4F64, 1, 2, 0, "00", 0),
};

static const struct saip_template_file df_5gs[] = {
    DF("df-df-5gs", 0x5FC0, REQUIRED),
    TR("ef-5gs3gpploci", 0x4F01, 20, 5, 0x01, "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000001", BUSY),
    TR("ef-5gsn3gpploci", 0x4F02, 20, 5, 0x02, "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000001", BUSY),
    LF("ef-5gs3gppnsc", 0x4F03, 1, 57, 5, 0x03, "FF*", BUSY),
    LF("ef-5gsn3gppnsc", 0x4F04, 1, 57, 5, 0x04, "FF*", BUSY),
    TR("ef-5gauthkeys", 0x4F05, 110, 5, 0x05, NULL, BUSY),
    TR("ef-uac-aic", 0x4F06, 4, 2, 0x06, NULL, 0),
    TR("ef-suci-calc-info", 0x4F07, 0, 2, 0x07, "FF*", 0),
    LF("ef-opl5g", 0x4F08, 0, 10, 10, 0x08, "FF*", 0),
    TR("ef-supinai", 0x4F09, 0, 2, 0x09, NULL, 0),
    TR("ef-routing-indicator", 0x4F0A, 4, 2, 0x0A, "F0FFFFFF", 0),
    BT("ef-ursp", 0x4F0B, 0, 2, 0, NULL, 0),
    TR("ef-tn3gppsnn", 0x4F0C, 1, 2, 0x0C, "00", 0),
    TR("ef-cag", 0x4F0D, 2, 2, 0x0D, NULL, 0),
    TR("ef-sor-cmci", 0x4F0E, 0, 2, 0x0E, NULL, 0),
    TR("ef-dri", 0x4F0F, 7, 2, 0x0F, NULL, 0),
    TR("ef-5gsedrx", 0x4F10, 2, 2, 0x10, NULL, 0),
    TR("ef-5gnswo-conf", 0x4F11, 1, 2, 0x11, NULL, 0),
    TR("ef-mchpplmn", 0x4F15, 1, 2, 0x15, NULL, 0),
    TR("ef-kausf-derivation", 0x4F16, 1, 2, 0x16, NULL, 0),
};

/* Version 2 added EF URSP and EF TN3GPPSNN, version 4 the files from EF CAG on. */
enum { DF_5GS_1 = 11, DF_5GS_2 = 13 };

/* Version 3 gives the NAS security contexts a second record (UST service 136), version 4 also a routing
 * indicator of Release 16. */
static const struct saip_template_change df_5gs_changes[] = {
    {3, LF("ef-5gs3gppnsc", 0x4F03, 2, 62, 5, 0x03, "FF*", BUSY)},
    {4, LF("ef-5gsn3gppnsc", 0x4F04, 2, 62, 5, 0x04, "FF*", BUSY)},
    {10, TR("ef-routing-indicator", 0x4F0A, 4, 2, 0x0A, "F0FF0000", 0)},
};
enum { DF_5GS_CHANGES_3 = 2 };

static const struct saip_template_file df_saip[] = {
    DF("df-df-saip", 0x5FD0, REQUIRED),
    TR("ef-suci-calc-info-usim", 0x4F01, 0, 3, 0, "FF*", 0),
};

static const struct saip_template_file df_snpn[] = {
    DF("df-df-snpn", 0x5FE0, REQUIRED),
    TR("ef-pws-snpn", 0x4F01, 1, 10, 0, NULL, 0),
};

static const struct saip_template_file df_5gprose[] = {
    DF("df-df-5g-prose", 0x5FF0, REQUIRED),
    TR("ef-5g-prose-st", 0x4F01, 1, 2, 0x01, NULL, 0),
    TR("ef-5g-prose-dd", 0x4F02, 26, 2, 0x02, NULL, 0),
    TR("ef-5g-prose-dc", 0x4F03, 12, 2, 0x03, NULL, 0),
    TR("ef-5g-prose-u2nru", 0x4F04, 32, 2, 0x04, NULL, 0),
    TR("ef-5g-prose-ru", 0x4F05, 29, 2, 0x05, NULL, 0),
    TR("ef-5g-prose-uir", 0x4F06, 32, 2, 0x06, NULL, 0),
};

/* One table serves all versions of a template, each with its part and its changes. */
const struct saip_template saip_templates_usim[SAIP_TEMPLATES_USIM] = {
    {SAIP_USIM, 4, 1, true, usim, COUNT(usim), NULL, 0},
    {SAIP_USIM, 4, 2, true, usim, COUNT(usim), usim_2, COUNT(usim_2)},
    {SAIP_OPT_USIM, 5, 1, false, opt_usim, OPT_USIM_1, NULL, 0},
    {SAIP_OPT_USIM, 5, 2, false, opt_usim, OPT_USIM_2, NULL, 0},
    {SAIP_OPT_USIM, 5, 3, false, opt_usim, COUNT(opt_usim), NULL, 0},
    {SAIP_PHONEBOOK, 6, 1, false, phonebook, COUNT(phonebook), NULL, 0},
    {SAIP_GSM_ACCESS, 7, 1, false, gsm_access, COUNT(gsm_access), NULL, 0},
    {SAIP_DF_5GS, 13, 1, false, df_5gs, DF_5GS_1, NULL, 0},
    {SAIP_DF_5GS, 13, 2, false, df_5gs, DF_5GS_2, NULL, 0},
    {SAIP_DF_5GS, 13, 3, false, df_5gs, DF_5GS_2, df_5gs_changes, DF_5GS_CHANGES_3},
    {SAIP_DF_5GS, 13, 4, false, df_5gs, COUNT(df_5gs), df_5gs_changes, COUNT(df_5gs_changes)},
    {SAIP_DF_SAIP, 14, 1, false, df_saip, COUNT(df_saip), NULL, 0},
    {SAIP_DF_SNPN, 15, 1, false, df_snpn, COUNT(df_snpn), NULL, 0},
    {SAIP_DF_5GPROSE, 16, 1, false, df_5gprose, COUNT(df_5gprose), NULL, 0},
};
