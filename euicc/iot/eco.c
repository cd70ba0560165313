/*
 * eIM Configuration Operations (SGP.32 2.11.1.1.2, 2.11.2.1): the commands of an ecoList and their result
 * codes. What they do to the associated eIMs is eim.c's.
 */
#include "apdu/tlv.h"
#include "euicc/iot/package_command.h"
#include "protocol/tags.h"

#define TAG_DELETE_EIM 0xA9
#define TAG_UPDATE_EIM 0xAA

#define TAG_DELETE_EIM_RESULT 0x89
#define TAG_UPDATE_EIM_RESULT 0x8A

static bool has_failed(const struct package_run *run)
{
    return nvm_failed(run->card->nvm);
}

/* AddEimResult is a CHOICE, so its tag is explicit: A8 { 84 associationToken } or A8 { 02 code }. */
static enum package_outcome add_eim(struct package_run *run, struct span content, struct buf *results)
{
    bool has_token = false;
    int64_t token = 0;
    enum eim_result result = eim_add(run->card, content, &has_token, &token);
    size_t outer;

    if (has_failed(run))
        return PACKAGE_FAILED;
    outer = tlv_open(results, TAG_ADD_EIM);
    if (result == EIM_OK && has_token)
        tlv_put_signed(results, 0x84, token);
    else
        tlv_put_unsigned(results, 0x02, result);
    tlv_close(results, outer);
    return result == EIM_OK ? PACKAGE_GOES_ON : PACKAGE_ENDS;
}

static enum package_outcome update_eim(struct package_run *run, struct span content, struct buf *results)
{
    enum eim_result result = eim_update(run->card, content);

    return has_failed(run) ? PACKAGE_FAILED : package_put_result(results, TAG_UPDATE_EIM_RESULT, result);
}

/* The eIM that deletes itself still gets its signed result: the run has its own copy of it. */
static enum package_outcome delete_eim(struct package_run *run, struct span content, struct buf *results)
{
    struct tlv_reader reader = tlv_reader(content);
    enum eim_result result;
    struct span id;

    if (!tlv_require(&reader, 0x80, &id) || !tlv_skip_rest(&reader))
        return PACKAGE_DAMAGED;
    result = eim_delete(run->card, id);
    if (has_failed(run))
        return PACKAGE_FAILED;
    (void)package_put_result(results, TAG_DELETE_EIM_RESULT, result);
    return result == EIM_OK || result == EIM_LAST_DELETED ? PACKAGE_GOES_ON : PACKAGE_ENDS;
}

/* ListEimResult is a CHOICE as well: AB { A0 eimIdList }. */
static enum package_outcome list_eim(struct package_run *run, struct span content, struct buf *results)
{
    size_t outer;
    size_t list;

    if (!tlv_is_sequence(content))
        return PACKAGE_DAMAGED;
    outer = tlv_open(results, TAG_LIST_EIM);
    list = tlv_open(results, 0xA0);
    eim_put_list(run->card, results);
    tlv_close(results, list);
    tlv_close(results, outer);
    return has_failed(run) ? PACKAGE_FAILED : PACKAGE_GOES_ON;
}

static const struct package_command commands[] = {
    {TAG_ADD_EIM, add_eim},
    {TAG_DELETE_EIM, delete_eim},
    {TAG_UPDATE_EIM, update_eim},
    {TAG_LIST_EIM, list_eim},
};

const struct package_command *eco_find(uint32_t tag)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (commands[i].tag == tag)
            return &commands[i];
    return NULL;
}
