/* The system's resolver beside the event loop. See lookup.h. */
#include "common/net/lookup.h"

#include <event2/event.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The loop's side and the thread's side hold it; whoever lets go last frees it. */
struct question {
    atomic_int holders;
    int told; /* the thread writes here when it has the answer; the other end is the loop's */
    char *host;
    uint16_t port;
    int type;
    struct addresses found;
    char why[ADDRESSES_WHY_MAX];
};

struct lookup {
    struct question *question;
    struct event *answered; /* on the end that is read */
    lookup_done *done;
    void *context;
};

static void let_go(struct question *question)
{
    if (atomic_fetch_sub(&question->holders, 1) > 1)
        return;
    close(question->told);
    free(question->host);
    free(question);
}

static void *lookup_find(void *context)
{
    struct question *question = context;

    addresses_find(question->host, question->port, question->type, &question->found, question->why);
    if (write(question->told, "", 1) < 0) {
        /* nobody asks any more */
    }
    let_go(question);
    return NULL;
}

void lookup_cancel(struct lookup *lookup)
{
    if (lookup == NULL)
        return;
    close(event_get_fd(lookup->answered));
    event_free(lookup->answered);
    let_go(lookup->question);
    free(lookup);
}

static void on_answered(evutil_socket_t fd, short events, void *context)
{
    struct lookup *lookup = context;
    const struct addresses found = lookup->question->found;
    lookup_done *done = lookup->done;
    void *whose = lookup->context;
    char why[ADDRESSES_WHY_MAX];

    (void)fd;
    (void)events;
    memcpy(why, lookup->question->why, sizeof(why));
    lookup_cancel(lookup);
    done(whose, found.count > 0 ? &found : NULL, why);
}

/* NULL without memory. */
static struct question *question_new(const char *host, uint16_t port, int type, int told)
{
    struct question *question = calloc(1, sizeof(*question));

    if (question == NULL)
        return NULL;
    question->host = strdup(host);
    if (question->host == NULL) {
        free(question);
        return NULL;
    }
    question->holders = 1;
    question->told = told;
    question->port = port;
    question->type = type;
    return question;
}

/* Signals are the loop's thread's. */
static bool start_thread(struct question *question)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all;
    sigset_t before;
    bool ok = pthread_attr_init(&attributes) == 0;

    if (!ok)
        return false;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    atomic_fetch_add(&question->holders, 1);
    ok = pthread_create(&thread, &attributes, lookup_find, question) == 0;
    if (!ok)
        let_go(question);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return ok;
}

struct lookup *lookup_begin(struct event_base *base, const char *host, uint16_t port, int type,
                            lookup_done *done, void *context)
{
    struct lookup *lookup = calloc(1, sizeof(*lookup));
    int ends[2];

    if (lookup == NULL || pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        free(lookup);
        return NULL;
    }
    lookup->done = done;
    lookup->context = context;
    lookup->answered = event_new(base, ends[0], EV_READ, on_answered, lookup);
    lookup->question = question_new(host, port, type, ends[1]);
    if (lookup->answered != NULL && lookup->question != NULL && event_add(lookup->answered, NULL) == 0 &&
        start_thread(lookup->question))
        return lookup;
    if (lookup->answered != NULL)
        event_free(lookup->answered);
    close(ends[0]);
    if (lookup->question != NULL)
        let_go(lookup->question);
    else
        close(ends[1]);
    free(lookup);
    return NULL;
}
