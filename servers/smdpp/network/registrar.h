/*
 * The SM-DP+'s side of ES12 (SGP.22 5.9): registers the event that an order waits for, and works off the
 * outbox of events to be deleted, on the event loop and without anybody waiting for it.
 */
#ifndef SOFTEUICC_SERVERS_SMDPP_NETWORK_REGISTRAR_H
#define SOFTEUICC_SERVERS_SMDPP_NETWORK_REGISTRAR_H

#include "device/es12_client.h"
#include "servers/smdpp/network/http_api.h"

struct registrar;

/* Texts must stay while it is open. */
struct registrar_options {
    const char *cacert, *cert, *key; /* as in es12_client_options */
    /* SM-DS that are a Root; every other one is an Alternative that registers itself at the Root. None:
     * nothing is known of that, and all are taken for Roots. */
    const char *const *roots;
    size_t roots_count;
    /* "SM-DS address=HOST:PORT": where ES12 of an SM-DS is, when not at its address. */
    const char *const *places;
    size_t places_count;
};

/* Becomes smdpp->registrar, with the store open: what was under way when the program ended goes on. On
 * failure prints the line and returns NULL. */
struct registrar *registrar_open(struct loop *loop, struct smdpp *smdpp,
                                 const struct registrar_options *options);
/* Before the server is cleared. Answers that are waited for are gone. NULL is nothing to close. */
void registrar_close(struct registrar *registrar);

/* Registers smdpp->registration, and answers when the SM-DS has. */
void registrar_register(struct registrar *registrar, http_api_done *done, void *context);
/* Looks for what is due, when something of an event has changed. */
void registrar_look(struct registrar *registrar);

#endif
