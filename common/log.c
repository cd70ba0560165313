/* Log lines on stderr. See log.h. */
#include "common/log.h"

#include "common/tool.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

const char *const log_levels[] = {"off", "error", "info", "debug", NULL};
static enum log_level current = LOG_LEVEL_OFF;

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
