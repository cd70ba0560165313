/*
 * ES9+ (SGP.22 5.6), the server's side, independent of how it travels: each function of protocol/es9p.h takes
 * members and answers with members.
 */
#ifndef SOFTEUICC_SERVERS_SMDPP_MODEL_ES9P_H
#define SOFTEUICC_SERVERS_SMDPP_MODEL_ES9P_H

#include "protocol/es9p.h"
#include "servers/smdpp/model/server.h"

/* Runs a function of ES9+ with a log line: from the members of its request to those of its answer, which the
 * caller clears in any case. */
bool es9p_run(struct smdpp *smdpp, const struct es9p_function *function, const struct es9p_message *request,
              struct es9p_message *answer, struct refusal_status *status);

/* The functions themselves, with their request's members in place; es9p_notification.c has the last one. */
typedef bool es9p_handler(struct smdpp *smdpp, const struct span *inputs, struct es9p_message *answer,
                          struct refusal_status *status);
es9p_handler es9p_initiate_authentication;
es9p_handler es9p_authenticate_client;
es9p_handler es9p_get_bound_profile_package;
es9p_handler es9p_cancel_session;
es9p_handler es9p_handle_notification;

/* Tells the operator (ES2+ HandleDownloadProgressInfo, 5.3.5). Nobody is configured to hear it here: it is
 * logged. */
void es9p_report_progress(const char *iccid, const char *eid, unsigned point,
                          const struct refusal_status *status);
#define ES9P_POINT_ELIGIBILITY  1
#define ES9P_POINT_CODE         2
#define ES9P_POINT_DOWNLOAD     3
#define ES9P_POINT_INSTALLATION 4

#endif
