/* `lpa enable, disable, delete, nickname, default-smdp, reset`: what changes the card (ES10a, ES10c). */
#include "tools/lpa/lpa.h"

#include "common/tool.h"
#include "protocol/tags.h"

#include <stdio.h>
#include <string.h>

/* Appends 5A (ICCID) or 4F (ISD-P AID, 32 hexadecimal digits); false with the
 * line printed. */
static bool put_identifier(struct buf *out, const char *text)
{
    struct buf octets = {0};
    uint8_t iccid[ICCID_SIZE];
    bool ok = true;

    if (strlen(text) == 32 && buf_append_hex(&octets, text, NULL)) {
        tlv_put(out, 0x4F, buf_span(&octets));
    } else if (iccid_from_digits(text, iccid)) {
        tlv_put(out, 0x5A, SPAN_ARRAY(iccid));
    } else {
        tool_error("'%s' is neither an ICCID (" ICCID_FORM ") nor an ISD-P AID (32 hexadecimal digits)",
                   text);
        ok = false;
    }
    buf_free(&octets);
    return ok;
}

/* Sends a request whose answer is `tag` { 80 result } and says how it went. */
static int simple(struct lpa *lpa, const char *function, struct buf *request, uint32_t tag, enum names names)
{
    struct buf answer = {0};
    struct span value;
    struct span result;
    uint64_t code = 0;
    char text[64];
    int status = EXIT_FAILED;

    if (es10_call(&lpa->es10, function, buf_span(request), tag, &answer, &value)) {
        if (!tlv_find(value, 0x80, &result) || !tlv_unsigned(result, &code))
            status = tool_error("%s: the card's answer has no result", function);
        else if (code != 0)
            tool_error("%s: the card refused: %s", function, names_text(names, code, text, sizeof(text)));
        else
            status = EXIT_OK;
        if (code != 0)
            es10_say_refused(function, code);
    }
    buf_free(&answer);
    buf_free(request);
    if (status == EXIT_OK && lpa->json)
        return print_json(json_pack("{s:s, s:s}", "function", function, "result", "ok"));
    return status;
}

/* After a profile change: what a device does, a reset, and then its notifications. */
static int after_change(struct lpa *lpa, int status)
{
    if (status != EXIT_OK)
        return status;
    if (!lpa->no_refresh && !es10_restart(&lpa->es10))
        return EXIT_FAILED;
    lpa_send_notifications(lpa);
    return EXIT_OK;
}

static int change_state(struct lpa *lpa, const char *function, uint32_t tag, const char *identifier,
                        enum names names)
{
    struct buf request = {0};
    size_t outer = tlv_open(&request, tag);
    size_t inner = tlv_open(&request, 0xA0);
    const uint8_t refresh = lpa->no_refresh ? 0x00 : 0xFF;

    if (!put_identifier(&request, identifier)) {
        buf_free(&request);
        return EXIT_FAILED;
    }
    tlv_close(&request, inner);
    tlv_put(&request, 0x81, SPAN(&refresh, 1));
    tlv_close(&request, outer);
    return after_change(lpa, simple(lpa, function, &request, tag, names));
}

int lpa_enable(const struct command_line *line)
{
    struct lpa *lpa = line->settings;

    return change_state(lpa, "EnableProfile", TAG_ENABLE_PROFILE, line->argv[0], NAMES_LPA_ENABLE);
}

int lpa_disable(const struct command_line *line)
{
    struct lpa *lpa = line->settings;

    return change_state(lpa, "DisableProfile", TAG_DISABLE_PROFILE, line->argv[0], NAMES_DISABLE);
}

int lpa_delete(const struct command_line *line)
{
    struct lpa *lpa = line->settings;
    struct buf request = {0};
    size_t outer = tlv_open(&request, TAG_DELETE_PROFILE);
    int status;

    if (!put_identifier(&request, line->argv[0])) {
        buf_free(&request);
        return EXIT_FAILED;
    }
    tlv_close(&request, outer);
    status = simple(lpa, "DeleteProfile", &request, TAG_DELETE_PROFILE, NAMES_LPA_DELETE);
    lpa->no_refresh = true; /* no profile that is in use changed */
    return after_change(lpa, status);
}

int lpa_nickname(const struct command_line *line)
{
    struct lpa *lpa = line->settings;
    struct buf request = {0};
    size_t outer = tlv_open(&request, TAG_SET_NICKNAME);

    /* SetNickname takes an ICCID only (SGP.22 5.7.21). */
    if (strlen(line->argv[0]) > 20 || !put_identifier(&request, line->argv[0])) {
        buf_free(&request);
        return strlen(line->argv[0]) > 20 ? tool_error("'%s' is not an ICCID (" ICCID_FORM ")", line->argv[0])
                                          : EXIT_FAILED;
    }
    tlv_put_string(&request, 0x90, line->argc > 1 ? line->argv[1] : "");
    tlv_close(&request, outer);
    return simple(lpa, "SetNickname", &request, TAG_SET_NICKNAME, NAMES_NICKNAME);
}

int lpa_default_smdp(const struct command_line *line)
{
    struct lpa *lpa = line->settings;
    struct buf request = {0};
    size_t outer = tlv_open(&request, TAG_SET_DEFAULT_DP_ADDRESS);

    tlv_put_string(&request, 0x80, line->argv[0]);
    tlv_close(&request, outer);
    return simple(lpa, "SetDefaultDpAddress", &request, TAG_SET_DEFAULT_DP_ADDRESS, NAMES_DEFAULT_DP);
}

int lpa_reset(const struct command_line *line)
{
    struct lpa *lpa = line->settings;
    static const struct {
        const char *word;
        uint8_t bit;
    } words[] = {{"operational", 0x80}, {"test", 0x40}, {"smdp", 0x20}};
    struct buf request = {0};
    uint8_t bits = line->argc == 0 ? 0xE0 : 0;
    size_t outer;

    for (int i = 0; i < line->argc; i++) {
        uint8_t bit = 0;

        for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++)
            bit |= strcmp(line->argv[i], words[w].word) == 0 ? words[w].bit : 0;
        if (bit == 0)
            return tool_usage("reset knows operational, test and smdp, not '%s'", line->argv[i]);
        bits |= bit;
    }
    outer = tlv_open(&request, TAG_MEMORY_RESET);
    tlv_put_bits(&request, 0x82, &bits, 8);
    tlv_close(&request, outer);
    return after_change(lpa, simple(lpa, "eUICCMemoryReset", &request, TAG_MEMORY_RESET, NAMES_LPA_RESET));
}
