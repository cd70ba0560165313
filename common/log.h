/* Log lines of the servers on stderr: a UTC time and one line. */
#ifndef SOFTEUICC_COMMON_LOG_H
#define SOFTEUICC_COMMON_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_OFF, LOG_LEVEL_ERROR, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Their names, "off" to "debug"; NULL at the end. */
extern const char *const log_levels[];
/* What is printed from now on; LOG_LEVEL_OFF until then. */
void log_set_level(enum log_level level);
bool log_wants(enum log_level level);
/* Characters that would spoil a terminal are shown as '?'. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
