/* DeviceInfo. See device_info.h. */
#include "protocol/device_info.h"

#include "apdu/digits.h"
#include "apdu/tlv.h"

#include <string.h>

/* Type allocation code of GSMA's test range, for a device that did not say its IMEI. */
static const uint8_t test_tac[] = {0x35, 0x29, 0x06, 0x11};

bool imei_is_valid(const char *text)
{
    return digits_are(text, 15, 16);
}

/* { 80 tac, A1 deviceCapabilities, [82 imei] }: IMEI digits go in with swapped nibbles. */
void device_info_put(struct buf *out, uint32_t tag, const char *imei)
{
    static const uint8_t release_15[] = {15, 0, 0};
    uint8_t octets[8];
    size_t device = tlv_open(out, tag);
    size_t capabilities;

    if (imei != NULL)
        digits_swap(imei, octets, sizeof(octets));
    tlv_put(out, 0x80, imei != NULL ? SPAN(octets, 4) : SPAN_ARRAY(test_tac));
    capabilities = tlv_open(out, 0xA1);
    tlv_put(out, 0x80, SPAN_ARRAY(release_15)); /* GSM */
    tlv_put(out, 0x81, SPAN_ARRAY(release_15)); /* UTRAN */
    tlv_put(out, 0x85, SPAN_ARRAY(release_15)); /* E-UTRAN */
    tlv_close(out, capabilities);
    if (imei != NULL)
        tlv_put(out, 0x82, SPAN_ARRAY(octets));
    tlv_close(out, device);
}
