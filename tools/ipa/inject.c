/* `ipa inject`: an eIM package out of a file instead of a poll (SGP.32 5.14.4). */
#include "apdu/tlv.h"
#include "common/tool.h"
#include "ipa/result.h"
#include "protocol/tags.h"
#include "tools/ipa/ipa_tool.h"

#include <string.h>

#define REQUEST_MAX ((size_t)512 * 1024) /* octets of a file, also in hexadecimal */

/* DER, or text that is nothing but hexadecimal: no tag that an eIM package begins with is a digit or letter
 * of that, or a blank. */
static bool decode(const struct buf *file, struct buf *request)
{
    struct buf text = {0};
    bool ok;

    if (file->size > 0 && file->data[0] >= 0x80) {
        buf_append(request, buf_span(file));
        return !request->failed;
    }
    buf_append(&text, buf_span(file));
    buf_append(&text, SPAN("", 1));
    ok = !text.failed && strlen((const char *)text.data) == file->size &&
         buf_append_hex(request, (const char *)text.data, NULL);
    buf_free(&text);
    return ok;
}

/* What the file holds, with a package in it. False with the line printed. */
static bool read_request(const char *name, struct buf *request)
{
    const char *path = strcmp(name, "-") == 0 ? "/dev/stdin" : name;
    struct buf file = {0};
    bool ok = tool_read_file(path, REQUEST_MAX, &file);

    if (ok && file.size == 0) {
        tool_error("%s is empty", path);
        ok = false;
    } else if (ok && (!decode(&file, request) || ipa_injected_package(buf_span(request)).size == 0)) {
        tool_error(
            "%s is no eIM package: neither a TransferEimPackageRequest (BF4E) nor one of BF51, BF52, BF53 "
            "and BF54, in DER or hexadecimal",
            path);
        ok = false;
    }
    buf_free(&file);
    return ok;
}

/* The eIM of a package that does not say it: the only one of the card. False with the line printed. */
static bool only_eim(struct ipad *ipad, char id[IPA_ID_MAX + 1])
{
    const struct ipa_eim *eims;
    size_t count;

    if (!ipa_read_eims(ipad->ipa, &eims, &count)) {
        ipad_card_failed(ipad);
        return false;
    }
    if (count == 1) {
        memcpy(id, eims[0].id, IPA_ID_MAX + 1);
        return true;
    }
    if (count == 0)
        tool_error("the card is associated with no eIM (add one with 'softeuicc ipa add-eim FILE')");
    else
        tool_error("the card has %zu eIMs, and this package does not say whose it is: --only EIM-ID does",
                   count);
    return false;
}

/* Into `id`: whose package it is. False with the line printed. */
static bool choose_eim(struct ipad *ipad, struct span request, char id[IPA_ID_MAX + 1])
{
    struct span package = ipa_injected_package(request);

    if (package_eim_id(package, id)) {
        if (ipad->only == NULL || strcmp(ipad->only, id) == 0)
            return true;
        tool_error("the package is of eIM %s, not of %s", id, ipad->only);
        return false;
    }
    if (ipad->only == NULL)
        return only_eim(ipad, id);
    if (strlen(ipad->only) > IPA_ID_MAX) {
        tool_error("the card is not associated with eIM %s", ipad->only);
        return false;
    }
    memcpy(id, ipad->only, strlen(ipad->only) + 1);
    return true;
}

int ipad_inject(const struct command_line *line)
{
    struct ipad *ipad = line->settings;
    struct ipad_injected injected = {.out = ipad->out};
    struct buf request = {0};
    char id[IPA_ID_MAX + 1];
    int status = EXIT_FAILED;

    if (read_request(line->argv[0], &request) && choose_eim(ipad, buf_span(&request), id)) {
        injected.request = buf_span(&request);
        ipad->injected = &injected;
        ipad->only = id;
        status = ipad_poll(ipad);
        ipad->injected = NULL;
        ipad->only = NULL;
    }
    buf_free(&injected.response);
    buf_free(&request);
    return status;
}
