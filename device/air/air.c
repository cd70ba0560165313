/* Who is on the network, on which cell, and the messages that come for them. See air.h. */
#include "device/air/air_internal.h"
#include "device/air/cells.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *air_technology_name(enum air_technology technology)
{
    static const char *const names[] = {
        [AIR_GSM] = "GSM",     [AIR_UTRAN] = "UTRAN",   [AIR_LTE] = "LTE",
        [AIR_LTE_M] = "LTE-M", [AIR_NB_IOT] = "NB-IoT", [AIR_NR] = "NR",
    };

    return names[technology];
}

/* Since the beginning of the run. */
static int64_t air_time(const struct air *air)
{
    return device_clock_now(air->clock) - air->start;
}

static void set_alarm(struct air *air, struct alarm *alarm, int64_t time)
{
    alarm_set(alarm, time == PERIOD_NEVER ? ALARM_NEVER : air->start + time);
}

/* The last act of whoever calls it. */
static void tell_changed(struct air *air)
{
    if (air->watcher.changed != NULL)
        air->watcher.changed(air->watcher.context);
}

/* --- messages ------------------------------------------------------------------------------------------ */

/* That waits for this subscriber now, the oldest first; NULL. */
static const struct script_message *waiting_message(struct air *air, size_t *found)
{
    const struct script_message *waiting = NULL;

    for (size_t i = 0; i < air->script->message_count; i++) {
        const struct script_message *message = &air->script->messages[i];

        if (air->message_times[i] <= air_time(air) && script_who_is(&message->who, air->imsi, air->iccid) &&
            (waiting == NULL || air->message_times[i] < air->message_times[*found])) {
            waiting = message;
            *found = i;
        }
    }
    return waiting;
}

static void await_message(struct air *air)
{
    int64_t next = PERIOD_NEVER;

    for (size_t i = 0; air->state.service == AIR_NORMAL && i < air->script->message_count; i++) {
        if (air->message_times[i] < next &&
            script_who_is(&air->script->messages[i].who, air->imsi, air->iccid))
            next = air->message_times[i];
    }
    set_alarm(air, air->post, next);
}

/* A message of the script waits once, however often its time has come meanwhile. */
static void on_post(void *context)
{
    struct air *air = context;
    size_t i = 0;
    const struct script_message *message = waiting_message(air, &i);

    if (message != NULL)
        air->message_times[i] = period_next_instant(&message->when, air_time(air) + 1);
    await_message(air);
    if (message != NULL && air->watcher.message != NULL)
        air->watcher.message(air->watcher.context, SPAN(message->tpdu, message->size));
}

bool air_submit(struct air *air, struct span tpdu)
{
    (void)tpdu;
    return air->state.service == AIR_NORMAL;
}

/* --- attaching ----------------------------------------------------------------------------------------- */

/* Off its cell. */
static void leave(struct air *air, enum air_service service, const char *why)
{
    if (air->cell != CELLS_NONE)
        channels_end(air, why);
    air->cell = CELLS_NONE;
    air->state = (struct air_state){.service = service};
    alarm_set(air->post, ALARM_NEVER);
}

static void show_cell(struct air *air, size_t number)
{
    const struct script_cell *cell = &air->script->cells[number];

    memcpy(air->state.plmn, cell->plmn, sizeof(cell->plmn));
    air->state.area = cell->area;
    air->state.cell = cell->id;
    air->state.technology = cell->technology;
    air->state.is_roaming = air->imsi[0] != '\0' && !cells_is_home(cell, air->imsi);
}

/* The next cell, when the time that it takes to find it is over. */
static void await_step(struct air *air)
{
    const size_t best = cells_best(air->script, air->imsi, air->tried, air_time(air));
    const int64_t search = best != CELLS_NONE ? air->script->cells[best].figures.search : 0;

    if (search > 0)
        alarm_set(air->step, device_clock_now(air->clock) + search);
    else
        event_active(air->soon, EV_TIMEOUT, 0);
}

static void begin_search(struct air *air)
{
    air->tried = 0;
    air->state = (struct air_state){.service = AIR_SEARCHING};
    alarm_set(air->step, ALARM_NEVER);
    set_alarm(air, air->change, cells_next_change(air->script, air_time(air)));
    await_step(air);
}

static void enter(struct air *air, size_t cell)
{
    air->cell = cell;
    air->state = (struct air_state){.service = AIR_NORMAL};
    show_cell(air, cell);
    radio_tune(&air->radio, &air->script->cells[cell].figures);
    air->figures.attachments++;
    await_message(air);
    tell_changed(air);
}

/* No cell is left to be tried. */
static void give_up(struct air *air)
{
    const bool is_rejected = air->state.cause != 0;
    const size_t any = cells_best(air->script, air->imsi, 0, air_time(air));

    air->state.service = is_rejected || any != CELLS_NONE ? AIR_LIMITED : AIR_NONE;
    if (any == CELLS_NONE)
        air->state = (struct air_state){.service = AIR_NONE};
    else if (!is_rejected)
        show_cell(air, any);
    if (is_rejected)
        alarm_set(air->step, device_clock_now(air->clock) + air->script->retry);
    tell_changed(air);
}

static void try_cell(struct air *air)
{
    const size_t cell = cells_best(air->script, air->imsi, air->tried, air_time(air));
    uint8_t cause;

    if (cell == CELLS_NONE || air->imsi[0] == '\0') {
        give_up(air);
        return;
    }
    cause = cells_cause(air->script, cell, air->imsi, air->iccid, air_time(air));
    if (cause == 0) {
        enter(air, cell);
        return;
    }
    air->tried |= UINT64_C(1) << cell;
    air->state.cause = cause;
    show_cell(air, cell);
    if (cells_best(air->script, air->imsi, air->tried, air_time(air)) == CELLS_NONE) {
        give_up(air);
        return;
    }
    await_step(air);
    tell_changed(air);
}

static void on_step(void *context)
{
    struct air *air = context;

    if (air->state.service == AIR_SEARCHING)
        try_cell(air);
    else if (air->state.service != AIR_NORMAL)
        begin_search(air); /* the pause after a rejection is over */
}

static void on_soon(evutil_socket_t fd, short events, void *context)
{
    (void)fd;
    (void)events;
    on_step(context);
}

static bool is_fit(const struct air *air, size_t cell)
{
    return cell != CELLS_NONE && cells_has(air->script, cell, air_time(air)) &&
           cells_cause(air->script, cell, air->imsi, air->iccid, air_time(air)) == 0;
}

/* Abroad, when the home network is there again and lets it in. */
static bool is_called_home(const struct air *air)
{
    const size_t best = cells_best(air->script, air->imsi, 0, air_time(air));

    return air->state.is_roaming && is_fit(air, best) && cells_is_home(&air->script->cells[best], air->imsi);
}

static void on_change(void *context)
{
    struct air *air = context;

    set_alarm(air, air->change, cells_next_change(air->script, air_time(air)));
    if (air->state.service == AIR_NORMAL) {
        if (is_fit(air, air->cell) && !is_called_home(air))
            return;
        leave(air, AIR_NONE, "no network");
        begin_search(air);
        tell_changed(air);
    } else if (air->state.service != AIR_SEARCHING) {
        begin_search(air);
    }
}

/* --- what the modem asks ------------------------------------------------------------------------------- */

void air_watch(struct air *air, const struct air_watcher *watcher)
{
    air->watcher = *watcher;
}

void air_detach(struct air *air)
{
    event_del(air->soon);
    alarm_set(air->step, ALARM_NEVER);
    alarm_set(air->change, ALARM_NEVER);
    leave(air, AIR_NONE, NULL);
}

void air_attach(struct air *air, const struct air_subscriber *subscriber)
{
    air_detach(air);
    snprintf(air->iccid, sizeof(air->iccid), "%s", subscriber->iccid);
    snprintf(air->imsi, sizeof(air->imsi), "%s", subscriber->imsi);
    begin_search(air);
}

const struct air_state *air_state(const struct air *air)
{
    return &air->state;
}

/* --- its life ------------------------------------------------------------------------------------------ */

static bool air_prepare(struct air *air)
{
    const size_t count = air->script->message_count;

    air->soon = evtimer_new(air->base, on_soon, air);
    air->step = alarm_new(air->clock, on_step, air);
    air->change = alarm_new(air->clock, on_change, air);
    air->post = alarm_new(air->clock, on_post, air);
    air->message_times = calloc(count + 1, sizeof(*air->message_times));
    if (air->soon == NULL || air->step == NULL || air->change == NULL || air->post == NULL ||
        air->message_times == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        air->message_times[i] = period_next_instant(&air->script->messages[i].when, 0);
    if (air->script->resolver.size == 0)
        return true;
    air->names = name_server_new(air->base, air->clock, air->script, air->start);
    return air->names != NULL;
}

struct air *air_new(struct event_base *base, struct device_clock *clock, const char *name, uint64_t seed,
                    char why[AIR_WHY_MAX])
{
    struct air *air = calloc(1, sizeof(*air));

    if (air == NULL) {
        snprintf(why, AIR_WHY_MAX, "out of memory");
        return NULL;
    }
    air->base = base;
    air->clock = clock;
    air->start = device_clock_now(clock);
    air->cell = CELLS_NONE;
    air->state.service = AIR_NONE;
    air->radio.chance = seed;
    air->sockets = (struct air_sockets){.base = base, .clock = clock};
    air->script = network_script_open(name, why);
    if (air->script != NULL) {
        radio_tune(&air->radio, &air->script->cells[0].figures);
        if (air_prepare(air))
            return air;
        snprintf(why, AIR_WHY_MAX, "cannot set up the network's name server");
    }
    air_free(air);
    return NULL;
}

void air_free(struct air *air)
{
    if (air == NULL)
        return;
    channels_free(air);
    name_server_free(air->names);
    if (air->soon != NULL)
        event_free(air->soon);
    alarm_free(air->step);
    alarm_free(air->change);
    alarm_free(air->post);
    free(air->message_times);
    network_script_free(air->script);
    free(air);
}
