/* `softeuicc eim config`: writes the file that associates an eUICC with the eIM (AddInitialEim,
 * SGP.32 5.9.4). */
#include "common/tool.h"
#include "servers/eim/model/configuration.h"
#include "servers/eim/model/server.h"
#include "tools/eim/client.h"
#include "tools/eim/eim_tool.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FQDN_MAX 255

struct settings {
    const char *pki, *out, *fqdn, *id, *tls, *protocol, *ci_key_id, *counter, *id_type;
    enum ec_curve curve;
    bool certificate, token, indirect;
};

static void print_help(void)
{
    printf("Usage: softeuicc eim config --pki DIR --out FILE [OPTION]...\n\n"
           "Writes the eIM Configuration Data that 'softeuicc ipa add-eim', onomondo-ipa -f and 'eim "
           "add-eim' take.\n\n"
           "  --pki DIR            the eIM's PKI\n"
           "  --out FILE           AddInitialEim (BF57) in DER\n"
           "  --fqdn HOST[:PORT]   where the IPA finds the eIM; default 127.0.0.1:%d; empty: not said\n"
           "  --id EIMID           as the server's --id; default: the OID of its certificate\n"
           "  --id-type oid|fqdn|proprietary|none  what is said of it; default: what it looks like\n"
           "  --curve p256|brainpool  the signing key; default p256 when there is one\n"
           "  --certificate        give the eIM's certificate instead of its public key\n"
           "  --tls key|cert|ca|none  what TLS is trusted by: the server's key (default) or certificate, or "
           "the CI\n"
           "  --counter N          initial counter; default 0\n"
           "  --token              let the eUICC make an association token\n"
           "  --protocol LIST      of https, coaps, inject-https, inject-coaps; default https\n"
           "  --indirect           indirect profile download is supported\n"
           "  --ci-key-id HEX      the CI under which the eUICC signs\n",
           EIM_DEFAULT_PORT);
}

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

static bool take_id_type(const char *name, int64_t *type)
{
    static const char *const names[] = {"none", "oid", "fqdn", "proprietary"}; /* by EimIdType */

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], name) == 0) {
            *type = (int64_t)i;
            return true;
        }
    }
    return false;
}

static bool take_counter(const char *text, struct configuration *configuration)
{
    char *end;
    long long value = strtoll(text, &end, 10);

    configuration->has_counter = true;
    configuration->counter = value;
    return end != text && *end == '\0' && value >= 0 && value <= EIM_COUNTER_MAX;
}

/* Certificates and identity into `configuration`, which points into `eim`, `tls` and `ci`. */
static bool load(const struct settings *settings, struct eim *eim, struct pki_pair *tls, struct pki_pair *ci,
                 struct configuration *configuration)
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
    if (settings->id_type == NULL)
        configuration->id_type = eim->id_type;
    configuration->sign_certificate = eim->sign.cert;
    configuration->sign_as_certificate = settings->certificate;
    if (strcmp(settings->tls, "key") == 0)
        configuration->tls_key = tls->cert;
    else if (strcmp(settings->tls, "cert") == 0)
        configuration->tls_certificate = tls->cert;
    else if (strcmp(settings->tls, "ca") == 0)
        configuration->tls_certificate = ci->cert;
    return true;
}

static int write_file(const struct settings *settings, struct configuration *configuration)
{
    struct eim eim = {0};
    struct pki_pair tls = {0}, ci = {0};
    struct buf der = {0};
    bool ok = load(settings, &eim, &tls, &ci, configuration);

    if (ok) {
        configuration_put(configuration, &der);
        ok = !der.failed && tool_write_file(settings->out, buf_span(&der), 0644);
    }
    if (ok)
        printf("%s: eIM %s%s%s\n", settings->out, configuration->id,
               configuration->fqdn != NULL ? " at " : "",
               configuration->fqdn != NULL ? configuration->fqdn : "");
    buf_free(&der);
    pki_pair_free(&tls);
    pki_pair_free(&ci);
    eim_close(&eim);
    return ok ? EXIT_OK : EXIT_FAILED;
}

static int make(const struct settings *settings)
{
    struct configuration configuration = {.token = settings->token, .indirect = settings->indirect};
    struct buf ci_key_id = {0};
    int status;

    if (settings->pki == NULL || settings->out == NULL)
        return tool_usage("--pki and --out are needed");
    if (strcmp(settings->tls, "key") != 0 && strcmp(settings->tls, "cert") != 0 &&
        strcmp(settings->tls, "ca") != 0 && strcmp(settings->tls, "none") != 0)
        return tool_usage("--tls is not key, cert, ca or none: %s", settings->tls);
    if (!parse_protocols(settings->protocol, &configuration.protocols))
        return tool_usage("--protocol is not a list of https, coaps, inject-https, inject-coaps: %s",
                          settings->protocol);
    if (settings->id_type != NULL && !take_id_type(settings->id_type, &configuration.id_type))
        return tool_usage("--id-type is not oid, fqdn, proprietary or none: %s", settings->id_type);
    if (!take_counter(settings->counter, &configuration))
        return tool_usage("--counter is not a number from 0 to %d: %s", EIM_COUNTER_MAX, settings->counter);
    if (strlen(settings->fqdn) > FQDN_MAX)
        return tool_usage("--fqdn is too long");
    if (settings->fqdn[0] != '\0')
        configuration.fqdn = settings->fqdn;
    if (settings->ci_key_id != NULL) {
        if (!buf_append_hex(&ci_key_id, settings->ci_key_id, NULL) || ci_key_id.size == 0) {
            buf_free(&ci_key_id);
            return tool_usage("--ci-key-id is not hexadecimal: %s", settings->ci_key_id);
        }
        configuration.ci_key_id = buf_span(&ci_key_id);
    }
    status = write_file(settings, &configuration);
    buf_free(&ci_key_id);
    return status;
}

int eim_run_config(int argc, char **argv)
{
    static const struct option options[] = {
        {"pki", required_argument, NULL, 'p'},
        {"out", required_argument, NULL, 'o'},
        {"fqdn", required_argument, NULL, 'f'},
        {"id", required_argument, NULL, 'i'},
        {"id-type", required_argument, NULL, 'y'},
        {"curve", required_argument, NULL, 'c'},
        {"certificate", no_argument, NULL, 'C'},
        {"tls", required_argument, NULL, 't'},
        {"counter", required_argument, NULL, 'n'},
        {"token", no_argument, NULL, 'T'},
        {"protocol", required_argument, NULL, 'P'},
        {"indirect", no_argument, NULL, 'I'},
        {"ci-key-id", required_argument, NULL, 'k'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct settings settings = {.fqdn = "127.0.0.1:8445", .tls = "key", .protocol = "https", .counter = "0"};
    int option;

    optind = 1;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        const struct {
            int option;
            const char **text;
            bool *flag;
        } places[] = {
            {'p', &settings.pki, NULL},         {'o', &settings.out, NULL},
            {'f', &settings.fqdn, NULL},        {'i', &settings.id, NULL},
            {'C', NULL, &settings.certificate}, {'t', &settings.tls, NULL},
            {'n', &settings.counter, NULL},     {'T', NULL, &settings.token},
            {'P', &settings.protocol, NULL},    {'I', NULL, &settings.indirect},
            {'k', &settings.ci_key_id, NULL},   {'y', &settings.id_type, NULL},
        };

        if (option == 'h') {
            print_help();
            return EXIT_OK;
        }
        if (option == '?')
            return tool_usage("'%s' is no option", argv[optind - 1]);
        if (option == ':')
            return tool_usage("'%s' needs a value", argv[optind - 1]);
        if (option == 'c' && (settings.curve = pki_curve_from_name(optarg)) == EC_CURVE_NONE)
            return tool_usage("--curve is neither p256 nor brainpool: %s", optarg);
        for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
            if (places[i].option == option && places[i].text != NULL)
                *places[i].text = optarg;
            else if (places[i].option == option)
                *places[i].flag = true;
        }
    }
    if (optind < argc)
        return tool_usage("unexpected argument '%s'", argv[optind]);
    return make(&settings);
}
