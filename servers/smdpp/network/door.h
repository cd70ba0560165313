/* Where the SM-DP+ is reached: an HTTPS listener whose requests http_api.h answers. */
#ifndef SOFTEUICC_SERVERS_SMDPP_NETWORK_DOOR_H
#define SOFTEUICC_SERVERS_SMDPP_NETWORK_DOOR_H

#include "common/http/https.h"
#include "servers/smdpp/network/http_api.h"

struct smdpp_door;

/* Listens. Of `options` are taken: where, who the server is, whom it asks for a certificate, names, and how
 * many connections it may have; the rest is the API's. On failure prints the line and returns NULL. */
struct smdpp_door *smdpp_door_open(struct loop *loop, struct smdpp *smdpp, enum http_api_door kind,
                                   const struct https_options *options);
uint16_t smdpp_door_port(const struct smdpp_door *door);
/* Before the loop and the server. NULL is nothing to close. */
void smdpp_door_close(struct smdpp_door *door);

#endif
