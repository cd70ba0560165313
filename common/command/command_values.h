/* What the values of options are that several subcommands have: each ends a row of a text or a list. */
#ifndef SOFTEUICC_COMMON_COMMAND_COMMAND_VALUES_H
#define SOFTEUICC_COMMON_COMMAND_COMMAND_VALUES_H

#include "protocol/device_info.h"
#include "protocol/rsp_address.h"

#define MUST_BE_SERVER .is_good = rsp_address_is_good, .must_be = "a server's address"
#define MUST_BE_IMEI   .is_good = imei_is_valid, .must_be = "an IMEI (15 or 16 digits)"

#endif
