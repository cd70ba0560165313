/*
 * The demo as a person sees it: the story line by line, at the pace of a reader, and below it on a terminal
 * how the device stands. While a reader reads, the world's clock is held: nothing happens meanwhile.
 */
#include "common/print/print.h"
#include "common/tool.h"
#include "device/air/air_text.h"
#include "tools/demo/demo.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Milliseconds that a reader has for it, at the usual pace. */
enum { READ_TITLE = 2200, READ_LINE = 700, READ_END = 1600, SEE_OCTETS = 12, SEE_LOOK = 15 };

enum { PANEL_LINES = 5, TEXT_MAX = 240, TIME_SIZE = 40 };

/* --- the pace ----------------------------------------------------------------------------------------- */

static void on_paused(evutil_socket_t none, short events, void *context)
{
    struct demo *demo = context;

    (void)none;
    (void)events;
    demo->view.is_paused = false;
    device_clock_release(demo->world.clock);
}

/* So much longer from now, if it would not be longer already. */
static void view_pause(struct demo *demo, int64_t milliseconds)
{
    struct view *view = &demo->view;
    int64_t real;
    struct timeval left;

    if (demo->options->percent == 0)
        return;
    real = milliseconds * 100 / demo->options->percent;
    left = (struct timeval){real / 1000, (suseconds_t)(real % 1000 * 1000)};
    if (view->is_paused && milliseconds < READ_LINE)
        return;
    if (!view->is_paused)
        device_clock_hold(demo->world.clock);
    view->is_paused = true;
    event_add(view->pause, &left);
}

/* --- how it stands ------------------------------------------------------------------------------------ */

static int64_t count_of(const struct view *view, const char *name)
{
    return json_integer_value(json_object_get(view->seen[PARTY_CARD], name));
}

/* "day 2 01:15:31" */
static const char *time_text(const struct demo *demo, char text[TIME_SIZE])
{
    int64_t seconds = world_time(&demo->world) / 1000;

    snprintf(text, TIME_SIZE, "day %" PRId64 " %02d:%02d:%02d", seconds / 86400 + 1,
             (int)(seconds / 3600 % 24), (int)(seconds / 60 % 60), (int)(seconds % 60));
    return text;
}

/* "45s", "26m", "5h32m" */
static const char *span_text(int64_t milliseconds, char text[TIME_SIZE])
{
    int64_t seconds = milliseconds / 1000;

    if (seconds < 60)
        snprintf(text, TIME_SIZE, "%" PRId64 "s", seconds);
    else if (seconds < 3600)
        snprintf(text, TIME_SIZE, "%" PRId64 "m", seconds / 60);
    else
        snprintf(text, TIME_SIZE, "%" PRId64 "h%02dm", seconds / 3600, (int)(seconds / 60 % 60));
    return text;
}

/* The profiles of the card, the enabled one in capitals. */
static void profiles_text(const struct demo *demo, char text[TEXT_MAX])
{
    const char *on_card = json_string_value(json_object_get(demo->view.seen[PARTY_CARD], "profiles"));
    const char *enabled = world_profile_name(modem_iccid(demo->world.modem));

    text[0] = '\0';
    for (size_t i = 0; i < WORLD_PROFILES; i++) {
        const char *name = world_subscriptions[i].name;
        bool is_there = on_card != NULL && strstr(on_card, name) != NULL;
        size_t used = strlen(text);

        snprintf(text + used, TEXT_MAX - used, "%s%s", used > 0 ? " " : "",
                 is_there || strcmp(name, enabled) == 0 ? name : "-");
        if (strcmp(name, enabled) == 0)
            for (char *c = text + used + (used > 0); *c != '\0'; c++)
                *c = (char)(*c - 'a' + 'A');
    }
}

static void picture_text(const struct demo *demo, char text[TEXT_MAX])
{
    const char *link = " -------- ";
    char profiles[TEXT_MAX];

    if (modem_network(demo->world.modem)->service != AIR_NORMAL)
        link = "    xx    ";
    else if (demo->view.flow != 0)
        link = demo->view.flow > 0 ? " <<<<<<<< " : " >>>>>>>> ";
    profiles_text(demo, profiles);
    snprintf(text, TEXT_MAX, "  SM-DP+ -- eIM -- ((network))%sdevice [ %.100s ]", link, profiles);
}

static void polls_text(const struct demo *demo, char text[TEXT_MAX])
{
    const struct air_figures *carried = air_figures(demo->world.air);
    char now[TIME_SIZE];

    snprintf(text, TEXT_MAX, "  %s   %" PRId64 " polls   %" PRIu64 " octets up, %" PRIu64 " down",
             time_text(demo, now), count_of(&demo->view, "polls"), carried->sent, carried->received);
}

/* "7 switches: 1 rolled back, 1 fallen back, 1 returned" */
static const char *switches_text(const struct view *view, char text[TEXT_MAX])
{
    snprintf(text, TEXT_MAX,
             "%" PRId64 " switches: %" PRId64 " rolled back, %" PRId64 " fallen back, %" PRId64 " returned",
             count_of(view, "profile_changes"), count_of(view, "rollbacks"), count_of(view, "fallbacks"),
             count_of(view, "returns"));
    return text;
}

static void show_panel(struct demo *demo)
{
    char picture[TEXT_MAX], network[TEXT_MAX], polls[TEXT_MAX], switches[TEXT_MAX], text[TEXT_MAX];
    const char *const lines[PANEL_LINES] = {"", picture, network, polls, switches};

    if (demo->options->json || demo->world.modem == NULL || !status_panel_is_seen())
        return;
    picture_text(demo, picture);
    snprintf(network, sizeof(network), "  network: %s",
             air_state_text(modem_network(demo->world.modem), text));
    polls_text(demo, polls);
    snprintf(switches, sizeof(switches), "  %.200s", switches_text(&demo->view, text));
    status_panel_show(&demo->view.panel, lines, PANEL_LINES);
}

/* --- lines -------------------------------------------------------------------------------------------- */

static void say_line(struct demo *demo, const char *who, const char *what, int64_t pause)
{
    char now[TIME_SIZE];

    if (demo->options->json)
        return;
    status_panel_clear(&demo->view.panel);
    print_line("    %s  %-6s  %s", time_text(demo, now), who, what);
    show_panel(demo);
    view_pause(demo, pause);
    fflush(stdout);
}

void view_act(struct demo *demo, const char *who, const char *what)
{
    say_line(demo, who, what, READ_LINE);
}

/* A network that is searched for, or that says the same again, is no news. */
static void say_network(struct demo *demo)
{
    const struct air_state *state = modem_network(demo->world.modem);
    struct view *view = &demo->view;
    char text[AIR_TEXT_SIZE];

    if (state->service == AIR_SEARCHING || strcmp(air_state_text(state, text), view->network) == 0)
        return;
    snprintf(view->network, sizeof(view->network), "%s", text);
    say_line(demo, "device", text, READ_LINE);
}

static void say_profile(struct demo *demo, const char *iccid)
{
    char text[TEXT_MAX];

    snprintf(text, sizeof(text), "reads the card: profile '%s', ICCID %s", world_profile_name(iccid), iccid);
    say_line(demo, "device", text, READ_LINE);
}

void view_event(struct demo *demo, const struct modem_event *event)
{
    struct view *view = &demo->view;

    if (demo->options->json || demo->world.modem == NULL)
        return;
    switch (event->kind) {
    case MODEM_EVENT_NETWORK:
        say_network(demo);
        break;
    case MODEM_EVENT_PROFILE:
        say_profile(demo, event->text != NULL ? event->text : "");
        break;
    case MODEM_EVENT_PROACTIVE:
        if (event->text != NULL && strcmp(event->text, "REFRESH") == 0)
            say_line(demo, "card", "asks for a REFRESH: another profile is to be enabled", READ_LINE);
        break;
    case MODEM_EVENT_TROUBLE:
        say_line(demo, "device", event->text, READ_LINE);
        break;
    case MODEM_EVENT_SENT:
    case MODEM_EVENT_RECEIVED:
        view->flow = event->kind == MODEM_EVENT_SENT ? 1 : -1;
        show_panel(demo);
        view_pause(demo, SEE_OCTETS);
        break;
    case MODEM_EVENT_CHANNEL:
        view->flow = 0;
        break;
    default:
        break;
    }
}

/* What is worth a line when it has happened once more. */
static const struct {
    enum party party;
    const char *fact, *text;
} news[] = {
    {PARTY_CARD, "downloads", "has installed another profile"},
    {PARTY_CARD, "rollbacks", "has rolled back: ten minutes without a word over the new network"},
    {PARTY_CARD, "fallbacks", "has fallen back: an hour without a network"},
    {PARTY_CARD, "returns", "has returned to the profile before the fallback"},
    {PARTY_EIM, "rules_fired", "one of its rules has fired, and has ordered what it says"},
    {PARTY_SMDPP, "installs", "has the card's word that the profile is installed"},
};

static int64_t number_of(json_t *const facts[PARTIES], enum party party, const char *name)
{
    return json_integer_value(json_object_get(facts[party], name));
}

void view_look(struct demo *demo, json_t *const facts[PARTIES])
{
    struct view *view = &demo->view;

    for (size_t i = 0; i < sizeof(news) / sizeof(news[0]); i++)
        if (number_of(facts, news[i].party, news[i].fact) >
            number_of(view->seen, news[i].party, news[i].fact))
            say_line(demo, party_names[news[i].party].title, news[i].text, READ_LINE);
    for (size_t i = 0; i < PARTIES; i++) {
        json_decref(view->seen[i]);
        view->seen[i] = json_incref(facts[i]);
    }
    if (demo->options->json)
        return;
    show_panel(demo);
    view_pause(demo, SEE_LOOK);
}

/* --- the steps ---------------------------------------------------------------------------------------- */

void view_begin(struct demo *demo)
{
    if (demo->options->json)
        return;
    print_line("A device with a card that manages itself, over %s.",
               demo->options->over_host ? "the network of its host" : "channels of its modem (BIP)");
    print_line("Its EID is %s.", world_eid(&demo->world));
    print_line("The eIM listens on https://localhost:%u, the SM-DP+ on https://%s.",
               eim_network_port(demo->world.eim_network), demo->world.smdpp_address);
    fflush(stdout);
}

void view_step_begins(struct demo *demo, size_t number, const char *title)
{
    if (demo->options->json)
        return;
    status_panel_clear(&demo->view.panel);
    print_line("%s", "");
    print_line("%zu. %s", number, title);
    show_panel(demo);
    view_pause(demo, READ_TITLE);
    fflush(stdout);
}

static void print_fact(enum party party, const json_t *fact)
{
    bool is_so = json_is_true(json_object_get(fact, "ok"));
    const char *expected = json_string_value(json_object_get(fact, "expected"));

    print_part("    %-6s %-6s  %s: %s", is_so ? "ok" : "FAILED", party_names[party].title,
               json_string_value(json_object_get(fact, "fact")),
               json_string_value(json_object_get(fact, "got")));
    print_line("%s%s%s", is_so ? "" : " (expected ", is_so ? "" : expected, is_so ? "" : ")");
}

void view_step_ends(struct demo *demo, const struct step_result *result)
{
    char took[TIME_SIZE];

    if (demo->options->json)
        return;
    status_panel_clear(&demo->view.panel);
    for (size_t i = 0; i < PARTIES; i++) {
        const json_t *fact;
        size_t n;

        json_array_foreach(result->confirmed[i], n, fact)
        {
            if (demo->options->facts || !json_is_true(json_object_get(fact, "ok")))
                print_fact((enum party)i, fact);
        }
    }
    if (result->ok)
        print_line(
            "    confirmed after %s: card %zu, device %zu, eIM %zu, SM-DP+ %zu facts",
            span_text(result->ended - result->began, took), json_array_size(result->confirmed[PARTY_CARD]),
            json_array_size(result->confirmed[PARTY_DEVICE]), json_array_size(result->confirmed[PARTY_EIM]),
            json_array_size(result->confirmed[PARTY_SMDPP]));
    show_panel(demo);
    view_pause(demo, READ_END);
    fflush(stdout);
}

void view_end(struct demo *demo, size_t confirmed)
{
    const struct view *view = &demo->view;
    char open[TIME_SIZE], switches[TEXT_MAX];

    if (demo->options->json)
        return;
    status_panel_clear(&demo->view.panel);
    print_line("%s", "");
    print_line("%" PRId64 " hours of a device's life, told in %.1f seconds",
               world_time(&demo->world) / (3600 * 1000), (double)demo->took / 1000);
    print_line("  %-10s %" PRId64 ", of which %" PRId64 " failed", "polls", count_of(view, "polls"),
               count_of(view, "polls_failed"));
    print_line("  %-10s %" PRId64, "packages", count_of(view, "packages"));
    print_line("  %-10s %" PRId64, "downloads", count_of(view, "downloads"));
    print_line("  %-10s %s", "profiles", switches_text(view, switches));
    print_line("  %-10s %" PRId64 " sent, %" PRId64 " received", "octets", count_of(view, "sent"),
               count_of(view, "received"));
    print_line("  %-10s %" PRId64 ", open for %s together", "channels", count_of(view, "channels"),
               span_text(count_of(view, "channel_ms"), open));
    print_line("  %-10s %" PRId64 " proactive, %" PRId64 " of the device for them", "commands",
               count_of(view, "proactive_commands"), count_of(view, "commands"));
    if (confirmed > 0)
        print_line("All %zu steps were confirmed by the card, the device, the eIM and the SM-DP+.",
                   confirmed);
    if (demo->options->keep != NULL)
        print_line("What it was made of is in %s; the file 'commands' there says how.", demo->options->keep);
}

bool view_open(struct demo *demo)
{
    demo->view.pause = event_new(loop_base(demo->world.loop), -1, 0, on_paused, demo);
    return demo->view.pause != NULL || tool_error("out of memory") == EXIT_OK;
}

void view_close(struct demo *demo)
{
    struct view *view = &demo->view;

    status_panel_clear(&view->panel);
    if (view->pause != NULL)
        event_free(view->pause);
    if (view->is_paused)
        device_clock_release(demo->world.clock);
    for (size_t i = 0; i < PARTIES; i++)
        json_decref(view->seen[i]);
    *view = (struct view){0};
}
