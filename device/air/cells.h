/* Which cells of a scripted network are there at a time, and whom they let in. Times are milliseconds since
 * the beginning of the run. */
#ifndef SOFTEUICC_DEVICE_AIR_CELLS_H
#define SOFTEUICC_DEVICE_AIR_CELLS_H

#include "device/air/network_script.h"

bool cells_has(const struct network_script *script, size_t cell, int64_t time);
/* 0: let in; else the EMM cause. */
uint8_t cells_cause(const struct network_script *script, size_t cell, const char *imsi, const char *iccid,
                    int64_t time);
/* Whether the cell is of the network that has given out the IMSI. */
bool cells_is_home(const struct script_cell *cell, const char *imsi);

#define CELLS_NONE SIZE_MAX

/* The cell to try next: those at home first, then in the order of the script; without those of `tried` (a
 * bit each). */
size_t cells_best(const struct network_script *script, const char *imsi, uint64_t tried, int64_t time);

/* When, after `time`, another answer may be given; PERIOD_NEVER. */
int64_t cells_next_change(const struct network_script *script, int64_t time);

#endif
