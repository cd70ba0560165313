/* One line of a network's script, word by word: the pieces that several statements have. Each function is
 * false with the error said (script_fails) when the words are not so. */
#ifndef SOFTEUICC_DEVICE_AIR_SCRIPT_READER_H
#define SOFTEUICC_DEVICE_AIR_SCRIPT_READER_H

#include "device/air/network_script.h"

#define SCRIPT_WORDS_MAX 64

struct script_reader {
    struct network_script *script;
    const char *name;
    unsigned line;
    const char *usage; /* of the statement */
    char *words[SCRIPT_WORDS_MAX + 1];
    size_t count, at;
    char *why; /* AIR_WHY_MAX */
    struct link_figures general;
    uint64_t own[SCRIPT_CELLS_MAX]; /* figures that a cell has of its own: a bit for each statement */
    bool has_own_cells;             /* … and not only that of its preset */
    bool names_cells;               /* a statement has named cells */
    bool is_preset;                 /* these lines are a preset's */
    bool has_begun;                 /* a statement was there */
};

/* Says what is wrong, with the line; the word (may be NULL) is shown. Always false. */
bool script_fails(struct script_reader *reader, const char *problem, const char *word);

/* The next word; NULL at the end of the line. */
const char *script_peek(const struct script_reader *reader);
/* Takes the next word; NULL with the error said when there is none. */
const char *script_word(struct script_reader *reader);
/* Takes the next word if it is this one. */
bool script_takes(struct script_reader *reader, const char *word);
bool script_at_end(struct script_reader *reader);

/* "all", or names with commas between them. */
bool script_cells(struct script_reader *reader, uint64_t *cells);
/* "all", "imsi DIGITS", "iccid DIGITS" */
bool script_who(struct script_reader *reader, struct script_who *who);
/* What is left of the line: "from T", "to T", "from T to T", "from T for T", "every T for T [from T] [to T]";
 * nothing if `optional`. */
bool script_period(struct script_reader *reader, bool optional, struct period *period);
/* Likewise: "at T", "every T [from T] [to T]" */
bool script_instants(struct script_reader *reader, struct period *period);

/* One more row of a growing array, all-zero; NULL with the error said. */
void *script_add_row(struct script_reader *reader, void *rows, size_t *count, size_t size);
#define SCRIPT_ADD_ROW(reader, rows, count)                                                                  \
    script_add_row((reader), &(reader)->script->rows, &(reader)->script->count,                              \
                   sizeof((reader)->script->rows[0]))

/* script_hosts.c: the statements that these names are of. */
bool script_take_resolver(struct script_reader *reader);
bool script_take_ttl(struct script_reader *reader);
bool script_take_host(struct script_reader *reader);
bool script_take_route(struct script_reader *reader);
bool script_take_sms(struct script_reader *reader);
bool script_take_dns(struct script_reader *reader);

#endif
