/*
 * Proactive commands as octets (ETSI TS 102 223 6.6, 6.8, clause 8), as both ends write and read them: the
 * commands and the terminal's responses. Data objects come with or without the bit that says "comprehension
 * required".
 */
#ifndef SOFTEUICC_APDU_PROACTIVE_H
#define SOFTEUICC_APDU_PROACTIVE_H

#include "apdu/comprehension.h"

/* Tags, with the comprehension bit set: TS 102 223 9.3. */
enum {
    PROACTIVE_COMMAND_DETAILS = 0x81,
    PROACTIVE_DEVICE_IDENTITIES = 0x82,
    PROACTIVE_RESULT = 0x83,
    PROACTIVE_DURATION = 0x84,
    PROACTIVE_ALPHA_IDENTIFIER = 0x85,
    PROACTIVE_ADDRESS = 0x86,
    PROACTIVE_SMS_TPDU = 0x8B,
    PROACTIVE_USER_NAME = 0x8D, /* text string: user name, then password of a bearer */
    PROACTIVE_FILE_LIST = 0x92,
    PROACTIVE_LOCATION_INFORMATION = 0x93,
    PROACTIVE_IMEI = 0x94,
    PROACTIVE_EVENT_LIST = 0x99,
    PROACTIVE_LOCATION_STATUS = 0x9B,
    PROACTIVE_ICON_IDENTIFIER = 0x9E,
    PROACTIVE_TIMER_IDENTIFIER = 0xA4,
    PROACTIVE_TIMER_VALUE = 0xA5,
    PROACTIVE_DATE_TIME = 0xA6,
    PROACTIVE_BEARER_DESCRIPTION = 0xB5,
    PROACTIVE_CHANNEL_DATA = 0xB6,
    PROACTIVE_CHANNEL_DATA_LENGTH = 0xB7,
    PROACTIVE_CHANNEL_STATUS = 0xB8,
    PROACTIVE_BUFFER_SIZE = 0xB9,
    PROACTIVE_TRANSPORT_LEVEL = 0xBC,
    PROACTIVE_OTHER_ADDRESS = 0xBE,
    PROACTIVE_ACCESS_TECHNOLOGY = 0xBF,
    PROACTIVE_DNS_SERVER = 0xC0,
    PROACTIVE_NETWORK_ACCESS_NAME = 0xC7,
    PROACTIVE_TEXT_ATTRIBUTE = 0xD0,
    PROACTIVE_IMEISV = 0xE2,
    PROACTIVE_SEARCH_MODE = 0xE5,
    PROACTIVE_FRAME_IDENTIFIER = 0xE8,
    PROACTIVE_ROUTING_AREA = 0xF3,
    PROACTIVE_UPDATE_TYPE = 0xF4,
    PROACTIVE_REJECTION_CAUSE = 0xF5,
    PROACTIVE_TRACKING_AREA = 0xFD,
};

/* What an ENVELOPE carries that is of the toolkit, TS 102 223 9.1. */
enum { ENVELOPE_SMS_DOWNLOAD = 0xD1, ENVELOPE_EVENT = 0xD6, ENVELOPE_TIMER_EXPIRATION = 0xD7 };

/* Types of command, 9.4. */
enum {
    PROACTIVE_REFRESH = 0x01,
    PROACTIVE_MORE_TIME = 0x02,
    PROACTIVE_POLL_INTERVAL = 0x03,
    PROACTIVE_POLLING_OFF = 0x04,
    PROACTIVE_SET_UP_EVENT_LIST = 0x05,
    PROACTIVE_SET_UP_CALL = 0x10,
    PROACTIVE_SEND_SS = 0x11,
    PROACTIVE_SEND_USSD = 0x12,
    PROACTIVE_SEND_SHORT_MESSAGE = 0x13,
    PROACTIVE_SEND_DTMF = 0x14,
    PROACTIVE_LAUNCH_BROWSER = 0x15,
    PROACTIVE_PLAY_TONE = 0x20,
    PROACTIVE_DISPLAY_TEXT = 0x21,
    PROACTIVE_GET_INKEY = 0x22,
    PROACTIVE_GET_INPUT = 0x23,
    PROACTIVE_SELECT_ITEM = 0x24,
    PROACTIVE_SET_UP_MENU = 0x25,
    PROACTIVE_PROVIDE_LOCAL_INFORMATION = 0x26,
    PROACTIVE_TIMER_MANAGEMENT = 0x27,
    PROACTIVE_SET_UP_IDLE_MODE_TEXT = 0x28,
    PROACTIVE_OPEN_CHANNEL = 0x40,
    PROACTIVE_CLOSE_CHANNEL = 0x41,
    PROACTIVE_RECEIVE_DATA = 0x42,
    PROACTIVE_SEND_DATA = 0x43,
    PROACTIVE_GET_CHANNEL_STATUS = 0x44,
};

/* Qualifiers, 8.6. */
enum { PROACTIVE_TIMER_START = 0x00, PROACTIVE_TIMER_DEACTIVATE = 0x01, PROACTIVE_TIMER_GET = 0x02 };
enum {
    PROACTIVE_REFRESH_UICC_RESET = 0x04,
    PROACTIVE_REFRESH_SESSION_RESET = 0x06,
    PROACTIVE_REFRESH_PROFILE_STATE_CHANGE = 0x09,
};
enum {
    PROACTIVE_OPEN_IMMEDIATELY = 0x01,
    PROACTIVE_OPEN_IN_BACKGROUND = 0x04,
    PROACTIVE_OPEN_ASKS_FOR_DNS = 0x08,
};
enum { PROACTIVE_SEND_STORES = 0x00, PROACTIVE_SEND_NOW = 0x01 };
enum {
    PROACTIVE_LOCAL_LOCATION = 0x00,
    PROACTIVE_LOCAL_IMEI = 0x01,
    PROACTIVE_LOCAL_DATE_TIME = 0x03,
    PROACTIVE_LOCAL_ACCESS_TECHNOLOGY = 0x06,
    PROACTIVE_LOCAL_IMEISV = 0x08,
    PROACTIVE_LOCAL_SEARCH_MODE = 0x09,
    PROACTIVE_LOCAL_ACCESS_TECHNOLOGIES = 0x0E, /* all that it is on */
};

/* General results, 8.12: 0X done, 1X ended by the user, 2X it may work another time, 3X it never will. */
enum {
    PROACTIVE_DONE = 0x00,
    PROACTIVE_DONE_PARTLY = 0x01,
    PROACTIVE_DONE_INFORMATION_MISSING = 0x02,
    PROACTIVE_DONE_REFRESH_WITH_FILES = 0x03,
    PROACTIVE_DONE_LIMITED_SERVICE = 0x06,
    PROACTIVE_DONE_MODIFIED = 0x07,
    PROACTIVE_DONE_MAX = 0x0F,
    PROACTIVE_TERMINAL_BUSY = 0x20,
    PROACTIVE_NETWORK_BUSY = 0x21,
    PROACTIVE_TIMER_CONTRADICTION = 0x24,
    PROACTIVE_NEVER_MIN = 0x30,
    PROACTIVE_BEYOND_ABILITY = 0x30,
    PROACTIVE_TYPE_UNKNOWN = 0x31,
    PROACTIVE_DATA_UNKNOWN = 0x32,
    PROACTIVE_VALUE_MISSING = 0x36,
    PROACTIVE_BIP_ERROR = 0x3A,
};

/* What PROACTIVE_BIP_ERROR is followed by, 8.12.11. */
enum {
    BIP_NO_SPECIFIC_CAUSE = 0x00,
    BIP_NO_CHANNEL = 0x01,
    BIP_CHANNEL_CLOSED = 0x02,
    BIP_CHANNEL_INVALID = 0x03,
    BIP_NO_BUFFER = 0x04,
    BIP_SECURITY = 0x05,
    BIP_NO_TRANSPORT = 0x06,
    BIP_UNREACHABLE = 0x07,
    BIP_SERVICE = 0x08,
    BIP_PORT = 0x10,
};

/* What PROACTIVE_TERMINAL_BUSY is followed by, 8.12.2. */
enum { BUSY_NO_SERVICE = 0x04 };

/* Events, 8.25. */
enum {
    EVENT_LOCATION_STATUS = 0x03,
    EVENT_DATA_AVAILABLE = 0x09,
    EVENT_CHANNEL_STATUS = 0x0A,
    EVENT_ACCESS_TECHNOLOGY = 0x0B,
    EVENT_NETWORK_REJECTION = 0x12,
};

/* Transport protocols of OPEN CHANNEL, 8.59; types of other addresses, 8.58; bearers, 8.52. */
enum { TRANSPORT_UDP_REMOTE = 0x01, TRANSPORT_TCP_REMOTE = 0x02 };
enum { OTHER_ADDRESS_IPV4 = 0x21, OTHER_ADDRESS_IPV6 = 0x57 };
enum {
    BEARER_DESCRIPTION_PACKET = 0x02,
    BEARER_DESCRIPTION_DEFAULT = 0x03,
    BEARER_DESCRIPTION_E_UTRAN = 0x0B,
};

/* Channel status, 8.56: the channel's number in the low bits of the first octet. */
enum { CHANNEL_STATUS_UP = 0x80, CHANNEL_STATUS_NUMBER = 0x07, CHANNEL_STATUS_DROPPED = 0x05 };

/* Location status, 8.27; access technologies, 8.61. */
enum { LOCATION_NORMAL = 0x00, LOCATION_LIMITED = 0x01, LOCATION_NONE = 0x02 };
enum { ACCESS_GSM = 0x00, ACCESS_UTRAN = 0x03, ACCESS_E_UTRAN = 0x08, ACCESS_NG_RAN = 0x0A };

/* Device identities, 8.7. */
enum {
    PROACTIVE_UICC = 0x81,
    PROACTIVE_TERMINAL = 0x82,
    PROACTIVE_NETWORK = 0x83,
    PROACTIVE_CHANNEL = 0x20, /* and the number of the channel, 1 to 7 */
};
enum { PROACTIVE_CHANNELS_MAX = 7, PROACTIVE_TIMERS_MAX = 8 };

enum { PROACTIVE_COMMAND_MAX = 255 }; /* octets of a command: what 91xx can announce */

/* "OPEN CHANNEL"; "" for a type of command without a name here. */
const char *proactive_type_name(uint8_t type);

struct proactive_command {
    uint8_t number, type, qualifier;
    uint8_t destination; /* device identity */
    struct span objects; /* the data objects after the device identities */
};

/* Appends the command, tag D0 included. False: it is longer than PROACTIVE_COMMAND_MAX, or memory failed. */
bool proactive_build(struct buf *out, const struct proactive_command *command);

/* Appends a timer's value (8.38) without its comprehension bit; `seconds` below a day. */
void proactive_put_timer_value(struct buf *out, unsigned seconds);
/* The seconds of a timer's value. False: it is none. */
bool proactive_read_timer_value(struct span value, unsigned *seconds);

struct proactive_response {
    uint8_t number, type, qualifier;
    uint8_t result;         /* general result, 8.12 */
    struct span additional; /* information on the result */
    struct span objects;    /* the data objects after the result */
};

/* Reads a command, tag D0 included. False: it is not well-formed. */
bool proactive_read_command(struct span octets, struct proactive_command *command);

/* Appends a TERMINAL RESPONSE, which has no tag around it: the command details as they are echoed, and the
 * result with its additional information. */
void proactive_put_response(struct buf *out, const struct proactive_response *response);

/* Reads a TERMINAL RESPONSE. False: it is not well-formed. */
bool proactive_read_response(struct span octets, struct proactive_response *response);

#endif
