/* Making the demo's world, and leaving nothing of it behind: see world.h. */
#include "tools/demo/world.h"

#include "common/directory.h"
#include "common/tool.h"
#include "euicc/softeuicc.h"
#include "tools/subcommands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define EIM_NAME "eim.example"
#define EIM_HOST "192.0.2.1"
#define IMEI     "356938035643809"

int64_t world_time(const struct world *world)
{
    return device_clock_now(world->clock) - world->begun;
}

const char *world_eid(const struct world *world)
{
    return softeuicc_eid(link_card(world->link));
}

/* --- its directory ------------------------------------------------------------------------------------ */

static bool make_directory(struct world *world)
{
    const char *keep = world->settings->keep, *place = getenv("TMPDIR");

    if (place == NULL || place[0] == '\0')
        place = "/tmp";
    if (snprintf(world->dir, sizeof(world->dir), "%s%s", keep != NULL ? keep : place,
                 keep != NULL ? "" : "/softeuicc-demo-XXXXXX") >= (int)sizeof(world->dir) / 2)
        return tool_error("the path of the directory is too long") == EXIT_OK;
    world->has_dir = keep != NULL ? mkdir(world->dir, 0700) == 0 : mkdtemp(world->dir) != NULL;
    return world->has_dir || tool_error("cannot make %s: %s", world->dir, strerror(errno)) == EXIT_OK;
}

static bool write_script(const struct world *world, char path[PKI_PATH_MAX])
{
    char text[4096];
    int size = snprintf(text, sizeof(text),
                        "# What the device of the demo meets (docs/network.md); ports are this machine's.\n"
                        "%shost " EIM_NAME " " EIM_HOST "\nroute " EIM_HOST ":443 127.0.0.1:%u\n",
                        world->settings->script, eim_network_port(world->eim_network));

    if (size < 0 || size >= (int)sizeof(text))
        return tool_error("the script of the network is too long") == EXIT_OK;
    return world_path(world, WORLD_NETWORK, path) && tool_write_file(path, SPAN(text, (size_t)size), 0600);
}

/* --- what is made by commands ------------------------------------------------------------------------- */

struct paths {
    char pki[PKI_PATH_MAX], card[PKI_PATH_MAX], eim[PKI_PATH_MAX], profiles[PKI_PATH_MAX];
    char packages[WORLD_PROFILES][PKI_PATH_MAX];
};

static bool find_paths(const struct world *world, struct paths *paths)
{
    static const char *const packages[] = {[WORLD_BOOTSTRAP] = "bootstrap.der",
                                           [WORLD_OPERATOR] = "profiles/operator.der",
                                           [WORLD_LOCAL] = "profiles/local.der"};
    bool ok = world_path(world, "pki", paths->pki) && world_path(world, "card.db", paths->card) &&
              world_path(world, "eim.der", paths->eim) && world_path(world, "profiles", paths->profiles);

    for (size_t i = 0; ok && i < WORLD_PROFILES; i++)
        ok = world_path(world, packages[i], paths->packages[i]);
    return ok;
}

#define WORDS(...)                                                                                           \
    (const char *const[])                                                                                    \
    {                                                                                                        \
        __VA_ARGS__, NULL                                                                                    \
    }

static bool make_pki(struct world *world, const struct paths *paths)
{
    return world_command(world, &subcommand_pki,
                         WORDS("init", "--dir", paths->pki, "--curve", "p256", "--host", EIM_NAME)) &&
           world_directory(world, paths->profiles);
}

/* All events of all profiles are for the SM-DP+: it is a witness. */
static bool make_profiles(struct world *world, const struct paths *paths)
{
    bool ok = true;

    for (size_t i = 0; ok && i < WORLD_PROFILES; i++) {
        const struct world_subscription *one = &world_subscriptions[i];

        ok = world_command(world, &subcommand_profile,
                           WORDS("make", "--out", paths->packages[i], "--iccid", one->iccid, "--imsi",
                                 one->imsi, "--name", one->name, "--operator", one->service, "--metadata",
                                 "--notify", world->smdpp_address,
                                 i == WORLD_BOOTSTRAP ? "--fallback-allowed" : NULL));
    }
    return ok;
}

static bool make_card(struct world *world, const struct paths *paths)
{
    return world_command(
               world, &subcommand_eim,
               WORDS("config", "--pki", paths->pki, "--fqdn", EIM_NAME, "--indirect", "--out", paths->eim)) &&
           world_command(world, &subcommand_create,
                         WORDS("--card", paths->card, "--pki", paths->pki, "--ipae", "--profile",
                               paths->packages[WORLD_BOOTSTRAP])) &&
           world_command(world, &subcommand_ipa, WORDS("--card", paths->card, "add-eim", paths->eim)) &&
           world_command(world, &subcommand_lpa,
                         WORDS("--card", paths->card, "--keep-notifications", "enable",
                               world_subscriptions[WORLD_BOOTSTRAP].iccid));
}

/* How somebody goes on with it, who has kept it. */
static bool note_rest(struct world *world, const struct paths *paths)
{
    char eim[PLACE_TEXT_MAX], states[2][PKI_PATH_MAX], network[PKI_PATH_MAX];

    snprintf(eim, sizeof(eim), "localhost:%u", eim_network_port(world->eim_network));
    return world_path(world, WORLD_SMDPP_STATE, states[0]) && world_path(world, WORLD_EIM_STATE, states[1]) &&
           world_path(world, WORLD_NETWORK, network) && world_note(world, NULL) &&
           world_note(world, WORDS("smdpp", "--pki", paths->pki, "--profiles", paths->profiles, "--state",
                                   states[0], "--listen", world->smdpp_address)) &&
           world_note(world, WORDS("eim", "--pki", paths->pki, "--state", states[1], "--listen", eim)) &&
           world_note(world, WORDS("device", "--card", paths->card, "--network", network, "--virtual",
                                   "--for", "1h"));
}

/* --- the device --------------------------------------------------------------------------------------- */

void world_told(struct world *world, const struct modem_event *event)
{
    if (world->lent != NULL && (event->kind == MODEM_EVENT_APDU || event->kind == MODEM_EVENT_NETWORK))
        lent_air_schedule(world->lent);
}

static int64_t card_time(void *context)
{
    return device_clock_now(context);
}

static bool open_device(struct world *world, const struct paths *paths)
{
    struct softeuicc_hooks hooks = {.context = world->clock, .now = card_time};
    const struct modem_settings settings = {.imei = IMEI, .habits = world->settings->habits};
    char script[PKI_PATH_MAX], why[AIR_WHY_MAX];

    if (!write_script(world, script))
        return false;
    world->air = air_new(loop_base(world->loop), world->clock, script, world->settings->seed, why);
    if (world->air == NULL)
        return tool_error("%s", why) == EXIT_OK;
    if (world->settings->over_host) {
        world->lent = lent_air_new(world->air, world->clock);
        if (world->lent == NULL)
            return tool_error("out of memory") == EXIT_OK;
        hooks.bearer = lent_air_bearer(world->lent);
    }
    world->link = link_open_card(paths->card, &hooks);
    if (world->link == NULL)
        return false;
    if (world->lent != NULL)
        lent_air_serve(world->lent, link_card(world->link));
    world->modem = modem_new(world->clock, world->link, world->air, &settings, world->settings->told,
                             world->settings->context);
    return world->modem != NULL || tool_error("out of memory") == EXIT_OK;
}

/* --- all of it ---------------------------------------------------------------------------------------- */

bool world_open(struct world *world, const struct world_settings *settings)
{
    struct paths *paths = calloc(1, sizeof(*paths));
    bool ok;

    world->settings = settings;
    ok = paths != NULL && make_directory(world) && find_paths(world, paths) && make_pki(world, paths);
    if (ok)
        world->loop = loop_open();
    /* Before anything is on the loop: the clock gives it its priorities. */
    if (world->loop != NULL)
        world->clock = device_clock_new(loop_base(world->loop), true, -1);
    ok = world->clock != NULL && world_open_servers(world) && make_profiles(world, paths) &&
         make_card(world, paths) && note_rest(world, paths) && open_device(world, paths);
    if (ok)
        world->begun = device_clock_now(world->clock);
    world->is_whole = ok;
    free(paths);
    return ok;
}

void world_close(struct world *world)
{
    modem_free(world->modem);
    link_close(world->link);
    lent_air_free(world->lent);
    air_free(world->air);
    world_close_servers(world);
    device_clock_free(world->clock);
    loop_close(world->loop);
    if (world->has_dir && (world->settings->keep == NULL || !world->is_whole))
        directory_remove(world->dir);
}
