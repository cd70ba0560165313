/* A link through PC/SC to a card in a reader, ours or a real one. See link.h. */
#include "config.h"

#include "tools/common/link_private.h"
#include "tools/tool.h"

#ifdef HAVE_PCSC

#include <stdlib.h>
#include <string.h>
#include <winscard.h>

/* A response is at most 256 octets and a status word over T=0, 64 KiB and a status word over T=1. */
#define RESPONSE_MAX 65538

struct pcsc_link {
    SCARDCONTEXT context;
    SCARDHANDLE card;
    DWORD protocol;
    uint8_t response[RESPONSE_MAX];
};

static bool pcsc_transmit(struct link *link, struct span capdu, struct buf *response)
{
    struct pcsc_link *pcsc = link->state;
    const SCARD_IO_REQUEST *pci = pcsc->protocol == SCARD_PROTOCOL_T1 ? SCARD_PCI_T1 : SCARD_PCI_T0;
    DWORD size = sizeof(pcsc->response);
    LONG rv = SCardTransmit(pcsc->card, pci, capdu.data, capdu.size, NULL, pcsc->response, &size);

    if (rv != SCARD_S_SUCCESS) {
        tool_error("reader '%s': %s", link->name, pcsc_stringify_error(rv));
        return false;
    }
    buf_append(response, SPAN(pcsc->response, size));
    return true;
}

static bool read_atr(struct link *link)
{
    struct pcsc_link *pcsc = link->state;
    DWORD atr_size = sizeof(link->atr);
    LONG rv = SCardStatus(pcsc->card, NULL, NULL, NULL, NULL, link->atr, &atr_size);

    if (rv != SCARD_S_SUCCESS) {
        tool_error("reader '%s': %s", link->name, pcsc_stringify_error(rv));
        return false;
    }
    link->atr_size = atr_size;
    return true;
}

static bool pcsc_reset(struct link *link)
{
    struct pcsc_link *pcsc = link->state;
    LONG rv = SCardReconnect(pcsc->card, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1,
                             SCARD_UNPOWER_CARD, &pcsc->protocol);

    if (rv != SCARD_S_SUCCESS) {
        tool_error("reader '%s': reset: %s", link->name, pcsc_stringify_error(rv));
        return false;
    }
    return read_atr(link);
}

static void pcsc_close(struct link *link)
{
    struct pcsc_link *pcsc = link->state;

    SCardDisconnect(pcsc->card, SCARD_LEAVE_CARD);
    SCardReleaseContext(pcsc->context);
    free(pcsc);
}

static const struct link_kind kind = {pcsc_transmit, pcsc_reset, pcsc_close};

/* True when a card with an ISD-R is in the reader: it selects it on a channel of its own and closes that
 * again. */
static bool has_isdr(struct link *link)
{
    static const uint8_t open_channel[] = {0x00, 0x70, 0x00, 0x00, 0x01};
    struct buf response = {0};
    bool found = false;
    uint8_t channel;

    if (link_transmit(link, SPAN_ARRAY(open_channel), &response) && response.size == 3) {
        uint8_t select[] = {0x00, 0xA4, 0x04, 0x00, 0x10, 0xA0, 0x00, 0x00, 0x05, 0x59, 0x10,
                            0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00};
        uint8_t close_channel[] = {0x00, 0x70, 0x80, 0x00};

        channel = response.data[0];
        if (channel < 4) {
            select[0] = channel;
            found = link_transmit(link, SPAN_ARRAY(select), &response) &&
                    (response.data[response.size - 2] == 0x61 || response.data[response.size - 2] == 0x90);
        }
        close_channel[3] = channel;
        link_transmit(link, SPAN_ARRAY(close_channel), &response);
    }
    buf_free(&response);
    return found;
}

/* Connects to one reader by its exact name; NULL without a line when there is no card in it and `quiet`. */
static struct link *connect_reader(SCARDCONTEXT context, const char *name, bool quiet)
{
    struct pcsc_link *pcsc = calloc(1, sizeof(*pcsc));
    struct link *link;
    LONG rv;

    if (pcsc == NULL) {
        tool_error("out of memory");
        return NULL;
    }
    pcsc->context = context;
    rv = SCardConnect(context, name, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, &pcsc->card,
                      &pcsc->protocol);
    if (rv != SCARD_S_SUCCESS) {
        if (!quiet)
            tool_error("reader '%s': %s", name, pcsc_stringify_error(rv));
        free(pcsc);
        return NULL;
    }
    link = link_new(&kind, name, pcsc);
    if (link == NULL || !read_atr(link)) {
        SCardDisconnect(pcsc->card, SCARD_LEAVE_CARD);
        free(pcsc);
        free(link);
        return NULL;
    }
    return link;
}

/* Leaves the reader but keeps the context, which the search goes on with. */
static void leave_reader(struct link *link)
{
    struct pcsc_link *pcsc = link->state;

    SCardDisconnect(pcsc->card, SCARD_LEAVE_CARD);
    free(pcsc);
    free(link);
}

static struct link *search(SCARDCONTEXT context, const char *readers, const char *wanted)
{
    bool seen = false;

    for (const char *name = readers; *name != '\0'; name += strlen(name) + 1) {
        struct link *link;

        if (wanted != NULL && strstr(name, wanted) == NULL)
            continue;
        seen = true;
        link = connect_reader(context, name, wanted == NULL);
        if (link == NULL && wanted != NULL)
            return NULL;
        if (link != NULL && (wanted != NULL || has_isdr(link)))
            return link;
        if (link != NULL)
            leave_reader(link);
    }
    if (wanted != NULL && !seen)
        tool_error("there is no reader whose name contains '%s'", wanted);
    else
        tool_error("no reader holds an eUICC (is 'softeuicc run' running?)");
    return NULL;
}

struct link *link_open_reader(const char *wanted)
{
    SCARDCONTEXT context;
    char *readers = NULL;
    DWORD size = SCARD_AUTOALLOCATE;
    struct link *link;
    LONG rv = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context);

    if (rv != SCARD_S_SUCCESS) {
        tool_error("PC/SC: %s", pcsc_stringify_error(rv));
        return NULL;
    }
    rv = SCardListReaders(context, NULL, (LPSTR)&readers, &size);
    if (rv != SCARD_S_SUCCESS) {
        tool_error("PC/SC: %s", pcsc_stringify_error(rv));
        SCardReleaseContext(context);
        return NULL;
    }
    link = search(context, readers, wanted);
    SCardFreeMemory(context, readers);
    if (link == NULL)
        SCardReleaseContext(context);
    return link;
}

#else

struct link *link_open_reader(const char *wanted)
{
    (void)wanted;
    tool_error("this build has no PC/SC (configured --without-pcsclite); use --card FILE");
    return NULL;
}

#endif
