/* What the commands of an eUICC Package share: see package_command.h. */
#include "euicc/iot/package_command.h"

#include "apdu/tlv.h"

enum package_outcome package_put_result(struct buf *results, uint32_t tag, unsigned code)
{
    tlv_put_unsigned(results, tag, code);
    return code == 0 ? PACKAGE_GOES_ON : PACKAGE_ENDS;
}
