/* The values in a network's script: how each kind is written. All are false for what is none; the output is
 * then left alone. */
#ifndef SOFTEUICC_DEVICE_AIR_SCRIPT_VALUES_H
#define SOFTEUICC_DEVICE_AIR_SCRIPT_VALUES_H

#include "common/net/addresses.h"
#include "device/air/air.h"

#define SCRIPT_TIME_MAX ((int64_t)100 * 365 * 24 * 3600 * 1000) /* milliseconds: a hundred years */

/* "500ms", "1.6s", "5m", "2h", "3d", or "0": whole milliseconds, at most SCRIPT_TIME_MAX. */
bool script_duration(const char *text, int64_t *ms);
/* One duration, or two with ".." between them, the lower first. */
bool script_range(const char *text, int64_t *low, int64_t *high);
/* "200bit/s", "62.5kbit/s", "10Mbit/s", or "unlimited", which is 0. */
bool script_rate(const char *text, uint64_t *bits_per_second);
/* "2%", "0.5%", 0 to 100, in millionths. */
bool script_share(const char *text, uint32_t *millionths);
/* "262-01", "310-410": its digits without the dash, and how many the MNC has. */
bool script_plmn(const char *text, char digits[7], size_t *mnc_size);
/* A number, decimal or with 0x, from `min` to `max`. */
bool script_number(const char *text, uint32_t min, uint32_t max, uint32_t *number);
/* "192.0.2.1" or "2001:db8::1"; the port is 0. */
bool script_address(const char *text, struct address *address);
/* The same, or with a port behind it: "192.0.2.1:443", "[2001:db8::1]:443". */
bool script_endpoint(const char *text, struct address *address);
/* "gsm", "umts", "lte", "ltem", "nbiot", "nr" */
bool script_technology(const char *text, enum air_technology *technology);
/* Letters, digits, dashes, underscores, and dots, up to `max` characters. */
bool script_is_name(const char *text, size_t max);

#endif
