/* The subcommand `softeuicc smdpp`: a test SM-DP+ over HTTPS (SGP.22), and small clients for it. */
#include "tools/smdpp/smdpp.h"

#include "common/https.h"
#include "common/left_out.h"
#include "common/log.h"
#include "common/pki_dir.h"
#include "common/place.h"
#include "common/qr.h"
#include "common/tool.h"
#include "servers/smdpp/network/http_api.h"

#include <getopt.h>
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

static void print_help(void)
{
    printf("Usage: softeuicc smdpp --pki DIR --profiles DIR [OPTION]...\n"
           "       softeuicc smdpp order --url URL --profile NAME|--iccid ICCID [OPTION]...\n"
           "       softeuicc smdpp cancel --url URL --iccid ICCID [OPTION]...\n"
           "       softeuicc smdpp orders|profiles|notifications --url URL [--cacert FILE] [--json]\n"
           "       softeuicc smdpp qr TEXT" QR_LEFT_OUT "\n"
           "       softeuicc smdpp states\n\n"
           "A test SM-DP+ (SGP.22): ES9+ for LPAs in JSON and ASN.1, ES2+ for operators. Every .der file of "
           "the profile\n"
           "directory can be downloaded with its name as matchingId, or be ordered.\n\n"
           "  --pki DIR              a test PKI made by 'softeuicc pki init'\n"
           "  --profiles DIR         profile packages (.der), each with optional metadata (.json) beside it\n"
           "  --listen HOST:PORT     every address of HOST; default 127.0.0.1:8443; port 0 takes a free one\n"
           "  --address FQDN[:PORT]  what LPAs call this server; default: as it listens\n"
           "  --state FILE           keep orders and notifications in this SQLite file; default: in memory\n"
           "  --orders-only          no downloads by file name\n"
           "  --order-lifetime SEC   orders expire\n"
           "  --order-tries N        how often an order may be tried; default %d\n"
           "  --ppk                  protect packages with their own keys (ReplaceSessionKeys)\n"
           "  --no-eligibility       leave it to the card to refuse what does not fit it\n"
           "  --ignore-expiry        take expired EUM and eUICC certificates\n"
           "  --pid-file FILE        write the process id there, remove it at the end\n"
           "  --log LEVEL            off, error, info (default) or debug, on stderr\n\n"
           "Other certificates than those of a PKI directory (with it: beside them; DER or PEM):\n"
           "  --ci FILE  --dpauth-cert FILE --dpauth-key FILE  --dppb-cert FILE --dppb-key FILE\n"
           "  --tls-cert FILE --tls-key FILE\n\n"
           "See 'softeuicc smdpp order --help' for the client.\n",
           SMDPP_DEFAULT_TRIES_MAX);
}

/* --- Options -------------------------------------------------------------------------------------------- */

static bool parse_number(const char *text, int64_t max, int64_t *out)
{
    char *end;
    long long value = strtoll(text, &end, 10);

    if (end == text || *end != '\0' || value < 1 || value > max)
        return false;
    *out = value;
    return true;
}

enum option_id {
    OPTION_PKI = 256,
    OPTION_PROFILES,
    OPTION_LISTEN,
    OPTION_ADDRESS,
    OPTION_STATE,
    OPTION_LOG,
    OPTION_PID_FILE,
    OPTION_ORDERS_ONLY,
    OPTION_LIFETIME,
    OPTION_TRIES,
    OPTION_PPK,
    OPTION_NO_ELIGIBILITY,
    OPTION_IGNORE_EXPIRY,
    OPTION_CI,
    OPTION_AUTH_CERT,
    OPTION_AUTH_KEY,
    OPTION_PB_CERT,
    OPTION_PB_KEY,
    OPTION_TLS_CERT,
    OPTION_TLS_KEY,
};

static const struct option options[] = {
    {"pki", required_argument, NULL, OPTION_PKI},
    {"profiles", required_argument, NULL, OPTION_PROFILES},
    {"listen", required_argument, NULL, OPTION_LISTEN},
    {"address", required_argument, NULL, OPTION_ADDRESS},
    {"state", required_argument, NULL, OPTION_STATE},
    {"log", required_argument, NULL, OPTION_LOG},
    {"pid-file", required_argument, NULL, OPTION_PID_FILE},
    {"orders-only", no_argument, NULL, OPTION_ORDERS_ONLY},
    {"order-lifetime", required_argument, NULL, OPTION_LIFETIME},
    {"order-tries", required_argument, NULL, OPTION_TRIES},
    {"ppk", no_argument, NULL, OPTION_PPK},
    {"no-eligibility", no_argument, NULL, OPTION_NO_ELIGIBILITY},
    {"ignore-expiry", no_argument, NULL, OPTION_IGNORE_EXPIRY},
    {"ci", required_argument, NULL, OPTION_CI},
    {"dpauth-cert", required_argument, NULL, OPTION_AUTH_CERT},
    {"dpauth-key", required_argument, NULL, OPTION_AUTH_KEY},
    {"dppb-cert", required_argument, NULL, OPTION_PB_CERT},
    {"dppb-key", required_argument, NULL, OPTION_PB_KEY},
    {"tls-cert", required_argument, NULL, OPTION_TLS_CERT},
    {"tls-key", required_argument, NULL, OPTION_TLS_KEY},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* Where the argument of an option that is a text goes; NULL for the others. */
static const char **text_setting(struct settings *settings, int option)
{
    const struct {
        int option;
        const char **setting;
    } texts[] = {
        {OPTION_PKI, &settings->pki},
        {OPTION_PROFILES, &settings->profiles},
        {OPTION_ADDRESS, &settings->address},
        {OPTION_STATE, &settings->state},
        {OPTION_PID_FILE, &settings->pid_file},
        {OPTION_CI, &settings->ci},
        {OPTION_AUTH_CERT, &settings->auth_cert},
        {OPTION_AUTH_KEY, &settings->auth_key},
        {OPTION_PB_CERT, &settings->pb_cert},
        {OPTION_PB_KEY, &settings->pb_key},
        {OPTION_TLS_CERT, &settings->tls_cert},
        {OPTION_TLS_KEY, &settings->tls_key},
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i].option == option)
            return texts[i].setting;
    }
    return NULL;
}

/* False, after a line, for an argument that does not fit. */
static bool take_option(struct settings *settings, int option)
{
    const char **text = text_setting(settings, option);

    if (text != NULL) {
        *text = optarg;
        return true;
    }
    switch (option) {
    case OPTION_LISTEN:
        return place_parse(optarg, &settings->listen) ||
               (tool_usage("--listen is not HOST:PORT: %s", optarg), false);
    case OPTION_LOG:
        return log_level_from_name(optarg, &settings->log) ||
               (tool_usage("--log is not off, error, info or debug: %s", optarg), false);
    case OPTION_LIFETIME:
        return parse_number(optarg, LIFETIME_MAX, &settings->options.order_lifetime) ||
               (tool_usage("--order-lifetime is not a number of seconds: %s", optarg), false);
    case OPTION_TRIES:
        return parse_number(optarg, INT32_MAX, &settings->options.tries_max) ||
               (tool_usage("--order-tries is not a number: %s", optarg), false);
    case OPTION_ORDERS_ONLY:
        return settings->options.orders_only = true;
    case OPTION_PPK:
        return settings->options.ppk = true;
    case OPTION_NO_ELIGIBILITY:
        return settings->options.no_eligibility = true;
    case OPTION_IGNORE_EXPIRY:
        return settings->ignore_expiry = true;
    default:
        tool_usage("unknown option");
        return false;
    }
}

static bool check_settings(const struct settings *settings)
{
    bool own = settings->auth_cert != NULL || settings->auth_key != NULL || settings->pb_cert != NULL ||
               settings->pb_key != NULL;

    if (settings->profiles == NULL)
        tool_usage("--profiles is missing");
    else if (settings->pki == NULL && (settings->ci == NULL || !own))
        tool_usage("--pki is missing (or --ci with --dpauth-cert, --dpauth-key, --dppb-cert and --dppb-key)");
    else if (own && (settings->auth_cert == NULL || settings->auth_key == NULL || settings->pb_cert == NULL ||
                     settings->pb_key == NULL))
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

static bool load_curve(struct dp_server *dp, const char *dir, enum ec_curve curve)
{
    struct pki_pair ci = {0}, auth = {0}, pb = {0};
    struct dp_credentials credentials;
    const char *why = NULL;
    bool ok = pki_load(dir, curve, PKI_CI, false, &ci) && pki_load(dir, curve, PKI_DP_AUTH, true, &auth) &&
              pki_load(dir, curve, PKI_DP_PB, true, &pb);

    if (!ok) {
        pki_pair_free(&ci);
        pki_pair_free(&auth);
        pki_pair_free(&pb);
        return false;
    }
    credentials = (struct dp_credentials){auth.cert, auth.key, pb.cert, pb.key};
    ok = euicc_trust_add(&dp->trust, ci.cert, &why);
    if (!dp_server_add_credentials(dp, credentials, ok ? &why : &(const char *){NULL}))
        ok = false;
    if (!ok)
        tool_error("%s/%s: %s", dir, pki_curve_directory(curve), why);
    return ok;
}

static bool load_pki(struct dp_server *dp, const char *dir)
{
    bool any = false;

    for (enum ec_curve curve = EC_CURVE_P256; curve <= EC_CURVE_BRAINPOOL_P256R1; curve++) {
        if (!pki_has_curve(dir, curve))
            continue;
        if (!load_curve(dp, dir, curve))
            return false;
        any = true;
    }
    if (!any)
        tool_error("%s is not a test PKI (make one with 'softeuicc pki init --dir %s')", dir, dir);
    return any;
}

static bool load_files(struct dp_server *dp, const struct settings *settings)
{
    struct dp_credentials credentials = {0};
    struct cert *ci;
    const char *why = NULL;

    if (settings->ci != NULL) {
        ci = pki_load_cert_file(settings->ci);
        if (ci == NULL)
            return false;
        if (!euicc_trust_add(&dp->trust, ci, &why)) {
            tool_error("%s: %s", settings->ci, why);
            return false;
        }
    }
    if (settings->auth_cert == NULL)
        return true;
    credentials.auth_cert = pki_load_cert_file(settings->auth_cert);
    credentials.auth_key = pki_load_key_file(settings->auth_key);
    credentials.pb_cert = pki_load_cert_file(settings->pb_cert);
    credentials.pb_key = pki_load_key_file(settings->pb_key);
    if (!dp_server_add_credentials(dp, credentials, &why)) {
        tool_error("%s, %s: %s", settings->auth_cert, settings->pb_cert, why);
        return false;
    }
    return true;
}

/* The TLS pair: as said, or the PKI's; P-256 first, which every client can. */
static bool tls_files(const struct settings *settings, char cert[PKI_PATH_MAX], char key[PKI_PATH_MAX])
{
    enum ec_curve curve;

    if (settings->tls_cert != NULL)
        return snprintf(cert, PKI_PATH_MAX, "%s", settings->tls_cert) < PKI_PATH_MAX &&
               snprintf(key, PKI_PATH_MAX, "%s", settings->tls_key) < PKI_PATH_MAX;
    curve = pki_has_curve(settings->pki, EC_CURVE_P256) ? EC_CURVE_P256 : EC_CURVE_BRAINPOOL_P256R1;
    return pki_path(cert, settings->pki, curve, PKI_DP_TLS, PKI_CERT_PEM) &&
           pki_path(key, settings->pki, curve, PKI_DP_TLS, PKI_KEY_PEM);
}

/* --- Running -------------------------------------------------------------------------------------------- */

static void default_address(char *out, size_t size, const char *host, uint16_t port)
{
    bool v6 = strchr(host, ':') != NULL;

    if (port == HTTPS_PORT)
        snprintf(out, size, "%s%s%s", v6 ? "[" : "", host, v6 ? "]" : "");
    else
        snprintf(out, size, "%s%s%s:%u", v6 ? "[" : "", host, v6 ? "]" : "", port);
}

/* What needs the server's address, which may depend on the port that was free. */
static bool prepare(struct smdpp *smdpp, const struct settings *settings, uint16_t port)
{
    char why[DB_WHY_MAX];

    if (settings->address != NULL)
        snprintf(smdpp->dp.address, sizeof(smdpp->dp.address), "%s", settings->address);
    else
        default_address(smdpp->dp.address, sizeof(smdpp->dp.address), settings->listen.host, port);
    smdpp->options = settings->options;
    smdpp->started = smdpp_now();
    smdpp->store = store_open(settings->state, why);
    if (smdpp->store == NULL) {
        tool_error("%s", why);
        return false;
    }
    smdpp->catalogue = profile_catalogue_new(settings->profiles, smdpp->dp.address);
    if (smdpp->catalogue == NULL || !profile_catalogue_readable(smdpp->catalogue)) {
        tool_error("cannot read the directory %s", settings->profiles);
        return false;
    }
    smdpp_refresh_profiles(smdpp);
    return true;
}

static void answer(void *smdpp, struct https_request *request)
{
    struct http_answer out;

    http_api_answer(smdpp, https_request(request), &out);
    https_answer(request, &out);
    buf_free(&out.body);
}

/* Serves until a signal comes; false when that could not begin, or failed. */
static bool listen_and_serve(struct smdpp *smdpp, const struct settings *settings, struct loop *loop,
                             struct https *https)
{
    char where[PLACE_HOST_MAX + 16];
    bool ok = prepare(smdpp, settings, https_port(https)) && tool_write_pid_file(settings->pid_file);

    if (!ok)
        return false;
    default_address(where, sizeof(where), settings->listen.host, https_port(https));
    printf("listening on https://%s as %s\n", where, smdpp->dp.address);
    fflush(stdout);
    ok = loop_run(loop);
    if (settings->pid_file != NULL)
        unlink(settings->pid_file);
    return ok;
}

static int serve(const struct settings *settings)
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
                                   .answer = answer,
                                   .context = &smdpp};
    struct loop *loop = NULL;
    struct https *https = NULL;
    bool ok = (settings->pki == NULL || load_pki(&smdpp.dp, settings->pki)) &&
              load_files(&smdpp.dp, settings) && tls_files(settings, cert, key);

    smdpp.dp.trust.ignore_expiry = settings->ignore_expiry;
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

static int run_server(int argc, char **argv)
{
    struct settings settings = {.listen = {"127.0.0.1", DEFAULT_PORT}, .log = LOG_LEVEL_INFO};
    int option;

    settings.options.tries_max = SMDPP_DEFAULT_TRIES_MAX;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        if (option == 'h') {
            print_help();
            return EXIT_OK;
        }
        if (option == '?')
            return tool_usage("'%s' is no option", argv[optind - 1]);
        if (option == ':')
            return tool_usage("'%s' needs a value", argv[optind - 1]);
        if (!take_option(&settings, option))
            return EXIT_USAGE;
    }
    if (optind < argc)
        return tool_usage("unexpected argument '%s'", argv[optind]);
    if (!check_settings(&settings))
        return EXIT_USAGE;
    log_set_level(settings.log);
    umask(077); /* the state has what a profile is given out for */
    return serve(&settings);
}

/* --- Small ones ----------------------------------------------------------------------------------------- */

static int print_qr(int argc, char **argv)
{
    if (argc != 2)
        return tool_usage("qr takes one text");
    return qr_print(stdout, argv[1]) ? EXIT_OK : EXIT_FAILED;
}

static int print_states(int argc, char **argv)
{
    enum order_state from, to;
    enum order_event event;

    (void)argv;
    if (argc != 1)
        return tool_usage("states takes no arguments");
    for (unsigned i = 0; order_row(i, &from, &event, &to); i++)
        printf("%-12s %-20s %s\n", order_state_name(from), order_event_name(event), order_state_name(to));
    return EXIT_OK;
}

int tool_smdpp(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } others[] = {
        {"order", smdpp_order},   {"cancel", smdpp_cancel},      {"orders", smdpp_list},
        {"profiles", smdpp_list}, {"notifications", smdpp_list}, {"qr", print_qr},
        {"states", print_states},
    };

    for (size_t i = 0; argc > 1 && i < sizeof(others) / sizeof(others[0]); i++) {
        if (strcmp(others[i].name, argv[1]) == 0)
            return others[i].run(argc - 1, argv + 1);
    }
    return run_server(argc, argv);
}
