/* An HTTPS listener of the SM-DP+: see door.h. */
#include "servers/smdpp/network/door.h"

#include "common/tool.h"

#include <stdlib.h>

struct smdpp_door {
    enum http_api_door kind;
    struct smdpp *smdpp;
    struct https *https;
};

static void door_answered(void *request, struct http_answer *answer)
{
    https_answer(request, answer);
    buf_free(&answer->body);
}

static void door_answer(void *door_, struct https_request *request)
{
    const struct smdpp_door *door = door_;
    struct http_answer refused;

    if (http_api_admits(door->kind, https_request(request), &refused))
        http_api_serve(door->smdpp, https_request(request), door_answered, request);
    else
        door_answered(request, &refused);
}

struct smdpp_door *smdpp_door_open(struct loop *loop, struct smdpp *smdpp, enum http_api_door kind,
                                   const struct https_options *options)
{
    struct smdpp_door *door = calloc(1, sizeof(*door));
    struct https_options all = *options;

    if (door == NULL) {
        tool_error("out of memory");
        return NULL;
    }
    door->kind = kind;
    door->smdpp = smdpp;
    all.body_max = REQUEST_BODY_LIMIT;
    all.admin_protocol = ADMIN_PROTOCOL;
    all.allow = "GET, POST";
    all.answer = door_answer;
    all.context = door;
    door->https = https_open(loop, &all);
    if (door->https != NULL)
        return door;
    free(door);
    return NULL;
}

uint16_t smdpp_door_port(const struct smdpp_door *door)
{
    return https_port(door->https);
}

void smdpp_door_close(struct smdpp_door *door)
{
    if (door == NULL)
        return;
    https_close(door->https);
    free(door);
}
