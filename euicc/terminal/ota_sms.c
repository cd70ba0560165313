/*
 * Short messages as the card meets them (3GPP TS 23.040 9.2; concatenation 9.2.3.24.1): SMS-DELIVER from the
 * network, which is hostile, and SMS-SUBMIT for a response. See ota.h.
 */
#include "euicc/terminal/ota.h"

#include <stdlib.h>
#include <string.h>

enum {
    TP_MESSAGE_TYPE = 0x03,
    TP_DELIVER = 0x00,
    TP_SUBMIT = 0x01,
    TP_HEADER = 0x40, /* user data begins with a header */
    TIME_STAMP_SIZE = 7,
    DIGITS_MAX = 20,
    CODING_8_BIT = 0x04,
};
enum { IE_CONCATENATION_8 = 0x00, IE_CONCATENATION_16 = 0x08, IE_COMMAND_PACKET = 0x70 };

/* The message whose parts arrive; one at a time. */
struct ota_parts {
    bool active;
    uint8_t address[OTA_ADDRESS_MAX];
    size_t address_size;
    unsigned reference, total;
    struct buf parts[OTA_PARTS_MAX];
    struct buf whole;
};

/* --- reading --------------------------------------------------------------------------------------- */

/* Data coding schemes that mean 8-bit data (TS 23.038 4): the general groups and the group of classes. */
static bool is_8_bit(uint8_t coding)
{
    if ((coding & 0xF0) == 0xF0)
        return (coding & CODING_8_BIT) != 0;
    return (coding & 0xC0) == 0 && (coding & 0x2C) == CODING_8_BIT;
}

static void note_parts(struct ota_message *message, unsigned reference, const uint8_t *total_number)
{
    message->in_parts = true;
    message->reference = reference;
    message->total = total_number[0];
    message->number = total_number[1];
}

/* Unknown elements are passed over; each must fit. */
static bool read_header(struct ota_message *message)
{
    struct span in = message->header;

    while (in.size > 0) {
        struct span head, value;

        if (!span_take(&in, 2, &head) || !span_take(&in, head.data[1], &value))
            return false;
        if (head.data[0] == IE_COMMAND_PACKET && value.size == 0)
            message->is_command = true;
        if (head.data[0] == IE_CONCATENATION_8 && value.size == 3)
            note_parts(message, value.data[0], value.data + 1);
        if (head.data[0] == IE_CONCATENATION_16 && value.size == 4)
            note_parts(message, 0x10000u | (unsigned)value.data[0] << 8 | value.data[1], value.data + 2);
    }
    return !message->in_parts ||
           (message->total >= 1 && message->number >= 1 && message->number <= message->total);
}

bool ota_read_deliver(struct span tpdu, struct ota_message *message)
{
    struct span first, size, protocol, stamp, length;

    *message = (struct ota_message){.in_parts = false};
    if (!span_take(&tpdu, 1, &first) || (first.data[0] & TP_MESSAGE_TYPE) != TP_DELIVER || tpdu.size == 0 ||
        tpdu.data[0] > DIGITS_MAX ||
        !span_take(&tpdu, 2 + (size_t)(tpdu.data[0] + 1) / 2, &message->address) ||
        !span_take(&tpdu, 2, &protocol) || !is_8_bit(protocol.data[1]) ||
        !span_take(&tpdu, TIME_STAMP_SIZE, &stamp) || !span_take(&tpdu, 1, &length) ||
        length.data[0] != tpdu.size || tpdu.size > OTA_USER_DATA_MAX)
        return false;
    message->header = SPAN(tpdu.data, 0);
    if ((first.data[0] & TP_HEADER) != 0 &&
        (!span_take(&tpdu, 1, &size) || !span_take(&tpdu, size.data[0], &message->header)))
        return false;
    message->text = tpdu;
    return read_header(message);
}

/* --- parts ----------------------------------------------------------------------------------------- */

static void forget_parts(struct ota_parts *parts)
{
    for (size_t i = 0; i < OTA_PARTS_MAX; i++)
        buf_free(&parts->parts[i]);
    parts->active = false;
}

static bool is_part_of(const struct ota_parts *parts, const struct ota_message *message)
{
    return parts->active && parts->reference == message->reference && parts->total == message->total &&
           span_equal(SPAN(parts->address, parts->address_size), message->address);
}

static bool join(struct ota_parts *parts)
{
    buf_clear(&parts->whole);
    for (size_t i = 0; i < parts->total; i++) {
        if (parts->parts[i].size == 0)
            return false;
        buf_append(&parts->whole, buf_span(&parts->parts[i]));
    }
    return true;
}

/*
 * Reading of TS 31.115 4: only the first part says that it is a command packet. Parts come in any order; a
 * part of another message drops what was collected, for a sender that repeats and against one that floods.
 */
bool ota_collect(struct softeuicc *card, const struct ota_message *message, struct span *packet)
{
    struct ota_parts *parts = card->ota_parts;

    *packet = SPAN_NONE;
    if (!message->in_parts) {
        *packet = message->text;
        return message->is_command;
    }
    if (message->total > OTA_PARTS_MAX || message->text.size == 0 ||
        (message->number == 1 && !message->is_command))
        return false;
    if (parts == NULL)
        parts = card->ota_parts = calloc(1, sizeof(*parts));
    if (parts == NULL)
        return false;
    if (!is_part_of(parts, message)) {
        forget_parts(parts);
        parts->active = true;
        parts->reference = message->reference;
        parts->total = message->total;
        parts->address_size = message->address.size;
        memcpy(parts->address, message->address.data, message->address.size);
    }
    buf_clear(&parts->parts[message->number - 1]);
    buf_append(&parts->parts[message->number - 1], message->text);
    if (!join(parts))
        return false;
    forget_parts(parts);
    *packet = buf_span(&parts->whole);
    return !parts->whole.failed;
}

void ota_reset(struct softeuicc *card)
{
    if (card->ota_parts != NULL)
        forget_parts(card->ota_parts);
}

void ota_free(struct softeuicc *card)
{
    if (card->ota_parts == NULL)
        return;
    forget_parts(card->ota_parts);
    buf_free(&card->ota_parts->whole);
    free(card->ota_parts);
    card->ota_parts = NULL;
}

/* --- writing --------------------------------------------------------------------------------------- */

bool ota_write_submit(struct span address, struct span user_data, struct buf *out)
{
    const uint8_t begin[] = {TP_SUBMIT | TP_HEADER, 0x00 /* the terminal numbers it */};
    const uint8_t middle[] = {0x00 /* protocol */, CODING_8_BIT, (uint8_t)user_data.size};

    if (user_data.size > OTA_USER_DATA_MAX)
        return false;
    buf_append(out, SPAN_ARRAY(begin));
    buf_append(out, address);
    buf_append(out, SPAN_ARRAY(middle));
    buf_append(out, user_data);
    return true;
}
