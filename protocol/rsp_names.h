/*
 * What SGP.22 calls the numbers that an eUICC answers with, for the people who read them: at the LPA and in
 * the SM-DP+'s log.
 */
#ifndef SOFTEUICC_PROTOCOL_RSP_NAMES_H
#define SOFTEUICC_PROTOCOL_RSP_NAMES_H

#include <stddef.h>
#include <stdint.h>

#define RSP_EVENTS 4 /* bits of NotificationEvent */

/* Names by number. A hole is NULL. */
struct rsp_names {
    const char *const *names;
    size_t count;
    const char *undefined; /* 127; NULL: undefinedError */
};
#define RSP_NAMES(array)                                                                                     \
    {                                                                                                        \
        (array), sizeof(array) / sizeof((array)[0]), NULL                                                    \
    }

extern const struct rsp_names rsp_authenticate_errors; /* AuthenticateErrorCode, 5.7.13 */
extern const struct rsp_names rsp_download_errors;     /* DownloadErrorCode, 5.7.5 */
extern const struct rsp_names rsp_install_commands;    /* BppCommandId, 2.5.6 */
extern const struct rsp_names rsp_install_errors;      /* ErrorReason, 2.5.6 */
extern const struct rsp_names rsp_events;              /* NotificationEvent by bit: install, enable, … */

/* The name, or "unknown". */
const char *rsp_name(const struct rsp_names *names, uint64_t number);

#endif
