/*
 * Building profile packages: the recipe, and the order of the elements, which is that of the TCA profile
 * package, clause 8: header, MF, PUKs, PINs, telecom, applications with their PINs and keys, extra files,
 * security domain, remote file management, end. The elements are written by saip_build_uicc.c and
 * saip_build_naa.c.
 */
#include "profiles/saip/saip_builder.h"

#include "apdu/digits.h"

#include <string.h>

struct saip_recipe saip_recipe_default(void)
{
    struct saip_recipe recipe = {
        .iccid = "8900112233445566778",
        .imsi = "001010123456789",
        .mnc_size = 2,
        .profile_type = "softeuicc profile",
        .operator_name = "softeuicc",
        .msisdn = "+15550123456",
        .algorithm = SAIP_MILENAGE,
        /* Test set 1 of 3GPP TS 35.208. */
        .key = {0x46, 0x5B, 0x5C, 0xE8, 0xB1, 0x99, 0xB4, 0x9F, 0xAA, 0x5F, 0x0A, 0x2E, 0xE2, 0x38, 0xA6,
                0xBC},
        .opc = {0xCD, 0x63, 0xCB, 0x71, 0x95, 0x4A, 0x9F, 0x4E, 0x48, 0xA5, 0x99, 0x4E, 0x37, 0xA0, 0x2B,
                0xAF},
        .key_size = 16,
        .opc_size = 16,
        .pin1 = "1234",
        .pin2 = "5678",
        .puk1 = "12345678",
        .puk2 = "87654321",
        .adm1 = "11111111",
        .isim = true,
        .ota_key = {0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1A, 0x1B, 0x1C, 0x1D, 0x1E,
                    0x1F},
    };

    return recipe;
}

/* Characters that ASCII and the default alphabet of TS 23.038 code alike. */
static bool plain_text(const char *text, size_t max)
{
    size_t n = text != NULL
                   ? strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 &'()+,-./:")
                   : 0;

    return n >= 1 && n <= max && text[n] == '\0';
}

static const char *bad_value(const struct saip_recipe *r)
{
    bool tuak = r->algorithm == SAIP_TUAK;

    if (!digits_are(r->imsi, 6, 15))
        return "the IMSI is not 6 to 15 digits";
    if (r->mnc_size != 2 && r->mnc_size != 3)
        return "the MNC does not have 2 or 3 digits";
    if (r->profile_type == NULL || strlen(r->profile_type) < 1 || strlen(r->profile_type) > 100)
        return "the profile type does not have 1 to 100 octets";
    if (!plain_text(r->operator_name, 16))
        return "the operator name is not 1 to 16 letters, digits, spaces or any of &'()+,-./:";
    if (r->msisdn != NULL && !digits_are(r->msisdn + (r->msisdn[0] == '+'), 1, 20))
        return "the phone number is not 1 to 20 digits";
    if (r->algorithm < SAIP_MILENAGE || r->algorithm > SAIP_USIM_TEST_ALGORITHM)
        return "the authentication algorithm is unknown";
    if (r->key_size != 16 && !(tuak && r->key_size == 32))
        return "the key K does not have 16 octets (or 32 for TUAK)";
    if (r->opc_size != (tuak ? 32 : 16))
        return tuak ? "TOPc does not have 32 octets" : "OPc does not have 16 octets";
    if (!digits_are(r->pin1, 4, 8) || !digits_are(r->pin2, 4, 8))
        return "a PIN is not 4 to 8 digits";
    if (!digits_are(r->puk1, 8, 8) || !digits_are(r->puk2, 8, 8))
        return "a PUK is not 8 digits";
    if (!digits_are(r->adm1, 4, 8))
        return "the administrative code is not 4 to 8 digits";
    if (r->extra_size > (size_t)EXTRA_FILE_MAX * EXTRA_FILES_MAX)
        return "the extra files are too large";
    return NULL;
}

bool saip_build(const struct saip_recipe *recipe, struct buf *out, const char **reason)
{
    struct saip_builder b = {.recipe = recipe, .out = out};

    *reason = iccid_from_digits(recipe->iccid, b.iccid) ? bad_value(recipe) : "the ICCID is not " ICCID_FORM;
    if (*reason != NULL)
        return false;
    saip_build_header(&b);
    saip_build_mf(&b);
    saip_build_puks(&b);
    saip_build_global_pins(&b);
    saip_build_telecom(&b);
    saip_build_local_pin(&b);
    saip_build_usim(&b);
    saip_build_optional_usim(&b);
    saip_build_local_pin(&b);
    saip_build_keys(&b);
    saip_build_gsm_access(&b);
    saip_build_5gs(&b);
    if (recipe->isim) {
        saip_build_isim(&b);
        saip_build_local_pin(&b);
        saip_build_keys(&b);
    }
    saip_build_generic_files(&b);
    saip_build_security_domain(&b);
    saip_build_remote_files(&b);
    saip_open_element(&b, SAIP_END);
    saip_close(&b, 1);
    if (out->failed)
        *reason = "out of memory";
    return !out->failed;
}
