/*
 * The sender's side of secured packets (ETSI TS 102 225), as a server has it: commands are sealed, responses
 * opened, keys ciphered. The rules and the meaning of parameters are those of crypto/scp80.h. For tests only.
 */
#ifndef SOFTEUICC_TESTS_SUPPORT_SCP80_SENDER_H
#define SOFTEUICC_TESTS_SUPPORT_SCP80_SENDER_H

#include "crypto/scp80.h"

/* Makes a command packet. False: it cannot be made, `out` is as before. */
bool scp80_seal_command(const struct scp80_header *header, const struct scp80_keys *keys, uint64_t counter,
                        struct span data, struct buf *out);

/* Opens the response to it. */
enum scp80_status scp80_open_response(const struct scp80_header *command, const struct scp80_keys *keys,
                                      struct span packet, struct span prefix, uint8_t *response_status,
                                      uint64_t *counter, struct buf *data);

/* Appends a key for PUT KEY, as GlobalPlatform's Amendment D has it. */
bool scp80_seal_key(const struct scp80_key *kik, struct span key, struct buf *out);

#endif
