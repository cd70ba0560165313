/*
 * The operator's server: secured short messages (SCP80) to a card in the same process, under the keys of the
 * project's own profiles, and what comes back. For tests only.
 */
#ifndef SOFTEUICC_TESTS_SUPPORT_OTA_H
#define SOFTEUICC_TESTS_SUPPORT_OTA_H

#include "crypto/scp80.h"
#include "tests/support/es10.h"

struct ota_sender {
    uint8_t spi[2], kic, kid;
    const char *tar; /* hexadecimal, as everything else here */
    uint64_t counter;
    const char *key; /* AES, ciphers and signs; NULL: that of saip_recipe_default */
};

struct scp80_keys ota_keys(const struct ota_sender *sender);
struct scp80_header ota_header(const struct ota_sender *sender);

/* The command packet with this script. */
struct span ota_packet(const struct ota_sender *sender, const char *script);
/* SMS-DELIVER with this user data, and the command that hands it to the card. */
struct span ota_deliver(struct span header, struct span text);
struct span ota_envelope(struct span tpdu);
uint16_t ota_send_tpdu(struct es10_bench *bench, struct span tpdu, struct buf *response);
/* A packet in one message. */
uint16_t ota_send(struct es10_bench *bench, struct span packet, struct buf *response);

/* Opens the response packet in these user data; its status is returned. */
uint8_t ota_response(const struct ota_sender *sender, struct span user_data, struct buf *data);

#endif
