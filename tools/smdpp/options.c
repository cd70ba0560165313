/* The options of `softeuicc smdpp`. See settings.h. */
#include "tools/smdpp/settings.h"

#include "common/command/command_values.h"
#include "common/tool.h"

#include <string.h>

#define DEFAULT_PORT     8443
#define DEFAULT_ES2_PORT 8444
#define LIFETIME_MAX     (10LL * 365 * 24 * 3600)

static int take_es2_listen(void *settings_, const struct option_row *row, const char *value)
{
    struct smdpp_settings *settings = settings_;

    settings->with_es2 = true;
    return place_parse(value, &settings->es2_listen)
               ? EXIT_OK
               : tool_usage("--%s is not HOST:PORT: %s", row->name, value);
}

const struct option_row smdpp_option_rows[] = {
    {"pki", "DIR", "a test PKI made by 'softeuicc pki init'", TAKES_TEXT(struct smdpp_settings, pki)},
    {"profiles", "DIR", "profile packages (.der), each with optional metadata (.json) beside it",
     TAKES_TEXT(struct smdpp_settings, profiles), .required = true},
    {"listen", "HOST:PORT", "every address of HOST; default 127.0.0.1:8443; port 0 takes a free one",
     TAKES_PLACE(struct smdpp_settings, listen)},
    {"address", "FQDN[:PORT]", "what LPAs call this server; default: as it listens. May be given again",
     TAKES_LIST(struct smdpp_settings, addresses, addresses_count), MUST_BE_SERVER},
    {"es2-listen", "HOST:PORT",
     "a listener of its own for operators (ES2+ and the lists), who show a certificate; default: none, and "
     "ES2+ for "
     "everybody",
     TAKES_BY(take_es2_listen)},
    {"es2-client-ca", "FILE", "the CAs of the operators' certificates (PEM); default: those of the PKI",
     TAKES_TEXT(struct smdpp_settings, es2_client_ca)},
    {"state", "FILE", "keep orders and notifications in this SQLite file; default: in memory",
     TAKES_TEXT(struct smdpp_settings, state)},
    {"orders-only", NULL, "no downloads by file name",
     TAKES_FLAG(struct smdpp_settings, options.orders_only)},
    {"order-lifetime", "SEC", "orders expire",
     TAKES_NUMBER(struct smdpp_settings, options.order_lifetime, 1, LIFETIME_MAX), .unit = "seconds"},
    {"order-tries", "N", "how often an order may be tried; default " OPTION_DEFAULT(SMDPP_DEFAULT_TRIES_MAX),
     TAKES_NUMBER(struct smdpp_settings, options.tries_max, 1, INT32_MAX)},
    {"ppk", NULL, "protect packages with their own keys (ReplaceSessionKeys)",
     TAKES_FLAG(struct smdpp_settings, options.ppk)},
    {"no-eligibility", NULL, "leave it to the card to refuse what does not fit it",
     TAKES_FLAG(struct smdpp_settings, options.no_eligibility)},
    {"ignore-expiry", NULL, "take expired EUM and eUICC certificates",
     TAKES_FLAG(struct smdpp_settings, ignore_expiry)},
    {"pid-file", "FILE", "write the process id there, remove it at the end",
     TAKES_TEXT(struct smdpp_settings, pid_file)},
    {"log", "LEVEL", "off, error, info (default) or debug, on stderr",
     TAKES_CHOICE(struct smdpp_settings, log, log_levels)},
    OPTION_HEAD("SM-DS, for orders that name one:"),
    {"root-smds", "FQDN[:PORT]",
     "a Root SM-DS; events at others are passed on to the Root. May be given again",
     TAKES_LIST(struct smdpp_settings, roots, roots_count), MUST_BE_SERVER},
    {"es12", "SMDS=HOST:PORT",
     "where the SM-DS takes events (ES12), if not at its address. May be given again",
     TAKES_LIST(struct smdpp_settings, es12, es12_count)},
    {"smds-ca", "FILE", "trust this CA (PEM) at SM-DS; default: those of the PKI",
     TAKES_TEXT(struct smdpp_settings, smds_ca)},
    {"smds-cert", "CERT", "what SM-DS know this server by (PEM); default: its TLS certificate",
     TAKES_TEXT(struct smdpp_settings, smds_cert)},
    {"smds-key", "KEY", "and its key", TAKES_TEXT(struct smdpp_settings, smds_key)},
    OPTION_HEAD("Other certificates than those of a PKI directory (with it: beside them; DER or PEM):"),
    {"ci", "CERT", "a CI whose eUICCs are believed", TAKES_TEXT(struct smdpp_settings, ci)},
    {"dpauth-cert", "CERT", "for authentication", TAKES_TEXT(struct smdpp_settings, auth_cert)},
    {"dpauth-key", "KEY", "and its key", TAKES_TEXT(struct smdpp_settings, auth_key)},
    {"dppb-cert", "CERT", "for profile package binding", TAKES_TEXT(struct smdpp_settings, pb_cert)},
    {"dppb-key", "KEY", "and its key", TAKES_TEXT(struct smdpp_settings, pb_key)},
    HTTPS_IDENTITY_ROWS(struct smdpp_settings, tls, "for TLS (PEM)"),
    {0},
};

/* An address on both sides of the '='. */
static bool check_es12(const struct smdpp_settings *settings)
{
    for (size_t i = 0; i < settings->es12_count; i++) {
        const char *equals = strchr(settings->es12[i], '=');
        size_t size = equals != NULL ? (size_t)(equals - settings->es12[i]) : 0;

        if (size == 0 || strspn(settings->es12[i], RSP_ADDRESS_CHARS) != size ||
            !rsp_address_is_good(equals + 1)) {
            tool_usage("--es12: '%s' is not SMDS=HOST:PORT", settings->es12[i]);
            return false;
        }
    }
    return true;
}

bool smdpp_settings_check(const struct smdpp_settings *settings)
{
    int own = (settings->auth_cert != NULL) + (settings->auth_key != NULL) + (settings->pb_cert != NULL) +
              (settings->pb_key != NULL);

    if (settings->pki == NULL && (settings->ci == NULL || own == 0))
        tool_usage("--pki is missing (or --ci with --dpauth-cert, --dpauth-key, --dppb-cert and --dppb-key)");
    else if (own != 0 && own != 4)
        tool_usage("--dpauth-cert, --dpauth-key, --dppb-cert and --dppb-key belong together");
    else if (settings->pki == NULL && settings->tls.certs_count == 0)
        tool_usage("--tls-cert and --tls-key are missing");
    else if (settings->es2_client_ca != NULL && !settings->with_es2)
        tool_usage("--es2-client-ca is for --es2-listen");
    else if (settings->with_es2 && settings->es2_client_ca == NULL && settings->pki == NULL)
        tool_usage("--es2-client-ca is missing (or --pki)");
    else if ((settings->smds_cert == NULL) != (settings->smds_key == NULL))
        tool_usage("--smds-cert and --smds-key belong together");
    else
        return https_identity_files_check(&settings->tls) && check_es12(settings);
    return false;
}

void smdpp_settings_begin(void *settings)
{
    *(struct smdpp_settings *)settings =
        (struct smdpp_settings){.listen = {"127.0.0.1", DEFAULT_PORT},
                                .es2_listen = {"127.0.0.1", DEFAULT_ES2_PORT},
                                .log = LOG_LEVEL_INFO,
                                .options.tries_max = SMDPP_DEFAULT_TRIES_MAX};
}
