/* Links to a card: what does not depend on the kind. See link.h. */
#include "apdu/apdu.h"
#include "common/tool.h"
#include "device/link_private.h"

#include <stdio.h>
#include <stdlib.h>

struct link *link_new(const struct link_kind *kind, const char *name, void *state)
{
    struct link *link = calloc(1, sizeof(*link));

    if (link == NULL) {
        tool_error("out of memory");
        return NULL;
    }
    link->kind = kind;
    link->state = state;
    snprintf(link->name, sizeof(link->name), "%s", name);
    return link;
}

void link_close(struct link *link)
{
    if (link == NULL)
        return;
    link->kind->close(link);
    free(link);
}

const char *link_name(const struct link *link)
{
    return link->name;
}

struct span link_atr(const struct link *link)
{
    return SPAN(link->atr, link->atr_size);
}

struct softeuicc *link_card(const struct link *link)
{
    return link->card;
}

bool link_transmit(struct link *link, struct span capdu, struct buf *response)
{
    buf_clear(response);
    link->was_reset = false;
    if (!link->kind->transmit(link, capdu, response))
        return false;
    if (response->failed || response->size < 2) {
        tool_error("%s: the card answered with %zu octets, at least 2 are needed", link->name,
                   response->size);
        return false;
    }
    return true;
}

void link_report_no_channel(const struct link *link, uint16_t sw)
{
    tool_error("%s: the card opened no logical channel (%04X)%s", link->name, sw,
               sw == SW_OK
                   ? ""
                   : ": other programs have them all, or left them open; end those, or reset the card "
                     "('softeuicc ctl power-cycle', or out of the reader and in again)");
}

bool link_was_reset(const struct link *link)
{
    return link->was_reset;
}

void link_power_off(struct link *link)
{
    link->kind->power_off(link);
}

bool link_reset(struct link *link)
{
    return link->kind->reset(link);
}
