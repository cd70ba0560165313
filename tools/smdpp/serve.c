/* `softeuicc smdpp` as a server: its listeners, and all that is opened for them. See settings.h. */
#include "common/net/addresses.h"
#include "common/print/print.h"
#include "common/tool.h"
#include "servers/smdpp/network/door.h"
#include "tools/smdpp/settings.h"

#include <event2/event.h>
#include <stdio.h>
#include <unistd.h>

struct serving {
    const struct smdpp_settings *settings;
    struct smdpp smdpp;
    struct https_identities tls;
    struct loop *loop;
    struct smdpp_door *lpas, *operators; /* NULL: not open, or not asked for */
};

/* --- Listeners ------------------------------------------------------------------------------------------ */

/* NULL after an error line. */
static struct smdpp_door *open_door(struct serving *serving, enum http_api_door kind,
                                    const struct place *place, const char *client_ca)
{
    /* Operators are few. */
    unsigned all = https_connections_max(), few = serving->settings->with_es2 ? all / 4 : 0;
    struct https_options options = {.address = place->host,
                                    .port = place->port,
                                    .client_ca = client_ca,
                                    .names = serving->settings->addresses,
                                    .names_count = serving->settings->addresses_count,
                                    .connections_max = kind == HTTP_API_OPERATORS ? few : all - few};

    https_identities_set(&serving->tls, &options);
    return smdpp_door_open(serving->loop, &serving->smdpp, kind, &options);
}

static bool open_doors(struct serving *serving)
{
    const struct smdpp_settings *settings = serving->settings;
    const char *ca = settings->es2_client_ca;
    char bundle[PKI_PATH_MAX];

    serving->lpas =
        open_door(serving, settings->with_es2 ? HTTP_API_LPAS : HTTP_API_ALL, &settings->listen, NULL);
    if (serving->lpas == NULL)
        return false;
    if (!settings->with_es2)
        return true;
    if (ca == NULL && pki_top_path(bundle, settings->pki, PKI_CA_BUNDLE))
        ca = bundle;
    if (ca != NULL)
        serving->operators = open_door(serving, HTTP_API_OPERATORS, &settings->es2_listen, ca);
    return serving->operators != NULL;
}

static void announce_es2(const struct serving *serving)
{
    const struct smdpp_settings *settings = serving->settings;
    char where[PLACE_TEXT_MAX];

    if (settings->with_es2) {
        place_text(settings->es2_listen.host, smdpp_door_port(serving->operators), SMDPP_HTTPS_PORT, where,
                   sizeof(where));
        print_line("listening for operators on https://%s", where);
    } else if (addresses_is_loopback(settings->listen.host)) {
        log_line(LOG_LEVEL_INFO,
                 "ES2+ takes orders without a certificate, on this machine (--es2-listen asks for one)");
    } else {
        tool_note("ES2+ takes orders from everybody who reaches this server: --es2-listen HOST:PORT lets in "
                  "operators "
                  "with a certificate only");
    }
}

/* --- All of it ------------------------------------------------------------------------------------------ */

static bool open_model(struct serving *serving)
{
    const struct smdpp_settings *settings = serving->settings;
    struct smdpp *smdpp = &serving->smdpp;
    char why[DB_WHY_MAX];

    if (!smdpp_name_server(&smdpp->dp, settings, smdpp_door_port(serving->lpas)))
        return false;
    smdpp->options = settings->options;
    smdpp->started = smdpp_now();
    smdpp->store = store_open(settings->state, why);
    if (smdpp->store == NULL) {
        tool_error("%s", why);
        return false;
    }
    smdpp->catalogue = profile_catalogue_new(settings->profiles, smdpp->dp.rsp.address[0]);
    if (smdpp->catalogue == NULL || !profile_catalogue_readable(smdpp->catalogue)) {
        tool_error("cannot read the directory %s", settings->profiles);
        return false;
    }
    smdpp_refresh_profiles(smdpp);
    return true;
}

static void on_directory(evutil_socket_t fd, short events, void *smdpp)
{
    (void)fd;
    (void)events;
    smdpp_refresh_profiles(smdpp);
}

/* Has changes of the profile directory read when they happen, not when an eUICC waits for them. NULL: then
 * they are. */
static struct event *watch_profiles(struct smdpp *smdpp, struct loop *loop)
{
    int fd = profile_catalogue_descriptor(smdpp->catalogue);
    struct event *event =
        fd >= 0 ? event_new(loop_base(loop), fd, EV_READ | EV_PERSIST, on_directory, smdpp) : NULL;

    if (event != NULL)
        event_add(event, NULL);
    return event;
}

/* `cert` and `key` are those of this server. */
static struct registrar *open_registrar(struct loop *loop, struct smdpp *smdpp,
                                        const struct smdpp_settings *settings, const char *cert,
                                        const char *key)
{
    static char bundle[PKI_PATH_MAX];
    bool own = settings->smds_cert != NULL;
    struct registrar_options options = {.cacert = settings->smds_ca,
                                        .cert = own ? settings->smds_cert : cert,
                                        .key = own ? settings->smds_key : key,
                                        .roots = settings->roots,
                                        .roots_count = settings->roots_count,
                                        .places = settings->es12,
                                        .places_count = settings->es12_count};

    if (options.cacert == NULL && settings->pki != NULL && pki_top_path(bundle, settings->pki, PKI_CA_BUNDLE))
        options.cacert = bundle;
    return registrar_open(loop, smdpp, &options);
}

static bool serving_open(struct serving *serving)
{
    const struct smdpp_settings *settings = serving->settings;
    struct smdpp *smdpp = &serving->smdpp;

    if (!smdpp_load_identity(smdpp, settings, &serving->tls))
        return false;
    smdpp->dp.rsp.trust.ignore_expiry = settings->ignore_expiry;
    serving->loop = loop_open();
    return serving->loop != NULL && open_doors(serving) && open_model(serving) &&
           open_registrar(serving->loop, smdpp, settings, serving->tls.list[0].cert,
                          serving->tls.list[0].key) != NULL &&
           tool_write_pid_file(settings->pid_file);
}

static bool serving_run(struct serving *serving)
{
    const struct smdpp_settings *settings = serving->settings;
    struct event *profiles = watch_profiles(&serving->smdpp, serving->loop);
    char where[PLACE_TEXT_MAX];
    bool ok;

    place_text(settings->listen.host, smdpp_door_port(serving->lpas), SMDPP_HTTPS_PORT, where, sizeof(where));
    announce_es2(serving);
    print_line("listening on https://%s as %s", where, serving->smdpp.dp.rsp.address[0]);
    fflush(stdout);
    ok = loop_run(serving->loop);
    if (profiles != NULL)
        event_free(profiles);
    if (settings->pid_file != NULL)
        unlink(settings->pid_file);
    return ok;
}

int smdpp_serve(const struct smdpp_settings *settings)
{
    struct serving serving = {.settings = settings};
    bool ok = serving_open(&serving) && serving_run(&serving);

    registrar_close(serving.smdpp.registrar);
    smdpp_door_close(serving.operators);
    smdpp_door_close(serving.lpas);
    loop_close(serving.loop);
    smdpp_clear(&serving.smdpp);
    return ok ? EXIT_OK : EXIT_FAILED;
}
