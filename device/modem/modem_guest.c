/* A modem's card for others: see modem_guest.h. */
#include "device/modem/modem_guest.h"

#include "device/modem/card_commands.h"
#include "device/modem/modem_profile.h"
#include "device/modem/modem_start.h"
#include "device/modem/modem_tell.h"
#include "device/modem/modem_turns.h"
#include "device/modem/proactive_server.h"

enum { ROUSING_TURNS = 8, HOLD_MS = 1000, EF_MF = 0x3F00 };

bool modem_rouse(struct modem *modem)
{
    for (unsigned i = 0; i < ROUSING_TURNS; i++) {
        if (modem->stage == MODEM_RUNNING && !modem->link_failed && !modem->reset_due && !modem->read_due)
            return true;
        if (modem->stage == MODEM_OFF || modem->stage == MODEM_FAILED)
            return false;
        if (modem->stage == MODEM_ASLEEP)
            modem->wake_at = modem_now(modem);
        modem_take_turn(modem);
    }
    return false;
}

/* Who waits for the rest of an answer is not disturbed by the modem's own commands. */
static void hold_card(struct modem *modem)
{
    const struct buf *answer = &modem->rapdu;

    if (modem->link_failed || answer->size < 2)
        return;
    if (answer->data[answer->size - 2] == SW_MORE_DATA >> 8)
        modem->held_until = modem_now(modem) + HOLD_MS;
    else
        modem->held_until = 0;
}

static bool begin_command(struct modem *modem)
{
    if (!modem_rouse(modem))
        return false;
    modem_is_active(modem);
    return true;
}

/* The habit: what a program has selected on the basic channel is not selected any more, and the rest of an
 * answer is lost there. On a channel of its own the modem knows of what is under way. */
static void interrupt_guest(struct modem *modem, struct span capdu)
{
    struct apdu_command command;
    bool is_rest = apdu_decode(capdu, &command) == SW_OK && command.ins == INS_GET_RESPONSE;

    if (HAS_HABIT(modem, MODEM_INTERRUPTS) && !(is_rest && command.channel > 0))
        proactive_dawdle(modem);
}

bool modem_transmit(struct modem *modem, struct span capdu, struct buf *answer)
{
    bool is_sent = begin_command(modem);

    if (is_sent) {
        interrupt_guest(modem, capdu);
        is_sent = card_transmit(modem, capdu) != 0;
    }
    buf_clear(answer);
    if (is_sent) {
        buf_append(answer, buf_span(&modem->rapdu));
        hold_card(modem);
    }
    modem_wake(modem);
    return is_sent && !answer->failed;
}

uint16_t modem_command(struct modem *modem, uint8_t cla, uint8_t ins, uint8_t p1, uint8_t p2,
                       struct span data, uint32_t ne, struct buf *answer)
{
    uint16_t sw = begin_command(modem) ? card_command(modem, cla, ins, p1, p2, data, ne) : 0;

    buf_clear(answer);
    if (sw != 0)
        buf_append(answer, buf_span(&modem->data));
    modem_wake(modem);
    return answer->failed ? 0 : sw;
}

bool modem_select_usim(struct modem *modem, struct buf *answer)
{
    size_t size, records;
    bool is_selected =
        begin_command(modem) && (card_select(modem, EF_MF, &size, &records), start_select_usim(modem));

    buf_clear(answer);
    if (is_selected)
        buf_append(answer, buf_span(&modem->data));
    modem_wake(modem);
    return is_selected && !answer->failed;
}

void modem_read_again(struct modem *modem)
{
    modem->read_due = true;
    modem_wake(modem);
}

void modem_set_radio(struct modem *modem, bool is_on)
{
    if (modem->has_no_radio == !is_on)
        return;
    modem->has_no_radio = !is_on;
    if (modem->stage == MODEM_RUNNING)
        modem_attach(modem);
}

bool modem_has_radio(const struct modem *modem)
{
    return !modem->has_no_radio;
}

const char *modem_imei(const struct modem *modem)
{
    return modem->settings.imei;
}

void modem_terminal_profile(const struct modem *modem, bool is_whole, struct buf *out)
{
    if (is_whole)
        modem_put_profile(modem, out);
    else
        modem_put_own_profile(modem, out);
}
