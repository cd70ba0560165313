/*
 * The service manager's notification protocol (sd_notify(3)): a datagram to the socket that NOTIFY_SOCKET
 * names. Own lines, so that the card daemon needs no library for them.
 */
#ifndef SOFTEUICC_COMMON_NOTIFY_H
#define SOFTEUICC_COMMON_NOTIFY_H

/* Sends `state` ("READY=1", "STOPPING=1"). Nothing happens without a service manager; a failure is no reason
 * to stop. */
void notify_service_manager(const char *state);

#endif
