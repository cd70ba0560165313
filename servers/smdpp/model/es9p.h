/*
 * ES9+ (SGP.22 5.6), the server's side, independent of how it travels: each function of protocol/es9p.h takes
 * its members in place and answers with whole DER objects.
 */
#ifndef SOFTEUICC_SERVERS_SMDPP_MODEL_ES9P_H
#define SOFTEUICC_SERVERS_SMDPP_MODEL_ES9P_H

#include "protocol/es9p.h"
#include "servers/smdpp/model/server.h"

/* The answer's members in order. */
struct es9p_answer {
    bool has_transaction_id;
    uint8_t transaction_id[DP_TRANSACTION_ID_SIZE];
    struct dp_answer objects;
};

/* Runs a function of ES9+ with a log line. `inputs` are function->in. The caller clears answer->objects in
 * any case. */
bool es9p_run(struct smdpp *smdpp, const struct es9p_function *function, const struct span *inputs,
              struct es9p_answer *answer, struct refusal_status *status);

/* The members of an answer in place, as function->out names them. */
void es9p_answer_spans(const struct es9p_answer *answer, struct span values[ES9P_MEMBERS_MAX]);

/* The functions themselves; es9p_notification.c has the last one. */
bool es9p_initiate_authentication(struct smdpp *smdpp, const struct span *inputs, struct es9p_answer *answer,
                                  struct refusal_status *status);
bool es9p_authenticate_client(struct smdpp *smdpp, const struct span *inputs, struct es9p_answer *answer,
                              struct refusal_status *status);
bool es9p_get_bound_profile_package(struct smdpp *smdpp, const struct span *inputs,
                                    struct es9p_answer *answer, struct refusal_status *status);
bool es9p_cancel_session(struct smdpp *smdpp, const struct span *inputs, struct es9p_answer *answer,
                         struct refusal_status *status);
bool es9p_handle_notification(struct smdpp *smdpp, const struct span *inputs, struct es9p_answer *answer,
                              struct refusal_status *status);

/* Tells the operator (ES2+ HandleDownloadProgressInfo, 5.3.5). Nobody is configured to hear it here: it is
 * logged. */
void es9p_report_progress(const char *iccid, const char *eid, unsigned point,
                          const struct refusal_status *status);
#define ES9P_POINT_ELIGIBILITY  1
#define ES9P_POINT_CODE         2
#define ES9P_POINT_DOWNLOAD     3
#define ES9P_POINT_INSTALLATION 4

#endif
