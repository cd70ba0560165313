/* Words, and what several statements have in common. See script_reader.h. */
#include "device/air/script_reader.h"

#include "apdu/digits.h"
#include "apdu/iccid.h"
#include "device/air/script_values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SHOWN 80 /* characters of the file's name */
#define WORD_SHOWN 32

bool script_fails(struct script_reader *reader, const char *problem, const char *word)
{
    char shown[WORD_SHOWN + 1] = "";

    for (size_t i = 0; word != NULL && word[i] != '\0' && i < WORD_SHOWN; i++)
        shown[i] = word[i] > ' ' && word[i] < 0x7F ? word[i] : '?';
    snprintf(reader->why, AIR_WHY_MAX, "%.*s:%u: %s%s%s%s", NAME_SHOWN, reader->name, reader->line,
             problem == reader->usage ? "expected: " : "", problem, word != NULL ? ": " : "", shown);
    return false;
}

const char *script_peek(const struct script_reader *reader)
{
    return reader->at < reader->count ? reader->words[reader->at] : NULL;
}

const char *script_word(struct script_reader *reader)
{
    if (reader->at < reader->count)
        return reader->words[reader->at++];
    script_fails(reader, reader->usage, NULL);
    return NULL;
}

bool script_takes(struct script_reader *reader, const char *word)
{
    const bool is_next = reader->at < reader->count && strcmp(reader->words[reader->at], word) == 0;

    reader->at += is_next ? 1 : 0;
    return is_next;
}

bool script_at_end(struct script_reader *reader)
{
    return reader->at == reader->count ||
           script_fails(reader, "not understood here", reader->words[reader->at]);
}

static bool cell_named(struct script_reader *reader, const char *name, uint64_t *cells)
{
    for (size_t i = 0; i < reader->script->cell_count; i++) {
        if (strcmp(reader->script->cells[i].name, name) == 0) {
            *cells |= UINT64_C(1) << i;
            reader->names_cells = true;
            return true;
        }
    }
    return script_fails(reader, "no line above has a cell of this name", name);
}

bool script_cells(struct script_reader *reader, uint64_t *cells)
{
    char *names;
    char *name;

    if (script_takes(reader, "all")) {
        *cells = SCRIPT_EVERY_CELL;
        return true;
    }
    *cells = 0;
    if (script_word(reader) == NULL)
        return false;
    names = reader->words[reader->at - 1];
    while ((name = strsep(&names, ",")) != NULL) {
        if (!cell_named(reader, name, cells))
            return false;
    }
    return true;
}

bool script_who(struct script_reader *reader, struct script_who *who)
{
    const char *word;

    *who = (struct script_who){0};
    if (script_takes(reader, "all"))
        return true;
    if (script_takes(reader, "imsi")) {
        word = script_word(reader);
        if (word == NULL)
            return false;
        if (!digits_are(word, 1, 15))
            return script_fails(reader, "not the beginning of an IMSI (1 to 15 digits)", word);
        snprintf(who->imsi, sizeof(who->imsi), "%s", word);
        return true;
    }
    if (script_takes(reader, "iccid")) {
        word = script_word(reader);
        if (word == NULL)
            return false;
        if (!digits_are(word, ICCID_DIGITS_MIN, ICCID_DIGITS_MAX))
            return script_fails(reader, "not an ICCID (" ICCID_FORM ")", word);
        snprintf(who->iccid, sizeof(who->iccid), "%s", word);
        return true;
    }
    return script_fails(reader, reader->usage, NULL);
}

void *script_add_row(struct script_reader *reader, void *rows, size_t *count, size_t size)
{
    void **array = rows;

    if (*count == SCRIPT_ROWS_MAX) {
        script_fails(reader, "too many lines like this", NULL);
        return NULL;
    }
    if ((*count & (*count - 1)) == 0) { /* 0, 1, 2, 4, … are full */
        void *more = realloc(*array, (*count == 0 ? 1 : 2 * *count) * size);

        if (more == NULL) {
            script_fails(reader, "out of memory", NULL);
            return NULL;
        }
        *array = more;
    }
    return memset((uint8_t *)*array + (*count)++ * size, 0, size);
}

/* --- when ---------------------------------------------------------------------------------------------- */

static bool take_time(struct script_reader *reader, int64_t *time)
{
    const char *word = script_word(reader);

    return word != NULL &&
           (script_duration(word, time) || script_fails(reader, "not a time (500ms, 10s, 5m, 2h, 3d)", word));
}

struct when {
    int64_t from, to, every, length, at; /* below 0: not said */
};

static bool read_when(struct script_reader *reader, struct when *when)
{
    struct {
        const char *word;
        int64_t *time;
    } parts[] = {{"from", &when->from},
                 {"to", &when->to},
                 {"every", &when->every},
                 {"for", &when->length},
                 {"at", &when->at}};
    const size_t count = sizeof(parts) / sizeof(parts[0]);

    *when = (struct when){-1, -1, -1, -1, -1};
    while (reader->at < reader->count) {
        size_t i = 0;

        while (i < count && !script_takes(reader, parts[i].word))
            i++;
        if (i == count)
            return script_at_end(reader);
        if (*parts[i].time >= 0)
            return script_fails(reader, "said twice", parts[i].word);
        if (!take_time(reader, parts[i].time))
            return false;
    }
    if (when->to >= 0 && when->to <= (when->from > 0 ? when->from : 0))
        return script_fails(reader, "ends before it begins", NULL);
    if (when->every == 0 || when->length == 0)
        return script_fails(reader, "a time of 0 is none", NULL);
    return true;
}

/* What comes over and over comes first after one of its times, unless it says from when on. */
static int64_t beginning(const struct when *when)
{
    if (when->from >= 0)
        return when->from;
    return when->every > 0 ? when->every : 0;
}

bool script_period(struct script_reader *reader, bool optional, struct period *period)
{
    struct when when;

    *period = PERIOD_ALWAYS;
    if (optional && reader->at == reader->count)
        return true;
    if (!read_when(reader, &when))
        return false;
    if (when.at >= 0)
        return script_fails(reader, "\"at\" is for what takes no time; \"from\" begins what does", NULL);
    if (when.every < 0 && when.from < 0 && when.to < 0)
        return script_fails(reader, reader->usage, NULL);
    if (when.every >= 0 && (when.length < 0 || when.length >= when.every))
        return script_fails(reader, "\"every\" wants a shorter \"for\"", NULL);
    if (when.every < 0 && when.length >= 0 && (when.to >= 0 || when.from < 0))
        return script_fails(reader, "\"for\" stands behind \"from\" or \"every\", without \"to\"", NULL);
    period->from = beginning(&when);
    if (when.to >= 0)
        period->to = when.to;
    else if (when.every < 0 && when.length >= 0)
        period->to = when.from + when.length;
    if (when.every > 0) {
        period->every = when.every;
        period->length = when.length;
    }
    return true;
}

bool script_instants(struct script_reader *reader, struct period *period)
{
    struct when when;

    if (!read_when(reader, &when))
        return false;
    if (when.length >= 0 || (when.at >= 0) == (when.every >= 0) ||
        (when.at >= 0 && (when.from >= 0 || when.to >= 0)))
        return script_fails(reader, reader->usage, NULL);
    *period = PERIOD_ALWAYS;
    period->from = when.at >= 0 ? when.at : beginning(&when);
    if (when.to >= 0)
        period->to = when.to;
    period->every = when.every > 0 ? when.every : 0;
    return true;
}
