/*
 * Whether a request is meant for this server: a web page whose name leads to this machine (DNS rebinding)
 * makes a browser send requests here that carry the page's name. For every listener of every server.
 */
#ifndef SOFTEUICC_COMMON_HTTP_HTTPS_NAMES_H
#define SOFTEUICC_COMMON_HTTP_HTTPS_NAMES_H

#include "common/http/https_tls.h"

struct evhttp_request;

struct https_names {
    const struct https_options *options;
    const struct https_tls *tls; /* NULL: plain HTTP */
    char *own;                   /* of a server that listens everywhere: the machine's; NULL: not asked */
};

/* `options` must outlive it. False without memory. */
bool https_names_open(struct https_names *names, const struct https_options *options,
                      const struct https_tls *tls);
void https_names_close(struct https_names *names);

/* Zero, or the status that refuses: 421 for another host than this one, 403 for a change that a page of
 * another one asks for; then *why, one line for the client (static text), and a line in the log. */
int https_names_refuse(const struct https_names *names, struct evhttp_request *request, const char **why);

#endif
