/* What the card asks of the terminal, and what its application does: proactive commands that go into the
 * queue. See toolkit.h. */
#include "euicc/terminal/toolkit_queue.h"

#include "apdu/tlv.h"

/* Reading: a REFRESH that the terminal was too busy for is still to be answered. */
static bool refresh_waits(const struct proactive *proactive, bool fresh)
{
    for (size_t i = 0; i < proactive->count; i++)
        if (proactive->queue[i].type == PROACTIVE_REFRESH && proactive->queue[i].fresh == fresh)
            return true;
    return false;
}

bool toolkit_may_refresh(const struct softeuicc *card)
{
    const struct proactive *proactive = card->proactive;

    return proactive == NULL || (proactive->stage == STAGE_NONE && proactive->count < QUEUE_MAX &&
                                 !refresh_waits(proactive, false) && !refresh_waits(proactive, true));
}

static bool put_refresh(struct softeuicc *card, uint8_t mode)
{
    const struct proactive_command command = {COMMAND_NUMBER, PROACTIVE_REFRESH, mode, PROACTIVE_TERMINAL,
                                              SPAN_NONE};

    return !toolkit_serves(card, TOOLKIT_REFRESH) ||
           (toolkit_may_refresh(card) && queue_put(card->proactive, &command));
}

bool toolkit_request_refresh(struct softeuicc *card)
{
    return put_refresh(card, toolkit_serves(card, TOOLKIT_REFRESH_PROFILE_STATE_CHANGE)
                                 ? PROACTIVE_REFRESH_PROFILE_STATE_CHANGE
                                 : PROACTIVE_REFRESH_UICC_RESET);
}

bool toolkit_request_reset(struct softeuicc *card)
{
    return put_refresh(card, PROACTIVE_REFRESH_UICC_RESET);
}

bool toolkit_will_refresh(const struct softeuicc *card)
{
    return card->proactive != NULL && refresh_waits(card->proactive, true);
}

enum toolkit_refresh toolkit_take_refresh(struct softeuicc *card)
{
    enum toolkit_refresh refresh = TOOLKIT_REFRESH_NONE;

    if (card->proactive != NULL) {
        refresh = card->proactive->refresh;
        card->proactive->refresh = TOOLKIT_REFRESH_NONE;
    }
    return refresh;
}

bool toolkit_send_short_message(struct softeuicc *card, struct span tpdu)
{
    const struct proactive_command command = {COMMAND_NUMBER, PROACTIVE_SEND_SHORT_MESSAGE,
                                              0x00 /* not packed */, PROACTIVE_NETWORK, SPAN_NONE};
    struct buf objects = {0};

    if (!toolkit_serves(card, TOOLKIT_SEND_SHORT_MESSAGE))
        return false;
    tlv_put(&objects, PROACTIVE_SMS_TPDU, tpdu);
    return queue_put_with(card->proactive, command, &objects);
}

/* Reading: without comprehension bits; some modems drop these objects with them. */
void toolkit_put_timer(struct buf *out, unsigned timer, unsigned seconds)
{
    tlv_put_octet(out, PROACTIVE_TIMER_IDENTIFIER & ~COMPREHENSION_REQUIRED, (uint8_t)timer);
    proactive_put_timer_value(out, seconds);
}

bool toolkit_start_timer(struct softeuicc *card, enum toolkit_timer timer, unsigned seconds)
{
    const struct proactive_command command = {COMMAND_NUMBER, PROACTIVE_TIMER_MANAGEMENT,
                                              PROACTIVE_TIMER_START, PROACTIVE_TERMINAL, SPAN_NONE};
    struct buf objects = {0};

    if (!toolkit_serves(card, TOOLKIT_TIMERS))
        return false;
    toolkit_put_timer(&objects, timer, seconds);
    if (!queue_put_with(card->proactive, command, &objects))
        return false;
    queue_to_front(card->proactive);
    return true;
}

/* --- an application of the card ---------------------------------------------------------------------- */

bool toolkit_serve(struct softeuicc *card, const struct toolkit_application *application)
{
    if (queue_of(card) == NULL)
        return false;
    card->proactive->application = application;
    return true;
}

bool toolkit_is_asking(const struct softeuicc *card)
{
    for (size_t i = 0; card->proactive != NULL && i < card->proactive->count; i++)
        if (card->proactive->queue[i].is_asked)
            return true;
    return false;
}

void toolkit_take_back(struct softeuicc *card)
{
    struct proactive *proactive = card->proactive;

    for (size_t i = 0; proactive != NULL && i < proactive->count; i++) {
        if (!proactive->queue[i].is_asked)
            continue;
        if (i == 0)
            proactive->stage = STAGE_NONE;
        queue_drop(proactive, i);
        return;
    }
}

bool toolkit_ask(struct softeuicc *card, const struct proactive_command *command)
{
    struct proactive *proactive = card->proactive;
    struct proactive_command numbered = *command;

    numbered.number = COMMAND_NUMBER;
    if (proactive == NULL || toolkit_is_asking(card) || !queue_put(proactive, &numbered))
        return false;
    proactive->queue[proactive->count - 1].is_asked = true;
    queue_before_refresh(proactive);
    return true;
}
