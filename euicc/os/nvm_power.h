/*
 * The supply of a card's storage, which can fail: an SQLite VFS laid over another one. Until it is told to
 * cut it hands everything on. Then it counts changes of storage (writes, truncations, syncs, deletions); at
 * the one named the power is gone: that change and all later ones do not happen, and what had not been synced
 * is taken back, as on a medium that loses its cache. For trying what a device does when that happens.
 */
#ifndef SOFTEUICC_EUICC_OS_NVM_POWER_H
#define SOFTEUICC_EUICC_OS_NVM_POWER_H

#include <stdbool.h>
#include <stdint.h>

struct sqlite3_vfs;
struct nvm_power;

/* Registers a VFS of its own over `base`. NULL without memory. */
struct nvm_power *nvm_power_new(struct sqlite3_vfs *base);
/* Every file on it must have been closed; NULL is fine. */
void nvm_power_free(struct nvm_power *power);
/* The VFS's name for sqlite3_open_v2; valid until nvm_power_free. */
const char *nvm_power_vfs(const struct nvm_power *power);

/* The power goes at change number `after` from now (1: the next). 0: it stays. */
void nvm_power_cut(struct nvm_power *power, uint64_t after);
/* Changes until it goes; 0: it stays, or has gone. */
uint64_t nvm_power_left(const struct nvm_power *power);
bool nvm_power_is_gone(const struct nvm_power *power);

#endif
