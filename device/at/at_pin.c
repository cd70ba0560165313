/* The card's PINs: +CPIN, +CPINR, +CLCK and +CPWD (3GPP TS 27.007 8.3, 8.65, 7.4, 7.5); see at_pin.h. */
#include "device/at/at_pin.h"

#include "apdu/tlv.h"
#include "device/at/at_answer.h"
#include "device/at/at_apdu.h"
#include "device/at/at_rows.h"

#include <openssl/crypto.h>
#include <string.h>

enum { CODE_SIZE = 8, CODE_DIGITS_MIN = 4, PADDING = 0xFF };
enum { CHANGE = 0x24, DISABLE = 0x26, ENABLE = 0x28, UNBLOCK = 0x2C }; /* TS 102 221 table 10.5 */
enum { EF_IMSI = 0x6F07, BY_IDENTIFIER = 0x00, NO_RESPONSE = 0x0C };
enum { SW_NOT_ALLOWED = 0x6982, SW_BLOCKED = 0x6983, SW_DISABLED = 0x6984, SW_ATTEMPTS = 0x63C0 };
enum { TAG_FCP = 0x62, TAG_STATUS = 0xC6, TAG_STATUS_BITS = 0x90, TAG_REFERENCE = 0x83 };
enum { ATTEMPTS_PIN = 3, ATTEMPTS_PUK = 10 }; /* that cards have as a rule */

/* Facilities of +CLCK and +CPWD, by key reference. */
static const struct facility {
    const char *name;
    uint8_t reference;
    const char *pin, *puk; /* their names */
    enum at_result pin_required, puk_required;
} facilities[] = {
    {"SC", 0x01, "SIM PIN", "SIM PUK", AT_PIN_REQUIRED, AT_PUK_REQUIRED},
    {"P2", 0x81, "SIM PIN2", "SIM PUK2", AT_PIN2_REQUIRED, AT_PUK2_REQUIRED},
};
enum { FACILITIES = sizeof(facilities) / sizeof(facilities[0]) };

enum pin_state { PIN_READY, PIN_NEEDED, PUK_NEEDED, PIN_NO_USIM, PIN_NO_CARD };

/* --- the card ------------------------------------------------------------------------------------------ */

static uint16_t send_codes(struct at *at, uint8_t ins, uint8_t reference, struct span codes)
{
    return modem_command(at->modem, 0x00, ins, 0, reference, codes, 0, &at->answer);
}

/* How many tries are left: without data VERIFY and UNBLOCK PIN tell (TS 102 221 11.1.9, 11.1.13). */
static bool read_attempts(struct at *at, uint8_t ins, uint8_t reference, unsigned *left)
{
    uint16_t sw = send_codes(at, ins, reference, SPAN_NONE);

    *left = sw & 0xFu;
    if (sw == SW_BLOCKED)
        *left = 0;
    return (sw & 0xFFF0u) == SW_ATTEMPTS || sw == SW_BLOCKED;
}

/* The IMSI can be read where no PIN stands before it. */
static enum pin_state read_state(struct at *at)
{
    static const uint8_t imsi[] = {EF_IMSI >> 8, EF_IMSI & 0xFF};
    unsigned left;
    uint16_t sw;

    if (!modem_rouse(at->modem))
        return PIN_NO_CARD;
    if (!modem_select_usim(at->modem, &at->answer))
        return PIN_NO_USIM;
    sw = modem_command(at->modem, 0x00, INS_SELECT, BY_IDENTIFIER, NO_RESPONSE, SPAN_ARRAY(imsi), 0,
                       &at->answer);
    if (sw != 0)
        sw = modem_command(at->modem, 0x00, INS_READ_BINARY, 0, 0, SPAN_NONE, 1, &at->answer);
    if (sw != SW_NOT_ALLOWED)
        return sw != 0 ? PIN_READY : PIN_NO_CARD;
    return read_attempts(at, INS_VERIFY, facilities[0].reference, &left) && left == 0 ? PUK_NEEDED
                                                                                      : PIN_NEEDED;
}

/* Why a card that has no state has none. */
static enum at_result no_state(const struct at *at, enum pin_state state)
{
    return state == PIN_NO_USIM ? AT_SIM_FAILURE : at_no_card(at);
}

enum at_result at_pin_wanted(struct at *at)
{
    enum pin_state state = read_state(at);

    if (state > PUK_NEEDED)
        return no_state(at, state);
    if (state == PIN_READY)
        return AT_OK;
    return state == PUK_NEEDED ? facilities[0].puk_required : facilities[0].pin_required;
}

/* Of UNBLOCK PIN: behind a PUK without tries there is nothing that could be asked for. */
static enum at_result result_of(const struct at *at, uint8_t ins, uint16_t sw,
                                const struct facility *facility)
{
    if (sw == 0)
        return at_no_card(at);
    if (sw == SW_OK || sw >> 8 == 0x91)
        return AT_OK;
    if (sw == SW_BLOCKED || sw == SW_ATTEMPTS)
        return ins == UNBLOCK ? AT_SIM_FAILURE : facility->puk_required;
    if ((sw & 0xFFF0u) == SW_ATTEMPTS)
        return AT_WRONG_PASSWORD;
    return sw == SW_DISABLED ? AT_NOT_ALLOWED : AT_SIM_FAILURE;
}

/* --- codes --------------------------------------------------------------------------------------------- */

/* Four to eight digits, and what fills them up (TS 102 221 9.5.1). */
static bool put_code(const struct at_parameters *parameters, size_t index, uint8_t octets[CODE_SIZE])
{
    char text[CODE_SIZE + 1];
    size_t size;
    bool is_good = at_parameter_text(parameters, index, text, sizeof(text));

    size = is_good ? strlen(text) : 0;
    is_good = size >= CODE_DIGITS_MIN && strspn(text, "0123456789") == size;
    memset(octets, PADDING, CODE_SIZE);
    if (is_good)
        memcpy(octets, text, size);
    OPENSSL_cleanse(text, sizeof(text));
    return is_good;
}

/* A command with the code of one parameter, or with that of the next one too. The card takes one that is
 * right as given, whichever command brings it: then files can be read that could not. */
static enum at_result present_codes(struct at *at, const struct at_parameters *parameters, size_t index,
                                    size_t count, uint8_t ins, const struct facility *facility)
{
    uint8_t codes[2 * CODE_SIZE];
    enum at_result result = AT_BAD_PARAMETERS;

    if (put_code(parameters, index, codes) &&
        (count == 1 || put_code(parameters, index + 1, codes + CODE_SIZE)))
        result = result_of(at, ins, send_codes(at, ins, facility->reference, SPAN(codes, count * CODE_SIZE)),
                           facility);
    OPENSSL_cleanse(codes, sizeof(codes));
    if (result == AT_OK && modem_imsi(at->modem)[0] == '\0')
        modem_read_again(at->modem);
    return result;
}

/* --- commands ------------------------------------------------------------------------------------------ */

static enum at_result say_state(struct at *at)
{
    static const char *const names[] = {
        [PIN_READY] = "READY", [PIN_NEEDED] = "SIM PIN", [PUK_NEEDED] = "SIM PUK"};
    enum pin_state state = read_state(at);
    const char *quote = HAS_QUIRK(at, AT_QUOTES_PIN) ? "\"" : "";

    if (state > PUK_NEEDED)
        return no_state(at, state);
    at_say(at, "+CPIN: %s%s%s", quote, names[state], quote);
    return AT_OK;
}

/* The PIN; or the PUK and a new PIN. */
static enum at_result give_pin(struct at *at, const struct at_parameters *parameters)
{
    enum pin_state state = read_state(at);

    if (state > PUK_NEEDED)
        return no_state(at, state);
    if (state == PIN_READY)
        return AT_NOT_ALLOWED;
    if (state == PUK_NEEDED && parameters->count != 2)
        return AT_PUK_REQUIRED;
    if (parameters->count == 2)
        return present_codes(at, parameters, 0, 2, UNBLOCK, &facilities[0]);
    return present_codes(at, parameters, 0, 1, INS_VERIFY, &facilities[0]);
}

static enum at_result serve_cpin(struct at *at, const struct at_command *command)
{
    struct at_parameters parameters;

    if (command->form == AT_READ)
        return say_state(at);
    if (!at_parameters_read(command->parameters, &parameters) || parameters.count < 1 || parameters.count > 2)
        return AT_BAD_PARAMETERS;
    return give_pin(at, &parameters);
}

/* Whether a name matches what was asked for, at whose end "*" may stand. */
static bool is_asked(const char *asked, const char *name)
{
    size_t size = strlen(asked);

    if (size > 0 && asked[size - 1] == '*')
        return strncmp(asked, name, size - 1) == 0;
    return strcmp(asked, name) == 0;
}

static void say_attempts(struct at *at, uint8_t ins, uint8_t reference, const char *name, unsigned usual)
{
    unsigned left;

    if (read_attempts(at, ins, reference, &left))
        at_say(at, "+CPINR: %s,%u,%u", name, left, usual);
}

static enum at_result serve_cpinr(struct at *at, const struct at_command *command)
{
    struct at_parameters parameters;
    char asked[16] = "*";

    if (!at_parameters_read(command->parameters, &parameters) || parameters.count > 1 ||
        (at_parameter_is_there(&parameters, 0) && !at_parameter_text(&parameters, 0, asked, sizeof(asked))))
        return AT_BAD_PARAMETERS;
    if (!modem_rouse(at->modem))
        return at_no_card(at);
    if (!modem_select_usim(at->modem, &at->answer))
        return AT_SIM_FAILURE;
    for (size_t i = 0; i < FACILITIES; i++) {
        if (is_asked(asked, facilities[i].pin))
            say_attempts(at, INS_VERIFY, facilities[i].reference, facilities[i].pin, ATTEMPTS_PIN);
        if (is_asked(asked, facilities[i].puk))
            say_attempts(at, UNBLOCK, facilities[i].reference, facilities[i].puk, ATTEMPTS_PUK);
    }
    return AT_OK;
}

static const struct facility *find_facility(const struct at_parameters *parameters)
{
    char name[4];

    if (!at_parameter_text(parameters, 0, name, sizeof(name)))
        return NULL;
    for (size_t i = 0; i < FACILITIES; i++)
        if (strcmp(facilities[i].name, name) == 0)
            return &facilities[i];
    return NULL;
}

/* The PIN status template of the USIM: 62 { C6 { 90 bits, 83 reference … } }, a bit for each reference, the
 * first of them on the left (TS 102 221 9.5.2, 11.1.1.4.10). */
static bool is_enabled(struct span parameters, uint8_t reference)
{
    static const uint32_t path[] = {TAG_FCP, TAG_STATUS, 0};
    struct tlv_reader reader;
    struct span status, bits = SPAN_NONE;
    struct tlv tlv;
    unsigned index = 0;

    if (!tlv_find_path(parameters, path, &status))
        return false;
    reader = tlv_reader(status);
    while (tlv_next(&reader, &tlv) == TLV_OK) {
        if (tlv.tag == TAG_STATUS_BITS)
            bits = tlv.value;
        if (tlv.tag != TAG_REFERENCE)
            continue;
        if (tlv.value.size == 1 && tlv.value.data[0] == reference)
            return index / 8 < bits.size && (bits.data[index / 8] & 0x80 >> index % 8) != 0;
        index++;
    }
    return false;
}

static enum at_result serve_clck(struct at *at, const struct at_command *command)
{
    enum { MODE_DISABLE = 0, MODE_ENABLE = 1, MODE_ASK = 2 };
    const struct facility *facility;
    struct at_parameters parameters;
    uint32_t mode;

    if (!at_parameters_read(command->parameters, &parameters) || parameters.count < 2 ||
        parameters.count > 4 || !at_parameter_number(&parameters, 1, MODE_DISABLE, MODE_ASK, &mode))
        return AT_BAD_PARAMETERS;
    facility = find_facility(&parameters);
    if (facility != &facilities[0])
        return AT_NOT_SUPPORTED;
    if (!modem_rouse(at->modem))
        return at_no_card(at);
    if (!modem_select_usim(at->modem, &at->answer))
        return AT_SIM_FAILURE;
    if (mode != MODE_ASK)
        return present_codes(at, &parameters, 2, 1, mode == MODE_ENABLE ? ENABLE : DISABLE, facility);
    at_say(at, "+CLCK: %d", is_enabled(buf_span(&at->answer), facility->reference));
    return AT_OK;
}

static enum at_result serve_cpwd(struct at *at, const struct at_command *command)
{
    const struct facility *facility;
    struct at_parameters parameters;

    if (!at_parameters_read(command->parameters, &parameters) || parameters.count != 3)
        return AT_BAD_PARAMETERS;
    facility = find_facility(&parameters);
    if (facility == NULL)
        return AT_NOT_SUPPORTED;
    if (!modem_rouse(at->modem))
        return at_no_card(at);
    if (!modem_select_usim(at->modem, &at->answer))
        return AT_SIM_FAILURE;
    return present_codes(at, &parameters, 1, 2, CHANGE, facility);
}

const struct at_row at_pin_rows[] = {
    {"+CPIN", AT_TEST | AT_READ | AT_SET, NULL, serve_cpin},
    {"+CPINR", AT_TEST | AT_EXECUTE | AT_SET, NULL, serve_cpinr},
    {"+CLCK", AT_TEST | AT_SET, "(\"SC\")", serve_clck},
    {"+CPWD", AT_TEST | AT_SET, "(\"SC\",8),(\"P2\",8)", serve_cpwd},
    {NULL, 0, NULL, NULL},
};
