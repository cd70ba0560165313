/*
 * What the SM-DP+ says to an HTTP request (SGP.22 6.2-6.6): which function a path names, and in which
 * binding. It takes and gives octets; the sockets are in common/http/https.h.
 */
#ifndef SOFTEUICC_SERVERS_SMDPP_NETWORK_HTTP_API_H
#define SOFTEUICC_SERVERS_SMDPP_NETWORK_HTTP_API_H

#include "servers/rsp/binding.h"
#include "servers/smdpp/model/es9p.h"
#include "servers/smdpp/model/event.h"

/* Whom a listener is for. */
enum http_api_door {
    HTTP_API_ALL,      /* the only one */
    HTTP_API_LPAS,     /* beside one for operators: ES9+ */
    HTTP_API_OPERATORS /* who have shown their certificate: ES2+, and the lists, which have what orders are
                          taken by */
};

/* Whether a request is for this door; else `answer`, whose body the caller frees, says that it is not. */
bool http_api_admits(enum http_api_door door, const struct http_request *request, struct http_answer *answer);

/* Answers any request. The caller frees answer->body. With smdpp->registration the answer is one that waits
 * for an SM-DS and says nothing yet; without a registrar there is none. */
void http_api_answer(struct smdpp *smdpp, const struct http_request *request, struct http_answer *answer);

/* The same, but the answer may come later, from the event loop; `done` is called once and frees its body. */
typedef void http_api_done(void *context, struct http_answer *answer);
void http_api_serve(struct smdpp *smdpp, const struct http_request *request, http_api_done *done,
                    void *context);

/* ES2+; `answer` is empty on entry. */
void es2p_answer(struct smdpp *smdpp, const char *function, const json_t *request,
                 struct http_answer *answer);
/* What ConfirmOrder or ReleaseProfile answers when the SM-DS has; `answer` is empty on entry. */
void es2p_answer_registered(struct smdpp *smdpp, struct smdpp_registration *registration,
                            const struct es12_reply *reply, struct http_answer *answer);
/* GET / and the lists, in pages (servers/rsp/page.h), in the order of the ICCID of an order, the name of a
 * profile, the id of an event or a notification. `query` may be NULL. */
void status_answer(struct smdpp *smdpp, const char *path, const char *query, struct http_answer *answer);

#endif
