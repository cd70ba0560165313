/*
 * Templates of the IoT Minimal Profile (package version 3.3, 7.5): MF and ADF USIM in one element, and the
 * optional files. See templates.h for the reading of a row.
 *
 * Reading: identifiers, sizes, access rules and contents are those of the same files in the templates of MF,
 * USIM and DF 5GS. The package may leave out EF DIR and the access rule files, whose content then follows
 * from the application identifier and from the rules of 9.9; their record sizes here hold just that.
 */
#include "profiles/saip/template_rows.h"

static const struct saip_template_file iot[] = {
    MF("mf", 0x3F00, 0),
    TR("ef-pl", 0x2F05, 2, 1, 0x05, "FF*", 0),
    TR("ef-iccid", 0x2FE2, 10, 11, 0, NULL, 0),
    LF("ef-dir", 0x2F00, 1, 38, 10, 0x1E, NULL, 0),
    LF("ef-arr", 0x2F06, 14, 33, 10, 0, NULL, 0),
    TR("ef-umpc", 0x2F08, 5, 10, 0x08, NULL, 0),
    ADF("adf-usim", 0, 0),
    TR("ef-imsi", 0x6F07, 9, 2, 0x07, NULL, REQUIRED),
    LF("ef-arr-usim", 0x6F06, 14, 33, 10, 0x17, NULL, 0),
    TR("ef-keys", 0x6F08, 33, 5, 0x08, "07FF*", BUSY),
    TR("ef-keysPS", 0x6F09, 33, 5, 0x09, "07FF*", BUSY),
    TR("ef-hpplmn", 0x6F31, 1, 2, 0x12, "0A", 0),
    TR("ef-ust", 0x6F38, 17, 2, 0x04, NULL, 0),
    TR("ef-start-hfn", 0x6F5B, 6, 5, 0x0F, "F00000F00000", BUSY),
    TR("ef-threshold", 0x6F5C, 3, 2, 0x10, "FFFFFF", 0),
    TR("ef-psloci", 0x6F73, 14, 5, 0x0C, "FFFFFFFFFFFFFFFFFFFF0000FF01", BUSY),
    TR("ef-acc", 0x6F78, 2, 2, 0x06, NULL, REQUIRED),
    TR("ef-fplmn", 0x6F7B, 12, 5, 0x0D, "FF*", 0),
    TR("ef-loci", 0x6F7E, 11, 5, 0x0B, "FFFFFFFFFFFFFF0000FF01", BUSY),
    TR("ef-ad", 0x6FAD, 4, 10, 0x03, "00000002", 0),
    LF("ef-ecc", 0x6FB7, 1, 4, 10, 0x01, NULL, 0),
    TR("ef-netpar", 0x6FC4, 128, 5, 0, "FF*", BUSY),
};

static const struct saip_template_file opt_iot[] = {
    LF("ef-fdn", 0x6F3B, 20, 26, 8, 0, "FF*", 0),
    LF("ef-sms", 0x6F3C, 10, 176, 5, 0, "00FF*", 0),
    LF("ef-smsp", 0x6F42, 1, 38, 5, 0, "FF*", 0),
    TR("ef-smss", 0x6F43, 2, 5, 0, "FFFF", 0),
    TR("ef-spn", 0x6F46, 17, 10, 0, NULL, 0),
    TR("ef-est", 0x6F56, 1, 8, 0x05, NULL, 0),
    TR("ef-oplmnwact", 0x6F61, 40, 2, 0x11, "[FFFFFF0000]", 0),
    TR("ef-hplmnwact", 0x6F62, 5, 2, 0x13, "[FFFFFF0000]", 0),
    TR("ef-ehplmn", 0x6FD9, 15, 2, 0x1D, "FF*", 0),
    TR("ef-epsloci", 0x6FE3, 18, 5, 0x1E, "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFF000001", BUSY),
    LF("ef-epsnsc", 0x6FE4, 1, 80, 5, 0x18, "FF*", BUSY),
    DF("df-df-5gs", 0x5FC0, 0),
    TR("ef-5gs3gpploci", 0x4F01, 20, 5, 0x01, "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000001", BUSY),
    TR("ef-5gsn3gpploci", 0x4F02, 20, 5, 0x02, "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000001", BUSY),
    LF("ef-5gs3gppnsc", 0x4F03, 2, 62, 5, 0x03, "FF*", BUSY),
    LF("ef-5gsn3gppnsc", 0x4F04, 2, 62, 5, 0x04, "FF*", BUSY),
    TR("ef-5gauthkeys", 0x4F05, 110, 5, 0x05, NULL, BUSY),
    TR("ef-uac-aic", 0x4F06, 4, 2, 0x06, NULL, 0),
    TR("ef-suci-calc-info", 0x4F07, 0, 2, 0x07, "FF*", 0),
    LF("ef-opl5g", 0x4F08, 0, 10, 10, 0x08, "FF*", 0),
    TR("ef-supi-nai", 0x4F09, 0, 2, 0x09, NULL, 0),
    TR("ef-routing-indicator", 0x4F0A, 4, 2, 0x0A, "F0FF0000", 0),
    BT("ef-ursp", 0x4F0B, 0, 2, 0, NULL, 0),
    TR("ef-tn3gppsnn", 0x4F0C, 1, 2, 0x0C, "00", 0),
    DF("df-df-saip", 0x5FD0, 0),
    TR("ef-suci-calc-info-usim", 0x4F01, 0, 3, 0, "FF*", 0),
};

const struct saip_template saip_templates_iot[SAIP_TEMPLATES_IOT] = {
    {SAIP_IOT, 17, 1, true, iot, COUNT(iot), NULL, 0},
    {SAIP_OPT_IOT, 18, 1, false, opt_iot, COUNT(opt_iot), NULL, 0},
};
