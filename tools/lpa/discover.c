/* `lpa discover`: asks the root SM-DS (ES11, SGP.22 3.6.2) which SM-DP+ have something waiting for
 * this card. */
#include "common/print/print.h"
#include "common/print/table.h"
#include "common/tool.h"
#include "device/es9p.h"
#include "protocol/tags.h"
#include "tools/lpa/lpa.h"

#include <stdio.h>

static bool root_smds(struct lpa *lpa, char address[256])
{
    struct buf answer = {0};
    struct span value;
    struct span text;
    bool ok = es10_call(&lpa->es10, "GetEuiccConfiguredAddresses", SPAN_STRING("\xBF\x3C\x00"),
                        TAG_CONFIGURED_ADDRESSES, &answer, &value);

    if (ok && (!tlv_find(value, 0x81, &text) || text.size == 0)) {
        tool_error("the card has no root SM-DS address; name one with --smds ADDRESS");
        ok = false;
    }
    if (ok)
        print_text(text, address, 256);
    buf_free(&answer);
    return ok;
}

static const char *lpa_discover_member(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "?";
}

static int print_events(const struct lpa *lpa, const json_t *events)
{
    static const struct table_column columns[] = {TABLE_WHOLE("EVENT"), TABLE_COLUMN("SM-DP+")};
    struct table *table;
    size_t i;
    json_t *event;

    if (lpa->json)
        return print_json(json_deep_copy(events));
    table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
    json_array_foreach(events, i, event)
    {
        table_add(table, "%s", lpa_discover_member(event, "eventId"));
        table_add(table, "%s", lpa_discover_member(event, "rspServerAddress"));
    }
    if (table_rows(table) > 0)
        return table_print(table, 0) ? EXIT_OK : EXIT_FAILED;
    table_free(table);
    print_line("nothing waits for this card");
    return EXIT_OK;
}

static int print_answer(const struct lpa *lpa, const struct es9p_message *authenticated)
{
    json_t *object = json_object();
    struct span values[ES9P_MEMBERS_MAX];
    int status;

    es9p_message_spans(authenticated, values);
    if (es9p_set_json(es9p_functions[ES11_AUTHENTICATE_CLIENT].out, values, object))
        status = print_events(lpa, json_object_get(object, "eventEntries"));
    else
        status = tool_error("out of memory");
    json_decref(object);
    return status;
}

int lpa_discover(const struct command_line *line)
{
    struct lpa *lpa = line->settings;
    char address[256];
    enum es9p_function_id function = ES11_AUTHENTICATE_CLIENT;
    struct buf transaction_id = {0};
    struct es9p_message authenticated = {0};
    struct es9p *server;
    int status = EXIT_FAILED;

    if (lpa->smds != NULL)
        snprintf(address, sizeof(address), "%s", lpa->smds);
    else if (!root_smds(lpa, address))
        return EXIT_FAILED;
    server = es9p_open(address, lpa->cacert);
    if (server != NULL &&
        lpa_authenticate(lpa, server, &function, address, "", &transaction_id, &authenticated))
        status = print_answer(lpa, &authenticated);
    es9p_message_clear(&authenticated);
    buf_free(&transaction_id);
    es9p_close(server);
    return status;
}
