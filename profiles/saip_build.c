/*
 * Building profile packages: see saip_build.h. The order of the elements is that of the TCA profile package,
 * clause 8: header, MF, PUKs, PINs, telecom, applications with their PINs and keys, extra files, security
 * domain, remote file management, end.
 *
 * File contents are written from the specification of each file (3GPP TS 31.102, 31.103, ETSI TS 102 221);
 * files of the templates that need nothing special are left to their defaults.
 */
#include "profiles/saip_build.h"

#include "apdu/tlv.h"
#include "profiles/templates.h"

#include <stdio.h>
#include <string.h>

/* File identifiers that a package chooses for its ADFs (temporary, TCA 8.3.1). */
enum { FID_USIM = 0x7FF1, FID_ISIM = 0x7FF2 };

/* RID of 3GPP, application codes of TS 101 220 Annex E, and a provider part of our own. */
#define AID_USIM "A0000000871002FFFFFFFF8907090000"
#define AID_ISIM "A0000000871004FFFFFFFF8907090000"
/* The operator's security domain and the remote file management instances (TS 102 226, 3GPP TS 31.116). */
#define AID_MNO_SD "A000000151000000"
#define AID_RFM    "A00000055910100001"

/* The largest file made: efFileSize of two octets with room to spare. */
enum { EXTRA_FILE_MAX = 0x7000, EXTRA_FILES_MAX = 512 };

/* References of TS 102 221 9.5.1. */
enum { PIN1 = 0x01, PIN2 = 0x81, ADM1 = 0x0A, PUK1 = 0x01, PUK2 = 0x81 };

struct builder {
    const struct saip_recipe *recipe;
    struct buf *out;
    unsigned identification;
    const struct saip_template *template; /* of the element being written */
};

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

static bool all_digits(const char *text, size_t min, size_t max)
{
    size_t n = text != NULL ? strspn(text, "0123456789") : 0;

    return n >= min && n <= max && text[n] == '\0';
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

    if (!all_digits(r->iccid, 19, 20))
        return "the ICCID is not 19 or 20 digits";
    if (!all_digits(r->imsi, 6, 15))
        return "the IMSI is not 6 to 15 digits";
    if (r->mnc_size != 2 && r->mnc_size != 3)
        return "the MNC does not have 2 or 3 digits";
    if (r->profile_type == NULL || strlen(r->profile_type) < 1 || strlen(r->profile_type) > 100)
        return "the profile type does not have 1 to 100 octets";
    if (!plain_text(r->operator_name, 16))
        return "the operator name is not 1 to 16 letters, digits, spaces or any of &'()+,-./:";
    if (r->msisdn != NULL && !all_digits(r->msisdn + (r->msisdn[0] == '+'), 1, 20))
        return "the phone number is not 1 to 20 digits";
    if (r->algorithm < SAIP_MILENAGE || r->algorithm > SAIP_USIM_TEST_ALGORITHM)
        return "the authentication algorithm is unknown";
    if (r->key_size != 16 && !(tuak && r->key_size == 32))
        return "the key K does not have 16 octets (or 32 for TUAK)";
    if (r->opc_size != (tuak ? 32 : 16))
        return tuak ? "TOPc does not have 32 octets" : "OPc does not have 16 octets";
    if (!all_digits(r->pin1, 4, 8) || !all_digits(r->pin2, 4, 8))
        return "a PIN is not 4 to 8 digits";
    if (!all_digits(r->puk1, 8, 8) || !all_digits(r->puk2, 8, 8))
        return "a PUK is not 8 digits";
    if (!all_digits(r->adm1, 4, 8))
        return "the administrative code is not 4 to 8 digits";
    if (r->extra_size > (size_t)EXTRA_FILE_MAX * EXTRA_FILES_MAX)
        return "the extra files are too large";
    return NULL;
}

static void put_hex(struct buf *out, uint32_t tag, const char *text)
{
    size_t mark = tlv_open(out, tag);

    if (!buf_append_hex(out, text, NULL))
        out->failed = true;
    tlv_close(out, mark);
}

static void put_octet(struct buf *out, uint32_t tag, uint8_t octet)
{
    tlv_put(out, tag, SPAN(&octet, 1));
}

static void put_u16(struct buf *out, uint32_t tag, unsigned value)
{
    uint8_t octets[2] = {(uint8_t)(value >> 8), (uint8_t)value};

    tlv_put(out, tag, SPAN_ARRAY(octets));
}

/* A file size: on the fewest octets (ASN.1 module, efFileSize). */
static void put_size(struct buf *out, uint32_t tag, size_t size)
{
    if (size < 0x100)
        put_octet(out, tag, (uint8_t)size);
    else
        put_u16(out, tag, (unsigned)size);
}

/* Digits as BCD with swapped nibbles, filled with F up to `size` octets. */
static void swapped_digits(const char *digits, uint8_t *octets, size_t size)
{
    size_t n = strlen(digits);

    memset(octets, 0xFF, size);
    for (size_t i = 0; i < n && i / 2 < size; i++) {
        uint8_t digit = (uint8_t)(digits[i] - '0');

        octets[i / 2] =
            (uint8_t)(i % 2 == 0 ? (octets[i / 2] & 0xF0) | digit : (octets[i / 2] & 0x0F) | digit << 4);
    }
}

static void plmn_octets(const struct saip_recipe *recipe, uint8_t octets[3])
{
    const char *d = recipe->imsi;
    uint8_t third = recipe->mnc_size == 3 ? (uint8_t)(d[5] - '0') : 0x0F;

    octets[0] = (uint8_t)((d[1] - '0') << 4 | (d[0] - '0'));
    octets[1] = (uint8_t)(third << 4 | (d[2] - '0'));
    octets[2] = (uint8_t)((d[4] - '0') << 4 | (d[3] - '0'));
}

/* --- elements
 * ------------------------------------------------------------------------------------------------------ */

/* Begins an element: its tag and header, with the next identification. */
static size_t open_element(struct builder *b, uint32_t tag)
{
    size_t mark = tlv_open(b->out, tag);
    size_t header = tlv_open(b->out, 0xA0);

    tlv_put(b->out, 0x80, SPAN_STRING("")); /* mandated */
    tlv_put_unsigned(b->out, 0x81, ++b->identification);
    tlv_close(b->out, header);
    return mark;
}

/* Begins an element that uses a template (its version 1: any eUICC in the field has it). */
static size_t open_template(struct builder *b, uint32_t tag)
{
    size_t mark = open_element(b, tag);
    size_t oid = tlv_open(b->out, 0x81);

    for (size_t i = 0; (b->template = saip_template_at(i)) != NULL && b->template->element != tag; i++)
        ;
    if (b->template != NULL)
        saip_template_put_oid(b->out, b->template);
    else
        b->out->failed = true;
    tlv_close(b->out, oid);
    return mark;
}

static size_t open_file(struct builder *b, const char *name)
{
    int row = saip_template_row_named(b->template, name);

    if (row < 0) {
        b->out->failed = true;
        row = 0;
    }
    return tlv_open(b->out, saip_template_row_tag((size_t)row));
}

/* A file as the template has it, but for the content (none: the default). */
static void put_file(struct builder *b, const char *name, struct span content)
{
    size_t mark = open_file(b, name);

    if (content.size > 0)
        tlv_put(b->out, 0x83, content);
    tlv_close(b->out, mark);
}

static void put_file_hex(struct builder *b, const char *name, const char *content)
{
    size_t mark = open_file(b, name);

    put_hex(b->out, 0x83, content);
    tlv_close(b->out, mark);
}

/* A transparent file of another size than the template's. */
static void put_sized_file(struct builder *b, const char *name, size_t size, struct span content)
{
    size_t mark = open_file(b, name);
    size_t fcp = tlv_open(b->out, 0xA1);

    put_size(b->out, 0x80, size);
    tlv_close(b->out, fcp);
    if (content.size > 0)
        tlv_put(b->out, 0x83, content);
    tlv_close(b->out, mark);
}

/* File descriptor of a file of records (TS 102 221 11.1.1.4.3). */
static void put_record_descriptor(struct buf *out, uint32_t tag, bool cyclic, size_t record)
{
    uint8_t octets[4] = {cyclic ? 0x46 : 0x42, 0x21, (uint8_t)(record >> 8), (uint8_t)record};

    tlv_put(out, tag, SPAN_ARRAY(octets));
}

/* Begins a linear fixed file of `records` records; the caller adds the content. */
static size_t open_record_file(struct builder *b, const char *name, size_t records, size_t record)
{
    size_t mark = open_file(b, name);
    size_t fcp = tlv_open(b->out, 0xA1);

    put_record_descriptor(b->out, 0x82, false, record);
    put_size(b->out, 0x80, records * record);
    tlv_close(b->out, fcp);
    return mark;
}

/* A directory with the PINs that its PIN status template names; an ADF has a temporary identifier and an AID
 * besides. */
static void put_directory(struct builder *b, const char *name, unsigned fid, const char *aid,
                          struct span pins)
{
    size_t mark = open_file(b, name);
    size_t fcp = tlv_open(b->out, 0xA1);

    if (aid != NULL) {
        put_u16(b->out, 0x83, fid);
        put_hex(b->out, 0x84, aid);
    }
    tlv_put(b->out, 0xC6, pins);
    tlv_close(b->out, fcp);
    tlv_close(b->out, mark);
}

static const uint8_t mf_pins[] = {PIN1, ADM1};
static const uint8_t directory_pins[] = {PIN1, PIN2, ADM1};

/* The access rules that the templates refer to by number (TCA Annex A, 9.9), as EF ARR records of TS 102
 * 221 9.2.7. */
static const char *const access_rules[] = {
    "8001019000 800102A406830101950108 800158A40683010A950108",
    "800101A406830101950108 80015AA40683010A950108",
    "80015BA40683010A950108",
    "8001019000 80011A9700 800140A40683010A950108",
    "800103A406830101950108 800158A40683010A950108",
    "800111A406830101950108 80014AA40683010A950108",
    "800103A406830101950108 800158A40683010A950108 840132A406830101950108",
    "800101A406830101950108 800102A406830181950108 800158A40683010A950108",
    "8001019000 80011AA406830101950108 800140A40683010A950108",
    "8001019000 80015AA40683010A950108",
    "8001019000 800118A40683010A950108 8001429700",
    "800101A406830101950108 80015A9700",
    "800113A406830101950108 800148A40683010A950108",
    "80015EA40683010A950108",
};
enum { ACCESS_RULES = sizeof(access_rules) / sizeof(access_rules[0]), ACCESS_RULE_SIZE = 33 };

static void put_access_rules(struct builder *b)
{
    size_t mark = open_record_file(b, "ef-arr", ACCESS_RULES, ACCESS_RULE_SIZE);

    for (size_t i = 0; i < ACCESS_RULES; i++) {
        size_t rule = tlv_open(b->out, 0x83);

        if (!buf_append_hex(b->out, access_rules[i], NULL))
            b->out->failed = true;
        /* An unused record's end keeps the FF of a new file: step over it. */
        if (!b->out->failed && b->out->size - rule < ACCESS_RULE_SIZE && i + 1 < ACCESS_RULES) {
            size_t rest = ACCESS_RULE_SIZE - (b->out->size - rule);

            tlv_close(b->out, rule);
            tlv_put_unsigned(b->out, 0x82, rest);
        } else {
            tlv_close(b->out, rule);
        }
    }
    tlv_close(b->out, mark);
}

static void put_header(struct builder *b)
{
    /* ServicesList members by number (context tags 80 + number). */
    enum { USIM = 1, ISIM = 2, MILENAGE = 4, TUAK128 = 5, TUAK256 = 16, USIM_TEST_ALGORITHM = 17 };
    static const uint32_t elements[] = {0xB0, 0xB2, 0xB3, 0xB4, 0xB5, 0xB8, 0xBC};
    const struct saip_recipe *r = b->recipe;
    uint8_t iccid[10];
    size_t mark = tlv_open(b->out, 0xA0);
    size_t list;

    /* The header has the digits in reading order, EF ICCID has them swapped. */
    memset(iccid, 0xFF, sizeof(iccid));
    for (size_t i = 0; r->iccid[i] != '\0'; i++) {
        uint8_t digit = (uint8_t)(r->iccid[i] - '0');

        iccid[i / 2] = (uint8_t)(i % 2 == 0 ? digit << 4 | 0x0F : (iccid[i / 2] & 0xF0) | digit);
    }
    put_octet(b->out, 0x80, 2);
    put_octet(b->out, 0x81, 3);
    tlv_put_string(b->out, 0x82, r->profile_type);
    tlv_put(b->out, 0x83, SPAN_ARRAY(iccid));
    list = tlv_open(b->out, 0xA5);
    tlv_put(b->out, 0x80 | USIM, SPAN_STRING(""));
    if (r->isim)
        tlv_put(b->out, 0x80 | ISIM, SPAN_STRING(""));
    tlv_put(b->out,
            0x80 | (r->algorithm == SAIP_MILENAGE ? MILENAGE
                    : r->algorithm == SAIP_TUAK   ? r->key_size == 16 ? TUAK128 : TUAK256
                                                  : USIM_TEST_ALGORITHM),
            SPAN_STRING(""));
    tlv_close(b->out, list);
    list = tlv_open(b->out, 0xA6);
    for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++) {
        const struct saip_template *template;
        size_t oid;

        if (elements[i] == 0xB5 && !r->isim)
            continue;
        for (size_t j = 0; (template = saip_template_at(j)) != NULL && template->element != elements[i]; j++)
            ;
        oid = tlv_open(b->out, 0x06);
        if (template != NULL)
            saip_template_put_oid(b->out, template);
        tlv_close(b->out, oid);
    }
    tlv_close(b->out, list);
    tlv_close(b->out, mark);
}

/* One application template of EF DIR (TS 102 221 13.1), filled to the record's size. */
static void put_dir_record(struct builder *b, const char *aid, const char *label, size_t record)
{
    struct buf entry = {0};
    size_t mark = tlv_open(&entry, 0x61);

    put_hex(&entry, 0x4F, aid);
    tlv_put_string(&entry, 0x50, label);
    tlv_close(&entry, mark);
    while (!entry.failed && entry.size < record)
        buf_append_octet(&entry, 0xFF);
    tlv_put(b->out, 0x83, buf_span(&entry));
    buf_free(&entry);
}

static void put_mf(struct builder *b)
{
    enum { DIR_RECORD = 26 };
    uint8_t iccid[10];
    size_t mark = open_template(b, 0xB0);
    size_t dir;

    swapped_digits(b->recipe->iccid, iccid, sizeof(iccid));
    put_directory(b, "mf", 0, NULL, SPAN_ARRAY(mf_pins));
    put_file(b, "ef-pl", SPAN_STRING("en"));
    put_file(b, "ef-iccid", SPAN_ARRAY(iccid));
    dir = open_record_file(b, "ef-dir", 4, DIR_RECORD);
    put_dir_record(b, AID_USIM, "USIM", DIR_RECORD);
    if (b->recipe->isim)
        put_dir_record(b, AID_ISIM, "ISIM", DIR_RECORD);
    tlv_close(b->out, dir);
    put_access_rules(b);
    put_file_hex(b, "ef-umpc", "3C 05 000000");
    tlv_close(b->out, mark);
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

static void put_puks(struct builder *b)
{
    size_t mark = open_element(b, 0xA3);
    size_t list = tlv_open(b->out, 0xA1);

    put_puk(b->out, PUK1, b->recipe->puk1);
    put_puk(b->out, PUK2, b->recipe->puk2);
    tlv_close(b->out, list);
    tlv_close(b->out, mark);
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

static void put_global_pins(struct builder *b)
{
    const struct saip_recipe *r = b->recipe;
    size_t mark = open_element(b, 0xA2);
    size_t choice = tlv_open(b->out, 0xA1);
    size_t list = tlv_open(b->out, 0xA0);

    put_pin(b->out, PIN1, r->pin1, PUK1, PIN_CHANGE | PIN_DISABLE | (r->pin1_enabled ? PIN_ENABLED : 0u), 3);
    put_pin(b->out, ADM1, r->adm1, 0, PIN_ENABLED | PIN_CHANGE, 10);
    tlv_close(b->out, list);
    tlv_close(b->out, choice);
    tlv_close(b->out, mark);
}

static void put_local_pin(struct builder *b)
{
    size_t mark = open_element(b, 0xA2);
    size_t choice = tlv_open(b->out, 0xA1);
    size_t list = tlv_open(b->out, 0xA0);

    put_pin(b->out, PIN2, b->recipe->pin2, PUK2, PIN_ENABLED | PIN_CHANGE, 3);
    tlv_close(b->out, list);
    tlv_close(b->out, choice);
    tlv_close(b->out, mark);
}

static void put_telecom(struct builder *b)
{
    enum { CONTACTS = 50, CONTACT_SIZE = 32 };
    size_t mark = open_template(b, 0xB2);
    size_t file;

    put_directory(b, "df-telecom", 0, NULL, SPAN_ARRAY(directory_pins));
    put_access_rules(b);
    put_directory(b, "df-phonebook", 0, NULL, SPAN_ARRAY(directory_pins));
    /* One phone book: EF ADN 4F58 with short identifier 1 (TS 31.102 4.4.2.1). */
    file = open_record_file(b, "ef-pbr", 1, 16);
    put_hex(b->out, 0x83, "A805 C0034F5801");
    tlv_close(b->out, file);
    file = open_file(b, "ef-adn");
    size_t fcp = tlv_open(b->out, 0xA1);
    put_record_descriptor(b->out, 0x82, false, CONTACT_SIZE);
    put_u16(b->out, 0x83, 0x4F58);
    put_size(b->out, 0x80, CONTACTS * CONTACT_SIZE);
    put_octet(b->out, 0x88, 1 << 3);
    tlv_close(b->out, fcp);
    tlv_close(b->out, file);
    tlv_close(b->out, mark);
}

/* --- the USIM
 * ------------------------------------------------------------------------------------------------------ */

/* EF UST (TS 31.102 4.2.8): service n is bit (n - 1) % 8 of octet (n - 1) / 8. */
static void put_usim_services(struct builder *b)
{
    static const uint8_t services[] = {
        2,   /* fixed dialling numbers */
        10,  /* short messages */
        12,  /* short message parameters */
        17,  /* group identifier 1 */
        18,  /* group identifier 2 */
        19,  /* service provider name */
        20,  /* user controlled PLMN selector */
        21,  /* MSISDN */
        27,  /* GSM access */
        28,  /* data download by SMS-PP */
        33,  /* "shall be set to 1" */
        42,  /* operator controlled PLMN selector */
        43,  /* HPLMN selector */
        45,  /* PLMN network name */
        46,  /* operator PLMN list */
        71,  /* equivalent HPLMN */
        85,  /* EPS mobility management information */
        122, /* 5GS mobility management information */
        123, /* 5G security parameters */
        124, /* subscription identifier privacy */
    };
    uint8_t octets[17] = {0};

    for (size_t i = 0; i < sizeof(services); i++)
        octets[(services[i] - 1) / 8] |= (uint8_t)(1 << (services[i] - 1) % 8);
    put_sized_file(b, "ef-ust", sizeof(octets), SPAN_ARRAY(octets));
}

static void put_imsi(struct builder *b)
{
    uint8_t octets[9];
    char digits[17];
    size_t n = strlen(b->recipe->imsi);

    /* TS 31.102 4.2.2: length, then parity and type nibble 9 or 1 in front of the digits. */
    snprintf(digits, sizeof(digits), "%c%s", n % 2 == 1 ? '9' : '1', b->recipe->imsi);
    swapped_digits(digits, octets + 1, sizeof(octets) - 1);
    octets[0] = (uint8_t)(n / 2 + 1);
    put_file(b, "ef-imsi", SPAN_ARRAY(octets));
}

static void put_usim(struct builder *b)
{
    const struct saip_recipe *r = b->recipe;
    char last[2] = {r->imsi[strlen(r->imsi) - 1], '\0'};
    uint8_t class = (uint8_t)(last[0] - '0');
    uint8_t access[2] = {(uint8_t)((1u << class) >> 8), (uint8_t)(1u << class)};
    uint8_t administrative[4] = {0, 0, 0, (uint8_t)r->mnc_size};
    uint8_t name[17];
    size_t mark = open_template(b, 0xB3);
    size_t file;

    memset(name, 0xFF, sizeof(name));
    name[0] = 0x01; /* the home network's name need not be shown besides (TS 31.102 4.2.12) */
    memcpy(name + 1, r->operator_name, strlen(r->operator_name));
    put_directory(b, "adf-usim", FID_USIM, AID_USIM, SPAN_ARRAY(directory_pins));
    put_imsi(b);
    put_access_rules(b);
    put_usim_services(b);
    put_file(b, "ef-spn", SPAN_ARRAY(name));
    put_file_hex(b, "ef-est", "00");
    put_file(b, "ef-acc", SPAN_ARRAY(access));
    put_file(b, "ef-ad", SPAN_ARRAY(administrative));
    file = open_record_file(b, "ef-ecc", 2, 4);
    put_hex(b->out, 0x83, "11F2FF00 19F1FF00"); /* 112 and 911, any service */
    tlv_close(b->out, file);
    tlv_close(b->out, mark);
}

static void put_msisdn(struct builder *b)
{
    const char *number = b->recipe->msisdn;
    bool international = number != NULL && number[0] == '+';
    uint8_t record[24];
    size_t digits;

    memset(record, 0xFF, sizeof(record));
    if (number != NULL) {
        number += international;
        digits = strlen(number);
        /* TS 31.102 4.2.26, after an alpha identifier of 10 octets: length, type of number, digits. */
        record[10] = (uint8_t)(1 + (digits + 1) / 2);
        record[11] = international ? 0x91 : 0x81;
        swapped_digits(number, record + 12, 10);
    }
    put_file(b, "ef-msisdn", SPAN_ARRAY(record));
}

/* The full name for the network of EF PNN (TS 31.102 4.2.58): TS 24.008 10.5.3.5a, characters packed in 7
 * bits. */
static void put_network_name(const char *name, uint8_t *record, size_t size)
{
    size_t characters = strlen(name);
    size_t octets;

    if (characters > (size - 3) * 8 / 7)
        characters = (size - 3) * 8 / 7;
    octets = (characters * 7 + 7) / 8;
    record[0] = 0x43;
    record[1] = (uint8_t)(1 + octets);
    record[2] = (uint8_t)(0x80 | (octets * 8 - characters * 7)); /* default alphabet, spare bits at the end */
    memset(record + 3, 0, octets);
    for (size_t i = 0; i < characters; i++) {
        unsigned shifted = (unsigned)(name[i] & 0x7F) << (i * 7 % 8);

        record[3 + i * 7 / 8] |= (uint8_t)shifted;
        if (shifted > 0xFF)
            record[4 + i * 7 / 8] |= (uint8_t)(shifted >> 8);
    }
}

static void put_optional_usim(struct builder *b)
{
    uint8_t plmn[3];
    uint8_t selector[5];
    uint8_t equivalent[3];
    uint8_t network_name[16];
    size_t mark = open_template(b, 0xB4);

    plmn_octets(b->recipe, plmn);
    memcpy(selector, plmn, 3);
    selector[3] = 0xC8; /* UTRAN, E-UTRAN, NG-RAN (TS 31.102 4.2.5) */
    selector[4] = 0x80; /* GSM */
    memcpy(equivalent, plmn, 3);
    memset(network_name, 0xFF, sizeof(network_name));
    put_network_name(b->recipe->operator_name, network_name, sizeof(network_name));
    put_file_hex(b, "ef-gid1", "FFFFFFFFFFFFFFFF");
    put_file_hex(b, "ef-gid2", "FFFFFFFFFFFFFFFF");
    put_msisdn(b);
    put_file(b, "ef-plmnwact", SPAN_NONE);
    put_file(b, "ef-oplmnwact", SPAN_NONE);
    put_file(b, "ef-hplmnwact", SPAN_ARRAY(selector));
    put_file(b, "ef-pnn", SPAN_ARRAY(network_name));
    /* All areas of the home network show the first name of EF PNN (TS 31.102 4.2.59). */
    size_t opl = open_file(b, "ef-opl");
    size_t content = tlv_open(b->out, 0x83);
    buf_append(b->out, SPAN_ARRAY(plmn));
    buf_append(b->out, SPAN_STRING("\x00\x00\xFF\xFE\x01"));
    tlv_close(b->out, content);
    tlv_close(b->out, opl);
    put_file(b, "ef-ehplmn", SPAN_ARRAY(equivalent));
    tlv_close(b->out, mark);
}

static void put_keys(struct builder *b)
{
    const struct saip_recipe *r = b->recipe;
    size_t mark = open_element(b, 0xA4);
    size_t choice = tlv_open(b->out, 0xA1);
    size_t algorithm = tlv_open(b->out, 0xA1);

    tlv_put_unsigned(b->out, 0x80, (uint64_t)r->algorithm);
    /* Reading: 02 asks for a RES of 64 bits; Milenage has no other. */
    put_octet(b->out, 0x81, r->algorithm == SAIP_MILENAGE ? 0x00 : 0x02);
    tlv_put(b->out, 0x82, SPAN(r->key, r->key_size));
    tlv_put(b->out, 0x83, SPAN(r->opc, r->opc_size));
    tlv_close(b->out, algorithm);
    tlv_close(b->out, choice);
    tlv_close(b->out, mark);
}

static void put_gsm_access(struct builder *b)
{
    size_t mark = open_template(b, 0xB8);

    put_directory(b, "df-gsm-access", 0, NULL, SPAN_ARRAY(directory_pins));
    put_file(b, "ef-kc", SPAN_NONE);
    put_file(b, "ef-kcgprs", SPAN_NONE);
    tlv_close(b->out, mark);
}

static void put_5gs(struct builder *b)
{
    size_t mark = open_template(b, 0xBC);

    put_directory(b, "df-df-5gs", 0, NULL, SPAN_ARRAY(directory_pins));
    put_file(b, "ef-5gs3gpploci", SPAN_NONE);
    put_file(b, "ef-5gsn3gpploci", SPAN_NONE);
    put_file(b, "ef-5gs3gppnsc", SPAN_NONE);
    put_file(b, "ef-5gsn3gppnsc", SPAN_NONE);
    put_sized_file(b, "ef-5gauthkeys", 110, SPAN_NONE);
    /* Null scheme only: a list with one entry, no key (TS 31.102 4.4.11.8). */
    put_sized_file(b, "ef-suci-calc-info", 6, SPAN_STRING("\xA0\x02\x00\x00\xA1\x00"));
    put_file_hex(b, "ef-routing-indicator", "F0FF0000");
    tlv_close(b->out, mark);
}

/* --- the ISIM
 * ------------------------------------------------------------------------------------------------------ */

/* TS 23.003 13.2 to 13.4B: the home network domain and the identities derived from the IMSI. */
static void home_domain(const struct saip_recipe *r, char *out, size_t size)
{
    snprintf(out, size, "ims.mnc%s%.*s.mcc%.3s.3gppnetwork.org", r->mnc_size == 2 ? "0" : "",
             (int)r->mnc_size, r->imsi + 3, r->imsi);
}

static struct span text_object(struct buf *buf, const char *prefix, const char *text, const char *suffix)
{
    size_t mark;

    buf_clear(buf);
    mark = tlv_open(buf, 0x80);
    buf_append(buf, span_of_string(prefix));
    buf_append(buf, span_of_string(text));
    buf_append(buf, span_of_string(suffix));
    tlv_close(buf, mark);
    return buf_span(buf);
}

static void put_isim(struct builder *b)
{
    enum { IDENTITY_SIZE = 96 };
    char domain[64];
    char at_domain[72];
    struct buf text = {0};
    size_t mark = open_template(b, 0xB5);
    size_t file;

    home_domain(b->recipe, domain, sizeof(domain));
    snprintf(at_domain, sizeof(at_domain), "@%s", domain);
    put_directory(b, "adf-isim", FID_ISIM, AID_ISIM, SPAN_ARRAY(directory_pins));
    put_sized_file(b, "ef-impi", IDENTITY_SIZE, text_object(&text, "", b->recipe->imsi, at_domain));
    file = open_record_file(b, "ef-impu", 1, IDENTITY_SIZE);
    tlv_put(b->out, 0x83, text_object(&text, "sip:", b->recipe->imsi, at_domain));
    tlv_close(b->out, file);
    put_sized_file(b, "ef-domain", IDENTITY_SIZE, text_object(&text, "", domain, ""));
    put_file_hex(b, "ef-ist", "00");
    put_access_rules(b);
    tlv_close(b->out, mark);
    buf_free(&text);
}

/* --- what is not in templates
 * -------------------------------------------------------------------------------------- */

/* EF LND below DF TELECOM (TS 51.011 10.5.5), which no template has, and the empty files that were asked for.
 */
static void put_generic_files(struct builder *b)
{
    enum { LND_RECORDS = 10, LND_RECORD = 28, FID_LND = 0x6F44, FID_EXTRA = 0x2100 };
    size_t left = b->recipe->extra_size;
    size_t mark = open_element(b, 0xA1);
    size_t commands = tlv_open(b->out, 0xA1);
    size_t sequence = tlv_open(b->out, 0x30);
    size_t fcp;

    put_u16(b->out, 0x80, 0x7F10);
    fcp = tlv_open(b->out, 0x62);
    put_record_descriptor(b->out, 0x82, true, LND_RECORD);
    put_u16(b->out, 0x83, FID_LND);
    put_hex(b->out, 0x8B, "6F0605");
    put_size(b->out, 0x80, LND_RECORDS * LND_RECORD);
    put_hex(b->out, 0x88, "");
    tlv_close(b->out, fcp);
    if (left > 0)
        put_hex(b->out, 0x80, "");
    for (unsigned i = 0; left > 0; i++) {
        size_t size = left < EXTRA_FILE_MAX ? left : EXTRA_FILE_MAX;

        fcp = tlv_open(b->out, 0x62);
        put_hex(b->out, 0x82, "4121");
        put_u16(b->out, 0x83, FID_EXTRA + i);
        put_hex(b->out, 0x8B, "2F060A");
        put_size(b->out, 0x80, size);
        put_hex(b->out, 0x88, "");
        tlv_close(b->out, fcp);
        left -= size;
    }
    tlv_close(b->out, sequence);
    tlv_close(b->out, commands);
    tlv_close(b->out, mark);
}

static void put_key_object(struct buf *out, unsigned usage, unsigned identifier, const uint8_t key[16])
{
    size_t object = tlv_open(out, 0x30);
    size_t components;
    size_t component;

    put_octet(out, 0x95, (uint8_t)usage);
    put_octet(out, 0x82, (uint8_t)identifier);
    put_octet(out, 0x83, 0x01); /* key version of SCP80 (TS 102 225: 01 to 0F) */
    components = tlv_open(out, 0x30);
    component = tlv_open(out, 0x30);
    put_octet(out, 0x80, 0x88); /* AES (GlobalPlatform 11.1.8) */
    tlv_put(out, 0x86, SPAN(key, 16));
    tlv_close(out, component);
    tlv_close(out, components);
    tlv_close(out, object);
}

/* The operator's security domain (MNO-SD) with one SCP80 key set. */
static void put_security_domain(struct builder *b)
{
    struct buf *out = b->out;
    size_t mark = open_element(b, 0xA6);
    size_t instance = tlv_open(out, 0xA1);
    size_t parameters;
    size_t keys;

    put_hex(out, 0x4F, "A0000001515350");
    put_hex(out, 0x4F, "A000000151535041");
    put_hex(out, 0x4F, AID_MNO_SD);
    put_hex(out, 0x82, "82DC00");   /* security domain with token and receipt management, trusted path
                                       (GlobalPlatform 11.1.2) */
    put_octet(out, 0x83, 0x0F);     /* personalised */
    put_hex(out, 0xC9, "81028000"); /* SCP80, implementation as TS 102 225 says */
    parameters = tlv_open(out, 0xEA);
    /* TS 102 226 8.2.1.3.2.2: priority, no timers, menus or channels, minimum security 16, TAR B20100, no
     * services. */
    put_hex(out, 0x80, "01 00 00 00 00 02 0116 03 B20100 00");
    tlv_close(out, parameters);
    tlv_close(out, instance);
    keys = tlv_open(out, 0xA2);
    put_key_object(out, 0x18, 1, b->recipe->ota_key); /* ciphering */
    put_key_object(out, 0x14, 2, b->recipe->ota_key); /* cryptographic checksum */
    put_key_object(out, 0x48, 3, b->recipe->ota_key); /* data encryption */
    tlv_close(out, keys);
    tlv_close(out, mark);
}

/* Remote file management of the UICC, and of the USIM from there (TS 102 226 clause 8.2, TAR of TS 101 220
 * Annex D). */
static void put_remote_files(struct builder *b)
{
    struct buf *out = b->out;
    size_t mark = open_element(b, 0xA7);
    size_t list;

    put_hex(out, 0x4F, AID_RFM);
    put_hex(out, 0x4F, AID_MNO_SD);
    list = tlv_open(out, 0xA0);
    put_hex(out, 0x04, "B00001");
    tlv_close(out, list);
    put_octet(out, 0x81, 0x16);    /* encrypted, with a cryptographic checksum and a counter that increases */
    put_hex(out, 0x04, "00");      /* full access */
    put_hex(out, 0x04, "02 0100"); /* administrative access: ADM1 */
    list = tlv_open(out, 0x30);
    put_hex(out, 0x80, AID_USIM);
    put_hex(out, 0x81, "00");
    put_hex(out, 0x82, "02 0100");
    tlv_close(out, list);
    tlv_close(out, mark);
}

bool saip_build(const struct saip_recipe *recipe, struct buf *out, const char **reason)
{
    struct builder b = {.recipe = recipe, .out = out};

    *reason = bad_value(recipe);
    if (*reason != NULL)
        return false;
    put_header(&b);
    put_mf(&b);
    put_puks(&b);
    put_global_pins(&b);
    put_telecom(&b);
    put_local_pin(&b);
    put_usim(&b);
    put_optional_usim(&b);
    put_local_pin(&b);
    put_keys(&b);
    put_gsm_access(&b);
    put_5gs(&b);
    if (recipe->isim) {
        put_isim(&b);
        put_local_pin(&b);
        put_keys(&b);
    }
    put_generic_files(&b);
    put_security_domain(&b);
    put_remote_files(&b);
    tlv_close(out, open_element(&b, 0xAA));
    if (out->failed)
        *reason = "out of memory";
    return !out->failed;
}
