/*
 * "Never without connectivity" (watch_life.h) in every state that can be reached: every event, every change
 * of the networks and every time of waiting in each, until nothing new appears. A state is what the card and
 * the world remember, with times told apart by what is due in them. Each is gone on from in a process of its
 * own: memory is all that a card in memory has, and a copy of it costs nothing.
 *
 * A unit test has not the time for all: it stops after some of each world, or after as many as
 * SOFTEUICC_WATCH_STATES says (0: all, with CK_DEFAULT_TIMEOUT for the minutes that it takes).
 */
#include "tests/euicc/ipae/watch_life.h"

#include "euicc/ipae/ipae_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PLACES         ((size_t)1 << 18) /* of the table of states that were seen */
#define STATES_AT_ONCE 100               /* of each world, unless the environment says otherwise */

/* What all processes share. */
struct search {
    size_t most, count, moves, depth;
    uint64_t seen[PLACES]; /* 0: free */
};

/* --- what a state is ------------------------------------------------------------------------------------ */

/* Times differ by the waits that can be chosen (waits below). */
static unsigned phase(int64_t due, int64_t now)
{
    static const int64_t ends[] = {0, MINUTE, 15 * MINUTE, HOUR, 4 * HOUR};
    unsigned i = 0;

    if (due <= 0 || due == IPAE_NEVER)
        return 7;
    while (i < sizeof(ends) / sizeof(ends[0]) && due - now > ends[i])
        i++;
    return i;
}

static int64_t figure(const struct life *life, const char *sql)
{
    return nvm_figure(life->bench.ipa.es10.card->nvm, sql, NVM_NONE);
}

static unsigned at_most(int64_t number, unsigned most)
{
    return number < (int64_t)most ? (unsigned)number : most;
}

static uint64_t state_of(const struct life *life)
{
    const struct ipae_bench *bench = &life->bench;
    const struct ipae *ipae = bench->ipa.es10.card->ipae;
    const struct ipae_watch *watch = &ipae->watch;
    char text[256];
    uint64_t state = UINT64_C(14695981039346656037);
    int size =
        snprintf(text, sizeof(text), "%d%d.%zu|%lld.%lld.%lld.%lld.%u|%u.%u.%d.%u.%u.%u.%d", bench->dark_a,
                 bench->dark_b, bench->ipa.queue_count - bench->ipa.queue_head,
                 (long long)figure(life, "SELECT id FROM profile WHERE state = 'enabled'"),
                 (long long)figure(life, "SELECT coalesce(fallback, 0) FROM iot"),
                 (long long)figure(life, "SELECT coalesce(before_fallback, 0) FROM iot"),
                 (long long)figure(life, "SELECT coalesce(rollback, 0) FROM iot"),
                 at_most(figure(life, "SELECT count(*) FROM package_result"), 1),
                 phase(watch->lost_since != 0 ? watch->lost_since + HOUR : 0, bench->now),
                 at_most(watch->in_vain / 2, 2), watch->on_trial, phase(watch->return_at, bench->now),
                 phase(ipae->give_up, bench->now), phase(ipae->next_poll, bench->now), ipae->round != NULL);

    ck_assert_int_lt(size, (int)sizeof(text));
    for (int i = 0; i < size; i++)
        state = (state ^ (uint8_t)text[i]) * UINT64_C(1099511628211);
    return state != 0 ? state : 1;
}

/* False: it was seen before, or there are enough. */
static bool is_new(struct search *search, uint64_t state)
{
    size_t place = state % PLACES;

    for (; search->seen[place] != 0; place = (place + 1) % PLACES) {
        if (search->seen[place] == state)
            return false;
    }
    if (search->count == search->most)
        return false;
    search->seen[place] = state;
    search->count++;
    return true;
}

/* --- what may happen next ------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    int64_t time;
} waits[] = {{"1s", 1000}, {"15m", 15 * MINUTE}, {"1h", HOUR}, {"6h", 6 * HOUR}};

enum { WAITS = sizeof(waits) / sizeof(waits[0]), NETWORKS = 2, MOVES = LIFE_EVENTS + NETWORKS + WAITS };

/* False: an order waits already. */
static bool happen(struct life *life, const struct life_event *event)
{
    struct ipae_bench *bench = &life->bench;

    if (bench->ipa.queue_count > bench->ipa.queue_head && strncmp(event->name, "order", 5) == 0)
        return false;
    life_tell(life, event->name);
    event->happens(life);
    ipae_bench_run(bench);
    return true;
}

/* The networks first, then waits, then events: so the first states that are found are of the watch. */
static bool move(struct life *life, unsigned which)
{
    struct ipae_bench *bench = &life->bench;

    bench->ipa.taken_count = 0;
    if (which < NETWORKS) {
        bool *dark = which == 0 ? &bench->dark_a : &bench->dark_b;

        *dark = !*dark;
        life_tell(life, which == 0 ? (*dark ? "A goes" : "A comes") : *dark ? "B goes" : "B comes");
    } else if (which < NETWORKS + WAITS) {
        life_tell(life, waits[which - NETWORKS].name);
        ipae_bench_pass(bench, waits[which - NETWORKS].time);
    } else {
        return happen(life, &life_events[which - NETWORKS - WAITS]);
    }
    return true;
}

/* One step of the search: which move, and how many came before it. */
struct step {
    struct search *search;
    unsigned move;
    size_t depth;
};

/* Runs something in a process with a copy of all this. A failed assertion ends it in its own way. */
static void apart(struct life *life, const struct step *step,
                  void (*run)(struct life *life, const struct step *step))
{
    pid_t child;
    int status;

    fflush(NULL);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        run(life, step);
        _exit(EXIT_SUCCESS);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS)
        _exit(EXIT_FAILURE);
}

static void check_property(struct life *life, const struct step *step)
{
    (void)step;
    life_is_connected_in_time(life);
}

static void go_on_from(struct search *search, struct life *life, size_t depth);

static void try_move(struct life *life, const struct step *step)
{
    struct search *search = step->search;

    if (!move(life, step->move))
        return;
    search->moves++;
    if (!is_new(search, state_of(life)))
        return;
    if (step->depth > search->depth)
        search->depth = step->depth;
    apart(life, step, check_property);
    go_on_from(search, life, step->depth + 1);
}

static void go_on_from(struct search *search, struct life *life, size_t depth)
{
    struct step step = {search, 0, depth};

    for (; step.move < MOVES && search->count < search->most; step.move++)
        apart(life, &step, try_move);
}

/* --- the worlds ----------------------------------------------------------------------------------------- */

static size_t states_wanted(void)
{
    const char *text = getenv("SOFTEUICC_WATCH_STATES");
    unsigned long number = text != NULL ? strtoul(text, NULL, 10) : STATES_AT_ONCE;

    return number == 0 || number > PLACES / 2 ? PLACES / 2 : number;
}

static void search_world(const char *name, const char *fallback)
{
    struct search *search =
        mmap(NULL, sizeof(*search), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct life life = {.random = 0};

    ck_assert(search != MAP_FAILED);
    search->most = states_wanted();
    life_begin(&life, fallback);
    ck_assert(is_new(search, state_of(&life)));
    go_on_from(search, &life, 0);
    ipae_bench_close(&life.bench);
    printf("%s: %zu states%s, %zu moves, %zu deep\n", name, search->count,
           search->count == search->most ? " of more" : ", all", search->moves, search->depth);
    ck_assert(search->count >= STATES_AT_ONCE || search->count == search->most);
    munmap(search, sizeof(*search));
}

START_TEST(with_b_to_fall_back_to)
{
    search_world("fallback to B", LIFE_FALLBACK_B);
}
END_TEST

START_TEST(with_a_to_fall_back_to)
{
    search_world("fallback to A", LIFE_FALLBACK_A);
}
END_TEST

START_TEST(without_a_fallback_profile)
{
    search_world("no Fallback Profile", LIFE_NO_FALLBACK);
}
END_TEST

TEST_MAIN("ipae watch states", with_b_to_fall_back_to, with_a_to_fall_back_to, without_a_fallback_profile)
