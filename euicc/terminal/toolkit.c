/* Proactive commands, their queue and session: see toolkit.h. One at a time, as TS 102 221 7.4.2 has it. */
#include "euicc/terminal/toolkit_queue.h"

#include "apdu/proactive.h"

#include <stdlib.h>
#include <string.h>

#define SW1_PROACTIVE 0x9100

enum {
    ATTEMPTS_MAX = 3,   /* before a command that the terminal could not do is given up */
    RETRY_SECONDS = 30, /* where the terminal has timers */
};

bool toolkit_session_active(const struct softeuicc *card)
{
    return card->proactive != NULL && card->proactive->stage != STAGE_NONE;
}

const char *toolkit_session_name(const struct softeuicc *card, size_t *pending)
{
    static const char *const names[] = {
        [STAGE_NONE] = "none", [STAGE_ANNOUNCED] = "announced", [STAGE_FETCHED] = "fetched"};

    *pending = card->proactive != NULL ? card->proactive->count : 0;
    return names[card->proactive != NULL ? card->proactive->stage : STAGE_NONE];
}

void toolkit_end_session(struct softeuicc *card)
{
    if (!toolkit_session_active(card))
        return;
    queue_drop(card->proactive, 0);
    card->proactive->stage = STAGE_NONE;
}

/* --- the terminal's commands ----------------------------------------------------------------------- */

uint16_t toolkit_terminal_profile(struct softeuicc *card, const struct apdu_command *command,
                                  struct buf *response)
{
    struct proactive *proactive;
    size_t size = command->data.size < PROFILE_MAX ? command->data.size : PROFILE_MAX;

    (void)response;
    if (command->p1 != 0 || command->p2 != 0)
        return SW_BAD_P1_P2;
    if (size == 0)
        return SW_WRONG_LENGTH;
    proactive = queue_of(card);
    if (proactive == NULL)
        return SW_NO_DIAGNOSIS;
    memcpy(proactive->profile, command->data.data, size);
    proactive->profile_size = size;
    if (proactive->application != NULL)
        proactive->application->ready(proactive->application->context);
    return SW_OK;
}

/* Of the command under way. */
static void tell_spent(const struct proactive *proactive, uint8_t instruction)
{
    const struct toolkit_application *application = proactive->application;
    const struct pending *pending = &proactive->queue[0];

    if (application != NULL)
        application->spent(application->context, instruction, pending->type, pending->is_asked);
}

uint16_t toolkit_fetch(struct softeuicc *card, const struct apdu_command *command, struct buf *response)
{
    struct proactive *proactive = card->proactive;

    if (command->p1 != 0 || command->p2 != 0)
        return SW_BAD_P1_P2;
    if (command->ne == 0)
        return SW_WRONG_LENGTH;
    if (proactive == NULL || proactive->stage != STAGE_ANNOUNCED)
        return SW_CONDITIONS_NOT_SATISFIED;
    /* P3 is what there is: T=0 of TS 51.011 knows no 6CXX. */
    if (command->cla == CLA_SIM && command->ne != proactive->command.size)
        return (uint16_t)(SW_WRONG_LENGTH | proactive->command.size);
    buf_append(response, buf_span(&proactive->command));
    proactive->stage = STAGE_FETCHED;
    tell_spent(proactive, INS_FETCH);
    return SW_OK;
}

/* Reading: what the user decided (22 and 23) is no reason to ask again, nor what contradicts a timer's
 * state (24); 21 is about the network, which may soon be another. */
static bool is_temporary(uint8_t result)
{
    return result == PROACTIVE_TERMINAL_BUSY || result == PROACTIVE_NETWORK_BUSY || result == 0x26;
}

/* What was announced is tried again when the terminal polls (STATUS, TS 102 223 6.7), or after a while where
 * it has timers. */
static void wait_for_terminal(struct softeuicc *card)
{
    card->proactive->queue[0].waits = true;
    (void)toolkit_start_timer(card, TIMER_RETRY, RETRY_SECONDS);
}

/* A terminal that refuses the mode it said it serves is told in the older way. */
static void conclude_refresh(struct softeuicc *card, uint8_t result)
{
    struct pending *pending = &card->proactive->queue[0];

    bool has_switched = pending->qualifier == PROACTIVE_REFRESH_PROFILE_STATE_CHANGE;

    if (has_switched && result >= PROACTIVE_NEVER_MIN) {
        pending->qualifier = PROACTIVE_REFRESH_UICC_RESET;
        pending->attempts = 0;
        return;
    }
    queue_drop(card->proactive, 0);
    if (result > PROACTIVE_DONE_MAX)
        card->proactive->refresh = TOOLKIT_REFRESH_REFUSED;
    else
        card->proactive->refresh = has_switched ? TOOLKIT_REFRESH_SWITCHED : TOOLKIT_REFRESH_DONE;
}

static void conclude_asked(struct softeuicc *card, const struct proactive_response *answer)
{
    const struct toolkit_application *application = card->proactive->application;

    queue_drop(card->proactive, 0);
    if (application != NULL)
        application->answered(application->context, answer);
}

/* The response must be to the command under way. It ends the command, or makes it wait. */
uint16_t toolkit_terminal_response(struct softeuicc *card, const struct apdu_command *command,
                                   struct buf *response)
{
    struct proactive *proactive = card->proactive;
    struct proactive_response answer;
    struct pending *pending;

    (void)response;
    if (command->p1 != 0 || command->p2 != 0)
        return SW_BAD_P1_P2;
    if (proactive == NULL || proactive->stage != STAGE_FETCHED)
        return SW_CONDITIONS_NOT_SATISFIED;
    pending = &proactive->queue[0];
    if (!proactive_read_response(command->data, &answer) || answer.number != COMMAND_NUMBER ||
        answer.type != pending->type || answer.qualifier != pending->qualifier)
        return SW_WRONG_DATA;
    proactive->stage = STAGE_NONE;
    tell_spent(proactive, INS_TERMINAL_RESPONSE);
    pending->attempts++;
    if (pending->is_asked)
        conclude_asked(card, &answer);
    else if (is_temporary(answer.result) && pending->attempts < ATTEMPTS_MAX &&
             pending->type != PROACTIVE_TIMER_MANAGEMENT)
        wait_for_terminal(card);
    else if (pending->type == PROACTIVE_REFRESH)
        conclude_refresh(card, answer.result);
    else
        queue_drop(proactive, 0);
    return SW_OK;
}

/* --- timers ---------------------------------------------------------------------------------------- */

/* What waits is announced again. */
static void toolkit_retry(struct softeuicc *card)
{
    for (size_t i = 0; i < card->proactive->count; i++)
        card->proactive->queue[i].waits = false;
}

static void tell_timer_expired(struct softeuicc *card)
{
    const struct toolkit_application *application = card->proactive->application;

    if (application != NULL)
        application->timer_expired(application->context);
}

static const struct {
    enum toolkit_timer timer;
    void (*expired)(struct softeuicc *card);
} timers[] = {{TIMER_RETRY, toolkit_retry}, {TIMER_APPLICATION, tell_timer_expired}};

/* TS 102 223 7.4.1. A timer that the card did not start has no effect. */
uint16_t toolkit_timer_expired(struct softeuicc *card, struct span content, struct buf *response)
{
    struct span devices, timer, value;

    (void)response;
    if (!comprehension_take(&content, PROACTIVE_DEVICE_IDENTITIES, &devices) ||
        !comprehension_take(&content, PROACTIVE_TIMER_IDENTIFIER, &timer) ||
        !comprehension_take(&content, PROACTIVE_TIMER_VALUE, &value) || !comprehension_is_sequence(content) ||
        devices.size != 2 || devices.data[0] != PROACTIVE_TERMINAL || devices.data[1] != PROACTIVE_UICC ||
        timer.size != 1 || value.size != 3)
        return SW_WRONG_DATA;
    for (size_t i = 0; card->proactive != NULL && i < sizeof(timers) / sizeof(timers[0]); i++)
        if (timers[i].timer == timer.data[0])
            timers[i].expired(card);
    return SW_OK;
}

/* TS 102 223 7.5. */
uint16_t toolkit_event_download(struct softeuicc *card, struct span content, struct buf *response)
{
    const struct toolkit_application *application =
        card->proactive != NULL ? card->proactive->application : NULL;
    struct span events, devices;

    (void)response;
    if (!comprehension_take(&content, PROACTIVE_EVENT_LIST, &events) ||
        !comprehension_take(&content, PROACTIVE_DEVICE_IDENTITIES, &devices) ||
        !comprehension_is_sequence(content) || events.size != 1 || devices.size != 2 ||
        devices.data[1] != PROACTIVE_UICC)
        return SW_WRONG_DATA;
    if (application != NULL)
        application->event(application->context, events.data[0], content);
    return SW_OK;
}

void toolkit_poll(struct softeuicc *card)
{
    const struct toolkit_application *application;

    if (card->proactive == NULL)
        return;
    toolkit_retry(card);
    application = card->proactive->application;
    if (application != NULL)
        application->polled(application->context);
}

/* --- announcing ------------------------------------------------------------------------------------ */

static void announce_next(struct proactive *proactive)
{
    const struct pending *pending = &proactive->queue[0];
    const struct proactive_command command = {COMMAND_NUMBER, pending->type, pending->qualifier,
                                              pending->destination, buf_span(&pending->objects)};

    buf_clear(&proactive->command);
    if (proactive_build(&proactive->command, &command))
        proactive->stage = STAGE_ANNOUNCED;
}

uint16_t toolkit_status(struct softeuicc *card, uint16_t status)
{
    struct proactive *proactive = card->proactive;

    if (proactive == NULL)
        return status;
    for (size_t i = proactive->count; i-- > 0;)
        if (proactive->queue[i].fresh && status != SW_OK)
            queue_drop(proactive, i);
        else
            proactive->queue[i].fresh = false;
    if (status != SW_OK)
        return status;
    if (proactive->stage == STAGE_NONE && proactive->count > 0 && !proactive->queue[0].waits)
        announce_next(proactive);
    if (proactive->stage != STAGE_ANNOUNCED)
        return status;
    return (uint16_t)(SW1_PROACTIVE | proactive->command.size);
}

void toolkit_keep(struct softeuicc *card)
{
    for (size_t i = 0; card->proactive != NULL && i < card->proactive->count; i++)
        card->proactive->queue[i].fresh = false;
}

void toolkit_reset(struct softeuicc *card)
{
    struct proactive *proactive = card->proactive;

    if (proactive == NULL)
        return;
    while (proactive->count > 0)
        queue_drop(proactive, proactive->count - 1);
    buf_clear(&proactive->command);
    proactive->stage = STAGE_NONE;
    proactive->refresh = TOOLKIT_REFRESH_NONE;
    proactive->profile_size = 0;
}

void toolkit_suspend(struct softeuicc *card)
{
    if (card->proactive != NULL)
        card->proactive->kept_size = card->proactive->profile_size;
}

void toolkit_resume(struct softeuicc *card)
{
    struct proactive *proactive = card->proactive;

    if (proactive == NULL || proactive->kept_size == 0)
        return;
    proactive->profile_size = proactive->kept_size;
    if (proactive->application != NULL)
        proactive->application->ready(proactive->application->context);
}

void toolkit_free(struct softeuicc *card)
{
    if (card->proactive == NULL)
        return;
    toolkit_reset(card);
    buf_free(&card->proactive->command);
    free(card->proactive);
    card->proactive = NULL;
}
