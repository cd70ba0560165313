/*
 * Remote management of a profile (ETSI TS 102 226): which application a toolkit application reference (TAR)
 * means, and remote file management, which runs scripts on the profile's files under the access domain of its
 * application.
 */
#ifndef SOFTEUICC_PROFILES_REMOTE_RFM_H
#define SOFTEUICC_PROFILES_REMOTE_RFM_H

#include "profiles/uicc/uicc.h"

/* The application that the three octets mean: remote file management, or a security domain. NULL: none. */
struct fs_application *rfm_find(const struct fs *fs, const uint8_t tar[3]);

/* The security domain whose keys protect what is sent to an application. NULL: there is none. */
struct fs_application *rfm_domain(const struct fs *fs, struct fs_application *application);

/* The least security (first octet of SPI) that an application asks for. */
uint8_t rfm_minimum_security(const struct fs_application *application);

/* Whether a packet with this first octet of SPI is as secure as that. */
bool rfm_is_secure(uint8_t spi, uint8_t minimum);

/*
 * Runs a script for an application of the kind FS_REMOTE_FILE_MANAGEMENT; appends the answer. It begins at
 * MF, or at the ADF that the application manages. What the terminal has selected and verified stays as it is.
 */
void rfm_run(struct uicc *uicc, const struct fs_application *application, struct span script,
             struct buf *answer);

#endif
