/*
 * softeuicc run: the card daemon. One card per slot of the virtual reader, on consecutive ports, until
 * SIGTERM or SIGINT. Ending it at any moment, even by SIGKILL, leaves the cards as the last answered command
 * left them.
 */
#include "tools/run/notify.h"
#include "tools/run/slot.h"
#include "tools/tool.h"

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

struct options {
    const char *cards[SLOTS_MAX];
    unsigned cards_count;
    char host[256];
    unsigned port;
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
    "  -t, --trace             show every command and answer, with the function's name, on standard output\n"
    "      --protocol t0|t1    the transmission protocol that the card offers (default t0)\n"
    "      --pid-file FILE     write the process id to FILE when all cards are open; removed at the end\n"
    "  -h, --help              this text\n\n"
    "Debian's vpcd brings two slots, on ports 35963 and 35964. More slots are more entries in "
    "/etc/reader.conf.d.\n"
    "Under systemd, Type=notify is told when all cards are open.\n";

/* HOST, HOST:PORT, [ADDRESS] or [ADDRESS]:PORT. */
static bool parse_vpcd(const char *text, struct options *options)
{
    const char *host = text;
    size_t length = strcspn(text, ":");
    const char *rest = text + length;
    unsigned long port;
    char *end;

    if (text[0] == '[') {
        host = text + 1;
        length = strcspn(host, "]");
        if (host[length] != ']')
            return false;
        rest = host + length + 1;
    }
    if (length == 0 || length >= sizeof(options->host))
        return false;
    memcpy(options->host, host, length);
    options->host[length] = '\0';
    if (rest[0] == '\0')
        return true;
    if (rest[0] != ':' || rest[1] < '0' || rest[1] > '9')
        return false;
    port = strtoul(rest + 1, &end, 10);
    options->port = (unsigned)port;
    return *end == '\0' && port > 0 && port <= 65535;
}

static int add_card(struct options *options, const char *path)
{
    if (options->cards_count == SLOTS_MAX)
        return tool_usage("more than %d cards", SLOTS_MAX);
    options->cards[options->cards_count++] = path;
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
    enum { OPTION_VPCD = 256, OPTION_PROTOCOL, OPTION_PID_FILE };
    static const struct option known[] = {
        {"card", required_argument, NULL, 'c'},
        {"vpcd", required_argument, NULL, OPTION_VPCD},
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
            if (!parse_vpcd(optarg, options))
                status = tool_usage("--vpcd wants HOST or HOST:PORT, not '%s'", optarg);
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
    if (status == EXIT_OK && options->port + options->cards_count - 1 > 65535)
        return tool_usage("there are no ports for %u cards from %u on", options->cards_count, options->port);
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

static void on_signal(evutil_socket_t signal_number, short events, void *context)
{
    (void)signal_number;
    (void)events;
    event_base_loopbreak(context);
}

/* Serves until a signal ends it. */
static int serve(const struct options *options, struct slot *slots, struct event_base *base,
                 const struct addrinfo *addresses)
{
    struct event *terminate = evsignal_new(base, SIGTERM, on_signal, base);
    struct event *interrupt = evsignal_new(base, SIGINT, on_signal, base);
    bool ok = terminate != NULL && interrupt != NULL && event_add(terminate, NULL) == 0 &&
              event_add(interrupt, NULL) == 0;

    for (unsigned i = 0; ok && i < options->cards_count; i++)
        ok = slot_connect(&slots[i], base, addresses);
    if (!ok)
        tool_error("out of memory");
    ok = ok && tool_write_pid_file(options->pid_file);
    if (ok) {
        notify_service_manager("READY=1");
        event_base_dispatch(base);
        notify_service_manager("STOPPING=1");
        if (options->pid_file != NULL)
            unlink(options->pid_file);
    }
    for (unsigned i = 0; i < options->cards_count; i++)
        slot_close(&slots[i]);
    if (terminate != NULL)
        event_free(terminate);
    if (interrupt != NULL)
        event_free(interrupt);
    return ok ? EXIT_OK : EXIT_FAILED;
}

static bool open_cards(const struct options *options, struct slot *slots)
{
    for (unsigned i = 0; i < options->cards_count; i++) {
        slots[i].number = i;
        slots[i].port = (uint16_t)(options->port + i);
        slots[i].host = options->host;
        slots[i].trace = options->trace;
        if (!slot_open(&slots[i], options->cards[i], options->protocol))
            return false;
        slot_log(&slots[i], "card %s, EID %s", options->cards[i], softeuicc_eid(slots[i].card));
    }
    return true;
}

int tool_run(int argc, char **argv)
{
    struct options options = {.host = "localhost", .port = VPCD_PORT};
    struct addrinfo *addresses = NULL;
    struct event_base *base = NULL;
    struct slot *slots = NULL;
    int status = parse_options(argc, argv, &options);

    if (status != EXIT_OK || options.done)
        return status;
    umask(077);
    signal(SIGPIPE, SIG_IGN); /* who reads the trace may go; the cards stay */
    status = EXIT_FAILED;
    slots = calloc(options.cards_count, sizeof(*slots));
    base = event_base_new();
    if (slots == NULL || base == NULL)
        tool_error("out of memory");
    else if ((addresses = resolve(options.host)) != NULL && open_cards(&options, slots))
        status = serve(&options, slots, base, addresses);
    for (unsigned i = 0; slots != NULL && i < options.cards_count; i++)
        slot_close(&slots[i]);
    if (addresses != NULL)
        freeaddrinfo(addresses);
    if (base != NULL)
        event_base_free(base);
    free(slots);
    return status;
}
