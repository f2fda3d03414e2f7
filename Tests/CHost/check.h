/* What the programs of this directory share. C99 and C++. */
#ifndef CHECK_H
#define CHECK_H

#include <boundary_log_proxy.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Not assert: it must hold in every build. */
#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: not so: %s (last error: %s)\n", __FILE__, __LINE__, #condition, blp_last_error()); \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

#define CHECK_OK(call) CHECK((call) == BLP_OK)

/* A call that must fail, with this code, and words that hold this text. */
#define CHECK_FAILS(code, words, call)                   \
    do {                                                 \
        CHECK((call) == (code));                         \
        CHECK(strstr(blp_last_error(), (words)) != NULL); \
    } while (0)

/* received + recovered = delivered + dropped + waiting + spooled + in flight */
static inline void check_balance(const blp_statistics *s)
{
    CHECK(s->logs_received + s->logs_recovered == s->logs_delivered + s->logs_dropped + s->logs_waiting + s->logs_spooled + s->logs_in_flight);
    CHECK(
        s->batches_received + s->batches_recovered ==
        s->batches_delivered + s->batches_dropped + s->batches_waiting + s->batches_spooled + s->batches_in_flight);
    CHECK(
        s->logs_dropped == s->logs_dropped_buffer_full + s->logs_dropped_forward_failed + s->logs_dropped_shutdown +
                               s->logs_dropped_spool_damaged + s->logs_dropped_purged + s->logs_dropped_filtered);
}

static inline blp_statistics figures(const blp_proxy *proxy)
{
    blp_statistics s;
    s.size = sizeof s;
    CHECK_OK(blp_stats(proxy, &s));
    CHECK(s.size == sizeof s);
    check_balance(&s);
    return s;
}

/* The socket's path of this process. */
static inline const char *socket_path(void)
{
    const char *path = getenv("CHOST_SOCKET");
    return path ? path : "/tmp/chost.sock";
}

#endif
