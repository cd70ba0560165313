/* TERMINAL RESPONSE: see modem_response.h. */
#include "device/modem/modem_response.h"

#include "apdu/tlv.h"
#include "device/modem/card_commands.h"
#include "device/modem/modem_tell.h"

#include <stdio.h>

enum { CLA_TOOLKIT = 0x80 };

const char *modem_command_name(const struct modem *modem)
{
    return proactive_type_name(modem->command.type);
}

void modem_put_object(struct buf *out, uint8_t tag, struct span value)
{
    tlv_put(out, (uint32_t)tag & ~(uint32_t)COMPREHENSION_REQUIRED, value);
}

void modem_spoil_objects(const struct modem *modem, uint8_t *octets, size_t size)
{
    struct span rest = SPAN(octets, size);
    struct comprehension_object object;

    if (!HAS_HABIT(modem, MODEM_DROPS_BIT_8))
        return;
    for (size_t at = 0; rest.size > 0; at = size - rest.size) {
        if (!comprehension_next(&rest, &object))
            return;
        octets[at] ^= COMPREHENSION_REQUIRED;
    }
}

/* The command's octets, or none when what was fetched is not one. */
static void tell_command(struct modem *modem, struct span answer)
{
    char name[40];

    snprintf(name, sizeof(name), "%s", modem_command_name(modem));
    if (name[0] == '\0')
        snprintf(name, sizeof(name), "command %02X", modem->command.type);
    modem_tell(modem, MODEM_EVENT_PROACTIVE, 0, name, buf_span(&modem->command_octets), answer);
}

void modem_end_session(struct modem *modem)
{
    bool was_guests = modem->is_guests_session;

    modem->is_guests = modem->is_guests_session = false;
    if (was_guests && modem->toolkit.ended != NULL)
        modem->toolkit.ended(modem->toolkit.context);
}

void modem_respond_octets(struct modem *modem, struct span response)
{
    uint16_t sw = card_command(modem, CLA_TOOLKIT, INS_TERMINAL_RESPONSE, 0, 0, response, 0);

    modem->is_under_way = modem->is_guests = false; /* only now is it known whether the next command waits */
    tell_command(modem, response);
    if (sw != 0 && !card_is_ok(sw))
        modem_trouble(modem, "TERMINAL RESPONSE to %s was answered with %04X", modem_command_name(modem), sw);
    if (modem->announced == 0)
        modem_end_session(modem);
    modem_wake(modem);
}

static void send_response(struct modem *modem, uint8_t result, struct span additional)
{
    const struct proactive_response response = {.number = modem->command.number,
                                                .type = modem->command.type,
                                                .qualifier = modem->command.qualifier,
                                                .result = result,
                                                .additional = additional,
                                                .objects = buf_span(&modem->objects)};

    modem->waiting = 0;
    modem->patience = ALARM_NEVER;
    buf_clear(&modem->response);
    proactive_put_response(&modem->response, &response);
    if (modem->response.failed || modem->response.size > APDU_SHORT_NC) {
        modem->is_under_way = modem->is_guests = false;
        modem_trouble(modem, "no room for the response to %s", modem_command_name(modem));
        return;
    }
    modem_spoil_objects(modem, modem->response.data, modem->response.size);
    modem_respond_octets(modem, buf_span(&modem->response));
}

void modem_respond(struct modem *modem, uint8_t result)
{
    send_response(modem, result, SPAN("", 0));
}

void modem_respond_why(struct modem *modem, uint8_t result, uint8_t cause)
{
    send_response(modem, result, SPAN(&cause, 1));
}

void modem_drop_command(struct modem *modem)
{
    modem->is_under_way = modem->is_guests = false;
    modem->waiting = 0;
    modem->patience = ALARM_NEVER;
    tell_command(modem, SPAN_NONE);
    modem_wake(modem);
}
