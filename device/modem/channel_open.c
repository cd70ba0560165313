/* What OPEN CHANNEL asks for: see channel_open.h. */
#include "device/modem/channel_open.h"

#include <string.h>

enum { PACKET_SIZE = 7, PACKET_IP = 0x02 }; /* of a bearer description for packet data, 31.111 8.52 */
enum { TRANSPORT_SIZE = 3, BUFFER_SIZE_SIZE = 2, IPV4_SIZE = 4, IPV6_SIZE = 16 };

/* Objects as they stand; of the "other addresses" that before the transport level is the local one. */
struct found {
    struct span bearer, buffer, transport, destination, apn;
};

static void sort_objects(struct span objects, struct found *found)
{
    struct comprehension_object object;

    memset(found, 0, sizeof(*found));
    while (comprehension_next(&objects, &object)) {
        if (object.tag == PROACTIVE_BEARER_DESCRIPTION)
            found->bearer = object.value;
        else if (object.tag == PROACTIVE_BUFFER_SIZE)
            found->buffer = object.value;
        else if (object.tag == PROACTIVE_TRANSPORT_LEVEL)
            found->transport = object.value;
        else if (object.tag == PROACTIVE_NETWORK_ACCESS_NAME)
            found->apn = object.value;
        else if (object.tag == PROACTIVE_OTHER_ADDRESS && found->transport.data != NULL)
            found->destination = object.value;
    }
}

/* Packet data, by the older networks' parameters or E-UTRAN's, or whatever the modem would choose. */
static bool serves_bearer(struct span bearer)
{
    switch (bearer.data[0]) {
    case BEARER_DESCRIPTION_DEFAULT:
        return bearer.size == 1;
    case BEARER_DESCRIPTION_PACKET:
        return bearer.size == PACKET_SIZE && bearer.data[PACKET_SIZE - 1] == PACKET_IP;
    case BEARER_DESCRIPTION_E_UTRAN:
        return true;
    default:
        return false;
    }
}

static bool read_address(struct span value, struct air_target *target)
{
    struct span kind;
    size_t size;

    if (!span_take(&value, 1, &kind))
        return false;
    size = kind.data[0] == OTHER_ADDRESS_IPV4 ? IPV4_SIZE : IPV6_SIZE;
    if ((kind.data[0] != OTHER_ADDRESS_IPV4 && kind.data[0] != OTHER_ADDRESS_IPV6) || value.size != size)
        return false;
    memcpy(target->address, value.data, size);
    target->address_size = size;
    return true;
}

/* Labels behind their lengths become a name with dots. What is in a label is the network's business, as long
 * as it can be seen. */
static bool read_apn(struct span labels, char *apn, size_t room)
{
    struct span label;
    size_t size = 0;

    while (labels.size > 0) {
        if (!span_take_prefixed(&labels, &label) || label.size == 0 || size + label.size + 2 > room)
            return false;
        if (size > 0)
            apn[size++] = '.';
        for (size_t i = 0; i < label.size; i++) {
            if (label.data[i] <= ' ' || label.data[i] > '~')
                return false;
            apn[size++] = (char)label.data[i];
        }
    }
    apn[size] = '\0';
    return true;
}

uint8_t channel_read_request(struct span objects, struct channel_request *request, uint8_t *cause)
{
    struct found found;

    memset(request, 0, sizeof(*request));
    *cause = BIP_NO_SPECIFIC_CAUSE;
    sort_objects(objects, &found);
    if (found.bearer.data == NULL || found.buffer.data == NULL || found.transport.data == NULL ||
        found.destination.data == NULL)
        return PROACTIVE_VALUE_MISSING;
    if (found.bearer.size == 0 || !serves_bearer(found.bearer) || found.buffer.size != BUFFER_SIZE_SIZE ||
        found.transport.size != TRANSPORT_SIZE || !read_address(found.destination, &request->target) ||
        !read_apn(found.apn, request->apn, sizeof(request->apn)))
        return PROACTIVE_DATA_UNKNOWN;
    if (found.transport.data[0] != TRANSPORT_UDP_REMOTE && found.transport.data[0] != TRANSPORT_TCP_REMOTE) {
        *cause = BIP_NO_TRANSPORT;
        return PROACTIVE_BIP_ERROR;
    }
    request->bearer = found.bearer;
    request->buffer = (size_t)span_number(found.buffer);
    request->target.transport = found.transport.data[0] == TRANSPORT_TCP_REMOTE ? AIR_TCP : AIR_UDP;
    request->target.port = (uint16_t)span_number(SPAN(found.transport.data + 1, 2));
    if (request->buffer == 0) {
        *cause = BIP_NO_BUFFER;
        return PROACTIVE_BIP_ERROR;
    }
    return 0;
}
