/* What the JSON beside a profile package says of it, as an SM-DP+ reads it. See inputs.h. */
#include "config.h"

#include "tools/create/inputs.h"

#include "common/beside.h"
#include "common/input.h"
#include "common/tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef HAVE_JANSSON
#include "profiles/saip/saip.h"
#include "protocol/metadata_json.h"
#endif

const char *const input_classes[] = {[SOFTEUICC_PROFILE_OPERATIONAL] = "operational",
                                     [SOFTEUICC_PROFILE_TEST] = "test",
                                     [SOFTEUICC_PROFILE_PROVISIONING] = "provisioning",
                                     NULL};

#ifdef HAVE_JANSSON
/* What the command line said wins. On what is no object this does nothing, and the reader complains. */
static void override_members(const struct input_profile *profile, json_t *json)
{
    if (profile->class_given)
        json_object_set_new(json, "profileClass", json_string(input_classes[profile->profile_class]));
    if (profile->ecall)
        json_object_set_new(json, "ecallIndication", json_true());
    if (profile->fallback_allowed)
        json_object_set_new(json, "fallbackAllowed", json_true());
}

/* Names default to the package's type, and to the file's name where it has none. */
static bool build_metadata(struct input_profile *profile, const json_t *json,
                           const struct saip_package *package, char *why)
{
    const char *slash = strrchr(profile->path, '/');
    char *directory =
        slash != NULL ? strndup(profile->path, (size_t)(slash - profile->path) + 1) : strdup(".");
    char *stem = path_beside(slash != NULL ? slash + 1 : profile->path, ".der", "");
    const struct metadata_profile known = {
        .iccid = package->iccid,
        .name = package->profile_type[0] != '\0' ? package->profile_type : stem,
        .read = input_read,
        .directory = directory,
    };
    struct metadata_facts facts;
    bool good = false;

    if (directory == NULL || stem == NULL)
        snprintf(why, METADATA_WHY_SIZE, "out of memory");
    else
        good = metadata_json_build(json, &known, &profile->metadata, &facts, why);
    if (good) {
        profile->ecall = facts.ecall;
        profile->fallback_allowed = facts.fallback_allowed;
    }
    free(directory);
    free(stem);
    return good;
}

static bool read_description(struct input_profile *profile, const char *path)
{
    char why[METADATA_WHY_SIZE] = "";
    struct saip_package package;
    struct saip_failure failure;
    json_t *json = metadata_json_load(path, input_read, why);
    bool good = false;

    if (json != NULL) {
        override_members(profile, json);
        /* Of a package that cannot be read the library says more than can be said here. */
        good = !saip_decode(buf_span(&profile->package), &package, &failure);
        if (!good) {
            good = build_metadata(profile, json, &package, why);
            saip_free(&package);
        }
    }
    json_decref(json);
    if (!good)
        tool_error("%s: %s", path, why);
    return good;
}
#else
static bool read_description(struct input_profile *profile, const char *path)
{
    (void)profile;
    tool_error("%s: this build cannot read it (configured --without-jansson)", path);
    return false;
}
#endif

bool inputs_describe(struct inputs *inputs)
{
    bool good = true;

    for (size_t i = 0; good && i < inputs->profiles_count; i++) {
        char *path = path_beside(inputs->profiles[i].path, ".der", ".json");

        if (path == NULL)
            good = tool_error("out of memory") == EXIT_OK;
        else if (access(path, F_OK) == 0)
            good = read_description(&inputs->profiles[i], path);
        free(path);
    }
    return good;
}
