/* Proactive commands and terminal responses: see proactive.h. */
#include "apdu/proactive.h"

#include "apdu/digits.h"
#include "apdu/tlv.h"

enum { TAG_PROACTIVE = 0xD0, DETAILS_SIZE = 3, DEVICES_SIZE = 2 };

const char *proactive_type_name(uint8_t type)
{
    static const char *const names[] = {
        [PROACTIVE_REFRESH] = "REFRESH",
        [PROACTIVE_MORE_TIME] = "MORE TIME",
        [PROACTIVE_POLL_INTERVAL] = "POLL INTERVAL",
        [PROACTIVE_POLLING_OFF] = "POLLING OFF",
        [PROACTIVE_SET_UP_EVENT_LIST] = "SET UP EVENT LIST",
        [PROACTIVE_SET_UP_CALL] = "SET UP CALL",
        [PROACTIVE_SEND_SS] = "SEND SS",
        [PROACTIVE_SEND_USSD] = "SEND USSD",
        [PROACTIVE_SEND_SHORT_MESSAGE] = "SEND SHORT MESSAGE",
        [PROACTIVE_SEND_DTMF] = "SEND DTMF",
        [PROACTIVE_LAUNCH_BROWSER] = "LAUNCH BROWSER",
        [PROACTIVE_PLAY_TONE] = "PLAY TONE",
        [PROACTIVE_DISPLAY_TEXT] = "DISPLAY TEXT",
        [PROACTIVE_GET_INKEY] = "GET INKEY",
        [PROACTIVE_GET_INPUT] = "GET INPUT",
        [PROACTIVE_SELECT_ITEM] = "SELECT ITEM",
        [PROACTIVE_SET_UP_MENU] = "SET UP MENU",
        [PROACTIVE_PROVIDE_LOCAL_INFORMATION] = "PROVIDE LOCAL INFORMATION",
        [PROACTIVE_TIMER_MANAGEMENT] = "TIMER MANAGEMENT",
        [PROACTIVE_SET_UP_IDLE_MODE_TEXT] = "SET UP IDLE MODE TEXT",
        [PROACTIVE_OPEN_CHANNEL] = "OPEN CHANNEL",
        [PROACTIVE_CLOSE_CHANNEL] = "CLOSE CHANNEL",
        [PROACTIVE_RECEIVE_DATA] = "RECEIVE DATA",
        [PROACTIVE_SEND_DATA] = "SEND DATA",
        [PROACTIVE_GET_CHANNEL_STATUS] = "GET CHANNEL STATUS",
    };

    return type < sizeof(names) / sizeof(names[0]) && names[type] != NULL ? names[type] : "";
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

void proactive_put_timer_value(struct buf *out, unsigned seconds)
{
    const uint8_t value[] = {digits_swapped(seconds / 3600), digits_swapped(seconds / 60 % 60),
                             digits_swapped(seconds % 60)};

    tlv_put(out, PROACTIVE_TIMER_VALUE & ~COMPREHENSION_REQUIRED, SPAN_ARRAY(value));
}

bool proactive_read_timer_value(struct span value, unsigned *seconds)
{
    unsigned hours, minutes, rest;

    if (value.size != 3 || !digits_read_swapped(value.data[0], &hours) ||
        !digits_read_swapped(value.data[1], &minutes) || !digits_read_swapped(value.data[2], &rest))
        return false;
    *seconds = (hours * 60 + minutes) * 60 + rest;
    return hours < 24 && minutes < 60 && rest < 60;
}

bool proactive_read_command(struct span octets, struct proactive_command *command)
{
    struct span rest, details, devices;

    if (tlv_single(octets, TAG_PROACTIVE, &rest) != TLV_OK ||
        !comprehension_take(&rest, PROACTIVE_COMMAND_DETAILS, &details) ||
        !comprehension_take(&rest, PROACTIVE_DEVICE_IDENTITIES, &devices) || details.size != DETAILS_SIZE ||
        devices.size != DEVICES_SIZE || !comprehension_is_sequence(rest))
        return false;
    command->number = details.data[0];
    command->type = details.data[1];
    command->qualifier = details.data[2];
    command->destination = devices.data[1];
    command->objects = rest;
    return true;
}

void proactive_put_response(struct buf *out, const struct proactive_response *response)
{
    const uint8_t details[DETAILS_SIZE] = {response->number, response->type, response->qualifier};
    const uint8_t devices[DEVICES_SIZE] = {PROACTIVE_TERMINAL, PROACTIVE_UICC};
    size_t result;

    tlv_put(out, PROACTIVE_COMMAND_DETAILS, SPAN_ARRAY(details));
    tlv_put(out, PROACTIVE_DEVICE_IDENTITIES, SPAN_ARRAY(devices));
    result = tlv_open(out, PROACTIVE_RESULT);
    buf_append_octet(out, response->result);
    buf_append(out, response->additional);
    tlv_close(out, result);
    buf_append(out, response->objects);
}

bool proactive_read_response(struct span octets, struct proactive_response *response)
{
    struct span details, devices, result;

    if (!comprehension_take(&octets, PROACTIVE_COMMAND_DETAILS, &details) ||
        !comprehension_take(&octets, PROACTIVE_DEVICE_IDENTITIES, &devices) ||
        !comprehension_take(&octets, PROACTIVE_RESULT, &result) || !comprehension_is_sequence(octets) ||
        details.size != DETAILS_SIZE || devices.size != DEVICES_SIZE || result.size < 1)
        return false;
    response->number = details.data[0];
    response->type = details.data[1];
    response->qualifier = details.data[2];
    response->result = result.data[0];
    response->additional = SPAN(result.data + 1, result.size - 1);
    response->objects = octets;
    return true;
}
