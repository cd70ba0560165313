/* `softeuicc eim order`: commands as words ("enable --iccid … --rollback then list"), one table of them, and
 * the wait for the result. See client.h. */
#include "tools/eim/client.h"

#include "common/tool.h"
#include "crypto/base64.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CONFIGURATION_MAX ((size_t)16 * 1024) /* octets of a file */
#define POLL_INTERVAL     200                 /* milliseconds between two looks at an order */
#define WAIT_MAX          (7 * 24 * 3600)

/* What the options of a command say; NULL: not said. */
struct arguments {
    const char *iccid, *smdp, *oid, *file, *eim_id, *tags, *raw;
    const char *activation_code, *matching_id, *smds, *confirmation;
    const char *mode; /* "direct", "indirect" */
    bool rollback, default_smdp;
};

struct reading {
    struct client client; /* the first: EIM_CLIENT_ROWS */
    struct arguments arguments;
    bool unchecked;
    json_t *request;
};

/* --- Words to JSON -------------------------------------------------------------------------------------- */

/* The eIM configuration of a file, in base64. */
static json_t *read_configuration(const char *path)
{
    struct buf octets = {0};
    json_t *text = NULL;
    char *base64;

    if (tool_read_file(path, CONFIGURATION_MAX, &octets)) {
        base64 = base64_encode(buf_span(&octets));
        text = base64 != NULL ? json_string(base64) : NULL;
        free(base64);
    }
    buf_free(&octets);
    return text;
}

static json_t *split_tags(const char *text)
{
    json_t *list = json_array();

    while (*text != '\0') {
        size_t size = strcspn(text, ",");

        if (json_array_append_new(list, json_stringn(text, size)) != 0) {
            json_decref(list);
            return NULL;
        }
        text += size + (text[size] == ',');
    }
    return list;
}

/* How an option becomes a member of its command's JSON. */
struct member {
    const char *name;
    json_t *(*make)(const char *text); /* NULL for a text that is not UTF-8; of a flag: NULL */
};

/* How a command is said in an order. */
struct verb {
    const char *list;    /* "psmo", "eco"; or what is ordered alone: "download", "data" */
    const char *command; /* its name there; NULL: none */
};

/* Adds what an option says, if it was said. */
static int add_member(json_t *object, const struct option_row *row, const void *settings)
{
    const struct member *member = row->with;
    const char *place = (const char *)settings + row->at;
    const char *text;
    json_t *value;

    if (row->kind == OPTION_FLAG)
        return !*(const bool *)place || json_object_set_new(object, member->name, json_true()) == 0
                   ? EXIT_OK
                   : EXIT_FAILED;
    memcpy(&text, place, sizeof(text));
    if (text == NULL)
        return EXIT_OK;
    value = member->make(text);
    if (value == NULL)
        return member->make == read_configuration ? EXIT_USAGE
                                                  : tool_usage("the value of --%s is not UTF-8", row->name);
    return json_object_set_new(object, member->name, value) == 0 ? EXIT_OK : EXIT_FAILED;
}

/* The value of the first option may be said without its name. */
static int take_word(const struct option_row *row, void *settings, const char *word)
{
    char *place = (char *)settings + row->at;
    const char *text;

    memcpy(&text, place, sizeof(text));
    if (text != NULL)
        return tool_usage("'%s' is too much: --%s is %s", word, row->name, text);
    memcpy(place, &word, sizeof(word));
    return EXIT_OK;
}

/* Where the members of a command go; NULL when it cannot stand in this order. */
static json_t *begin_verb(json_t *request, const struct command *command)
{
    const struct verb *verb = command->with;
    json_t *object = json_object();
    json_t *list = json_object_get(request, verb->list);

    /* There is the EID's place before any command. */
    if (json_object_size(request) > 1 && (verb->command == NULL || list == NULL)) {
        tool_usage("'%s' cannot be in one order with the command before", command->name);
        json_decref(object);
        return NULL;
    }
    if (verb->command == NULL) {
        json_object_set_new(request, verb->list, object);
        return object;
    }
    if (list == NULL) {
        list = json_array();
        json_object_set_new(request, verb->list, list);
    }
    if (strcmp(command->name, "immediate-enable on") == 0)
        json_object_set_new(object, "enable", json_true());
    json_array_append_new(list, json_pack("{s:o}", verb->command, object));
    return object;
}

/* Puts a command into the order. */
static int add_verb(const struct command_line *line)
{
    struct reading *reading = line->settings;
    json_t *object = begin_verb(reading->request, line->command);
    int status = object != NULL ? EXIT_OK : EXIT_USAGE;

    if (status == EXIT_OK && line->argc > 0)
        status = take_word(line->command->options, reading, line->argv[0]);
    for (const struct option_row *row = line->command->options;
         status == EXIT_OK && row != NULL && row->help != NULL; row++) {
        if (row->kind != OPTION_CALL)
            status = add_member(object, row, reading);
    }
    /* Of these, JSON has the octets alone. */
    if (status == EXIT_OK && reading->arguments.raw != NULL)
        json_object_set(reading->request, "raw", json_object_get(object, "octets"));
    if (status == EXIT_OK && reading->arguments.mode != NULL)
        json_object_set_new(object, "mode", json_string(reading->arguments.mode));
    reading->arguments = (struct arguments){0};
    return status;
}

/* --- Waiting -------------------------------------------------------------------------------------------- */

static bool has_ended(const json_t *order)
{
    const char *state = json_string_value(json_object_get(order, "state"));

    return state == NULL || strcmp(state, "done") == 0 || strcmp(state, "failed") == 0;
}

/* What changed since the last look, on stderr: stdout is for the result. */
static void show_progress(const json_t *order, char *before, size_t size)
{
    const char *state = json_string_value(json_object_get(order, "state"));
    const char *progress = json_string_value(json_object_get(order, "progress"));
    const char *error = json_string_value(json_object_get(order, "error"));
    char now[300];

    if (error != NULL) /* what the progress said before it follows from the same cause */
        progress = error;
    snprintf(now, sizeof(now), "%s%s%s", state != NULL ? state : "?", progress != NULL ? ", " : "",
             progress != NULL ? progress : "");
    if (strcmp(now, before) == 0)
        return;
    snprintf(before, size, "%s", now);
    tool_note("order %lld: %s", (long long)json_integer_value(json_object_get(order, "id")), now);
}

/* Looks at the order until it ends; takes `order`, returns the last look, NULL after an error line. */
static json_t *wait_for(const struct client *client, json_t *order)
{
    const struct timespec pause = {.tv_nsec = POLL_INTERVAL * 1000000L};
    char path[80], before[300] = "";
    struct timespec now;
    int64_t end;

    clock_gettime(CLOCK_MONOTONIC, &now);
    end = (int64_t)now.tv_sec + client->wait;
    snprintf(path, sizeof(path), "/v1/orders/%lld",
             (long long)json_integer_value(json_object_get(order, "id")));
    while (order != NULL) {
        show_progress(order, before, sizeof(before));
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (has_ended(order) || (int64_t)now.tv_sec >= end)
            break;
        nanosleep(&pause, NULL);
        json_decref(order);
        order = client_exchange(client, "GET", path, NULL);
    }
    return order;
}

static int client_order_finish(const struct client *client, json_t *order)
{
    const char *state;
    int status = EXIT_OK;

    if (client->wait >= 0)
        order = wait_for(client, order);
    if (order == NULL)
        return EXIT_FAILED;
    if (client->json)
        print_json(json_incref(order));
    else
        client_print_order(order);
    state = json_string_value(json_object_get(order, "state"));
    if (client->wait >= 0 && !has_ended(order))
        status = EXIT_WAITING;
    else if (client->wait >= 0 && (state == NULL || strcmp(state, "done") != 0))
        status = EXIT_FAILED;
    json_decref(order);
    return status;
}

static int send_order(const struct command_line *line)
{
    struct reading *reading = line->settings;
    json_t *order;

    if (json_object_get(reading->request, "raw") != NULL && !reading->unchecked)
        return tool_usage("raw needs --unchecked: no IPA is to get such octets by mistake");
    if (reading->unchecked)
        json_object_set_new(reading->request, "unchecked", json_true());
    if (json_object_set_new(reading->request, "eid", json_string(reading->client.eid)) != 0)
        return tool_usage("the value of --eid is not UTF-8");
    order = client_exchange(&reading->client, "POST", "/v1/orders", reading->request);
    return order == NULL ? EXIT_FAILED : client_order_finish(&reading->client, order);
}

/* --- Commands ------------------------------------------------------------------------------------------- */

#define TAKES_MEMBER(member_, name, function)                                                                \
    TAKES_TEXT(struct reading, arguments.member_), .with = &(const struct member)                            \
    {                                                                                                        \
        name, function                                                                                       \
    }
#define TAKES_TRUE(member_, name)                                                                            \
    TAKES_FLAG(struct reading, arguments.member_), .with = &(const struct member)                            \
    {                                                                                                        \
        name, NULL                                                                                           \
    }
#define ICCID_ROW                                                                                            \
    {                                                                                                        \
        "iccid", "ICCID", "of the profile", TAKES_MEMBER(iccid, "iccid", json_string)                        \
    }

static int take_mode(void *settings, const struct option_row *row, const char *value)
{
    struct reading *reading = settings;

    (void)value;
    reading->arguments.mode = row->name;
    return EXIT_OK;
}

static const struct option_row iccid_rows[] = {ICCID_ROW, {0}};

static const struct option_row enable_rows[] = {
    ICCID_ROW,
    {"rollback", NULL, "allow the IPA to go back when the new profile finds no network",
     TAKES_TRUE(rollback, "rollback")},
    {0},
};

static const struct option_row immediate_rows[] = {
    {"smdp", "ADDRESS", "an SM-DP+ whose profiles are enabled",
     TAKES_MEMBER(smdp, "smdpAddress", json_string)},
    {"oid", "OID", "the OID of its certificate", TAKES_MEMBER(oid, "smdpOid", json_string)},
    {0},
};

static const struct option_row default_smdp_rows[] = {
    {"smdp", "ADDRESS", "of the SM-DP+", TAKES_MEMBER(smdp, "address", json_string)},
    {0},
};

static const struct option_row configuration_rows[] = {
    {"file", "FILE", "the eIM's configuration ('softeuicc eim config')",
     TAKES_MEMBER(file, "configuration", read_configuration)},
    {0},
};

static const struct option_row eim_id_rows[] = {
    {"eim-id", "EIMID", "of the eIM", TAKES_MEMBER(eim_id, "eimId", json_string)},
    {0},
};

static const struct option_row download_rows[] = {
    {"activation-code", "AC", "by this activation code",
     TAKES_MEMBER(activation_code, "activationCode", json_string)},
    {"smdp", "ADDRESS", "from this SM-DP+", TAKES_MEMBER(smdp, "smdpAddress", json_string)},
    {"matching-id", "ID", "by this matching identifier",
     TAKES_MEMBER(matching_id, "matchingId", json_string)},
    {"default-smdp", NULL, "from the card's default SM-DP+", TAKES_TRUE(default_smdp, "defaultSmdp")},
    {"smds", "ADDRESS", "what this SM-DS knows of", TAKES_MEMBER(smds, "smds", json_string)},
    {"direct", NULL, "the IPA talks to the SM-DP+", TAKES_BY(take_mode)},
    {"indirect", NULL, "the eIM does", TAKES_BY(take_mode)},
    {"confirmation", "CODE", "confirmation code",
     TAKES_MEMBER(confirmation, "confirmationCode", json_string)},
    {0},
};

static const struct option_row data_rows[] = {
    {"tags", "TAG,TAG,…", "only these data objects", TAKES_MEMBER(tags, "tags", split_tags)},
    {0},
};

static const struct option_row raw_rows[] = {
    {"octets", "HEX", "a package, however malformed", TAKES_MEMBER(raw, "octets", json_string)},
    {0},
};

#define VERB(name_, words_, summary_, rows_, values, list_, command_)                                        \
    COMMAND(name_, words_, summary_, .max_words = (values), .options = (rows_), .run = add_verb,             \
            .with = &(const struct verb){list_, command_})

static const struct command *const verbs[] = {
    VERB("enable", "--iccid ICCID [--rollback]", "enable a profile", enable_rows, 1, "psmo", "enable"),
    VERB("disable", "--iccid ICCID", "disable a profile", iccid_rows, 1, "psmo", "disable"),
    VERB("delete", "--iccid ICCID", "delete a profile", iccid_rows, 1, "psmo", "delete"),
    VERB("list", "", "list the profiles", NULL, 0, "psmo", "listProfileInfo"),
    VERB("rat", "", "get the Rules Authorisation Table", NULL, 0, "psmo", "getRAT"),
    VERB("immediate-enable on", "[--smdp ADDRESS] [--oid OID]", "let the IPA enable profiles by itself",
         immediate_rows, 1, "psmo", "configureImmediateEnable"),
    VERB("immediate-enable off", "", "let the IPA enable profiles by itself no longer", NULL, 0, "psmo",
         "configureImmediateEnable"),
    VERB("fallback set", "--iccid ICCID", "make a profile the Fallback Profile", iccid_rows, 1, "psmo",
         "setFallbackAttribute"),
    VERB("fallback unset", "", "let no profile be the Fallback Profile", NULL, 0, "psmo",
         "unsetFallbackAttribute"),
    VERB("default-smdp", "ADDRESS", "set the default SM-DP+ address", default_smdp_rows, 1, "psmo",
         "setDefaultDpAddress"),
    VERB("add-eim", "FILE", "associate another eIM", configuration_rows, 1, "eco", "addEim"),
    VERB("update-eim", "FILE", "change an associated eIM", configuration_rows, 1, "eco", "updateEim"),
    VERB("delete-eim", "EIMID", "let an eIM be associated no more", eim_id_rows, 1, "eco", "deleteEim"),
    VERB("list-eims", "", "list the associated eIMs", NULL, 0, "eco", "listEim"),
    VERB("download",
         "--activation-code AC | --smdp ADDRESS [--matching-id ID] | --default-smdp | --smds ADDRESS "
         "[OPTION]...",
         "download a profile", download_rows, 1, "download", NULL),
    VERB("data", "[--tags TAG,TAG,…]", "get data of the eUICC: EID, certificates, notifications, …",
         data_rows, 1, "data", NULL),
    VERB("raw", "HEX", "send these octets in place of a package (with --unchecked)", raw_rows, 1, "raw",
         NULL),
    NULL,
};

static const struct option_row rows[] = {
    {"eid", "EID", "the eUICC, 32 digits", TAKES_TEXT(struct client, eid), .required = true},
    {"wait", "SECONDS",
     "wait for the result; exit status 0: done, 1: failed, " OPTION_DEFAULT(
         EXIT_WAITING) ": not ended in time",
     TAKES_NUMBER(struct client, wait, 0, WAIT_MAX), .unit = "seconds"},
    {"unchecked", NULL, "order also what is malformed: to see what an IPA answers",
     TAKES_FLAG(struct reading, unchecked)},
    EIM_CLIENT_ROWS,
    {0},
};

static void client_order_begin(void *settings)
{
    struct reading *reading = settings;

    client_begin(&reading->client);
    reading->request = json_object();
    json_object_set_new(reading->request, "eid", json_null());
}

static void client_order_end(void *settings)
{
    struct reading *reading = settings;

    json_decref(reading->request);
}

const struct command eim_order = {
    "order",
    "--eid EID [OPTION]... COMMAND [then COMMAND]...",
    "queue an order for an eUICC",
    "Queues an order for an eUICC at a running eIM. Several commands, joined by the word 'then', go into one "
    "signed "
    "package. The eUICC gets it when its IPA polls.",
    .options = rows,
    .settings_size = sizeof(struct reading),
    .begin = client_order_begin,
    .end = client_order_end,
    .commands = verbs,
    .joint = "then",
    .run = send_order,
};
