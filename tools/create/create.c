/*
 * softeuicc create: makes a card file. The EID, certificates and keys are checked by the library; this reads
 * files, fills in what was not said, and shows what was made.
 */
#include "config.h"

#include "common/left_out.h"
#include "common/tool.h"
#include "tools/create/inputs.h"

#include <openssl/rand.h>

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef HAVE_JANSSON
#include <jansson.h>
#endif

/* Where the EUM's certificate does not say which EIDs it may be used for: the EIN of the GSMA's test
 * certificates (SGP.26). */
#define TEST_EID_PREFIX "89049032"
#define EID_DIGITS      32
#define EID_UNCHECKED   30 /* the library adds the check digits */

struct options {
    const char *card;
    const char *eid;
    const char *personality_name;
    bool json;
    struct softeuicc_parameters parameters;
    struct inputs inputs;
};

static void print_help(void)
{
    printf(
        "Usage: softeuicc create --card FILE CREDENTIALS [OPTION]...\n\n"
        "Makes a card: a file that 'softeuicc run' puts into a reader. It holds private keys and gets mode "
        "0600.\n\n"
        "Credentials, at least one set; the first is the one the card prefers:\n"
        "  --pki DIR             every curve of a PKI made by 'softeuicc pki init'\n"
        "  --ci CERT             a CI the card trusts, followed by\n"
        "    --eum-cert CERT     the certificate of its manufacturer under that CI, and either\n"
        "    --eum-key KEY       the manufacturer's key: the card's own key and certificate are made\n"
        "    --euicc-cert CERT   or the card's certificate\n"
        "    --euicc-key KEY     and its key\n"
        "  Files may be DER or PEM.\n\n"
        "Options:\n"
        "  --eid DIGITS          32 digits, or 30 to have the check digits computed (default: a random test "
        "EID\n"
        "                        that the manufacturer's certificate permits)\n"
        "  --personality NAME    consumer (SGP.22), iot (SGP.32) or hybrid (both; the default)\n"
        "  --free-nvm OCTETS     memory for profiles, with k or M for 1024 or 1048576 octets (default: 1M)\n"
        "  --default-smdp FQDN   the default SM-DP+ address\n"
        "  --root-smds FQDN      the root SM-DS address\n"
        "  --profile FILE        a profile package (DER) the card is born with; may be given again, each "
        "followed by\n"
        "    --class NAME        operational (the default), test or provisioning\n"
        "    --fallback-allowed  it may be made the Fallback Profile (SGP.32)\n"
        "    --ecall             it is the Emergency Profile (SGP.32)\n"
        "  --json                show what was made as JSON" JSON_LEFT_OUT "\n"
        "  --help                this text\n");
}

/* "4096", "512k", "1M" */
static bool parse_size(const char *text, uint64_t *size)
{
    char *end = NULL;
    unsigned long long number;
    unsigned shift = 0;

    if (!isdigit((unsigned char)text[0]))
        return false;
    number = strtoull(text, &end, 10);
    if (*end == 'k' || *end == 'K')
        shift = 10;
    else if (*end == 'm' || *end == 'M')
        shift = 20;
    if (shift != 0)
        end++;
    if (*end != '\0' || number == 0 || number > (uint64_t)INT64_MAX >> shift)
        return false;
    *size = (uint64_t)number << shift;
    return true;
}

static bool parse_personality(const char *name, enum softeuicc_personality *personality)
{
    static const char *const names[] = {
        [SOFTEUICC_HYBRID] = "hybrid", [SOFTEUICC_CONSUMER] = "consumer", [SOFTEUICC_IOT] = "iot"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], name) == 0) {
            *personality = (enum softeuicc_personality)i;
            return true;
        }
    }
    return false;
}

enum {
    OPTION_CARD = 1,
    OPTION_EID,
    OPTION_PKI,
    OPTION_CI,
    OPTION_EUM_CERT,
    OPTION_EUM_KEY,
    OPTION_EUICC_CERT,
    OPTION_EUICC_KEY,
    OPTION_PERSONALITY,
    OPTION_FREE_NVM,
    OPTION_DEFAULT_SMDP,
    OPTION_ROOT_SMDS,
    OPTION_PROFILE,
    OPTION_CLASS,
    OPTION_FALLBACK_ALLOWED,
    OPTION_ECALL,
    OPTION_JSON,
    OPTION_HELP,
};

static const struct option long_options[] = {
    {"card", required_argument, NULL, OPTION_CARD},
    {"eid", required_argument, NULL, OPTION_EID},
    {"pki", required_argument, NULL, OPTION_PKI},
    {"ci", required_argument, NULL, OPTION_CI},
    {"eum-cert", required_argument, NULL, OPTION_EUM_CERT},
    {"eum-key", required_argument, NULL, OPTION_EUM_KEY},
    {"euicc-cert", required_argument, NULL, OPTION_EUICC_CERT},
    {"euicc-key", required_argument, NULL, OPTION_EUICC_KEY},
    {"personality", required_argument, NULL, OPTION_PERSONALITY},
    {"free-nvm", required_argument, NULL, OPTION_FREE_NVM},
    {"default-smdp", required_argument, NULL, OPTION_DEFAULT_SMDP},
    {"root-smds", required_argument, NULL, OPTION_ROOT_SMDS},
    {"profile", required_argument, NULL, OPTION_PROFILE},
    {"class", required_argument, NULL, OPTION_CLASS},
    {"fallback-allowed", no_argument, NULL, OPTION_FALLBACK_ALLOWED},
    {"ecall", no_argument, NULL, OPTION_ECALL},
    {"json", no_argument, NULL, OPTION_JSON},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

_Static_assert(OPTION_EUICC_KEY - OPTION_CI == INPUT_EUICC_KEY,
               "the options of a set stand as enum input_file does");

static int read_or_fail(bool good)
{
    return good ? EXIT_OK : EXIT_FAILED;
}

static int take_class(struct input_profile *profile, const char *name)
{
    static const char *const names[] = {[SOFTEUICC_PROFILE_OPERATIONAL] = "operational",
                                        [SOFTEUICC_PROFILE_TEST] = "test",
                                        [SOFTEUICC_PROFILE_PROVISIONING] = "provisioning"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], name) == 0) {
            profile->profile_class = (enum softeuicc_profile_class)i;
            return EXIT_OK;
        }
    }
    return tool_usage("--class: '%s' is not operational, test or provisioning", name);
}

/* What is said of the last --profile. */
static int take_profile_option(struct inputs *inputs, int option, const char *value)
{
    struct input_profile *profile = inputs_last_profile(inputs);

    if (profile == NULL)
        return EXIT_USAGE;
    if (option == OPTION_CLASS)
        return take_class(profile, value);
    if (option == OPTION_FALLBACK_ALLOWED)
        profile->fallback_allowed = true;
    else
        profile->ecall = true;
    return EXIT_OK;
}

/* EXIT_OK to go on, else the exit status, with the line printed. */
static int take_option(struct options *options, int option, const char *value)
{
    switch (option) {
    case OPTION_CARD:
        options->card = value;
        return EXIT_OK;
    case OPTION_EID:
        options->eid = value;
        return EXIT_OK;
    case OPTION_PKI:
        return read_or_fail(inputs_pki(&options->inputs, value));
    case OPTION_CI:
    case OPTION_EUM_CERT:
    case OPTION_EUM_KEY:
    case OPTION_EUICC_CERT:
    case OPTION_EUICC_KEY:
        return read_or_fail(inputs_file(&options->inputs, (enum input_file)(option - OPTION_CI), value));
    case OPTION_PERSONALITY:
        options->personality_name = value;
        if (!parse_personality(value, &options->parameters.personality))
            return tool_usage("there is no personality '%s'", value);
        return EXIT_OK;
    case OPTION_FREE_NVM:
        if (!parse_size(value, &options->parameters.free_nvm))
            return tool_usage("'%s' is not a number of octets", value);
        return EXIT_OK;
    case OPTION_DEFAULT_SMDP:
        options->parameters.default_smdp = value;
        return EXIT_OK;
    case OPTION_ROOT_SMDS:
        options->parameters.root_smds = value;
        return EXIT_OK;
    case OPTION_PROFILE:
        return read_or_fail(inputs_profile(&options->inputs, value));
    case OPTION_CLASS:
    case OPTION_FALLBACK_ALLOWED:
    case OPTION_ECALL:
        return take_profile_option(&options->inputs, option, value);
    case OPTION_JSON:
#ifndef HAVE_JANSSON
        return tool_error("this build has no JSON (configured --without-jansson)");
#else
        options->json = true;
        return EXIT_OK;
#endif
    default:
        return EXIT_USAGE;
    }
}

/* The EID of the certificate that was given, or random digits after the prefix that the manufacturer may use.
 */
static bool choose_eid(const struct input_set *set, char eid[EID_DIGITS + 1])
{
    uint8_t random[EID_UNCHECKED];
    struct span prefix = cert_eid_prefix(set->eum);

    if (set->euicc != NULL) {
        snprintf(eid, EID_DIGITS + 1, "%s", cert_subject_serial_number(set->euicc));
        return true;
    }
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

static void show_text(const struct options *options, const char *eid)
{
    printf("card         %s\n"
           "EID          %s\n"
           "personality  %s\n",
           options->card, eid, options->personality_name);
    for (size_t i = 0; i < options->inputs.sets_count; i++) {
        const struct cert *ci = options->inputs.sets[i].ci;
        char key_id[2 * 20 + 1];

        printf("CI           %s  %s  %s\n", hex_from_span(cert_subject_key_id(ci), key_id, sizeof(key_id)),
               ec_curve_name(ec_key_curve(cert_key(ci))), cert_subject_line(ci));
    }
    for (size_t i = 0; i < options->inputs.profiles_count; i++)
        printf("profile      %s\n", options->inputs.profiles[i].path);
}

#ifdef HAVE_JANSSON
static int show_json(const struct options *options, const char *eid)
{
    json_t *cis = json_array();
    json_t *profiles = json_array();
    json_t *all;

    for (size_t i = 0; i < options->inputs.sets_count; i++) {
        const struct cert *ci = options->inputs.sets[i].ci;
        char key_id[2 * 20 + 1];

        json_array_append_new(cis, json_pack("{s:s, s:s, s:s}", "keyId",
                                             hex_from_span(cert_subject_key_id(ci), key_id, sizeof(key_id)),
                                             "curve", ec_curve_name(ec_key_curve(cert_key(ci))), "subject",
                                             cert_subject_line(ci)));
    }
    for (size_t i = 0; i < options->inputs.profiles_count; i++)
        json_array_append_new(profiles, json_string(options->inputs.profiles[i].path));
    all = json_pack("{s:s, s:s, s:s, s:o, s:o}", "card", options->card, "eid", eid, "personality",
                    options->personality_name, "cis", cis, "profiles", profiles);
    if (all == NULL || json_dumpf(all, stdout, JSON_INDENT(2)) != 0) {
        json_decref(all);
        return tool_error("the card is made, but cannot be shown as JSON");
    }
    putchar('\n');
    json_decref(all);
    return EXIT_OK;
}
#endif

static int show(const struct options *options, const char *eid)
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
    char eid[EID_DIGITS + 1];
    int status;

    if (options->eid == NULL && !choose_eid(&options->inputs.sets[0], eid))
        return EXIT_FAILED;
    inputs_credentials(&options->inputs, credentials);
    inputs_profiles(&options->inputs, profiles);
    options->parameters.eid = options->eid != NULL ? options->eid : eid;
    options->parameters.credentials = credentials;
    options->parameters.credentials_count = options->inputs.sets_count;
    options->parameters.profiles = profiles;
    options->parameters.profiles_count = options->inputs.profiles_count;
    card = softeuicc_create_open(options->card, &options->parameters, NULL, &error);
    if (card == NULL)
        return tool_error("%s", error.message);
    status = show(options, softeuicc_eid(card));
    softeuicc_close(card);
    return status;
}

static int read_options(struct options *options, int argc, char **argv, bool *help)
{
    int option;

    opterr = 0;
    while ((option = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
        int status = EXIT_OK;

        if (option == ':')
            return tool_usage("%s needs a value", argv[optind - 1]);
        if (option == '?')
            return tool_usage("'%s' is no option", argv[optind - 1]);
        if (option == OPTION_HELP)
            *help = true;
        else
            status = take_option(options, option, optarg);
        if (*help || status != EXIT_OK)
            return status;
    }
    if (optind < argc)
        return tool_usage("'%s' is no option", argv[optind]);
    if (options->card == NULL)
        return tool_usage("--card is missing");
    return inputs_complete(&options->inputs) ? EXIT_OK : EXIT_USAGE;
}

int tool_create(int argc, char **argv)
{
    struct options options = {.personality_name = "hybrid"};
    bool help = false;
    int status = read_options(&options, argc, argv, &help);

    if (help)
        print_help();
    else if (status == EXIT_OK)
        status = create(&options);
    inputs_free(&options.inputs);
    return status;
}
