/* A modem's AT port: a session (at.h) at a pseudo terminal (at_port.h). */
#ifndef SOFTEUICC_DEVICE_AT_AT_SERIAL_H
#define SOFTEUICC_DEVICE_AT_AT_SERIAL_H

#include "device/at/at.h"
#include "device/at/at_port.h"

struct at_serial;

struct at_serial_settings {
    const char *link; /* the path of the symbolic link to the terminal */
    const struct at_model *model;
    /* What is seen at it, for a person: see at_client. May be NULL. */
    void (*told)(void *context, bool is_answer, const char *line);
    void *context;
};

/* NULL with one line in `why`. The modem is borrowed. */
struct at_serial *at_serial_open(struct event_base *base, struct modem *modem,
                                 const struct at_serial_settings *settings, char why[AT_PORT_WHY_MAX]);
void at_serial_close(struct at_serial *serial); /* NULL is fine */
/* As at_modem_told. */
void at_serial_modem_told(struct at_serial *serial, const struct modem_event *event);

#endif
