/* How the demo went, for programs: JSON, and JUnit's XML. */
#include "common/print/junit.h"
#include "common/print/print_json.h"
#include "common/tool.h"
#include "tools/demo/demo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The facts of the card that the summary has, in order. */
static const char *const report_counts[] = {
    "polls",   "polls_failed", "packages", "downloads", "profile_changes", "rollbacks",          "fallbacks",
    "returns", "sent",         "received", "channels",  "channel_ms",      "proactive_commands", "commands",
    NULL};

/* Whether one of them has said all that it must. */
static bool has_confirmed(const json_t *facts)
{
    const json_t *fact;
    size_t i;

    json_array_foreach(facts, i, fact)
    {
        if (!json_is_true(json_object_get(fact, "ok")))
            return false;
    }
    return json_array_size(facts) > 0;
}

static json_t *step_json(const struct story_step *step, const struct step_result *result)
{
    json_t *json = json_pack("{s:s, s:s, s:b, s:b}", "name", step->name, "title", step->title, "ok",
                             (int)result->ok, "begun", (int)result->has_begun);

    if (result->has_begun) {
        json_object_set_new(json, "began_ms", json_integer(result->began));
        json_object_set_new(json, "ended_ms", json_integer(result->ended));
    }
    for (size_t i = 0; i < PARTIES; i++)
        json_object_set_new(json, party_names[i].name,
                            json_pack("{s:b, s:O?}", "ok", (int)has_confirmed(result->confirmed[i]), "facts",
                                      result->confirmed[i]));
    return json;
}

static json_t *profiles_json(void)
{
    json_t *json = json_object();

    for (size_t i = 0; i < WORLD_PROFILES; i++)
        json_object_set_new(json, world_subscriptions[i].name, json_string(world_subscriptions[i].iccid));
    return json;
}

int report_json(struct demo *demo)
{
    json_t *steps = json_array(), *summary = json_object();

    for (size_t i = 0; i < story_steps_count; i++)
        json_array_append_new(steps, step_json(&story_steps[i], &demo->story.results[i]));
    json_object_set_new(summary, "time_ms", json_integer(world_time(&demo->world)));
    json_object_set_new(summary, "took_ms", json_integer(demo->took));
    for (size_t i = 0; report_counts[i] != NULL; i++)
        json_object_set(summary, report_counts[i],
                        json_object_get(demo->view.seen[PARTY_CARD], report_counts[i]));
    return print_json(json_pack("{s:b, s:s, s:s, s:o, s:o, s:o}", "ok", (int)story_is_good(&demo->story),
                                "bearer", demo->options->over_host ? "host" : "bip", "eid",
                                world_eid(&demo->world), "profiles", profiles_json(), "steps", steps,
                                "summary", summary));
}

/* --- JUnit -------------------------------------------------------------------------------------------- */

enum { FAILURE_MAX = 2000 };

/* Why one of them does not confirm a step, line by line; false: it does. */
static bool failure_text(const struct step_result *result, enum party party, char text[FAILURE_MAX])
{
    const json_t *fact;
    size_t i;

    text[0] = '\0';
    json_array_foreach(result->confirmed[party], i, fact)
    {
        if (!json_is_true(json_object_get(fact, "ok")))
            snprintf(text + strlen(text), FAILURE_MAX - strlen(text), "%s%s is %s, expected %s",
                     text[0] != '\0' ? "\n" : "", json_string_value(json_object_get(fact, "fact")),
                     json_string_value(json_object_get(fact, "got")),
                     json_string_value(json_object_get(fact, "expected")));
    }
    if (text[0] == '\0' && !has_confirmed(result->confirmed[party]))
        snprintf(text, FAILURE_MAX, "the story has not come to this step");
    return text[0] != '\0';
}

/* A case for each step and each of the four. */
bool report_junit(const struct demo *demo, const char *path)
{
    struct junit_case cases[STORY_STEPS_MAX * PARTIES];
    char(*failures)[FAILURE_MAX] = calloc(STORY_STEPS_MAX * PARTIES, sizeof(*failures));
    struct buf xml = {0};
    size_t count = 0;
    bool ok = failures != NULL;

    for (size_t i = 0; ok && i < story_steps_count; i++) {
        const struct step_result *result = &demo->story.results[i];

        for (enum party party = 0; party < PARTIES; party++, count++)
            cases[count] = (struct junit_case){
                .group = story_steps[i].name,
                .name = party_names[party].title,
                .seconds = -1,
                .failure = failure_text(result, party, failures[count]) ? failures[count] : NULL};
    }
    if (ok)
        junit_put(&xml, "softeuicc demo", cases, count);
    ok = ok && !xml.failed;
    if (!ok)
        tool_error("out of memory");
    ok = ok && tool_write_file(path, buf_span(&xml), 0644);
    buf_free(&xml);
    free(failures);
    return ok;
}
