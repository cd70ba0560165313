/*
 * Plays the server at common/http/https_client.h: a program that links this has no libcurl, and its requests
 * get the answers that stand here. For tests only.
 */
#ifndef SOFTEUICC_TESTS_SUPPORT_HTTPS_PLAYED_H
#define SOFTEUICC_TESTS_SUPPORT_HTTPS_PLAYED_H

/* One answer for each request, NULL at the end; a request after the last finds no connection. Borrowed. */
void https_play(const char *const *answers);
/* What was asked since then, a line each: "POST https://host/path {…}". Static storage. */
const char *https_asked(void);

#endif
