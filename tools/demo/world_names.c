/* What stands in the demo's world by a name: subscriptions, and files of its directory. See world.h. */
#include "apdu/iccid.h"
#include "common/tool.h"
#include "tools/demo/world.h"

#include <stdio.h>

/* Subscriptions of networks of tests, and one of the country that the device comes to. */
const struct world_subscription world_subscriptions[WORLD_PROFILES] = {
    [WORLD_BOOTSTRAP] = {"bootstrap", "8988211000000000025", "999990000000001", "Everywhere"},
    [WORLD_OPERATOR] = {"operator", "8988211000000000033", "001010000000002", "Home Mobile"},
    [WORLD_LOCAL] = {"local", "8988211000000000058", "724050000000003", "Local Mobile"},
};

const char *world_profile_name(const char *iccid)
{
    if (iccid == NULL || iccid[0] == '\0')
        return "none";
    for (size_t i = 0; i < WORLD_PROFILES; i++)
        if (iccid_is_same(iccid, world_subscriptions[i].iccid))
            return world_subscriptions[i].name;
    return iccid;
}

bool world_path(const struct world *world, const char *name, char path[PKI_PATH_MAX])
{
    return snprintf(path, PKI_PATH_MAX, "%s/%s", world->dir, name) < PKI_PATH_MAX ||
           tool_error("the path of the directory is too long") == EXIT_OK;
}
