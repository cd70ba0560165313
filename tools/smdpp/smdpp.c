/* The subcommand `softeuicc smdpp`: a test SM-DP+ over HTTPS (SGP.22), and small clients for it. */
#include "tools/smdpp/smdpp.h"

#include "common/http/https.h"
#include "common/left_out.h"
#include "common/log.h"
#include "common/pki_dir.h"
#include "common/place.h"
#include "common/print.h"
#include "common/qr.h"
#include "common/table.h"
#include "common/tool.h"
#include "protocol/activation_code.h"
#include "servers/smdpp/network/http_api.h"
#include "tools/subcommands.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_PORT 8443
#define HTTPS_PORT   443 /* left out of the server's address */
#define LIFETIME_MAX (10LL * 365 * 24 * 3600)

struct settings {
    const char *pki, *profiles, *state, *pid_file, *address;
    const char *ci, *auth_cert, *auth_key, *pb_cert, *pb_key, *tls_cert, *tls_key;
    struct place listen;
    enum log_level log;
    bool ignore_expiry;
    struct smdpp_options options;
};

/* --- Options -------------------------------------------------------------------------------------------- */

static const struct option_row rows[] = {
    {"pki", "DIR", "a test PKI made by 'softeuicc pki init'", TAKES_TEXT(struct settings, pki)},
    {"profiles", "DIR", "profile packages (.der), each with optional metadata (.json) beside it",
     TAKES_TEXT(struct settings, profiles), .required = true},
    {"listen", "HOST:PORT", "every address of HOST; default 127.0.0.1:8443; port 0 takes a free one",
     TAKES_PLACE(struct settings, listen)},
    {"address", "FQDN[:PORT]", "what LPAs call this server; default: as it listens",
     TAKES_TEXT(struct settings, address)},
    {"state", "FILE", "keep orders and notifications in this SQLite file; default: in memory",
     TAKES_TEXT(struct settings, state)},
    {"orders-only", NULL, "no downloads by file name", TAKES_FLAG(struct settings, options.orders_only)},
    {"order-lifetime", "SEC", "orders expire",
     TAKES_NUMBER(struct settings, options.order_lifetime, 1, LIFETIME_MAX), .unit = "seconds"},
    {"order-tries", "N", "how often an order may be tried; default " OPTION_DEFAULT(SMDPP_DEFAULT_TRIES_MAX),
     TAKES_NUMBER(struct settings, options.tries_max, 1, INT32_MAX)},
    {"ppk", NULL, "protect packages with their own keys (ReplaceSessionKeys)",
     TAKES_FLAG(struct settings, options.ppk)},
    {"no-eligibility", NULL, "leave it to the card to refuse what does not fit it",
     TAKES_FLAG(struct settings, options.no_eligibility)},
    {"ignore-expiry", NULL, "take expired EUM and eUICC certificates",
     TAKES_FLAG(struct settings, ignore_expiry)},
    {"pid-file", "FILE", "write the process id there, remove it at the end",
     TAKES_TEXT(struct settings, pid_file)},
    {"log", "LEVEL", "off, error, info (default) or debug, on stderr",
     TAKES_CHOICE(struct settings, log, log_levels)},
    OPTION_HEAD("Other certificates than those of a PKI directory (with it: beside them; DER or PEM):"),
    {"ci", "CERT", "a CI whose eUICCs are believed", TAKES_TEXT(struct settings, ci)},
    {"dpauth-cert", "CERT", "for authentication", TAKES_TEXT(struct settings, auth_cert)},
    {"dpauth-key", "KEY", "and its key", TAKES_TEXT(struct settings, auth_key)},
    {"dppb-cert", "CERT", "for profile package binding", TAKES_TEXT(struct settings, pb_cert)},
    {"dppb-key", "KEY", "and its key", TAKES_TEXT(struct settings, pb_key)},
    {"tls-cert", "CERT", "for TLS (PEM)", TAKES_TEXT(struct settings, tls_cert)},
    {"tls-key", "KEY", "and its key", TAKES_TEXT(struct settings, tls_key)},
    {0},
};

static bool check_settings(const struct settings *settings)
{
    int own = (settings->auth_cert != NULL) + (settings->auth_key != NULL) + (settings->pb_cert != NULL) +
              (settings->pb_key != NULL);

    if (settings->pki == NULL && (settings->ci == NULL || own == 0))
        tool_usage("--pki is missing (or --ci with --dpauth-cert, --dpauth-key, --dppb-cert and --dppb-key)");
    else if (own != 0 && own != 4)
        tool_usage("--dpauth-cert, --dpauth-key, --dppb-cert and --dppb-key belong together");
    else if ((settings->tls_cert == NULL) != (settings->tls_key == NULL))
        tool_usage("--tls-cert and --tls-key belong together");
    else if (settings->pki == NULL && settings->tls_cert == NULL)
        tool_usage("--tls-cert and --tls-key are missing");
    else
        return true;
    return false;
}

/* --- Who it is ------------------------------------------------------------------------------------------ */

static bool load_files(struct dp_server *dp, const struct settings *settings)
{
    struct dp_credentials credentials = {0};
    struct cert *ci;
    const char *why = NULL;
    bool is_read;

    if (settings->ci != NULL) {
        ci = pki_load_cert_file(settings->ci);
        if (ci == NULL)
            return false;
        if (!euicc_trust_add(&dp->rsp.trust, ci, &why)) {
            tool_error("%s: %s", settings->ci, why);
            return false;
        }
    }
    if (settings->auth_cert == NULL)
        return true;
    is_read = (credentials.auth_cert = pki_load_cert_file(settings->auth_cert)) != NULL &&
              (credentials.auth_key = pki_load_key_file(settings->auth_key)) != NULL &&
              (credentials.pb_cert = pki_load_cert_file(settings->pb_cert)) != NULL &&
              (credentials.pb_key = pki_load_key_file(settings->pb_key)) != NULL;
    if (!dp_server_add_credentials(dp, credentials, &why)) {
        if (is_read)
            tool_error("%s, %s: %s", settings->auth_cert, settings->pb_cert, why);
        return false;
    }
    return true;
}

/* --- Running -------------------------------------------------------------------------------------------- */

/* What needs the server's address, which may depend on the port that was free. */
static bool smdpp_prepare(struct smdpp *smdpp, const struct settings *settings, uint16_t port)
{
    char why[DB_WHY_MAX];
    char own[RSP_ADDRESS_SIZE];

    place_text(settings->listen.host, port, HTTPS_PORT, own, sizeof(own));
    if (!dp_server_add_address(&smdpp->dp, settings->address != NULL ? settings->address : own)) {
        tool_error("%s: cannot be a server's address", settings->address);
        return false;
    }
    smdpp->options = settings->options;
    smdpp->started = smdpp_now();
    smdpp->store = store_open(settings->state, why);
    if (smdpp->store == NULL) {
        tool_error("%s", why);
        return false;
    }
    smdpp->catalogue = profile_catalogue_new(settings->profiles, smdpp->dp.rsp.address[0]);
    if (smdpp->catalogue == NULL || !profile_catalogue_readable(smdpp->catalogue)) {
        tool_error("cannot read the directory %s", settings->profiles);
        return false;
    }
    smdpp_refresh_profiles(smdpp);
    return true;
}

static void smdpp_answer(void *smdpp, struct https_request *request)
{
    struct http_answer out;

    http_api_answer(smdpp, https_request(request), &out);
    https_answer(request, &out);
    buf_free(&out.body);
}

static void on_directory(evutil_socket_t fd, short events, void *smdpp)
{
    (void)fd;
    (void)events;
    smdpp_refresh_profiles(smdpp);
}

/* Has changes of the profile directory read when they happen, not when an eUICC waits for them. NULL: then
 * they are. */
static struct event *watch_profiles(struct smdpp *smdpp, struct loop *loop)
{
    int fd = profile_catalogue_descriptor(smdpp->catalogue);
    struct event *event =
        fd >= 0 ? event_new(loop_base(loop), fd, EV_READ | EV_PERSIST, on_directory, smdpp) : NULL;

    if (event != NULL)
        event_add(event, NULL);
    return event;
}

/* Serves until a signal comes; false when that could not begin, or failed. */
static bool listen_and_serve(struct smdpp *smdpp, const struct settings *settings, struct loop *loop,
                             struct https *https)
{
    char where[PLACE_TEXT_MAX];
    bool ok = smdpp_prepare(smdpp, settings, https_port(https)) && tool_write_pid_file(settings->pid_file);
    struct event *profiles;

    if (!ok)
        return false;
    profiles = watch_profiles(smdpp, loop);
    place_text(settings->listen.host, https_port(https), HTTPS_PORT, where, sizeof(where));
    print_line("listening on https://%s as %s", where, smdpp->dp.rsp.address[0]);
    fflush(stdout);
    ok = loop_run(loop);
    if (profiles != NULL)
        event_free(profiles);
    if (settings->pid_file != NULL)
        unlink(settings->pid_file);
    return ok;
}

static int smdpp_serve(const struct settings *settings)
{
    struct smdpp smdpp = {0};
    char cert[PKI_PATH_MAX], key[PKI_PATH_MAX];
    struct https_options server = {.address = settings->listen.host,
                                   .port = settings->listen.port,
                                   .cert = cert,
                                   .key = key,
                                   .body_max = REQUEST_BODY_LIMIT,
                                   .admin_protocol = ADMIN_PROTOCOL,
                                   .allow = "GET, POST",
                                   .answer = smdpp_answer,
                                   .context = &smdpp};
    struct loop *loop = NULL;
    struct https *https = NULL;
    bool ok = (settings->pki == NULL || smdpp_identity_load(&smdpp, settings->pki)) &&
              load_files(&smdpp.dp, settings) &&
              pki_tls_files(settings->pki, PKI_DP_TLS, settings->tls_cert, settings->tls_key, cert, key);

    smdpp.dp.rsp.trust.ignore_expiry = settings->ignore_expiry;
    if (ok)
        loop = loop_open();
    if (loop != NULL)
        https = https_open(loop, &server);
    ok = https != NULL && listen_and_serve(&smdpp, settings, loop, https);
    https_close(https);
    loop_close(loop);
    smdpp_clear(&smdpp);
    return ok ? EXIT_OK : EXIT_FAILED;
}

static void smdpp_begin(void *settings)
{
    *(struct settings *)settings = (struct settings){.listen = {"127.0.0.1", DEFAULT_PORT},
                                                     .log = LOG_LEVEL_INFO,
                                                     .options.tries_max = SMDPP_DEFAULT_TRIES_MAX};
}

static int smdpp_run(const struct command_line *line)
{
    const struct settings *settings = line->settings;

    if (!check_settings(settings))
        return EXIT_USAGE;
    if (!tool_watch()) /* also a signal that comes before all is ready ends it in order */
        return EXIT_FAILED;
    log_set_level(settings->log);
    umask(077); /* the state has what a profile is given out for */
    return smdpp_serve(settings);
}

/* --- Small ones ----------------------------------------------------------------------------------------- */

/* An activation code as every LPA's camera takes it (SGP.22 4.1); any other text as it is. */
static int print_qr(const struct command_line *line)
{
    struct activation_code code;
    char text[2048];
    const char *why;
    struct span bare = activation_code_bare(line->argv[0]);

    if (!activation_code_parse(line->argv[0], &code, &why))
        return qr_print(stdout, line->argv[0]) ? EXIT_OK : EXIT_FAILED;
    snprintf(text, sizeof(text), "LPA:%.*s", (int)bare.size, (const char *)bare.data);
    return qr_print(stdout, text) ? EXIT_OK : EXIT_FAILED;
}

static int print_states(const struct command_line *line)
{
    static const struct table_column columns[] = {TABLE_WHOLE("from"), TABLE_WHOLE("event"),
                                                  TABLE_WHOLE("to")};
    struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
    enum order_state from, to;
    enum order_event event;

    (void)line;
    table_without_titles(table);
    for (unsigned i = 0; order_row(i, &from, &event, &to); i++) {
        table_add(table, "%s", order_state_name(from));
        table_add(table, "%s", order_event_name(event));
        table_add(table, "%s", order_state_name(to));
    }
    return table_print(table, 0) ? EXIT_OK : EXIT_FAILED;
}

static const struct command *const commands[] = {
    &smdpp_order,
    &smdpp_cancel,
    &smdpp_orders,
    &smdpp_profiles,
    &smdpp_notifications,
    COMMAND("qr", "TEXT", "draw a QR code" QR_LEFT_OUT, .min_words = 1, .max_words = 1, .settings_size = 1,
            .run = print_qr),
    COMMAND("states", "", "print the states of an order and what leads from one to another",
            .settings_size = 1, .run = print_states),
    NULL,
};

const struct command subcommand_smdpp = {
    "smdpp",
    "--pki DIR --profiles DIR [OPTION]...",
    "a test SM-DP+ over HTTPS, its orders and lists",
    "A test SM-DP+ (SGP.22): ES9+ for LPAs in JSON and ASN.1, ES2+ for operators. Every .der file of the "
    "profile "
    "directory can be downloaded with its name as matchingId, or be ordered.",
    "'softeuicc smdpp COMMAND --help' says what a command takes.",
    .options = rows,
    .settings_size = sizeof(struct settings),
    .begin = smdpp_begin,
    .commands = commands,
    .run = smdpp_run,
};
