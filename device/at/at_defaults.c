/* A session's settings: see at_defaults.h. */
#include "device/at/at_defaults.h"

#include <string.h>

enum { NUMERIC = 2 /* +COPS */ };

void at_set_defaults(struct at *at)
{
    at_input_set_defaults(&at->input);
    at->hides_results = at->is_terse = false;
    at->line_feed = '\n';
    at->cmee = at->model->cmee;
    at->operator_format = NUMERIC;
    at->character_set = 0;
    memset(at->registration, 0, sizeof(at->registration));
}
