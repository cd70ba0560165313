/* The subcommand `softeuicc eim`: a test eIM (SGP.32), and small clients for it. */
#include "tools/eim/eim_tool.h"

#include "common/left_out.h"
#include "common/log.h"
#include "common/place.h"
#include "common/tool.h"
#include "servers/eim/model/configuration.h"
#include "servers/eim/model/server.h"
#include "servers/eim/network/network.h"
#include "tools/eim/client.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COAPS_PORT        5684
#define EXTRA_CIS_MAX     4
#define FIRST_COUNTER     1
#define FIRST_COUNTER_MAX (EIM_COUNTER_MAX - 1)

struct settings {
    const char *pki, *state, *id, *pid_file, *smdp_ca, *tls_cert, *tls_key, *sign_cert, *sign_key;
    const char *extra_ci[EXTRA_CIS_MAX];
    size_t extra_cis;
    enum ec_curve curve;
    struct place https, coap;
    bool with_coap, plain, ignore_expiry;
    int64_t first_counter;
    enum log_level log;
};

static void print_help(void)
{
    printf("Usage: softeuicc eim --pki DIR [OPTION]...\n"
           "       softeuicc eim config --pki DIR --out FILE [OPTION]...\n"
           "       softeuicc eim order --eid EID [OPTION]... COMMAND [then COMMAND]...\n"
           "       softeuicc eim status|orders|euiccs|notifications [--eid EID] [--json]\n"
           "       softeuicc eim cancel ORDER [--force]\n\n"
           "A test eIM (SGP.32): ESipa for IPAs over HTTPS" AND_COAP
           ", orders for eUICCs over REST. 'order' has its\n"
           "own --help; its commands can be given without the word, as in 'softeuicc eim enable --eid …'.\n\n"
           "  --pki DIR           a test PKI made by 'softeuicc pki init'\n"
           "  --listen HOST:PORT  HTTPS on every address of HOST; default 127.0.0.1:%d; port 0 takes a free "
           "one\n"
           "  --coap HOST:PORT    also CoAP over DTLS; default port %d" COAP_LEFT_OUT "\n"
           "  --state FILE        keep everything in this SQLite file; default: in memory\n"
           "  --id EIMID          default: the OID of the eIM's certificate\n"
           "  --curve p256|brainpool  the signing key; default p256 when there is one\n"
           "  --first-counter N   of a new eUICC's first package; default %d\n"
           "  --ci FILE           believe eUICCs under this CI too (DER or PEM; can be repeated)\n"
           "  --smdp-ca FILE      trust SM-DP+ by these roots (PEM); default: the PKI's ci.pem\n"
           "  --sign-cert FILE --sign-key FILE  another eIM certificate and key\n"
           "  --tls-cert FILE --tls-key FILE    another TLS certificate and key (PEM)\n"
           "  --plain-http        no TLS, for IPAs that are run so; on a loopback interface\n"
           "  --ignore-expiry     take expired EUM and eUICC certificates\n"
           "  --pid-file FILE     write the process id there, remove it at the end\n"
           "  --log LEVEL         off, error, info (default) or debug, on stderr\n",
           EIM_DEFAULT_PORT, COAPS_PORT, FIRST_COUNTER);
}

/* --- Options -------------------------------------------------------------------------------------------- */

enum option_id {
    OPTION_PKI = 256,
    OPTION_LISTEN,
    OPTION_COAP,
    OPTION_STATE,
    OPTION_ID,
    OPTION_CURVE,
    OPTION_FIRST_COUNTER,
    OPTION_CI,
    OPTION_SMDP_CA,
    OPTION_SIGN_CERT,
    OPTION_SIGN_KEY,
    OPTION_TLS_CERT,
    OPTION_TLS_KEY,
    OPTION_PLAIN,
    OPTION_IGNORE_EXPIRY,
    OPTION_PID_FILE,
    OPTION_LOG,
};

static const struct option options[] = {
    {"pki", required_argument, NULL, OPTION_PKI},
    {"listen", required_argument, NULL, OPTION_LISTEN},
    {"coap", required_argument, NULL, OPTION_COAP},
    {"state", required_argument, NULL, OPTION_STATE},
    {"id", required_argument, NULL, OPTION_ID},
    {"curve", required_argument, NULL, OPTION_CURVE},
    {"first-counter", required_argument, NULL, OPTION_FIRST_COUNTER},
    {"ci", required_argument, NULL, OPTION_CI},
    {"smdp-ca", required_argument, NULL, OPTION_SMDP_CA},
    {"sign-cert", required_argument, NULL, OPTION_SIGN_CERT},
    {"sign-key", required_argument, NULL, OPTION_SIGN_KEY},
    {"tls-cert", required_argument, NULL, OPTION_TLS_CERT},
    {"tls-key", required_argument, NULL, OPTION_TLS_KEY},
    {"plain-http", no_argument, NULL, OPTION_PLAIN},
    {"ignore-expiry", no_argument, NULL, OPTION_IGNORE_EXPIRY},
    {"pid-file", required_argument, NULL, OPTION_PID_FILE},
    {"log", required_argument, NULL, OPTION_LOG},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const char **text_setting(struct settings *settings, int option)
{
    const struct {
        int option;
        const char **setting;
    } texts[] = {
        {OPTION_PKI, &settings->pki},
        {OPTION_STATE, &settings->state},
        {OPTION_ID, &settings->id},
        {OPTION_SMDP_CA, &settings->smdp_ca},
        {OPTION_SIGN_CERT, &settings->sign_cert},
        {OPTION_SIGN_KEY, &settings->sign_key},
        {OPTION_TLS_CERT, &settings->tls_cert},
        {OPTION_TLS_KEY, &settings->tls_key},
        {OPTION_PID_FILE, &settings->pid_file},
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i].option == option)
            return texts[i].setting;
    }
    return NULL;
}

static bool take_counter(const char *text, int64_t *counter)
{
    char *end;
    long long value = strtoll(text, &end, 10);

    *counter = value;
    return end != text && *end == '\0' && value >= 1 && value <= FIRST_COUNTER_MAX;
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
        return place_parse(optarg, &settings->https) ||
               (tool_usage("--listen is not HOST:PORT: %s", optarg), false);
    case OPTION_COAP:
        settings->with_coap = true;
        return place_parse(optarg, &settings->coap) ||
               (tool_usage("--coap is not HOST:PORT: %s", optarg), false);
    case OPTION_CURVE:
        settings->curve = pki_curve_from_name(optarg);
        return settings->curve != EC_CURVE_NONE ||
               (tool_usage("--curve is neither p256 nor brainpool: %s", optarg), false);
    case OPTION_FIRST_COUNTER:
        return take_counter(optarg, &settings->first_counter) ||
               (tool_usage("--first-counter is not a number from 1 to %d: %s", FIRST_COUNTER_MAX, optarg),
                false);
    case OPTION_CI:
        if (settings->extra_cis == EXTRA_CIS_MAX)
            return tool_usage("--ci was given more than %d times", EXTRA_CIS_MAX) == EXIT_OK;
        settings->extra_ci[settings->extra_cis++] = optarg;
        return true;
    case OPTION_PLAIN:
        return settings->plain = true;
    case OPTION_IGNORE_EXPIRY:
        return settings->ignore_expiry = true;
    case OPTION_LOG:
        return log_level_from_name(optarg, &settings->log) ||
               (tool_usage("--log is not off, error, info or debug: %s", optarg), false);
    default:
        return tool_usage("unknown option") == EXIT_OK;
    }
}

static bool check_settings(const struct settings *settings)
{
    if (settings->pki == NULL)
        tool_usage("--pki is missing");
    else if ((settings->tls_cert == NULL) != (settings->tls_key == NULL))
        tool_usage("--tls-cert and --tls-key belong together");
    else if ((settings->sign_cert == NULL) != (settings->sign_key == NULL))
        tool_usage("--sign-cert and --sign-key belong together");
    else
        return true;
    return false;
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

static bool tls_files(const struct settings *settings, char cert[PKI_PATH_MAX], char key[PKI_PATH_MAX])
{
    enum ec_curve curve =
        pki_has_curve(settings->pki, EC_CURVE_P256) ? EC_CURVE_P256 : EC_CURVE_BRAINPOOL_P256R1;

    if (settings->tls_cert != NULL)
        return snprintf(cert, PKI_PATH_MAX, "%s", settings->tls_cert) < PKI_PATH_MAX &&
               snprintf(key, PKI_PATH_MAX, "%s", settings->tls_key) < PKI_PATH_MAX;
    return pki_path(cert, settings->pki, curve, PKI_EIM_TLS, PKI_CERT_PEM) &&
           pki_path(key, settings->pki, curve, PKI_EIM_TLS, PKI_KEY_PEM);
}

/* --- Running -------------------------------------------------------------------------------------------- */

static void print_place(const char *scheme, const char *host, uint16_t port)
{
    bool v6 = strchr(host, ':') != NULL;

    printf("listening on %s://%s%s%s:%u", scheme, v6 ? "[" : "", host, v6 ? "]" : "", port);
}

static void announce(const struct settings *settings, const struct eim *eim,
                     const struct eim_network *network)
{
    print_place(settings->plain ? "http" : "https", settings->https.host, eim_network_port(network));
    printf(" as %s\n", eim->id);
    if (settings->with_coap) {
        print_place("coaps", settings->coap.host, eim_network_coap_port(network));
        printf("\n");
    }
    fflush(stdout);
}

static bool run(const struct settings *settings, struct eim *eim)
{
    char cert[PKI_PATH_MAX], key[PKI_PATH_MAX], ca[PKI_PATH_MAX];
    struct loop *loop = NULL;
    struct eim_network *network = NULL;
    struct eim_network_options options_of = {
        .address = settings->https.host,
        .port = settings->https.port,
        .plain = settings->plain,
        .coap_address = settings->with_coap ? settings->coap.host : NULL,
        .coap_port = settings->coap.port,
        .tls_cert = cert,
        .tls_key = key,
        .smdp_ca = settings->smdp_ca != NULL ? settings->smdp_ca : ca,
    };
    bool ok = tls_files(settings, cert, key) && pki_top_path(ca, settings->pki, PKI_CA_BUNDLE);

    if (ok)
        loop = loop_open();
    if (loop != NULL)
        network = eim_network_open(loop, eim, &options_of);
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

static int serve(const struct settings *settings)
{
    struct eim eim = {.first_counter = settings->first_counter};
    bool ok = eim_identity_load(&eim, settings->pki, settings->curve, settings->id) &&
              load_sign_files(&eim, settings) && load_extra_cis(&eim, settings) &&
              eim_state_open(&eim, settings->state);

    eim.trust.ignore_expiry = settings->ignore_expiry;
    ok = ok && run(settings, &eim);
    eim_close(&eim);
    return ok ? EXIT_OK : EXIT_FAILED;
}

static int run_server(int argc, char **argv)
{
    struct settings settings = {
        .https = {"127.0.0.1", EIM_DEFAULT_PORT},
        .coap = {"127.0.0.1", COAPS_PORT},
        .first_counter = FIRST_COUNTER,
        .log = LOG_LEVEL_INFO,
    };
    int option;

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
        return tool_usage("'%s' is no command of the eIM", argv[optind]);
    if (!check_settings(&settings))
        return EXIT_USAGE;
    log_set_level(settings.log);
    umask(077); /* the state has what eUICCs are ordered to do */
    return serve(&settings);
}

int tool_eim(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } others[] = {
        {"config", eim_run_config}, {"order", eim_run_order}, {"status", eim_run_status},
        {"orders", eim_run_list},   {"euiccs", eim_run_list}, {"notifications", eim_run_list},
        {"cancel", eim_run_cancel},
    };

    for (size_t i = 0; argc > 1 && i < sizeof(others) / sizeof(others[0]); i++) {
        if (strcmp(others[i].name, argv[1]) == 0)
            return others[i].run(argc - 1, argv + 1);
    }
    if (argc > 1 && eim_is_verb(argv[1]))
        return eim_run_verb(argc - 1, argv + 1);
    return run_server(argc, argv);
}
