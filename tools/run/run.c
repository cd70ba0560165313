/*
 * softeuicc run: the card daemon. One card per slot of the virtual reader, on consecutive ports, until
 * SIGTERM, SIGINT or SIGHUP. Ending it at any moment, even by SIGKILL, leaves the cards as the last answered
 * command left them.
 */
#include "common/net/place.h"
#include "common/notify.h"
#include "common/tool.h"
#include "tools/run/control.h"
#include "tools/run/slot.h"
#include "tools/subcommands.h"
#include "vpcd-bridge/claim.h"

#include "vpcd-bridge/vpcd.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLOTS_MAX 64
/* How often is looked for a card file that was deleted, replaced or moved away, when no command asks for it.
 */
#define LOOK_MS 500
/* At the end, for the readers to notice that their cards have gone: a card that is back before pcscd has
 * looked (every 400 ms) would be met with an error. */
#define LEAVE_MS 700

struct options {
    const char *cards[SLOTS_MAX];
    size_t cards_count;
    const char *controls[SLOTS_MAX]; /* paths of control sockets, in the order of the cards */
    size_t controls_count;
    bool no_control;
    struct place vpcd;
    bool trace, network;
    enum softeuicc_protocol protocol;
    const char *pid_file;
};

static const char *const protocols[] = {[SOFTEUICC_T0] = "t0", [SOFTEUICC_T1] = "t1", NULL};

/* A reader is somewhere: neither host nor port may be left empty. */
static int take_vpcd(void *settings, const struct option_row *row, const char *value)
{
    struct options *options = settings;
    struct place *vpcd = &options->vpcd;

    vpcd->host[0] = '\0';
    if (place_parse(value, vpcd) && vpcd->host[0] != '\0' && vpcd->port != 0)
        return EXIT_OK;
    return tool_usage("--%s is not HOST or HOST:PORT: %s", row->name, value);
}

static const struct option_row rows[] = {
    {"card", "FILE", "a card made by 'softeuicc create'; may be given several times",
     TAKES_LIST(struct options, cards, cards_count), .letter = 'c', .required = true},
    {"vpcd", "HOST[:PORT]", "where vpcd listens (default localhost:35963; an IPv6 address in brackets)",
     TAKES_BY(take_vpcd)},
    {"control", "PATH",
     "where softeuicc ctl finds the card (default FILE-ctl); with several cards one for each, in their order",
     TAKES_LIST(struct options, controls, controls_count)},
    {"no-control", NULL, "no control sockets", TAKES_FLAG(struct options, no_control)},
    {"trace", NULL,
     "show every command and answer, with the function's name, on standard output; PIN, PUK and ADM codes "
     "are not "
     "shown, the keys of one session (answers of AUTHENTICATE) are",
     TAKES_FLAG(struct options, trace), .letter = 't'},
    {"network", NULL,
     "lend this machine's network to a card with an IPA of its own (create --ipae), instead of a terminal's",
     TAKES_FLAG(struct options, network)},
    {"protocol", "t0|t1", "the transmission protocol that the card offers (default t0)",
     TAKES_CHOICE(struct options, protocol, protocols)},
    {"pid-file", "FILE", "write the process id to FILE when all cards are open; removed at the end",
     TAKES_TEXT(struct options, pid_file)},
    {0},
};

static void run_begin(void *settings)
{
    struct options *options = settings;

    options->vpcd = (struct place){"localhost", VPCD_PORT};
}

static int check(const struct options *options)
{
    if (options->controls_count > options->cards_count)
        return tool_usage("%zu control sockets for %zu cards", options->controls_count, options->cards_count);
    if (options->no_control && options->controls_count > 0)
        return tool_usage("--control and --no-control exclude each other");
    if (options->vpcd.port + options->cards_count - 1 > 65535)
        return tool_usage("there are no ports for %zu cards from %u on", options->cards_count,
                          options->vpcd.port);
    return EXIT_OK;
}

static struct addrinfo *resolve(const char *host)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *addresses = NULL;
    int error = getaddrinfo(host, NULL, &hints, &addresses);

    if (error == 0)
        return addresses;
    tool_error("cannot find the address of %s: %s", host, gai_strerror(error));
    return NULL;
}

/* What runs. */
struct run {
    const struct options *options;
    struct event_base *base;
    struct addrinfo *addresses; /* of vpcd */
    int claims[SLOTS_MAX];      /* on its slots */
    unsigned claims_count;
    struct slot *slots; /* one for each card */
    struct control *controls[SLOTS_MAX];
    unsigned leaving; /* cards that a reader has not missed yet */
    struct event *look;
    bool lost; /* a card's file */
};

static void on_signal(evutil_socket_t signal_number, short events, void *context)
{
    struct run *run = context;

    (void)signal_number;
    (void)events;
    event_base_loopbreak(run->base);
}

/* A card whose file is gone must not go on as if it kept what it is told. */
static void on_look(evutil_socket_t none, short events, void *context)
{
    struct run *run = context;

    (void)none;
    (void)events;
    if (run->lost)
        return;
    for (unsigned i = 0; i < run->options->cards_count && !run->lost; i++)
        run->lost = !slot_is_there(&run->slots[i]);
    if (run->lost)
        event_base_loopbreak(run->base);
}

static bool begin_looking(struct run *run)
{
    const struct timeval interval = {0, LOOK_MS * 1000L};

    run->look = event_new(run->base, -1, EV_PERSIST, on_look, run);
    for (unsigned i = 0; i < run->options->cards_count; i++)
        run->slots[i].lost = run->look;
    return run->look != NULL && event_add(run->look, &interval) == 0;
}

static bool open_cards(struct run *run)
{
    const struct options *options = run->options;

    for (unsigned i = 0; i < options->cards_count; i++) {
        struct slot *slot = &run->slots[i];

        slot->number = i;
        slot->port = (uint16_t)(options->vpcd.port + i);
        slot->host = options->vpcd.host;
        slot->path = options->cards[i];
        slot->protocol = options->protocol;
        slot->trace = options->trace;
        slot->base = run->base;
        slot->lends_network = options->network;
        if (!slot_open(slot))
            return false;
        slot_log(slot, "card %s, EID %s", slot->path, softeuicc_eid(slot->card));
    }
    return true;
}

static bool claim_slots(struct run *run)
{
    const struct place *vpcd = &run->options->vpcd;

    for (unsigned i = 0; i < run->options->cards_count; i++, run->claims_count++) {
        if (!claim_slot(vpcd->host, run->addresses, (uint16_t)(vpcd->port + i), &run->claims[i]))
            return false;
    }
    return true;
}

/* A socket that was asked for must be there; without the one by default the card runs all the same. */
static bool open_control(struct run *run, unsigned i)
{
    const bool named = i < run->options->controls_count;
    char *path = named ? strdup(run->options->controls[i]) : local_socket_of_card(run->slots[i].path);
    struct local_socket_error why = {"out of memory"};

    if (path != NULL)
        run->controls[i] = control_new(run->base, &run->slots[i], path, &why);
    free(path);
    if (run->controls[i] == NULL && named)
        tool_error("%s", why.message);
    else if (run->controls[i] == NULL)
        slot_log(&run->slots[i], "no control socket: %s", why.message);
    return run->controls[i] != NULL || !named;
}

static bool open_controls(struct run *run)
{
    for (unsigned i = 0; !run->options->no_control && i < run->options->cards_count; i++)
        if (!open_control(run, i))
            return false;
    return true;
}

static void on_left(void *context, enum slot_event event)
{
    struct run *run = context;

    if (event == SLOT_REMOVED && --run->leaving == 0)
        event_base_loopbreak(run->base);
}

/* Takes the cards out of their readers, and gives these the time to notice. Another signal cuts it short. */
static void run_leave(struct run *run)
{
    const struct timeval limit = {LEAVE_MS / 1000, (LEAVE_MS % 1000) * 1000};

    for (unsigned i = 0; i < run->options->cards_count; i++) {
        control_free(run->controls[i]);
        run->controls[i] = NULL;
        run->leaving += run->slots[i].connected;
    }
    if (run->leaving == 0)
        return;
    for (unsigned i = 0; i < run->options->cards_count; i++) {
        run->slots[i].watcher = (struct slot_watcher){run, run->slots[i].connected ? on_left : NULL, NULL};
        vpcd_link_remove(run->slots[i].link);
    }
    event_base_loopexit(run->base, &limit);
    event_base_dispatch(run->base);
}

static const int ends[] = {SIGTERM, SIGINT, SIGHUP};

#define ENDS (sizeof(ends) / sizeof(ends[0]))

/* A terminal that is closed ends the daemon, unless it was started with nohup(1). */
static bool heeds(int signal_number)
{
    struct sigaction now;

    return signal_number != SIGHUP || sigaction(SIGHUP, NULL, &now) != 0 || now.sa_handler != SIG_IGN;
}

static bool await_ends(struct run *run, struct event *events[ENDS])
{
    for (size_t i = 0; i < ENDS; i++) {
        if (!heeds(ends[i]))
            continue;
        events[i] = evsignal_new(run->base, ends[i], on_signal, run);
        if (events[i] == NULL || event_add(events[i], NULL) != 0)
            return false;
    }
    return true;
}

/* Serves until a signal ends it. */
static int run_serve(struct run *run)
{
    const struct options *options = run->options;
    struct event *events[ENDS] = {NULL};
    bool ok = await_ends(run, events) && begin_looking(run);

    for (unsigned i = 0; ok && i < options->cards_count; i++)
        ok = slot_connect(&run->slots[i], run->addresses);
    if (!ok)
        tool_error("out of memory");
    ok = ok && open_controls(run) && tool_write_pid_file(options->pid_file);
    if (ok) {
        notify_service_manager("READY=1");
        event_base_dispatch(run->base);
        notify_service_manager("STOPPING=1");
        event_del(run->look);
        run_leave(run);
        if (options->pid_file != NULL)
            unlink(options->pid_file);
    }
    for (unsigned i = 0; i < options->cards_count; i++) {
        control_free(run->controls[i]);
        slot_close(&run->slots[i]);
    }
    for (size_t i = 0; i < ENDS; i++)
        if (events[i] != NULL)
            event_free(events[i]);
    if (run->look != NULL)
        event_free(run->look);
    return ok && !run->lost ? EXIT_OK : EXIT_FAILED;
}

static int run_daemon(const struct command_line *line)
{
    const struct options *options = line->settings;
    struct run run = {.options = options};
    int status = check(options);

    if (status != EXIT_OK)
        return status;
    umask(077);
    signal(SIGPIPE, SIG_IGN); /* who reads the trace may go; the cards stay */
    status = EXIT_FAILED;
    run.slots = calloc(options->cards_count, sizeof(*run.slots));
    run.base = event_base_new();
    if (run.slots == NULL || run.base == NULL || event_base_priority_init(run.base, RUN_PRIORITIES) != 0)
        tool_error("out of memory");
    else if ((run.addresses = resolve(options->vpcd.host)) != NULL && open_cards(&run) && claim_slots(&run))
        status = run_serve(&run);
    for (unsigned i = 0; run.slots != NULL && i < options->cards_count; i++)
        slot_close(&run.slots[i]);
    for (unsigned i = 0; i < run.claims_count; i++)
        close(run.claims[i]);
    if (run.addresses != NULL)
        freeaddrinfo(run.addresses);
    if (run.base != NULL)
        event_base_free(run.base);
    free(run.slots);
    return status;
}

const struct command subcommand_run = {
    "run",
    "",
    "put cards into the virtual reader",
    "Puts cards into the slots of the virtual PC/SC reader (vpcd) and keeps them there: the first card into "
    "the slot "
    "whose port is named, the next ones into the slots on the ports after it. Waits for the reader when "
    "there is none, "
    "and comes back when pcscd restarts. SIGTERM, SIGINT and SIGHUP end it.",
    "Debian's vpcd brings two slots, on ports 35963 and 35964. More slots are more entries in "
    "/etc/reader.conf.d.\n"
    "Under systemd, Type=notify is told when all cards are open.",
    .options = rows,
    .settings_size = sizeof(struct options),
    .begin = run_begin,
    .run = run_daemon,
};
