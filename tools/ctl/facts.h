/* How `softeuicc ctl` shows facts: a line each, and lists of objects as tables. */
#ifndef SOFTEUICC_TOOLS_CTL_FACTS_H
#define SOFTEUICC_TOOLS_CTL_FACTS_H

#include "common/print/table.h"
#include "tools/ctl/ctl.h"

/* "Label              text" */
void ctl_line(const char *label, const char *text);

struct ctl_column {
    struct table_column shown;
    const char *name; /* of the member */
    /* Instead of the member's value; or NULL. */
    const char *(*cell)(const json_t *row, char out[CTL_TEXT_SIZE]);
};

/* An empty line, the label and the rows, of which each is an object; nothing when there are none. `label`
 * NULL: only the rows. */
void ctl_table(const char *label, const json_t *rows, const struct ctl_column *columns, size_t count);

/* The parts of `ctl show` that are about the IPAe (NULL: the card has none): its lines, and when it polls
 * which eIM. */
void ctl_show_ipae(const json_t *ipae);
void ctl_show_polls(const json_t *ipae);

#endif
