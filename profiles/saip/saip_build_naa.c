/*
 * Building profile packages: the network access applications, USIM and ISIM, with the files of 3GPP TS 31.102
 * and 31.103 and their keys. See saip_build.h.
 */
#include "apdu/digits.h"
#include "profiles/saip/saip_builder.h"

#include <stdio.h>
#include <string.h>

/* --- the USIM --- */

/* EF UST (TS 31.102 4.2.8): service n is bit (n - 1) % 8 of octet (n - 1) / 8. */
static void put_usim_services(struct saip_builder *b)
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
        34,  /* enabled services table, which a USIM with service 2 has */
        38,  /* GSM security context: what EAP-SIM and GSM networks ask AUTHENTICATE for (7.1.1.2) */
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
    saip_put_sized_file(b, "ef-ust", sizeof(octets), SPAN_ARRAY(octets));
}

static void put_imsi(struct saip_builder *b)
{
    uint8_t octets[9];
    char digits[17];
    size_t n = strlen(b->recipe->imsi);

    /* TS 31.102 4.2.2: length, then parity and type nibble 9 or 1 in front of the digits. */
    snprintf(digits, sizeof(digits), "%c%s", n % 2 == 1 ? '9' : '1', b->recipe->imsi);
    digits_swap(digits, octets + 1, sizeof(octets) - 1);
    octets[0] = (uint8_t)(n / 2 + 1);
    saip_put_file(b, "ef-imsi", SPAN_ARRAY(octets));
}

void saip_build_usim(struct saip_builder *b)
{
    const struct saip_recipe *r = b->recipe;
    char last[2] = {r->imsi[strlen(r->imsi) - 1], '\0'};
    uint8_t class = (uint8_t)(last[0] - '0');
    uint8_t access[2] = {(uint8_t)((1u << class) >> 8), (uint8_t)(1u << class)};
    uint8_t administrative[4] = {0, 0, 0, (uint8_t)r->mnc_size};
    uint8_t name[17];

    memset(name, 0xFF, sizeof(name));
    name[0] = 0x01; /* the home network's name need not be shown besides (TS 31.102 4.2.12) */
    memcpy(name + 1, r->operator_name, strlen(r->operator_name));
    saip_open_template(b, SAIP_USIM);
    saip_put_directory(b, "adf-usim", FID_USIM, AID_USIM, DIRECTORY_PINS);
    put_imsi(b);
    saip_put_access_rules(b);
    put_usim_services(b);
    saip_put_file(b, "ef-spn", SPAN_ARRAY(name));
    saip_put_file_hex(b, "ef-est", "00");
    saip_put_file(b, "ef-acc", SPAN_ARRAY(access));
    saip_put_file(b, "ef-ad", SPAN_ARRAY(administrative));
    saip_open_record_file(b, "ef-ecc", 2, 4);
    saip_put_hex(b->out, 0x83, "11F2FF00 19F1FF00"); /* 112 and 911, any service */
    saip_close(b, 2);
}

static void put_msisdn(struct saip_builder *b)
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
        digits_swap(number, record + 12, 10);
    }
    saip_put_file(b, "ef-msisdn", SPAN_ARRAY(record));
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

void saip_build_optional_usim(struct saip_builder *b)
{
    uint8_t selector[5];
    struct span plmn = SPAN(selector, 3);
    uint8_t network_name[16];

    digits_plmn(b->recipe->imsi, b->recipe->mnc_size, selector);
    selector[3] = 0xC8; /* UTRAN, E-UTRAN, NG-RAN (TS 31.102 4.2.5) */
    selector[4] = 0x80; /* GSM */
    memset(network_name, 0xFF, sizeof(network_name));
    put_network_name(b->recipe->operator_name, network_name, sizeof(network_name));
    saip_open_template(b, SAIP_OPT_USIM);
    saip_put_file_hex(b, "ef-gid1", "FFFFFFFFFFFFFFFF");
    saip_put_file_hex(b, "ef-gid2", "FFFFFFFFFFFFFFFF");
    put_msisdn(b);
    saip_put_file(b, "ef-plmnwact", SPAN_NONE);
    saip_put_file(b, "ef-oplmnwact", SPAN_NONE);
    saip_put_file(b, "ef-hplmnwact", SPAN_ARRAY(selector));
    saip_put_file(b, "ef-pnn", SPAN_ARRAY(network_name));
    /* All areas of the home network show the first name of EF PNN (TS 31.102 4.2.59). */
    saip_open_file(b, "ef-opl");
    saip_open(b, 0x83);
    buf_append(b->out, plmn);
    buf_append(b->out, SPAN_STRING("\x00\x00\xFF\xFE\x01"));
    saip_close(b, 2);
    saip_put_file(b, "ef-ehplmn", plmn);
    saip_close(b, 1);
}

void saip_build_keys(struct saip_builder *b)
{
    const struct saip_recipe *r = b->recipe;

    saip_open_element(b, SAIP_AKA_PARAMETER);
    saip_open(b, 0xA1);
    saip_open(b, 0xA1);
    tlv_put_unsigned(b->out, 0x80, (uint64_t)r->algorithm);
    /* Reading: 02 asks for a RES of 64 bits; Milenage has no other. */
    tlv_put_octet(b->out, 0x81, r->algorithm == SAIP_MILENAGE ? 0x00 : 0x02);
    tlv_put(b->out, 0x82, SPAN(r->key, r->key_size));
    tlv_put(b->out, 0x83, SPAN(r->opc, r->opc_size));
    saip_close(b, 3);
}

void saip_build_gsm_access(struct saip_builder *b)
{
    saip_open_template(b, SAIP_GSM_ACCESS);
    saip_put_directory(b, "df-gsm-access", 0, NULL, DIRECTORY_PINS);
    saip_put_file(b, "ef-kc", SPAN_NONE);
    saip_put_file(b, "ef-kcgprs", SPAN_NONE);
    saip_close(b, 1);
}

void saip_build_5gs(struct saip_builder *b)
{
    saip_open_template(b, SAIP_DF_5GS);
    saip_put_directory(b, "df-df-5gs", 0, NULL, DIRECTORY_PINS);
    saip_put_file(b, "ef-5gs3gpploci", SPAN_NONE);
    saip_put_file(b, "ef-5gsn3gpploci", SPAN_NONE);
    saip_put_file(b, "ef-5gs3gppnsc", SPAN_NONE);
    saip_put_file(b, "ef-5gsn3gppnsc", SPAN_NONE);
    saip_put_sized_file(b, "ef-5gauthkeys", 110, SPAN_NONE);
    /* Null scheme only: a list with one entry, no key (TS 31.102 4.4.11.8). */
    saip_put_sized_file(b, "ef-suci-calc-info", 6, SPAN_STRING("\xA0\x02\x00\x00\xA1\x00"));
    saip_put_file_hex(b, "ef-routing-indicator", "F0FF0000");
    saip_close(b, 1);
}

/* --- the ISIM --- */

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

void saip_build_isim(struct saip_builder *b)
{
    enum { IDENTITY_SIZE = 96 };
    char domain[64];
    char at_domain[72];
    struct buf text = {0};

    home_domain(b->recipe, domain, sizeof(domain));
    snprintf(at_domain, sizeof(at_domain), "@%s", domain);
    saip_open_template(b, SAIP_ISIM);
    saip_put_directory(b, "adf-isim", FID_ISIM, AID_ISIM, DIRECTORY_PINS);
    saip_put_sized_file(b, "ef-impi", IDENTITY_SIZE, text_object(&text, "", b->recipe->imsi, at_domain));
    saip_open_record_file(b, "ef-impu", 1, IDENTITY_SIZE);
    tlv_put(b->out, 0x83, text_object(&text, "sip:", b->recipe->imsi, at_domain));
    saip_close(b, 1);
    saip_put_sized_file(b, "ef-domain", IDENTITY_SIZE, text_object(&text, "", domain, ""));
    saip_put_file_hex(b, "ef-ist", "00");
    saip_put_access_rules(b);
    saip_close(b, 1);
    buf_free(&text);
}
