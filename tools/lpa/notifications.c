/* `lpa notifications`: list, send (ES9+ HandleNotification), remove (SGP.22 3.5, 5.7.9 to 5.7.11). */
#include "common/ending.h"
#include "common/number.h"
#include "common/print/print.h"
#include "common/print/table.h"
#include "common/tool.h"
#include "device/es9p.h"
#include "protocol/tags.h"
#include "tools/lpa/lpa.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct notification {
    uint64_t sequence;
    char event[16], address[300], iccid[24];
};

static const char *event_name(struct span bits)
{
    for (unsigned i = 0; i < NAMES_EVENTS; i++) {
        if (tlv_bit(bits, i))
            return names_of(NAMES_EVENT, i);
    }
    return "?";
}

/* NotificationMetadata (content of BF2F). */
static bool read_metadata(struct span metadata, struct notification *n)
{
    struct span sequence;
    struct span event;
    struct span address;
    struct span iccid;

    memset(n, 0, sizeof(*n));
    if (!tlv_find(metadata, 0x80, &sequence) || !tlv_unsigned(sequence, &n->sequence) ||
        !tlv_find(metadata, 0x81, &event) || !tlv_find(metadata, 0x0C, &address))
        return false;
    tlv_find(metadata, 0x5A, &iccid);
    snprintf(n->event, sizeof(n->event), "%s", event_name(event));
    print_text(address, n->address, sizeof(n->address));
    lpa_iccid(iccid, n->iccid);
    return true;
}

/* Reads the list of pending notifications; the caller frees *list. False with the line printed. */
static bool read_list(struct lpa *lpa, struct notification **list, size_t *count)
{
    struct buf answer = {0};
    struct span value;
    struct span items;
    struct tlv_reader reader;
    struct tlv tlv;
    bool ok = es10_call(&lpa->es10, "ListNotification", SPAN_STRING("\xBF\x28\x00"), TAG_LIST_NOTIFICATION,
                        &answer, &value);

    *list = NULL;
    *count = 0;
    if (ok && !tlv_find(value, 0xA0, &items)) {
        tool_error("ListNotification: the card refused");
        ok = false;
    }
    if (ok) {
        reader = tlv_reader(items);
        while (ok && tlv_next(&reader, &tlv) == TLV_OK) {
            struct notification *more = realloc(*list, (*count + 1) * sizeof(**list));

            ok = more != NULL && tlv.tag == TAG_NOTIFICATION_METADATA;
            if (more != NULL)
                *list = more;
            ok = ok && read_metadata(tlv.value, &(*list)[*count]);
            *count += ok;
        }
        if (!ok || !tlv_good(&reader)) {
            tool_error("ListNotification: the card's answer is malformed");
            ok = false;
        }
    }
    buf_free(&answer);
    return ok;
}

static bool remove_one(struct lpa *lpa, uint64_t sequence)
{
    struct buf request = {0};
    struct buf answer = {0};
    struct span value;
    struct span result;
    uint64_t code = 0;
    size_t outer = tlv_open(&request, TAG_REMOVE_NOTIFICATION);
    bool ok;

    tlv_put_unsigned(&request, 0x80, sequence);
    tlv_close(&request, outer);
    ok = es10_call(&lpa->es10, "RemoveNotificationFromList", buf_span(&request), TAG_REMOVE_NOTIFICATION,
                   &answer, &value) &&
         lpa_member(value, 0x80, "RemoveNotificationFromList", &result);
    if (ok && (!tlv_unsigned(result, &code) || code != 0)) {
        tool_error("RemoveNotificationFromList: %s",
                   code == 1 ? "there is no such notification" : "the card refused");
        ok = false;
    }
    buf_free(&request);
    buf_free(&answer);
    return ok;
}

/* Fetches one notification as the server wants it: BF37… or 30…, appended to `out`. */
static bool retrieve_one(struct lpa *lpa, uint64_t sequence, struct buf *out)
{
    struct buf request = {0};
    struct buf answer = {0};
    struct span value;
    struct span items;
    struct tlv_reader reader;
    struct tlv tlv;
    size_t outer = tlv_open(&request, TAG_RETRIEVE_NOTIFICATIONS);
    size_t inner = tlv_open(&request, 0xA0);
    bool ok;

    tlv_put_unsigned(&request, 0x80, sequence);
    tlv_close(&request, inner);
    tlv_close(&request, outer);
    ok = es10_call(&lpa->es10, "RetrieveNotificationsList", buf_span(&request), TAG_RETRIEVE_NOTIFICATIONS,
                   &answer, &value);
    if (ok) {
        ok = tlv_find(value, 0xA0, &items);
        reader = tlv_reader(items);
        ok = ok && tlv_next(&reader, &tlv) == TLV_OK;
        if (ok)
            buf_append(out, tlv.whole);
        else
            tool_error("RetrieveNotificationsList: the card has no notification %" PRIu64, sequence);
    }
    buf_free(&request);
    buf_free(&answer);
    return ok;
}

static bool send_one(struct lpa *lpa, const struct notification *n)
{
    struct es9p *server = es9p_open(n->address, lpa->cacert);
    struct buf octets = {0};
    struct es9p_message ignored = {0};
    bool accepted = server != NULL && retrieve_one(lpa, n->sequence, &octets);

    if (accepted) {
        const struct span value = buf_span(&octets);

        accepted = es9p_call(server, ES9P_HANDLE_NOTIFICATION, &value, &ignored) == ES9P_EXECUTED;
    }
    es9p_close(server);
    buf_free(&octets);
    ending_farewell(true); /* what the server has is not sent again, even when a signal has come */
    accepted = accepted && remove_one(lpa, n->sequence);
    ending_farewell(false);
    return accepted;
}

bool lpa_process_notifications(struct lpa *lpa, unsigned *sent, unsigned *left)
{
    struct notification *list;
    size_t count;
    bool ok = read_list(lpa, &list, &count);

    *sent = 0;
    *left = 0;
    for (size_t i = 0; ok && i < count; i++) {
        if (!ending_due() && send_one(lpa, &list[i]))
            (*sent)++;
        else
            (*left)++;
    }
    free(list);
    return ok;
}

void lpa_send_notifications(struct lpa *lpa)
{
    unsigned sent;
    unsigned left;

    if (!lpa->no_notifications && lpa_process_notifications(lpa, &sent, &left) && left > 0)
        tool_note("note: %u notification%s on the card; send them later with 'softeuicc lpa notifications "
                  "process'",
                  left, left == 1 ? " stays" : "s stay");
}

static int list_all(struct lpa *lpa)
{
    static const struct table_column columns[] = {TABLE_WHOLE("SEQ"), TABLE_WHOLE("EVENT"),
                                                  TABLE_WHOLE("ICCID"), TABLE_COLUMN("ADDRESS")};
    struct notification *list;
    struct table *table;
    size_t count;
    json_t *array;

    if (!read_list(lpa, &list, &count)) {
        free(list);
        return EXIT_FAILED;
    }
    array = json_array();
    table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
    for (size_t i = 0; i < count; i++) {
        const struct notification *n = &list[i];

        json_array_append_new(array,
                              json_pack("{s:I, s:s, s:s, s:s}", "seqNumber", (json_int_t)n->sequence, "event",
                                        n->event, "iccid", n->iccid, "notificationAddress", n->address));
        table_add(table, "%" PRIu64, n->sequence);
        table_add(table, "%s", n->event);
        table_add(table, "%s", n->iccid);
        table_add(table, "%s", n->address);
    }
    free(list);
    if (lpa->json) {
        table_free(table);
        return print_json(array);
    }
    json_decref(array);
    if (count > 0)
        return table_print(table, 0) ? EXIT_OK : EXIT_FAILED;
    table_free(table);
    print_line("no pending notifications");
    return EXIT_OK;
}

static int say_removed(const struct lpa *lpa, size_t count)
{
    if (lpa->json)
        return print_json(json_pack("{s:i}", "removed", (int)count));
    print_line("%zu removed", count);
    return EXIT_OK;
}

static int remove_all(struct lpa *lpa)
{
    struct notification *list;
    size_t count;
    bool ok = read_list(lpa, &list, &count);

    for (size_t i = 0; ok && i < count; i++)
        ok = remove_one(lpa, list[i].sequence);
    free(list);
    return ok ? say_removed(lpa, count) : EXIT_FAILED;
}

int lpa_notifications(const struct command_line *line)
{
    struct lpa *lpa = line->settings;
    unsigned sent;
    unsigned left;
    int64_t sequence;

    if (line->argc == 0)
        return list_all(lpa);
    if (strcmp(line->argv[0], "process") == 0 && line->argc == 1) {
        if (!lpa_process_notifications(lpa, &sent, &left))
            return EXIT_FAILED;
        if (lpa->json)
            print_json(json_pack("{s:i, s:i}", "sent", (int)sent, "left", (int)left));
        else
            print_line("%u sent, %u left", sent, left);
        return left == 0 ? EXIT_OK : EXIT_FAILED;
    }
    if (strcmp(line->argv[0], "remove") != 0)
        return tool_usage("notifications takes process or remove [SEQ], not '%s%s'", line->argv[0],
                          line->argc > 1 ? " …" : "");
    if (line->argc == 1)
        return remove_all(lpa);
    if (!number_read(line->argv[1], 0, INT64_MAX, &sequence))
        return tool_usage("'%s' is not a sequence number", line->argv[1]);
    return remove_one(lpa, (uint64_t)sequence) ? say_removed(lpa, 1) : EXIT_FAILED;
}
