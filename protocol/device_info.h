/* DeviceInfo (SGP.22 4.2): what the device says of itself in a download, and in IpaEuiccData. */
#ifndef SOFTEUICC_PROTOCOL_DEVICE_INFO_H
#define SOFTEUICC_PROTOCOL_DEVICE_INFO_H

#include "apdu/bytes.h"

#include <stdbool.h>

/* 15 or 16 digits. */
bool imei_is_valid(const char *text);

/* Appends it under `tag`. `imei` as above, or NULL: the type allocation code of GSMA's test range,
 * no IMEI. */
void device_info_put(struct buf *out, uint32_t tag, const char *imei);

#endif
