/*
 * storm RESTARTS: 8 threads submit while the proxy is stopped and started anew so many times, and other threads answer its deliveries. In the end every
 * submission that was accepted has been received, by the ledgers of all runs, and every log that was received was delivered to the reporter, once.
 */
#include "check.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

enum { SUBMITTERS = 8, ANSWERERS = 2, WAITING_MAX = 64 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static blp_token waiting[WAITING_MAX];
static int waiting_count;
static uint64_t reported_logs;
static uint64_t accepted;
static uint64_t full;
static int is_ending;
static blp_proxy *proxy;

static void report(void *context, const blp_delivery *delivery)
{
    (void)context;
    pthread_mutex_lock(&lock);
    CHECK(waiting_count < WAITING_MAX);
    waiting[waiting_count++] = delivery->token;
    reported_logs += delivery->log_count;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void *answer(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&lock);
    for (;;) {
        blp_token token;
        while (waiting_count == 0 && is_ending < 2) pthread_cond_wait(&changed, &lock);
        if (waiting_count == 0) break;
        token = waiting[--waiting_count];
        pthread_mutex_unlock(&lock);
        CHECK_OK(blp_complete(token, BLP_DELIVERED, 0, NULL));
        CHECK(blp_complete(token, BLP_DELIVERED, 0, NULL) == BLP_E_TOKEN);
        pthread_mutex_lock(&lock);
    }
    pthread_mutex_unlock(&lock);
    return NULL;
}

static void *submit(void *argument)
{
    char name[32];
    uint64_t mine = 0, mine_full = 0;
    blp_log_session *session;
    int ending = 0;
    snprintf(name, sizeof name, "session-%d", *(int *)argument);
    CHECK_OK(blp_log_session_new(name, "storm", &session));
    while (!ending) {
        int code;
        blp_statistics s;
        CHECK_OK(blp_log_append(session, 1, "GET", "https://example.com/a/path", "domain=example.com", 0));
        while ((code = blp_log_flush(session, proxy)) != BLP_OK) {
            CHECK(code == BLP_E_FULL || code == BLP_E_STATE);
            if (code == BLP_E_FULL) mine_full++;
            sched_yield();
            pthread_mutex_lock(&lock);
            ending = is_ending;
            pthread_mutex_unlock(&lock);
            if (ending) break;
        }
        if (code == BLP_OK) mine++;
        s.size = sizeof s;
        if (mine % 64 == 0 && blp_stats(proxy, &s) == BLP_OK) check_balance(&s);
        pthread_mutex_lock(&lock);
        ending = is_ending;
        pthread_mutex_unlock(&lock);
    }
    CHECK_OK(blp_log_session_free(session));
    pthread_mutex_lock(&lock);
    accepted += mine;
    full += mine_full;
    pthread_mutex_unlock(&lock);
    return NULL;
}

static void wait_for_logs(uint64_t more)
{
    uint64_t until;
    pthread_mutex_lock(&lock);
    until = reported_logs + more;
    while (reported_logs < until) pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static void end(int stage)
{
    pthread_mutex_lock(&lock);
    is_ending = stage;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

int main(int count, char **arguments)
{
    int restarts = count > 1 ? atoi(arguments[1]) : 100;
    pthread_t submitters[SUBMITTERS], answerers[ANSWERERS];
    int numbers[SUBMITTERS];
    uint64_t received = 0, delivered = 0, submitted = 0, refused = 0;
    blp_config *config;
    int i;

    CHECK_OK(blp_config_new(&config));
    CHECK_OK(blp_config_set(config, "socket", socket_path()));
    CHECK_OK(blp_config_set(config, "flush-interval", "1ms"));
    CHECK_OK(blp_config_set(config, "in-flight-max", "8"));
    /* What the ring has no room for waits, so that nothing is dropped. */
    CHECK_OK(blp_config_set(config, "overflow", "block"));
    CHECK_OK(blp_config_set_reporter(config, report, NULL));
    CHECK_OK(blp_proxy_new(config, &proxy));
    CHECK_OK(blp_config_free(config));
    for (i = 0; i < ANSWERERS; i++) CHECK(pthread_create(&answerers[i], NULL, answer, NULL) == 0);
    for (i = 0; i < SUBMITTERS; i++) {
        numbers[i] = i;
        CHECK(pthread_create(&submitters[i], NULL, submit, &numbers[i]) == 0);
    }
    for (i = 0; i <= restarts; i++) {
        blp_statistics s;
        CHECK_OK(blp_proxy_start(proxy));
        wait_for_logs(20);
        if (i == restarts) {
            /* The last ones submit against a proxy that runs. */
            int k;
            end(1);
            for (k = 0; k < SUBMITTERS; k++) CHECK(pthread_join(submitters[k], NULL) == 0);
        }
        CHECK_OK(blp_proxy_stop(proxy));
        s = figures(proxy);
        CHECK(s.logs_waiting == 0 && s.logs_in_flight == 0 && s.logs_dropped == 0 && s.submits_waiting == 0);
        CHECK(s.submits_accepted == s.batches_received);
        received += s.logs_received;
        delivered += s.logs_delivered;
        submitted += s.submits_accepted;
        refused += s.submits_refused;
    }
    end(2);
    for (i = 0; i < ANSWERERS; i++) CHECK(pthread_join(answerers[i], NULL) == 0);
    CHECK_OK(blp_proxy_destroy(proxy));
    CHECK(accepted == submitted && submitted == received && received == delivered && delivered == reported_logs);
    CHECK(full == refused);
    printf("%d restarts, %llu logs submitted, as many delivered, %llu times full\n", restarts, (unsigned long long)accepted, (unsigned long long)full);
    return 0;
}
