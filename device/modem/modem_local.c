/* PROVIDE LOCAL INFORMATION: see modem_local.h. */
#include "device/modem/modem_local.h"

#include "apdu/digits.h"
#include "apdu/tlv.h"
#include "device/modem/modem_events.h"
#include "device/modem/modem_response.h"
#include "device/modem/modem_tell.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { SEARCH_AUTOMATIC = 0x01, MS = 1000 };
/* The first half octet of a mobile identity, 3GPP TS 24.008 10.5.1.4: its type, and whether its digits are
 * odd in number. */
enum { IDENTITY_IMEI = 0xA, IDENTITY_IMEISV = 0x3 };
enum { IMEI_DIGITS = 15, IMEI_SIZE = 8, IMEISV_SIZE = 9, IMEISV_SHARED = 14 };

static void no_service(struct modem *modem)
{
    modem_respond_why(modem, PROACTIVE_TERMINAL_BUSY, BUSY_NO_SERVICE);
}

/* "Limited service" is said where the answer has something to do with it. */
static void respond_by_service(struct modem *modem)
{
    modem_respond(modem, air_state(modem->air)->service == AIR_LIMITED ? PROACTIVE_DONE_LIMITED_SERVICE
                                                                       : PROACTIVE_DONE);
}

static bool has_cell(const struct modem *modem)
{
    enum air_service service = air_state(modem->air)->service;

    return service == AIR_NORMAL || service == AIR_LIMITED;
}

static void provide_location(struct modem *modem)
{
    size_t at;

    events_place_told(modem);
    if (!has_cell(modem)) {
        no_service(modem);
        return;
    }
    at = tlv_open(&modem->objects, PROACTIVE_LOCATION_INFORMATION & ~COMPREHENSION_REQUIRED);
    events_put_location(air_state(modem->air), &modem->objects);
    tlv_close(&modem->objects, at);
    respond_by_service(modem);
}

static void provide_technology(struct modem *modem)
{
    const uint8_t technology = events_access_technology(air_state(modem->air)->technology);

    if (!has_cell(modem)) {
        no_service(modem);
        return;
    }
    modem_put_object(&modem->objects, PROACTIVE_ACCESS_TECHNOLOGY, SPAN(&technology, 1));
    modem_respond(modem, PROACTIVE_DONE);
}

/* Digits behind the half octet that says what they are. */
static void put_identity(struct modem *modem, uint8_t tag, uint8_t kind, const char *digits, size_t size)
{
    uint8_t octets[IMEISV_SIZE];

    memset(octets, 0xFF, sizeof(octets));
    octets[0] = (uint8_t)(0xF0 | kind);
    for (size_t i = 0; digits[i] != '\0' && (i + 1) / 2 < size; i++) {
        uint8_t digit = (uint8_t)(digits[i] - '0');
        uint8_t *octet = &octets[(i + 1) / 2];

        *octet = (uint8_t)(i % 2 == 0 ? (*octet & 0x0F) | digit << 4 : (*octet & 0xF0) | digit);
    }
    modem_put_object(&modem->objects, tag, SPAN(octets, size));
    modem_respond(modem, PROACTIVE_DONE);
}

static void provide_imei(struct modem *modem)
{
    put_identity(modem, PROACTIVE_IMEI, IDENTITY_IMEI, modem->settings.imei, IMEI_SIZE);
}

/* The IMEI without its check digit, and the software's version: 00. */
static void provide_imeisv(struct modem *modem)
{
    char digits[IMEISV_SHARED + 3];

    snprintf(digits, sizeof(digits), "%.*s00", IMEISV_SHARED, modem->settings.imei);
    put_identity(modem, PROACTIVE_IMEISV, IDENTITY_IMEISV, digits, IMEISV_SIZE);
}

/* In UTC, which is said. */
static void provide_time(struct modem *modem)
{
    time_t now = (time_t)(modem_now(modem) / MS);
    uint8_t octets[7] = {0};
    struct tm parts;

    if (gmtime_r(&now, &parts) == NULL) {
        modem_respond(modem, PROACTIVE_BEYOND_ABILITY);
        return;
    }
    octets[0] = digits_swapped((unsigned)(parts.tm_year % 100));
    octets[1] = digits_swapped((unsigned)(parts.tm_mon + 1));
    octets[2] = digits_swapped((unsigned)parts.tm_mday);
    octets[3] = digits_swapped((unsigned)parts.tm_hour);
    octets[4] = digits_swapped((unsigned)parts.tm_min);
    octets[5] = digits_swapped((unsigned)parts.tm_sec);
    modem_put_object(&modem->objects, PROACTIVE_DATE_TIME, SPAN_ARRAY(octets));
    modem_respond(modem, PROACTIVE_DONE);
}

static void provide_search_mode(struct modem *modem)
{
    static const uint8_t mode = SEARCH_AUTOMATIC;

    modem_put_object(&modem->objects, PROACTIVE_SEARCH_MODE, SPAN(&mode, 1));
    modem_respond(modem, PROACTIVE_DONE);
}

void local_provide(struct modem *modem)
{
    static const struct {
        uint8_t qualifier;
        void (*provide)(struct modem *modem);
    } kinds[] = {
        {PROACTIVE_LOCAL_LOCATION, provide_location},
        {PROACTIVE_LOCAL_IMEI, provide_imei},
        {PROACTIVE_LOCAL_DATE_TIME, provide_time},
        {PROACTIVE_LOCAL_ACCESS_TECHNOLOGY, provide_technology},
        {PROACTIVE_LOCAL_IMEISV, provide_imeisv},
        {PROACTIVE_LOCAL_SEARCH_MODE, provide_search_mode},
        {PROACTIVE_LOCAL_ACCESS_TECHNOLOGIES, provide_technology},
    };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (kinds[i].qualifier == modem->command.qualifier) {
            kinds[i].provide(modem);
            return;
        }
    }
    modem_respond(modem, PROACTIVE_DATA_UNKNOWN);
}
