/* Proactive commands and terminal responses: see proactive.h. */
#include "apdu/proactive.h"

enum { TAG_PROACTIVE = 0xD0, DETAILS_SIZE = 3, DEVICES_SIZE = 2 };

/* The tag as it stands next in the input. */
static uint32_t as_received(const struct tlv_reader *reader, uint32_t tag)
{
    uint32_t plain = tag & ~(uint32_t)PROACTIVE_COMPREHENSION;

    return tlv_peek(reader) == plain ? plain : tag;
}

bool proactive_require(struct tlv_reader *reader, uint32_t tag, struct span *value)
{
    return tlv_require(reader, as_received(reader, tag), value);
}

bool proactive_optional(struct tlv_reader *reader, uint32_t tag, struct span *value)
{
    return tlv_optional(reader, as_received(reader, tag), value);
}

bool proactive_build(struct buf *out, const struct proactive_command *command)
{
    const uint8_t details[DETAILS_SIZE] = {command->number, command->type, command->qualifier};
    const uint8_t devices[DEVICES_SIZE] = {PROACTIVE_UICC, command->destination};
    size_t before = out->size;
    size_t outer = tlv_open(out, TAG_PROACTIVE);

    tlv_put(out, PROACTIVE_COMMAND_DETAILS, SPAN_ARRAY(details));
    tlv_put(out, PROACTIVE_DEVICE_IDENTITIES, SPAN_ARRAY(devices));
    buf_append(out, command->objects);
    tlv_close(out, outer);
    if (!out->failed && out->size - before <= PROACTIVE_COMMAND_MAX)
        return true;
    out->size = before;
    return false;
}

/* Two digits in an octet, the tens in the low half (8.37). */
static uint8_t swapped_digits(unsigned number)
{
    return (uint8_t)(number % 10 << 4 | number / 10);
}

void proactive_put_timer_value(struct buf *out, unsigned seconds)
{
    const uint8_t value[] = {swapped_digits(seconds / 3600), swapped_digits(seconds / 60 % 60),
                             swapped_digits(seconds % 60)};

    tlv_put(out, PROACTIVE_TIMER_VALUE, SPAN_ARRAY(value));
}

bool proactive_read_response(struct span octets, struct proactive_response *response)
{
    struct tlv_reader reader = tlv_reader(octets);
    struct span details, devices, result;

    if (!proactive_require(&reader, PROACTIVE_COMMAND_DETAILS, &details) ||
        !proactive_require(&reader, PROACTIVE_DEVICE_IDENTITIES, &devices) ||
        !proactive_require(&reader, PROACTIVE_RESULT, &result) || !tlv_skip_rest(&reader) ||
        details.size != DETAILS_SIZE || devices.size != DEVICES_SIZE || result.size < 1)
        return false;
    response->number = details.data[0];
    response->type = details.data[1];
    response->qualifier = details.data[2];
    response->result = result.data[0];
    response->additional = SPAN(result.data + 1, result.size - 1);
    return true;
}
