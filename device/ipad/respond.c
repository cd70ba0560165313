/* Where the response to an injected package goes (SGP.32 6.3.3.1): a file, and what is printed. See ipad.h.
 */
#include "device/ipad/ipad.h"

#include "apdu/tlv.h"
#include "common/print/print.h"
#include "common/tool.h"
#include "protocol/tags.h"

#include <stdio.h>
#include <stdlib.h>

/* The member of TransferEimPackageResponse that it is. */
static const char *response_kind(struct span response)
{
    static const struct {
        uint32_t tag;
        const char *name;
    } kinds[] = {
        {TAG_EUICC_PACKAGE, "euiccPackageResult"},
        {TAG_SEQUENCE, "ePRAndNotifications"},
        {TAG_IPA_EUICC_DATA, "ipaEuiccDataResponse"},
        {TAG_NULL, "eimPackageReceived"},
        {TAG_INTEGER, "eimPackageError"},
    };
    struct span content;
    struct tlv member = {0};

    if (tlv_single(response, TAG_TRANSFER_EIM_PACKAGE, &content) == TLV_OK)
        (void)tlv_only(content, &member);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (kinds[i].tag == member.tag)
            return kinds[i].name;
    }
    return "unknown";
}

bool ipad_respond(struct ipad *ipad, struct span response)
{
    struct ipad_injected *injected = ipad->injected;
    char eim[IPA_ID_MAX + 1];

    buf_clear(&injected->response);
    if (injected->out != NULL && !tool_write_file(injected->out, response, 0644)) {
        injected->is_lost = true;
        return false;
    }
    buf_append(&injected->response, response);
    if (!ipad->json) {
        print_line("eIM %s: response: %s, %zu octets%s%s",
                   print_text(span_of_string(ipad->eim), eim, sizeof(eim)), response_kind(response),
                   response.size, injected->out != NULL ? " in " : "",
                   injected->out != NULL ? injected->out : "");
        fflush(stdout);
    }
    return true;
}

json_t *ipad_response_json(const struct ipad_injected *injected)
{
    size_t size = 2 * injected->response.size + 1;
    char *text = malloc(size);
    json_t *value =
        text != NULL ? json_string(hex_from_span(buf_span(&injected->response), text, size)) : NULL;

    free(text);
    return value;
}
