/* What a modem says that it can do: see modem_profile.h. */
#include "device/modem/modem_profile.h"

#include "apdu/apdu.h"
#include "apdu/tlv.h"

#include <string.h>

enum { TAG_CAPABILITY = 0xA9, TAG_IPA_SUPPORT = 0x84, HAS_IPAD = 0x01 };

/* Octet for octet; what a bit means stands in TS 102 223 5.2. */
static const uint8_t own_profile[PROFILE_SIZE] = {
    0x23,                   /* 1: profile and SMS-PP download, timer expiration */
    0x00,                   /* 2 */
    0xE8,                   /* 3: MORE TIME, POLL INTERVAL, POLLING OFF, REFRESH */
    0x42,                   /* 4: SEND SHORT MESSAGE, location and IMEI */
    0x11,                   /* 5: SET UP EVENT LIST, location status */
    0x1C,                   /* 6: data available, channel status, access technology */
    0x00,                   /* 7 */
    0x07,                   /* 8: timers, date and time */
    0x80,                   /* 9: access technology */
    0x00, 0x00,             /* 10, 11 */
    0x1F,                   /* 12: channels */
    0xE2,                   /* 13: packet bearers, seven channels */
    0x60,                   /* 14: no display, no keypad */
    0x00, 0x00,             /* 15, 16 */
    0x43,                   /* 17: TCP, UDP, E-UTRAN */
    0xC0,                   /* 18: IMEISV, search mode */
    0x00, 0x00, 0x00, 0x00, /* 19 to 22 */
    0x00, 0x00,             /* 23, 24 */
    0xD0,                   /* 25: network rejection, several access technologies */
    0x00, 0x00, 0x00, 0x00, /* 26 to 29 */
    0x00, 0x00, 0x00,       /* 30 to 32 */
    0x07,                   /* 33: DNS server address, reuse of an access point */
    0x20,                   /* 34: REFRESH with eUICC profile state change */
};

/* Octets that speak of events, channels and bearers, counted from 1. */
static const uint8_t hidden_octets[] = {5, 6, 13, 17, 25};

void modem_put_own_profile(const struct modem *modem, struct buf *out)
{
    struct span profile =
        modem->settings.profile.data != NULL ? modem->settings.profile : SPAN_ARRAY(own_profile);
    size_t before = out->size;

    if (profile.size > APDU_SHORT_NC)
        profile.size = APDU_SHORT_NC;
    buf_append(out, profile);
    if (out->failed)
        return;
    if (HAS_HABIT(modem, MODEM_CLAIMS_ALL))
        memset(out->data + before, 0xFF, profile.size);
    for (size_t i = 0; i < sizeof(hidden_octets) && HAS_HABIT(modem, MODEM_LIES_IN_PROFILE); i++)
        if (hidden_octets[i] <= profile.size)
            out->data[before + hidden_octets[i] - 1] = 0;
}

/* What neither has is not there: "no display" and "no keypad" stand only where the guest says so too. */
enum { LACK_OCTET = 14, LACKS = 0x60 };

void modem_put_profile(const struct modem *modem, struct buf *out)
{
    const struct buf *guest = &modem->guest_profile;
    size_t before = out->size;

    modem_put_own_profile(modem, out);
    while (!out->failed && out->size - before < guest->size)
        buf_append_octet(out, 0);
    for (size_t i = 0; !out->failed && i < guest->size; i++) {
        uint8_t lack = i + 1 == LACK_OCTET ? LACKS : 0;
        uint8_t *octet = &out->data[before + i];

        *octet = (uint8_t)(((*octet | guest->data[i]) & ~lack) | (*octet & guest->data[i] & lack));
    }
}

void modem_put_capability(const struct modem *modem, struct buf *out)
{
    size_t at = tlv_open(out, TAG_CAPABILITY);

    tlv_put_octet(out, TAG_IPA_SUPPORT, modem->settings.declares_ipad ? HAS_IPAD : 0);
    tlv_close(out, at);
}
