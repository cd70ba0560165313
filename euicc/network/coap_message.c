/* One message of CoAP: see coap_message.h. */
#include "euicc/network/coap_message.h"

#include <coap3/coap.h>

enum {
    VERSION = 1,
    HEADER_SIZE = 4,
    TOKEN_MAX = 8,
    ETAG_MAX = 8,
    PAYLOAD_MARKER = 0xFF,
    OPTION_HEADER_MAX = 5,
    OPTION_NUMBER_MAX = 0xFFFF,
    DELTA_SHORT_MAX = 268, /* what a delta of one nibble and one octet can say */
    SZX_RESERVED = 7,
};

/* --- Reading ------------------------------------------------------------------------------------------ */

/* A number of at most `max` octets; false when the value is longer. */
static bool number_of(const coap_option_t *option, size_t max, int64_t *number)
{
    if (option->length > max)
        return false;
    *number = coap_decode_var_bytes(option->value, option->length);
    return true;
}

static bool block_of(const coap_option_t *option, struct coap_block *block)
{
    int64_t value;

    if (block->present || !number_of(option, 3, &value) || (value & 7) == SZX_RESERVED)
        return false;
    *block = (struct coap_block){true, (uint32_t)value >> 4, (value & 8) != 0, (unsigned)value & 7};
    return true;
}

/* Takes an option that answers can have. False: it is another, comes once more, or has not the right form. */
static bool take_option(struct coap_message *message, uint32_t number, const coap_option_t *option)
{
    switch (number) {
    case COAP_ETAG:
        if (message->etag.data != NULL || option->length == 0 || option->length > ETAG_MAX)
            return false;
        message->etag = SPAN(option->value, option->length);
        return true;
    case COAP_CONTENT_FORMAT:
        return message->content_format < 0 && number_of(option, 2, &message->content_format);
    case COAP_SIZE2:
        return message->size2 < 0 && number_of(option, 4, &message->size2);
    case COAP_BLOCK1:
        return block_of(option, &message->block1);
    case COAP_BLOCK2:
        return block_of(option, &message->block2);
    default:
        return false;
    }
}

/* Cuts one option off; *number is the one before and becomes its own. */
static bool next_option(struct span *in, uint32_t *number, coap_option_t *option)
{
    size_t size = coap_opt_parse(in->data, in->size, option);

    if (size == 0)
        return false;
    /* libcoap lets a delta beyond 16 bits start again at 0. */
    if (in->data[0] >> 4 == 14 && option->delta <= DELTA_SHORT_MAX)
        return false;
    *number += option->delta;
    *in = SPAN(in->data + size, in->size - size);
    return *number <= OPTION_NUMBER_MAX;
}

/* Options and payload. A payload marker has a payload behind it (RFC 7252 3). */
static bool read_options(struct span in, struct coap_message *message)
{
    uint32_t number = 0;

    while (in.size > 0 && in.data[0] != PAYLOAD_MARKER) {
        coap_option_t option;

        if (!next_option(&in, &number, &option))
            return false;
        if (!take_option(message, number, &option) && number % 2 != 0 && message->critical < 0)
            message->critical = (int32_t)number;
    }
    if (in.size == 0)
        return true;
    message->payload = SPAN(in.data + 1, in.size - 1);
    return in.size > 1;
}

enum coap_reading coap_message_read(struct span datagram, struct coap_message *message)
{
    struct span in = datagram;
    struct span header;
    size_t token_size;

    *message = (struct coap_message){.content_format = -1, .size2 = -1, .critical = -1};
    if (!span_take(&in, HEADER_SIZE, &header) || header.data[0] >> 6 != VERSION)
        return COAP_FOREIGN;
    message->type = (enum coap_type)(header.data[0] >> 4 & 3);
    message->id = (uint16_t)(header.data[2] << 8 | header.data[3]);
    token_size = header.data[0] & 0x0F;
    if (header.data[1] == COAP_EMPTY)
        return datagram.size == HEADER_SIZE && token_size == 0 ? COAP_READ : COAP_MALFORMED;
    message->payload = SPAN(datagram.data, 0);
    if (token_size > TOKEN_MAX || !span_take(&in, token_size, &message->token) || !read_options(in, message))
        return COAP_MALFORMED;
    message->code = header.data[1];
    return COAP_READ;
}

/* --- Writing ------------------------------------------------------------------------------------------ */

struct coap_writer coap_message_begin(struct buf *out, enum coap_type type, uint8_t code, uint16_t id,
                                      struct span token)
{
    buf_clear(out);
    buf_append_octet(out, (uint8_t)(VERSION << 6 | type << 4 | token.size));
    buf_append_octet(out, code);
    buf_append_number(out, sizeof(id), id);
    buf_append(out, token);
    return (struct coap_writer){out, 0};
}

void coap_message_option(struct coap_writer *writer, uint16_t number, struct span value)
{
    struct buf *out = writer->out;
    size_t most = OPTION_HEADER_MAX + value.size;
    size_t size;

    if (!buf_reserve(out, most))
        return;
    size = coap_opt_encode(out->data + out->size, most, (uint16_t)(number - writer->last), value.data,
                           value.size);
    out->size += size;
    out->failed = size == 0;
    writer->last = number;
}

void coap_message_number(struct coap_writer *writer, uint16_t number, uint32_t value)
{
    uint8_t octets[sizeof(value)];

    coap_message_option(writer, number, SPAN(octets, coap_encode_var_safe(octets, sizeof(octets), value)));
}

void coap_message_block(struct coap_writer *writer, uint16_t number, const struct coap_block *block)
{
    coap_message_number(writer, number, block->number << 4 | (block->more ? 8U : 0) | block->szx);
}

void coap_message_payload(struct coap_writer *writer, struct span payload)
{
    if (payload.size == 0)
        return;
    buf_append_octet(writer->out, PAYLOAD_MARKER);
    buf_append(writer->out, payload);
}
