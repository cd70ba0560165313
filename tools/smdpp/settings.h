/* What the options of `softeuicc smdpp` said, for those who make the server of it. */
#ifndef SOFTEUICC_TOOLS_SMDPP_SETTINGS_H
#define SOFTEUICC_TOOLS_SMDPP_SETTINGS_H

#include "common/command/command.h"
#include "common/http/https_identities.h"
#include "common/log.h"
#include "common/net/place.h"
#include "common/pki/pki_dir.h"
#include "servers/smdpp/network/registrar.h"

#define SMDPP_HTTPS_PORT    443                     /* left out of the server's address */
#define SMDPP_SMDS_MAX      16                      /* that can be named */
#define SMDPP_ADDRESSES_MAX (RSP_ADDRESSES_MAX / 2) /* each is known with its port and without */

struct smdpp_settings {
    const char *pki, *profiles, *state, *pid_file, *addresses[SMDPP_ADDRESSES_MAX];
    const char *ci, *auth_cert, *auth_key, *pb_cert, *pb_key;
    struct https_identity_files tls;
    size_t addresses_count;
    struct place listen, es2_listen;
    bool with_es2;
    const char *es2_client_ca;
    enum log_level log;
    bool ignore_expiry;
    struct smdpp_options options;
    const char *smds_ca, *smds_cert, *smds_key, *roots[SMDPP_SMDS_MAX], *es12[SMDPP_SMDS_MAX];
    size_t roots_count, es12_count;
};

/* options.c: from the command line. */
extern const struct option_row smdpp_option_rows[];
void smdpp_settings_begin(void *settings);
/* Whether they belong together; else a line has been printed. */
bool smdpp_settings_check(const struct smdpp_settings *settings);

/* identity.c: who the server is. */
bool smdpp_load_identity(struct smdpp *smdpp, const struct smdpp_settings *settings,
                         struct https_identities *tls);
/* Its addresses, which may depend on the port that was free. */
bool smdpp_name_server(struct dp_server *dp, const struct smdpp_settings *settings, uint16_t port);

/* serve.c: serves until a signal comes; the exit status. */
int smdpp_serve(const struct smdpp_settings *settings);

#endif
