/* One message after another over a bearer of any kind. See bearer.h. */
#include "device/bearer_internal.h"

#include "common/tool.h"

#include <event2/event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void on_told(evutil_socket_t fd, short events, void *context)
{
    const struct bearer *bearer = context;

    (void)fd;
    (void)events;
    bearer->done(bearer->context, bearer->result, buf_span(&bearer->answer), bearer->why);
}

bool bearer_begin(struct bearer *bearer, const struct bearer_kind *kind, struct loop *loop)
{
    bearer->kind = kind;
    bearer->told = event_new(loop_base(loop), -1, 0, on_told, bearer);
    return bearer->told != NULL;
}

void bearer_post(struct bearer *bearer, const struct ipa_message *message, bearer_done *done, void *context)
{
    bearer->done = done;
    bearer->context = context;
    bearer->why[0] = '\0';
    buf_clear(&bearer->answer);
    bearer->kind->post(bearer, message);
}

void bearer_answered(struct bearer *bearer)
{
    if (bearer->answer.failed) {
        bearer_failed(bearer, "out of memory");
        return;
    }
    bearer->result = BEARER_ANSWERED;
    event_active(bearer->told, EV_TIMEOUT, 0);
}

__attribute__((format(printf, 3, 0))) static void
bearer_ended(struct bearer *bearer, enum bearer_result result, const char *format, va_list arguments)
{
    vsnprintf(bearer->why, sizeof(bearer->why), format, arguments);
    tool_one_line(bearer->why);
    bearer->result = result;
    event_active(bearer->told, EV_TIMEOUT, 0);
}

void bearer_refused(struct bearer *bearer, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    bearer_ended(bearer, BEARER_REFUSED, format, arguments);
    va_end(arguments);
}

void bearer_malformed(struct bearer *bearer, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    bearer_ended(bearer, BEARER_MALFORMED, format, arguments);
    va_end(arguments);
}

void bearer_failed(struct bearer *bearer, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    bearer_ended(bearer, BEARER_LOST, format, arguments);
    va_end(arguments);
}

void bearer_close(struct bearer *bearer)
{
    if (bearer == NULL)
        return;
    bearer->kind->close(bearer);
    event_free(bearer->told);
    buf_free(&bearer->answer);
    free(bearer);
}
