/* What the IPAe asks of the terminal: see ipae_terminal.h. */
#include "euicc/ipae/ipae_terminal.h"

#include "apdu/tlv.h"
#include "euicc/iot/connectivity.h"
#include "euicc/ipae/ipae_answers.h"
#include "euicc/ipae/ipae_events.h"
#include "euicc/os/host.h"
#include "euicc/terminal/toolkit.h"

#include <stdlib.h>

enum {
    LOCATE_AFTER = 5 * 60 * 1000, /* ms after which one that is on no network is asked again */
    LOOK_AFTER = 3 * 1000,        /* ms between looks at channels of which nothing was heard */
    LOOK_AT_LEAST = 20 * 1000,    /* … that a terminal gets which may tell of them by itself */
    TIMER_SLACK = 1500,           /* ms by which a timer that runs may be late or early */
    TIMER_MAX = 24 * 60 * 60 - 1, /* seconds, TS 102 223 8.38 */
    POLL_SECONDS = 60,            /* where the terminal has no timers */
    ANSWER_PATIENCE = 30 * 1000,  /* ms for an answer where nothing but knowledge depends on it */
};

enum asked { ASKED_NOTHING, ASKED_TO_TELL, ASKED_OF_CHANNEL, ASKED_FOR_TIMER };

struct ipae_terminal {
    struct softeuicc *card;
    struct toolkit_application application;
    struct bip_bearer *bearer;
    bool carries;
    bool is_ready;    /* TERMINAL PROFILE came */
    bool is_mute;     /* it has not answered in time */
    size_t told;      /* of what is asked first (rows of `firsts`) */
    enum asked asked; /* what waits or is under way */
    int64_t asked_at; /* since when there is a question that is not answered; 0: there is none */
    int64_t timer_at; /* when the terminal's timer expires, by the card's clock; 0: it does not run */
    bool has_timers;
    int64_t looked_at, located_at;
    bool rests; /* nobody waits for what comes over a channel */
    struct ipae_whereabouts whereabouts;
    struct ipae_terminal_figures figures;
    struct buf objects; /* of the command that is asked */
};

/* --- what is asked first ------------------------------------------------------------------------------ */

static void put_events(struct ipae_terminal *terminal)
{
    ipae_events_put(terminal->card, terminal->carries, &terminal->objects);
}

static void put_poll_interval(struct ipae_terminal *terminal)
{
    const uint8_t duration[] = {0x01 /* seconds */, POLL_SECONDS};

    tlv_put(&terminal->objects, PROACTIVE_DURATION, SPAN_ARRAY(duration));
}

/* A time of the terminal's is true for the moment of its answer. */
static void take_time(struct ipae_terminal *terminal, const struct proactive_response *response)
{
    int64_t time;

    terminal->whereabouts.has_time = ipae_answer_time(response->objects, &time);
    if (terminal->whereabouts.has_time)
        terminal->whereabouts.ahead = time - card_now(terminal->card);
}

static void take_imei(struct ipae_terminal *terminal, const struct proactive_response *response)
{
    if (!ipae_answer_imei(response->objects, terminal->whereabouts.imei))
        terminal->whereabouts.imei[0] = '\0';
}

/* Reading: a terminal that is on no network is believed only if it tells when it is on one. */
static void see_service(struct ipae_terminal *terminal, bool no_service)
{
    terminal->whereabouts.no_service =
        no_service && toolkit_serves(terminal->card, TOOLKIT_EVENT_LOCATION_STATUS);
    terminal->located_at = card_now(terminal->card);
}

static void take_location(struct ipae_terminal *terminal, const struct proactive_response *response)
{
    terminal->whereabouts.has_plmn = ipae_answer_plmn(response->objects, terminal->whereabouts.plmn);
    see_service(terminal, response->result == PROACTIVE_DONE_LIMITED_SERVICE ||
                              response->result == PROACTIVE_TERMINAL_BUSY);
}

static const struct first {
    uint8_t type, qualifier;
    bool of_events;               /* … that are wanted; else only of a terminal that … */
    enum toolkit_service service; /* … serves it */
    void (*put)(struct ipae_terminal *terminal);
    void (*take)(struct ipae_terminal *terminal, const struct proactive_response *response);
} firsts[] = {
    {PROACTIVE_SET_UP_EVENT_LIST, 0, true, 0, put_events, NULL},
    {PROACTIVE_POLL_INTERVAL, 0, false, TOOLKIT_POLL_INTERVAL, put_poll_interval, NULL},
    {PROACTIVE_PROVIDE_LOCAL_INFORMATION, PROACTIVE_LOCAL_IMEI, false, TOOLKIT_LOCATION, NULL, take_imei},
    {PROACTIVE_PROVIDE_LOCAL_INFORMATION, PROACTIVE_LOCAL_DATE_TIME, false, TOOLKIT_DATE_TIME, NULL,
     take_time},
    /* The last one, which is asked again. */
    {PROACTIVE_PROVIDE_LOCAL_INFORMATION, PROACTIVE_LOCAL_LOCATION, false, TOOLKIT_LOCATION, NULL,
     take_location},
};

enum { FIRSTS = sizeof(firsts) / sizeof(firsts[0]) };

static bool is_wanted(const struct ipae_terminal *terminal, const struct first *first)
{
    if (first->type == PROACTIVE_POLL_INTERVAL && (terminal->has_timers || !terminal->carries))
        return false;
    return first->of_events ? ipae_events_wanted(terminal->card, terminal->carries)
                            : toolkit_serves(terminal->card, first->service);
}

static bool is_known(const struct ipae_terminal *terminal)
{
    size_t next = terminal->told;

    while (next < FIRSTS && !is_wanted(terminal, &firsts[next]))
        next++;
    return next == FIRSTS;
}

static bool next_first(struct ipae_terminal *terminal, struct proactive_command *command)
{
    const struct first *first;

    if (is_known(terminal))
        return false;
    while (!is_wanted(terminal, &firsts[terminal->told]))
        terminal->told++;
    first = &firsts[terminal->told];
    if (first->put != NULL)
        first->put(terminal);
    *command = (struct proactive_command){.type = first->type,
                                          .qualifier = first->qualifier,
                                          .destination = PROACTIVE_TERMINAL,
                                          .objects = buf_span(&terminal->objects)};
    return true;
}

/* What it does not tell is not known. */
static void take_first(struct ipae_terminal *terminal, const struct proactive_response *response)
{
    const struct first *first = &firsts[terminal->told++];
    struct proactive_response told = *response;

    if (told.result > PROACTIVE_DONE_MAX)
        told.objects = SPAN_NONE;
    if (first->take != NULL)
        first->take(terminal, &told);
}

/* --- its timer ------------------------------------------------------------------------------------------ */

static bool awaits_channels(const struct ipae_terminal *terminal)
{
    return !terminal->rests && bip_bearer_waits(terminal->bearer);
}

/* A channel of which nothing is told is looked at before whoever waits for it gives up. */
static int64_t with_looks(const struct ipae_terminal *terminal, int64_t due)
{
    int64_t look =
        card_now(terminal->card) + (bip_bearer_is_mute(terminal->bearer) ? LOOK_AFTER : LOOK_AT_LEAST);

    return awaits_channels(terminal) && (due < 0 || due > look) ? look : due;
}

/* One that runs is left alone if it comes in time: to set it anew costs a command. */
static bool wants_timer(const struct ipae_terminal *terminal, int64_t due)
{
    int64_t now = card_now(terminal->card);
    bool runs = terminal->timer_at > now;

    if (!terminal->has_timers || due < 0)
        return false;
    if (!runs)
        return true;
    return due + TIMER_SLACK < terminal->timer_at ||
           (!awaits_channels(terminal) && terminal->timer_at + TIMER_SLACK < due);
}

static bool next_timer(struct ipae_terminal *terminal, int64_t due, struct proactive_command *command)
{
    int64_t now = card_now(terminal->card);
    int64_t seconds = (due - now + 999) / 1000;

    if (!wants_timer(terminal, due))
        return false;
    if (seconds < 1)
        seconds = 1;
    if (seconds > TIMER_MAX)
        seconds = TIMER_MAX;
    toolkit_put_timer(&terminal->objects, TOOLKIT_APPLICATION_TIMER, (unsigned)seconds);
    terminal->timer_at = now + seconds * 1000;
    *command = (struct proactive_command){.type = PROACTIVE_TIMER_MANAGEMENT,
                                          .qualifier = PROACTIVE_TIMER_START,
                                          .destination = PROACTIVE_TERMINAL,
                                          .objects = buf_span(&terminal->objects)};
    return true;
}

/* --- what it is asked ----------------------------------------------------------------------------------- */

static enum asked choose_question(struct ipae_terminal *terminal, int64_t due,
                                  struct proactive_command *command)
{
    buf_clear(&terminal->objects);
    if (next_first(terminal, command))
        return ASKED_TO_TELL;
    if (bip_bearer_next(terminal->bearer, command))
        return ASKED_OF_CHANNEL;
    return next_timer(terminal, with_looks(terminal, due), command) ? ASKED_FOR_TIMER : ASKED_NOTHING;
}

static void forget_channels(struct ipae_terminal *terminal)
{
    bip_bearer_tick(terminal->bearer, card_now(terminal->card));
    bip_bearer_reset(terminal->bearer);
}

/* What was asked has gone without an answer: somebody's change of profiles has ended the session. */
static void mind_lost(struct ipae_terminal *terminal)
{
    if (terminal->asked == ASKED_OF_CHANNEL)
        forget_channels(terminal);
    if (terminal->asked == ASKED_FOR_TIMER)
        terminal->timer_at = 0;
    terminal->asked = ASKED_NOTHING;
}

static bool is_to_be_asked(const struct ipae_terminal *terminal)
{
    return terminal->carries ? ipae_terminal_has_channels(terminal)
                             : terminal->is_ready && !terminal->is_mute;
}

void ipae_terminal_ask(struct ipae_terminal *terminal, int64_t due)
{
    struct proactive_command command;
    enum asked asked;

    if (!is_to_be_asked(terminal) || toolkit_is_asking(terminal->card))
        return;
    mind_lost(terminal);
    asked = choose_question(terminal, due, &command);
    if (asked == ASKED_NOTHING)
        return;
    if (terminal->asked_at == 0)
        terminal->asked_at = card_now(terminal->card);
    if (!toolkit_ask(terminal->card, &command)) {
        if (asked == ASKED_FOR_TIMER)
            terminal->timer_at = 0;
        return;
    }
    if (asked == ASKED_OF_CHANNEL)
        bip_bearer_asked(terminal->bearer);
    terminal->asked = asked;
}

/* --- how long it is waited for ------------------------------------------------------------------------ */

bool ipae_terminal_is_awaited(const struct ipae_terminal *terminal)
{
    return (terminal->carries || is_to_be_asked(terminal)) && !is_known(terminal);
}

int64_t ipae_terminal_patience_ends(const struct ipae_terminal *terminal)
{
    return terminal->carries || terminal->asked_at == 0 ? -1 : terminal->asked_at + ANSWER_PATIENCE;
}

/* A clock that was set back makes nobody wait for longer. */
void ipae_terminal_rest(struct ipae_terminal *terminal, bool rests)
{
    terminal->rests = rests;
}

void ipae_terminal_mind_patience(struct ipae_terminal *terminal)
{
    int64_t now = card_now(terminal->card);

    if (ipae_terminal_patience_ends(terminal) < 0 ||
        (now >= terminal->asked_at && now < ipae_terminal_patience_ends(terminal)))
        return;
    toolkit_take_back(terminal->card);
    terminal->asked = ASKED_NOTHING;
    terminal->asked_at = 0;
    terminal->is_mute = true;
}

/* --- what it answers and tells -------------------------------------------------------------------------- */

/* Reading: a DNS server is expected of every terminal, since without one nothing can be reached; whatever
 * TERMINAL PROFILE says of it, the first channel shows. */
static void on_ready(void *context)
{
    struct ipae_terminal *terminal = context;

    terminal->is_ready = true;
    terminal->is_mute = false;
    terminal->told = 0;
    terminal->asked_at = 0;
    terminal->timer_at = 0;
    terminal->has_timers = terminal->carries && toolkit_serves(terminal->card, TOOLKIT_TIMERS);
    bip_bearer_expect_server(terminal->bearer);
}

/* A change of the IPAe's own is what is marked (table `ipae`). */
static bool is_own(const struct ipae_terminal *terminal, uint8_t type, bool is_asked)
{
    return is_asked || (type == PROACTIVE_REFRESH &&
                        nvm_figure(terminal->card->nvm, "SELECT marked FROM ipae", NVM_NONE) != 0);
}

static void on_spent(void *context, uint8_t instruction, uint8_t type, bool is_asked)
{
    struct ipae_terminal *terminal = context;
    bool is_fetched = instruction == INS_FETCH;

    if (!is_own(terminal, type, is_asked))
        return;
    terminal->figures.proactive_commands += is_fetched;
    terminal->figures.commands++;
    bip_bearer_tick(terminal->bearer, card_now(terminal->card));
    if (is_fetched && terminal->asked == ASKED_OF_CHANNEL)
        bip_bearer_fetched(terminal->bearer);
}

static void on_answered(void *context, const struct proactive_response *response)
{
    struct ipae_terminal *terminal = context;
    enum asked asked = terminal->asked;

    terminal->asked = ASKED_NOTHING;
    terminal->asked_at = 0;
    if (asked == ASKED_TO_TELL)
        take_first(terminal, response);
    else if (asked == ASKED_OF_CHANNEL)
        bip_bearer_answered(terminal->bearer, response);
    else if (asked == ASKED_FOR_TIMER && response->result > PROACTIVE_DONE_MAX)
        terminal->has_timers = false;
}

static void on_event(void *context, uint8_t event, struct span objects)
{
    struct ipae_terminal *terminal = context;
    struct span status;

    if (!terminal->is_ready)
        return;
    terminal->figures.commands++;
    bip_bearer_event(terminal->bearer, event, objects);
    if (event != EVENT_LOCATION_STATUS || !comprehension_find(objects, PROACTIVE_LOCATION_STATUS, &status) ||
        status.size != 1)
        return;
    see_service(terminal, status.data[0] != LOCATION_NORMAL);
    terminal->whereabouts.has_plmn = ipae_answer_plmn(objects, terminal->whereabouts.plmn);
}

static void look(struct ipae_terminal *terminal)
{
    int64_t now = card_now(terminal->card);

    terminal->looked_at = now;
    if (!terminal->rests)
        bip_bearer_look(terminal->bearer);
    if (terminal->whereabouts.no_service &&
        (now - terminal->located_at >= LOCATE_AFTER || now < terminal->located_at))
        terminal->told = FIRSTS - 1 < terminal->told ? FIRSTS - 1 : terminal->told;
}

static void on_timer_expired(void *context)
{
    struct ipae_terminal *terminal = context;

    if (!terminal->is_ready)
        return;
    terminal->figures.commands++;
    terminal->timer_at = 0;
    look(terminal);
}

/* Some poll all the time. */
static void on_polled(void *context)
{
    struct ipae_terminal *terminal = context;
    int64_t now = card_now(terminal->card);

    if (now - terminal->looked_at >= LOOK_AFTER || now < terminal->looked_at)
        look(terminal);
}

/* --- its life ------------------------------------------------------------------------------------------- */

struct ipae_terminal *ipae_terminal_new(struct softeuicc *card, bool carries)
{
    struct ipae_terminal *terminal = calloc(1, sizeof(*terminal));

    if (terminal == NULL)
        return NULL;
    terminal->card = card;
    terminal->carries = carries;
    terminal->application = (struct toolkit_application){.context = terminal,
                                                         .ready = on_ready,
                                                         .spent = on_spent,
                                                         .answered = on_answered,
                                                         .event = on_event,
                                                         .timer_expired = on_timer_expired,
                                                         .polled = on_polled};
    terminal->bearer = bip_bearer_new();
    if (terminal->bearer == NULL || !toolkit_serve(card, &terminal->application)) {
        bip_bearer_free(terminal->bearer);
        free(terminal);
        return NULL;
    }
    return terminal;
}

void ipae_terminal_free(struct ipae_terminal *terminal)
{
    if (terminal == NULL)
        return;
    (void)toolkit_serve(terminal->card, NULL);
    bip_bearer_free(terminal->bearer);
    buf_free(&terminal->objects);
    free(terminal);
}

void ipae_terminal_reset(struct ipae_terminal *terminal)
{
    terminal->is_ready = false;
    terminal->is_mute = false;
    terminal->asked = ASKED_NOTHING;
    terminal->asked_at = 0;
    terminal->told = 0;
    terminal->timer_at = 0;
    terminal->has_timers = false;
    terminal->whereabouts = (struct ipae_whereabouts){.imei = ""};
    forget_channels(terminal);
}

bool ipae_terminal_has_toolkit(const struct ipae_terminal *terminal)
{
    return terminal->is_ready;
}

bool ipae_terminal_has_channels(const struct ipae_terminal *terminal)
{
    return terminal->carries && toolkit_serves(terminal->card, TOOLKIT_CHANNELS);
}

struct bip_bearer *ipae_terminal_bearer(const struct ipae_terminal *terminal)
{
    return terminal->bearer;
}

bool ipae_terminal_use_profile(struct ipae_terminal *terminal)
{
    struct bip_access access = {SPAN_NONE, SPAN_NONE, SPAN_NONE, SPAN_NONE};
    struct buf parameters = {0};
    bool done;

    if (connectivity_https(terminal->card, &parameters))
        ipae_read_access(buf_span(&parameters), &access);
    done = !parameters.failed && bip_bearer_set_access(terminal->bearer, &access);
    buf_free(&parameters);
    return done;
}

const struct ipae_terminal_figures *ipae_terminal_figures(const struct ipae_terminal *terminal)
{
    return &terminal->figures;
}

const struct ipae_whereabouts *ipae_terminal_whereabouts(const struct ipae_terminal *terminal)
{
    return &terminal->whereabouts;
}
