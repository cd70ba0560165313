/*
 * Requests on the control socket: see control_request.h. Strict: a member that a command does not know is an
 * error, not something to be left out.
 */
#include "tools/run/control_request.h"

#include "common/number.h"

#include <ctype.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define CUT_AFTER_MAX 1000000              /* changes of storage */
#define TIME_BY_MAX   INT64_C(10000000000) /* seconds */

struct reader {
    struct control_request *request;
    char *why;
    size_t size;
};

__attribute__((format(printf, 2, 3))) static bool refuse(const struct reader *reader, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(reader->why, reader->size, format, arguments);
    va_end(arguments);
    /* The line goes back as JSON: what it quotes may be cut inside a character, or be none. */
    for (char *c = reader->why; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7E)
            *c = '?';
    return false;
}

/* --- members ------------------------------------------------------------------------------------- */

static bool read_after(const struct reader *reader, const json_t *value)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > CUT_AFTER_MAX)
        return refuse(reader, "\"after\" is a number of changes of storage, 0 to %d", CUT_AFTER_MAX);
    reader->request->after = (uint64_t)json_integer_value(value);
    return true;
}

/* "Z", "+02:00" or nothing (UTC too): seconds to the east. */
static bool read_zone(const char *text, int *east)
{
    int hours;
    int minutes;
    int end = 0;

    *east = 0;
    if (text[0] == '\0' || strcmp(text, "Z") == 0)
        return true;
    if ((text[0] != '+' && text[0] != '-') || !isdigit((unsigned char)text[1]) ||
        sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &end) != 2 || text[1 + end] != '\0' || hours > 14 ||
        minutes < 0 || minutes > 59)
        return false;
    *east = (text[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    return true;
}

/* ISO 8601: a date, or a date and a time. */
static bool read_moment(const char *text, int64_t *milliseconds)
{
    struct tm broken_down = {0};
    const char *rest = strptime(text, "%Y-%m-%d", &broken_down);
    int east = 0;
    int day;

    if (rest != NULL && rest[0] == 'T')
        rest = strptime(rest + 1, "%H:%M:%S", &broken_down);
    if (rest == NULL || !read_zone(rest, &east))
        return false;
    day = broken_down.tm_mday;
    *milliseconds = ((int64_t)timegm(&broken_down) - east) * 1000;
    return *milliseconds >= 0 && *milliseconds <= CONTROL_TIME_LAST &&
           broken_down.tm_mday == day; /* no 31st of February */
}

static bool read_step(const char *text, int64_t *milliseconds)
{
    int64_t seconds;

    if (!number_read(text, -TIME_BY_MAX, TIME_BY_MAX, &seconds))
        return false;
    *milliseconds = seconds * 1000;
    return true;
}

static bool read_time(const struct reader *reader, const json_t *value)
{
    const char *text = json_is_string(value) ? json_string_value(value) : "";
    struct control_request *request = reader->request;
    bool ok;

    if (strcmp(text, "real") == 0) {
        request->time = CONTROL_TIME_REAL;
        return true;
    }
    request->time = text[0] == '+' || text[0] == '-' ? CONTROL_TIME_BY : CONTROL_TIME_AT;
    ok = request->time == CONTROL_TIME_BY ? read_step(text, &request->milliseconds)
                                          : read_moment(text, &request->milliseconds);
    return ok || refuse(reader, "a time is 2026-01-31T23:59:59Z, +SECONDS, -SECONDS or \"real\"");
}

static bool read_trace(const struct reader *reader, const json_t *value)
{
    static const char *const words[] = {
        [CONTROL_TRACE_ON] = "on", [CONTROL_TRACE_OFF] = "off", [CONTROL_TRACE_FOLLOW] = "follow"};
    const char *text = json_is_string(value) ? json_string_value(value) : "";

    for (size_t i = CONTROL_TRACE_ON; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i], text) == 0) {
            reader->request->trace = (enum control_trace)i;
            return true;
        }
    }
    return refuse(reader, "a trace is set \"on\", \"off\" or \"follow\"");
}

/* --- commands ------------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    enum control_command command;
    const char *member; /* that may be there besides "command"; NULL: none */
    bool (*read)(const struct reader *reader, const json_t *value);
} commands[] = {
    {"show", CONTROL_SHOW, NULL, NULL},          {"power-cycle", CONTROL_POWER_CYCLE, NULL, NULL},
    {"remove", CONTROL_REMOVE, NULL, NULL},      {"insert", CONTROL_INSERT, NULL, NULL},
    {"cut", CONTROL_CUT, "after", read_after},   {"time", CONTROL_TIME, "set", read_time},
    {"trace", CONTROL_TRACE, "set", read_trace},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static bool read_object(const struct reader *reader, json_t *object)
{
    const char *name = json_string_value(json_object_get(object, "command"));
    const char *key;
    json_t *value;
    size_t row = 0;

    if (name == NULL)
        return refuse(reader, "a request is an object with the text \"command\"");
    while (row < COMMANDS && strcmp(commands[row].name, name) != 0)
        row++;
    if (row == COMMANDS)
        return refuse(reader, "there is no command \"%.40s\"", name);
    *reader->request = (struct control_request){.command = commands[row].command, .after = 1};
    json_object_foreach(object, key, value)
    {
        if (strcmp(key, "command") == 0)
            continue;
        if (commands[row].member == NULL || strcmp(commands[row].member, key) != 0)
            return refuse(reader, "\"%s\" knows no \"%.40s\"", name, key);
        if (!commands[row].read(reader, value))
            return false;
    }
    return true;
}

bool control_request_parse(struct span line, struct control_request *request, char *why, size_t size)
{
    const struct reader reader = {request, why, size};
    json_error_t error;
    json_t *object = NULL;
    bool ok;

    if (line.size > CONTROL_LINE_MAX)
        return refuse(&reader, "a request is no longer than %d octets", CONTROL_LINE_MAX);
    object = json_loadb((const char *)line.data, line.size, JSON_REJECT_DUPLICATES, &error);
    if (object == NULL)
        return refuse(&reader, "not JSON: %.120s", error.text);
    ok = read_object(&reader, object);
    json_decref(object);
    return ok;
}
