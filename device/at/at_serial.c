/* An AT session at its terminal: see at_serial.h. */
#include "device/at/at_serial.h"

#include <stdio.h>
#include <stdlib.h>

enum { WAITING_MAX = 16384 }; /* octets that nobody reads, before what is told unasked is dropped */

struct at_serial {
    struct at_serial_settings settings;
    struct at *at;
    struct at_port *port;
    bool drops; /* what is told unasked: only its text; the session has to know */
};

static void on_send(void *context, struct span octets)
{
    const struct at_serial *serial = context;

    if (!serial->drops)
        at_port_send(serial->port, octets);
}

static void on_told(void *context, bool is_answer, const char *line)
{
    const struct at_serial_settings *settings = &((struct at_serial *)context)->settings;

    if (settings->told != NULL)
        settings->told(settings->context, is_answer, line);
}

static void on_received(void *context, struct span octets)
{
    at_receive(((struct at_serial *)context)->at, octets);
}

static void on_closed(void *context)
{
    at_left(((struct at_serial *)context)->at);
}

struct at_serial *at_serial_open(struct event_base *base, struct modem *modem,
                                 const struct at_serial_settings *settings, char why[AT_PORT_WHY_MAX])
{
    struct at_serial *serial = calloc(1, sizeof(*serial));

    snprintf(why, AT_PORT_WHY_MAX, "out of memory");
    if (serial == NULL)
        return NULL;
    serial->settings = *settings;
    serial->at = at_new(modem, settings->model, &(struct at_client){serial, on_send, on_told});
    if (serial->at != NULL)
        serial->port =
            at_port_open(base, settings->link, &(struct at_port_events){serial, on_received, on_closed}, why);
    if (serial->port != NULL)
        return serial;
    at_serial_close(serial);
    return NULL;
}

void at_serial_close(struct at_serial *serial)
{
    if (serial == NULL)
        return;
    at_port_close(serial->port);
    at_free(serial->at);
    free(serial);
}

void at_serial_modem_told(struct at_serial *serial, const struct modem_event *event)
{
    serial->drops = at_port_waiting(serial->port) >= WAITING_MAX;
    at_modem_told(serial->at, event);
    serial->drops = false;
}
