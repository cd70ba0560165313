/* A modem's life, and its turns: see modem.h and modem_internal.h. */
#include "device/modem/card_commands.h"
#include "device/modem/modem_channels.h"
#include "device/modem/modem_envelopes.h"
#include "device/modem/modem_events.h"
#include "device/modem/modem_polling.h"
#include "device/modem/modem_response.h"
#include "device/modem/modem_sleep.h"
#include "device/modem/modem_sms.h"
#include "device/modem/modem_start.h"
#include "device/modem/modem_tell.h"
#include "device/modem/modem_timers.h"
#include "device/modem/modem_toolkit.h"
#include "device/modem/modem_turns.h"
#include "device/modem/proactive_server.h"

#include <stdlib.h>

enum { STATUS_SECONDS = 30 };    /* TS 102 221 14.5.2 */
enum { FOREIGN_RESETS_MAX = 5 }; /* by other programs, before the card is given up */

static void tell_power(struct modem *modem, const char *text)
{
    modem_tell(modem, MODEM_EVENT_POWER, 0, text, SPAN_NONE, SPAN_NONE);
}

/* What was between the modem and a card that loses its power, or is reset. */
static void forget_card(struct modem *modem)
{
    channels_end_all(modem);
    timers_end_all(modem);
    events_end_all(modem);
    envelopes_drop(modem);
    modem->announced = 0;
    modem->reset_due = modem->read_due = modem->profile_changes = false;
    modem->is_under_way = modem->refresh_seen = modem->is_suspended = false;
    modem->waiting = 0;
    modem->patience = ALARM_NEVER;
    modem_end_session(modem);
}

static void switch_off(struct modem *modem, enum modem_stage stage)
{
    forget_card(modem);
    air_detach(modem->air);
    alarm_set(modem->turn, ALARM_NEVER);
    modem->stage = stage;
}

static void give_up(struct modem *modem)
{
    switch_off(modem, MODEM_FAILED);
    modem_trouble(modem, "the card cannot be reached any more");
    tell_power(modem, "off");
}

void modem_attach(struct modem *modem)
{
    const struct air_subscriber subscriber = {modem->iccid, modem->imsi};

    channels_end_all(modem);
    if (modem->has_no_radio)
        air_detach(modem->air);
    else
        air_attach(modem->air, &subscriber);
}

/* Everything that follows on a reset. */
static void begin_running(struct modem *modem)
{
    modem->stage = MODEM_RUNNING;
    modem_is_active(modem);
    polling_begin(modem);
    start_card(modem);
    if (!modem->link_failed)
        modem_attach(modem);
}

static void restart(struct modem *modem)
{
    forget_card(modem);
    air_detach(modem->air);
    modem->figures.resets++;
    modem->link_failed = false;
    if (!link_reset(modem->link)) {
        give_up(modem);
        return;
    }
    modem->stage = MODEM_STARTING;
    tell_power(modem, "reset");
}

static void read_again(struct modem *modem)
{
    bool changes = modem->profile_changes;

    modem->read_due = modem->profile_changes = false;
    if (changes)
        channels_end_all(modem);
    if (start_read_again(modem) || changes)
        modem_attach(modem);
}

static void fall_asleep(struct modem *modem)
{
    sleep_begin(modem);
    if (!modem->is_suspended)
        forget_card(modem);
}

static void wake_up(struct modem *modem)
{
    if (!link_reset(modem->link)) {
        give_up(modem);
        return;
    }
    modem_is_active(modem);
    tell_power(modem, "awake");
    if (sleep_resume(modem)) {
        modem->stage = MODEM_RUNNING;
        modem_attach(modem);
    } else {
        forget_card(modem);
        modem->stage = MODEM_STARTING;
    }
}

/* --- turns ----------------------------------------------------------------------------------------- */

static bool envelope_is_due(struct modem *modem)
{
    return envelopes_wait(modem) && modem_now(modem) >= modem->envelope.retry_at;
}

/* Nothing is sent before this. */
static int64_t pause_end(const struct modem *modem)
{
    return modem->paused > modem->held_until ? modem->paused : modem->held_until;
}

/* Nothing is to be done, but to ask now and then, or to sleep. */
static void take_idle_turn(struct modem *modem)
{
    int64_t now = modem_now(modem);

    modem->in_a_row = 0;
    modem->foreign_resets = 0;
    if (now >= modem->poll_at)
        polling_send(modem);
    else if (now >= sleep_at(modem))
        fall_asleep(modem);
}

static void take_running_turn(struct modem *modem)
{
    if (modem->reset_due)
        restart(modem);
    else if (modem->read_due)
        read_again(modem);
    else if (modem->waiting != 0)
        channels_continue(modem);
    else if (modem->is_guests)
        modem_toolkit_continue(modem);
    else if (modem_now(modem) < pause_end(modem))
        return;
    else if (modem->announced > 0)
        proactive_serve(modem);
    else if (envelope_is_due(modem))
        envelopes_send(modem);
    else
        take_idle_turn(modem);
}

/* A reset by another program is as good as one of the modem's own. */
static void mend_link(struct modem *modem)
{
    if (!link_was_reset(modem->link) || ++modem->foreign_resets > FOREIGN_RESETS_MAX) {
        give_up(modem);
        return;
    }
    modem_trouble(modem, "another program has reset the card");
    restart(modem);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When the next turn is due, of a modem that runs. */
static int64_t next_turn(struct modem *modem)
{
    int64_t next, now = modem_now(modem);

    if (modem->reset_due || modem->read_due)
        return now;
    if (modem->waiting != 0 || modem->is_guests)
        return modem->patience;
    next = earlier(modem->poll_at, earlier(timers_next(modem), sleep_at(modem)));
    if (modem->announced > 0)
        next = now;
    else if (envelopes_wait(modem))
        next = earlier(next, modem->envelope.retry_at);
    return next > pause_end(modem) ? next : pause_end(modem);
}

void modem_take_turn(struct modem *modem)
{
    if (modem->stage == MODEM_STARTING)
        begin_running(modem);
    else if (modem->stage == MODEM_RUNNING)
        take_running_turn(modem);
    else if (modem->stage == MODEM_ASLEEP && modem_now(modem) >= modem->wake_at)
        wake_up(modem);
    if (modem->link_failed)
        mend_link(modem);

    if (modem->stage == MODEM_STARTING)
        modem_wake(modem);
    else if (modem->stage == MODEM_RUNNING)
        alarm_set(modem->turn, next_turn(modem));
    else if (modem->stage == MODEM_ASLEEP)
        alarm_set(modem->turn, modem->wake_at);
}

static void on_turn(void *context)
{
    modem_take_turn(context);
}

/* --- what the network tells ------------------------------------------------------------------------ */

static void network_changed(void *context)
{
    struct modem *modem = context;

    modem_is_active(modem);
    events_network_changed(modem);
    modem_wake(modem);
}

static void message_came(void *context, struct span tpdu)
{
    sms_came(context, tpdu);
}

/* --- its life -------------------------------------------------------------------------------------- */

static unsigned within(unsigned value, unsigned min, unsigned max, unsigned otherwise)
{
    if (value == 0)
        return otherwise;
    return value < min ? min : value > max ? max : value;
}

static void take_settings(struct modem *modem, const struct modem_settings *settings)
{
    modem->settings = *settings;
    modem->settings.channels = within(settings->channels, 1, PROACTIVE_CHANNELS_MAX, PROACTIVE_CHANNELS_MAX);
    modem->settings.buffer = within(settings->buffer, BUFFER_MIN, BUFFER_MAX, BUFFER_MAX);
    if (settings->status_seconds == 0)
        modem->settings.status_seconds = STATUS_SECONDS;
}

struct modem *modem_new(struct device_clock *clock, struct link *link, struct air *air,
                        const struct modem_settings *settings,
                        void (*told)(void *context, const struct modem_event *event), void *context)
{
    struct modem *modem = calloc(1, sizeof(*modem));

    if (modem == NULL)
        return NULL;
    modem->clock = clock;
    modem->link = link;
    modem->air = air;
    modem->told = told;
    modem->context = context;
    modem->patience = modem->poll_at = ALARM_NEVER;
    modem->turn = alarm_new(clock, on_turn, modem);
    if (modem->turn == NULL) {
        free(modem);
        return NULL;
    }
    take_settings(modem, settings);
    for (unsigned i = 0; i < PROACTIVE_CHANNELS_MAX; i++) {
        modem->channels[i].modem = modem;
        modem->channels[i].number = i + 1;
    }
    air_watch(air, &(struct air_watcher){modem, network_changed, message_came});
    return modem;
}

void modem_free(struct modem *modem)
{
    if (modem == NULL)
        return;
    modem_stop(modem);
    air_watch(modem->air, &(struct air_watcher){NULL, NULL, NULL});
    alarm_free(modem->turn);
    buf_free(&modem->capdu);
    buf_free(&modem->rapdu);
    buf_free(&modem->data);
    buf_free(&modem->command_octets);
    buf_free(&modem->response);
    buf_free(&modem->objects);
    buf_free(&modem->guest_profile);
    buf_free(&modem->envelope.octets);
    free(modem);
}

bool modem_start(struct modem *modem)
{
    modem_stop(modem);
    modem->link_failed = false;
    modem->foreign_resets = 0;
    modem->in_a_row = 0;
    modem->paused = modem->held_until = 0;
    modem->has_no_radio = false;
    modem->iccid[0] = modem->imsi[0] = '\0';
    forget_card(modem);
    if (!link_reset(modem->link)) {
        modem->stage = MODEM_FAILED;
        return false;
    }
    modem->stage = MODEM_STARTING;
    tell_power(modem, "on");
    modem_wake(modem);
    return true;
}

void modem_stop(struct modem *modem)
{
    bool was_on = modem->stage != MODEM_OFF && modem->stage != MODEM_FAILED;

    if (was_on) {
        switch_off(modem, MODEM_OFF);
        link_power_off(modem->link);
        tell_power(modem, "off");
    }
    modem->stage = MODEM_OFF;
}
