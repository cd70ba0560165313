/*
 * The profiles an SM-DP+ can deliver: the `.der` files (SAIP packages) of a directory, each with an optional
 * `.json` of metadata beside it, and where that says so an icon. The directory is watched, so that what is
 * asked for costs the same however many files there are; where it cannot be watched it is looked through
 * whenever somebody asks. Files are found by name, matchingId and ICCID.
 */
#ifndef SOFTEUICC_SERVERS_SMDPP_MODEL_PROFILE_CATALOGUE_H
#define SOFTEUICC_SERVERS_SMDPP_MODEL_PROFILE_CATALOGUE_H

#include "servers/smdpp/model/profile_load.h"

struct profile_catalogue;

/* `server_address` goes into the notification configuration of every profile. NULL without memory. */
struct profile_catalogue *profile_catalogue_new(const char *directory, const char *server_address);
void profile_catalogue_free(struct profile_catalogue *catalogue);

/* Whether the directory is there and may be read. */
bool profile_catalogue_readable(const struct profile_catalogue *catalogue);

/* Becomes readable when profile_catalogue_refresh has something to do: who waits for it has the files read
 * before somebody asks. -1: there is no such descriptor. */
int profile_catalogue_descriptor(const struct profile_catalogue *catalogue);

/* Reads what is new or changed in the directory, and logs why it is not watched when it is not. False when
 * the directory cannot be read. Pointers to profiles stay valid until the next call. `changed` is called for
 * every file that was found to be another one. */
bool profile_catalogue_refresh(struct profile_catalogue *catalogue,
                               void (*changed)(const struct profile *profile));

size_t profile_catalogue_count(const struct profile_catalogue *catalogue);
/* In the order of their names. */
const struct profile *profile_catalogue_at(const struct profile_catalogue *catalogue, size_t index);
/* The index of the first whose name comes after `name`. */
size_t profile_catalogue_after(const struct profile_catalogue *catalogue, const char *name);

/* By file name without .der, or by its form as a matchingId (letter case does not matter). Deliverable ones
 * only; NULL. */
const struct profile *profile_catalogue_by_name(const struct profile_catalogue *catalogue, const char *name);

/* The one with this ICCID that comes after `previous` (NULL: the first) in the order of names, deliverable or
 * not; NULL. */
const struct profile *profile_catalogue_by_iccid(const struct profile_catalogue *catalogue, const char *iccid,
                                                 const struct profile *previous);

/* Appends the package of a profile; it is the one that the profile's digest stands for. False with a line in
 * `why` when it cannot be read, or is another one by now. */
bool profile_catalogue_package(const struct profile_catalogue *catalogue, const struct profile *profile,
                               struct buf *out, char why[METADATA_READ_WHY]);

#endif
