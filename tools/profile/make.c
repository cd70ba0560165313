/* softeuicc profile make: a package, and the metadata beside it, from the command line. See profile.h. */
#include "tools/profile/profile.h"

#include "common/ending.h"
#include "common/print/print.h"
#include "common/tool.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define KEY_SIZE 16 /* octets */

struct request {
    struct saip_recipe recipe;
    struct profile_description description;
    const char *out;
    char mccmnc[8];
    enum saip_algorithm algorithm; /* 0: not said */
    bool metadata, no_isim;
};

/* --- Options -------------------------------------------------------------------------------------------- */

static const char *const algorithms[] = {
    "", [SAIP_MILENAGE] = "milenage", [SAIP_TUAK] = "tuak", [SAIP_USIM_TEST_ALGORITHM] = "test", NULL};

static const char *const classes[] = {"operational", "test", "provisioning", NULL};

/* Reads 16 or `max` octets of hexadecimal. */
static int read_key(const struct option_row *row, const char *text, uint8_t *key, size_t max, size_t *size)
{
    struct buf octets = {0};
    size_t offset = 0;
    int status = EXIT_OK;

    if (!buf_append_hex(&octets, text, &offset)) {
        status = tool_usage("--%s: not hexadecimal at character %zu", row->name, offset + 1);
    } else if (octets.size != KEY_SIZE && octets.size != max) {
        status = tool_usage("--%s: %zu octets, not %d%s", row->name, octets.size, KEY_SIZE,
                            max != KEY_SIZE ? " or 32" : "");
    } else {
        memcpy(key, octets.data, octets.size);
        *size = octets.size;
    }
    buf_free(&octets);
    return status;
}

static int take_k(void *settings, const struct option_row *row, const char *value)
{
    struct saip_recipe *recipe = &((struct request *)settings)->recipe;

    return read_key(row, value, recipe->key, 2 * KEY_SIZE, &recipe->key_size);
}

static int take_opc(void *settings, const struct option_row *row, const char *value)
{
    struct saip_recipe *recipe = &((struct request *)settings)->recipe;

    return read_key(row, value, recipe->opc, 2 * KEY_SIZE, &recipe->opc_size);
}

static int take_ota_key(void *settings, const struct option_row *row, const char *value)
{
    size_t size;

    return read_key(row, value, ((struct request *)settings)->recipe.ota_key, KEY_SIZE, &size);
}

static int take_ppr(void *settings, const struct option_row *row, const char *value)
{
    struct request *request = settings;

    if (strcmp(value, "1") == 0)
        request->description.pprs[0] = "ppr1";
    else if (strcmp(value, "2") == 0)
        request->description.pprs[1] = "ppr2";
    else
        return tool_usage("--%s is not 1 or 2: %s", row->name, value);
    return EXIT_OK;
}

static int take_icon(void *settings, const struct option_row *row, const char *value)
{
    struct request *request = settings;
    const char *dot = strrchr(value, '.');

    request->description.icon = value;
    if (dot != NULL && strcmp(dot, ".png") == 0)
        request->description.icon_type = "png";
    else if (dot != NULL && (strcmp(dot, ".jpg") == 0 || strcmp(dot, ".jpeg") == 0))
        request->description.icon_type = "jpg";
    else
        return tool_usage("--%s is neither .png nor .jpg: %s", row->name, value);
    return EXIT_OK;
}

static const struct option_row rows[] = {
    {"out", "FILE", "where to", TAKES_TEXT(struct request, out), .required = true},
    {"iccid", "DIGITS", ICCID_FORM, TAKES_TEXT(struct request, recipe.iccid)},
    {"imsi", "DIGITS", "6 to 15 digits", TAKES_TEXT(struct request, recipe.imsi)},
    {"mnc-length", "N", "digits of the MNC in it, 2 or 3 (2)",
     TAKES_NUMBER(struct request, recipe.mnc_size, 2, 3)},
    {"msisdn", "NUMBER", "phone number, or none", TAKES_TEXT(struct request, recipe.msisdn)},
    {"name", "TEXT", "name of the profile", TAKES_TEXT(struct request, recipe.profile_type)},
    {"operator", "TEXT", "operator's name, up to 16 characters",
     TAKES_TEXT(struct request, recipe.operator_name)},
    {"algorithm", "NAME", "milenage, tuak or test (milenage; test for a test profile)",
     TAKES_CHOICE(struct request, algorithm, algorithms)},
    {"k", "HEX", "authentication key, 16 octets (TUAK: 16 or 32)", TAKES_BY(take_k)},
    {"opc", "HEX", "OPc, 16 octets (TUAK: TOPc, 32)", TAKES_BY(take_opc)},
    {"pin1", "DIGITS", "the user's code", TAKES_TEXT(struct request, recipe.pin1)},
    {"pin2", "DIGITS", "the user's second code", TAKES_TEXT(struct request, recipe.pin2)},
    {"puk1", "DIGITS", "unblocks PIN1", TAKES_TEXT(struct request, recipe.puk1)},
    {"puk2", "DIGITS", "unblocks PIN2", TAKES_TEXT(struct request, recipe.puk2)},
    {"adm1", "DIGITS", "the operator's code", TAKES_TEXT(struct request, recipe.adm1)},
    {"enable-pin", NULL, "PIN1 is asked for", TAKES_FLAG(struct request, recipe.pin1_enabled)},
    {"ota-key", "HEX", "AES key of the security domain, 16 octets", TAKES_BY(take_ota_key)},
    {"no-isim", NULL, "only the USIM", TAKES_FLAG(struct request, no_isim)},
    {"size", "OCTETS", "empty files besides, of so many octets together",
     TAKES_NUMBER(struct request, recipe.extra_size, 0, INT64_MAX), .unit = "octets"},
    OPTION_HEAD("For who puts it on a card:"),
    {"metadata", NULL,
     "also write FILE.json for an SM-DP+ and 'create', with:", TAKES_FLAG(struct request, metadata)},
    {"class", "CLASS", "operational, test or provisioning (operational)",
     TAKES_CHOICE(struct request, description.class, classes)},
    {"ppr", "1|2", "a policy rule: 1 not to be disabled, 2 not to be deleted; may be repeated",
     TAKES_BY(take_ppr)},
    {"notify", "ADDRESS", "notifications of every event go there",
     TAKES_TEXT(struct request, description.notification_address)},
    {"icon", "FILE", "icon, .png or .jpg, next to FILE.json", TAKES_BY(take_icon)},
    {"fallback-allowed", NULL, "it may be made the Fallback Profile (SGP.32)",
     TAKES_FLAG(struct request, description.fallback_allowed)},
    {"ecall", NULL, "it is the Emergency Profile (SGP.32)", TAKES_FLAG(struct request, description.ecall)},
    {0},
};

/* --- Making it ------------------------------------------------------------------------------------------ */

/* What follows from other options. */
static void complete(struct request *request)
{
    struct saip_recipe *recipe = &request->recipe;

    if (recipe->msisdn != NULL && strcmp(recipe->msisdn, "none") == 0)
        recipe->msisdn = NULL;
    recipe->isim = !request->no_isim;
    if (request->algorithm != 0)
        recipe->algorithm = request->algorithm;
    else if (strcmp(request->description.class, "test") == 0)
        recipe->algorithm = SAIP_USIM_TEST_ALGORITHM;
    /* Without an own TOPc the built-in test value is filled up with zeros. */
    if (recipe->algorithm == SAIP_TUAK)
        recipe->opc_size = 32;
}

/* The metadata of a recipe that was good. */
static void profile_make_describe(struct request *request)
{
    const struct saip_recipe *recipe = &request->recipe;
    struct profile_description *description = &request->description;

    description->provider = recipe->operator_name;
    description->name = recipe->profile_type;
    snprintf(request->mccmnc, sizeof(request->mccmnc), "%.3s-%.*s", recipe->imsi, (int)recipe->mnc_size,
             recipe->imsi + 3);
    description->mccmnc = request->mccmnc;
}

/* The option whose text can stand neither in the package nor in JSON; NULL when there is none. */
static const char *not_utf8(const struct request *request)
{
    const struct {
        const char *option, *text;
    } texts[] = {{"name", request->recipe.profile_type},
                 {"notify", request->description.notification_address},
                 {"icon", request->description.icon}};
    const char *found = NULL;

    for (size_t i = 0; found == NULL && i < sizeof(texts) / sizeof(texts[0]); i++) {
        json_t *probe = json_string(texts[i].text != NULL ? texts[i].text : "");

        if (probe == NULL)
            found = texts[i].option;
        json_decref(probe);
    }
    return found;
}

/* Both files, or none: without its metadata a profile would be delivered without its policy rules. */
static bool write_files(const struct request *request, struct span package)
{
    sigset_t before;
    bool ok;

    ending_hold(&before);                              /* both files, or none */
    ok = tool_write_file(request->out, package, 0600); /* the keys are in it */
    if (ok && request->metadata && !profile_write_metadata(request->out, &request->description)) {
        unlink(request->out);
        ok = false;
    }
    ending_release(&before);
    return ok;
}

static void report(const struct request *request, size_t size)
{
    uint8_t octets[ICCID_SIZE];
    char iccid[ICCID_DIGITS_MAX + 1] = "";

    if (iccid_from_digits(request->recipe.iccid, octets))
        iccid_to_digits(SPAN_ARRAY(octets), iccid);
    print_line("%s: %zu octets, ICCID %s, IMSI %s", request->out, size, iccid, request->recipe.imsi);
}

static int write_package(struct request *request)
{
    struct buf package = {0};
    const char *reason = NULL;
    int status = EXIT_FAILED;

    complete(request);
    if (not_utf8(request) != NULL)
        return tool_usage("--%s is not UTF-8", not_utf8(request));
    if (!saip_build(&request->recipe, &package, &reason)) {
        status = tool_usage("%s", reason);
    } else {
        profile_make_describe(request);
        if (write_files(request, buf_span(&package))) {
            report(request, package.size);
            status = EXIT_OK;
        }
    }
    buf_free(&package);
    return status;
}

static void profile_make_begin(void *settings)
{
    struct request *request = settings;

    request->recipe = saip_recipe_default();
    request->description.class = classes[0];
}

static int profile_make_run(const struct command_line *line)
{
    return write_package(line->settings);
}

const struct command profile_make = {
    "make",
    "",
    "write a profile package",
    "Writes a whole subscription: USIM and ISIM, telecom, 5G, codes, keys, operator's security domain, "
    "remote file "
    "management. Without options it has test values.",
    .options = rows,
    .settings_size = sizeof(struct request),
    .begin = profile_make_begin,
    .run = profile_make_run,
};
