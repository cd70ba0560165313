/* A Bound Profile Package on its way in: see bpp_load.h. */
#include "euicc/lifecycle/bpp_load.h"

#include <openssl/crypto.h>
#include <stdlib.h>

void bpp_load_free(struct bpp_load *load)
{
    if (load == NULL)
        return;
    scp03t_free(load->channel);
    buf_free(&load->plain);
    buf_free(&load->isdp_configuration);
    buf_free(&load->metadata_octets);
    buf_free(&load->sima_response);
    OPENSSL_cleanse(load, sizeof(*load));
    free(load);
}
