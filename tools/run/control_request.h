/*
 * A request on the control socket: one line, a JSON object (docs/ctl.md). This file only says what the line
 * asks for; control_answer.h does it.
 */
#ifndef SOFTEUICC_TOOLS_RUN_CONTROL_REQUEST_H
#define SOFTEUICC_TOOLS_RUN_CONTROL_REQUEST_H

#include "apdu/bytes.h"
#include "device/card_settings.h"

#define CONTROL_LINE_MAX     4096    /* octets, without the end of the line */
#define CONTROL_CUT_MAX      1000000 /* changes of storage */
#define CONTROL_SETTINGS_MAX 64      /* that one request sets */
/* The line for a time that no card's clock can show. */
#define CONTROL_TIME_RANGE "a time is from 1970-01-01T00:00:00Z to 9999-12-31T23:59:59Z"

enum control_command {
    CONTROL_SHOW,
    CONTROL_POWER_CYCLE,
    CONTROL_REMOVE,
    CONTROL_INSERT,
    CONTROL_CUT,
    CONTROL_TIME,
    CONTROL_TRACE,
    CONTROL_IPAE,
};

enum control_time { CONTROL_TIME_ASK, CONTROL_TIME_REAL, CONTROL_TIME_AT, CONTROL_TIME_BY };
enum control_trace { CONTROL_TRACE_ASK, CONTROL_TRACE_ON, CONTROL_TRACE_OFF, CONTROL_TRACE_FOLLOW };

struct control_request {
    enum control_command command;
    uint64_t after;           /* CONTROL_CUT: at which change of storage from now; 0: not after all */
    enum control_time time;   /* CONTROL_TIME */
    int64_t milliseconds;     /* since 1970, or ahead of what the clock shows now */
    enum control_trace trace; /* CONTROL_TRACE */
    /* CONTROL_IPAE: what is set, in texts that lie in the request itself, which therefore stays where it is.
     */
    struct softeuicc_set_value settings[CONTROL_SETTINGS_MAX];
    size_t settings_count;
    char texts[CONTROL_LINE_MAX + CONTROL_SETTINGS_MAX * CARD_SETTING_SIZE];
    size_t texts_size;
};

/* Reads a line (without its end). False with one clear line in `why`, which holds `size` characters. */
bool control_request_parse(struct span line, struct control_request *request, char *why, size_t size);

#endif
