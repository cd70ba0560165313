/*
 * softeuicc run: the card daemon. One card per slot of the virtual reader, on consecutive ports, until
 * SIGTERM or SIGINT. Ending it at any moment, even by SIGKILL, leaves the cards as the last answered command
 * left them.
 */
#include "common/place.h"
#include "common/tool.h"
#include "tools/run/claim.h"
#include "tools/run/control.h"
#include "tools/run/notify.h"
#include "tools/run/slot.h"

#include "vpcd-bridge/vpcd.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLOTS_MAX 64
/* At the end, for the readers to notice that their cards have gone: a card that is back before pcscd has
 * looked (every 400 ms) would be met with an error. */
#define LEAVE_MS 700

struct options {
    const char *cards[SLOTS_MAX];
    unsigned cards_count;
    const char *controls[SLOTS_MAX]; /* paths of control sockets, in the order of the cards */
    unsigned controls_count;
    bool no_control;
    struct place vpcd;
    bool trace;
    enum softeuicc_protocol protocol;
    const char *pid_file;
    bool done; /* --help: nothing else to do */
};

static const char help[] =
    "Usage: softeuicc run --card FILE [--card FILE]... [OPTION]...\n\n"
    "Puts cards into the slots of the virtual PC/SC reader (vpcd) and keeps them there: the first card into "
    "the slot\n"
    "whose port is named, the next ones into the slots on the ports after it. Waits for the reader when "
    "there is none,\n"
    "and comes back when pcscd restarts. SIGTERM and SIGINT end it.\n\n"
    "  -c, --card FILE         a card made by 'softeuicc create'; may be given several times\n"
    "      --vpcd HOST[:PORT]  where vpcd listens (default localhost:35963; an IPv6 address in brackets)\n"
    "      --control PATH      where softeuicc ctl finds the card (default FILE-ctl); with several cards one "
    "for each, in\n"
    "                          their order\n"
    "      --no-control        no control sockets\n"
    "  -t, --trace             show every command and answer, with the function's name, on standard output\n"
    "      --protocol t0|t1    the transmission protocol that the card offers (default t0)\n"
    "      --pid-file FILE     write the process id to FILE when all cards are open; removed at the end\n"
    "  -h, --help              this text\n\n"
    "Debian's vpcd brings two slots, on ports 35963 and 35964. More slots are more entries in "
    "/etc/reader.conf.d.\n"
    "Under systemd, Type=notify is told when all cards are open.\n";

static int add_card(struct options *options, const char *path)
{
    if (options->cards_count == SLOTS_MAX)
        return tool_usage("more than %d cards", SLOTS_MAX);
    options->cards[options->cards_count++] = path;
    return EXIT_OK;
}

static int add_control(struct options *options, const char *path)
{
    if (options->controls_count == SLOTS_MAX)
        return tool_usage("more than %d control sockets", SLOTS_MAX);
    options->controls[options->controls_count++] = path;
    return EXIT_OK;
}

static int parse_protocol(struct options *options, const char *text)
{
    if (strcmp(text, "t0") != 0 && strcmp(text, "t1") != 0)
        return tool_usage("--protocol is t0 or t1, not '%s'", text);
    options->protocol = text[1] == '1' ? SOFTEUICC_T1 : SOFTEUICC_T0;
    return EXIT_OK;
}

static int parse_options(int argc, char **argv, struct options *options)
{
    enum { OPTION_VPCD = 256, OPTION_PROTOCOL, OPTION_PID_FILE, OPTION_CONTROL, OPTION_NO_CONTROL };
    static const struct option known[] = {
        {"card", required_argument, NULL, 'c'},
        {"vpcd", required_argument, NULL, OPTION_VPCD},
        {"control", required_argument, NULL, OPTION_CONTROL},
        {"no-control", no_argument, NULL, OPTION_NO_CONTROL},
        {"trace", no_argument, NULL, 't'},
        {"protocol", required_argument, NULL, OPTION_PROTOCOL},
        {"pid-file", required_argument, NULL, OPTION_PID_FILE},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int status = EXIT_OK;
    int option;

    opterr = 0;
    while (status == EXIT_OK && (option = getopt_long(argc, argv, ":c:th", known, NULL)) != -1) {
        switch (option) {
        case 'c':
            status = add_card(options, optarg);
            break;
        case OPTION_VPCD:
            options->vpcd.host[0] = '\0';
            if (!place_parse(optarg, &options->vpcd) || options->vpcd.host[0] == '\0' ||
                options->vpcd.port == 0)
                status = tool_usage("--vpcd wants HOST or HOST:PORT, not '%s'", optarg);
            break;
        case OPTION_CONTROL:
            status = add_control(options, optarg);
            break;
        case OPTION_NO_CONTROL:
            options->no_control = true;
            break;
        case 't':
            options->trace = true;
            break;
        case OPTION_PROTOCOL:
            status = parse_protocol(options, optarg);
            break;
        case OPTION_PID_FILE:
            options->pid_file = optarg;
            break;
        case 'h':
            fputs(help, stdout);
            options->done = true;
            return EXIT_OK;
        case ':':
            return tool_usage("%s wants a value", argv[optind - 1]);
        default:
            return tool_usage("there is no option %s", argv[optind - 1]);
        }
    }
    if (status == EXIT_OK && optind < argc)
        return tool_usage("'%s' is not an option; a card is named by --card", argv[optind]);
    if (status == EXIT_OK && options->cards_count == 0)
        return tool_usage("--card is missing");
    if (status == EXIT_OK && options->controls_count > options->cards_count)
        return tool_usage("%u control sockets for %u cards", options->controls_count, options->cards_count);
    if (status == EXIT_OK && options->no_control && options->controls_count > 0)
        return tool_usage("--control and --no-control exclude each other");
    if (status == EXIT_OK && options->vpcd.port + options->cards_count - 1 > 65535)
        return tool_usage("there are no ports for %u cards from %u on", options->cards_count,
                          options->vpcd.port);
    return status;
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
};

static void on_signal(evutil_socket_t signal_number, short events, void *context)
{
    struct run *run = context;

    (void)signal_number;
    (void)events;
    event_base_loopbreak(run->base);
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
static void leave(struct run *run)
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

/* Serves until a signal ends it. */
static int serve(struct run *run)
{
    const struct options *options = run->options;
    struct event *terminate = evsignal_new(run->base, SIGTERM, on_signal, run);
    struct event *interrupt = evsignal_new(run->base, SIGINT, on_signal, run);
    bool ok = terminate != NULL && interrupt != NULL && event_add(terminate, NULL) == 0 &&
              event_add(interrupt, NULL) == 0;

    for (unsigned i = 0; ok && i < options->cards_count; i++)
        ok = slot_connect(&run->slots[i], run->base, run->addresses);
    if (!ok)
        tool_error("out of memory");
    ok = ok && open_controls(run) && tool_write_pid_file(options->pid_file);
    if (ok) {
        notify_service_manager("READY=1");
        event_base_dispatch(run->base);
        notify_service_manager("STOPPING=1");
        leave(run);
        if (options->pid_file != NULL)
            unlink(options->pid_file);
    }
    for (unsigned i = 0; i < options->cards_count; i++) {
        control_free(run->controls[i]);
        slot_close(&run->slots[i]);
    }
    if (terminate != NULL)
        event_free(terminate);
    if (interrupt != NULL)
        event_free(interrupt);
    return ok ? EXIT_OK : EXIT_FAILED;
}

int tool_run(int argc, char **argv)
{
    struct options options = {.vpcd = {"localhost", VPCD_PORT}};
    struct run run = {.options = &options};
    int status = parse_options(argc, argv, &options);

    if (status != EXIT_OK || options.done)
        return status;
    umask(077);
    signal(SIGPIPE, SIG_IGN); /* who reads the trace may go; the cards stay */
    status = EXIT_FAILED;
    run.slots = calloc(options.cards_count, sizeof(*run.slots));
    run.base = event_base_new();
    if (run.slots == NULL || run.base == NULL || event_base_priority_init(run.base, RUN_PRIORITIES) != 0)
        tool_error("out of memory");
    else if ((run.addresses = resolve(options.vpcd.host)) != NULL && open_cards(&run) && claim_slots(&run))
        status = serve(&run);
    for (unsigned i = 0; run.slots != NULL && i < options.cards_count; i++)
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
