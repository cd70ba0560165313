/* What security domains answer to SELECT: see fci.h. */
#include "euicc/isdr/fci.h"

#include "apdu/tlv.h"

size_t fci_open(struct buf *response, struct span aid)
{
    size_t fci = tlv_open(response, 0x6F);
    size_t proprietary;

    tlv_put(response, 0x84, aid);
    proprietary = tlv_open(response, 0xA5);
    tlv_put(response, 0x9F65, SPAN("\xFF", 1)); /* longest command data: 255, a short APDU */
    tlv_close(response, proprietary);
    return fci;
}
