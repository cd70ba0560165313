/* What terminals tell: see ipae_answers.h. */
#include "euicc/ipae/ipae_answers.h"

#include "apdu/digits.h"
#include "apdu/proactive.h"

#include <time.h>

enum { TIME_SIZE = 7, IMEI_SIZE = 8, ZONE_UNKNOWN = 0xFF, ZONE_NEGATIVE = 0x08 };

/* Two digits in an octet, the tens in the low half. */
static bool take_number(uint8_t octet, int *number)
{
    *number = (octet & 0x0F) * 10 + (octet >> 4);
    return (octet & 0x0F) < 10 && octet >> 4 < 10;
}

/* Quarters of an hour that the local time is ahead of UTC (3GPP TS 23.040 9.2.3.11); unknown is none. */
static bool take_zone(uint8_t octet, int *quarters)
{
    bool is_negative = (octet & ZONE_NEGATIVE) != 0;

    *quarters = 0;
    if (octet == ZONE_UNKNOWN)
        return true;
    if (!take_number((uint8_t)(octet & ~ZONE_NEGATIVE), quarters))
        return false;
    if (is_negative)
        *quarters = -*quarters;
    return true;
}

bool ipae_answer_time(struct span objects, int64_t *time)
{
    struct span value;
    struct tm tm = {.tm_isdst = 0}, made;
    int quarters;
    time_t seconds;

    if (!comprehension_find(objects, PROACTIVE_DATE_TIME, &value) || value.size != TIME_SIZE ||
        !take_number(value.data[0], &tm.tm_year) || !take_number(value.data[1], &tm.tm_mon) ||
        !take_number(value.data[2], &tm.tm_mday) || !take_number(value.data[3], &tm.tm_hour) ||
        !take_number(value.data[4], &tm.tm_min) || !take_number(value.data[5], &tm.tm_sec) ||
        !take_zone(value.data[6], &quarters))
        return false;
    tm.tm_year += 100; /* of this century */
    tm.tm_mon -= 1;
    made = tm;
    seconds = timegm(&made);
    if (made.tm_mon != tm.tm_mon || made.tm_mday != tm.tm_mday || made.tm_hour != tm.tm_hour)
        return false;
    *time = ((int64_t)seconds - quarters * INT64_C(15 * 60)) * 1000;
    return true;
}

/* The first digit is the upper half of the first octet, whose lower half says what identity it is (3GPP TS
 * 24.008 10.5.1.4); then the lower halves come first. */
bool ipae_answer_imei(struct span objects, char imei[17])
{
    struct span value;
    size_t count = 0;

    imei[0] = '\0';
    if (!comprehension_find(objects, PROACTIVE_IMEI, &value) || value.size != IMEI_SIZE)
        return false;
    for (size_t i = 1; i < 2 * IMEI_SIZE; i++) {
        unsigned digit = i % 2 == 1 ? value.data[i / 2] >> 4 : value.data[i / 2] & 0x0F;

        if (digit > 9)
            return false;
        imei[count++] = (char)('0' + digit);
    }
    imei[count] = '\0';
    return true;
}

bool ipae_answer_plmn(struct span objects, uint8_t plmn[3])
{
    struct span value;

    if (!comprehension_find(objects, PROACTIVE_LOCATION_INFORMATION, &value) || value.size < PLMN_SIZE ||
        (value.data[0] & 0x0F) > 9 || value.data[0] >> 4 > 9 || (value.data[1] & 0x0F) > 9)
        return false;
    for (size_t i = 0; i < PLMN_SIZE; i++)
        plmn[i] = value.data[i];
    return true;
}

/* The login is two text strings one behind the other. */
void ipae_read_access(struct span parameters, struct bip_access *access)
{
    struct comprehension_object object;

    while (comprehension_next(&parameters, &object)) {
        if (object.tag == PROACTIVE_BEARER_DESCRIPTION)
            access->bearer = object.value;
        else if (object.tag == PROACTIVE_NETWORK_ACCESS_NAME)
            access->apn = object.value;
        else if (object.tag == PROACTIVE_USER_NAME && access->user.data == NULL)
            access->user = object.value;
        else if (object.tag == PROACTIVE_USER_NAME)
            access->password = object.value;
    }
}
