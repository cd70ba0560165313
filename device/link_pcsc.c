/* A link through PC/SC to a card in a reader, ours or a real one. See link.h. */
#include "config.h"

#include "apdu/apdu.h"
#include "common/tool.h"
#include "device/link_private.h"

#ifdef HAVE_PCSC

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <winscard.h>

/* A response is at most 256 octets and a status word over T=0, 64 KiB and a status word over T=1. */
#define RESPONSE_MAX 65538

struct pcsc_link {
    SCARDCONTEXT context;
    SCARDHANDLE card;
    DWORD protocol;
    bool has_left; /* the reader, by link_power_off: there is no `card` */
    uint8_t response[RESPONSE_MAX];
};

/* Whether a pcscd takes connections, on the socket that libpcsclite uses. */
static bool pcscd_listens(void)
{
    const char *name = getenv("PCSCLITE_CSOCK_NAME");
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    bool listens;
    int fd;

    snprintf(at.sun_path, sizeof(at.sun_path), "%s", name != NULL ? name : "/run/pcscd/pcscd.comm");
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    listens = connect(fd, (const struct sockaddr *)&at, sizeof(at)) == 0;
    close(fd);
    return listens;
}

/* A pcscd whose polkit refuses a client says so, or just ends the connection: then libpcsclite takes it for
 * one that is not there, or calls it a communication error. */
static bool is_refusal(LONG rv)
{
    return rv == (LONG)SCARD_W_SECURITY_VIOLATION ||
           ((rv == (LONG)SCARD_E_NO_SERVICE || rv == (LONG)SCARD_F_COMM_ERROR) && pcscd_listens());
}

/* The error line of a PC/SC call; `where` is the reader, or what was asked for. */
static void link_pcsc_report(const char *where, const char *what, LONG rv)
{
    const char *advice = "";

    if (is_refusal(rv))
        advice =
            " (pcscd refuses by polkit, or for want of it: start it with --disable-polkit, or allow this "
            "user the actions org.debian.pcsc-lite.access_pcsc and .access_card)";
    else if (rv == (LONG)SCARD_E_NO_SERVICE)
        advice = " (is pcscd running?)";
    tool_error("%s: %s%s%s", where, what, pcsc_stringify_error(rv), advice);
}

static void report_reader(const char *name, const char *what, LONG rv)
{
    char where[160];

    snprintf(where, sizeof(where), "reader '%.140s'", name);
    link_pcsc_report(where, what, rv);
}

static bool pcsc_transmit(struct link *link, struct span capdu, struct buf *response)
{
    struct pcsc_link *pcsc = link->state;
    const SCARD_IO_REQUEST *pci = pcsc->protocol == SCARD_PROTOCOL_T1 ? SCARD_PCI_T1 : SCARD_PCI_T0;
    DWORD size = sizeof(pcsc->response);
    LONG rv = SCardTransmit(pcsc->card, pci, capdu.data, capdu.size, NULL, pcsc->response, &size);

    if (rv != SCARD_S_SUCCESS) {
        link->was_reset = rv == (LONG)SCARD_W_RESET_CARD;
        report_reader(link->name, "", rv);
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
        report_reader(link->name, "", rv);
        return false;
    }
    link->atr_size = atr_size;
    return true;
}

/* After link_power_off the reader is entered again; the card may have its power still, by another program. */
static LONG enter_again(struct link *link)
{
    struct pcsc_link *pcsc = link->state;
    LONG rv = SCardConnect(pcsc->context, link->name, SCARD_SHARE_SHARED,
                           SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, &pcsc->card, &pcsc->protocol);

    pcsc->has_left = rv != SCARD_S_SUCCESS;
    return rv;
}

static bool pcsc_reset(struct link *link)
{
    struct pcsc_link *pcsc = link->state;
    LONG rv = pcsc->has_left ? enter_again(link) : SCARD_S_SUCCESS;

    if (rv == SCARD_S_SUCCESS)
        rv = SCardReconnect(pcsc->card, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1,
                            SCARD_UNPOWER_CARD, &pcsc->protocol);
    if (rv != SCARD_S_SUCCESS) {
        report_reader(link->name, "reset: ", rv);
        return false;
    }
    return read_atr(link);
}

static void pcsc_power_off(struct link *link)
{
    struct pcsc_link *pcsc = link->state;

    if (!pcsc->has_left)
        SCardDisconnect(pcsc->card, SCARD_UNPOWER_CARD);
    pcsc->has_left = true;
}

static void pcsc_close(struct link *link)
{
    struct pcsc_link *pcsc = link->state;

    if (!pcsc->has_left)
        SCardDisconnect(pcsc->card, SCARD_LEAVE_CARD);
    SCardReleaseContext(pcsc->context);
    free(pcsc);
}

static const struct link_kind kind = {pcsc_transmit, pcsc_reset, pcsc_power_off, pcsc_close};

/* Whether the ISD-R answers on this channel, which is closed then. */
static bool selects_isdr(struct link *link, uint8_t channel, struct buf *response)
{
    uint8_t select[] = {0x00, 0xA4, 0x04, 0x00, 0x10, 0xA0, 0x00, 0x00, 0x05, 0x59, 0x10,
                        0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00};
    const uint8_t close_channel[] = {0x00, 0x70, 0x80, channel};
    bool found;

    select[0] = apdu_cla(0x00, channel);
    found = link_transmit(link, SPAN_ARRAY(select), response) &&
            (response->data[response->size - 2] == 0x61 || response->data[response->size - 2] == 0x90);
    link_transmit(link, SPAN_ARRAY(close_channel), response);
    return found;
}

/* True when a card with an ISD-R is in the reader: it is selected on a channel of its own. *sw: why none
 * could be opened, else unchanged. */
static bool has_isdr(struct link *link, uint16_t *sw)
{
    static const uint8_t open_channel[] = {0x00, 0x70, 0x00, 0x00, 0x01};
    struct buf response = {0};
    bool found = false;

    if (link_transmit(link, SPAN_ARRAY(open_channel), &response)) {
        if (response.size == 3 && response.data[0] > 0 && response.data[0] < APDU_CHANNELS)
            found = selects_isdr(link, response.data[0], &response);
        else if (response.size == 2)
            *sw = (uint16_t)(response.data[0] << 8 | response.data[1]);
    }
    buf_free(&response);
    return found;
}

/* Connects to one reader by its exact name. NULL without a line when that fails, as `*rv` says; with one when
 * the card cannot be told from its ATR. */
static struct link *connect_reader(SCARDCONTEXT context, const char *name, LONG *rv)
{
    struct pcsc_link *pcsc = calloc(1, sizeof(*pcsc));
    struct link *link;

    *rv = SCARD_E_NO_MEMORY;
    if (pcsc == NULL)
        return NULL;
    pcsc->context = context;
    *rv = SCardConnect(context, name, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, &pcsc->card,
                       &pcsc->protocol);
    if (*rv != SCARD_S_SUCCESS) {
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
    bool full = false; /* a card without a free channel was reported: it may be the one */

    for (const char *name = readers; *name != '\0'; name += strlen(name) + 1) {
        struct link *link;
        uint16_t sw = SW_OK;
        LONG rv;

        if (wanted != NULL && strstr(name, wanted) == NULL)
            continue;
        seen = true;
        link = connect_reader(context, name, &rv);
        /* In a search, a reader without a card is passed over; a refusal would be the same at each. */
        if (link == NULL && (wanted != NULL || rv == (LONG)SCARD_W_SECURITY_VIOLATION)) {
            if (rv != SCARD_S_SUCCESS)
                report_reader(name, "", rv);
            return NULL;
        }
        if (link != NULL && (wanted != NULL || has_isdr(link, &sw)))
            return link;
        if (sw != SW_OK) {
            link_report_no_channel(link, sw);
            full = true;
        }
        if (link != NULL)
            leave_reader(link);
    }
    if (wanted != NULL && !seen)
        tool_error("there is no reader whose name contains '%s'", wanted);
    else if (!full)
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
        link_pcsc_report("PC/SC", "", rv);
        return NULL;
    }
    rv = SCardListReaders(context, NULL, (LPSTR)&readers, &size);
    if (rv != SCARD_S_SUCCESS) {
        link_pcsc_report("PC/SC", "", rv);
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
