/*
 * Building profile packages: what belongs to the UICC and its operator: header, MF, codes, telecom, files
 * without template, the operator's security domain and remote file management. See saip_build.h.
 */
#include "profiles/saip/saip_builder.h"

#include <string.h>

/* The operator's security domain and the remote file management instance (TS 102 226, 3GPP TS 31.116). */
#define AID_MNO_SD "A000000151000000"
#define AID_RFM    "A00000055910100001"

/* ServicesList members by number (context tags 80 + number). */
enum {
    SERVICE_USIM = 1,
    SERVICE_ISIM = 2,
    SERVICE_MILENAGE = 4,
    SERVICE_TUAK128 = 5,
    SERVICE_TUAK256 = 16,
    SERVICE_USIM_TEST_ALGORITHM = 17,
};

static unsigned algorithm_service(const struct saip_recipe *recipe)
{
    if (recipe->algorithm == SAIP_MILENAGE)
        return SERVICE_MILENAGE;
    if (recipe->algorithm == SAIP_USIM_TEST_ALGORITHM)
        return SERVICE_USIM_TEST_ALGORITHM;
    return recipe->key_size == 16 ? SERVICE_TUAK128 : SERVICE_TUAK256;
}

static void put_services(struct saip_builder *b)
{
    saip_open(b, 0xA5);
    tlv_put(b->out, 0x80 | SERVICE_USIM, SPAN_STRING(""));
    if (b->recipe->isim)
        tlv_put(b->out, 0x80 | SERVICE_ISIM, SPAN_STRING(""));
    tlv_put(b->out, 0x80 | algorithm_service(b->recipe), SPAN_STRING(""));
    saip_close(b, 1);
}

static void put_templates(struct saip_builder *b)
{
    static const uint32_t elements[] = {SAIP_MF,         SAIP_TELECOM, SAIP_USIM, SAIP_OPT_USIM,
                                        SAIP_GSM_ACCESS, SAIP_DF_5GS,  SAIP_ISIM};
    size_t count = sizeof(elements) / sizeof(elements[0]) - (b->recipe->isim ? 0 : 1);

    saip_open(b, 0xA6);
    for (size_t i = 0; i < count; i++) {
        saip_open(b, 0x06);
        saip_template_put_oid(b->out, saip_first_template(elements[i]));
        saip_close(b, 1);
    }
    saip_close(b, 1);
}

void saip_build_header(struct saip_builder *b)
{
    uint8_t iccid[ICCID_SIZE];

    iccid_turn(b->iccid, iccid);
    saip_open(b, SAIP_HEADER);
    tlv_put_octet(b->out, 0x80, 2);
    tlv_put_octet(b->out, 0x81, 3);
    tlv_put_string(b->out, 0x82, b->recipe->profile_type);
    tlv_put(b->out, 0x83, SPAN_ARRAY(iccid));
    put_services(b);
    put_templates(b);
    saip_close(b, 1);
}

/* One application template of EF DIR (TS 102 221 13.1), filled to the record's size. */
static void put_dir_record(struct saip_builder *b, const char *aid, const char *label, size_t record)
{
    struct buf entry = {0};
    size_t mark = tlv_open(&entry, 0x61);

    saip_put_hex(&entry, 0x4F, aid);
    tlv_put_string(&entry, 0x50, label);
    tlv_close(&entry, mark);
    while (!entry.failed && entry.size < record)
        buf_append_octet(&entry, 0xFF);
    tlv_put(b->out, 0x83, buf_span(&entry));
    buf_free(&entry);
}

void saip_build_mf(struct saip_builder *b)
{
    enum { DIR_RECORD = 26 };

    saip_open_template(b, SAIP_MF);
    saip_put_directory(b, "mf", 0, NULL, MF_PINS);
    saip_put_file(b, "ef-pl", SPAN_STRING("en"));
    saip_put_file(b, "ef-iccid", SPAN_ARRAY(b->iccid));
    saip_open_record_file(b, "ef-dir", 4, DIR_RECORD);
    put_dir_record(b, AID_USIM, "USIM", DIR_RECORD);
    if (b->recipe->isim)
        put_dir_record(b, AID_ISIM, "ISIM", DIR_RECORD);
    saip_close(b, 1);
    saip_put_access_rules(b);
    saip_put_file_hex(b, "ef-umpc", "3C 05 000000");
    saip_close(b, 1);
}

/* A code of up to 8 digits as ASCII, filled with FF (TS 102 221 9.5.1). */
static void put_code(struct buf *out, uint32_t tag, const char *digits)
{
    uint8_t octets[8];
    size_t n = strlen(digits);

    memset(octets, 0xFF, sizeof(octets));
    memcpy(octets, digits, n < sizeof(octets) ? n : sizeof(octets));
    tlv_put(out, tag, SPAN_ARRAY(octets));
}

static void put_puk(struct buf *out, unsigned reference, const char *digits)
{
    size_t puk = tlv_open(out, 0x30);

    tlv_put_unsigned(out, 0x80, reference);
    put_code(out, 0x81, digits);
    tlv_close(out, puk); /* ten attempts, ten left: the default */
}

void saip_build_puks(struct saip_builder *b)
{
    saip_open_element(b, SAIP_PUK_CODES);
    saip_open(b, 0xA1);
    put_puk(b->out, PUK1, b->recipe->puk1);
    put_puk(b->out, PUK2, b->recipe->puk2);
    saip_close(b, 2);
}

/* pinAttributes, TCA 8.4: b1 enabled, b2 can be changed, b3 can be disabled. */
enum { PIN_ENABLED = 1, PIN_CHANGE = 2, PIN_DISABLE = 4 };

static void put_pin(struct buf *out, unsigned reference, const char *digits, unsigned puk,
                    unsigned attributes, unsigned attempts)
{
    size_t pin = tlv_open(out, 0x30);

    tlv_put_unsigned(out, 0x80, reference);
    put_code(out, 0x81, digits);
    if (puk != 0)
        tlv_put_unsigned(out, 0x82, puk);
    if (attributes != (PIN_ENABLED | PIN_CHANGE | PIN_DISABLE))
        tlv_put_unsigned(out, 0x83, attributes);
    if (attempts != 3)
        tlv_put_unsigned(out, 0x84, attempts << 4 | attempts);
    tlv_close(out, pin);
}

static void open_pins(struct saip_builder *b)
{
    saip_open_element(b, SAIP_PIN_CODES);
    saip_open(b, 0xA1);
    saip_open(b, 0xA0);
}

void saip_build_global_pins(struct saip_builder *b)
{
    const struct saip_recipe *r = b->recipe;

    open_pins(b);
    put_pin(b->out, PIN1, r->pin1, PUK1, PIN_CHANGE | PIN_DISABLE | (r->pin1_enabled ? PIN_ENABLED : 0u), 3);
    put_pin(b->out, ADM1, r->adm1, 0, PIN_ENABLED | PIN_CHANGE, 10);
    saip_close(b, 3);
}

void saip_build_local_pin(struct saip_builder *b)
{
    open_pins(b);
    put_pin(b->out, PIN2, b->recipe->pin2, PUK2, PIN_ENABLED | PIN_CHANGE, 3);
    saip_close(b, 3);
}

void saip_build_telecom(struct saip_builder *b)
{
    enum { CONTACTS = 50, CONTACT_SIZE = 32 };

    saip_open_template(b, SAIP_TELECOM);
    saip_put_directory(b, "df-telecom", 0, NULL, DIRECTORY_PINS);
    saip_put_access_rules(b);
    saip_put_directory(b, "df-phonebook", 0, NULL, DIRECTORY_PINS);
    /* One phone book: EF ADN 4F58 with short identifier 1 (TS 31.102 4.4.2.1). */
    saip_open_record_file(b, "ef-pbr", 1, 16);
    saip_put_hex(b->out, 0x83, "A805 C0034F5801");
    saip_close(b, 1);
    saip_open_file(b, "ef-adn");
    saip_open(b, 0xA1);
    saip_put_record_descriptor(b->out, 0x82, false, CONTACT_SIZE);
    saip_put_u16(b->out, 0x83, 0x4F58);
    saip_put_size(b->out, 0x80, CONTACTS * CONTACT_SIZE);
    tlv_put_octet(b->out, 0x88, 1 << 3);
    saip_close(b, 3);
}

/* --- what is not in templates --- */

/* EF LND below DF TELECOM (TS 51.011 10.5.5), which no template has,
 * and the empty files that were asked for. */
void saip_build_generic_files(struct saip_builder *b)
{
    enum { LND_RECORDS = 10, LND_RECORD = 28, FID_LND = 0x6F44, FID_EXTRA = 0x2100 };
    size_t left = b->recipe->extra_size;

    saip_open_element(b, SAIP_GENERIC_FILE_MANAGEMENT);
    saip_open(b, 0xA1);
    saip_open(b, 0x30);
    saip_put_u16(b->out, 0x80, 0x7F10);
    saip_open(b, 0x62);
    saip_put_record_descriptor(b->out, 0x82, true, LND_RECORD);
    saip_put_u16(b->out, 0x83, FID_LND);
    saip_put_hex(b->out, 0x8B, "6F0605");
    saip_put_size(b->out, 0x80, LND_RECORDS * LND_RECORD);
    saip_put_hex(b->out, 0x88, "");
    saip_close(b, 1);
    if (left > 0)
        saip_put_hex(b->out, 0x80, "");
    for (unsigned i = 0; left > 0; i++) {
        size_t size = left < EXTRA_FILE_MAX ? left : EXTRA_FILE_MAX;

        saip_open(b, 0x62);
        saip_put_hex(b->out, 0x82, "4121");
        saip_put_u16(b->out, 0x83, FID_EXTRA + i);
        saip_put_hex(b->out, 0x8B, "2F060A");
        saip_put_size(b->out, 0x80, size);
        saip_put_hex(b->out, 0x88, "");
        saip_close(b, 1);
        left -= size;
    }
    saip_close(b, 3);
}

static void put_ota_key(struct saip_builder *b, uint8_t usage, uint8_t identifier)
{
    saip_open(b, 0x30);
    tlv_put_octet(b->out, 0x95, usage);
    tlv_put_octet(b->out, 0x82, identifier);
    tlv_put_octet(b->out, 0x83, 0x01); /* key version of SCP80 (TS 102 225: 01 to 0F) */
    saip_open(b, 0x30);
    saip_open(b, 0x30);
    tlv_put_octet(b->out, 0x80, 0x88); /* AES (GlobalPlatform 11.1.8) */
    tlv_put(b->out, 0x86, SPAN_ARRAY(b->recipe->ota_key));
    saip_close(b, 3);
}

/* The operator's security domain (MNO-SD) with one SCP80 key set. */
void saip_build_security_domain(struct saip_builder *b)
{
    struct buf *out = b->out;

    saip_open_element(b, SAIP_SECURITY_DOMAIN);
    saip_open(b, 0xA1);
    saip_put_hex(out, 0x4F, "A0000001515350");
    saip_put_hex(out, 0x4F, "A000000151535041");
    saip_put_hex(out, 0x4F, AID_MNO_SD);
    saip_put_hex(out, 0x82, "82DC00");   /* security domain with token and receipt management, trusted path
                                       (GlobalPlatform 11.1.2) */
    tlv_put_octet(out, 0x83, 0x0F);      /* personalised */
    saip_put_hex(out, 0xC9, "81028000"); /* SCP80, implementation as TS 102 225 says */
    saip_open(b, 0xEA);
    /* TS 102 226 8.2.1.3.2.2: priority, no timers, menus or channels, minimum security 16, TAR B20100, no
     * services. */
    saip_put_hex(out, 0x80, "01 00 00 00 00 02 0116 03 B20100 00");
    saip_close(b, 2);
    saip_open(b, 0xA2);
    put_ota_key(b, 0x18, 1); /* ciphering */
    put_ota_key(b, 0x14, 2); /* cryptographic checksum */
    put_ota_key(b, 0x48, 3); /* data encryption */
    saip_close(b, 2);
}

/* Remote file management of the UICC, and of the USIM from there (TS 102 226 clause 8.2, TAR of TS 101 220
 * Annex D). */
void saip_build_remote_files(struct saip_builder *b)
{
    struct buf *out = b->out;

    saip_open_element(b, SAIP_RFM);
    saip_put_hex(out, 0x4F, AID_RFM);
    saip_put_hex(out, 0x4F, AID_MNO_SD);
    saip_open(b, 0xA0);
    saip_put_hex(out, 0x04, "B00001");
    saip_close(b, 1);
    tlv_put_octet(out, 0x81,
                  0x16);           /* encrypted, with a cryptographic checksum and a counter that increases */
    saip_put_hex(out, 0x04, "00"); /* full access */
    saip_put_hex(out, 0x04, "02 0100"); /* administrative access: ADM1 */
    saip_open(b, 0x30);
    saip_put_hex(out, 0x80, AID_USIM);
    saip_put_hex(out, 0x81, "00");
    saip_put_hex(out, 0x82, "02 0100");
    saip_close(b, 2);
}
