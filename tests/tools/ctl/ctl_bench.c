/* Runs `softeuicc ctl`: see ctl_bench.h. */
#include "tests/tools/ctl/ctl_bench.h"

#include "common/tool.h"
#include "tests/support/test.h"
#include "tools/subcommands.h"

#include <stdio.h>
#include <string.h>

const char *ctl_path(const char *name)
{
    static char paths[4][256];
    static size_t next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof(paths[0]), "%s", test_path(name));
    return path;
}

static bool asked_for_json; /* the last time */

struct captured ctl(const char *path, const char *const words[CTL_WORDS_MAX])
{
    asked_for_json = false;
    for (size_t i = 0; i < CTL_WORDS_MAX && words[i] != NULL; i++)
        asked_for_json = asked_for_json || strcmp(words[i], "--json") == 0;
    return capture_command(&subcommand_ctl, "--socket", path, words[0], words[1], words[2], words[3], NULL);
}

struct captured ctl_answered(struct span answer, const char **request, const char *const words[CTL_WORDS_MAX])
{
    const char *path = ctl_path("socket");
    struct captured captured;
    struct peer peer;
    const char *heard;

    peer_start(&peer, path, answer);
    captured = ctl(path, words);
    heard = peer_end(&peer);
    if (request != NULL)
        *request = heard;
    return captured;
}

struct captured ctl_told(const char *answer, const char *const words[CTL_WORDS_MAX])
{
    return ctl_answered(span_of_string(answer), NULL, words);
}

void ctl_assert_lines(const struct captured *captured, int status, const char *out, const char *err)
{
    ck_assert_str_eq(captured->err, err);
    ck_assert_str_eq(captured->out, out);
    ck_assert_int_eq(captured->status, status);
}

void ctl_assert_failed(const struct captured *captured, const char *why)
{
    char line[1024];
    char json[1024] = "";

    snprintf(line, sizeof(line), "softeuicc ctl: %s\n", why);
    if (asked_for_json)
        snprintf(json, sizeof(json), "{\"error\":{\"message\":\"%s\"}}\n", why);
    ctl_assert_lines(captured, EXIT_FAILED, json, line);
}

void ctl_assert_asks(const char *const words[CTL_WORDS_MAX], const char *request)
{
    const char *asked;
    struct captured captured = ctl_answered(SPAN_STRING("{\"ok\":false,\"error\":\"no\"}\n"), &asked, words);

    ck_assert_str_eq(asked, request);
    ctl_assert_failed(&captured, "no");
}
