/* A link to a card file, opened in this process through the library: no reader, no daemon. See link.h. */
#include "common/tool.h"
#include "device/link_private.h"
#include "euicc/softeuicc.h"

#include <stdlib.h>

struct file_link {
    struct softeuicc *card;
    uint8_t rapdu[SOFTEUICC_RAPDU_MAX];
};

static bool file_transmit(struct link *link, struct span capdu, struct buf *response)
{
    struct file_link *file = link->state;
    size_t size = sizeof(file->rapdu);

    softeuicc_transmit(file->card, capdu.data, capdu.size, file->rapdu, &size);
    buf_append(response, SPAN(file->rapdu, size));
    return true;
}

static bool file_reset(struct link *link)
{
    struct file_link *file = link->state;

    softeuicc_reset(file->card, SOFTEUICC_COLD, link->atr, &link->atr_size);
    return true;
}

static void file_power_off(struct link *link)
{
    struct file_link *file = link->state;

    softeuicc_power_off(file->card);
}

static void file_close(struct link *link)
{
    struct file_link *file = link->state;

    softeuicc_close(file->card);
    free(file);
}

static const struct link_kind kind = {file_transmit, file_reset, file_power_off, file_close};

struct link *link_open_file(const char *path)
{
    return link_open_card(path, NULL);
}

struct link *link_open_card(const char *path, const struct softeuicc_hooks *hooks)
{
    struct softeuicc_error why;
    struct file_link *file = calloc(1, sizeof(*file));
    struct link *link;

    if (file == NULL) {
        tool_error("out of memory");
        return NULL;
    }
    file->card = softeuicc_open(path, hooks, &why);
    if (file->card == NULL) {
        tool_error("%s", why.message);
        free(file);
        return NULL;
    }
    link = link_new(&kind, path, file);
    if (link == NULL) {
        softeuicc_close(file->card);
        free(file);
        return NULL;
    }
    link->card = file->card;
    link_reset(link);
    return link;
}
