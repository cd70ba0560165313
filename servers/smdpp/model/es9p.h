/*
 * ES9+ (SGP.22 5.6), independent of how it travels: a table of functions with their parameters, which both
 * bindings read. Each function takes its parameters as octets and answers with whole DER objects.
 */
#ifndef SOFTEUICC_SERVERS_SMDPP_MODEL_ES9P_H
#define SOFTEUICC_SERVERS_SMDPP_MODEL_ES9P_H

#include "servers/smdpp/model/server.h"

#define ES9P_INPUTS_MAX 3

/* How the JSON binding writes a parameter. */
enum es9p_form { ES9P_TEXT, ES9P_HEX, ES9P_BASE64 };

struct es9p_input {
    const char *name;
    enum es9p_form form;
    uint32_t tag; /* in the ASN.1 binding; 0: any */
    bool whole;   /* the parameter is the object with its tag, in both bindings */
};

struct es9p_answer {
    bool has_transaction_id;
    uint8_t transaction_id[DP_TRANSACTION_ID_SIZE];
    struct dp_answer objects;
};

struct es9p_function {
    const char *name;
    uint32_t tag; /* of request and response in the ASN.1 binding */
    struct es9p_input inputs[ES9P_INPUTS_MAX];
    size_t input_count;
    const char *outputs[DP_ANSWER_MAX]; /* names of the answer's objects in the JSON binding */
    bool is_notification;               /* answered with 204 and nothing else */
    bool (*run)(struct smdpp *smdpp, const struct span *inputs, struct es9p_answer *answer,
                struct dp_status *status);
};

/* By name or by tag; NULL when there is none. */
const struct es9p_function *es9p_function_by_name(const char *name);
const struct es9p_function *es9p_function_by_tag(uint32_t tag);

/* Runs a function with a log line. The caller clears answer->objects in any case. */
bool es9p_run(struct smdpp *smdpp, const struct es9p_function *function, const struct span *inputs,
              struct es9p_answer *answer, struct dp_status *status);

/* The functions themselves; es9p_notification.c has the last one. */
bool es9p_initiate_authentication(struct smdpp *smdpp, const struct span *inputs, struct es9p_answer *answer,
                                  struct dp_status *status);
bool es9p_authenticate_client(struct smdpp *smdpp, const struct span *inputs, struct es9p_answer *answer,
                              struct dp_status *status);
bool es9p_get_bound_profile_package(struct smdpp *smdpp, const struct span *inputs,
                                    struct es9p_answer *answer, struct dp_status *status);
bool es9p_cancel_session(struct smdpp *smdpp, const struct span *inputs, struct es9p_answer *answer,
                         struct dp_status *status);
bool es9p_handle_notification(struct smdpp *smdpp, const struct span *inputs, struct es9p_answer *answer,
                              struct dp_status *status);

/* Tells the operator (ES2+ HandleDownloadProgressInfo, 5.3.5). Nobody is configured to hear it here: it is
 * logged. */
void es9p_report_progress(const char *iccid, const char *eid, unsigned point, const struct dp_status *status);
#define ES9P_POINT_ELIGIBILITY  1
#define ES9P_POINT_CODE         2
#define ES9P_POINT_DOWNLOAD     3
#define ES9P_POINT_INSTALLATION 4

#endif
