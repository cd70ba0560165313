/*
 * The metadata file beside a profile package, from which the test SM-DP+ makes StoreMetadata (SGP.22 5.5.3).
 * See profile_description.
 */
#include "tools/profile/profile.h"

#include "common/beside.h"
#include "common/tool.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *profile_metadata_describe(const struct profile_description *d)
{
    json_t *root = json_pack("{s:s, s:s, s:s, s:{s:s}}", "serviceProviderName", d->provider, "profileName",
                             d->name, "profileClass", d->class, "owner", "mccmnc", d->mccmnc);
    json_t *pprs = json_array();

    for (size_t i = 0; i < sizeof(d->pprs) / sizeof(d->pprs[0]); i++) {
        if (d->pprs[i] != NULL)
            json_array_append_new(pprs, json_string(d->pprs[i]));
    }
    json_object_set_new(root, "pprs", pprs);
    if (d->notification_address != NULL)
        json_object_set_new(root, "notifications",
                            json_pack("[{s:s, s:[s,s,s,s]}]", "address", d->notification_address, "events",
                                      "install", "enable", "disable", "delete"));
    if (d->ecall)
        json_object_set_new(root, "ecallIndication", json_true());
    if (d->fallback_allowed)
        json_object_set_new(root, "fallbackAllowed", json_true());
    if (d->icon != NULL) {
        json_object_set_new(root, "icon", json_string(d->icon));
        json_object_set_new(root, "iconType", json_string(d->icon_type));
    }
    return root;
}

bool profile_write_metadata(const char *package_path, const struct profile_description *description)
{
    char *path = path_beside(package_path, ".der", ".json");
    json_t *root = profile_metadata_describe(description);
    char *text = root != NULL ? json_dumps(root, JSON_INDENT(2)) : NULL;
    struct buf file = {0};
    bool done = false;

    if (path == NULL || text == NULL) {
        tool_error("out of memory");
    } else {
        buf_append(&file, span_of_string(text));
        buf_append_octet(&file, '\n');
        done = tool_write_file(path, buf_span(&file), 0644);
    }
    buf_free(&file);
    free(text);
    json_decref(root);
    free(path);
    return done;
}
