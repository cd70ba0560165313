/* The subcommand `softeuicc eim`: a test eIM (SGP.32), and small clients for it. */
#include "tools/eim/eim_tool.h"

#include "common/command/command_values.h"
#include "common/http/https_identities.h"
#include "common/left_out.h"
#include "common/log.h"
#include "common/net/place.h"
#include "common/print/print.h"
#include "common/tool.h"
#include "servers/eim/model/configuration.h"
#include "servers/eim/model/rules.h"
#include "servers/eim/model/server.h"
#include "servers/eim/network/network.h"
#include "servers/eim/network/rest.h"
#include "servers/eim/network/rest_token.h"
#include "tools/eim/client.h"
#include "tools/subcommands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COAPS_PORT        5684
#define EXTRA_CIS_MAX     4
#define EIM_ADDRESSES_MAX 8
#define FIRST_COUNTER     1
#define FIRST_COUNTER_MAX (EIM_COUNTER_MAX - 1)

struct settings {
    const char *pki, *state, *token_file, *id, *pid_file, *smdp_ca, *sign_cert, *sign_key, *rules, *coap_psk;
    struct https_identity_files tls;
    const char *extra_ci[EXTRA_CIS_MAX];
    size_t extra_cis;
    const char *addresses[EIM_ADDRESSES_MAX];
    size_t addresses_count;
    const char *relay_to[EIM_ADDRESSES_MAX];
    size_t relay_to_count;
    enum ec_curve curve;
    struct place https, coap;
    bool with_coap, plain, ignore_expiry;
    int64_t first_counter;
    enum log_level log;
};

/* --- Options -------------------------------------------------------------------------------------------- */

static int take_coap(void *settings_, const struct option_row *row, const char *value)
{
    struct settings *settings = settings_;

    settings->with_coap = true;
    return place_parse(value, &settings->coap) ? EXIT_OK
                                               : tool_usage("--%s is not HOST:PORT: %s", row->name, value);
}

static const struct option_row rows[] = {
    {"pki", "DIR", "a test PKI made by 'softeuicc pki init'", TAKES_TEXT(struct settings, pki),
     .required = true},
    {"listen", "HOST:PORT",
     "HTTPS on every address of HOST; default 127.0.0.1:" OPTION_DEFAULT(
         EIM_DEFAULT_PORT) "; port 0 takes a free one",
     TAKES_PLACE(struct settings, https)},
    {"address", "FQDN[:PORT]",
     "what IPAs call it, when that is neither as it listens nor in its certificate. May be given again",
     TAKES_LIST(struct settings, addresses, addresses_count), MUST_BE_SERVER},
    {"coap", "HOST:PORT", "also CoAP over DTLS; default port " OPTION_DEFAULT(COAPS_PORT) COAP_LEFT_OUT,
     TAKES_BY(take_coap)},
    {"coap-psk", "FILE",
     "by CoAP also take devices with a pre-shared key: lines IDENTITY:HEXKEY, as GnuTLS's psktool writes "
     "them. An "
     "identity that is an EID is for that eUICC alone" COAP_LEFT_OUT,
     TAKES_TEXT(struct settings, coap_psk)},
    {"state", "FILE", "keep everything in this SQLite file; default: in memory",
     TAKES_TEXT(struct settings, state)},
    {"token-file", "FILE",
     "the token for changes over REST, made there at first; default: --state's name and " REST_TOKEN_SUFFIX,
     TAKES_TEXT(struct settings, token_file)},
    {"id", "EIMID", "default: the OID of the eIM's certificate", TAKES_TEXT(struct settings, id)},
    {"curve", "p256|brainpool", "the signing key; default p256 when there is one",
     TAKES_CHOICE(struct settings, curve, pki_curve_words)},
    {"first-counter", "N", "of a new eUICC's first package; default " OPTION_DEFAULT(FIRST_COUNTER),
     TAKES_NUMBER(struct settings, first_counter, 1, FIRST_COUNTER_MAX)},
    {"ci", "CERT", "believe eUICCs under this CI too (DER or PEM; can be repeated)",
     TAKES_LIST(struct settings, extra_ci, extra_cis)},
    {"smdp-ca", "FILE", "trust SM-DP+ by these roots (PEM); default: the PKI's ci.pem",
     TAKES_TEXT(struct settings, smdp_ca)},
    {"relay-to", "HOST[:PORT]",
     "relay any eUICC to this server, not only to those of its orders; port 443 unless said. May be given "
     "again",
     TAKES_LIST(struct settings, relay_to, relay_to_count), MUST_BE_SERVER},
    {"rules", "FILE",
     "set the rules by which it orders by itself (JSON, as PUT /v1/rules takes it); default: those of "
     "--state",
     TAKES_TEXT(struct settings, rules)},
    {"sign-cert", "CERT", "another eIM certificate", TAKES_TEXT(struct settings, sign_cert)},
    {"sign-key", "KEY", "and its key", TAKES_TEXT(struct settings, sign_key)},
    HTTPS_IDENTITY_ROWS(struct settings, tls, "another TLS certificate (PEM); CoAP has the first"),
    {"plain-http", NULL, "no TLS, for IPAs that are run so; on a loopback interface",
     TAKES_FLAG(struct settings, plain)},
    {"ignore-expiry", NULL, "take expired EUM and eUICC certificates",
     TAKES_FLAG(struct settings, ignore_expiry)},
    {"pid-file", "FILE", "write the process id there, remove it at the end",
     TAKES_TEXT(struct settings, pid_file)},
    {"log", "LEVEL", "off, error, info (default) or debug, on stderr",
     TAKES_CHOICE(struct settings, log, log_levels)},
    {0},
};

static bool check_settings(const struct settings *settings)
{
    if ((settings->sign_cert == NULL) != (settings->sign_key == NULL)) {
        tool_usage("--sign-cert and --sign-key belong together");
        return false;
    }
    if (settings->coap_psk != NULL && !settings->with_coap) {
        tool_usage("--coap-psk needs --coap");
        return false;
    }
    return https_identity_files_check(&settings->tls);
}

/* --- Who it is ------------------------------------------------------------------------------------------ */

/* The eIM's own certificate and key from files, instead of the PKI's. */
static bool load_sign_files(struct eim *eim, const struct settings *settings)
{
    if (settings->sign_cert == NULL)
        return true;
    pki_pair_free(&eim->sign);
    eim->sign.cert = pki_load_cert_file(settings->sign_cert);
    eim->sign.key = eim->sign.cert != NULL ? pki_load_key_file(settings->sign_key) : NULL;
    if (eim->sign.key == NULL)
        return false;
    return ec_key_equal(eim->sign.key, cert_key(eim->sign.cert)) ||
           tool_error("%s does not belong to %s", settings->sign_key, settings->sign_cert) == EXIT_OK;
}

static bool load_extra_cis(struct eim *eim, const struct settings *settings)
{
    const char *why;

    for (size_t i = 0; i < settings->extra_cis; i++) {
        struct cert *ci = pki_load_cert_file(settings->extra_ci[i]);

        if (ci == NULL)
            return false;
        if (!euicc_trust_add(&eim->trust, ci, &why))
            return tool_error("%s: %s", settings->extra_ci[i], why) == EXIT_OK;
    }
    return true;
}

/* A version that was shown with the rules was that of another day. */
static bool set_rules(struct eim *eim, const char *path, json_t *document)
{
    struct complaint complaint = {0};

    if (json_is_object(document))
        json_object_del(document, "version");
    if (eim_rules_set(eim, document, &complaint))
        return true;
    if (complaint.why[0] == '\0')
        return tool_error("%s: the rules cannot be stored: %s", path, db_reason(eim->db)) == EXIT_OK;
    return tool_error("%s: %s%s%s", path, complaint.field, complaint.field[0] != '\0' ? ": " : "",
                      complaint.why) == EXIT_OK;
}

static bool load_rules(struct eim *eim, const char *path)
{
    struct buf text = {0};
    json_error_t where;
    json_t *document;
    bool ok;

    if (path == NULL)
        return true;
    if (!tool_read_file(path, REST_BODY_MAX, &text))
        return false;
    document = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, &where);
    buf_free(&text);
    if (document == NULL)
        return tool_error("%s is not JSON: %s in line %d", path, where.text, where.line) == EXIT_OK;
    ok = set_rules(eim, path, document);
    json_decref(document);
    return ok;
}

/* --- Running -------------------------------------------------------------------------------------------- */

static void announce(const struct settings *settings, const struct eim *eim,
                     const struct eim_network *network)
{
    char where[PLACE_TEXT_MAX];

    place_text(settings->https.host, eim_network_port(network), 0, where, sizeof(where));
    print_line("listening on %s://%s as %s", settings->plain ? "http" : "https", where, eim->id);
    if (settings->with_coap) {
        place_text(settings->coap.host, eim_network_coap_port(network), 0, where, sizeof(where));
        print_line("listening on coaps://%s", where);
    }
    fflush(stdout);
}

/* Where the token for changes is: beside the state. False after an error line. */
static bool token_path(const struct settings *settings, char out[PKI_PATH_MAX])
{
    if (settings->token_file == NULL && settings->state == NULL)
        out[0] = '\0';
    else if (snprintf(out, PKI_PATH_MAX, "%s%s",
                      settings->token_file != NULL ? settings->token_file : settings->state,
                      settings->token_file != NULL ? "" : REST_TOKEN_SUFFIX) >= PKI_PATH_MAX)
        return tool_error("the path of the token is too long") == EXIT_OK;
    return true;
}

static bool eim_tool_run(const struct settings *settings, struct eim *eim)
{
    struct https_identities tls;
    char ca[PKI_PATH_MAX], token[PKI_PATH_MAX];
    struct loop *loop = NULL;
    struct eim_network *network = NULL;
    struct eim_network_options options = {
        .address = settings->https.host,
        .port = settings->https.port,
        .names = settings->addresses,
        .names_count = settings->addresses_count,
        .plain = settings->plain,
        .coap_address = settings->with_coap ? settings->coap.host : NULL,
        .coap_port = settings->coap.port,
        .coap_psk = settings->coap_psk,
        .tls = &tls,
        .relay_to = settings->relay_to,
        .relay_to_count = settings->relay_to_count,
        .smdp_ca = settings->smdp_ca != NULL ? settings->smdp_ca : ca,
    };
    bool ok = https_identities_take(&tls, settings->pki, PKI_EIM_TLS, &settings->tls) &&
              pki_top_path(ca, settings->pki, PKI_CA_BUNDLE) && token_path(settings, token);

    if (ok) {
        options.token_file = token[0] != '\0' ? token : NULL;
        loop = loop_open();
    }
    if (loop != NULL)
        network = eim_network_open(loop, eim, &options);
    ok = network != NULL && tool_write_pid_file(settings->pid_file);
    if (ok) {
        announce(settings, eim, network);
        ok = loop_run(loop);
        if (settings->pid_file != NULL)
            unlink(settings->pid_file);
    }
    eim_network_close(network);
    loop_close(loop);
    return ok;
}

static int eim_tool_serve(const struct settings *settings)
{
    struct eim eim = {.first_counter = settings->first_counter};
    bool ok = eim_identity_load(&eim, settings->pki, settings->curve, settings->id) &&
              load_sign_files(&eim, settings) && load_extra_cis(&eim, settings) &&
              eim_state_open(&eim, settings->state) && load_rules(&eim, settings->rules);

    eim.trust.ignore_expiry = settings->ignore_expiry;
    ok = ok && eim_tool_run(settings, &eim);
    eim_close(&eim);
    return ok ? EXIT_OK : EXIT_FAILED;
}

static void eim_tool_begin(void *settings)
{
    *(struct settings *)settings = (struct settings){
        .https = {"127.0.0.1", EIM_DEFAULT_PORT},
        .coap = {"127.0.0.1", COAPS_PORT},
        .first_counter = FIRST_COUNTER,
        .log = LOG_LEVEL_INFO,
    };
}

static int run_server(const struct command_line *line)
{
    const struct settings *settings = line->settings;

    if (!check_settings(settings))
        return EXIT_USAGE;
    if (!tool_watch()) /* also a signal that comes before all is ready ends it in order */
        return EXIT_FAILED;
    log_set_level(settings->log);
    umask(077); /* the state has what eUICCs are ordered to do */
    return eim_tool_serve(settings);
}

static const struct command *const commands[] = {
    &eim_config,        &eim_order,  &eim_status, &eim_orders, &eim_euiccs,
    &eim_notifications, &eim_cancel, &eim_rule,   NULL,
};

const struct command subcommand_eim = {
    "eim",
    "",
    "a test eIM over HTTPS" AND_COAP ", orders for IoT eUICCs",
    "A test eIM (SGP.32): ESipa for IPAs over HTTPS" AND_COAP ", orders for eUICCs over REST.",
    "'softeuicc eim COMMAND --help' says what a command takes. The commands of 'order' can be given without "
    "the word, as "
    "in 'softeuicc eim enable --eid …'.",
    .options = rows,
    .settings_size = sizeof(struct settings),
    .begin = eim_tool_begin,
    .commands = commands,
    .implied = &eim_order,
    .run = run_server,
};
