/* Log lines on stderr. See log.h. */
#include "common/log.h"

#include "common/tool.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *const names[] = {"off", "error", "info", "debug"};
static enum log_level current = LOG_LEVEL_OFF;

bool log_level_from_name(const char *name, enum log_level *level)
{
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], name) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

void log_set_level(enum log_level level)
{
    current = level;
}

bool log_wants(enum log_level level)
{
    return level <= current;
}

void log_line(enum log_level level, const char *format, ...)
{
    char line[2048];
    char when[32];
    time_t now = time(NULL);
    struct tm utc;
    va_list arguments;

    if (!log_wants(level))
        return;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    tool_one_line(line);
    strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    fprintf(stderr, "%s %s\n", when, line);
}
