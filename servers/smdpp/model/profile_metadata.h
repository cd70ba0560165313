/*
 * Profile metadata: from a JSON description to the StoreMetadataRequest (SGP.22 5.5.3) that goes into a Bound
 * Profile Package. The JSON's form is in docs/smdpp.md; every member is optional.
 */
#ifndef SOFTEUICC_SERVERS_SMDPP_MODEL_PROFILE_METADATA_H
#define SOFTEUICC_SERVERS_SMDPP_MODEL_PROFILE_METADATA_H

#include "servers/smdpp/model/profile_catalogue.h"

#include <jansson.h>

/* Fills profile->metadata and its readable copies. `json` may be NULL (all defaults); `directory` is where
 * icon files are. Names default to the header's profileType, `server_address` hears of enabling,
 * disabling and deleting. False and profile->complaint on a bad description. */
bool profile_metadata_build(struct profile *profile, const json_t *json, const char *directory,
                            const char *server_address);

#endif
