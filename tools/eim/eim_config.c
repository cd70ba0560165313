/* `softeuicc eim config`: writes the file that associates an eUICC with the eIM (AddInitialEim,
 * SGP.32 5.9.4). */
#include "common/print/print.h"
#include "common/tool.h"
#include "servers/eim/model/configuration.h"
#include "servers/eim/model/server.h"
#include "tools/eim/client.h"
#include "tools/eim/eim_tool.h"

#include <stdio.h>
#include <string.h>

#define FQDN_MAX     255
#define DEFAULT_FQDN "127.0.0.1:" OPTION_DEFAULT(EIM_DEFAULT_PORT)

enum trust { TRUST_KEY, TRUST_CERT, TRUST_CA, TRUST_NONE };

struct settings {
    const char *pki, *out, *fqdn, *id;
    enum ec_curve curve;
    enum trust tls;
    unsigned id_type; /* EimIdType and one; 0: not said */
    bool certificate;
    struct configuration configuration;
    struct buf ci_key_id;
};

/* --- Options -------------------------------------------------------------------------------------------- */

static bool parse_protocols(const char *text, uint8_t *bits)
{
    static const char *const names[] = {
        [EIM_RETRIEVE_HTTPS] = "https",
        [EIM_RETRIEVE_COAPS] = "coaps",
        [EIM_INJECT_HTTPS] = "inject-https",
        [EIM_INJECT_COAPS] = "inject-coaps",
    };

    *bits = 0;
    while (*text != '\0') {
        size_t size = strcspn(text, ",");
        size_t i = 0;

        while (i < sizeof(names) / sizeof(names[0]) &&
               (strlen(names[i]) != size || strncmp(names[i], text, size) != 0))
            i++;
        if (i == sizeof(names) / sizeof(names[0]))
            return false;
        *bits |= (uint8_t)(0x80 >> i);
        text += size + (text[size] == ',');
    }
    return true;
}

static int take_protocols(void *settings_, const struct option_row *row, const char *value)
{
    struct settings *settings = settings_;

    if (parse_protocols(value, &settings->configuration.protocols))
        return EXIT_OK;
    return tool_usage("--%s is not a list of https, coaps, inject-https, inject-coaps: %s", row->name, value);
}

static int take_key_id(void *settings_, const struct option_row *row, const char *value)
{
    struct settings *settings = settings_;

    buf_free(&settings->ci_key_id);
    if (!buf_append_hex(&settings->ci_key_id, value, NULL) || settings->ci_key_id.size == 0)
        return tool_usage("--%s is not hexadecimal: %s", row->name, value);
    settings->configuration.ci_key_id = buf_span(&settings->ci_key_id);
    return EXIT_OK;
}

static const char *const id_types[] = {"", "none", "oid", "fqdn", "proprietary", NULL};
static const char *const trusts[] = {
    [TRUST_KEY] = "key", [TRUST_CERT] = "cert", [TRUST_CA] = "ca", [TRUST_NONE] = "none", NULL};

static const struct option_row rows[] = {
    {"pki", "DIR", "the eIM's PKI", TAKES_TEXT(struct settings, pki), .required = true},
    {"out", "FILE", "AddInitialEim (BF57) in DER", TAKES_TEXT(struct settings, out), .required = true},
    {"fqdn", "HOST[:PORT]", "where the IPA finds the eIM; default " DEFAULT_FQDN "; empty: not said",
     TAKES_TEXT(struct settings, fqdn)},
    {"id", "EIMID", "as the server's --id; default: the OID of its certificate",
     TAKES_TEXT(struct settings, id)},
    {"id-type", "oid|fqdn|proprietary|none", "what is said of it; default: what it looks like",
     TAKES_CHOICE(struct settings, id_type, id_types)},
    {"curve", "p256|brainpool", "the signing key; default p256 when there is one",
     TAKES_CHOICE(struct settings, curve, pki_curve_words)},
    {"certificate", NULL, "give the eIM's certificate instead of its public key",
     TAKES_FLAG(struct settings, certificate)},
    {"tls", "key|cert|ca|none",
     "what TLS is trusted by: the server's key (default) or certificate, or the CI",
     TAKES_CHOICE(struct settings, tls, trusts)},
    {"counter", "N", "initial counter; default 0",
     TAKES_NUMBER(struct settings, configuration.counter, 0, EIM_COUNTER_MAX)},
    {"token", NULL, "let the eUICC make an association token",
     TAKES_FLAG(struct settings, configuration.token)},
    {"protocol", "LIST", "of https, coaps, inject-https, inject-coaps; default https",
     TAKES_BY(take_protocols)},
    {"indirect", NULL, "indirect profile download is supported",
     TAKES_FLAG(struct settings, configuration.indirect)},
    {"ci-key-id", "HEX", "the CI under which the eUICC signs", TAKES_BY(take_key_id)},
    {0},
};

/* --- The file ------------------------------------------------------------------------------------------- */

/* Certificates and identity into `configuration`, which points into `eim`, `tls` and `ci`. */
static bool eim_config_load(const struct settings *settings, struct eim *eim, struct pki_pair *tls,
                            struct pki_pair *ci, struct configuration *configuration)
{
    enum ec_curve curve;

    if (!eim_identity_load(eim, settings->pki, settings->curve, settings->id))
        return false;
    /* The server takes its TLS certificate from the same place. */
    curve = pki_has_curve(settings->pki, EC_CURVE_P256) ? EC_CURVE_P256 : EC_CURVE_BRAINPOOL_P256R1;
    if (!pki_load(settings->pki, curve, PKI_EIM_TLS, false, tls) ||
        !pki_load(settings->pki, curve, PKI_CI, false, ci))
        return false;
    configuration->id = eim->id;
    configuration->id_type = settings->id_type > 0 ? settings->id_type - 1 : eim->id_type;
    configuration->sign_certificate = eim->sign.cert;
    configuration->sign_as_certificate = settings->certificate;
    if (settings->tls == TRUST_KEY)
        configuration->tls_key = tls->cert;
    else if (settings->tls == TRUST_CERT)
        configuration->tls_certificate = tls->cert;
    else if (settings->tls == TRUST_CA)
        configuration->tls_certificate = ci->cert;
    return true;
}

static int write_file(const struct settings *settings, struct configuration *configuration)
{
    struct eim eim = {0};
    struct pki_pair tls = {0}, ci = {0};
    struct buf der = {0};
    bool ok = eim_config_load(settings, &eim, &tls, &ci, configuration);

    if (ok) {
        configuration_put(configuration, &der);
        ok = !der.failed && tool_write_file(settings->out, buf_span(&der), 0644);
    }
    if (ok)
        print_line("%s: eIM %s%s%s", settings->out, configuration->id,
                   configuration->fqdn != NULL ? " at " : "",
                   configuration->fqdn != NULL ? configuration->fqdn : "");
    buf_free(&der);
    pki_pair_free(&tls);
    pki_pair_free(&ci);
    eim_close(&eim);
    return ok ? EXIT_OK : EXIT_FAILED;
}

static void eim_config_begin(void *settings_)
{
    struct settings *settings = settings_;

    settings->fqdn = DEFAULT_FQDN;
    settings->configuration.has_counter = true;
    parse_protocols("https", &settings->configuration.protocols);
}

static void eim_config_end(void *settings_)
{
    struct settings *settings = settings_;

    buf_free(&settings->ci_key_id);
}

static int eim_config_run(const struct command_line *line)
{
    struct settings *settings = line->settings;

    if (strlen(settings->fqdn) > FQDN_MAX)
        return tool_usage("--fqdn is too long");
    if (settings->fqdn[0] != '\0')
        settings->configuration.fqdn = settings->fqdn;
    return write_file(settings, &settings->configuration);
}

const struct command eim_config = {
    "config",
    "",
    "write the file that associates an eUICC with the eIM",
    "Writes the eIM Configuration Data that 'softeuicc ipa add-eim', onomondo-ipa -f and 'eim add-eim' take.",
    .options = rows,
    .settings_size = sizeof(struct settings),
    .begin = eim_config_begin,
    .end = eim_config_end,
    .run = eim_config_run,
};
