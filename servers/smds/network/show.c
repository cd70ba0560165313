/* What the SM-DS shows of itself to people and scripts: GET / and /events, as JSON. See http_api.h. */
#include "servers/smds/network/http_api.h"

#include "common/database/database_json.h"
#include "euicc/softeuicc.h"
#include "servers/rsp/page.h"

#include <string.h>

static json_t *show_smds(struct smds *smds)
{
    json_t *keys = json_array();

    for (size_t i = 0; i < smds->rsp.credentials_count; i++) {
        char id[41];

        json_array_append_new(
            keys,
            json_string(hex_from_span(cert_authority_key_id(smds->rsp.credentials[i].cert), id, sizeof(id))));
    }
    return json_pack("{s:s,s:s,s:s,s:o,s:b,s:I,s:I,s:I,s:I}", "server", "softeuicc smds", "version",
                     softeuicc_version(), "smdsAddress", smds->rsp.address[0], "ciPKIds", keys, "alternative",
                     (int)smds->options.has_root, "events", (json_int_t)smds_store_count(smds->store, NULL),
                     "errands", (json_int_t)smds_store_errands(smds->store), "openSessions",
                     (json_int_t)smds_session_count(smds), "runningSeconds",
                     (json_int_t)(smds_now() - smds->started));
}

static json_t *list_events(void *server, const struct page *page, bool *failed)
{
    const struct smds *smds = server;

    return db_json(smds_store_events(smds->store, page->after_number, page->limit), failed);
}

static const struct page_list lists[] = {
    {"/events", list_events, true},
    {0},
};

static const char *storage_reason(void *smds)
{
    return db_reason(((struct smds *)smds)->store);
}

void smds_show(struct smds *smds, const char *path, const char *query, struct http_answer *answer)
{
    uint64_t failures = db_failures(smds->store);
    json_t *shown;

    smds_forget_old(smds);
    if (page_answer(lists, smds, path, query, storage_reason, answer))
        return;
    if (strcmp(path, "/") != 0) {
        answer_refusal(answer, 404, REFUSAL_INPUT_INVALID, "no such page");
    } else if (query != NULL && query[0] != '\0') {
        answer_refusal(answer, 400, REFUSAL_INPUT_INVALID, "this page has no query");
    } else {
        shown = show_smds(smds);
        if (db_failures(smds->store) == failures) {
            answer_json(answer, 200, shown);
            return;
        }
        json_decref(shown);
        answer_refusal(answer, 500, REFUSAL_INTERNAL, db_reason(smds->store));
    }
}
