/* Durations, rates, shares, addresses. See script_values.h. */
#include "device/air/script_values.h"

#include "common/duration.h"

#include "apdu/digits.h"
#include "common/number.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRACTION_DIGITS 6

struct unit {
    const char *name;
    int64_t factor;
};

/* Reads "1.25UNIT" as a whole number of what the unit is a multiple of; *value at most `max`. */
static bool read_quantity(const char *text, const struct unit *units, size_t count, int64_t max,
                          int64_t *value)
{
    int64_t whole = 0;
    int64_t fraction = 0;
    int64_t scale = 1;
    const char *at = text;

    if (*at < '0' || *at > '9')
        return false;
    for (; *at >= '0' && *at <= '9'; at++) {
        whole = 10 * whole + (*at - '0');
        if (whole > max)
            return false;
    }
    if (*at == '.') {
        if (at[1] < '0' || at[1] > '9')
            return false;
        for (at++; *at >= '0' && *at <= '9'; at++) {
            fraction = 10 * fraction + (*at - '0');
            scale *= 10;
            if (at - text > 2 * FRACTION_DIGITS || scale > 1000000)
                return false;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(at, units[i].name) != 0)
            continue;
        if (whole > max / units[i].factor || fraction * units[i].factor % scale != 0)
            return false;
        whole = whole * units[i].factor + fraction * units[i].factor / scale;
        if (whole > max)
            return false;
        *value = whole;
        return true;
    }
    return false;
}

bool script_duration(const char *text, int64_t *ms)
{
    int64_t read = 0;

    if (strcmp(text, "0") != 0 && (!duration_read(text, &read) || read > SCRIPT_TIME_MAX))
        return false;
    *ms = read;
    return true;
}

bool script_range(const char *text, int64_t *low, int64_t *high)
{
    const char *dots = strstr(text, "..");
    char first[32];
    int64_t from;
    int64_t to;

    if (dots == NULL) {
        if (!script_duration(text, &from))
            return false;
        *low = *high = from;
        return true;
    }
    if ((size_t)(dots - text) >= sizeof(first))
        return false;
    snprintf(first, sizeof(first), "%.*s", (int)(dots - text), text);
    if (!script_duration(first, &from) || !script_duration(dots + 2, &to) || from > to)
        return false;
    *low = from;
    *high = to;
    return true;
}

bool script_rate(const char *text, uint64_t *bits_per_second)
{
    static const struct unit units[] = {{"bit/s", 1}, {"kbit/s", 1000}, {"Mbit/s", 1000000}};
    int64_t rate = 0;

    if (strcmp(text, "unlimited") != 0 &&
        (!read_quantity(text, units, sizeof(units) / sizeof(units[0]), INT64_C(100000000000), &rate) ||
         rate == 0))
        return false;
    *bits_per_second = (uint64_t)rate;
    return true;
}

bool script_share(const char *text, uint32_t *millionths)
{
    static const struct unit units[] = {{"%", 10000}};
    int64_t share;

    if (!read_quantity(text, units, 1, 1000000, &share))
        return false;
    *millionths = (uint32_t)share;
    return true;
}

bool script_plmn(const char *text, char digits[7], size_t *mnc_size)
{
    const size_t size = strlen(text);
    char plain[7] = {0};

    if ((size != 6 && size != 7) || text[3] != '-')
        return false;
    memcpy(plain, text, 3);
    memcpy(plain + 3, text + 4, size - 4);
    if (!digits_are(plain, size - 1, size - 1))
        return false;
    memcpy(digits, plain, sizeof(plain));
    *mnc_size = size - 4;
    return true;
}

bool script_number(const char *text, uint32_t min, uint32_t max, uint32_t *number)
{
    int64_t value;

    if (strncmp(text, "0x", 2) == 0) {
        const size_t digits = strspn(text + 2, "0123456789abcdefABCDEF");

        if (digits < 1 || digits > 8 || text[2 + digits] != '\0')
            return false;
        value = (int64_t)strtoul(text + 2, NULL, 16);
        if (value < min || value > max)
            return false;
    } else if (!number_read(text, min, max, &value)) {
        return false;
    }
    *number = (uint32_t)value;
    return true;
}

bool script_address(const char *text, struct address *address)
{
    struct address read;

    memset(&read, 0, sizeof(read));
    if (inet_pton(AF_INET, text, &read.at.v4.sin_addr) == 1) {
        read.at.v4.sin_family = AF_INET;
        read.size = sizeof(read.at.v4);
    } else {
        memset(&read, 0, sizeof(read));
        if (inet_pton(AF_INET6, text, &read.at.v6.sin6_addr) != 1)
            return false;
        read.at.v6.sin6_family = AF_INET6;
        read.size = sizeof(read.at.v6);
    }
    *address = read;
    return true;
}

bool script_endpoint(const char *text, struct address *address)
{
    const char *bracket = strchr(text, ']');
    const char *colon = bracket != NULL ? bracket + 1 : strchr(text, ':');
    const size_t skipped = text[0] == '[' ? 1 : 0;
    char host[INET6_ADDRSTRLEN];
    struct address read;
    uint32_t port;
    size_t size;

    if (script_address(text, address))
        return true;
    if (colon == NULL || *colon != ':' || (bracket != NULL) != (skipped == 1))
        return false;
    size = (size_t)(colon - text) - 2 * skipped;
    if (size >= sizeof(host))
        return false;
    memcpy(host, text + skipped, size);
    host[size] = '\0';
    if (!script_address(host, &read) || (read.at.any.sa_family == AF_INET6) != (skipped == 1) ||
        !script_number(colon + 1, 1, UINT16_MAX, &port))
        return false;
    if (read.at.any.sa_family == AF_INET6)
        read.at.v6.sin6_port = htons((uint16_t)port);
    else
        read.at.v4.sin_port = htons((uint16_t)port);
    *address = read;
    return true;
}

bool script_technology(const char *text, enum air_technology *technology)
{
    static const char *const names[] = {
        [AIR_GSM] = "gsm",    [AIR_UTRAN] = "umts",   [AIR_LTE] = "lte",
        [AIR_LTE_M] = "ltem", [AIR_NB_IOT] = "nbiot", [AIR_NR] = "nr",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(text, names[i]) == 0) {
            *technology = (enum air_technology)i;
            return true;
        }
    }
    return false;
}

bool script_is_name(const char *text, size_t max)
{
    const size_t size = strlen(text);

    return size > 0 && size <= max &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == size;
}
