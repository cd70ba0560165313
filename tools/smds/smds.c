/* The subcommand `softeuicc smds`: a test SM-DS over HTTPS (SGP.22), and a small client for it. */
#include "tools/smds/smds.h"

#include "common/command/command_values.h"
#include "common/http/https_identities.h"
#include "common/log.h"
#include "common/net/addresses.h"
#include "common/net/place.h"
#include "common/print/print.h"
#include "common/tool.h"
#include "servers/smds/network/forward.h"
#include "servers/smds/network/http_api.h"
#include "tools/subcommands.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HTTPS_PORT   443 /* left out of the server's address */
#define LIFETIME_MAX (10LL * 365 * 24 * 3600)

struct smds_settings {
    const char *pki, *state, *pid_file, *client_ca, *root, *root_ca;
    const char *address[RSP_ADDRESSES_MAX];
    size_t addresses;
    struct https_identity_files tls;
    struct place listen, es12;
    enum log_level log;
    bool ignore_expiry;
    struct smds_options options;
};

static const struct option_row smds_rows[] = {
    {"pki", "DIR", "a test PKI made by 'softeuicc pki init'", TAKES_TEXT(struct smds_settings, pki),
     .required = true},
    {"listen", "HOST:PORT",
     "every address of HOST; default 127.0.0.1:" OPTION_DEFAULT(
         SMDS_DEFAULT_PORT) "; port 0 takes a free one",
     TAKES_PLACE(struct smds_settings, listen)},
    {"address", "FQDN[:PORT]",
     "what LPAs call this server, may be given again; default: as it listens, and for 127.0.0.1 localhost, "
     "too",
     TAKES_LIST(struct smds_settings, address, addresses), MUST_BE_SERVER},
    {"state", "FILE", "keep events in this SQLite file; default: in memory",
     TAKES_TEXT(struct smds_settings, state)},
    {"es12-listen", "HOST:PORT", "take events there; default: where LPAs call, too",
     TAKES_PLACE(struct smds_settings, es12)},
    {"client-ca", "FILE",
     "with --es12-listen: who registers events must have a certificate under one of these (PEM), and its OID "
     "owns them",
     TAKES_TEXT(struct smds_settings, client_ca)},
    {"root", "FQDN[:PORT]", "be an Alternative SM-DS: what is to be forwarded is registered there, too",
     TAKES_TEXT(struct smds_settings, root), MUST_BE_SERVER},
    {"root-ca", "FILE", "trust the Root under this CA (PEM); default: the PKI's ci.pem",
     TAKES_TEXT(struct smds_settings, root_ca)},
    {"events-max", "N", "how many events are kept; default " OPTION_DEFAULT(SMDS_DEFAULT_EVENTS),
     TAKES_NUMBER(struct smds_settings, options.events_max, 1, INT32_MAX)},
    {"events-per-eid", "N", "and of one card; default " OPTION_DEFAULT(SMDS_DEFAULT_PER_EID),
     TAKES_NUMBER(struct smds_settings, options.per_eid_max, 1, 1000)},
    {"lifetime", "SEC", "events are forgotten; default: never",
     TAKES_NUMBER(struct smds_settings, options.lifetime, 1, LIFETIME_MAX), .unit = "seconds"},
    {"ignore-expiry", NULL, "take expired EUM and eUICC certificates",
     TAKES_FLAG(struct smds_settings, ignore_expiry)},
    {"pid-file", "FILE", "write the process id there, remove it at the end",
     TAKES_TEXT(struct smds_settings, pid_file)},
    {"log", "LEVEL", "off, error, info (default) or debug, on stderr",
     TAKES_CHOICE(struct smds_settings, log, log_levels)},
    HTTPS_IDENTITY_ROWS(struct smds_settings, tls, "for TLS (PEM), instead of the PKI's"),
    {0},
};

/* --- Running -------------------------------------------------------------------------------------------- */

/* What runs: a server with one or two doors, and the way to the Root. */
struct smds_program {
    const struct smds_settings *settings;
    struct smds smds;
    struct smds_door door, es12_door;
    struct https_identities tls;
    char root_ca[PKI_PATH_MAX];
    struct loop *loop;
    struct https *https, *es12;
    struct forward *forward;
};

static void answer_at(struct smds_program *program, const struct smds_door *door,
                      struct https_request *request)
{
    struct http_answer out;

    smds_answer(&program->smds, door, https_request(request), &out);
    https_answer(request, &out);
    buf_free(&out.body);
}

static void answer_lpa(void *program, struct https_request *request)
{
    answer_at(program, &((struct smds_program *)program)->door, request);
}

static void answer_es12(void *program, struct https_request *request)
{
    answer_at(program, &((struct smds_program *)program)->es12_door, request);
}

static struct https *smds_listen(struct smds_program *program, const struct place *place,
                                 const char *client_ca, unsigned connections_max, https_function *answer)
{
    struct https_options options = {.address = place->host,
                                    .port = place->port,
                                    .client_ca = client_ca,
                                    .names = program->settings->address,
                                    .names_count = program->settings->addresses,
                                    .connections_max = connections_max,
                                    .body_max = REQUEST_BODY_LIMIT,
                                    .admin_protocol = ADMIN_PROTOCOL,
                                    .allow = "GET, POST",
                                    .answer = answer,
                                    .context = program};

    https_identities_set(&program->tls, &options);
    return https_open(program->loop, &options);
}

static bool smds_open(struct smds_program *program)
{
    const struct smds_settings *settings = program->settings;
    bool two = settings->es12.host[0] != '\0';
    unsigned all = https_connections_max(), few = two ? all / 4 : 0; /* who registers events are few */

    program->es12_door = (struct smds_door){.es12 = true, .by_certificate = settings->client_ca != NULL};
    program->door = (struct smds_door){.es11 = true, .es12 = !two};
    if (!smds_identity_load(&program->smds, settings->pki) ||
        !https_identities_take(&program->tls, settings->pki, PKI_DS_TLS, &settings->tls))
        return false;
    program->smds.rsp.trust.ignore_expiry = settings->ignore_expiry;
    program->loop = loop_open();
    if (program->loop == NULL)
        return false;
    program->https = smds_listen(program, &settings->listen, NULL, all - few, answer_lpa);
    if (program->https != NULL && two)
        program->es12 = smds_listen(program, &settings->es12, settings->client_ca, few, answer_es12);
    return program->https != NULL && (!two || program->es12 != NULL);
}

static bool smds_add_address(struct smds_program *program, const char *address)
{
    if (rsp_server_add_address(&program->smds.rsp, address))
        return true;
    tool_error("'%s' cannot be a server's address", address);
    return false;
}

static bool take_addresses(struct smds_program *program)
{
    const struct smds_settings *settings = program->settings;
    const char *host = settings->listen.host;
    char own[PLACE_TEXT_MAX], name[PLACE_HOST_MAX + 1];
    bool ok = true;

    for (size_t i = 0; ok && i < settings->addresses; i++)
        ok = smds_add_address(program, settings->address[i]);
    if (settings->addresses > 0)
        return ok;
    snprintf(name, sizeof(name), "%s", host);
    if (addresses_is_any(name))
        addresses_own_name(name, sizeof(name));
    place_text(name, https_port(program->https), HTTPS_PORT, own, sizeof(own));
    ok = smds_add_address(program, own);
    if (strcmp(host, "127.0.0.1") == 0) { /* the same machine calls itself so, too */
        place_text("localhost", https_port(program->https), HTTPS_PORT, own, sizeof(own));
        ok = ok && smds_add_address(program, own);
    }
    return ok;
}

/* What needs the server's address, which may depend on the port that was free. */
static bool smds_prepare(struct smds_program *program)
{
    const struct smds_settings *settings = program->settings;
    struct smds *smds = &program->smds;
    char why[DB_WHY_MAX];
    struct forward_options forward = {settings->root, settings->root_ca, program->tls.list[0].cert,
                                      program->tls.list[0].key};

    if (!take_addresses(program))
        return false;
    smds->options = settings->options;
    smds->options.has_root = settings->root != NULL;
    smds->started = smds_now();
    smds->store = smds_store_open(settings->state, why);
    if (smds->store == NULL) {
        tool_error("%s", why);
        return false;
    }
    if (settings->root == NULL)
        return true;
    if (forward.cacert == NULL && pki_top_path(program->root_ca, settings->pki, PKI_CA_BUNDLE))
        forward.cacert = program->root_ca;
    program->forward = forward_open(program->loop, smds, &forward);
    return program->forward != NULL;
}

static void say_where(const struct smds_program *program)
{
    const struct smds_settings *settings = program->settings;
    char where[PLACE_TEXT_MAX];

    place_text(settings->listen.host, https_port(program->https), HTTPS_PORT, where, sizeof(where));
    print_line("listening on https://%s as %s", where, program->smds.rsp.address[0]);
    if (program->es12 != NULL) {
        place_text(settings->es12.host, https_port(program->es12), HTTPS_PORT, where, sizeof(where));
        print_line("events are registered at https://%s", where);
    }
    fflush(stdout);
    if (settings->client_ca != NULL)
        return;
    if (addresses_is_loopback(program->es12 != NULL ? settings->es12.host : settings->listen.host))
        log_line(LOG_LEVEL_INFO, "ES12 takes events without a certificate, on this machine (--client-ca asks "
                                 "for one); functionRequesterIdentifier says whose they are");
    else
        tool_note("ES12 takes events from everybody who reaches this server: --es12-listen HOST:PORT with "
                  "--client-ca FILE lets in those with a certificate only");
}

static int smds_serve(struct smds_program *program)
{
    const char *pid_file = program->settings->pid_file;
    bool ok = smds_open(program) && smds_prepare(program) && tool_write_pid_file(pid_file);

    if (ok) {
        say_where(program);
        ok = loop_run(program->loop);
        if (pid_file != NULL)
            unlink(pid_file);
    }
    forward_close(program->forward);
    https_close(program->es12);
    https_close(program->https);
    loop_close(program->loop);
    smds_clear(&program->smds);
    return ok ? EXIT_OK : EXIT_FAILED;
}

static void smds_begin(void *settings)
{
    *(struct smds_settings *)settings = (struct smds_settings){
        .listen = {"127.0.0.1", SMDS_DEFAULT_PORT},
        .log = LOG_LEVEL_INFO,
        .options = {.events_max = SMDS_DEFAULT_EVENTS, .per_eid_max = SMDS_DEFAULT_PER_EID}};
}

static int smds_run(const struct command_line *line)
{
    const struct smds_settings *settings = line->settings;
    struct smds_program program = {.settings = settings};

    if (!https_identity_files_check(&settings->tls))
        return EXIT_USAGE;
    if (settings->client_ca != NULL && settings->es12.host[0] == '\0')
        return tool_usage("--client-ca needs --es12-listen: LPAs have no certificates");
    if (settings->root_ca != NULL && settings->root == NULL)
        return tool_usage("--root-ca needs --root");
    if (!tool_watch()) /* also a signal that comes before all is ready ends it in order */
        return EXIT_FAILED;
    log_set_level(settings->log);
    umask(077); /* the state says which card waits for what */
    return smds_serve(&program);
}

static const struct command *const commands[] = {&smds_events, NULL};

const struct command subcommand_smds = {
    "smds",
    "--pki DIR [OPTION]...",
    "a test SM-DS over HTTPS, and the list of its events",
    "A test SM-DS (SGP.22): ES12 for SM-DP+ that register events for a card, ES11 for LPAs that ask what "
    "waits "
    "for theirs. With --root it is an Alternative SM-DS, which registers at the Root (ES15).",
    "'softeuicc smds COMMAND --help' says what a command takes.",
    .options = smds_rows,
    .settings_size = sizeof(struct smds_settings),
    .begin = smds_begin,
    .commands = commands,
    .run = smds_run,
};
