/* What `ctl show` says of a card's IPAe. */
#include "device/card_settings.h"
#include "tools/ctl/facts.h"

#include <stdio.h>
#include <string.h>

/* A member with words in front, when it is there. */
static void append_fact(char text[CTL_TEXT_SIZE], const char *words, const json_t *object, const char *name)
{
    char fact[CTL_TEXT_SIZE];
    size_t size = strlen(text);

    if (ctl_text(object, name, fact)[0] != '\0')
        snprintf(text + size, CTL_TEXT_SIZE - size, "%s%s%.80s", size > 0 ? ", " : "", words, fact);
}

static void show_state(const json_t *ipae)
{
    char text[CTL_TEXT_SIZE], network[CTL_TEXT_SIZE];
    const bool is_polling = json_is_true(json_object_get(ipae, "polling"));

    ctl_text(ipae, "network", network);
    snprintf(text, sizeof(text), "%s%s%s%s",
             json_is_true(json_object_get(ipae, "active")) ? "active" : "not active",
             strcmp(network, "host") == 0       ? ", network of this machine"
             : strcmp(network, "terminal") == 0 ? ", network of the terminal"
                                                : ", no network yet",
             json_is_true(json_object_get(ipae, "strict")) ? ", strict" : "", is_polling ? ", polling" : "");
    if (!is_polling)
        append_fact(text, "next poll ", ipae, "next_poll");
    ctl_line("IPAe", text);
}

/* What it has seen of the device and its network. */
static void show_watch(const json_t *ipae)
{
    char text[CTL_TEXT_SIZE] = "";

    append_fact(text, "nothing from the network since ", ipae, "lost_since");
    if (json_is_true(json_object_get(ipae, "on_trial")))
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%sthe profile is on trial",
                 text[0] != '\0' ? ", " : "");
    append_fact(text, "the profile before is tried at ", ipae, "return_at");
    append_fact(text, "the eIM knows network ", ipae, "plmn");
    append_fact(text, "IMEI ", ipae, "imei");
    if (text[0] != '\0')
        ctl_line("IPAe's watch", text);
}

static long long count_of(const json_t *counts, const char *name)
{
    return (long long)json_integer_value(json_object_get(counts, name));
}

/* What the IPAe has done and spent; ways back stand there only once there were any. */
static void show_counts(const char *label, const json_t *counts)
{
    char text[CTL_TEXT_SIZE];
    int size;

    if (!json_is_object(counts))
        return;
    size =
        snprintf(text, sizeof(text), "polls %lld (%lld failed), packages %lld, downloads %lld, changes %lld",
                 count_of(counts, "polls"), count_of(counts, "polls_failed"), count_of(counts, "packages"),
                 count_of(counts, "downloads"), count_of(counts, "profile_changes"));
    if (count_of(counts, "rollbacks") + count_of(counts, "fallbacks") + count_of(counts, "returns") > 0)
        snprintf(text + size, sizeof(text) - (size_t)size, " (rollbacks %lld, fallbacks %lld, returns %lld)",
                 count_of(counts, "rollbacks"), count_of(counts, "fallbacks"), count_of(counts, "returns"));
    ctl_line(label, text);
    snprintf(text, sizeof(text),
             "octets sent %lld, received %lld; channels %lld, %.1f s; proactive commands %lld, APDUs %lld",
             count_of(counts, "sent"), count_of(counts, "received"), count_of(counts, "channels"),
             (double)count_of(counts, "channel_ms") / 1000, count_of(counts, "proactive_commands"),
             count_of(counts, "commands"));
    ctl_line("", text);
}

static void show_setting(const json_t *setting)
{
    char name[CTL_TEXT_SIZE], value[CTL_TEXT_SIZE], eim[CTL_TEXT_SIZE], text[CTL_TEXT_SIZE];
    char made[CARD_SETTING_SIZE];
    bool is_own = ctl_text(setting, "eim_id", eim)[0] != '\0';

    ctl_text(setting, "name", name);
    ctl_text(setting, "value", value);
    snprintf(text, sizeof(text), "%.60s = %.60s%s%.200s", name,
             card_setting_text(card_setting_kind_named(name), value, made), is_own ? ", for eIM " : "",
             is_own ? eim : "");
    ctl_line("IPAe's setting", text);
}

void ctl_show_ipae(const json_t *ipae)
{
    json_t *setting;
    size_t index;

    if (!json_is_object(ipae))
        return;
    show_state(ipae);
    show_watch(ipae);
    show_counts("IPAe, in all", json_object_get(ipae, "counts"));
    show_counts("IPAe, last round", json_object_get(ipae, "last_round"));
    json_array_foreach(json_object_get(ipae, "settings"), index, setting)
    {
        show_setting(setting);
    }
}

void ctl_show_polls(const json_t *ipae)
{
    static const struct ctl_column columns[] = {{TABLE_WHOLE("EIM"), "eim_id", NULL},
                                                {TABLE_WHOLE("LAST POLL"), "last_poll", NULL},
                                                {TABLE_WHOLE("NEXT POLL"), "next_poll", NULL},
                                                {TABLE_RIGHT("FAILURES"), "failures", NULL},
                                                {TABLE_SENTENCE("WHY"), "failure", NULL}};

    ctl_table("Polls of eIMs", json_object_get(ipae, "eims"), columns, sizeof(columns) / sizeof(columns[0]));
}
