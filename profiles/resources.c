/* What memory the card has left: see resources.h. */
#include "profiles/resources.h"

void card_resources_put(struct buf *out, uint32_t tag, uint64_t applications, struct card_resources resources)
{
    size_t at = tlv_open(out, tag);

    tlv_put_unsigned(out, 0x81, applications);
    tlv_put_unsigned(out, 0x82, resources.free_nvm);
    tlv_put_unsigned(out, 0x83, resources.free_ram);
    tlv_close(out, at);
}
