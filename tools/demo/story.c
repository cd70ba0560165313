/* From step to step: one is over as soon as card, device, eIM and SM-DP+ say what they must of it, and has
 * failed when one of them does not in its time. */
#include "common/tool.h"
#include "tools/demo/demo.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK_EVERY = 60 * 1000, FACT_MAX = 200 };

/* --- whether it is so --------------------------------------------------------------------------------- */

static void fact_text(const json_t *fact, char text[FACT_MAX])
{
    if (json_is_integer(fact))
        snprintf(text, FACT_MAX, "%" PRId64, (int64_t)json_integer_value(fact));
    else if (json_is_boolean(fact))
        snprintf(text, FACT_MAX, "%s", json_is_true(fact) ? "true" : "false");
    else
        snprintf(text, FACT_MAX, "%s", json_is_string(fact) ? json_string_value(fact) : "missing");
}

/* "+3", "+3..": how much a number has grown. */
static bool has_grown(const char *expected, const json_t *before, const json_t *now, char got[FACT_MAX])
{
    int64_t grown = json_integer_value(now) - json_integer_value(before), least;
    char *end;

    if (!json_is_integer(before) || !json_is_integer(now)) {
        snprintf(got, FACT_MAX, "missing");
        return false;
    }
    least = strtoll(expected + 1, &end, 10);
    snprintf(got, FACT_MAX, "+%" PRId64, grown);
    return strcmp(end, "..") == 0 ? grown >= least : grown == least;
}

static bool is_so(const char *expected, const json_t *before, const json_t *now, char got[FACT_MAX])
{
    size_t size = strlen(expected);

    if (expected[0] == '+')
        return has_grown(expected, before, now, got);
    fact_text(now, got);
    if (size > 0 && expected[size - 1] == '*')
        return strncmp(got, expected, size - 1) == 0;
    return strcmp(got, expected) == 0;
}

static void forget_results(struct step_result *result)
{
    for (size_t i = 0; i < PARTIES; i++) {
        json_decref(result->confirmed[i]);
        result->confirmed[i] = json_array();
    }
}

/* What all of them say now, against what they should. False: not all of it. */
static bool confirm(struct story *story, json_t *const facts[PARTIES])
{
    struct step_result *result = &story->results[story->at];
    bool ok = true;

    forget_results(result);
    for (const struct story_check *check = story_steps[story->at].checks; check->party < PARTIES; check++) {
        char got[FACT_MAX];
        bool is = is_so(check->expected, json_object_get(story->before[check->party], check->fact),
                        json_object_get(facts[check->party], check->fact), got);

        json_array_append_new(result->confirmed[check->party],
                              json_pack("{s:s, s:s, s:s, s:b}", "fact", check->fact, "expected",
                                        check->expected, "got", got, "ok", (int)is));
        ok = ok && is;
    }
    return ok;
}

static void drop_facts(json_t *facts[PARTIES])
{
    for (size_t i = 0; i < PARTIES; i++) {
        json_decref(facts[i]);
        facts[i] = NULL;
    }
}

/* False, and nothing in `facts`, when one of them cannot be asked. */
static bool ask_all(struct story *story, json_t *facts[PARTIES])
{
    struct demo *demo = story->demo;
    bool ok = true;

    for (size_t i = 0; i < PARTIES; i++) {
        facts[i] = party_facts(&demo->world, &demo->witness, &story->order, (enum party)i);
        ok = ok && facts[i] != NULL;
    }
    if (ok)
        view_look(demo, facts);
    else
        drop_facts(facts);
    return ok;
}

/* --- from step to step -------------------------------------------------------------------------------- */

static void story_end(struct story *story)
{
    story->is_over = true;
    loop_end(story->demo->world.loop);
}

static void look_in(struct story *story, int64_t after)
{
    alarm_set(story->look, device_clock_now(story->demo->world.clock) + after);
}

/* Its time has come. */
static void begin_step(struct story *story)
{
    const struct story_step *step = &story_steps[story->at];
    struct step_result *result = &story->results[story->at];

    drop_facts(story->before);
    if (!ask_all(story, story->before)) {
        story->has_failed = true;
        story_end(story);
        return;
    }
    result->has_begun = true;
    result->began = world_time(&story->demo->world);
    view_step_begins(story->demo, story->at + 1, step->title);
    if (step->begin == NULL || step->begin(story)) {
        look_in(story, LOOK_EVERY);
        return;
    }
    story->has_failed = true;
    story_end(story);
}

static void next_step(struct story *story)
{
    int64_t now = world_time(&story->demo->world);

    story->at++;
    if (story->at == story_steps_count)
        story_end(story);
    else
        look_in(story, story_steps[story->at].at > now ? story_steps[story->at].at - now : 0);
}

static void judge_step(struct story *story)
{
    const struct story_step *step = &story_steps[story->at];
    struct step_result *result = &story->results[story->at];
    json_t *facts[PARTIES];

    if (!ask_all(story, facts)) {
        story->has_failed = true;
        story_end(story);
        return;
    }
    result->ok = confirm(story, facts);
    result->ended = world_time(&story->demo->world);
    drop_facts(facts);
    if (!result->ok && result->ended < result->began + step->within) {
        look_in(story, LOOK_EVERY);
        return;
    }
    view_step_ends(story->demo, result);
    if (result->ok)
        next_step(story);
    else
        story_end(story);
}

static void on_look(void *context)
{
    struct story *story = context;

    if (story->is_over)
        return;
    if (modem_stage(story->demo->world.modem) == MODEM_FAILED) {
        tool_error("the card cannot be reached any more");
        story->has_failed = true;
        story_end(story);
    } else if (!story->results[story->at].has_begun) {
        begin_step(story);
    } else {
        judge_step(story);
    }
}

bool story_start(struct story *story, struct demo *demo)
{
    story->demo = demo;
    story->look = alarm_new(demo->world.clock, on_look, story);
    if (story->look == NULL)
        return tool_error("out of memory") == EXIT_OK;
    look_in(story, 0);
    return true;
}

void story_clear(struct story *story)
{
    alarm_free(story->look);
    story->look = NULL;
    drop_facts(story->before);
    for (size_t i = 0; i < STORY_STEPS_MAX; i++)
        drop_facts(story->results[i].confirmed);
}

bool story_is_good(const struct story *story)
{
    for (size_t i = 0; i < story_steps_count; i++)
        if (!story->results[i].ok)
            return false;
    return !story->has_failed;
}
