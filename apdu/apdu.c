/*
 * Command APDUs, decoded and encoded: ISO/IEC 7816-4 5.1 (lengths) and 5.4.1 (class octet), TS 102 221 10.1.
 * Knows the outer form only; no command is interpreted here.
 */
#include "apdu/apdu.h"

#define HEADER_SIZE 4

/* The class octet, ISO/IEC 7816-4 tables 2 and 3. */
#define CLA_PROPRIETARY 0x80 /* b8 */
#define CLA_FURTHER     0x40 /* b7: channels 4 to 19 in the low four bits */
#define CLA_FURTHER_SM  0x20 /* b6 of the further form: secure messaging */
#define CLA_CHAINING    0x10 /* b5 of either form: not the last command of a chain */
#define CLA_FIRST_SM    0x0C /* b4 b3 of the first form: secure messaging */
#define CLA_TERMINAL    0xA0 /* TS 102 221 10.1.1: as the first form, with b6 set */
#define CLA_INVALID     0xFF /* ISO/IEC 7816-3 reserves it for PPS */

static uint16_t decode_class(struct apdu_command *command)
{
    uint8_t cla = command->cla;

    if (cla == CLA_INVALID)
        return SW_CLA_NOT_SUPPORTED;
    command->chaining = (cla & CLA_CHAINING) != 0;
    if ((cla & CLA_FURTHER) != 0) {
        command->cla_base = cla & CLA_PROPRIETARY;
        command->secure_messaging = (cla & CLA_FURTHER_SM) != 0;
        command->channel = 4 + (cla & 0x0FU);
        return SW_OK;
    }
    command->cla_base = cla & CLA_TERMINAL;
    command->secure_messaging = (cla & CLA_FIRST_SM) != 0;
    command->channel = cla & 0x03U;
    /* 2x and 3x are reserved; Ax exists, a chained Bx does not. */
    if (command->cla_base == (CLA_TERMINAL & ~CLA_PROPRIETARY) ||
        (command->cla_base == CLA_TERMINAL && command->chaining))
        return SW_CLA_NOT_SUPPORTED;
    return SW_OK;
}

static bool decode_short(struct span body, struct apdu_command *command)
{
    size_t nc = body.data[0];

    if (body.size == 1) {
        command->form = APDU_CASE_2;
        command->ne = nc != 0 ? (uint32_t)nc : APDU_SHORT_NE;
        return true;
    }
    if (nc == 0 || body.size < 1 + nc || body.size > 2 + nc)
        return false;
    command->form = APDU_CASE_3;
    command->data = SPAN(body.data + 1, nc);
    if (body.size == 2 + nc) {
        command->form = APDU_CASE_4;
        command->ne = body.data[1 + nc] != 0 ? body.data[1 + nc] : APDU_SHORT_NE;
    }
    return true;
}

/* `body` begins with the 00 that says "extended" and has three octets at least. */
static bool decode_extended(struct span body, struct apdu_command *command)
{
    size_t nc = span_number(SPAN(body.data + 1, 2));

    command->extended = true;
    if (body.size == 3) {
        command->form = APDU_CASE_2;
        command->ne = nc != 0 ? (uint32_t)nc : APDU_EXTENDED_NE;
        return true;
    }
    if (nc == 0 || (body.size != 3 + nc && body.size != 5 + nc))
        return false;
    command->form = APDU_CASE_3;
    command->data = SPAN(body.data + 3, nc);
    if (body.size == 5 + nc) {
        uint32_t le = (uint32_t)span_number(SPAN(body.data + 3 + nc, 2));

        command->form = APDU_CASE_4;
        command->ne = le != 0 ? le : APDU_EXTENDED_NE;
    }
    return true;
}

uint16_t apdu_decode(struct span capdu, struct apdu_command *command)
{
    struct span body;
    uint16_t status;

    *command = (struct apdu_command){0};
    if (capdu.size < HEADER_SIZE)
        return SW_WRONG_LENGTH;
    command->cla = capdu.data[0];
    command->ins = capdu.data[1];
    command->p1 = capdu.data[2];
    command->p2 = capdu.data[3];
    command->form = APDU_CASE_1;
    command->data = SPAN(capdu.data + HEADER_SIZE, 0);
    status = decode_class(command);
    if (status != SW_OK)
        return status;

    body = SPAN(capdu.data + HEADER_SIZE, capdu.size - HEADER_SIZE);
    if (body.size == 0)
        return SW_OK;
    if (body.size >= 3 && body.data[0] == 0)
        return decode_extended(body, command) ? SW_OK : SW_WRONG_LENGTH;
    return decode_short(body, command) ? SW_OK : SW_WRONG_LENGTH;
}

void apdu_encode(struct buf *out, uint8_t cla, uint8_t ins, uint8_t p1, uint8_t p2, struct span data,
                 uint32_t ne)
{
    bool extended = data.size > APDU_SHORT_NC || ne > APDU_SHORT_NE;

    if (data.size > APDU_EXTENDED_NC || ne > APDU_EXTENDED_NE) {
        out->failed = true;
        return;
    }
    buf_append(out, SPAN(((const uint8_t[]){cla, ins, p1, p2}), HEADER_SIZE));
    if (extended)
        buf_append_octet(out, 0);
    if (data.size > 0)
        buf_append_number(out, extended ? 2 : 1, data.size);
    buf_append(out, data);
    /* Le is the number's low octets: 256 and 65536 become zeros by themselves. */
    if (ne > 0)
        buf_append_number(out, extended ? 2 : 1, ne);
}

uint8_t apdu_cla(uint8_t base, unsigned channel)
{
    return (uint8_t)(channel < 4 ? base | channel : base | CLA_FURTHER | (channel - 4));
}

const char *apdu_status_name(uint16_t status)
{
    /* A row with the low octet 00 and mask FF00 stands for the whole family. The first match counts. */
    static const struct {
        uint16_t status, mask;
        const char *name;
    } names[] = {
        {SW_OK, 0xFFFF, "ok"},
        {SW_MORE_DATA, 0xFF00, "response available"},
        {0x6283, 0xFFFF, "selected file is deactivated"},
        {0x6285, 0xFFFF, "selected file is terminated"},
        {SW_WARNING, 0xFF00, "warning, nothing changed"},
        {0x63C0, 0xFFF0, "verification failed, retries left"},
        {0x6300, 0xFF00, "warning, state changed"},
        {SW_MEMORY_FAILURE, 0xFFFF, "memory failure"},
        {SW_WRONG_LENGTH, 0xFF00, "wrong length"},
        {SW_CHANNEL_NOT_SUPPORTED, 0xFFFF, "logical channel not supported"},
        {SW_SECURE_MESSAGING_NOT_SUPPORTED, 0xFFFF, "secure messaging not supported"},
        {SW_CHAINING_NOT_SUPPORTED, 0xFFFF, "command chaining not supported"},
        {0x6981, 0xFFFF, "incompatible with the file structure"},
        {0x6982, 0xFFFF, "security status not satisfied"},
        {0x6983, 0xFFFF, "authentication method blocked"},
        {0x6984, 0xFFFF, "referenced data invalidated"},
        {SW_CONDITIONS_NOT_SATISFIED, 0xFFFF, "conditions of use not satisfied"},
        {SW_COMMAND_NOT_ALLOWED, 0xFFFF, "no EF selected"},
        {SW_WRONG_DATA, 0xFFFF, "wrong data"},
        {SW_FUNCTION_NOT_SUPPORTED, 0xFFFF, "function not supported"},
        {SW_FILE_NOT_FOUND, 0xFFFF, "file or application not found"},
        {0x6A83, 0xFFFF, "record not found"},
        {SW_NOT_ENOUGH_MEMORY, 0xFFFF, "not enough memory"},
        {SW_WRONG_P1_P2, 0xFFFF, "wrong P1 or P2"},
        {0x6A87, 0xFFFF, "Lc inconsistent with P1 P2"},
        {SW_REFERENCE_NOT_FOUND, 0xFFFF, "referenced data or function not found"},
        {SW_BAD_P1_P2, 0xFF00, "wrong P1 or P2"},
        {SW_WRONG_LE, 0xFF00, "wrong Le"},
        {SW_INS_NOT_SUPPORTED, 0xFF00, "instruction not supported"},
        {SW_CLA_NOT_SUPPORTED, 0xFF00, "class not supported"},
        {SW_NO_DIAGNOSIS, 0xFF00, "failure without diagnosis"},
        {0x9100, 0xFF00, "ok, proactive command pending"},
        {SW_SIM_MEMORY_PROBLEM, 0xFFFF, "memory problem"},
        {SW_TOOLKIT_BUSY, 0xFF00, "toolkit busy"},
        {SW_SIM_RESPONSE, 0xFF00, "response available"},
        {0x9862, 0xFFFF, "authentication error, wrong MAC"},
        {0x9800, 0xFF00, "application error"},
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if ((status & names[i].mask) == names[i].status)
            return names[i].name;
    return "unknown status";
}
