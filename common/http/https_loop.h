/*
 * HTTPS requests, many at once and to several servers without waiting for any: libcurl's multi interface on
 * the event loop. Connections are kept for the next request. For one after another see https_client.h.
 */
#ifndef SOFTEUICC_COMMON_HTTP_HTTPS_LOOP_H
#define SOFTEUICC_COMMON_HTTP_HTTPS_LOOP_H

#include "common/http/https_client.h"
#include "common/loop.h"

struct https_loop;

/* On failure prints the line and returns NULL. */
struct https_loop *https_loop_open(struct loop *loop);
/* Requests under way end without being reported. NULL is nothing to close. */
void https_loop_close(struct https_loop *requests);

/* What came of a request; `answer` is gone afterwards. `why`: one line when it was not answered. */
typedef void https_loop_done(void *context, enum https_result result, long status, struct span answer,
                             const char *why);

/* Makes a request; nothing of its parts is needed afterwards. `done` is called once, from the event loop.
 * False, without a call, when it cannot be begun. */
bool https_loop_send(struct https_loop *requests, const struct https_settings *settings,
                     const struct https_call *request, https_loop_done *done, void *context);

#endif
