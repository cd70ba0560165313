/* Proactive commands, their queue and session: see toolkit.h. One at a time, as TS 102 221 7.4.2 has it. */
#include "euicc/terminal/toolkit.h"

#include "apdu/proactive.h"
#include "apdu/tlv.h"

#include <stdlib.h>
#include <string.h>

#define SW1_PROACTIVE 0x9100

enum {
    QUEUE_MAX = 8,
    ATTEMPTS_MAX = 3,   /* before a command that the terminal could not do is given up */
    PROFILE_MAX = 40,   /* octets of TERMINAL PROFILE that are kept */
    COMMAND_NUMBER = 1, /* one command at a time needs no other */
    RETRY_SECONDS = 30, /* where the terminal has timers */
};

/* Where a terminal says in TERMINAL PROFILE that it serves something: octet and bits, counted from 1 as
 * TS 102 223 5.2 does. */
static const struct {
    uint8_t octet, bits;
} services[] = {
    [TOOLKIT_REFRESH] = {3, 0x80},
    [TOOLKIT_REFRESH_PROFILE_STATE_CHANGE] = {34, 0x20},
    [TOOLKIT_SEND_SHORT_MESSAGE] = {4, 0x02},
    [TOOLKIT_TIMERS] = {8, 0x01},
    [TOOLKIT_POLL_INTERVAL] = {3, 0x20},
    [TOOLKIT_LOCATION] = {4, 0x40},
    [TOOLKIT_DATE_TIME] = {8, 0x04},
    [TOOLKIT_ACCESS_TECHNOLOGY] = {9, 0x80},
    [TOOLKIT_EVENT_LOCATION_STATUS] = {5, 0x10},
    [TOOLKIT_EVENT_ACCESS_TECHNOLOGY] = {6, 0x10},
    [TOOLKIT_EVENT_NETWORK_REJECTION] = {25, 0x10},
    [TOOLKIT_CHANNELS] = {12, 0x0F},
    [TOOLKIT_DNS_SERVER] = {33, 0x01},
};

/* A command in the queue. */
struct pending {
    uint8_t type, qualifier, destination;
    struct buf objects;
    bool is_asked;     /* by the application */
    unsigned attempts; /* that the terminal could not do */
    bool fresh;        /* made by the command at hand, whose answer has not left yet */
    bool waits;        /* for the terminal's next STATUS */
};

enum stage {
    STAGE_NONE,
    STAGE_ANNOUNCED, /* 91xx went out for the first of the queue */
    STAGE_FETCHED,   /* the terminal works on it */
};

struct proactive {
    uint8_t profile[PROFILE_MAX];
    size_t profile_size;
    enum stage stage;
    struct pending queue[QUEUE_MAX];
    size_t count;
    struct buf command; /* the first of the queue, whole, from its announcement on */
    enum toolkit_refresh refresh;
    const struct toolkit_application *application; /* NULL: none */
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

/* --- the queue ------------------------------------------------------------------------------------- */

bool toolkit_serves(const struct softeuicc *card, enum toolkit_service service)
{
    const struct proactive *proactive = card->proactive;
    size_t index = services[service].octet - 1u;

    return proactive != NULL && index < proactive->profile_size &&
           (proactive->profile[index] & services[service].bits) == services[service].bits;
}

/* What the terminal is known by; it is there from the first who wants something of it on. */
static struct proactive *know_terminal(struct softeuicc *card)
{
    if (card->proactive == NULL)
        card->proactive = calloc(1, sizeof(*card->proactive));
    return card->proactive;
}

static void drop(struct proactive *proactive, size_t index)
{
    buf_free(&proactive->queue[index].objects);
    proactive->count--;
    memmove(&proactive->queue[index], &proactive->queue[index + 1],
            (proactive->count - index) * sizeof(proactive->queue[0]));
}

/* Builds the command now, so that one too long is refused by who wants it. */
static bool enqueue(struct proactive *proactive, const struct proactive_command *command)
{
    struct buf whole = {0};
    struct pending *pending = &proactive->queue[proactive->count];
    bool fits = proactive->count < QUEUE_MAX && proactive_build(&whole, command);

    buf_free(&whole);
    if (!fits)
        return false;
    *pending = (struct pending){.type = command->type,
                                .qualifier = command->qualifier,
                                .destination = command->destination,
                                .fresh = true};
    buf_append(&pending->objects, command->objects);
    if (pending->objects.failed) {
        buf_free(&pending->objects);
        return false;
    }
    proactive->count++;
    return true;
}

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

bool toolkit_request_refresh(struct softeuicc *card)
{
    struct proactive_command command = {COMMAND_NUMBER, PROACTIVE_REFRESH, PROACTIVE_REFRESH_UICC_RESET,
                                        PROACTIVE_TERMINAL, SPAN_NONE};

    if (!toolkit_serves(card, TOOLKIT_REFRESH))
        return true;
    if (toolkit_serves(card, TOOLKIT_REFRESH_PROFILE_STATE_CHANGE))
        command.qualifier = PROACTIVE_REFRESH_PROFILE_STATE_CHANGE;
    return toolkit_may_refresh(card) && enqueue(card->proactive, &command);
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

void toolkit_end_session(struct softeuicc *card)
{
    if (!toolkit_session_active(card))
        return;
    drop(card->proactive, 0);
    card->proactive->stage = STAGE_NONE;
}

/* The same with these objects, which it frees. */
static bool enqueue_with(struct proactive *proactive, struct proactive_command command, struct buf *objects)
{
    bool queued;

    command.objects = buf_span(objects);
    queued = !objects->failed && enqueue(proactive, &command);
    buf_free(objects);
    return queued;
}

bool toolkit_send_short_message(struct softeuicc *card, struct span tpdu)
{
    const struct proactive_command command = {COMMAND_NUMBER, PROACTIVE_SEND_SHORT_MESSAGE,
                                              0x00 /* not packed */, PROACTIVE_NETWORK, SPAN_NONE};
    struct buf objects = {0};

    if (!toolkit_serves(card, TOOLKIT_SEND_SHORT_MESSAGE))
        return false;
    tlv_put(&objects, PROACTIVE_SMS_TPDU, tpdu);
    return enqueue_with(card->proactive, command, &objects);
}

/* The last of the queue becomes the first. */
static void move_to_front(struct proactive *proactive)
{
    struct pending last = proactive->queue[proactive->count - 1];

    memmove(&proactive->queue[1], &proactive->queue[0], (proactive->count - 1) * sizeof(proactive->queue[0]));
    proactive->queue[0] = last;
}

/* The card's timers at the terminal, 1 to 8 (TS 102 223 6.4.21); each has a row in `timers` that says what is
 * done when it expires. */
enum toolkit_timer { TIMER_RETRY = 1, TIMER_APPLICATION = TOOLKIT_APPLICATION_TIMER };

/* Reading: without comprehension bits; some modems drop these objects with them. */
void toolkit_put_timer(struct buf *out, unsigned timer, unsigned seconds)
{
    tlv_put_octet(out, PROACTIVE_TIMER_IDENTIFIER & ~COMPREHENSION_REQUIRED, (uint8_t)timer);
    proactive_put_timer_value(out, seconds);
}

/* Queues a TIMER MANAGEMENT in front of everything else: the timer begins to run, anew if it ran already.
 * False: the terminal serves none, or the queue is full. */
static bool start_timer(struct softeuicc *card, enum toolkit_timer timer, unsigned seconds)
{
    const struct proactive_command command = {COMMAND_NUMBER, PROACTIVE_TIMER_MANAGEMENT,
                                              PROACTIVE_TIMER_START, PROACTIVE_TERMINAL, SPAN_NONE};
    struct buf objects = {0};

    if (!toolkit_serves(card, TOOLKIT_TIMERS))
        return false;
    toolkit_put_timer(&objects, timer, seconds);
    if (!enqueue_with(card->proactive, command, &objects))
        return false;
    move_to_front(card->proactive);
    return true;
}

/* --- an application of the card ---------------------------------------------------------------------- */

bool toolkit_serve(struct softeuicc *card, const struct toolkit_application *application)
{
    if (know_terminal(card) == NULL)
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

/* The last of the queue goes before a REFRESH that the terminal does not know of yet. */
static void move_before_refresh(struct proactive *proactive)
{
    size_t last = proactive->count - 1;
    size_t first = proactive->stage == STAGE_NONE ? 0 : 1;
    struct pending moved = proactive->queue[last];

    while (first < last && proactive->queue[first].type != PROACTIVE_REFRESH)
        first++;
    memmove(&proactive->queue[first + 1], &proactive->queue[first],
            (last - first) * sizeof(proactive->queue[0]));
    proactive->queue[first] = moved;
}

bool toolkit_ask(struct softeuicc *card, const struct proactive_command *command)
{
    struct proactive *proactive = card->proactive;
    struct proactive_command numbered = *command;

    numbered.number = COMMAND_NUMBER;
    if (proactive == NULL || toolkit_is_asking(card) || !enqueue(proactive, &numbered))
        return false;
    proactive->queue[proactive->count - 1].is_asked = true;
    move_before_refresh(proactive);
    return true;
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

bool toolkit_is_busy(const struct softeuicc *card)
{
    return card->proactive != NULL && card->proactive->count == QUEUE_MAX;
}

size_t toolkit_room(const struct softeuicc *card)
{
    return card->proactive != NULL ? QUEUE_MAX - card->proactive->count : 0;
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
    proactive = know_terminal(card);
    if (proactive == NULL)
        return SW_NO_DIAGNOSIS;
    memcpy(proactive->profile, command->data.data, size);
    proactive->profile_size = size;
    if (proactive->application != NULL)
        proactive->application->ready(proactive->application->context);
    return SW_OK;
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
    (void)start_timer(card, TIMER_RETRY, RETRY_SECONDS);
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
    drop(card->proactive, 0);
    if (result > PROACTIVE_DONE_MAX)
        card->proactive->refresh = TOOLKIT_REFRESH_REFUSED;
    else
        card->proactive->refresh = has_switched ? TOOLKIT_REFRESH_SWITCHED : TOOLKIT_REFRESH_DONE;
}

static void conclude_asked(struct softeuicc *card, const struct proactive_response *answer)
{
    const struct toolkit_application *application = card->proactive->application;

    drop(card->proactive, 0);
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
    pending->attempts++;
    if (pending->is_asked)
        conclude_asked(card, &answer);
    else if (is_temporary(answer.result) && pending->attempts < ATTEMPTS_MAX &&
             pending->type != PROACTIVE_TIMER_MANAGEMENT)
        wait_for_terminal(card);
    else if (pending->type == PROACTIVE_REFRESH)
        conclude_refresh(card, answer.result);
    else
        drop(proactive, 0);
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
            drop(proactive, i);
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
        drop(proactive, proactive->count - 1);
    buf_clear(&proactive->command);
    proactive->stage = STAGE_NONE;
    proactive->refresh = TOOLKIT_REFRESH_NONE;
    proactive->profile_size = 0;
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
