/*
 * All that a card does with its profiles, twice: lifecycle_model.c states the rules of SGP.22 and SGP.32 over
 * a handful of numbers and knows nothing of the card. Here every event is sent to a real card in memory in
 * every state that can be reached, breadth first until nothing new appears; card and model must agree on what
 * is answered, every profile's state, all that is remembered and the notifications that were made.
 */
#include "tests/euicc/lifecycle/lifecycle_card.h"
#include "tests/euicc/lifecycle/lifecycle_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS_MAX   256
#define STATES_MAX   16384
#define STATE_PLACES 65536 /* of the table that finds a state again */

/* --- the events of a world ----------------------------------------------------------------------- */

struct events {
    struct event list[EVENTS_MAX];
    size_t count;
};

static void add(struct events *events, struct event event)
{
    ck_assert_uint_lt(events->count, EVENTS_MAX);
    events->list[events->count++] = event;
}

/* With and without the refresh flag, where the terminal would notice. */
static void add_flagged(struct lifecycle_card *bench, struct events *events, struct event event)
{
    add(events, event);
    event.refresh = true;
    if (bench->world->terminal)
        add(events, event);
}

static void add_package(struct events *events, struct command one, struct command two)
{
    add(events, (struct event){.operation = PACKAGE, .commands = {one, two}});
}

/* What only two commands together can show, of each profile with the next and the one before. */
static void add_pairs(struct lifecycle_card *bench, struct events *events, uint8_t one)
{
    const uint8_t next = (uint8_t)(1 + one % bench->world->count);
    const uint8_t previous = (uint8_t)(1 + (one + bench->world->count - 2) % bench->world->count);
    const struct command disable = {PACKAGE_DISABLE, one};
    const struct command enable = {PACKAGE_ENABLE_ROLLBACK, one};

    add_package(events, disable, enable);
    add_package(events, disable, (struct command){PACKAGE_ENABLE_ROLLBACK, next});
    add_package(events, enable, (struct command){PACKAGE_DELETE, next});
    add_package(events, enable, (struct command){PACKAGE_DELETE, previous});
}

static void make_events(struct lifecycle_card *bench, struct events *events)
{
    const struct command none = {NO_COMMAND, NOBODY};

    events->count = 0;
    for (uint8_t p = 1; p <= bench->world->count; p++) {
        add_flagged(bench, events, (struct event){.operation = LPA_ENABLE, .profile = p});
        add_flagged(bench, events, (struct event){.operation = LPA_DISABLE, .profile = p});
        add(events, (struct event){.operation = LPA_DELETE, .profile = p});
        if (bench->world->profiles[p - 1].downloaded)
            add(events, (struct event){.operation = DOWNLOAD, .profile = p});
        for (int operation = PACKAGE_ENABLE; operation <= PACKAGE_SET_FALLBACK; operation++)
            add_package(events, (struct command){(enum package_operation)operation, p}, none);
        add_pairs(bench, events, p);
    }
    add_package(events, (struct command){PACKAGE_UNSET_FALLBACK, NOBODY}, none);
    add(events, (struct event){.operation = LPA_RESET_OPERATIONAL});
    add(events, (struct event){.operation = LPA_RESET_TEST});
    add(events, (struct event){.operation = IOT_RESET_OPERATIONAL});
    for (int operation = ROLLBACK; operation <= RETURN; operation++)
        add_flagged(bench, events, (struct event){.operation = (enum operation)operation});
    add(events, (struct event){.operation = POWER_LOSS});
}

/* --- the search ---------------------------------------------------------------------------------- */

struct search {
    struct state states[STATES_MAX]; /* in the order in which they were found */
    size_t count;
    uint16_t places[STATE_PLACES]; /* 1 + index into states; 0: free */
};

static bool same(const struct state *a, const struct state *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

static void find_or_add(struct search *search, const struct state *state)
{
    const uint8_t *octets = (const uint8_t *)state;
    uint32_t place = 2166136261u;

    for (size_t i = 0; i < sizeof(*state); i++)
        place = (place ^ octets[i]) * 16777619u;
    for (place %= STATE_PLACES; search->places[place] != 0; place = (place + 1) % STATE_PLACES)
        if (same(&search->states[search->places[place] - 1], state))
            return;
    ck_assert_uint_lt(search->count, STATES_MAX);
    search->states[search->count++] = *state;
    search->places[place] = (uint16_t)search->count;
}

static void describe(const struct lifecycle_card *bench, const struct state *state, char *text, size_t size)
{
    size_t used = 0;

    for (unsigned i = 0; i < bench->world->count; i++)
        used += (size_t)snprintf(text + used, size - used, "%c%c", bench->world->profiles[i].name,
                                 "-de"[state->profiles[i]]);
    snprintf(text + used, size - used, " rb%u fb%u bf%u em%u be%u bt%u in%u%s", state->rollback,
             state->fallback, state->before_fallback, state->emergency, state->before_emergency,
             state->before_test, state->installed, state->busy ? " busy" : "");
}

static void disagree(const struct lifecycle_card *bench, const struct state *from, const struct event *event,
                     const struct outcome *card, const struct outcome *model)
{
    char before[96];
    char after[96];
    char stated[96];

    describe(bench, from, before, sizeof(before));
    describe(bench, &card->state, after, sizeof(after));
    describe(bench, &model->state, stated, sizeof(stated));
    ck_abort_msg(
        "%s: %s, operation %d %u flag %d, commands %d %u, %d %u\n  card  %s: %s %s\n  model %s: %s %s",
        bench->world->name, before, (int)event->operation, event->profile, event->refresh,
        (int)event->commands[0].operation, event->commands[0].profile, (int)event->commands[1].operation,
        event->commands[1].profile, after, card->codes, card->notes, stated, model->codes, model->notes);
}

/* Every event in one state. The card is put back only when it has moved. */
static size_t explore(struct lifecycle_card *bench, struct search *search, const struct events *events,
                      size_t index)
{
    const struct state from = search->states[index];
    size_t transitions = 0;
    struct outcome card;
    struct outcome model;

    lifecycle_card_put(bench, &from);
    for (size_t i = 0; i < events->count; i++) {
        if (!model_possible(bench->world, &from, &events->list[i]))
            continue;
        lifecycle_card_do(bench, &events->list[i], &card);
        model_step(bench->world, &from, &events->list[i], &model);
        if (!same(&card.state, &model.state) || strcmp(card.codes, model.codes) != 0 ||
            strcmp(card.notes, model.notes) != 0)
            disagree(bench, &from, &events->list[i], &card, &model);
        find_or_add(search, &card.state);
        if (!same(&card.state, &from))
            lifecycle_card_put(bench, &from);
        transitions++;
    }
    return transitions;
}

/* --- worlds -------------------------------------------------------------------------------------- */

static const struct world two_operators = {
    .name = "two operators, fallback, emergency",
    .count = 4,
    .profiles = {{.name = 'A'},
                 {.name = 'B', .downloaded = true},
                 {.name = 'F', .fallback_allowed = true},
                 {.name = 'E', .ecall = true}},
};

static const struct world test_profile_too = {
    .name = "a test profile",
    .count = 3,
    .profiles = {{.name = 'A', .fallback_allowed = true},
                 {.name = 'B', .fallback_allowed = true},
                 {.name = 'T', .test = true, .downloaded = true, .fallback_allowed = true}},
};

static const struct world test_profile_in_emergency = {
    .name = "a test profile, emergency",
    .count = 3,
    .profiles = {{.name = 'A', .fallback_allowed = true},
                 {.name = 'T', .test = true},
                 {.name = 'E', .ecall = true}},
};

static const struct world policy_rules = {
    .name = "policy rules",
    .v1_3 = true,
    .count = 4,
    .profiles = {{.name = 'A', .ppr1 = true},
                 {.name = 'B', .ppr2 = true, .downloaded = true},
                 {.name = 'F', .fallback_allowed = true, .ppr1 = true},
                 {.name = 'E', .ecall = true, .fallback_allowed = true, .downloaded = true}},
};

static const struct world serving_terminal = {
    .name = "a terminal that serves REFRESH",
    .terminal = true,
    .count = 3,
    .profiles = {{.name = 'A', .downloaded = true},
                 {.name = 'F', .fallback_allowed = true},
                 {.name = 'E', .ecall = true}},
};

static void agree_everywhere(const struct world *world)
{
    struct search *search = calloc(1, sizeof(*search));
    struct events events;
    struct state state;
    struct lifecycle_card bench;
    size_t transitions = 0;

    ck_assert_ptr_nonnull(search);
    lifecycle_card_open(&bench, world);
    make_events(&bench, &events);
    lifecycle_card_read(&bench, &state);
    find_or_add(search, &state);
    for (size_t i = 0; i < search->count; i++)
        transitions += explore(&bench, search, &events, i);
    printf("lifecycle: %s: %zu states, %zu transitions by %zu events\n", world->name, search->count,
           transitions, events.count);
    lifecycle_card_close(&bench);
    free(search);
}

START_TEST(card_and_model_agree_on_two_operators)
{
    agree_everywhere(&two_operators);
}
END_TEST

START_TEST(card_and_model_agree_on_a_test_profile)
{
    agree_everywhere(&test_profile_too);
}
END_TEST

START_TEST(card_and_model_agree_on_a_test_profile_in_an_emergency)
{
    agree_everywhere(&test_profile_in_emergency);
}
END_TEST

START_TEST(card_and_model_agree_on_policy_rules)
{
    agree_everywhere(&policy_rules);
}
END_TEST

START_TEST(card_and_model_agree_on_a_terminal)
{
    agree_everywhere(&serving_terminal);
}
END_TEST

TEST_MAIN("lifecycle model", card_and_model_agree_on_two_operators, card_and_model_agree_on_a_test_profile,
          card_and_model_agree_on_a_test_profile_in_an_emergency, card_and_model_agree_on_policy_rules,
          card_and_model_agree_on_a_terminal)
