/* +CSIM, +CCHO, +CCHC and +CGLA: see at_apdu.h. A session's number is that of its logical channel. */
#include "device/at/at_apdu.h"

#include "device/at/at_answer.h"
#include "device/at/at_rows.h"

#include <stdlib.h>
#include <string.h>

enum { AID_MAX = 16, ROUNDS_MAX = 256, HEADER_SIZE = 4 };
enum { OPEN = 0x00, CLOSE = 0x80, BY_AID = 0x04 };            /* MANAGE CHANNEL, SELECT */
enum { FURTHER = 0x40, PROPRIETARY = 0x80, CHAINING = 0x10 }; /* of CLA, ISO/IEC 7816-4 5.4.1 */
enum { SECURE_FIRST = 0x0C, SECURE_FURTHER = 0x20, SECURE_SIMPLE = 0x04 };

#define LONG_SESSION 0x385a7c0u /* of AT_LONG_SESSION: what its numbers begin with */

/* --- the card ------------------------------------------------------------------------------------------ */

enum at_result at_no_card(const struct at *at)
{
    return modem_stage(at->modem) == MODEM_OFF ? AT_NO_SIM : AT_SIM_FAILURE;
}

void at_sessions_end(struct at *at)
{
    memset(at->has_session, 0, sizeof(at->has_session));
}

static uint16_t status_of(const struct buf *answer)
{
    return answer->size >= 2 ? (uint16_t)span_number(SPAN(answer->data + answer->size - 2, 2)) : 0;
}

/* The class of GET RESPONSE is that of the channel. */
static void put_get_response(struct buf *capdu, uint8_t cla, uint16_t sw)
{
    uint8_t channel_class = (cla & FURTHER) != 0 ? cla & 0x4F : cla & 0x03;

    buf_clear(capdu);
    apdu_encode(capdu, channel_class, INS_GET_RESPONSE, 0, 0, SPAN_NONE,
                (sw & 0xFF) != 0 ? sw & 0xFF : APDU_SHORT_NE);
}

/* Of what came before, the status word is dropped. */
static bool follow(struct at *at, uint8_t cla)
{
    struct buf whole = {0};
    uint16_t sw = status_of(&at->answer);
    bool is_there = true;

    for (unsigned i = 0; i < ROUNDS_MAX && is_there && sw >> 8 == SW_MORE_DATA >> 8; i++) {
        buf_append(&whole, SPAN(at->answer.data, at->answer.size - 2));
        put_get_response(&at->capdu, cla, sw);
        is_there = modem_transmit(at->modem, buf_span(&at->capdu), &at->answer);
        sw = status_of(&at->answer);
    }
    buf_append(&whole, buf_span(&at->answer));
    buf_clear(&at->answer);
    buf_append(&at->answer, buf_span(&whole));
    is_there = is_there && !whole.failed && !at->answer.failed;
    buf_free(&whole);
    return is_there;
}

/* Data and Le: T=0 has no such command, so that a modem which sends it as two gets the answer itself. A
 * program that leaves Le out sends GET RESPONSE. */
static bool expects_answer(struct span capdu)
{
    struct apdu_command command;

    return apdu_decode(capdu, &command) == SW_OK && command.form == APDU_CASE_4;
}

bool at_exchange(struct at *at, struct span capdu)
{
    uint8_t cla = capdu.data[0];
    bool is_whole = HAS_QUIRK(at, AT_FOLLOWS) || expects_answer(capdu);

    if (!modem_transmit(at->modem, capdu, &at->answer) || at->answer.size < 2)
        return false;
    return !is_whole || follow(at, cla);
}

/* The APDU in a command's parameters, whose length stands before it, in digits of the text. */
static bool read_apdu(struct at *at, const struct at_parameters *parameters, size_t index)
{
    uint32_t length;

    buf_clear(&at->capdu);
    return at_parameter_number(parameters, index, 2 * HEADER_SIZE, AT_INPUT_MAX, &length) &&
           at_parameter_hex(parameters, index + 1, &at->capdu) && at->capdu.size * 2 == length;
}

static enum at_result say_answer(struct at *at, const char *name)
{
    at_say_octets(at, buf_span(&at->answer), "%s: %zu,", name, 2 * at->answer.size);
    return AT_OK;
}

static enum at_result serve_csim(struct at *at, const struct at_command *command)
{
    struct at_parameters parameters;
    struct buf capdu = {0};
    bool is_done;

    if (!at_parameters_read(command->parameters, &parameters) || parameters.count != 2 ||
        !read_apdu(at, &parameters, 0))
        return AT_BAD_PARAMETERS;
    buf_append(&capdu, buf_span(&at->capdu));
    is_done = !capdu.failed && at_exchange(at, buf_span(&capdu));
    buf_free(&capdu);
    return is_done ? say_answer(at, "+CSIM") : at_no_card(at);
}

/* --- sessions ------------------------------------------------------------------------------------------ */

/* What a model whose errors of these commands have no code says instead. */
static enum at_result as_model(const struct at *at, enum at_result result)
{
    return result != AT_OK && HAS_QUIRK(at, AT_PLAIN_ERRORS) ? AT_ERROR : result;
}

static bool send_manage_channel(struct at *at, uint8_t p1, uint8_t p2, uint32_t ne)
{
    buf_clear(&at->capdu);
    apdu_encode(&at->capdu, 0x00, INS_MANAGE_CHANNEL, p1, p2, SPAN_NONE, ne);
    return !at->capdu.failed && modem_transmit(at->modem, buf_span(&at->capdu), &at->answer);
}

/* *Reading*: a card without a free channel is "memory full", an application that is not there "not found",
 * as the reference RIL of Android has them. */
static enum at_result open_channel(struct at *at, unsigned *channel)
{
    uint16_t sw;

    if (!send_manage_channel(at, OPEN, 0, 1))
        return at_no_card(at);
    sw = status_of(&at->answer);
    if (sw == SW_FUNCTION_NOT_SUPPORTED || sw == SW_CHANNEL_NOT_SUPPORTED)
        return AT_MEMORY_FULL;
    if (at->answer.size != 3 || at->answer.data[0] == 0 || at->answer.data[0] >= APDU_CHANNELS)
        return AT_SIM_FAILURE;
    *channel = at->answer.data[0];
    return AT_OK;
}

static bool is_done(uint16_t sw)
{
    return sw == SW_OK || sw >> 8 == 0x91 || sw >> 8 == SW_WARNING >> 8 || sw >> 8 == 0x63;
}

/* The response to SELECT is nobody's, and fetched so that nothing is left over. */
static enum at_result select_application(struct at *at, unsigned channel, struct span aid)
{
    uint8_t cla = apdu_cla(0x00, channel);
    uint16_t sw;

    buf_clear(&at->capdu);
    apdu_encode(&at->capdu, cla, INS_SELECT, BY_AID, 0, aid, APDU_SHORT_NE);
    if (!modem_transmit(at->modem, buf_span(&at->capdu), &at->answer) || !follow(at, cla))
        return at_no_card(at);
    sw = status_of(&at->answer);
    if (is_done(sw))
        return AT_OK;
    return sw == SW_FILE_NOT_FOUND ? AT_NOT_FOUND : AT_SIM_FAILURE;
}

static void say_session(struct at *at, unsigned channel)
{
    if (HAS_QUIRK(at, AT_LONG_SESSION))
        at_say(at, "+CCHO: %016x", LONG_SESSION + channel);
    else if (HAS_QUIRK(at, AT_BARE_SESSION))
        at_say(at, "%u", channel);
    else
        at_say(at, "+CCHO: %u", channel);
}

static enum at_result open_session(struct at *at, struct span aid)
{
    unsigned channel = 0;
    enum at_result result = open_channel(at, &channel);

    if (result != AT_OK)
        return result;
    result = select_application(at, channel, aid);
    if (result != AT_OK) {
        send_manage_channel(at, CLOSE, (uint8_t)channel, 0);
        return result;
    }
    at->has_session[channel] = true;
    say_session(at, channel);
    return AT_OK;
}

static enum at_result serve_ccho(struct at *at, const struct at_command *command)
{
    struct at_parameters parameters;
    struct buf aid = {0};
    enum at_result result = AT_BAD_PARAMETERS;

    if (at_parameters_read(command->parameters, &parameters) && parameters.count == 1 &&
        at_parameter_hex(&parameters, 0, &aid) && aid.size > 0 && aid.size <= AID_MAX)
        result = open_session(at, buf_span(&aid));
    buf_free(&aid);
    return as_model(at, result);
}

/* A session's number as a text: decimal digits, or for models with long sessions hexadecimal ones, and
 * nothing else. */
static bool read_session(const struct at *at, const char *text, unsigned long long *number)
{
    bool is_long = HAS_QUIRK(at, AT_LONG_SESSION);
    const char *digits = is_long ? "0123456789abcdefABCDEF" : "0123456789";

    if (text[0] == '\0' || text[strspn(text, digits)] != '\0')
        return false;
    *number = strtoull(text, NULL, is_long ? 16 : 10);
    if (is_long)
        *number -= LONG_SESSION;
    return true;
}

/* The channel of a session that is open. False: there is none of that number; a reset of the card that is
 * due, or was seen by nobody yet, is done before. */
static bool find_session(const struct at *at, const struct at_parameters *parameters, unsigned *channel)
{
    char text[20];
    unsigned long long number;

    if (!at_parameter_text(parameters, 0, text, sizeof(text)) || !read_session(at, text, &number))
        return false;
    modem_rouse(at->modem);
    if (number >= APDU_CHANNELS || !at->has_session[number])
        return false;
    *channel = (unsigned)number;
    return true;
}

static enum at_result close_session(struct at *at, unsigned channel)
{
    at->has_session[channel] = false;
    if (!send_manage_channel(at, CLOSE, (uint8_t)channel, 0))
        return at_no_card(at);
    if (!is_done(status_of(&at->answer)))
        return AT_SIM_FAILURE;
    if (HAS_QUIRK(at, AT_TELLS_CLOSED))
        at_say(at, "+CCHC");
    return AT_OK;
}

static enum at_result serve_cchc(struct at *at, const struct at_command *command)
{
    struct at_parameters parameters;
    unsigned channel;

    if (!at_parameters_read(command->parameters, &parameters) || parameters.count != 1)
        return as_model(at, AT_BAD_PARAMETERS);
    if (!find_session(at, &parameters, &channel))
        return as_model(at, AT_NOT_FOUND);
    return as_model(at, close_session(at, channel));
}

/* The class with the session's channel in it, whichever the program has written there; chaining and secure
 * messaging stay as they are. */
static uint8_t class_on(uint8_t cla, unsigned channel)
{
    bool was_further = (cla & FURTHER) != 0;
    uint8_t secure = cla & (was_further ? SECURE_FURTHER : SECURE_FIRST);
    uint8_t on_channel = apdu_cla(cla & PROPRIETARY, channel) | (cla & CHAINING);

    if (secure == 0)
        return on_channel;
    if ((on_channel & FURTHER) != 0)
        return on_channel | SECURE_FURTHER;
    return on_channel | (was_further ? SECURE_SIMPLE : secure);
}

static enum at_result serve_cgla(struct at *at, const struct at_command *command)
{
    struct at_parameters parameters;
    struct buf capdu = {0};
    unsigned channel;
    bool is_answered;

    if (!at_parameters_read(command->parameters, &parameters) || parameters.count != 3 ||
        !read_apdu(at, &parameters, 1))
        return as_model(at, AT_BAD_PARAMETERS);
    if (!find_session(at, &parameters, &channel))
        return as_model(at, AT_NOT_FOUND);
    at->capdu.data[0] = class_on(at->capdu.data[0], channel);
    buf_append(&capdu, buf_span(&at->capdu));
    is_answered = !capdu.failed && at_exchange(at, buf_span(&capdu));
    buf_free(&capdu);
    return is_answered ? say_answer(at, "+CGLA") : as_model(at, at_no_card(at));
}

const struct at_row at_apdu_rows[] = {
    {"+CSIM", AT_TEST | AT_SET, NULL, serve_csim},
    {"+CCHO", AT_TEST | AT_SET, NULL, serve_ccho},
    {"+CCHC", AT_TEST | AT_SET, NULL, serve_cchc},
    {"+CGLA", AT_TEST | AT_SET, NULL, serve_cgla},
    {NULL, 0, NULL, NULL},
};
