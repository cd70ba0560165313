/*
 * What the texts of --help say where this build lacks a library: each name is "" when it is there, and
 * otherwise the words to put behind the option that needs it. Strings, so that they join the text they stand
 * in.
 */
#ifndef SOFTEUICC_COMMON_LEFT_OUT_H
#define SOFTEUICC_COMMON_LEFT_OUT_H

#include "config.h"

#define LEFT_OUT_WORDS " (not in this build)"

#ifdef HAVE_COAP
#define COAP_LEFT_OUT ""
#define AND_COAP      " and CoAP"
#else
#define COAP_LEFT_OUT LEFT_OUT_WORDS
#define AND_COAP      ""
#endif

#ifdef HAVE_JANSSON
#define JSON_LEFT_OUT ""
#else
#define JSON_LEFT_OUT LEFT_OUT_WORDS
#endif

#ifdef HAVE_PCSC
#define PCSC_LEFT_OUT ""
#else
#define PCSC_LEFT_OUT LEFT_OUT_WORDS
#endif

#ifdef HAVE_QRENCODE
#define QR_LEFT_OUT ""
#else
#define QR_LEFT_OUT LEFT_OUT_WORDS
#endif

#endif
