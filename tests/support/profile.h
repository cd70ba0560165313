/*
 * Profile packages for tests: valid ones, made by the project's own builder (profiles/saip/saip_build.h).
 */
#ifndef SOFTEUICC_TESTS_SUPPORT_PROFILE_H
#define SOFTEUICC_TESTS_SUPPORT_PROFILE_H

#include "profiles/saip/saip_build.h"

/* A complete package with this ICCID, Milenage keys of an operational profile. Freed when
 * the program ends. */
struct span test_profile(const char *iccid);

/* The same with a test profile's authentication (USIM test algorithm):
 * what saip_has_only_test_keys accepts. */
struct span test_profile_with_test_keys(const char *iccid);

/* The package of any recipe. */
struct span test_profile_from(const struct saip_recipe *recipe);

/* The first of these with one more element before its end; `content` comes after the element's header, whose
 * identification is 99. */
struct span test_profile_with_element(const char *iccid, uint32_t tag, bool mandated, struct span content);

/* AUTHENTICATE in the 3G context, with a challenge of SQN `sqn` that the keys of the default recipe vouch
 * for, or with another MAC. */
struct span test_authenticate(uint16_t sqn, bool right);

#endif
