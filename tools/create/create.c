/*
 * softeuicc create: makes a card file. The EID, certificates and keys are checked by the library; this reads
 * files, fills in what was not said, and shows what was made.
 */
#include "config.h"

#include "common/ending.h"
#include "common/left_out.h"
#include "common/number.h"
#include "common/print/print.h"
#include "common/tool.h"
#include "tools/create/inputs.h"
#include "tools/create/settings.h"
#include "tools/subcommands.h"

#include <openssl/rand.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef HAVE_JANSSON
#include "common/print/print_json.h"
#endif

/* Where the EUM's certificate does not say which EIDs it may be used for: the EIN of the GSMA's test
 * certificates (SGP.26). */
#define TEST_EID_PREFIX "89049032"
#define EID_UNCHECKED   30 /* the library adds the check digits */
#define EID_DIGITS      32

struct options {
    const char *card;
    const char *eid;
    bool json;
    struct softeuicc_parameters parameters;
    struct inputs inputs;
    struct create_settings settings;
};

static const char *const personalities[] = {
    [SOFTEUICC_HYBRID] = "hybrid", [SOFTEUICC_CONSUMER] = "consumer", [SOFTEUICC_IOT] = "iot", NULL};

static const char *const sgp22_versions[] = {[SOFTEUICC_SGP22_2_2] = "2.2",
                                             [SOFTEUICC_SGP22_2_3] = "2.3",
                                             [SOFTEUICC_SGP22_2_4] = "2.4",
                                             [SOFTEUICC_SGP22_2_5] = "2.5",
                                             NULL};
static const char *const sgp32_versions[] = {
    [SOFTEUICC_SGP32_1_2] = "1.2", [SOFTEUICC_SGP32_1_3] = "1.3", NULL};

/* --- Options -------------------------------------------------------------------------------------------- */

/* "4096", "512k", "1M" */
static int take_size(void *settings, const struct option_row *row, const char *value)
{
    struct options *options = settings;
    size_t digits = strspn(value, "0123456789");
    unsigned shift = value[digits] == 'k' || value[digits] == 'K' ? 10 : 20;
    bool has_unit = value[digits] != '\0' && strchr("kKmM", value[digits]) != NULL;
    char number[24];
    int64_t octets;

    snprintf(number, sizeof(number), "%.*s", (int)digits, value);
    if (!has_unit)
        shift = 0;
    if (digits >= sizeof(number) || value[digits + has_unit] != '\0' ||
        !number_read(number, 1, INT64_MAX >> shift, &octets))
        return tool_usage("--%s is not a number of octets: %s", row->name, value);
    options->parameters.free_nvm = (uint64_t)octets << shift;
    return EXIT_OK;
}

static int take_pki(void *settings, const struct option_row *row, const char *value)
{
    struct options *options = settings;

    (void)row;
    return inputs_pki(&options->inputs, value) ? EXIT_OK : EXIT_FAILED;
}

/* A file of the last set; row->with says which. */
static int take_file(void *settings, const struct option_row *row, const char *value)
{
    struct options *options = settings;

    return inputs_file(&options->inputs, *(const enum input_file *)row->with, value) ? EXIT_OK : EXIT_FAILED;
}

static int take_profile(void *settings, const struct option_row *row, const char *value)
{
    struct options *options = settings;

    (void)row;
    return inputs_profile(&options->inputs, value) ? EXIT_OK : EXIT_FAILED;
}

/* What is said of the last --profile: a flag, or its class. */
static int take_of_profile(void *settings, const struct option_row *row, const char *value)
{
    struct options *options = settings;
    struct input_profile *profile = inputs_last_profile(&options->inputs);

    if (profile == NULL)
        return EXIT_USAGE;
    if (strcmp(row->name, "ecall") == 0)
        profile->ecall = true;
    else if (value == NULL)
        profile->fallback_allowed = true;
    for (unsigned i = 0; value != NULL && input_classes[i] != NULL; i++) {
        if (strcmp(input_classes[i], value) != 0)
            continue;
        profile->profile_class = (enum softeuicc_profile_class)i;
        profile->class_given = true;
        return EXIT_OK;
    }
    return value == NULL ? EXIT_OK
                         : tool_usage("--%s is not operational, test or provisioning: %s", row->name, value);
}

static int take_ipae(void *settings, const struct option_row *row, const char *value)
{
    struct options *options = settings;

    if (value != NULL && strcmp(value, "strict") != 0)
        return tool_usage("--%s takes no value but strict: %s", row->name, value);
    options->parameters.ipae = value != NULL ? SOFTEUICC_IPAE_STRICT : SOFTEUICC_IPAE_SHARED;
    return EXIT_OK;
}

static int take_setting(void *settings, const struct option_row *row, const char *value)
{
    struct options *options = settings;

    (void)row;
    return create_settings_add(&options->settings, value);
}

#define TAKES_FILE(kind)                                                                                     \
    TAKES_BY(take_file), .with = &(const enum input_file)                                                    \
    {                                                                                                        \
        kind                                                                                                 \
    }

static const struct option_row rows[] = {
    {"card", "FILE", "where to; the file must not exist", TAKES_TEXT(struct options, card), .required = true},
    {"json", NULL, "show what was made as JSON" JSON_LEFT_OUT, TAKES_FLAG(struct options, json)},
    OPTION_HEAD(
        "Credentials, at least one set; the first is the one the card prefers. Files may be DER or PEM:"),
    {"pki", "DIR", "every curve of a PKI made by 'softeuicc pki init'", TAKES_BY(take_pki)},
    {"ci", "CERT", "a CI the card trusts, followed by", TAKES_FILE(INPUT_CI)},
    {"eum-cert", "CERT", "the certificate of its manufacturer under that CI, and either",
     TAKES_FILE(INPUT_EUM_CERT)},
    {"eum-key", "KEY", "the manufacturer's key: the card's own key and certificate are made",
     TAKES_FILE(INPUT_EUM_KEY)},
    {"euicc-cert", "CERT", "or the card's certificate", TAKES_FILE(INPUT_EUICC_CERT)},
    {"euicc-key", "KEY", "and its key", TAKES_FILE(INPUT_EUICC_KEY)},
    OPTION_HEAD("What the card is:"),
    {"eid", "DIGITS",
     "32 digits, or 30 to have the check digits computed (default: a random test EID that the manufacturer's "
     "certificate permits)",
     TAKES_TEXT(struct options, eid)},
    {"personality", "NAME", "consumer (SGP.22), iot (SGP.32) or hybrid (both; the default)",
     TAKES_CHOICE(struct options, parameters.personality, personalities)},
    {"sgp22", "VERSION", "the version of SGP.22 it announces: 2.2 (2.2.2; the default), 2.3, 2.4 or 2.5",
     TAKES_CHOICE(struct options, parameters.sgp22, sgp22_versions)},
    {"sgp32", "VERSION",
     "the version of SGP.32 it announces, unless it is a consumer card: 1.2 (the default) or 1.3",
     TAKES_CHOICE(struct options, parameters.sgp32, sgp32_versions)},
    {"ipae", "[=strict]",
     "with an IPA of its own, which polls its eIMs by itself unless the device says that it has one; strict: "
     "while it is "
     "active nobody else is served (SGP.32; not for a consumer card)",
     TAKES_BY(take_ipae)},
    {"ipae-set", "NAME[@EIMID]=VALUE",
     "a setting of the IPAe, for all eIMs or for one, as 'softeuicc ctl ipae' has them; may be given again",
     TAKES_BY(take_setting)},
    {"free-nvm", "OCTETS", "memory for profiles, with k or M for 1024 or 1048576 octets (default: 1M)",
     TAKES_BY(take_size)},
    {"default-smdp", "FQDN", "the default SM-DP+ address",
     TAKES_TEXT(struct options, parameters.default_smdp)},
    {"root-smds", "FQDN", "the root SM-DS address", TAKES_TEXT(struct options, parameters.root_smds)},
    OPTION_HEAD("Profiles it is born with:"),
    {"profile", "FILE",
     "a profile package (DER); what FILE.json beside FILE.der says of it is taken too, as an SM-DP+ "
     "does" JSON_LEFT_OUT "; may be given again, each followed by",
     TAKES_BY(take_profile)},
    {"class", "operational|test|provisioning", "its class (default: that of the JSON, or operational)",
     TAKES_BY(take_of_profile)},
    {"fallback-allowed", NULL, "it may be made the Fallback Profile (SGP.32)", TAKES_BY(take_of_profile)},
    {"ecall", NULL, "it is the Emergency Profile (SGP.32)", TAKES_BY(take_of_profile)},
    {0},
};

/* --- Making it ------------------------------------------------------------------------------------------ */

/* The EID that a certificate is for that was given; NULL: none was. */
static const char *certified_eid(const struct inputs *inputs)
{
    for (size_t i = 0; i < inputs->sets_count; i++) {
        const struct cert *euicc = inputs->sets[i].euicc;

        if (euicc != NULL && cert_role(euicc) == CERT_ROLE_EUICC)
            return cert_subject_serial_number(euicc);
    }
    return NULL;
}

/* Random digits after the prefix that the manufacturer may use. */
static bool make_eid(const struct cert *eum, char eid[EID_UNCHECKED + 1])
{
    uint8_t random[EID_UNCHECKED];
    struct span prefix = cert_eid_prefix(eum);

    if (prefix.data == NULL)
        prefix = SPAN_STRING(TEST_EID_PREFIX);
    if (prefix.size > EID_UNCHECKED || RAND_bytes(random, sizeof(random)) != 1) {
        tool_error("no EID can be made under the EUM certificate; give one with --eid");
        return false;
    }
    memcpy(eid, prefix.data, prefix.size);
    for (size_t i = prefix.size; i < EID_UNCHECKED; i++)
        eid[i] = (char)('0' + random[i] % 10);
    eid[EID_UNCHECKED] = '\0';
    return true;
}

/* The version of SGP.32 it was made to; NULL: none. */
static const char *sgp32_of(const struct options *options)
{
    return options->parameters.personality != SOFTEUICC_CONSUMER ? sgp32_versions[options->parameters.sgp32]
                                                                 : NULL;
}

/* Its IPAe in a word; NULL: none. */
static const char *ipae_of(const struct options *options)
{
    static const char *const words[] = {
        [SOFTEUICC_IPAE_SHARED] = "shared", [SOFTEUICC_IPAE_STRICT] = "strict"};

    return words[options->parameters.ipae];
}

static void show_text(const struct options *options, const char *eid)
{
    print_line("card         %s", options->card);
    print_line("EID          %s", eid);
    print_line("personality  %s", personalities[options->parameters.personality]);
    print_line("SGP.22       %s", sgp22_versions[options->parameters.sgp22]);
    if (sgp32_of(options) != NULL)
        print_line("SGP.32       %s", sgp32_of(options));
    if (ipae_of(options) != NULL)
        print_line("IPAe         %s", ipae_of(options));
    for (size_t i = 0; i < options->inputs.sets_count; i++) {
        const struct cert *ci = options->inputs.sets[i].ci;
        char key_id[2 * 20 + 1];

        print_line("CI           %s  %s  %s", hex_from_span(cert_subject_key_id(ci), key_id, sizeof(key_id)),
                   ec_curve_name(ec_key_curve(cert_key(ci))), cert_subject_line(ci));
    }
    for (size_t i = 0; i < options->inputs.profiles_count; i++)
        print_line("profile      %s", options->inputs.profiles[i].path);
}

#ifdef HAVE_JANSSON
static int show_json(const struct options *options, const char *eid)
{
    json_t *cis = json_array();
    json_t *profiles = json_array();

    for (size_t i = 0; i < options->inputs.sets_count; i++) {
        const struct cert *ci = options->inputs.sets[i].ci;
        char key_id[2 * 20 + 1];

        json_array_append_new(cis, json_pack("{s:s, s:s, s:s}", "keyId",
                                             hex_from_span(cert_subject_key_id(ci), key_id, sizeof(key_id)),
                                             "curve", ec_curve_name(ec_key_curve(cert_key(ci))), "subject",
                                             cert_subject_line(ci)));
    }
    for (size_t i = 0; i < options->inputs.profiles_count; i++)
        json_array_append_new(profiles, print_json_text(options->inputs.profiles[i].path));
    return print_json(json_pack("{s:o*, s:s, s:s, s:s, s:s*, s:s*, s:o, s:o}", "card",
                                print_json_text(options->card), "eid", eid, "personality",
                                personalities[options->parameters.personality], "sgp22",
                                sgp22_versions[options->parameters.sgp22], "sgp32", sgp32_of(options), "ipae",
                                ipae_of(options), "cis", cis, "profiles", profiles));
}
#endif

static int create_show(const struct options *options, const char *eid)
{
#ifdef HAVE_JANSSON
    if (options->json)
        return show_json(options, eid);
#endif
    show_text(options, eid);
    return EXIT_OK;
}

/* Everything is read; makes the card and shows it. */
static int create(struct options *options)
{
    struct softeuicc_credentials credentials[INPUT_SETS_MAX];
    struct softeuicc_preloaded_profile profiles[INPUT_PROFILES_MAX];
    struct softeuicc_error error = {SOFTEUICC_OK, ""};
    struct softeuicc *card;
    char made[EID_UNCHECKED + 1];
    char eid[EID_DIGITS + 1] = ""; /* none: no card */
    sigset_t before;

    options->parameters.eid = options->eid != NULL ? options->eid : certified_eid(&options->inputs);
    if (options->parameters.eid == NULL) {
        if (!make_eid(options->inputs.sets[0].eum, made))
            return EXIT_FAILED;
        options->parameters.eid = made;
    }
    inputs_credentials(&options->inputs, credentials);
    inputs_profiles(&options->inputs, profiles);
    options->parameters.credentials = credentials;
    options->parameters.credentials_count = options->inputs.sets_count;
    options->parameters.profiles = profiles;
    options->parameters.profiles_count = options->inputs.profiles_count;
    options->parameters.ipae_settings = options->settings.values;
    options->parameters.ipae_settings_count = options->settings.count;
    ending_hold(&before); /* the card is there whole or not at all */
    card = softeuicc_create_open(options->card, &options->parameters, NULL, &error);
    if (card != NULL)
        snprintf(eid, sizeof(eid), "%s", softeuicc_eid(card));
    softeuicc_close(card);
    ending_release(&before);
    return eid[0] != '\0' ? create_show(options, eid) : tool_error("%s", error.message);
}

static int create_run(const struct command_line *line)
{
    struct options *options = line->settings;

#ifndef HAVE_JANSSON
    if (options->json)
        return tool_error("this build has no JSON (configured --without-jansson)");
#endif
    if (strcmp(options->card, ":memory:") == 0)
        return tool_usage("--card is not a file: %s", options->card);
    if (options->settings.count > 0 && options->parameters.ipae == SOFTEUICC_IPAE_NONE)
        return tool_usage("--ipae-set is for a card that is made with --ipae");
    if (!inputs_complete(&options->inputs))
        return EXIT_USAGE;
    return inputs_describe(&options->inputs) ? create(options) : EXIT_FAILED;
}

static void create_end(void *settings)
{
    struct options *options = settings;

    inputs_free(&options->inputs);
    create_settings_free(&options->settings);
}

const struct command subcommand_create = {
    "create",
    "--card FILE CREDENTIALS [OPTION]...",
    "make a card file",
    "Makes a card: a file that 'softeuicc run' puts into a reader. It holds private keys and gets mode 0600.",
    .options = rows,
    .settings_size = sizeof(struct options),
    .end = create_end,
    .run = create_run,
};
