/* What terminals tell: see ipae_answers.h. */
#include "euicc/ipae/ipae_answers.h"

#include "apdu/digits.h"
#include "apdu/proactive.h"

#include <time.h>

enum { TIME_SIZE = 7, IMEI_SIZE = 8, ZONE_UNKNOWN = 0xFF, ZONE_NEGATIVE = 0x08 };

/* Quarters of an hour that the local time is ahead of UTC (3GPP TS 23.040 9.2.3.11); unknown is none. */
static bool take_zone(uint8_t octet, int *quarters)
{
    unsigned number = 0;

    if (octet != ZONE_UNKNOWN && !digits_read_swapped((uint8_t)(octet & ~ZONE_NEGATIVE), &number))
        return false;
    *quarters = octet != ZONE_UNKNOWN && (octet & ZONE_NEGATIVE) != 0 ? -(int)number : (int)number;
    return true;
}

/* Of this century. False: they are no digits, or there is no such day or time. */
static bool take_date(const uint8_t *octets, time_t *seconds)
{
    unsigned numbers[6];
    struct tm tm, made;

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (!digits_read_swapped(octets[i], &numbers[i]))
            return false;
    tm = (struct tm){.tm_year = 100 + (int)numbers[0],
                     .tm_mon = (int)numbers[1] - 1,
                     .tm_mday = (int)numbers[2],
                     .tm_hour = (int)numbers[3],
                     .tm_min = (int)numbers[4],
                     .tm_sec = (int)numbers[5]};
    made = tm;
    *seconds = timegm(&made);
    return made.tm_mon == tm.tm_mon && made.tm_mday == tm.tm_mday && made.tm_hour == tm.tm_hour &&
           made.tm_min == tm.tm_min && made.tm_sec == tm.tm_sec;
}

bool ipae_answer_time(struct span objects, int64_t *time)
{
    struct span value;
    time_t seconds;
    int quarters;

    if (!comprehension_find(objects, PROACTIVE_DATE_TIME, &value) || value.size != TIME_SIZE ||
        !take_date(value.data, &seconds) || !take_zone(value.data[TIME_SIZE - 1], &quarters))
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
