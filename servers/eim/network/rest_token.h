/*
 * Who may use the REST API: a token that is in a file which only the eIM's own user can read. Every change
 * needs it, whichever listener it comes to, and from another machine every list too: EIDs, activation codes
 * and confirmation codes are nobody else's business. Who is on the same machine may look without it, and is
 * told where the file is.
 */
#ifndef SOFTEUICC_SERVERS_EIM_NETWORK_REST_TOKEN_H
#define SOFTEUICC_SERVERS_EIM_NETWORK_REST_TOKEN_H

#include "common/http/http.h"

#define REST_TOKEN_OCTETS 32
#define REST_TOKEN_DIGITS (2 * REST_TOKEN_OCTETS)
#define REST_TOKEN_SUFFIX ".token" /* behind the name of the eIM's state */

struct rest_token {
    char digits[REST_TOKEN_DIGITS + 1];
    char *path;        /* absolute */
    bool is_temporary; /* of an eIM without a state: goes with it */
};

/* Takes the token that is in `path`, or makes one there; NULL: one that lasts as long as the process, in the
 * directory for such files. False after an error line. */
bool rest_token_open(struct rest_token *token, const char *path);
void rest_token_close(struct rest_token *token);

/* Whether a request may be answered; else `answer` is the refusal, whose body the caller frees. */
bool rest_token_admits(const struct rest_token *token, const struct http_request *request,
                       struct http_answer *answer);

#endif
