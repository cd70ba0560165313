/*
 * SEARCH RECORD, simple and enhanced (ETSI TS 102 221 11.1.7). Answers the numbers of all records that match
 * and sets the record pointer to the first of them.
 */
#include "profiles/uicc/uicc_commands.h"

#include <string.h>

/* P2: short identifier in bits 8 to 4, kind of search in bits 3 to 1. */
enum { KIND_MASK = 0x07, SIMPLE_FORWARD = 0x04, SIMPLE_BACKWARD = 0x05, ENHANCED = 0x06 };
/* First octet of an enhanced search's data. */
enum {
    FROM_RECORD_FORWARD = 0x04,
    FROM_RECORD_BACKWARD = 0x05,
    FROM_NEXT_FORWARD = 0x06,
    FROM_PREVIOUS_BACKWARD = 0x07,
    DIRECTION_MASK = 0x07,
    AT_OFFSET = 0x00,
    AFTER_VALUE = 0x08,
    INDICATION_RESERVED = 0xF0,
};
enum { INDICATION_SIZE = 2 };
enum { SW_UNSUCCESSFUL = 0x6282 };

struct search {
    struct span pattern;
    size_t offset;    /* where in a record the search begins */
    bool after_value; /* only behind the first octet that equals `value` */
    uint8_t value;
    size_t first; /* record to begin with */
    bool forward;
};

static bool matches(const struct search *search, struct span record)
{
    size_t at = search->offset;

    if (search->after_value) {
        const uint8_t *found = memchr(record.data, search->value, record.size);

        if (found == NULL)
            return false;
        at = (size_t)(found - record.data) + 1;
    }
    for (; at + search->pattern.size <= record.size; at++)
        if (memcmp(record.data + at, search->pattern.data, search->pattern.size) == 0)
            return true;
    return false;
}

/* Where to begin: P1, or with P1 00 the current record;
 * without one at the file's end the search comes from. */
static size_t uicc_search_start(const struct uicc_channel *channel, const struct fs_file *file, uint8_t p1,
                                bool forward)
{
    if (p1 != 0)
        return p1;
    if (channel->record != 0)
        return channel->record;
    return forward ? 1 : fs_records(file);
}

static uint16_t read_enhanced(const struct uicc_channel *channel, const struct fs_file *file,
                              const struct apdu_command *command, struct search *search)
{
    uint8_t indication;
    uint8_t direction;

    if (command->data.size <= INDICATION_SIZE)
        return SW_WRONG_LENGTH;
    indication = command->data.data[0];
    direction = indication & DIRECTION_MASK;
    if ((indication & INDICATION_RESERVED) != 0 || direction < FROM_RECORD_FORWARD)
        return SW_WRONG_DATA;
    search->after_value = (indication & AFTER_VALUE) != 0;
    search->value = command->data.data[1];
    search->offset = search->after_value ? 0 : command->data.data[1];
    search->pattern = SPAN(command->data.data + INDICATION_SIZE, command->data.size - INDICATION_SIZE);
    search->forward = direction == FROM_RECORD_FORWARD || direction == FROM_NEXT_FORWARD;
    search->first = uicc_search_start(channel, file, command->p1, search->forward);
    /* From the record beside: without a current one that is the first or last, as for READ RECORD. */
    if (command->p1 == 0 && channel->record == 0)
        return SW_OK;
    if (direction == FROM_NEXT_FORWARD)
        search->first++;
    if (direction == FROM_PREVIOUS_BACKWARD)
        search->first--;
    return SW_OK;
}

static uint16_t read_search(const struct uicc_channel *channel, const struct fs_file *file,
                            const struct apdu_command *command, struct search *search)
{
    uint8_t kind = command->p2 & KIND_MASK;

    *search = (struct search){.pattern = command->data, .forward = kind == SIMPLE_FORWARD};
    if (kind == ENHANCED)
        return read_enhanced(channel, file, command, search);
    if (kind != SIMPLE_FORWARD && kind != SIMPLE_BACKWARD)
        return SW_WRONG_P1_P2;
    search->first = uicc_search_start(channel, file, command->p1, search->forward);
    return SW_OK;
}

/* Forward past the last record, or backward past the first (a size_t wraps), ends the search. */
static void search_run(const struct search *search, const struct fs_file *file, struct buf *numbers)
{
    size_t count = fs_records(file);
    size_t number = search->first;

    while (number >= 1 && number <= count) {
        if (matches(search, fs_record(file, number)))
            buf_append_octet(numbers, (uint8_t)number);
        number = search->forward ? number + 1 : number - 1;
    }
}

uint16_t uicc_search_record(struct uicc *uicc, const struct apdu_command *command, struct buf *response)
{
    struct uicc_channel *channel = uicc_channel(uicc, command);
    struct search search;
    struct fs_file *file;
    uint16_t status = uicc_open_ef(uicc, command, command->p2 >> 3, UICC_RECORD_FILES, UICC_READ, &file);

    if (status == SW_OK)
        status = read_search(channel, file, command, &search);
    if (status != SW_OK)
        return status;
    if (search.first > fs_records(file) && command->p1 != 0)
        return SW_UICC_RECORD_NOT_FOUND;
    if (search.pattern.size > file->record_size)
        return SW_WRONG_LENGTH;
    search_run(&search, file, response);
    if (response->size == 0)
        return SW_UNSUCCESSFUL;
    channel->record = response->data[0];
    return SW_OK;
}
