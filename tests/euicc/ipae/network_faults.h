/* Everything that may be wrong with a network and a server of HTTPS, one thing at a time. For tests only. */
#ifndef SOFTEUICC_TESTS_EUICC_IPAE_NETWORK_FAULTS_H
#define SOFTEUICC_TESTS_EUICC_IPAE_NETWORK_FAULTS_H

#include "tests/euicc/ipae/hostile_network.h"

extern const struct network_fault network_faults[];
extern const size_t network_fault_count;

#endif
