/*
 * File control parameters (ETSI TS 102 221 11.1.1.3, 11.1.1.4): the FCP template of MF, DF, ADF and EF.
 */
#include "profiles/uicc/uicc.h"

#include "apdu/tlv.h"

enum { DATA_CODING = 0x21 }; /* of a file descriptor, 11.1.1.4.3 */

/* Proprietary information, 11.1.1.4.6. */
enum {
    UICC_CHARACTERISTICS = 0x80,
    AVAILABLE_MEMORY = 0x83,
    FILE_DETAILS = 0x84,
    RESERVED_SIZE = 0x85,
    MAXIMUM_SIZE = 0x86,
    SUPPORTED_COMMANDS = 0x87,
    SPECIAL_FILE_INFORMATION = 0xC0,
    /* Clock stop allowed at no preferred level, supply voltage classes A, B and C. */
    CHARACTERISTICS = 0x71,
    TERMINAL_CAPABILITY_SUPPORTED = 0x01,
    DETAILS_DER = 0x01,
};

/* PIN status template, 9.5.2. */
enum { PS_DO = 0x90, USAGE_QUALIFIER = 0x95, KEY_REFERENCE = 0x83, PIN_UNIVERSAL = 0x11, USE_PIN = 0x08 };

/* Sizes have at least two octets. */
static void put_size(struct buf *out, uint32_t tag, size_t size)
{
    size_t count = size > 0xFFFFFF ? 4 : size > 0xFFFF ? 3 : 2;
    uint8_t octets[4];

    octets_put_number(octets, count, size);
    tlv_put(out, tag, SPAN(octets, count));
}

static void put_descriptor(const struct fs_file *file, struct buf *out)
{
    uint8_t value[5] = {
        (uint8_t)(saip_kind_descriptor(file->kind) | (file->shareable ? SAIP_DESCRIPTOR_SHAREABLE : 0)),
        DATA_CODING, (uint8_t)(file->record_size >> 8), (uint8_t)file->record_size,
        (uint8_t)fs_records(file)};

    tlv_put(out, 0x82, SPAN(value, saip_kind_has_records(file->kind) ? 5 : 2));
}

static void put_identifier(const struct fs_file *file, struct buf *out)
{
    const uint8_t fid[] = {(uint8_t)(file->fid >> 8), (uint8_t)file->fid};

    /* An ADF's identifier is one of the package's, no terminal can select by it. */
    if (file->kind != SAIP_FILE_ADF)
        tlv_put(out, 0x83, SPAN_ARRAY(fid));
    else
        tlv_put(out, 0x84, fs_aid_span(&file->aid));
}

static void put_proprietary(const struct fs_file *file, struct buf *out)
{
    size_t mark;

    if (file->kind != SAIP_FILE_MF && file->kind != SAIP_FILE_BER_TLV && file->special == 0)
        return;
    mark = tlv_open(out, 0xA5);
    if (file->kind == SAIP_FILE_MF) {
        tlv_put_octet(out, UICC_CHARACTERISTICS, CHARACTERISTICS);
        tlv_put_octet(out, SUPPORTED_COMMANDS, TERMINAL_CAPABILITY_SUPPORTED);
    }
    if (file->kind == SAIP_FILE_BER_TLV) {
        tlv_put_octet(out, FILE_DETAILS, DETAILS_DER);
        put_size(out, RESERVED_SIZE, file->size);
        if (file->maximum_size > 0)
            put_size(out, MAXIMUM_SIZE, file->maximum_size);
    }
    if (file->special != 0)
        tlv_put_octet(out, SPECIAL_FILE_INFORMATION, file->special);
    tlv_close(out, mark);
}

/* Bit 8 of the first octet of PS_DO is the first code's: 1, it is enabled. */
static void put_enabled(const struct uicc *uicc, const struct fs_file *file, struct buf *out)
{
    uint8_t bits[32] = {0};
    size_t count = file->pin_status.size < 8 * sizeof(bits) ? file->pin_status.size : 8 * sizeof(bits);

    for (size_t i = 0; i < count; i++) {
        const struct fs_pin *pin = fs_find_pin(uicc->fs, file, file->pin_status.data[i]);

        if (pin != NULL && pin->enabled)
            bits[i / 8] |= (uint8_t)(0x80 >> i % 8);
    }
    tlv_put(out, PS_DO, SPAN(bits, (count + 7) / 8));
}

/* The universal PIN's usage qualifier says whether it stands in for one of the others. */
static uint8_t universal_usage(const struct uicc *uicc, const struct fs_file *file)
{
    for (size_t i = 0; i < file->pin_status.size; i++) {
        const struct fs_pin *pin = fs_find_pin(uicc->fs, file, file->pin_status.data[i]);

        if (pin != NULL && pin->replaced && !pin->enabled)
            return USE_PIN;
    }
    return 0;
}

static void put_pin_status(const struct uicc *uicc, const struct fs_file *file, struct buf *out)
{
    size_t mark;

    if (file->pin_status.size == 0)
        return;
    mark = tlv_open(out, 0xC6);
    put_enabled(uicc, file, out);
    for (size_t i = 0; i < file->pin_status.size; i++) {
        if (file->pin_status.data[i] == PIN_UNIVERSAL)
            tlv_put_octet(out, USAGE_QUALIFIER, universal_usage(uicc, file));
        tlv_put_octet(out, KEY_REFERENCE, file->pin_status.data[i]);
    }
    tlv_close(out, mark);
}

static void put_sizes(const struct fs_file *file, struct buf *out)
{
    uint8_t sfi = (uint8_t)(file->sfi << 3);

    put_size(out, 0x80, file->kind == SAIP_FILE_BER_TLV ? fs_content(file).size : file->size);
    if (file->kind == SAIP_FILE_BER_TLV)
        put_size(out, 0x81, file->size);
    /* An empty one says that there is none; an absent one would mean the identifier's last five bits. */
    tlv_put(out, 0x88, SPAN(&sfi, file->sfi != 0 ? 1 : 0));
}

void uicc_put_fcp(const struct uicc *uicc, const struct fs_file *file, struct buf *response)
{
    size_t mark = tlv_open(response, 0x62);

    put_descriptor(file, response);
    put_identifier(file, response);
    put_proprietary(file, response);
    tlv_put_octet(response, 0x8A, file->life_cycle);
    if (file->access.size > 0)
        tlv_put(response, (uint32_t)file->access_form, buf_span(&file->access));
    if (fs_is_directory(file))
        put_pin_status(uicc, file, response);
    else
        put_sizes(file, response);
    tlv_close(response, mark);
}
