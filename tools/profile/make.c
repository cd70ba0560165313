/* softeuicc profile make: a package, and the metadata beside it, from the command line. See profile.h. */
#include "tools/profile/profile.h"

#include "common/tool.h"

#include <errno.h>
#include <getopt.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct request {
    struct saip_recipe recipe;
    struct profile_description description;
    const char *out;
    char mccmnc[8];
    bool metadata, has_algorithm;
};

enum {
    OPTION_OUT = 1,
    OPTION_ICCID,
    OPTION_IMSI,
    OPTION_MNC_LENGTH,
    OPTION_MSISDN,
    OPTION_NAME,
    OPTION_OPERATOR,
    OPTION_ALGORITHM,
    OPTION_K,
    OPTION_OPC,
    OPTION_PIN1,
    OPTION_PIN2,
    OPTION_PUK1,
    OPTION_PUK2,
    OPTION_ADM1,
    OPTION_ENABLE_PIN,
    OPTION_OTA_KEY,
    OPTION_NO_ISIM,
    OPTION_SIZE,
    OPTION_METADATA,
    OPTION_CLASS,
    OPTION_PPR,
    OPTION_NOTIFY,
    OPTION_ICON,
    OPTION_FALLBACK_ALLOWED,
    OPTION_ECALL,
};

static const struct option options[] = {
    {"out", required_argument, NULL, OPTION_OUT},
    {"iccid", required_argument, NULL, OPTION_ICCID},
    {"imsi", required_argument, NULL, OPTION_IMSI},
    {"mnc-length", required_argument, NULL, OPTION_MNC_LENGTH},
    {"msisdn", required_argument, NULL, OPTION_MSISDN},
    {"name", required_argument, NULL, OPTION_NAME},
    {"operator", required_argument, NULL, OPTION_OPERATOR},
    {"algorithm", required_argument, NULL, OPTION_ALGORITHM},
    {"k", required_argument, NULL, OPTION_K},
    {"opc", required_argument, NULL, OPTION_OPC},
    {"pin1", required_argument, NULL, OPTION_PIN1},
    {"pin2", required_argument, NULL, OPTION_PIN2},
    {"puk1", required_argument, NULL, OPTION_PUK1},
    {"puk2", required_argument, NULL, OPTION_PUK2},
    {"adm1", required_argument, NULL, OPTION_ADM1},
    {"enable-pin", no_argument, NULL, OPTION_ENABLE_PIN},
    {"ota-key", required_argument, NULL, OPTION_OTA_KEY},
    {"no-isim", no_argument, NULL, OPTION_NO_ISIM},
    {"size", required_argument, NULL, OPTION_SIZE},
    {"metadata", no_argument, NULL, OPTION_METADATA},
    {"class", required_argument, NULL, OPTION_CLASS},
    {"ppr", required_argument, NULL, OPTION_PPR},
    {"notify", required_argument, NULL, OPTION_NOTIFY},
    {"icon", required_argument, NULL, OPTION_ICON},
    {"fallback-allowed", no_argument, NULL, OPTION_FALLBACK_ALLOWED},
    {"ecall", no_argument, NULL, OPTION_ECALL},
    {NULL, 0, NULL, 0},
};

/* Reads min to max octets of hexadecimal; false after printing why. */
static bool read_key(const char *option, const char *text, uint8_t *key, size_t min, size_t max, size_t *size)
{
    struct buf octets = {0};
    size_t offset = 0;
    bool good = buf_append_hex(&octets, text, &offset);

    if (!good) {
        tool_usage("--%s: not hexadecimal at character %zu", option, offset + 1);
    } else if (octets.size != min && octets.size != max) {
        tool_usage("--%s: %zu octets, not %zu%s", option, octets.size, min, max != min ? " or 32" : "");
        good = false;
    } else {
        memcpy(key, octets.data, octets.size);
        *size = octets.size;
    }
    buf_free(&octets);
    return good;
}

static bool read_number(const char *option, const char *text, size_t *number)
{
    char *end = NULL;
    unsigned long long value;

    errno = 0;
    value = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || text[0] == '-') {
        tool_usage("--%s: '%s' is no number", option, text);
        return false;
    }
    *number = (size_t)value;
    return true;
}

static bool read_algorithm(struct request *request, const char *text)
{
    static const struct {
        const char *name;
        enum saip_algorithm algorithm;
    } algorithms[] = {{"milenage", SAIP_MILENAGE}, {"tuak", SAIP_TUAK}, {"test", SAIP_USIM_TEST_ALGORITHM}};

    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        if (strcmp(text, algorithms[i].name) == 0) {
            request->recipe.algorithm = algorithms[i].algorithm;
            request->has_algorithm = true;
            return true;
        }
    }
    tool_usage("--algorithm: '%s' is not milenage, tuak or test", text);
    return false;
}

static bool read_class(struct request *request, const char *text)
{
    if (strcmp(text, "operational") != 0 && strcmp(text, "test") != 0 && strcmp(text, "provisioning") != 0) {
        tool_usage("--class: '%s' is not operational, test or provisioning", text);
        return false;
    }
    request->description.class = text;
    return true;
}

static bool read_ppr(struct request *request, const char *text)
{
    if (strcmp(text, "1") == 0) {
        request->description.pprs[0] = "ppr1";
    } else if (strcmp(text, "2") == 0) {
        request->description.pprs[1] = "ppr2";
    } else {
        tool_usage("--ppr: '%s' is not 1 or 2", text);
        return false;
    }
    return true;
}

static bool read_icon(struct request *request, const char *text)
{
    const char *dot = strrchr(text, '.');

    request->description.icon = text;
    if (dot != NULL && strcmp(dot, ".png") == 0) {
        request->description.icon_type = "png";
    } else if (dot != NULL && (strcmp(dot, ".jpg") == 0 || strcmp(dot, ".jpeg") == 0)) {
        request->description.icon_type = "jpg";
    } else {
        tool_usage("--icon: '%s' is neither .png nor .jpg", text);
        return false;
    }
    return true;
}

/* Options that are texts as they are: where each goes. */
static const char **text_option(struct request *request, int option)
{
    struct saip_recipe *recipe = &request->recipe;

    switch (option) {
    case OPTION_OUT:
        return &request->out;
    case OPTION_ICCID:
        return &recipe->iccid;
    case OPTION_IMSI:
        return &recipe->imsi;
    case OPTION_NAME:
        return &recipe->profile_type;
    case OPTION_OPERATOR:
        return &recipe->operator_name;
    case OPTION_MSISDN:
        return &recipe->msisdn;
    case OPTION_PIN1:
        return &recipe->pin1;
    case OPTION_PIN2:
        return &recipe->pin2;
    case OPTION_PUK1:
        return &recipe->puk1;
    case OPTION_PUK2:
        return &recipe->puk2;
    case OPTION_ADM1:
        return &recipe->adm1;
    case OPTION_NOTIFY:
        return &request->description.notification_address;
    default:
        return NULL;
    }
}

static bool read_option(struct request *request, int option, const char *text)
{
    struct saip_recipe *recipe = &request->recipe;
    const char **place = text_option(request, option);
    size_t size = 0;

    if (place != NULL) {
        *place = text;
        return true;
    }
    switch (option) {
    case OPTION_MNC_LENGTH:
        if (!read_number("mnc-length", text, &size))
            return false;
        recipe->mnc_size = size <= 3 ? (unsigned)size : 0; /* 0 is refused with the rest */
        return true;
    case OPTION_ALGORITHM:
        return read_algorithm(request, text);
    case OPTION_K:
        return read_key("k", text, recipe->key, 16, 32, &recipe->key_size);
    case OPTION_OPC:
        return read_key("opc", text, recipe->opc, 16, 32, &recipe->opc_size);
    case OPTION_OTA_KEY:
        return read_key("ota-key", text, recipe->ota_key, 16, 16, &size);
    case OPTION_ENABLE_PIN:
        recipe->pin1_enabled = true;
        return true;
    case OPTION_NO_ISIM:
        recipe->isim = false;
        return true;
    case OPTION_SIZE:
        return read_number("size", text, &recipe->extra_size);
    case OPTION_METADATA:
        request->metadata = true;
        return true;
    case OPTION_CLASS:
        return read_class(request, text);
    case OPTION_PPR:
        return read_ppr(request, text);
    case OPTION_ICON:
        return read_icon(request, text);
    case OPTION_FALLBACK_ALLOWED:
        request->description.fallback_allowed = true;
        return true;
    case OPTION_ECALL:
        request->description.ecall = true;
        return true;
    default:
        return false;
    }
}

/* What follows from other options. */
static void complete(struct request *request)
{
    struct saip_recipe *recipe = &request->recipe;

    if (recipe->msisdn != NULL && strcmp(recipe->msisdn, "none") == 0)
        recipe->msisdn = NULL;
    if (!request->has_algorithm && strcmp(request->description.class, "test") == 0)
        recipe->algorithm = SAIP_USIM_TEST_ALGORITHM;
    /* Without an own TOPc the built-in test value is filled up with zeros. */
    if (recipe->algorithm == SAIP_TUAK)
        recipe->opc_size = 32;
}

/* The metadata of a recipe that was good. */
static void describe(struct request *request)
{
    const struct saip_recipe *recipe = &request->recipe;
    struct profile_description *description = &request->description;

    description->provider = recipe->operator_name;
    description->name = recipe->profile_type;
    snprintf(request->mccmnc, sizeof(request->mccmnc), "%.3s-%.*s", recipe->imsi, (int)recipe->mnc_size,
             recipe->imsi + 3);
    description->mccmnc = request->mccmnc;
}

static int write_package(struct request *request)
{
    struct buf package = {0};
    const char *reason = NULL;
    int status = EXIT_FAILED;

    complete(request);
    if (!saip_build(&request->recipe, &package, &reason)) {
        tool_usage("%s", reason);
        status = EXIT_USAGE;
    } else {
        describe(request);
        /* The keys are in it. */
        if (tool_write_file(request->out, buf_span(&package), 0600) &&
            (!request->metadata || profile_write_metadata(request->out, &request->description))) {
            printf("%s: %zu octets, ICCID %s, IMSI %s\n", request->out, package.size, request->recipe.iccid,
                   request->recipe.imsi);
            status = EXIT_OK;
        }
    }
    buf_free(&package);
    return status;
}

int profile_make(int argc, char **argv)
{
    struct request request = {
        .recipe = saip_recipe_default(),
        .description = {.class = "operational"},
    };
    int option;
    int status = EXIT_USAGE;

    opterr = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == '?')
            tool_usage("'%s' is unknown or lacks its value", argv[optind - 1]);
        if (option == '?' || !read_option(&request, option, optarg))
            goto done;
    }
    if (optind < argc)
        tool_usage("'%s' is one argument too many", argv[optind]);
    else if (request.out == NULL)
        tool_usage("--out is missing");
    else
        status = write_package(&request);
done:
    OPENSSL_cleanse(&request, sizeof(request));
    return status;
}
