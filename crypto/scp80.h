/*
 * Secured packets over the air (ETSI TS 102 225; as short messages carry them, 3GPP TS 31.115): command
 * packets are opened and response packets sealed, as a card does it. AES in CBC with CMAC and triple DES in
 * CBC with its MAC, redundancy checks by CRC. Single DES and digital signatures are refused. Which key,
 * counter and application it is about is for the caller.
 */
#ifndef SOFTEUICC_CRYPTO_SCP80_H
#define SOFTEUICC_CRYPTO_SCP80_H

#include "apdu/bytes.h"

enum {
    SCP80_TAR_SIZE = 3,
    SCP80_COUNTER_SIZE = 5,
    SCP80_PACKET_MAX = 0xFFFF, /* what the length octets of a packet can say */
};

/* SPI, first octet (TS 102 225 5.1.1): how the command packet is protected. */
enum {
    SCP80_INTEGRITY = 0x03, /* none, redundancy check, cryptographic checksum, digital signature */
    SCP80_NO_INTEGRITY = 0x00,
    SCP80_RC = 0x01,
    SCP80_CC = 0x02,
    SCP80_DS = 0x03,
    SCP80_CIPHERED = 0x04,
    SCP80_COUNTER = 0x18,
    SCP80_NO_COUNTER = 0x00,
    SCP80_COUNTER_UNCHECKED = 0x08, /* there is one, it is not looked at */
    SCP80_COUNTER_HIGHER = 0x10,
    SCP80_COUNTER_NEXT = 0x18, /* higher by one */
};

/* SPI, second octet: what response is asked for and how it is protected. */
enum {
    SCP80_POR = 0x03,
    SCP80_NO_POR = 0x00,
    SCP80_POR_ALWAYS = 0x01,
    SCP80_POR_ON_ERROR = 0x02,
    SCP80_POR_INTEGRITY_SHIFT = 2, /* bits 4 and 3: as SCP80_INTEGRITY */
    SCP80_POR_CIPHERED = 0x10,
    SCP80_POR_BY_SUBMIT = 0x20, /* TS 31.115: as SMS-SUBMIT, not in the delivery report */
};

/* Response status codes, TS 102 225 table 5. */
enum scp80_status {
    SCP80_OK = 0x00,
    SCP80_INTEGRITY_FAILED = 0x01,
    SCP80_COUNTER_LOW = 0x02,
    SCP80_COUNTER_HIGH = 0x03,
    SCP80_COUNTER_BLOCKED = 0x04,
    SCP80_CIPHERING_ERROR = 0x05,
    SCP80_SECURITY_ERROR = 0x06, /* unidentified */
    SCP80_NO_MEMORY = 0x07,
    SCP80_TAR_UNKNOWN = 0x09,
    SCP80_SECURITY_LEVEL = 0x0A, /* insufficient */
};

enum scp80_key_type { SCP80_KEY_DES = 0x80, SCP80_KEY_AES = 0x88 }; /* GlobalPlatform table 11-16 */

struct scp80_key {
    uint8_t type;      /* enum scp80_key_type, or another, which serves nothing */
    struct span value; /* 16, 24 or 32 octets (AES), 16 or 24 (triple DES); data NULL: there is none */
};

/* The keys a packet's KIc and KID mean. */
struct scp80_keys {
    struct scp80_key cipher, mac;
    size_t mac_size; /* octets of a checksum: 4 or 8 */
};

/* What stands in clear at the beginning of a packet. */
struct scp80_header {
    uint8_t spi[2], kic, kid;
    uint8_t tar[SCP80_TAR_SIZE];
};

/* The key version that KIc or KID asks for: its bits 8 to 5. */
unsigned scp80_key_version(uint8_t octet);

/* Reads the clear part of a command packet, which fills `packet` from its length octets on. False: the octets
 * are no command packet at all (lengths do not fit). */
bool scp80_read_header(struct span packet, struct scp80_header *header);

/*
 * Deciphers and checks a command packet that scp80_read_header accepted. SCP80_OK: *counter is what the
 * packet says and the data is appended to `data` without its padding. Otherwise `data` is as before. The
 * counter is not judged.
 */
enum scp80_status scp80_open_command(struct span packet, const struct scp80_keys *keys, uint64_t *counter,
                                     struct buf *data);

/*
 * Appends a response packet, from its length octets on, protected as the second octet of the command's SPI
 * says. `prefix` is what the transport puts before the packet and the checksum covers as well (the user data
 * header of a short message). False: it cannot be made (keys, algorithm, size), `out` is as before.
 */
bool scp80_seal_response(const struct scp80_header *command, const struct scp80_keys *keys, uint64_t counter,
                         enum scp80_status status, struct span data, struct span prefix, struct buf *out);

/* --- keys that come over the air (PUT KEY: GlobalPlatform 11.8.2.3, Amendment D 7.2) --- */

/*
 * Appends the key that `data` holds ciphered under the data encryption key `kik`: AES in CBC from zeros,
 * triple DES block by block. Octets in front of whole blocks are the length in clear that Amendment D puts
 * there. A key of `type`, whose size must be right for it. False: it is none, `out` is as before.
 */
bool scp80_open_key(const struct scp80_key *kik, uint8_t type, struct span data, struct buf *out);

/* The key check value: three octets of a block of ones (AES) or zeros (triple DES) that the key ciphers. */
enum { SCP80_CHECK_SIZE = 3 };
bool scp80_check_value(const struct scp80_key *key, uint8_t out[SCP80_CHECK_SIZE]);

#endif
